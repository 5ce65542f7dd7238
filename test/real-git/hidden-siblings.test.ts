/** Work that git status does not mention, in the places an expert would hide it. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { runPass } from '../../src/pass.ts';
import { openWorkspace } from '../../src/workspace.ts';
import { backdate, DAY, makeRepo, script, snapshot, type TestRepo } from '../support/repo.ts';

let repo: TestRepo;
let path: string;

const land = () => {
  repo.git(['merge', '-q', '--no-ff', '--no-edit', 'agent/x']);
  backdate(repo, path, 3 * DAY);
};

beforeEach(() => {
  repo = makeRepo();
  process.env['HOME'] = repo.home;
  repo.commit('.gitignore', 'node_modules/\n.venv/\ntarget/\n__pycache__/\n.next/\n');
  repo.commit('src/a.txt', 'a\n');
  path = repo.worktree('agent/x');
  repo.commit('b.txt', 'b\n', path);
});

async function pass() {
  const opened = await openWorkspace({ cwd: repo.root, home: repo.home });
  if (!opened.ok) throw new Error(opened.why);
  const passed = await runPass(opened.value, {
    dryRun: false,
    budgetMs: Number.POSITIVE_INFINITY,
    limit: 9,
    from: null,
    announce: false,
  });
  if (!passed.ok) throw new Error(passed.why);
  return passed.report;
}

async function isKeptFor(code: string): Promise<void> {
  const before = snapshot(path);
  const { results } = await pass();
  expect(results[0]?.reasons).toMatchObject([{ code }]);
  expect(snapshot(path)).toEqual(before);
}

describe('a worktree is kept', () => {
  it('for a repository inside a directory that git tracks, whose .git status passes over', async () => {
    repo.git(['init', '-q', join(path, 'src')]);
    repo.git(['-C', join(path, 'src'), 'commit', '-q', '--allow-empty', '-m', 'only copy']);
    land();
    await isKeptFor('nested-repository');
  });

  it('for a repository at any depth of a rebuildable directory', async () => {
    repo.write('.venv/pyvenv.cfg', '', path);
    repo.git(['init', '-q', join(path, '.venv/lib/python3.12/site-packages/pkg')]);
    land();
    await isKeptFor('nested-repository');
  });

  it('for an edit that a clean filter hides, and the filter is not run', async () => {
    repo.commit('.gitattributes', '*.nb filter=strip\n');
    repo.git(['merge', '-q', '--no-edit', 'main'], path);
    repo.commit('book.nb', 'code\n', path);
    land();
    const ran = join(repo.home, 'ran');
    script(join(repo.home, 'strip'), `#!/bin/sh\ntouch ${ran}\ngrep -v OUTPUT\n`);
    repo.git(['config', 'filter.strip.clean', join(repo.home, 'strip')]);
    repo.git(['config', 'filter.strip.required', 'true']);
    repo.write('book.nb', 'code\nOUTPUT that took a night\n', path);
    backdate(repo, path, 3 * DAY);
    expect(existsSync(ran)).toBe(false);
    await isKeptFor('changes');
    expect(existsSync(ran)).toBe(false);
  });

  it('for a filter that cannot be switched off by name', async () => {
    repo.git(['config', 'filter.a=b.clean', 'cat']);
    land();
    await isKeptFor('unknown');
  });

  it('for a dependency that is being patched the way pnpm offers', async () => {
    repo.write('node_modules/.modules.yaml', '', path);
    repo.write('node_modules/.pnpm_patches/left-pad@1/index.js', 'patched\n', path);
    land();
    await isKeptFor('ignored-precious');
  });
});

describe('ballast is not purged first', () => {
  const restoredText = async (file: string) => {
    const { reclaimed, purge } = await pass();
    expect(reclaimed).toHaveLength(1);
    expect(purge?.bytes).toBe(0);
    const tree = reclaimed[0]?.entry.tree ?? '';
    const ballast = join(tree, '../ballast/0', file.slice(file.indexOf('/') + 1));
    return readFileSync(existsSync(join(tree, file)) ? join(tree, file) : ballast, 'utf8');
  };

  it.each([
    [
      'a database deep in a tagged target',
      'target/CACHEDIR.TAG',
      'Signature: 8a477f597d28d172789f06886806bc55',
      'target/debug/app.sqlite',
    ],
    ['notes in __pycache__', '__pycache__/a.pyc', '', '__pycache__/notes.txt'],
    ['a .next that holds nothing of its tool', '.next/ideas.txt', 'x', '.next/ideas.txt'],
  ])('with %s', async (_name, mark, text, file) => {
    repo.write(mark, text, path);
    repo.write(file, 'only copy\n', path);
    land();
    expect(await restoredText(file)).toBe('only copy\n');
  });

  it('when a file of a pnpm store was edited in place', async () => {
    repo.write('node_modules/.modules.yaml', '', path);
    const file = 'node_modules/.pnpm/left-pad@1/node_modules/left-pad/index.js';
    repo.write(file, 'only copy\n', path);
    land();
    repo.git(['status']);
    const { utimesSync } = await import('node:fs');
    utimesSync(
      join(path, 'node_modules/.modules.yaml'),
      new Date(Date.now() - 5 * DAY),
      new Date(Date.now() - 5 * DAY),
    );
    expect(await restoredText(file)).toBe('only copy\n');
  });
});

describe('a worktree is reclaimed', () => {
  it('with certificates that packages brought along, and purges them at once', async () => {
    repo.write('node_modules/.package-lock.json', '{}', path);
    repo.write('node_modules/tls/test/fixtures/server.pem', 'x'.repeat(5000), path);
    repo.write('.venv/pyvenv.cfg', '', path);
    repo.write('.venv/lib/python3.12/site-packages/certifi/cacert.pem', 'x'.repeat(5000), path);
    land();
    const { reclaimed, purge } = await pass();
    expect(reclaimed).toHaveLength(1);
    expect(purge?.bytes).toBeGreaterThan(8000);
  });

  it('with filters configured that nothing in it uses', async () => {
    repo.git(['config', 'filter.lfs.clean', 'git-lfs clean -- %f']);
    repo.git(['config', 'filter.lfs.process', 'git-lfs filter-process']);
    repo.git(['config', 'filter.lfs.required', 'true']);
    land();
    expect((await pass()).reclaimed).toHaveLength(1);
  });
});
