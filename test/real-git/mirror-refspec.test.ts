/** A fetch that mirrors another repository removes refs that it does not have, the pins among them. */
import { dirname, join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { type Case, makeCase, REAL } from '../support/crash-case.ts';
import { backdate, DAY, makeRepo, type TestRepo } from '../support/repo.ts';

const MIRROR = '+refs/*:refs/*';
const SPARED = '^refs/reaper/*';

let repo: TestRepo;
let at: Case;

beforeEach(() => {
  repo = makeRepo();
  const origin = join(dirname(repo.root), 'origin.git');
  repo.git(['init', '-q', '--bare', origin]);
  repo.git(['remote', 'add', 'origin', origin]);
  const path = repo.worktree('agent/x');
  repo.commit('x.txt', 'x\n', path);
  repo.git(['merge', '-q', '--no-ff', '--no-edit', 'agent/x']);
  repo.git(['push', '-q', 'origin', 'main']);
  backdate(repo, path, 3 * DAY);
  at = makeCase(repo);
});

function fetches(...refspecs: string[]): void {
  repo.git(['config', '--unset-all', 'remote.origin.fetch']);
  for (const refspec of refspecs) repo.git(['config', '--add', 'remote.origin.fetch', refspec]);
}

async function pass(): Promise<{ gone: number; told: string }> {
  const passed = await at.pass(REAL);
  if (!passed.ok) throw new Error('no pass');
  return { gone: passed.report.reclaimed.length, told: JSON.stringify(passed.report.results) };
}

describe('a worktree of a repository whose fetch covers the refs of quarantine', () => {
  it.each([
    [[MIRROR]],
    [['refs/*:refs/*']],
    [['+refs/r*:refs/r*']],
    [['+refs/*/1:refs/*/1']],
    [['+refs/heads/*:refs/reaper/*']],
    [['+refs/heads/*:refs/reaper/theirs/*']],
    // What is left out is what the other side calls so.
    [['+refs/heads/*:refs/*', SPARED]],
    [[MIRROR, '^refs/heads/*']],
    [[MIRROR, '^refs/reaper/one']],
  ])('stays with %j', async (refspecs) => {
    fetches(...refspecs);
    const { gone, told } = await pass();
    expect(gone).toBe(0);
    expect(told).toContain('"code":"unknown"');
    expect(told).toContain(`remote.origin.fetch is ${refspecs[0]}`);
  });

  it('is told the setting that lets it go', async () => {
    fetches(MIRROR);
    expect((await pass()).told).toContain("git config --add remote.origin.fetch '^refs/reaper/*'");
  });

  it('stays when it is another remote that spares them', async () => {
    fetches(MIRROR);
    repo.git(['config', '--add', 'remote.other.fetch', SPARED]);
    expect((await pass()).gone).toBe(0);
  });

  it('goes when they are spared, and can be had back after a fetch that prunes', async () => {
    fetches(MIRROR, SPARED);
    expect((await pass()).gone).toBe(1);
    repo.git(['fetch', '-q', '--prune', '--update-head-ok', 'origin']);
    repo.git(['gc', '-q', '--prune=now']);
    const [entry] = await at.entries();
    expect((await at.restore(REAL, entry?.id ?? '')).ok).toBe(true);
  });

  it.each([
    [['+refs/heads/*:refs/remotes/origin/*']],
    [['+refs/heads/*:refs/heads/*', '+refs/tags/*:refs/tags/*']],
    [['+refs/pull/*/head:refs/remotes/pr/*']],
    [['refs/heads/main']],
    [['+refs/heads/main:refs/remotes/origin/main']],
  ])('goes with %j', async (refspecs) => {
    fetches(...refspecs);
    expect((await pass()).gone).toBe(1);
  });
});
