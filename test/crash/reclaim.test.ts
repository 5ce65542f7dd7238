/** A pass that is killed at any step of a reclaim leaves what the next pass finishes or takes back. */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { readJournal } from '../../src/act/journal.ts';
import { layout } from '../../src/core/layout.ts';
import {
  assertSound,
  later,
  ownShape,
  ownState,
  type PassWish,
  REAL,
  type Rich,
  richCase,
  unreachable,
} from '../support/crash-case.ts';
import { addTo, type Death, everyStep } from '../support/every-step.ts';
import { tell } from '../support/figures.ts';
import { groupCase } from '../support/group-case.ts';
import { HOUR, hasElsewhere } from '../support/repo.ts';
import { restoreAll, type Subject, subjectsOf, whereabouts } from '../support/subjects.ts';

const total = new Map<string, number>();
let crashes = 0;

afterAll(() => {
  tell('crashes of a reclaim', crashes, total);
});

/** After the crash: the next pass recovers, a second one finds nothing to do, and all of it can be had back. */
async function checkRecovery(
  rich: Pick<Rich, 'at'>,
  subjects: readonly Subject[],
  wish: PassWish,
  seen: Set<string>,
  death: Death,
) {
  const { at } = rich;
  const { repo } = at;
  const looked = await at.pass(REAL, { ...wish, limit: 0 });
  expect(looked.ok).toBe(true);
  for (const subject of subjects) await whereabouts(rich, subject);
  assertSound(repo);
  const journal = await readJournal({ io: REAL, layout: layout(repo.commonDir) });
  expect(journal.damaged).toBeLessThanOrEqual(death.moment === 'torn' ? 1 : 0);
  const shape = ownShape(repo);
  if (seen.has(shape)) return;
  seen.add(shape);
  const own = ownState(repo);
  const again = await at.pass(REAL, { ...wish, limit: 0 });
  expect(again.ok && again.report.recovered).toEqual([]);
  expect(ownState(repo)).toEqual(own);
  const finished = await at.pass(later(REAL, 2 * HOUR), wish);
  expect(finished.ok).toBe(true);
  await restoreAll(rich, subjects);
  assertSound(repo);
}

async function killEverywhere(rich: Pick<Rich, 'at'>, wish: PassWish, subjects: readonly Subject[]): Promise<number> {
  const { at } = rich;
  const commits = at.repo.git(['rev-list', '--all', '--reflog']).split('\n');
  const seen = new Set<string>();
  const crossing = await everyStep(
    at,
    (io) => at.pass(io, wish),
    async (death) => {
      await checkRecovery(rich, subjects, wish, seen, death);
      expect(unreachable(at.repo, commits)).toEqual([]);
    },
  );
  addTo(total, crossing);
  crashes += crossing.crashes;
  return crossing.steps;
}

describe('a pass that is killed at any step', () => {
  test('with several worktrees between their places leaves each of them whole', async () => {
    const group = await groupCase();
    const steps = await killEverywhere(group, {}, group.subjects);
    expect(steps).toBeGreaterThan(60);
  });

  test('is finished or taken back by the next one, and everything restores to what it was', async () => {
    const rich = await richCase();
    const steps = await killEverywhere(rich, {}, subjectsOf(rich));
    expect(steps).toBeGreaterThan(40);
  });

  test('gives a dead owner’s lock back, byte for byte', async () => {
    const rich = await richCase({ lock: true, alone: true });
    const settings: PassWish['settings'] = (each) => ({ ...each, worktrees: { ...each.worktrees, ownerGraceMs: 0 } });
    const steps = await killEverywhere(rich, { settings }, subjectsOf(rich));
    expect(steps).toBeGreaterThan(20);
  });

  test.skipIf(!hasElsewhere)('leaves nothing beside a worktree on another file system', async () => {
    const rich = await richCase({ elsewhere: true, alone: true });
    const steps = await killEverywhere(rich, {}, subjectsOf(rich));
    expect(steps).toBeGreaterThan(20);
    for (const { id } of await rich.at.entries()) expect(await rich.at.restore(REAL, id)).toMatchObject({ ok: true });
    expect(existsSync(join(dirname(rich.fix), '.reaper-quarantine'))).toBe(false);
  });

  test('keeps a detached worktree’s commits', async () => {
    const rich = await richCase({ detached: true, alone: true });
    const paths = [join(dirname(rich.fix), 'fix')];
    const steps = await killEverywhere(
      rich,
      { settings: (settings) => ({ ...settings, worktrees: { ...settings.worktrees, paths } }) },
      subjectsOf(rich, true),
    );
    expect(steps).toBeGreaterThan(20);
  });
});
