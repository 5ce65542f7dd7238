/** A pass that is killed at any step of a reclaim leaves what the next pass finishes or takes back. */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { readJournal } from '../../src/act/journal.ts';
import { layout } from '../../src/core/layout.ts';
import {
  adminOf,
  assertSound,
  later,
  leftovers,
  ownShape,
  ownState,
  type PassWish,
  REAL,
  type Rich,
  richCase,
  textOr,
  unreachable,
  type WorktreeState,
  worktreeState,
} from '../support/crash-case.ts';
import { addTo, type Death, everyStep } from '../support/every-step.ts';
import { HOUR } from '../support/repo.ts';

const total = new Map<string, number>();
let crashes = 0;

afterAll(() => {
  console.log(`${crashes} crashes of a reclaim, nothing lost`, Object.fromEntries([...total].sort()));
});

/** One of the things a pass takes, and what it was before. */
interface Subject {
  readonly path: string;
  readonly admin: string | null;
  readonly branch: string | null;
  readonly before: WorktreeState;
  readonly beforeLight: WorktreeState;
  readonly lock: string | null;
}

function subjectsOf({ at, fix, staging, missing }: Rich, detached = false): Subject[] {
  const all = [
    { path: fix, admin: adminOf(at.repo, fix), branch: detached ? null : 'agent/fix' },
    { path: staging, admin: null, branch: null },
    { path: missing, admin: adminOf(at.repo, missing), branch: 'agent/gone' },
  ].filter(({ path, admin }) => existsSync(admin ?? path));
  return all.map((each) => ({
    ...each,
    before: stateOf(at.repo, each, true),
    beforeLight: stateOf(at.repo, each, false),
    lock: each.admin === null ? null : textOr(join(each.admin, 'locked')),
  }));
}

function stateOf(
  repo: Rich['at']['repo'],
  { path, admin, branch }: Pick<Subject, 'path' | 'admin' | 'branch'>,
  all: boolean,
) {
  return worktreeState(repo, { tree: path, admin }, branch, all);
}

/** `home` exactly as it was, or the id of its entry in quarantine. */
async function whereabouts({ at }: Rich, subject: Subject): Promise<string> {
  const entry = (await at.entries()).find(({ path }) => path === subject.path);
  if (existsSync(subject.admin ?? subject.path)) {
    expect(entry, 'no note is left about what is at home').toBeUndefined();
    expect(stateOf(at.repo, subject, true)).toEqual(subject.before);
    if (subject.admin !== null) expect(textOr(join(subject.admin, 'locked'))).toBe(subject.lock);
    return 'home';
  }
  expect(entry, `${subject.path} is in quarantine with a note`).toMatchObject({ phase: 'held', unverified: false });
  return entry?.id ?? '';
}

/** After the crash: the next pass recovers, a second one finds nothing to do, and all of it can be had back. */
async function checkRecovery(rich: Rich, subjects: Subject[], wish: PassWish, seen: Set<string>, death: Death) {
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

async function restoreAll(rich: Rich, subjects: Subject[]) {
  const { at } = rich;
  for (const subject of subjects) {
    const id = await whereabouts(rich, subject);
    expect(id, `${subject.path} was reclaimed in the end`).not.toBe('home');
    const restored = await at.restore(REAL, id);
    expect(restored).toMatchObject({ ok: true, path: subject.path, rebuilt: false });
    expect(stateOf(at.repo, subject, false)).toEqual(subject.beforeLight);
    if (subject.admin !== null) expect(textOr(join(subject.admin, 'locked'))).toBe(subject.lock);
  }
  const { quarantine, pins, root } = leftovers(at.repo);
  expect({ quarantine, pins }).toEqual({ quarantine: [], pins: [] });
  const known = ['claims', 'journal.jsonl', 'quarantine', 'state.json'];
  expect(root.filter((name) => !known.includes(name))).toEqual([]);
}

async function killEverywhere(rich: Rich, wish: PassWish, detached = false): Promise<number> {
  const subjects = subjectsOf(rich, detached);
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
  test('is finished or taken back by the next one, and everything restores to what it was', async () => {
    const steps = await killEverywhere(await richCase(), {});
    expect(steps).toBeGreaterThan(40);
  });

  test('gives a dead owner’s lock back, byte for byte', async () => {
    const rich = await richCase({ lock: true, alone: true });
    const steps = await killEverywhere(rich, {
      settings: (settings) => ({ ...settings, worktrees: { ...settings.worktrees, ownerGraceMs: 0 } }),
    });
    expect(steps).toBeGreaterThan(20);
  });

  test('keeps a detached worktree’s commits', async () => {
    const rich = await richCase({ detached: true, alone: true });
    const paths = [join(dirname(rich.fix), 'fix')];
    const steps = await killEverywhere(
      rich,
      { settings: (settings) => ({ ...settings, worktrees: { ...settings.worktrees, paths } }) },
      true,
    );
    expect(steps).toBeGreaterThan(20);
  });
});
