/**
 * What macOS and Windows do differently, by injection: this runs on neither. (`processes-lsof` has the processes,
 * `hooks-detached` a machine without setsid.)
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { commonDirOf } from '../../src/cli/own-copy.ts';
import { parseText } from '../../src/config/file.ts';
import { createMachine } from '../../src/io/machine.ts';
import { placeObstacle } from '../../src/io/ownplace.ts';
import type { DiskReader, Io } from '../../src/io/ports.ts';
import { findProgram, isInside } from '../../src/io/program.ts';
import { type PassReport, runPass } from '../../src/pass.ts';
import { openWorkspace } from '../../src/workspace.ts';
import { installCase } from '../support/install-case.ts';
import { backdate, DAY, makeRepo, type TestRepo } from '../support/repo.ts';

describe('a rename that is refused because somebody holds a file open', () => {
  /** On Windows, any handle in a directory does that, a virus scanner's too. */
  const held = (io: Io, code: string, isHeld: () => boolean): Io => ({
    ...io,
    disk: {
      ...io.disk,
      rename: async (from, to) =>
        isHeld() && (to.endsWith('/tree') || to.endsWith('/admin'))
          ? { ok: false, code, why: `${code}: resource busy or locked, rename '${from}'` }
          : io.disk.rename(from, to),
    },
  });

  async function pass(repo: TestRepo, io: Io): Promise<PassReport['results']> {
    const opened = await openWorkspace({ cwd: repo.root, home: repo.home, io });
    if (!opened.ok) throw new Error(opened.why);
    const options = { dryRun: false, budgetMs: Number.POSITIVE_INFINITY, limit: 20, from: null, announce: false };
    const passed = await runPass(opened.value, options);
    if (!passed.ok) throw new Error(passed.why);
    return passed.report.results;
  }

  it.each(['EBUSY', 'EPERM', 'ENOTEMPTY', 'EACCES'])(
    '(%s) leaves the worktree as it was, and the next pass takes it',
    async (code) => {
      const repo = makeRepo();
      process.env.HOME = repo.home;
      const gone = repo.worktree('agent/gone');
      repo.commit('a.txt', 'a', gone);
      repo.git(['merge', '-q', '--no-ff', '--no-edit', 'agent/gone']);
      backdate(repo, gone, 2 * DAY);
      let isHeld = true;
      const io = held(createMachine(findProgram('git') ?? ''), code, () => isHeld);
      const [result] = await pass(repo, io);
      expect(result?.outcome).not.toBe('reclaimed');
      expect(readFileSync(join(gone, 'a.txt'), 'utf8')).toBe('a');
      expect(repo.git(['status', '--porcelain'], gone)).toBe('');
      expect(repo.git(['worktree', 'list', '--porcelain'])).not.toContain('locked');
      isHeld = false;
      backdate(repo, gone, 2 * DAY);
      expect(await pass(repo, io)).toMatchObject([{ outcome: 'reclaimed' }]);
      expect(existsSync(gone)).toBe(false);
    },
  );
});

describe('a path', () => {
  it.each([
    ['win32', 'C:\\r\\wt\\x', 'C:/r/wt', true],
    ['win32', 'c:/R/WT/x', 'C:\\r\\wt', true],
    ['win32', '\\\\?\\C:\\r\\wt\\x', 'C:\\r\\wt', true],
    ['win32', 'C:\\r\\wtx', 'C:\\r\\wt', false],
    ['win32', 'D:\\r\\wt', 'C:\\r\\wt', false],
    ['darwin', '/Users/Kim/Repo/x', '/users/kim/repo', true],
    ['darwin', '/Users/kim/repository', '/Users/kim/repo', false],
    ['linux', '/home/Kim/repo', '/home/kim', false],
    ['linux', '/home/kim/a\\b', '/home/kim/a', false],
    ['linux', '/anything', '/', true],
  ] as const)('of %s is inside another whatever its spelling: %s, %s: %s', (platform, path, directory, expected) => {
    expect(isInside(path, directory, platform)).toBe(expected);
  });

  it.each([
    ['/r/.git/reaper/bin/reaper-hook.mjs', '/r/.git'],
    ['C:\\r\\.git\\reaper\\bin\\reaper-hook.mjs', 'C:\\r\\.git'],
    ['/r/node_modules/reaper-hook/dist/cli.js', null],
  ])('of the installed program is taken apart at either separator: %s', (path, expected) => {
    expect(commonDirOf(path)).toBe(expected);
  });

  it('of node is written down as a shell takes it', async () => {
    const here = installCase();
    const noted = async (nodePath: string) => {
      await here.install({ nodePath });
      return readFileSync(join(here.root, 'bin/node'), 'utf8');
    };
    expect(await noted('C:\\Program Files\\nodejs\\node.exe')).toBe('C:/Program Files/nodejs/node.exe\n');
    expect(await noted('/odd\\name/node')).toBe('/odd\\name/node\n');
  });
});

it.each([
  ['.reaperrc', '\uFEFF# mine\r\nworktrees:\r\n  idle: 30m\r\n  branches:\r\n    - agent/*\r\n'],
  ['.reaperrc.json', '\uFEFF{\r\n "worktrees": { "idle": "30m", "branches": ["agent/*"] }\r\n}\r\n'],
])('a configuration with lines that end in CRLF says the same (%s)', async (name, text) => {
  expect(await parseText(name, text)).toEqual({
    ok: true,
    value: { worktrees: { idle: '30m', branches: ['agent/*'] } },
  });
});

it('users are told apart by their numbers, and where there are none nobody is another', async () => {
  const disk = (uid: number) =>
    ({ lstat: async () => ({ ok: true, value: { kind: 'directory', uid } }) }) as unknown as DiskReader;
  expect(await placeObstacle(disk(4_000_000_000), '/r', 4_000_000_000)).toBeNull();
  expect(await placeObstacle(disk(4_000_000_000), '/r', 1)).toContain('another user');
});
