/**
 * Rungs `adds-nothing`, `replayed` and `patches`, for many branches of one base at a time.
 *
 * Contract: sweeps the base's history in chunks, oldest first, merges what the sweep offers, and
 * says of every branch what came of it. What is called proven was recomputed by git: a merge whose
 * tree is exactly the tree of a commit in the base's history.
 * Failure direction: a merge that conflicts or cannot be made proves nothing; where it could have
 * been the one that matters, the answer is unknown and not "not landed".
 */
import { BELOW, type Limits } from '../../core/landing.ts';
import type { Oid } from '../../core/model.ts';
import { type CachedOpen, keptPaths } from './cache.ts';
import { type Stretches, sweepChunk, sweepLinesOf } from './chunk.ts';
import type { Merged, Merger } from './merge.ts';
import { landedMessages } from './messages.ts';
import type { Outcome } from './outcome.ts';
import { provePatches } from './patches.ts';
import { treesOf } from './read.ts';
import { type Candidate, isHeld, type Search } from './search.ts';
import { isWholeBetween } from './shallow.ts';
import type { Shape } from './shape.ts';
import type { BaseHistory, Judging, Start } from './start.ts';

export interface Climb {
  readonly judging: Judging;
  readonly history: BaseHistory;
  readonly merger: Merger;
  readonly stretches: Stretches;
  readonly shapes: ReadonlyMap<Start, Shape>;
  /** Own commits of all branches, with their parents. */
  readonly own: ReadonlyMap<Oid, readonly Oid[]>;
}

/** One branch on its way up the ladder. */
export interface Climber {
  readonly start: Start;
  readonly search: Search;
  /** Index on the spine up to which nothing is left to look at. */
  done: number;
  proof: { readonly how: Candidate['how'] | 'patches'; readonly commit: Oid; readonly ours: string } | null;
  /** Paths in which merging it into the base's tip conflicts. */
  conflict: readonly string[] | null;
  /** Why a merge could not be made; matters when no other one proves the branch. */
  failed: string | null;
  /** Why the search cannot go on in this run. */
  unread: string | null;
  /** The bound that was hit. */
  limit: string | null;
  /** Index on the spine from which to look again, after a bound; `start`: from the merge base. */
  rewind: number | 'start' | null;
  /** Merging it into the base's tip was tried in this run. */
  isTipTried: boolean;
  /** Its own commits were compared with base commits in this run. */
  isCompared: boolean;
}

/** Climbs with every branch of `climb.shapes`; returns the outcome by tip. */
export async function climbLadder(climb: Climb): Promise<Map<Oid, Outcome>> {
  const { judging, history } = climb;
  const last = history.spine.commits.length - 1;
  const climbers = [...climb.shapes].map(([start, shape]) => climberOf(start, shape, judging.limits));
  for (const chunk of climb.stretches.chunks) {
    const active = climbers.filter((each) => isClimbing(each) && each.search.from < chunk.end);
    const records = await sweepChunk(climb, active, chunk);
    const isAtTip = chunk.end === last;
    // Nobody's lines need to be read for those that this proves.
    if (isAtTip) await tryTip(climb, active.filter(isEqualAtTip));
    await sweepLinesOf(climb, active.filter(isClimbing), chunk, records);
    // Some that were looked for before could only be tried once their lines were known to be there.
    if (isAtTip) await tryTip(climb, active.filter(isEqualAtTip));
    await tryCandidates(climb, active);
    if (isAtTip) await tryTip(climb, active);
    for (const climber of active) settle(climber, chunk.end, judging.limits.merges);
  }
  const ready = climbers.filter(({ search }) => search.from === last);
  await tryTip(climb, ready);
  for (const climber of ready) settle(climber, last, judging.limits.merges);
  await provePatches(
    climb,
    climbers.filter((each) => isClimbing(each) && each.done === last),
  );
  const outcomes = new Map<Oid, Outcome>();
  for (const climber of climbers) outcomes.set(climber.start.tip, await outcomeOf(climb, climber));
  return outcomes;
}

export const isClimbing = ({ proof, unread, limit }: Climber): boolean =>
  proof === null && unread === null && limit === null;

function climberOf(start: Start, { net, own }: Shape, limits: Limits): Climber {
  const { tip, from, since, behind, prior } = start;
  const search: Search = {
    ...{ tip, net, own, from, since, behind, reached: start.reached },
    ...{ until: from, budget: limits.merges, readyAt: BELOW, isTouched: false, candidates: [] },
    untouched: new Set<string>(prior === null ? net.keys() : prior.untouched),
    unheld: restoreUnheld(prior?.unheld ?? []),
    current: new Map(),
    likes: new Map(prior?.likes.map(([oid = '', ...twins]) => [oid, twins])),
    overflowed: new Map<Oid, number>(),
    lost: new Set(prior?.overflowed),
    likedAt: new Map<Oid, number>(),
  };
  const open = { proof: null, conflict: null, failed: null, unread: null, limit: null, rewind: null };
  return { start, search, done: from, ...open, isTipTried: false, isCompared: false };
}

function restoreUnheld(kept: readonly string[]): Map<string, Set<number>> | null {
  if (kept.length === 0) return null;
  const unheld = new Map<string, Set<number>>();
  for (const each of kept) {
    const path = each.slice(each.indexOf(' ') + 1);
    unheld.set(path, (unheld.get(path) ?? new Set()).add(Number.parseInt(each, 10)));
  }
  return unheld;
}

/** The base has the very content of the branch: then the tip proves it, else an older commit is likelier to. */
const isEqualAtTip = ({ search }: Climber): boolean =>
  [...search.net.values()].every(({ path, after }) => search.current.get(path) === after);

/**
 * Rung `adds-nothing`. Left out where a path is untouched, since the merge would change it, and
 * where nothing was touched, or not every line, since it was last tried. A branch that changes nothing as a whole
 * would pass without proving anything.
 */
async function tryTip({ judging, merger }: Climb, active: readonly Climber[]): Promise<void> {
  const { view, base } = judging;
  const trying = active.filter((each) => isClimbing(each) && isTipWorthTrying(each));
  const [trees, merges] = await Promise.all([
    treesOf(view, trying.length === 0 ? [] : [base]),
    merger.merge(trying.map(({ search }) => ({ ours: base, theirs: search.tip }))),
  ]);
  const tree = trees.known ? trees.value.get(base) : undefined;
  for (const [index, climber] of trying.entries()) {
    climber.isTipTried = true;
    const merged = merges[index];
    if (merged?.kind === 'conflict') climber.conflict = merged.paths;
    judgeMerge(climber, { commit: base, tree: tree ?? '', ours: base, how: 'adds-nothing', rank: 0 }, merged);
  }
}

function isTipWorthTrying({ search, start, isTipTried }: Climber): boolean {
  if (isTipTried || search.net.size === 0 || search.untouched.size > 0) return false;
  if (start.prior === null || start.prior.code === 'partial' || start.prior.code === 'limit') return true;
  return search.isTouched && isHeld(search);
}

/** Rung `replayed`, and `adds-nothing` at an earlier base commit: first one merge each, then more at a time. */
async function tryCandidates({ merger }: Climb, active: readonly Climber[]): Promise<void> {
  const queues = active.filter(isClimbing).map((climber) => ({
    climber,
    left: climber.search.candidates.toSorted((a, b) => a.rank - b.rank),
  }));
  for (let width = 1; queues.some(({ climber, left }) => isClimbing(climber) && left.length > 0); width *= 2) {
    const round = queues.flatMap(({ climber, left }) =>
      isClimbing(climber) ? left.splice(0, width).map((candidate) => ({ climber, candidate })) : [],
    );
    const merges = await merger.merge(
      round.map(({ climber, candidate }) => ({ ours: candidate.ours, theirs: climber.search.tip })),
    );
    for (const [index, { climber, candidate }] of round.entries()) {
      climber.search.budget--;
      judgeMerge(climber, candidate, merges[index]);
    }
  }
}

function judgeMerge(climber: Climber, candidate: Candidate, merged: Merged | undefined): void {
  if (merged === undefined || merged.kind === 'failed') {
    climber.failed ??= merged?.why ?? landedMessages.unread('git merge-tree gave no answer');
  } else if (merged.kind === 'clean' && merged.tree === candidate.tree && climber.proof === null) {
    climber.proof = candidate;
  }
}

/** Notes how far a branch has come by the end of a chunk. */
function settle(climber: Climber, end: number, maxMerges: number): void {
  const { search } = climber;
  search.candidates = [];
  if (!isClimbing(climber)) return;
  climber.unread = climber.failed;
  if (climber.unread !== null) return;
  climber.done = search.until;
  if (search.until < end) climber.limit = landedMessages.limit.merges(maxMerges);
}

async function outcomeOf(climb: Climb, climber: Climber): Promise<Outcome> {
  const { view, base, ref } = climb.judging;
  const { start, proof } = climber;
  const open = progressOf(climb, climber);
  const unread = (why: string): Outcome => ({ kind: 'unread', why, open, prior: start.prior });
  const why = climber.unread ?? climber.failed;
  if (proof === null && why !== null) return unread(why);
  const isWhole = await isWholeBetween(view, proof?.ours ?? base, start.tip);
  if (!isWhole.known) return unread(isWhole.why);
  if (!isWhole.value) return unread(landedMessages.shallow(ref));
  if (proof !== null)
    return { kind: 'proven', proof: { head: start.tip, how: proof.how, commit: proof.commit, at: base } };
  const found = { ...placeOf(climb, climber), ...answerOf(climber) };
  return { kind: 'open', open: found, prior: start.prior, isRewound: climber.rewind !== null };
}

/** How far the search got, for the next run to go on from; null when it got nowhere. */
function progressOf(climb: Climb, climber: Climber): CachedOpen | null {
  if (climber.done === climber.search.from && !climber.isCompared) return null;
  return { ...placeOf(climb, climber), code: 'partial', detail: [] };
}

function placeOf({ history }: Climb, climber: Climber): Omit<CachedOpen, 'code' | 'detail'> {
  const { start, search, rewind } = climber;
  const done = typeof rewind === 'number' ? rewind : climber.done;
  const at = (done === BELOW ? history.below : history.spine.commits[done]) ?? start.tip;
  const [mergeBase = at] = start.mergeBases;
  return {
    head: start.tip,
    at: rewind === 'start' ? mergeBase : at,
    own: start.fingerprint,
    mergeBases: start.mergeBases,
    behind: start.behind + done - search.from,
    untouched: keptPaths(search.untouched),
    unheld: keptPaths([...(search.unheld ?? [])].flatMap(([path, [line]]) => `${line} ${path}`)),
    likes: [...search.likes].map(([oid, twins]) => [oid, ...twins]),
    // What was left out behind `at` is come by again.
    overflowed: [
      ...new Set([...search.lost, ...[...search.overflowed].flatMap(([oid, first]) => (first <= done ? [oid] : []))]),
    ],
    isSecond: start.isSecond || rewind === 'start',
  };
}

function answerOf({
  start,
  search,
  limit,
  rewind,
  conflict,
  isTipTried,
}: Climber): Pick<CachedOpen, 'code' | 'detail'> {
  if (rewind === 'start') return { code: 'again', detail: limit === null ? [] : [limit] };
  if (limit !== null) return { code: 'limit', detail: [limit] };
  if (search.net.size === 0) return { code: 'cancels', detail: [] };
  if (search.untouched.size > 0) return { code: 'adds', detail: keptPaths(search.untouched) };
  if (conflict !== null) return { code: 'conflict', detail: keptPaths(conflict) };
  if (!isTipTried && start.prior?.code === 'conflict') return { code: 'conflict', detail: start.prior.detail };
  return { code: 'adds', detail: [] };
}
