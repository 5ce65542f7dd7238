/** The hook's pass where agents keep the processors busy, at a higher priority than its own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { findProgram } from '../../src/io/program.ts';
import { PROGRAM, shell } from '../support/program.ts';
import { backdate, DAY, makeRepo, type TestRepo } from '../support/repo.ts';

const hasWhatItTakes = findProgram('taskset') !== null && existsSync('/proc/self/schedstat');

/** They and the pass have this processor alone, the first that this process may use. */
const allowed = () => /^Cpus_allowed_list:\t(\d+)/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1];
const ON_ONE = hasWhatItTakes ? `taskset -c ${allowed()}` : '';
const BUSY = 2;

let repo: TestRepo;
let tree: string;
let busy: ChildProcess[] = [];

beforeEach(() => {
  repo = makeRepo();
  tree = repo.worktree('agent/done');
  repo.commit('a.txt', 'a\n', tree);
  repo.git(['merge', '-q', '--no-ff', '--no-edit', 'agent/done']);
  backdate(repo, tree, 2 * DAY);
});
afterEach(() => {
  for (const each of busy) each.kill('SIGKILL');
  busy = [];
});

/** A pass beside them. */
function passed(): void {
  busy = Array.from({ length: BUSY }, () => spawn('sh', ['-c', `exec ${ON_ONE} sh -c 'while :; do :; done'`]));
  const run = `${ON_ONE} '${process.execPath}' '${PROGRAM}' run --hook post-checkout --from '${repo.root}'`;
  expect(shell(repo, run)).toEqual({ code: 0, stdout: '', stderr: '' });
}

it.skipIf(!hasWhatItTakes)('is given the time that it is kept waiting (needs taskset and schedstat)', () => {
  passed();
  expect(existsSync(tree)).toBe(false);
});
