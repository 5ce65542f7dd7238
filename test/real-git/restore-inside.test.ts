/** Where a restore must not go: into git's own directories and into quarantine, where git or a purge takes it for theirs. */
import { existsSync, mkdirSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { makeCase, REAL, richCase } from '../support/crash-case.ts';
import { backdate, DAY, hasElsewhere, makeRepo, snapshot } from '../support/repo.ts';

const REFUSED = { ok: false, problem: 'path-taken' };

describe('a restore to another path', () => {
  it('does not go into a directory of git’s, this repository’s or another’s, whatever it is called by', async () => {
    const { at, fix, missing } = await richCase();
    expect((await at.pass(REAL)).ok).toBe(true);
    const { commonDir } = at.repo;
    const beside = dirname(fix);
    at.repo.git(['init', '-q', join(beside, 'another')]);
    symlinkSync(commonDir, join(beside, 'alias'));
    const before = snapshot(join(commonDir, 'reaper/quarantine'));
    for (const to of [
      join(commonDir, 'foo'),
      join(commonDir, 'worktrees/foo'),
      join(commonDir, 'refs/heads/deep/foo'),
      join(beside, 'alias/foo'),
      join(beside, 'another/.git/foo'),
      join(beside, 'new/.git'),
      join(beside, 'new/.GIT/foo'),
    ])
      for (const { id } of await at.entries()) {
        expect([to, await at.restore(REAL, id, { to })]).toMatchObject([to, REFUSED]);
        expect(existsSync(to)).toBe(false);
      }
    expect(snapshot(join(commonDir, 'reaper/quarantine'))).toEqual(before);
    const entries = await at.entries();
    expect(entries.map(({ path }) => path)).toEqual(expect.arrayContaining([fix, missing]));
  });

  it('does not go into quarantine, its own place there or another entry’s', async () => {
    const { at, fix, missing, staging } = await richCase();
    expect((await at.pass(REAL)).ok).toBe(true);
    const entries = await at.entries();
    const trees = entries.map(({ tree }) => tree).filter((tree) => tree !== null);
    expect(trees).toHaveLength(2);
    symlinkSync(trees[0] ?? '', join(dirname(fix), 'alias'));
    for (const to of [...trees.map((tree) => join(tree, 'inner')), join(dirname(fix), 'alias/inner')])
      for (const { id } of entries) expect([to, await at.restore(REAL, id, { to })]).toMatchObject([to, REFUSED]);
    for (const { id, path } of entries) expect(await at.restore(REAL, id)).toMatchObject({ ok: true, path });
    expect([existsSync(fix), existsSync(staging), existsSync(missing)]).toEqual([true, true, false]);
  });

  it.skipIf(!hasElsewhere)('does not go into the quarantine beside it, on another file system', async () => {
    const { at, fix } = await richCase({ alone: true, elsewhere: true });
    expect((await at.pass(REAL)).ok).toBe(true);
    const [{ id, tree } = { id: '', tree: null }] = await at.entries();
    if (tree === null) throw new Error('it has no tree');
    for (const to of [join(dirname(tree), 'inner'), join(dirname(dirname(tree)), 'new'), join(tree, 'inner')])
      expect([to, await at.restore(REAL, id, { to })]).toMatchObject([to, REFUSED]);
    expect(await at.restore(REAL, id)).toMatchObject({ ok: true, path: fix });
  });
});

it('what lived in git’s directory goes back there, and beside where it was', async () => {
  for (const name of ['x', 'x-restored']) {
    const repo = makeRepo();
    const path = repo.worktree('agent/x', join(repo.commonDir, 'trees/x'));
    repo.commit('x.txt', 'x\n', path);
    repo.git(['merge', '-q', '--no-edit', 'agent/x']);
    backdate(repo, path, 3 * DAY);
    const at = makeCase(repo);
    expect((await at.pass(REAL)).ok).toBe(true);
    const [{ id } = { id: 'nothing was reclaimed' }] = await at.entries();
    const to = join(dirname(path), name);
    mkdirSync(dirname(path), { recursive: true });
    expect(await at.restore(REAL, id, { to: name === 'x' ? null : to })).toMatchObject({ ok: true, path: to });
    expect(repo.git(['status', '--porcelain'], to)).toBe('');
  }
});
