/** A purge that is killed at any step goes on where it was, and takes nothing that is not its own. */
import { afterAll, describe, expect, test } from 'vitest';
import {
  adminOf,
  assertSound,
  type Case,
  copied,
  later,
  leftovers,
  REAL,
  type Rich,
  refAt,
  richCase,
  type WorktreeState,
  worktreeState,
} from '../support/crash-case.ts';
import { addTo, everyStep } from '../support/every-step.ts';
import { tell } from '../support/figures.ts';
import { DAY, HOUR, snapshot } from '../support/repo.ts';

const total = new Map<string, number>();
let crashes = 0;

afterAll(() => {
  tell('crashes of a purge', crashes, total);
});

/** Days at which a pass finds something due; in between, so that no gap looks like a clock that was set. */
const ALMOST = 7 * DAY - HOUR;
const DUE = 8 * DAY + HOUR;

/** Reclaims everything, and lets time pass with a pass every other day, up to `days`. */
async function reclaimed(days: number): Promise<Rich & { ids: Record<string, string>; before: WorktreeState }> {
  const rich = await richCase();
  const { at, fix } = rich;
  const before = worktreeState(at.repo, { tree: fix, admin: adminOf(at.repo, fix) }, 'agent/fix', false);
  await at.pass(REAL);
  for (let day = 2; day <= days; day += 2) await at.pass(later(REAL, day * DAY), { limit: 0 });
  at.keep();
  const ids = Object.fromEntries((await at.entries()).map(({ id, path }) => [path, id]));
  return { ...rich, ids, before };
}

/** What a purge has no business with: bystanders, and the main worktree. */
const elsewhere = ({ at, others }: Rich) => ({
  main: snapshot(at.repo.root, (name) => name.startsWith('.git')),
  others: others.map((path) => snapshot(path)),
  refs: at.repo.git(['for-each-ref', 'refs/heads/main', 'refs/heads/feature', 'refs/heads/agent/work']),
});

async function killEverywhere(rich: Rich, act: Parameters<typeof everyStep>[1], check: () => Promise<void>) {
  const outside = elsewhere(rich);
  const crossing = await everyStep(rich.at, act, async () => {
    await check();
    expect(elsewhere(rich)).toEqual(outside);
    assertSound(rich.at.repo);
  });
  addTo(total, crossing);
  crashes += crossing.crashes;
  return crossing.steps;
}

const phases = async (at: Case): Promise<string[]> => (await at.entries()).map(({ phase }) => phase).sort();

describe('a purge that is killed at any step', () => {
  test('of ballast: the next pass purges the rest, and the tree is whole', async () => {
    const rich = await richCase({ alone: true });
    const { at, fix } = rich;
    const before = worktreeState(at.repo, { tree: fix, admin: adminOf(at.repo, fix) }, 'agent/fix', false);
    const whole = worktreeState(at.repo, { tree: fix, admin: adminOf(at.repo, fix) }, 'agent/fix', true);
    const steps = await killEverywhere(
      rich,
      (io) => at.pass(io),
      async () => {
        await at.pass(REAL);
        const [entry] = await at.entries();
        expect(entry).toMatchObject({ path: fix, phase: 'held' });
        expect(leftovers(at.repo).quarantine).toEqual([entry?.id]);
        const restored = await at.restore(REAL, entry?.id ?? '');
        const now = worktreeState(at.repo, { tree: fix, admin: adminOf(at.repo, fix) }, 'agent/fix', true);
        // Killed before it was noted which parts are ballast, they stay with the tree.
        const isGone = restored.ok && restored.ballastGone;
        const stayed = Object.keys(now.files).length - Object.keys(before.files).length;
        if (!isGone) expect(now.files).toEqual(whole.files);
        else expect(stayed).toBeLessThan(Object.keys(whole.files).length - Object.keys(before.files).length);
        expect(withoutBallast(now.files)).toEqual(before.files);
      },
    );
    expect(steps).toBeGreaterThan(20);
  });

  test('of trees whose time has come: the commit is restorable, the staging entry is gone', async () => {
    const rich = await reclaimed(6);
    const { at, fix, ids, before } = rich;
    expect(await phases(at)).toEqual(['held', 'held', 'held']);
    await at.pass(later(REAL, ALMOST), { limit: 0 });
    expect(await phases(at)).toEqual(['held', 'held', 'held']);
    const steps = await killEverywhere(
      rich,
      (io) => at.pass(copied(later(io, DUE)), { limit: 0 }),
      async () => {
        await at.pass(copied(later(REAL, DUE + HOUR)), { limit: 0 });
        expect(await phases(at)).toEqual(['purged', 'purged']);
        expect(await at.restore(REAL, ids[fix] ?? '')).toMatchObject({ ok: true, rebuilt: true });
        const now = worktreeState(at.repo, { tree: fix, admin: adminOf(at.repo, fix) }, 'agent/fix', false);
        expect(tracked(now.files)).toEqual(tracked(before.files));
        expect(at.repo.git(['status', '--porcelain'], fix)).toBe('');
        expect([now.branch, now.branchReflog]).toEqual([before.branch, before.branchReflog]);
      },
    );
    expect(steps).toBeGreaterThan(20);
  });

  test('of one entry, now, as a person asks: asked again, it comes to its end', async () => {
    const rich = await reclaimed(0);
    const { at, fix, ids } = rich;
    const id = ids[fix] ?? '';
    const pin = refAt(at.repo, `refs/reaper/${id}`);
    const steps = await killEverywhere(
      rich,
      (io) => at.purge(copied(io), id),
      async () => {
        await at.purge(copied(REAL), id);
        expect((await at.entries()).find((entry) => entry.id === id)).toMatchObject({ phase: 'purged' });
        expect(await phases(at)).toEqual(['held', 'held', 'purged']);
        expect(refAt(at.repo, `refs/reaper/${id}`)).toBe(pin);
      },
    );
    expect(steps).toBeGreaterThan(10);
  });

  test('of what is to be forgotten: no note, no pin, no registration is left', async () => {
    const rich = await reclaimed(88);
    const { at } = rich;
    at.reset();
    for (const entry of await at.entries()) expect(entry.phase).toBe('purged');
    const steps = await killEverywhere(
      rich,
      (io) => at.pass(later(io, 90 * DAY + HOUR), { limit: 0 }),
      async () => {
        await at.pass(later(REAL, 90 * DAY + 2 * HOUR), { limit: 0 });
        expect(leftovers(at.repo)).toMatchObject({ quarantine: [], pins: [] });
      },
    );
    expect(steps).toBeGreaterThan(10);
  });
});

const withoutBallast = (files: Record<string, string>): Record<string, string> =>
  Object.fromEntries(Object.entries(files).filter(([name]) => !/(^|\/)node_modules(\/|$)/.test(name)));

const tracked = (files: Record<string, string>): Record<string, string> =>
  Object.fromEntries(Object.entries(files).filter(([name]) => !/^(dist|packages|\.git$)/.test(name)));
