/** Ballast is purged at once, unless a person had a hand in it. */
import { existsSync, linkSync, readFileSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import type { DiskReader } from '../../src/io/ports.ts';
import { editedByHand } from '../../src/observe/edited.ts';
import { runPass } from '../../src/pass.ts';
import { restoreByName } from '../../src/restoring.ts';
import { openWorkspace } from '../../src/workspace.ts';
import { REAL } from '../support/machine.ts';
import { backdate, DAY, makeRepo, type TestRepo } from '../support/repo.ts';

let repo: TestRepo;
let path: string;

beforeEach(() => {
  repo = makeRepo();
  process.env['HOME'] = repo.home;
  repo.commit('.gitignore', 'node_modules/\n');
  path = repo.worktree('agent/x');
  repo.commit('a.txt', 'a\n', path);
  repo.git(['merge', '-q', '--no-ff', '--no-edit', 'agent/x']);
  repo.write('node_modules/.package-lock.json', '{}', path);
  repo.write('node_modules/left-pad/index.js', 'module.exports = 1;\n', path);
  repo.write('node_modules/.cache/tool/state', 'x', path);
  backdate(repo, path, 3 * DAY);
});

async function workspace() {
  const opened = await openWorkspace({ cwd: repo.root, home: repo.home });
  if (!opened.ok) throw new Error(opened.why);
  return opened.value;
}

async function pass() {
  const passed = await runPass(await workspace(), {
    dryRun: false,
    budgetMs: Number.POSITIVE_INFINITY,
    limit: 9,
    from: null,
    announce: false,
  });
  if (!passed.ok) throw new Error(passed.why);
  return passed.report;
}

const touch = (file: string, ageMs: number) => {
  const at = new Date(Date.now() - ageMs);
  utimesSync(join(path, file), at, at);
};

describe('node_modules of a reclaimed worktree', () => {
  it('is purged at once when only the package manager wrote to it', async () => {
    touch('node_modules/.cache/tool/state', 2 * DAY);
    const { reclaimed, purge } = await pass();
    expect(reclaimed).toHaveLength(1);
    expect(purge?.bytes).toBeGreaterThan(0);
    const restored = await restoreByName(await workspace(), 'agent/x', { to: null, detach: false });
    expect(restored).toMatchObject({ ok: true, ballastGone: true });
    expect(existsSync(join(path, 'node_modules'))).toBe(false);
  });

  it('stays with the tree, and comes back, when a file in it was edited after the install', async () => {
    repo.write('node_modules/left-pad/index.js', 'module.exports = 2; // patched by hand\n', path);
    touch('node_modules/left-pad/index.js', 2 * DAY);
    const { reclaimed, purge } = await pass();
    expect(reclaimed).toHaveLength(1);
    expect(purge?.bytes).toBe(0);
    const restored = await restoreByName(await workspace(), 'agent/x', { to: null, detach: false });
    expect(restored).toMatchObject({ ok: true, ballastGone: false });
    expect(readFileSync(join(path, 'node_modules/left-pad/index.js'), 'utf8')).toContain('patched by hand');
  });

  describe('is judged by when each inode last changed, too, which nobody can set back', () => {
    const patched = 'node_modules/left-pad/index.js';
    const changed = (file: string, laterMs: number): DiskReader => ({
      ...REAL.disk,
      lstat: async (at) => {
        const info = await REAL.disk.lstat(at);
        if (!info.ok || at !== join(path, file)) return info;
        return { ok: true, value: { ...info.value, ctimeMs: info.value.ctimeMs + laterMs } };
      },
    });
    const judged = (disk: DiskReader) => editedByHand(disk, join(path, 'node_modules'));

    it('a file that was moved there, with an old time of writing', async () => {
      expect(await judged(changed(patched, DAY))).toEqual({ known: true, value: join(path, patched) });
      expect(await judged(REAL.disk)).toEqual({ known: true, value: null });
    });

    it('but not one with another name, as the stores of package managers have', async () => {
      linkSync(join(path, patched), join(repo.home, 'store'));
      expect(await judged(changed(patched, DAY))).toEqual({ known: true, value: null });
    });

    it('and a copy of the whole directory is as new as the mark in it', async () => {
      expect(await judged(changed('node_modules/.package-lock.json', DAY))).toEqual({ known: true, value: null });
    });
  });
});
