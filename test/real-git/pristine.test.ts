/** Seeing without git that nothing changed: never where git would say that something did. */
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { disk } from '../../src/io/disk.ts';
import { swift } from '../../src/io/swift.ts';
import { readPristine } from '../../src/observe/pristine.ts';
import { note } from '../support/index-file.ts';
import { backdate, DAY, makeRepo, type TestRepo } from '../support/repo.ts';

let repo: TestRepo;
let tree: string;
let admin: string;

const adminDir = () => admin;
const headTree = () => repo.git(['rev-parse', 'agent/x^{tree}']);
const look = (ignored: readonly string[] = [], oid = headTree()) =>
  readPristine(swift(disk), { adminDir: adminDir(), tree }, oid, async (paths) =>
    paths.every((path) => ignored.includes(path)),
  );
const inTree = (path: string) => join(tree, path);

/** Files of several kinds, in directories of several depths, two days old. */
function stage(init: readonly string[] = []): void {
  repo = makeRepo('a shop', init);
  repo.write('.gitignore', 'node_modules/\n*.log\n');
  repo.write('src/deep/er/a.txt', 'a\n');
  repo.write('src/b.txt', 'b\n');
  repo.write('bin/run.sh', '#!/bin/sh\n');
  chmodSync(join(repo.root, 'bin/run.sh'), 0o755);
  symlinkSync('b.txt', join(repo.root, 'src/link'));
  repo.git(['add', '-A']);
  repo.git(['commit', '-q', '-m', 'files']);
  tree = repo.worktree('agent/x');
  repo.commit('c.txt', 'c\n', tree);
  backdate(repo, tree, 2 * DAY);
  admin = repo.git(['rev-parse', '--absolute-git-dir'], tree);
}

beforeEach(() => stage());

describe('a worktree as git left it', () => {
  it('is pristine, and every directory that git tracks something in is named', async () => {
    const seen = await look();
    expect(seen?.ignored).toEqual([]);
    expect([...(seen?.index.directories ?? [])].sort()).toEqual(['bin', 'src', 'src/deep', 'src/deep/er']);
    expect(seen?.index.hasTracked('src/b.txt')).toBe(true);
    expect(seen?.index.hasTracked('src/none')).toBe(false);
  });

  it.each(['2', '3', '4'])('is pristine with index version %s', async (version) => {
    repo.git(['update-index', '--index-version', version], tree);
    // Writes the tree's id, which that left out.
    repo.git(['commit', '-q', '--allow-empty', '-m', 'nothing'], tree);
    expect(readFileSync(join(adminDir(), 'index'))[7]).toBe(version === '3' ? 2 : Number(version));
    // By a day: a git that was built without nanoseconds does not look again within a second.
    backdate(repo, tree, 3 * DAY);
    expect(await look()).not.toBeNull();
  });

  it('is pristine with SHA-256', async () => {
    stage(['--object-format=sha256']);
    expect(headTree()).toHaveLength(64);
    expect(await look()).not.toBeNull();
  });

  it('with ignored paths is pristine where git calls just these ignored', async () => {
    repo.write('node_modules/x/index.js', 'x', tree);
    repo.write('src/build.log', 'x', tree);
    expect(await look()).toBeNull();
    expect(await look(['node_modules/'])).toBeNull();
    expect((await look(['node_modules/', 'src/build.log']))?.ignored.toSorted()).toEqual([
      'node_modules/',
      'src/build.log',
    ]);
    expect((await look(['node_modules/', 'src/build.log', 'gone.log']))?.ignored).toHaveLength(2);
    expect(await look(['node_modules', 'src/build.log/'])).toBeNull();
  });
});

describe('git is asked when', () => {
  it.each<readonly [string, () => void]>([
    ['a file has other bytes', () => writeFileSync(inTree('src/b.txt'), 'other\n')],
    ['a file has other bytes of the same length, and its old time', () => keepingTime('src/b.txt', 'B\n')],
    ['a file was replaced by an equal one', () => replaced('src/b.txt')],
    ['a file is gone', () => rmSync(inTree('src/b.txt'))],
    ['a file became executable', () => chmodSync(inTree('src/b.txt'), 0o755)],
    ['a script lost its executable bit', () => chmodSync(inTree('bin/run.sh'), 0o644)],
    [
      'a link leads elsewhere',
      () =>
        inTurn(
          () => rmSync(inTree('src/link')),
          () => symlinkSync('a.txt', inTree('src/link')),
        ),
    ],
    [
      'a file became a link',
      () =>
        inTurn(
          () => rmSync(inTree('c.txt')),
          () => symlinkSync('src/b.txt', inTree('c.txt')),
        ),
    ],
    [
      'a file became a directory',
      () =>
        inTurn(
          () => rmSync(inTree('c.txt')),
          () => mkdirSync(inTree('c.txt')),
        ),
    ],
    ['a directory was moved away and a link put in its place', () => linkedAway('src')],
    ['there is a new file', () => repo.write('new.txt', 'new', tree)],
    ['there is a new file deep down', () => repo.write('src/deep/er/new.txt', 'new', tree)],
    ['there is an ignored file nobody knew of', () => repo.write('src/deep/x.log', 'new', tree)],
    ['there is an empty directory', () => mkdirSync(inTree('src/empty'))],
    ['there is a repository in a tracked directory', () => mkdirSync(inTree('src/.git'))],
    ['there is a file called .git in a tracked directory', () => repo.write('src/.git', 'gitdir: x', tree)],
    [
      'its own .git is a directory',
      () =>
        inTurn(
          () => rmSync(inTree('.git')),
          () => mkdirSync(inTree('.git')),
        ),
    ],
    [
      'something is staged',
      () =>
        inTurn(
          () => repo.write('src/b.txt', 'x', tree),
          () => repo.git(['add', '-A'], tree),
        ),
    ],
    ['something is staged and taken back on disk', () => stagedAndBack()],
    ['a removal is staged', () => repo.git(['rm', '-q', '--cached', 'src/b.txt'], tree)],
    [
      'a file is intended to be added',
      () =>
        inTurn(
          () => repo.write('n', 'n', tree),
          () => repo.git(['add', '-N', 'n'], tree),
        ),
    ],
    ['a file is assumed unchanged', () => repo.git(['update-index', '--assume-unchanged', 'src/b.txt'], tree)],
    ['a file is to be skipped', () => repo.git(['update-index', '--skip-worktree', 'src/b.txt'], tree)],
    ['the checkout is sparse', () => repo.git(['sparse-checkout', 'set', 'src'], tree)],
    ['the index is sparse', () => repo.git(['sparse-checkout', 'set', '--sparse-index', 'bin'], tree)],
    ['the index is split', () => repo.git(['update-index', '--split-index'], tree)],
    ['there is a submodule', () => submodule()],
    ['the worktree has a configuration of its own', () => writeFileSync(join(adminDir(), 'config.worktree'), '')],
    ['a file is as new as the index', () => utimesSync(join(adminDir(), 'index'), 1e9, 1e9)],
    ['git means to look into a file, which is empty by now', () => smudged('c.txt')],
    ['the index is cut short', () => cutIndex(-30)],
    ['the index is empty', () => writeFileSync(join(adminDir(), 'index'), '')],
    ['the index is gone', () => rmSync(join(adminDir(), 'index'))],
    ['the index is no index', () => writeFileSync(join(adminDir(), 'index'), 'DIRC'.repeat(50))],
    ['a directory cannot be read', () => rmSync(inTree('src/deep'), { recursive: true })],
  ])('%s', async (_what, change) => {
    expect(await look()).not.toBeNull();
    change();
    expect(await look()).toBeNull();
  });

  it('HEAD names another tree', async () => {
    expect(await look([], repo.git(['rev-parse', 'HEAD~^{tree}'], tree))).toBeNull();
  });

  it('a merge left a conflict', async () => {
    repo.commit('c.txt', 'theirs\n');
    expect(() => repo.git(['merge', '-q', 'main'], tree)).toThrow();
    expect(await look()).toBeNull();
  });

  it('the index was cut anywhere', async () => {
    const whole = readFileSync(join(adminDir(), 'index'));
    const ends = Array.from({ length: 40 }, (_, step) => Math.floor((whole.length * step) / 40));
    for (const end of ends) {
      writeFileSync(join(adminDir(), 'index'), whole.subarray(0, end));
      expect(await look(), `cut at ${end} of ${whole.length}`).toBeNull();
    }
  });
});

describe('whatever is done to a worktree', () => {
  const names = ['c.txt', 'src/b.txt', 'src/deep/er/a.txt', 'bin/run.sh', 'src/link', 'x.log', 'new', 'src/new/file'];
  const acts: Record<string, (path: string) => void> = {
    write: (path) => repo.write(path, `${path}\n`, tree),
    same: (path) => existsSync(inTree(path)) && writeFileSync(inTree(path), readFileSync(inTree(path))),
    remove: (path) => rmSync(inTree(path), { recursive: true, force: true }),
    mode: (path) => existsSync(inTree(path)) && chmodSync(inTree(path), 0o755),
    add: (path) => void attempt(['add', '-f', '--', path]),
    reset: (path) => void attempt(['reset', '-q', '--', path]),
    restore: (path) => void attempt(['checkout', '-q', 'HEAD', '--', path]),
    commit: () => void attempt(['commit', '-q', '-m', 'more']),
    hard: () => void attempt(['reset', '-q', '--hard']),
    refresh: () => void attempt(['update-index', '-q', '--refresh']),
    move: () => void attempt(['checkout', '-q', '--detach', 'HEAD~']),
    clean: () => void attempt(['clean', '-fdxq']),
  };
  const attempt = (args: string[]) => {
    try {
      repo.git(args, tree, { stdio: 'ignore' });
    } catch {
      // Some have nothing to do.
    }
  };

  it('it is pristine only if git status has nothing to say', async () => {
    const counts = { pristine: 0, asked: 0 };
    let runs = 0;
    const step = fc.tuple(fc.constantFrom(...Object.keys(acts)), fc.constantFrom(...names));
    const mostly = fc.nat(3).map((value) => value > 0);
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 4 }), mostly, async (steps, isOld) => {
        repo.git(['checkout', '-q', '-f', 'agent/x'], tree);
        repo.git(['reset', '-q', '--hard'], tree);
        repo.git(['clean', '-fdxq'], tree);
        for (const [act, path] of steps) acts[act]?.(path);
        // Another second each time: git looks no closer, and would not take the new times into the index.
        runs++;
        if (isOld) backdate(repo, tree, 2 * DAY + runs * 2_000);
        const seen = await look([], repo.git(['rev-parse', 'HEAD^{tree}'], tree));
        const status = repo.git(['status', '--porcelain', '--ignored', '--untracked-files=all'], tree);
        if (seen === null) counts.asked++;
        else {
          counts.pristine++;
          expect(status).toBe('');
        }
      }),
      { numRuns: 90, seed: 20_261_121 },
    );
    expect(Math.min(counts.pristine, counts.asked)).toBeGreaterThan(5);
  }, 120_000);
});

const inTurn = (...steps: (() => unknown)[]): void => {
  for (const step of steps) step();
};

function keepingTime(path: string, text: string): void {
  const { atime, mtime } = statSync(inTree(path));
  writeFileSync(inTree(path), text);
  utimesSync(inTree(path), atime, mtime);
}

function replaced(path: string): void {
  const { atime, mtime } = statSync(inTree(path));
  writeFileSync(inTree('other'), readFileSync(inTree(path)));
  renameSync(inTree('other'), inTree(path));
  utimesSync(inTree(path), atime, mtime);
}

function linkedAway(path: string): void {
  renameSync(inTree(path), `${tree}-${path}`);
  symlinkSync(`${tree}-${path}`, inTree(path));
}

function stagedAndBack(): void {
  const text = readFileSync(inTree('src/b.txt'));
  repo.write('src/b.txt', 'staged', tree);
  repo.git(['add', '-A'], tree);
  writeFileSync(inTree('src/b.txt'), text);
}

function submodule(): void {
  repo.git(['update-index', '--add', '--cacheinfo', `160000,${repo.git(['rev-parse', 'HEAD'])},sub`], tree);
  repo.git(['commit', '-q', '-m', 'sub'], tree);
  backdate(repo, tree, 2 * DAY);
}

/** As git leaves a file that changed in the very moment in which it was noted; then it is emptied in that moment. */
function smudged(path: string): void {
  writeFileSync(inTree(path), '');
  const { ctimeNs, mtimeNs } = statSync(inTree(path), { bigint: true });
  const file = join(adminDir(), 'index');
  note(file, path, { ctimeNs, mtimeNs, size: 0 });
  const later = new Date(Date.now() + 5_000);
  utimesSync(file, later, later);
  expect(repo.git(['status', '--porcelain'], tree)).toBe(` M ${path}`);
}

function cutIndex(end: number): void {
  const path = join(adminDir(), 'index');
  writeFileSync(path, readFileSync(path).subarray(0, end));
}
