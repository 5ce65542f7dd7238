/** Where things come back to: their times and modes, a repository that was moved, a copy of one, another file system. */
import { execFileSync } from 'node:child_process';
import { existsSync, lstatSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { removeTree } from '../../src/act/remove.ts';
import {
  adminOf,
  assertSound,
  later,
  leftovers,
  makeCase,
  REAL,
  type Rich,
  richCase,
  worktreeState,
} from '../support/crash-case.ts';
import { backdate, DAY, HOUR, hasElsewhere, makeRepo, repoAt, snapshot, type TestRepo, walk } from '../support/repo.ts';

async function reclaimed(rich: Rich): Promise<string> {
  expect((await rich.at.pass(REAL)).ok).toBe(true);
  const entry = (await rich.at.entries()).find(({ path }) => path === rich.fix);
  if (entry === undefined) throw new Error('it was not reclaimed');
  return entry.id;
}

const times = (root: string): Record<string, number> =>
  Object.fromEntries(
    ['', ...walk(root).map((path) => path.slice(root.length))]
      .filter((name) => !/node_modules/.test(name))
      .map((name) => [name, Math.round(lstatSync(root + name).mtimeMs * 100)]),
  );

describe('a restored worktree', () => {
  it('has the times that it had, itself and its registration, ballast or not', async () => {
    const rich = await richCase({ alone: true });
    const admin = adminOf(rich.at.repo, rich.fix);
    const before = [times(rich.fix), times(admin)];
    expect(await rich.at.restore(REAL, await reclaimed(rich))).toMatchObject({ ok: true });
    expect([times(rich.fix), times(admin)]).toEqual(before);
  });

  it('gets directories above it that others may read, as git would make them', async () => {
    const rich = await richCase({ alone: true });
    const id = await reclaimed(rich);
    const to = join(dirname(rich.fix), 'new/deep/fix');
    const reflogs = join(rich.at.repo.commonDir, 'logs/refs/heads/agent');
    rmSync(reflogs, { recursive: true });
    expect(await rich.at.restore(REAL, id, { to })).toMatchObject({ ok: true });
    for (const path of [dirname(to), dirname(dirname(to)), reflogs])
      expect(lstatSync(path).mode & 0o777, path).toBe(0o777 & ~process.umask());
  });

  it('is said to wait for a pass only where one is at work, and not where nothing can be written', async () => {
    const rich = await richCase({ alone: true });
    const id = await reclaimed(rich);
    const createFile = async () => ({ ok: false, code: 'ENOSPC', why: 'no space left on device' }) as const;
    const full = { ...REAL, disk: { ...REAL.disk, createFile } };
    expect(await rich.at.restore(full, id)).toMatchObject({ problem: 'failed', why: 'no space left on device' });
    writeFileSync(join(rich.at.repo.commonDir, 'reaper/lock'), 'not understood');
    expect(await rich.at.restore(REAL, id)).toMatchObject({ problem: 'busy' });
  });

  it('gets the mode that git would give it when its files were purged', async () => {
    const rich = await richCase({ alone: true });
    const id = await reclaimed(rich);
    await rich.at.purge(REAL, id);
    expect(await rich.at.restore(REAL, id)).toMatchObject({ ok: true, rebuilt: true });
    expect(lstatSync(rich.fix).mode & 0o777).toBe(0o777 & ~process.umask());
  });
});

/** A repository with a finished worktree inside itself and one beside it, both in quarantine. */
async function withTwo(): Promise<{ repo: TestRepo; inside: string; beside: string }> {
  const repo = makeRepo();
  repo.commit('.gitignore', '.worktrees/\n');
  const inside = repo.worktree('agent/inside', join(repo.root, '.worktrees/inside'));
  const beside = repo.worktree('agent/beside', join(dirname(repo.root), 'trees/beside'));
  for (const path of [inside, beside]) {
    repo.commit(`${path.endsWith('inside') ? 'in' : 'be'}.txt`, `${path}\n`, path);
    repo.git(['merge', '-q', '--no-edit', repo.git(['branch', '--show-current'], path)]);
    backdate(repo, path, 3 * DAY);
  }
  const at = makeCase(repo);
  expect((await at.pass(REAL)).ok).toBe(true);
  expect(await at.entries()).toHaveLength(2);
  return { repo, inside, beside };
}

describe('after the repository was moved', () => {
  it.each([
    ['with its files', false],
    ['from its commit', true],
  ] as const)(
    'what lay inside it comes back inside it, what lay beside it where it was, %s',
    async (_name, isPurged) => {
      const { repo, inside, beside } = await withTwo();
      const moved = join(dirname(repo.root), 'elsewhere/moved');
      execFileSync('mkdir', ['-p', dirname(moved)]);
      renameSync(repo.root, moved);
      const there = repoAt(moved, repo.home);
      const at = makeCase(there);
      const ids = Object.fromEntries((await at.entries()).map(({ id, branch }) => [branch ?? '', id]));
      if (isPurged) for (const id of Object.values(ids)) await at.purge(REAL, id);
      for (const [branch, path] of [
        ['agent/inside', join(moved, '.worktrees/inside')],
        ['agent/beside', beside],
      ] as const) {
        expect(await at.restore(REAL, ids[branch] ?? '')).toMatchObject({ ok: true, path });
        expect(there.git(['status', '--porcelain', '--branch'], path)).toBe(`## ${branch}`);
      }
      expect(existsSync(dirname(dirname(inside)))).toBe(false);
      assertSound(there);
      expect(leftovers(there)).toMatchObject({ quarantine: [], pins: [] });
    },
  );

  it('a copy gives back its own, and leaves the original’s alone', async () => {
    const { repo } = await withTwo();
    const copy = `${repo.root}-copy`;
    execFileSync('cp', ['-a', repo.root, copy]);
    const before = snapshot(join(repo.commonDir, 'reaper/quarantine'));
    const at = makeCase(repoAt(copy, repo.home));
    const inside = (await at.entries()).find(({ branch }) => branch === 'agent/inside');
    expect(await at.restore(REAL, inside?.id ?? '')).toMatchObject({ ok: true, path: join(copy, '.worktrees/inside') });
    await at.purge(REAL, (await at.entries())[0]?.id ?? '');
    expect(snapshot(join(repo.commonDir, 'reaper/quarantine'))).toEqual(before);
  });
});

describe.skipIf(!hasElsewhere)('a worktree on another file system', () => {
  const holding = (rich: Rich) => join(dirname(rich.fix), '.reaper-quarantine');

  it('is reclaimed beside itself, and comes back as it was', async () => {
    const rich = await richCase({ alone: true, elsewhere: true });
    const { at, fix } = rich;
    const admin = adminOf(at.repo, fix);
    const before = worktreeState(at.repo, { tree: fix, admin }, 'agent/fix', false);
    const id = await reclaimed(rich);
    expect(readdirSync(holding(rich))).toEqual([id]);
    expect(lstatSync(holding(rich)).mode & 0o777).toBe(0o700);
    expect(await at.restore(REAL, id)).toMatchObject({ ok: true, rebuilt: false });
    expect(worktreeState(at.repo, { tree: fix, admin }, 'agent/fix', false)).toEqual(before);
    expect(existsSync(holding(rich))).toBe(false);
  });

  it('leaves nothing beside it once it is forgotten', async () => {
    const rich = await richCase({ alone: true, elsewhere: true });
    const id = await reclaimed(rich);
    await rich.at.purge(REAL, id);
    expect(readdirSync(join(holding(rich), id))).toEqual(['repository.json']);
    for (let day = 2; day <= 92; day += 2) await rich.at.pass(later(REAL, day * DAY + HOUR), { limit: 0 });
    expect(existsSync(holding(rich))).toBe(false);
    expect(leftovers(rich.at.repo)).toMatchObject({ quarantine: [], pins: [] });
  });

  it('is out of reach for a copy of the repository: no restore, no purge', async () => {
    const rich = await richCase({ alone: true, elsewhere: true });
    const id = await reclaimed(rich);
    const { repo } = rich.at;
    const copy = `${repo.root}-copy`;
    execFileSync('cp', ['-a', repo.root, copy]);
    const before = snapshot(holding(rich));
    const at = makeCase(repoAt(copy, repo.home));
    expect(await at.entries()).toMatchObject([{ id, unverified: true }]);
    expect(await at.restore(REAL, id)).toMatchObject({ ok: false, problem: 'failed' });
    await at.purge(REAL, id);
    for (let day = 2; day <= 92; day += 2) await at.pass(later(REAL, day * DAY), { limit: 0 });
    expect(snapshot(holding(rich))).toEqual(before);
    expect(await rich.at.restore(REAL, id)).toMatchObject({ ok: true, rebuilt: false });
  });

  it('still belongs to its repository after that was moved', async () => {
    const rich = await richCase({ alone: true, elsewhere: true });
    const id = await reclaimed(rich);
    const { repo } = rich.at;
    const moved = `${repo.root}-moved`;
    renameSync(repo.root, moved);
    const there = repoAt(moved, repo.home);
    const at = makeCase(there);
    expect(await at.restore(REAL, id)).toMatchObject({ ok: true, path: rich.fix, rebuilt: false });
    expect(there.git(['status', '--porcelain', '--branch'], rich.fix)).toBe('## agent/fix');
    expect(existsSync(holding(rich))).toBe(false);
  });

  it.each([
    ['has lost its mark', (place: string) => rmSync(join(place, 'repository.json'))],
    ['has a mark that nobody understands', (place: string) => writeFileSync(join(place, 'repository.json'), 'x')],
  ])('is not touched where its place %s', async (_name, spoil) => {
    const rich = await richCase({ alone: true, elsewhere: true });
    const id = await reclaimed(rich);
    spoil(join(holding(rich), id));
    const before = snapshot(holding(rich));
    await rich.at.purge(REAL, id);
    expect(await rich.at.restore(REAL, id)).toMatchObject({ ok: false });
    expect(snapshot(holding(rich))).toEqual(before);
  });

  it('is not touched where a link leads to another place', async () => {
    const rich = await richCase({ alone: true, elsewhere: true });
    const id = await reclaimed(rich);
    const place = join(holding(rich), id);
    renameSync(place, `${place}-real`);
    execFileSync('ln', ['-s', `${place}-real`, place]);
    await rich.at.purge(REAL, id);
    expect(existsSync(join(`${place}-real`, 'tree/README.md'))).toBe(true);
  });
});

describe('a file whose name is not UTF-8', () => {
  /** Names are bytes to a shell. */
  const sh = (script: string, directory: string): string =>
    execFileSync('sh', ['-c', script, 'sh', directory], { encoding: 'utf8' });
  const MAKE = 'mkdir -p "$1" && cd "$1" && mkdir "$(printf \'d\\377\')" && echo kept > "$(printf \'d\\377/\\303(\')"';

  it('goes and comes back with its tree, is noticed when it is written to, and is purged in the end', async () => {
    const rich = await richCase({ alone: true });
    const { at, fix } = rich;
    sh(MAKE, join(fix, 'dist/odd'));
    const id = await reclaimed(rich);
    const [{ tree } = { tree: null }] = await at.entries();
    if (tree === null) throw new Error('it has no tree');
    at.keep();
    expect(await at.restore(REAL, id)).toMatchObject({ ok: true });
    expect(sh('cat "$1"/*/*', join(fix, 'dist/odd'))).toBe('kept\n');
    at.reset();
    sh('echo more >> "$(echo "$1"/*/*)"', join(tree, 'dist/odd'));
    await at.purge(REAL, id);
    expect(sh('cat "$1"/*/*', join(tree, 'dist/odd'))).toBe('kept\nmore\n');
    rmSync(tree, { recursive: true });
    sh(MAKE, join(tree, 'dist/odd'));
    expect(await removeTree(REAL.disk, tree, () => false)).toMatchObject({ state: 'gone' });
    expect(existsSync(tree)).toBe(false);
  });
});
