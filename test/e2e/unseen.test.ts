/** A pass in a container or sandbox, from which the users of a shared repository cannot be seen. */
import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { canUnshare, elsewhere, endAll, STAY } from '../support/children.ts';
import { PROGRAM, reaperJson, shell } from '../support/program.ts';
import { backdate, backdateTree, DAY, makeRepo, type TestRepo } from '../support/repo.ts';

afterEach(endAll);

/** Runs the program in a PID namespace of its own, with `prepared` done there before. */
function fromInside(repo: TestRepo, args: string, prepared = 'true') {
  const inner = `${prepared} && "${process.execPath}" "${PROGRAM}" ${args}`;
  const ran = shell(repo, `unshare -m -p -f --mount-proc sh -c '${inner}'`);
  expect(ran.stderr).toBe('');
  return ran.stdout;
}

function landed(repo: TestRepo, branch: string): string {
  const tree = repo.worktree(branch);
  repo.commit('a.txt', `${branch}\n`, tree);
  repo.git(['merge', '-q', '--no-ff', '--no-edit', branch]);
  backdate(repo, tree, 30 * DAY);
  return tree;
}

describe.skipIf(!canUnshare)('where processes outside cannot be seen (needs unshare)', () => {
  it('a worktree in use out there, and a staging directory of a living process, are kept', () => {
    const repo = makeRepo();
    const tree = landed(repo, 'agent/done');
    const pid = elsewhere(`cd "$1"; ${STAY}`, { args: [tree] });
    const staging = dirname(repo.write(`.agent-config/pack-compose.staging-${pid}/x`, 'x'));
    backdateTree(staging, 3 * DAY);
    const said = fromInside(repo, 'run');
    expect(said).toContain('nothing reclaimed of 2 candidates');
    expect(said).toContain('this runs in a container or sandbox');
    expect(fromInside(repo, 'doctor || true')).toContain(
      'everything is kept here: this runs in a container or sandbox',
    );
    expect([tree, staging].map((path) => existsSync(path))).toEqual([true, true]);
    endAll();
    expect(reaperJson(repo, ['run']).candidates.map(({ outcome }: { outcome: string }) => outcome)).toContain(
      'reclaimed',
    );
    expect(existsSync(tree)).toBe(false);
  });

  it('a registration is kept whose directory only does not show there', () => {
    const repo = makeRepo();
    const tree = landed(repo, 'agent/done');
    repo.write('unsaved.txt', 'only here\n', tree);
    const beside = dirname(tree);
    const hidden = `mount -t tmpfs none "${beside}" && mkdir "${beside}/other"`;
    const said = fromInside(repo, 'run', hidden);
    expect(said).toContain('nothing reclaimed');
    expect(repo.git(['worktree', 'list'])).toContain(tree);
    expect(repo.git(['status', '--porcelain'], tree)).toContain('unsaved.txt');
  });
});
