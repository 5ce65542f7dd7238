/** Names from outside are shown, and never obeyed by a terminal. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { beforeEach, expect, it } from 'vitest';
import { type Ran, reaper, shell } from '../support/program.ts';
import { backdate, backdateTree, DAY, makeRepo, type TestRepo } from '../support/repo.ts';

const ESC = '\u001b]0;owned\u0007\u001b[31m';
/** Right-to-left override, C1 control sequence introducer, zero-width space: legal in branch names. */
const SLY = '\u202e\u009b31m\u200b';
const UNSAFE = /[^\P{Cc}\n]|[\p{Cf}\p{Zl}\p{Zp}]/u;

let repo: TestRepo;

const safe = (what: string, { stdout, stderr }: Pick<Ran, 'stdout' | 'stderr'>) =>
  expect([what, UNSAFE.exec(stdout)?.[0] ?? null, UNSAFE.exec(stderr)?.[0] ?? null]).toEqual([what, null, null]);

beforeEach(() => {
  repo = makeRepo(`re${ESC}po`);
});

it('escape sequences in branches, paths, lock reasons, staging entries and configuration are shown escaped', () => {
  const at = (name: string) => join(dirname(repo.root), `wt ${ESC}\n${name}`);
  const landed = repo.worktree(`agent/${SLY}landed`, at('landed'));
  repo.commit('a.txt', 'a', landed);
  repo.git(['merge', '-q', '--no-ff', '--no-edit', `agent/${SLY}landed`]);
  const locked = repo.worktree(`agent/${SLY}locked`, at('locked'));
  repo.git(['worktree', 'lock', '--reason', `because ${ESC}`, locked]);
  const dirty = repo.worktree(`agent/${SLY}dirty`, at('dirty'));
  repo.write(`file ${ESC}`, 'x', dirty);
  const missing = repo.worktree(`agent/${SLY}missing`, at('missing'));
  for (const each of [landed, locked, dirty, missing]) backdate(repo, each, 5 * DAY);
  shell(repo, `rm -rf "$GONE"`, repo.home, { GONE: missing });
  const staging = repo.write(`.agent-config/pack-compose.staging-4194301/${ESC}`, 'x');
  backdateTree(dirname(staging), 3 * DAY);
  safe('install', reaper(repo, ['install']));
  repo.write(
    '.reaperrc',
    `worktrees:\n  branches: ["agent/*", ${JSON.stringify(`b${SLY}/*`)}]\n  base: [${JSON.stringify(`x${SLY}`)}]\n`,
  );
  const bad = reaper(repo, ['status']);
  safe('a refused configuration', bad);
  repo.write(
    '.reaperrc',
    `worktrees:\n  ${JSON.stringify(`key${ESC}${SLY}`)}: ${JSON.stringify(ESC)}\n  idle: ${JSON.stringify(ESC)}\n`,
  );
  safe('a mistake', reaper(repo, ['status']));
  safe('doctor with a mistake', reaper(repo, ['doctor']));
  shell(repo, 'rm .reaperrc');
  for (const command of [
    ['status'],
    ['run', '--dry-run'],
    ['why', dirty],
    ['why', `agent/${SLY}locked`],
    ['landed'],
    ['doctor'],
    ['init'],
    ['allow'],
  ]) {
    safe(command.join(' '), reaper(repo, command));
    safe(`${command.join(' ')} --json`, reaper(repo, [...command, '--json']));
  }
  const stopped = reaper(repo, ['why', `no${ESC}such`]);
  safe('why of nothing', stopped);
  const ran = reaper(repo, ['run']);
  safe('run', ran);
  expect(existsSync(landed)).toBe(false);
  for (const command of [
    ['status'],
    ['log'],
    ['log', '--json'],
    ['restore', `agent/${SLY}landed`],
    ['restore', `x${ESC}`],
    ['claim', '--worktree', dirty, '--owner', 'me'],
    ['uninstall'],
  ])
    safe(command.join(' '), reaper(repo, command));
});

it('the report that the next hook prints has nothing for the terminal in it, whatever went wrong', () => {
  safe('install', reaper(repo, ['install']));
  const own = (name: string) => join(repo.commonDir, 'reaper', name);
  writeFileSync(own('foreground'), '');
  writeFileSync(
    own('installed.json'),
    readFileSync(own('installed.json'), 'utf8').replace(/"sha256": "./, '"sha256": "x'),
  );
  const said = shell(repo, 'git checkout -q -b one');
  expect(said.stderr).toContain('reaper');
  safe('the report', said);
  safe('doctor', reaper(repo, ['doctor']));
});
