/** A machine that refuses: every effect and every git call of a run fails in turn, and nothing is lost. */
import { afterAll, describe, expect, test } from 'vitest';
import type { GitAnswer, Io } from '../../src/io/ports.ts';
import {
  adminOf,
  assertSound,
  buryHolder,
  type Case,
  copied,
  later,
  leftovers,
  ownShape,
  REAL,
  type Rich,
  richCase,
  unreachable,
  worktreeState,
} from '../support/crash-case.ts';
import { labelled } from '../support/every-step.ts';
import { type Call, diskFailure, ERRNOS, faulty, GIT_FAILURES, type GitFailure, interpose } from '../support/faults.ts';
import { tell } from '../support/figures.ts';
import { groupCase } from '../support/group-case.ts';
import { DAY, HOUR } from '../support/repo.ts';
import { isChosen } from '../support/sample.ts';
import { restoreAll, type Subject, subjectsOf, whereabouts } from '../support/subjects.ts';

const tried = new Map<string, number>();
let failures = 0;

afterAll(() => {
  tell('failing calls', failures, tried);
});

/** One call of a run that is to fail, and how. */
interface Failure {
  readonly name: string;
  readonly nth: number;
  readonly how: string;
  /** True when every later effect fails too, as on a disk that has run full. */
  readonly lasts: boolean;
}

/** What a run that nothing disturbs calls, by kind. */
async function callsOf(at: Case, act: (io: Io) => Promise<unknown>): Promise<Map<string, number>> {
  const counts = new Map<string, number>();
  at.reset();
  await act(
    interpose(REAL, (call, proceed) => {
      if (isTried(call)) counts.set(nameOf(call), (counts.get(nameOf(call)) ?? 0) + 1);
      return proceed();
    }),
  );
  return counts;
}

const isTried = (call: Call): boolean => call.isEffect || call.port === 'git';
const nameOf = (call: Call): string => `${call.port}.${call.name}`;

/** Of all failures, those that a run on every change can afford, besides one of every kind. */
const SHARE = 1 / 12;

function failuresOf(counts: Map<string, number>): Failure[] {
  const all: Failure[] = [];
  for (const [name, times] of counts)
    for (let nth = 1; nth <= times; nth++) {
      const isGit = name.startsWith('git.');
      for (const how of isGit ? Object.keys(GIT_FAILURES) : ERRNOS) all.push({ name, nth, how, lasts: false });
      if (!isGit) all.push({ name, nth, how: nth % 2 === 0 ? 'EROFS' : 'ENOSPC', lasts: true });
    }
  return all;
}

const kindOf = ({ name, how, lasts }: Failure): string => `${name} ${how}${lasts ? ' from then on' : ''}`;

function isWorthTrying(failure: Failure): boolean {
  const { name, nth } = failure;
  const isWriting = name.startsWith('disk.') || /^git\.(update-ref|commit-tree|checkout-index)/.test(name);
  const isNew = isWriting && !failure.lasts && !tried.has(kindOf(failure));
  return isNew || isChosen(`${expect.getState().currentTestName} ${kindOf(failure)} ${nth}`, SHARE);
}

function failing({ name, nth, how, lasts }: Failure): { io: Io; hit: () => boolean } {
  let seen = 0;
  const io = faulty(REAL, (call, _nth, proceed) => {
    const isMeant = nameOf(call) === name;
    if (isMeant) seen++;
    if (lasts ? seen < nth || !call.isEffect || call.port === 'git' : !isMeant || seen !== nth) return null;
    if (call.port === 'disk') return diskFailure(how);
    return GIT_FAILURES[how as GitFailure](proceed as () => Promise<GitAnswer>);
  });
  return { io, hit: () => seen >= nth };
}

async function failEverywhere(
  at: Case,
  act: (io: Io) => Promise<unknown>,
  check: (failure: Failure) => Promise<void>,
  isWanted: (failure: Failure) => boolean = () => true,
): Promise<void> {
  for (const failure of failuresOf(await callsOf(at, act)).filter(isWanted)) {
    if (!isWorthTrying(failure)) continue;
    at.reset();
    const { io, hit } = failing(failure);
    await labelled(JSON.stringify(failure), async () => {
      await act(io);
      if (!hit()) return;
      // What could not be removed in the end is left by a process that is no more.
      buryHolder(at.repo);
      failures++;
      const kind = kindOf(failure);
      tried.set(kind, (tried.get(kind) ?? 0) + 1);
      await check(failure);
    });
  }
}

/** The next pass, on a machine that works again, finds everything at home or restorable. */
function recovered(
  rich: Pick<Rich, 'at'>,
  subjects: readonly Subject[],
  commits: readonly string[],
): () => Promise<void> {
  const { at } = rich;
  const seen = new Set<string>();
  return async () => {
    expect((await at.pass(REAL, { limit: 0 })).ok).toBe(true);
    for (const subject of subjects) await whereabouts(rich, subject);
    expect(unreachable(at.repo, commits)).toEqual([]);
    const shape = ownShape(at.repo);
    if (seen.has(shape)) return;
    seen.add(shape);
    assertSound(at.repo);
    expect((await at.pass(later(REAL, 2 * HOUR))).ok).toBe(true);
    await restoreAll(rich, subjects);
  };
}

const isDisk = ({ name }: Failure): boolean => name.startsWith('disk.');
const isGit = ({ name }: Failure): boolean => name.startsWith('git.');

describe('a reclaim keeps everything at home or restorable', () => {
  async function tryAll(isWanted: (failure: Failure) => boolean) {
    const rich = await richCase();
    const commits = rich.at.repo.git(['rev-list', '--all', '--reflog']).split('\n');
    const check = recovered(rich, subjectsOf(rich), commits);
    await failEverywhere(rich.at, (io) => rich.at.pass(io), check, isWanted);
  }

  test('when the disk refuses any effect', () => tryAll(isDisk));
  test('when git fails, dies, hangs, says nothing or half of it', () => tryAll(isGit));
});

describe('several reclaims side by side keep everything at home or restorable', () => {
  async function tryAll(isWanted: (failure: Failure) => boolean) {
    const group = await groupCase();
    const check = recovered(group, group.subjects, group.commits);
    await failEverywhere(group.at, (io) => group.at.pass(io), check, isWanted);
  }

  test('when the disk refuses any effect', () => tryAll(isDisk));
  test('when git fails, dies, hangs, says nothing or half of it', () => tryAll(isGit));

  test('when the transaction that all share fails, and each pins for itself', async () => {
    const { at, paths } = await groupCase();
    const once = { name: 'git.update-ref create pin', nth: 1, how: 'fails with 128', lasts: false };
    const passed = await at.pass(failing(once).io);
    expect(passed.ok && passed.report.reclaimed.map(({ entry }) => entry.path).sort()).toEqual([...paths].sort());
  });
});

describe('a restore that fails can be asked for again', () => {
  async function tryAll(prepare: (rich: Rich) => Promise<void>, rebuilt: boolean) {
    const rich = await richCase({ alone: true });
    const { at, fix } = rich;
    const admin = adminOf(at.repo, fix);
    const before = worktreeState(at.repo, { tree: fix, admin }, 'agent/fix', false);
    await prepare(rich);
    at.keep();
    const [entry] = await at.entries();
    const id = entry?.id ?? '';
    await failEverywhere(
      at,
      (io) => at.restore(io, id),
      async ({ name, how }) => {
        expect((await at.pass(later(REAL, HOUR), { limit: 0 })).ok).toBe(true);
        if ((await at.entries()).length > 0) expect(await at.restore(REAL, id)).toMatchObject({ ok: true });
        const now = worktreeState(at.repo, { tree: fix, admin }, 'agent/fix', false);
        const isSame = (name: string) => !rebuilt || !/^(dist|packages|index$)/.test(name);
        const only = (seen: Record<string, string>) =>
          Object.fromEntries(Object.entries(seen).filter(([name]) => isSame(name)));
        expect(only(now.files)).toEqual(only(before.files));
        expect(only(now.admin)).toEqual(only(before.admin));
        expect([now.branch, now.branchReflog]).toEqual([before.branch, before.branchReflog]);
        expect(at.repo.git(['status', '--porcelain'], fix)).toBe('');
        // A pin that git would not name is left behind, which loses nothing.
        const isSilent = name === 'git.for-each-ref' && how === 'prints nothing';
        const { quarantine, pins } = leftovers(at.repo);
        expect({ quarantine, pins: isSilent ? [] : pins }).toEqual({ quarantine: [], pins: [] });
      },
    );
  }

  test('with its files', () => tryAll(async ({ at }) => void (await at.pass(REAL)), false));

  test('after its files were purged', () =>
    tryAll(async ({ at }) => {
      await at.pass(REAL);
      await at.purge(REAL, (await at.entries())[0]?.id ?? '');
    }, true));
});

describe('a purge that fails goes on the next time', () => {
  test('and takes nothing else', async () => {
    const rich = await richCase();
    const { at } = rich;
    await at.pass(REAL);
    for (let day = 2; day <= 6; day += 2) await at.pass(later(REAL, day * DAY), { limit: 0 });
    at.keep();
    const commits = at.repo.git(['rev-list', '--all']).split('\n');
    await failEverywhere(
      at,
      (io) => at.pass(copied(later(io, 8 * DAY)), { limit: 0 }),
      async () => {
        await at.pass(copied(later(REAL, 8 * DAY + HOUR)), { limit: 0 });
        expect((await at.entries()).map(({ phase }) => phase)).toEqual(['purged', 'purged']);
        expect(unreachable(at.repo, commits)).toEqual([]);
        assertSound(at.repo);
      },
      isDisk,
    );
  });
});

test('every kind of effect has met every errno', () => {
  for (const kind of [
    'makeDir',
    'rename',
    'writeFile',
    'createFile',
    'appendLine',
    'removeFile',
    'removeEmptyDir',
    'chmod',
  ])
    for (const errno of ERRNOS) expect(tried.get(`disk.${kind} ${errno}`), `${kind} ${errno}`).toBeGreaterThan(0);
  for (const kind of ['update-ref create pin', 'update-ref delete branch', 'update-ref delete pin', 'commit-tree'])
    for (const how of Object.keys(GIT_FAILURES))
      expect(tried.get(`git.${kind} ${how}`), `${kind} ${how}`).toBeGreaterThan(0);
});
