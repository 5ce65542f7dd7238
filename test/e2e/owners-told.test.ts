/** What a person is told about owners, claims and restored things, by the built program. */
import { afterEach, describe, expect, it } from 'vitest';
import { elsewhere, end, endAll, STAY } from '../support/children.ts';
import { reaper, reaperJson } from '../support/program.ts';
import { backdate, DAY, makeRepo, type TestRepo } from '../support/repo.ts';

afterEach(endAll);

function landed(branch = 'agent/done'): { repo: TestRepo; tree: string } {
  const repo = makeRepo();
  const tree = repo.worktree(branch);
  repo.commit('a.txt', 'a\n', tree);
  repo.git(['merge', '-q', '--no-ff', '--no-edit', branch]);
  backdate(repo, tree, 3 * DAY);
  return { repo, tree };
}

describe('a worktree of a dead owner', () => {
  it('has its story told: who, how it is known, since when it was seen gone, and until when that counts', () => {
    const { repo, tree } = landed();
    const pid = elsewhere(STAY);
    repo.git(['worktree', 'lock', '--reason', `claude agent seven (pid ${pid})`, tree]);
    const alive = reaper(repo, ['why', 'agent/done']).stdout;
    expect(alive).toContain(`owner: claude agent seven (pid ${pid}), by its lock, taken `);
    expect(alive).toContain('alive: running; kept as long as that is so');
    expect(alive).toContain('git worktree unlock');
    end(pid);
    const unseen = reaper(repo, ['why', 'agent/done']).stdout;
    expect(unseen).toContain('no pass has seen that yet, so its grace of 30m begins with the next one');
    expect(unseen).not.toContain('0s');
    expect(reaperJson(repo, ['status']).candidates[0].owner).toMatchObject({ by: 'lock', deadSince: null });
    expect(reaper(repo, ['run']).code).toBe(0);
    expect(reaper(repo, ['why', 'agent/done']).stdout).toMatch(/first seen so .* its grace of 30m ends in/);
    const { owner } = reaperJson(repo, ['status']).candidates[0];
    expect(owner).toMatchObject({ by: 'lock', pid, liveness: 'dead', deadSince: expect.stringMatching(/Z$/) });
    expect(reaper(repo, ['status']).stdout).toMatch(/owner just gone: claude agent seven \(pid \d+\): /);
  });
});

describe('what was reclaimed and restored', () => {
  it('is answered as what it is now, each time with the next command', () => {
    const { repo, tree } = landed();
    const { quarantineId: id } = reaperJson(repo, ['run']).candidates[0];
    for (const name of ['agent/done', tree, id]) {
      const told = reaper(repo, ['why', name]);
      expect(told).toMatchObject({ code: 0, stderr: '' });
      expect(told.stdout).toMatch(/in quarantine for .*: landed/);
      expect(told.stdout).toContain(`restore ${id}`);
      expect(reaperJson(repo, ['why', name])).toMatchObject({ quarantined: { id } });
    }
    expect(reaper(repo, ['restore', 'agent/done']).code).toBe(0);
    for (const command of ['why', 'restore']) {
      const told = reaper(repo, [command, id]);
      expect(told.code).toBe(1);
      expect(told.stderr).toMatch(/was restored .*: it is not in quarantine any more/);
      expect(told.stderr).toContain(`next: npx reaper-hook why ${tree}`);
    }
    const why = reaper(repo, ['why', 'agent/done']).stdout;
    expect(why).toMatch(/^wait: claimed: restored by hand/m);
    expect(why).toContain('release --worktree');
    expect(reaperJson(repo, ['status']).candidates[0]).toMatchObject({
      verdict: 'wait',
      reasons: [{ code: 'claimed' }],
      owner: { label: 'restored by hand' },
    });
  });

  it('detached says which branch was left, and is found by that branch', () => {
    const { repo, tree } = landed();
    expect(reaper(repo, ['run']).code).toBe(0);
    const told = reaper(repo, ['restore', 'agent/done', '--detach']);
    expect(told.stdout).toMatch(/, detached at [0-9a-f]{10}$/m);
    expect(told.stderr).toContain(
      `the branch agent/done was not made again; to go on from here: git -C ${tree} switch -c`,
    );
    expect(repo.git(['branch', '--list', 'agent/done'])).toBe('');
    expect(reaper(repo, ['restore', 'agent/done']).stderr).toContain('agent/done was restored');
  });

  it('that never was is not found, and the main worktree is what it is', () => {
    const { repo } = landed();
    expect(reaper(repo, ['why', 'nobody']).stderr).toContain('no worktree or staging entry is called nobody');
    expect(reaper(repo, ['why', 'main']).stdout).toContain('keep: main worktree: never reclaimed');
    expect(reaperJson(repo, ['why', repo.root])).toMatchObject({ verdict: 'keep', reasons: [{ code: 'main' }] });
  });
});

describe('a young worktree', () => {
  it('says whose it is, and who holds it longer than its age does', () => {
    const repo = makeRepo();
    const tree = repo.worktree('agent/new');
    expect(reaperJson(repo, ['status']).candidates[0]).toMatchObject({ reasons: [{ code: 'too-young' }], owner: null });
    repo.git(['worktree', 'lock', '--reason', `claude agent eight (pid ${elsewhere(STAY)})`, tree]);
    expect(reaperJson(repo, ['status']).candidates[0]).toMatchObject({
      verdict: 'keep',
      reasons: [{ code: 'owner-alive' }],
      owner: { by: 'lock', liveness: 'alive' },
    });
  });
});
