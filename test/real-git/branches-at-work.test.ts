/** A branch that another worktree rebases or bisects stays, as it does for git's own deletion. */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Io } from '../../src/io/ports.ts';
import { type Case, makeCase, REAL } from '../support/crash-case.ts';
import { interpose } from '../support/faults.ts';
import { backdate, DAY, makeRepo, type TestRepo } from '../support/repo.ts';

const BREAK = { GIT_SEQUENCE_EDITOR: 'sed -i.bak 1ibreak' };

let repo: TestRepo;
let path: string;
let other: string;
let at: Case;

beforeEach(() => {
  repo = makeRepo();
  path = repo.worktree('agent/x');
  repo.commit('x.txt', 'x\n', path);
  repo.git(['merge', '-q', '--no-ff', '--no-edit', 'agent/x']);
  other = join(dirname(repo.root), 'other');
  repo.git(['worktree', 'add', '-q', '--detach', other]);
  backdate(repo, path, 3 * DAY);
  at = makeCase(repo);
});

const branches = (): string[] => repo.git(['branch', '--format=%(refname:short)']).split('\n');

/** Makes the branch current in a second worktree. */
const share = (cwd: string): void => void repo.git(['checkout', '-q', '--ignore-other-worktrees', 'agent/x'], cwd);

/** Stops in the middle of a rebase of it. */
const rebase = (cwd: string, ...args: string[]): void =>
  void repo.git(['rebase', '-q', '-i', ...args, 'agent/x~1'], cwd, { env: repo.env(BREAK) });

async function reclaim(io: Io = REAL): Promise<string> {
  const passed = await at.pass(io);
  if (!passed.ok) throw new Error('no pass');
  expect(existsSync(path)).toBe(false);
  expect(passed.report.reclaimed).toHaveLength(1);
  return JSON.stringify(passed.report);
}

describe('the branch of a worktree that goes', () => {
  it('goes with it when nobody else is at work on it', async () => {
    await reclaim();
    expect(branches()).not.toContain('agent/x');
  });

  it('stays while another worktree rebases it', async () => {
    share(other);
    rebase(other);
    repo.git(['commit', '-q', '--allow-empty', '-m', 'meanwhile'], other);
    const told = await reclaim();
    expect(branches()).toContain('agent/x');
    expect(told).toContain('branch agent/x stays: it is being rebased in the worktree other');
    repo.git(['rebase', '--continue'], other);
    expect(repo.git(['log', '-2', '--format=%s', 'agent/x'])).toContain('meanwhile');
  });

  it('stays while the main worktree rebases it', async () => {
    share(repo.root);
    rebase(repo.root);
    expect(await reclaim()).toContain('branch agent/x stays: it is being rebased in the main worktree');
    expect(branches()).toContain('agent/x');
  });

  it('stays while another worktree applies it by patches', async () => {
    repo.git(['checkout', '-q', '--detach', 'agent/x~1'], other);
    repo.commit('x.txt', 'otherwise\n', other);
    const onto = repo.git(['rev-parse', 'HEAD'], other);
    share(other);
    expect(() => repo.git(['rebase', '-q', '--apply', onto], other)).toThrow();
    expect(await reclaim()).toContain('branch agent/x stays: it is being rebased');
    expect(branches()).toContain('agent/x');
  });

  it('stays while another worktree bisects from it', async () => {
    share(other);
    repo.git(['bisect', 'start', 'HEAD', 'HEAD~1'], other);
    repo.git(['checkout', '-q', '--detach'], other);
    expect(await reclaim()).toContain('branch agent/x stays: it is being bisected in the worktree other');
    expect(branches()).toContain('agent/x');
  });

  it('stays while a rebase in another worktree is to move it at its end', async () => {
    repo.git(['checkout', '-q', '-b', 'topic', 'agent/x'], other);
    repo.commit('y.txt', 'y\n', other);
    // A branch that is checked out when the rebase begins would be left out.
    repo.git(['checkout', '-q', '--detach'], path);
    rebase(other, '--update-refs');
    share(path);
    backdate(repo, path, 3 * DAY);
    expect(await reclaim()).toContain('branch agent/x stays: it is to be moved by a rebase in the worktree other');
    expect(branches()).toContain('agent/x');
  });

  it.each(['rebase-merge/head-name', 'rebase-merge/update-refs', 'rebase-apply/head-name', 'BISECT_START'])(
    'stays while %s of another worktree cannot be read',
    async (name) => {
      const file = join(repo.git(['rev-parse', '--absolute-git-dir'], other), name);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, 'detached HEAD\n');
      const io = interpose(REAL, async (call, proceed) =>
        call.name === 'readText' && call.args[0] === file ? { ok: false, code: 'EACCES', why: 'not yours' } : proceed(),
      );
      expect(await reclaim(io)).toContain('branch agent/x stays: ');
      expect(branches()).toContain('agent/x');
    },
  );

  it('goes while other branches are rebased and bisected', async () => {
    repo.git(['checkout', '-q', '-b', 'topic', 'agent/x'], other);
    rebase(other);
    repo.git(['bisect', 'start', 'HEAD', 'HEAD~1']);
    await reclaim();
    expect(branches()).not.toContain('agent/x');
  });
});
