/** A restore that is killed at any step is finished by the next pass, or can be asked for again. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import type { Entry } from '../../src/core/entry.ts';
import {
  adminOf,
  assertSound,
  buryHolder,
  later,
  leftovers,
  REAL,
  type Rich,
  type RichWish,
  refAt,
  richCase,
  textOr,
  unreachable,
  type WorktreeState,
  worktreeState,
} from '../support/crash-case.ts';
import { addTo, everyStep } from '../support/every-step.ts';
import { diskFailure, faulty, mortal } from '../support/faults.ts';
import { tell } from '../support/figures.ts';
import { DAY, HOUR, hasElsewhere } from '../support/repo.ts';

const total = new Map<string, number>();
let crashes = 0;

afterAll(() => {
  tell('crashes of a restore', crashes, total);
});

interface Scenario {
  readonly rich?: RichWish;
  /** Which of the three kinds of thing is restored. */
  readonly what?: 'fix' | 'staging' | 'missing';
  /** How it gets into quarantine; without it, by a pass that leaves the ballast beside it. */
  readonly reclaim?: (rich: Rich) => Promise<void>;
  /** What happens between the reclaim and the restore. */
  readonly meanwhile?: (rich: Rich) => void | Promise<void>;
  readonly to?: string;
  readonly detach?: boolean;
  /** Files were purged: only what git has comes back. */
  readonly rebuilt?: boolean;
  /** Its registration comes back under the entry's id. */
  readonly renamed?: boolean;
}

/** A thing as it was, and as it is to come back. */
interface Expected {
  readonly id: string;
  readonly target: string;
  readonly admin: string | null;
  readonly branch: string | null;
  readonly head: string | null;
  readonly before: WorktreeState;
}

async function killEverywhere(scenario: Scenario): Promise<number> {
  const rich = await richCase(scenario.rich ?? { alone: true });
  const { at } = rich;
  const commits = at.repo.git(['rev-list', '--all', '--reflog']).split('\n');
  const expected = await prepare(rich, scenario);
  const wish = { to: scenario.to === undefined ? null : expected.target, detach: scenario.detach ?? false };
  const { id, target } = expected;
  const rebuilt = scenario.rebuilt ?? false;
  const crossing = await everyStep(
    at,
    (io) => at.restore(io, id, wish),
    async () => {
      expect((await at.pass(later(WITHOUT_PURGE, HOUR), { limit: 0 })).ok).toBe(true);
      if (await isWaiting(rich, id)) expect(await at.restore(REAL, id, wish)).toMatchObject({ ok: true, path: target });
      checkRestored(rich, scenario, expected);
      expect(unreachable(at.repo, commits)).toEqual([]);
    },
  );
  at.reset();
  expect(await at.restore(REAL, id, wish)).toMatchObject({ ok: true, path: target, rebuilt });
  checkRestored(rich, scenario, expected);
  addTo(total, crossing);
  crashes += crossing.crashes;
  return crossing.steps;
}

async function prepare(rich: Rich, scenario: Scenario): Promise<Expected> {
  const { at } = rich;
  const { repo } = at;
  const path = rich[scenario.what ?? 'fix'];
  const isStaging = scenario.what === 'staging';
  const home = isStaging ? null : adminOf(repo, path);
  const branch = isStaging ? null : scenario.what === 'missing' ? 'agent/gone' : 'agent/fix';
  const before = worktreeState(repo, { tree: path, admin: home }, branch);
  const head = branch === null ? null : refAt(repo, branch);
  await (scenario.reclaim ?? reclaimWithBallast)(rich);
  await scenario.meanwhile?.(rich);
  at.keep();
  const id = (await at.entries()).find((entry) => entry.path === path)?.id;
  if (id === undefined) throw new Error(`${path} was not reclaimed`);
  const target = scenario.to === undefined ? path : join(dirname(path), scenario.to);
  const admin = scenario.renamed === true && home !== null ? join(dirname(home), id) : home;
  return { id, target, admin, branch: scenario.detach === true ? null : branch, head, before };
}

/** A machine on which the purge of ballast fails, so that a restore has some to put back. */
const WITHOUT_PURGE = faulty(REAL, ({ name, args }) =>
  name === 'rename' && String(args[1]).endsWith('.purging') ? diskFailure('EACCES') : null,
);

async function reclaimWithBallast({ at }: Rich) {
  expect((await at.pass(WITHOUT_PURGE)).ok).toBe(true);
}

/** True while it is as it was before the restore began: then it can be asked for again. */
async function isWaiting({ at }: Rich, id: string): Promise<boolean> {
  const entry: Entry | undefined = (await at.entries()).find((each) => each.id === id);
  if (entry === undefined) return false;
  const isRestored = entry.phase === 'purged' && entry.registration === null;
  if (!isRestored) expect(['held', 'purged']).toContain(entry.phase);
  return !isRestored;
}

function checkRestored({ at }: Rich, scenario: Scenario, expected: Expected): void {
  const { repo } = at;
  const { target, admin, branch, before, id } = expected;
  const now = worktreeState(repo, { tree: target, admin }, branch);
  const isKept = (name: string) => name !== '.git' && !(scenario.rebuilt && /^dist|^packages|node_modules/.test(name));
  expect(only(now.files, isKept)).toEqual(only(before.files, isKept));
  const isSame = (name: string) =>
    name !== 'gitdir' && !(scenario.detach && name === 'HEAD') && !(scenario.rebuilt && name === 'index');
  expect(only(now.admin, isSame)).toEqual(only(before.admin, isSame));
  if (branch !== null) expect([now.branch, now.branchReflog]).toEqual([before.branch, before.branchReflog]);
  if (admin !== null) {
    expect(existsSync(join(admin, 'locked'))).toBe(false);
    expect(readFileSync(join(admin, 'gitdir'), 'utf8')).toBe(`${join(target, '.git')}\n`);
    if (scenario.what !== 'missing') {
      expect(textOr(join(target, '.git'))).toBe(`gitdir: ${admin}\n`);
      expect(repo.git(['status', '--porcelain'], target)).toBe('');
      expect(repo.git(['rev-parse', 'HEAD'], target)).toBe(expected.head);
    }
  }
  assertSound(repo);
  const left = leftovers(repo);
  // Commits that only the deleted branch's reflog held stay pinned, with a note, until they are forgotten.
  const isNoted = scenario.detach === true;
  expect(left.pins.includes(`refs/reaper/${id}`)).toBe(isNoted);
  expect(left.quarantine.includes(id)).toBe(isNoted);
}

const only = (seen: Record<string, string>, isMeant: (name: string) => boolean): Record<string, string> =>
  Object.fromEntries(Object.entries(seen).filter(([name]) => isMeant(name)));

/** A pass that dies with the tree in quarantine and the registration at home; then something takes the old path. */
async function reclaimUnverified({ at, fix }: Rich) {
  const machine = mortal(REAL, ({ name, args }) => name === 'rename' && args[0] === fix, 'after');
  expect((await machine.survive(at.pass(machine.io))).died).toBe('disk.rename');
  buryHolder(at.repo);
  mkdirSync(fix);
  writeFileSync(join(fix, 'other.txt'), 'somebody else\n');
  expect((await at.pass(REAL, { limit: 0 })).ok).toBe(true);
  expect(await at.entries()).toMatchObject([{ phase: 'held', unverified: true }]);
}

describe('a restore that is killed at any step', () => {
  test('to where it was, with its ballast', async () => {
    expect(await killEverywhere({})).toBeGreaterThan(8);
  });

  test('to another path', async () => {
    expect(await killEverywhere({ to: 'elsewhere/deep' })).toBeGreaterThan(8);
  });

  test('with a detached HEAD, because its branch was taken', async () => {
    const meanwhile = ({ at }: Rich) => void at.repo.git(['branch', 'agent/fix', 'main~1']);
    expect(await killEverywhere({ meanwhile, detach: true })).toBeGreaterThan(8);
  });

  test('after its files were purged: from its index', async () => {
    const meanwhile = async ({ at }: Rich) => {
      // After so long without a pass the first one only grants another day.
      await at.pass(later(REAL, 8 * DAY), { limit: 0 });
      const passed = await at.pass(later(REAL, 9 * DAY + HOUR), { limit: 0 });
      expect(passed.ok && passed.report.purge?.purged.length).toBe(1);
    };
    expect(await killEverywhere({ meanwhile, rebuilt: true })).toBeGreaterThan(8);
  });

  test('while another worktree has the name of its registration', async () => {
    const meanwhile = ({ at, fix }: Rich) => {
      const other = join(dirname(dirname(fix)), 'other/fix');
      at.repo.git(['worktree', 'add', '-q', '-b', 'feature/new', other, 'main']);
    };
    expect(await killEverywhere({ meanwhile, renamed: true })).toBeGreaterThan(8);
  });

  test.skipIf(!hasElsewhere)('from beside it, on another file system than its repository', async () => {
    expect(await killEverywhere({ rich: { alone: true, elsewhere: true } })).toBeGreaterThan(8);
  });

  test('of a staging entry', async () => {
    expect(await killEverywhere({ rich: {}, what: 'staging' })).toBeGreaterThan(4);
  });

  test('of a registration alone', async () => {
    expect(await killEverywhere({ rich: {}, what: 'missing' })).toBeGreaterThan(6);
  });

  test('of what was never looked at a second time, its path being taken: to another path', async () => {
    expect(await killEverywhere({ reclaim: reclaimUnverified, to: 'fix-restored' })).toBeGreaterThan(6);
  });
});

test('a detached restore that is killed at any step, and then asked for with its branch, brings that too unless its files had arrived', async () => {
  const rich = await richCase({ alone: true });
  const { at, fix } = rich;
  const { id, admin, head } = await prepare(rich, {});
  const seen = { attached: 0, detached: 0 };
  await everyStep(
    at,
    (io) => at.restore(io, id, { detach: true }),
    async () => {
      const hadArrived = existsSync(fix);
      const again = await at.restore(REAL, id);
      // Its last steps are done once its files are its owner's again.
      if (!again.ok) expect(again).toMatchObject({ problem: expect.stringMatching(/^(no-entry|gone)$/) });
      else expect(again.leftBranch).toBe(hadArrived ? 'agent/fix' : null);
      seen[hadArrived ? 'detached' : 'attached']++;
      expect(textOr(join(admin ?? '', 'HEAD'))).toBe(hadArrived ? `${head}\n` : 'ref: refs/heads/agent/fix\n');
      expect(at.repo.git(['status', '--porcelain'], fix)).toBe('');
      expect(at.repo.git(['rev-parse', 'HEAD'], fix)).toBe(head);
      assertSound(at.repo);
    },
  );
  expect(seen.attached).toBeGreaterThan(2);
  expect(seen.detached).toBeGreaterThan(0);
});
