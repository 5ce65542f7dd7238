/** A restore never makes a second registration of a path: git's next prune would take one of the two, and it may be the live one. */
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { buryHolder, later, leftovers, REAL, type Rich, richCase } from '../support/crash-case.ts';
import { mortal } from '../support/faults.ts';
import { HOUR } from '../support/repo.ts';

let rich: Rich;
let fix: string;
let gone: string;

const idOf = async (path: string): Promise<string> =>
  (await rich.at.entries()).find((entry) => entry.path === path)?.id ?? '';
const registrations = (): string[] => readdirSync(join(rich.at.repo.commonDir, 'worktrees')).sort();

/** A worktree with work that nothing but its registration holds; what comes back is its commit. */
function occupy(path: string): string {
  const { repo } = rich.at;
  repo.git(['worktree', 'add', '-q', '--detach', path, 'main']);
  return repo.commit('unlanded.txt', 'on no branch\n', path);
}

/** Neither prune nor a restore has cost the other worktree its registration. */
function expectLive(path: string, commit: string): void {
  for (let time = 0; time < 2; time++) rich.at.repo.git(['worktree', 'prune', '--expire=now']);
  expect(rich.at.repo.git(['rev-parse', 'HEAD'], path)).toBe(commit);
}

beforeEach(async () => {
  rich = await richCase();
  ({ fix, missing: gone } = rich);
  expect((await rich.at.pass(REAL)).ok).toBe(true);
  expect(await idOf(fix)).not.toBe('');
  expect(await idOf(gone)).not.toBe('');
});

describe('a path that another registration names is taken', () => {
  it('by a live worktree, for a registration alone', async () => {
    const commit = occupy(gone);
    const before = registrations();
    const refused = { ok: false, problem: 'path-taken', why: expect.stringContaining('/worktrees/gone') };
    expect(await rich.at.restore(REAL, await idOf(gone))).toMatchObject(refused);
    expect(registrations()).toEqual(before);
    expectLive(gone, commit);
    expect((await rich.at.pass(later(REAL, HOUR), { limit: 0 })).ok).toBe(true);
    expect(registrations()).toEqual(before);
  });

  it.each(['fix', 'missing'] as const)('by one whose directory is away for the moment, for %s', async (what) => {
    const path = rich[what];
    const commit = occupy(path);
    renameSync(path, `${path}-away`);
    const before = registrations();
    expect(await rich.at.restore(REAL, await idOf(path))).toMatchObject({ ok: false, problem: 'path-taken' });
    expect(registrations()).toEqual(before);
    expect(existsSync(path)).toBe(false);
    renameSync(`${path}-away`, path);
    expectLive(path, commit);
  });

  it.each([
    ['as it is written', (path: string) => path],
    ['through a link', (path: string) => join(dirname(dirname(path)), 'linked', 'other')],
  ])('where --to says it %s', async (_name, spelled) => {
    const path = join(dirname(fix), 'other');
    const commit = occupy(path);
    symlinkSync(dirname(fix), join(dirname(dirname(fix)), 'linked'));
    renameSync(path, `${path}-away`);
    for (const what of [fix, gone])
      expect(await rich.at.restore(REAL, await idOf(what), { to: spelled(path) })).toMatchObject({
        ok: false,
        problem: 'path-taken',
      });
    renameSync(`${path}-away`, path);
    expectLive(path, commit);
  });

  it('where the other registration says it relatively, or through a link that leads nowhere now', async () => {
    const path = join(dirname(fix), 'other');
    occupy(path);
    renameSync(path, `${path}-away`);
    const admin = join(rich.at.repo.commonDir, 'worktrees/other');
    const nowhere = join(dirname(dirname(fix)), 'unmounted');
    const linked = join(dirname(dirname(fix)), 'linked');
    symlinkSync(nowhere, linked);
    for (const [gitdir, to] of [
      [relative(admin, join(path, '.git')), path],
      [join(linked, 'deep/other/.git'), join(nowhere, 'deep/other')],
    ] as const) {
      writeFileSync(join(admin, 'gitdir'), `${gitdir}\n`);
      expect([gitdir, await rich.at.restore(REAL, await idOf(fix), { to })]).toMatchObject([
        gitdir,
        { ok: false, problem: 'path-taken' },
      ]);
    }
  });

  it('by one that nobody can read, and says so', async () => {
    const admin = join(rich.at.repo.commonDir, 'worktrees/odd');
    mkdirSync(join(admin, 'gitdir'), { recursive: true });
    for (const what of [fix, gone])
      expect(await rich.at.restore(REAL, await idOf(what))).toMatchObject({
        ok: false,
        problem: 'failed',
        why: expect.stringContaining('/worktrees/odd'),
      });
    // What names no path at all is no registration of any.
    rmSync(join(admin, 'gitdir'), { recursive: true });
    expect(await rich.at.restore(REAL, await idOf(fix))).toMatchObject({ ok: true });
  });

  it('also when a killed restore is finished after somebody took the path', async () => {
    const id = await idOf(gone);
    const machine = mortal(REAL, ({ name, args }) => name === 'writeFile' && String(args[0]).includes(id), 'after');
    expect((await machine.survive(rich.at.restore(machine.io, id))).died).toBe('disk.writeFile');
    buryHolder(rich.at.repo);
    const commit = occupy(gone);
    const before = registrations();
    await rich.at.pass(later(REAL, HOUR), { limit: 0 });
    expect(registrations()).toEqual(before);
    expectLive(gone, commit);
    expect(leftovers(rich.at.repo).pins).toContain(`refs/reaper/${id}`);
  });
});

describe('where only a registration comes back', () => {
  it('a repository or a worktree of another at its path is not claimed by it', async () => {
    const { repo } = rich.at;
    const id = await idOf(gone);
    mkdirSync(gone);
    repo.git(['init', '-q'], gone);
    expect(await rich.at.restore(REAL, id)).toMatchObject({ ok: false, problem: 'path-taken' });
    rmSync(gone, { recursive: true });
    mkdirSync(gone);
    writeFileSync(join(gone, '.git'), `gitdir: ${join(dirname(repo.root), 'another/.git/worktrees/gone')}\n`);
    expect(await rich.at.restore(REAL, id)).toMatchObject({ ok: false, problem: 'path-taken' });
  });

  it('its own directory, found again, is what it is restored for', async () => {
    const { repo } = rich.at;
    mkdirSync(gone);
    writeFileSync(join(gone, '.git'), `gitdir: ${join(repo.commonDir, 'worktrees/gone')}\n`);
    expect(await rich.at.restore(REAL, await idOf(gone))).toMatchObject({ ok: true, path: gone });
    expect(repo.git(['symbolic-ref', 'HEAD'], gone)).toBe('refs/heads/agent/gone');
  });
});
