/**
 * Rung `patches`: every own commit was picked into the base, and nothing hides in a merge.
 *
 * Contract: each own commit that changes anything has a base commit of its own that picking it
 * gives exactly, see picks.ts; no base commit stands for two of them. Each merge commit of the
 * branch must be exactly what merging its two parents gives. At least one commit must have been
 * found in the base: an empty list of missing commits proves nothing by itself.
 * Failure direction: what could not be compared is not found. Lines only tell what is worth
 * trying; a pick made again decides.
 */
import { pairUp } from '../../core/landing.ts';
import type { Oid } from '../../core/model.ts';
import { type Climb, type Climber, isClimbing } from './climb.ts';
import { lineChanges } from './lines.ts';
import { landedMessages } from './messages.ts';
import { type Pick, replayPicks } from './picks.ts';
import { treesOf } from './read.ts';
import { isHeld, type LineChanges, MAX_LIKES, type OwnCommit } from './search.ts';

/** The own commits of one branch, and how far their twins are found. */
interface Picking {
  readonly climber: Climber;
  /** Base commits not tried yet, by own commit. */
  readonly left: ReadonlyMap<Oid, Oid[]>;
  /** Base commits that are the own commit, picked. */
  readonly twins: ReadonlyMap<Oid, Oid[]>;
  /** No merge is left to spend on it in this run. */
  isSpent: boolean;
}

/** Proves what it can of `climbers`; the others are left as they are. */
export async function provePatches(climb: Climb, climbers: readonly Climber[]): Promise<void> {
  const worthwhile = climbers.filter((climber) => isWorthwhile(climb, climber));
  const pickings = await narrowDown(climb, worthwhile);
  for (let width = 1; ; width *= 2) {
    const round = pickings.flatMap((picking) => nextPicks(picking, width));
    if (round.length === 0) break;
    await tryPicks(climb, round);
  }
  for (const picking of pickings) await conclude(climb, picking);
}

const contentful = (own: readonly OwnCommit[]): OwnCommit[] => own.filter(({ changes }) => changes.length > 0);

function isWorthwhile({ own, judging }: Climb, climber: Climber): boolean {
  const { search, start } = climber;
  if (search.untouched.size > 0) return false;
  const plain = [...start.own.commits].filter((oid) => (own.get(oid)?.length ?? 0) < 2);
  if (plain.length > search.own.length) {
    climber.limit = landedMessages.limit.patches(judging.limits.patches);
    return false;
  }
  const wanted = contentful(search.own);
  if (wanted.length > 0 && wanted.every(({ oid }) => search.likes.has(oid))) return true;
  stopAtLikes(climber);
  return false;
}

/** Where only look-alikes that were left out can prove the branch, a bound was hit; the next run compares them. */
function stopAtLikes(climber: Climber): void {
  const { overflowed, lost, likes, own } = climber.search;
  const isOpen = contentful(own).every(({ oid }) => likes.has(oid) || overflowed.has(oid) || lost.has(oid));
  if (!isOpen || overflowed.size + lost.size === 0 || !isHeld(climber.search)) return;
  const places = [...overflowed].flatMap(([oid, at]) => ((likes.get(oid)?.length ?? 0) < MAX_LIKES ? [at] : []));
  if (places.length > 0) climber.rewind = Math.min(...places) - 1;
  else if (lost.size > 0 && !climber.start.isSecond) climber.rewind = 'start';
  climber.limit = landedMessages.limit.likes(MAX_LIKES, climber.rewind !== null);
}

/** Leaves the base commits that change no other lines than the own commit; the merge would refute the rest. */
async function narrowDown({ judging }: Climb, climbers: readonly Climber[]): Promise<Picking[]> {
  const diffs = climbers.flatMap(({ search }) =>
    contentful(search.own).flatMap(({ oid, changes }) =>
      [oid, ...(search.likes.get(oid) ?? [])].map((to) => ({ from: null, to, changes })),
    ),
  );
  const lines = await lineChanges(judging.view, diffs);
  let at = 0;
  return climbers.flatMap((climber) => {
    if (!lines.known) {
      climber.unread = lines.why;
      return [];
    }
    const left = new Map<Oid, Oid[]>();
    for (const { oid } of contentful(climber.search.own)) {
      const wanted = lines.value[at++] ?? null;
      const likes = climber.search.likes.get(oid) ?? [];
      const changed = likes.map(() => lines.value[at++] ?? null);
      left.set(
        oid,
        likes.filter((_, index) => isWithin(changed[index] ?? null, wanted)),
      );
    }
    return [{ climber, left, twins: new Map([...left.keys()].map((oid) => [oid, []])), isSpent: false }];
  });
}

/** Whether one changes no line that the other does not; what is not known may be. */
function isWithin(one: LineChanges, other: LineChanges): boolean {
  if (one === null || other === null) return true;
  return [...one].every(([path, lines]) => {
    const there = other.get(path) ?? null;
    if (lines === null || there === null) return true;
    const wanted = new Set(there);
    return [...lines].every((line) => wanted.has(line));
  });
}

interface Trial extends Pick {
  readonly picking: Picking;
}

/** The next base commits to try for own commits without a twin; none when one of them can have none. */
function nextPicks(picking: Picking, width: number): Trial[] {
  const { climber, left, twins } = picking;
  const { search } = climber;
  const isHopeless = [...left].some(([own, more]) => more.length === 0 && twins.get(own)?.length === 0);
  if (!isClimbing(climber) || isHopeless || pairUp(twins) !== null) return [];
  const isEachFound = [...twins.values()].every((found) => found.length > 0);
  const trials: Trial[] = [];
  for (const [own, more] of left) {
    if (!isEachFound && twins.get(own)?.length !== 0) continue;
    const some = more.splice(0, Math.min(width, search.budget));
    search.budget -= some.length;
    trials.push(...some.map((twin) => ({ picking, own, twin })));
  }
  picking.isSpent = search.budget === 0;
  return trials;
}

async function tryPicks({ judging, merger }: Climb, round: readonly Trial[]): Promise<void> {
  const picked = await replayPicks(judging.view, merger, round);
  for (const [index, { picking, own, twin }] of round.entries()) {
    const { climber, twins } = picking;
    const outcome = picked.known ? picked.value[index] : undefined;
    if (outcome?.kind === 'twin') twins.get(own)?.push(twin);
    else if (outcome?.kind === 'failed') climber.failed ??= outcome.why;
    if (!picked.known) climber.unread = picked.why;
  }
}

async function conclude(climb: Climb, picking: Picking): Promise<void> {
  const { climber, left, twins } = picking;
  const { search } = climber;
  if (climber.unread !== null) return;
  climber.isCompared = true;
  const pairs = pairUp(twins);
  for (const [own, found] of twins) {
    const rest = [...found, ...(left.get(own) ?? [])];
    if (rest.length > 0) search.likes.set(own, rest);
    else search.likes.delete(own);
  }
  const newest = contentful(search.own).at(-1);
  const commit = newest === undefined ? undefined : pairs?.get(newest.oid);
  if (pairs === null && picking.isSpent) climber.unread = landedMessages.limit.merges(climb.judging.limits.merges);
  // What merges ran out for is gone on with from where it stands.
  else if (pairs === null) stopAtLikes(climber);
  // Without a single commit that has a twin, nothing was found and nothing is proven.
  if (commit === undefined || !(await areMergesClean(climb, climber))) return;
  climber.proof = { how: 'patches', commit, ours: climb.judging.base };
}

/** Whether every merge commit of the branch is what git makes of its parents. */
async function areMergesClean({ judging, merger, own }: Climb, climber: Climber): Promise<boolean> {
  const merges = [...climber.start.own.commits].filter((oid) => (own.get(oid)?.length ?? 0) > 1);
  if (merges.length === 0) return true;
  const pairs = merges.flatMap((oid) => {
    const [ours, theirs, ...more] = own.get(oid) ?? [];
    return ours === undefined || theirs === undefined || more.length > 0 ? [] : [{ ours, theirs }];
  });
  if (pairs.length < merges.length) return false;
  const trees = await treesOf(judging.view, merges);
  if (!trees.known) {
    climber.unread = trees.why;
    return false;
  }
  const made = await merger.merge(pairs);
  const failed = made.find((each) => each.kind === 'failed');
  if (failed?.kind === 'failed') climber.unread = failed.why;
  return made.every((each, index) => each.kind === 'clean' && each.tree === trees.value.get(merges[index] ?? ''));
}
