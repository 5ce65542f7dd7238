/**
 * Rung `ancestor`, and where the search for every other branch starts.
 *
 * Contract: one walk tells which heads the base reaches and what the others have of their own; a
 * second reads the base's history back to the oldest place any of them has to start from. A place
 * remembered from an earlier run is used while the branch stands on the base as it did then.
 * Failure direction: a head that cannot be placed is unknown; it never counts as reached.
 */
import {
  BELOW,
  type CommitGraph,
  firstAbove,
  independent,
  type Limits,
  newestOnSpine,
  type OwnHistory,
  ownHistory,
  pathsKey,
  reachable,
  type Spine,
  spineOf,
} from '../../core/landing.ts';
import type { Oid } from '../../core/model.ts';
import { BLANK, type CachedOpen, type Memory } from './cache.ts';
import { dropReached, dropReachedRoots } from './dates.ts';
import { landedMessages } from './messages.ts';
import { ancestorOutcome, type Outcome, unreadOutcome } from './outcome.ts';
import { areReached, commonAncestor, graphOf, presentCommits } from './read.ts';
import type { LineChanges } from './search.ts';
import type { View } from './view.ts';

/** What judging one base needs at hand. */
export interface Judging {
  readonly view: View;
  readonly base: Oid;
  /** The base's name in sentences. */
  readonly ref: string;
  readonly limits: Limits;
  readonly memory: Memory;
  /** What base commits change, shared by all that is judged in one run. */
  readonly lines: Map<Oid, LineChanges>;
}

/** A branch that has to be searched for, placed on the base's history. */
export interface Start {
  readonly tip: Oid;
  readonly own: OwnHistory;
  readonly fingerprint: string;
  readonly mergeBases: readonly Oid[];
  readonly from: number;
  readonly since: number;
  readonly behind: number;
  /** Base commits newer than `from` that the branch holds all the same. */
  readonly reached: ReadonlySet<Oid>;
  readonly prior: CachedOpen | null;
  /** The search has begun anew before, see `CachedOpen.isSecond`. */
  readonly isSecond: boolean;
}

/** The base's history as far back as any branch needs it. */
export interface BaseHistory {
  readonly spine: Spine;
  readonly graph: CommitGraph;
  /** What the history was read down to, or null when it was read to its end. */
  readonly floor: Oid | null;
  /** The index of the first spine commit that descends from `floor`. */
  readonly aboveFloor: number;
  /** The spine commit just below the oldest one read. */
  readonly below: Oid | null;
}

/** The own commits of all branches, and which of the asked commits the base does not reach. */
export interface Reach {
  readonly outcomes: Map<Oid, Outcome>;
  /** Heads the base does not reach. */
  readonly left: readonly Oid[];
  /** Loses what turns out to be in the base. */
  readonly graph: Map<Oid, readonly Oid[]>;
  readonly isReached: (oid: Oid) => boolean;
}

/** Asks once for all heads, and for the places remembered of them, what the base does not reach. */
export async function reach(judging: Judging, heads: readonly Oid[]): Promise<Reach> {
  const { view, base, limits, memory } = judging;
  const outcomes = new Map<Oid, Outcome>();
  const places = heads.flatMap((head) => [memory.proof(head)?.at, ...memory.open(head).map(({ at }) => at)]);
  const asked = [...new Set([...heads, ...places.filter((at) => at !== undefined)])];
  const nothing = { outcomes, left: [], graph: new Map<Oid, readonly Oid[]>(), isReached: () => false };
  const fail = (why: string): Reach => {
    for (const head of heads) outcomes.set(head, unreadOutcome(why));
    return nothing;
  };
  // Both at once: as a rule every commit is there, and its history can be read together with all others'.
  const [present, together] = await Promise.all([
    presentCommits(view, [...asked, base]),
    graphOf(view, asked, [base], limits.baseCommits),
  ]);
  if (!present.known) return fail(present.why);
  if (!present.value.has(base)) return fail(landedMessages.missing('the base commit', base));
  const there = asked.filter((oid) => present.value.has(oid));
  const { graph, refused } = await ownGraph(judging, there, there.length === asked.length ? together : null);
  const isReached = (oid: Oid) => present.value.has(oid) && !graph.has(oid) && !refused.has(oid);
  const confirmed = await areReached(view, base, there.filter(isReached));
  if (!confirmed.known) return fail(confirmed.why);
  if (!confirmed.value) return fail(landedMessages.cutShort('rev-list'));
  for (const head of heads) {
    const proof = memory.proof(head);
    if (!present.value.has(head)) outcomes.set(head, unreadOutcome(landedMessages.missing('commit', head)));
    else if (isReached(head)) outcomes.set(head, ancestorOutcome(head, base));
    else if (proof !== null && isReached(proof.at)) outcomes.set(head, { kind: 'proven', proof });
    else if (refused.has(head)) outcomes.set(head, unreadOutcome(refused.get(head) ?? ''));
  }
  return { outcomes, left: heads.filter((head) => !outcomes.has(head)), graph, isReached };
}

interface OwnGraph {
  readonly graph: Map<Oid, readonly Oid[]>;
  /** Commits whose own history could not be read or is too long, with the reason. */
  readonly refused: ReadonlyMap<Oid, string>;
}

/** All at once, which may have been read already; where one of them spoils that, each on its own. */
async function ownGraph(
  { view, base, limits }: Judging,
  oids: readonly Oid[],
  read: Awaited<ReturnType<typeof graphOf>> | null,
): Promise<OwnGraph> {
  const together = read ?? (await graphOf(view, oids, [base], limits.baseCommits));
  if (together.known && together.value !== null) return { graph: together.value, refused: new Map() };
  const graph = new Map<Oid, readonly Oid[]>();
  const refused = new Map<Oid, string>();
  for (const oid of oids) {
    const alone = await graphOf(view, [oid], [base], limits.ownCommits);
    if (!alone.known) refused.set(oid, alone.why);
    else if (alone.value === null) refused.set(oid, landedMessages.limit.ownCommits(limits.ownCommits));
    else for (const [each, parents] of alone.value) graph.set(each, parents);
  }
  return { graph, refused };
}

/** Places every head that is left, and reads the base's history for them. */
export async function place(
  judging: Judging,
  { left, graph, isReached, outcomes }: Reach,
): Promise<{ readonly starts: readonly Start[]; readonly history: BaseHistory | null }> {
  const apart = await dropReachedRoots(judging, graph);
  if (!apart.known) {
    for (const tip of left) outcomes.set(tip, unreadOutcome(apart.why));
    return { starts: [], history: null };
  }
  const roots: Rooted[] = [];
  for (const tip of left) {
    if (isReached(tip)) {
      outcomes.set(tip, ancestorOutcome(tip, judging.base));
      continue;
    }
    const rooted = root(judging, graph, tip, isReached);
    if ('outcome' in rooted) outcomes.set(tip, rooted.outcome);
    else roots.push(rooted);
  }
  if (roots.length === 0) return { starts: [], history: null };
  const read = await readHistory(judging, roots, outcomes);
  if (read === null) return { starts: [], history: null };
  if (dropReached(graph, read.history.graph)) return place(judging, { left, graph, isReached, outcomes });
  const starts = read.roots.map((rooted) => startOf(read.history, rooted));
  return { starts, history: read.history };
}

/** A branch with its own commits and the places where its search may go on. */
interface Rooted {
  readonly tip: Oid;
  readonly own: OwnHistory;
  readonly fingerprint: string;
  readonly priors: readonly CachedOpen[];
  readonly isSecond: boolean;
}

function root(
  { base, ref, limits, memory, view }: Judging,
  graph: CommitGraph,
  tip: Oid,
  isReached: (oid: Oid) => boolean,
): Rooted | { readonly outcome: Outcome } {
  const own = ownHistory(graph, tip, limits.ownCommits);
  if (own === null) return { outcome: unreadOutcome(landedMessages.limit.ownCommits(limits.ownCommits)) };
  const fingerprint = `${own.commits.size}/${pathsKey(own.frontier)}`;
  if (own.frontier.length === 0 && view.shallow.size > 0)
    return { outcome: unreadOutcome(landedMessages.shallow(ref)) };
  if (own.frontier.length === 0) {
    const open: CachedOpen = { ...BLANK, head: tip, at: base, own: fingerprint, code: 'unrelated' };
    return { outcome: { kind: 'open', open, prior: null, isRewound: false } };
  }
  const known = memory.open(tip).filter((open) => open.own === fingerprint);
  const priors = known.filter(({ at, code }) => code !== 'again' && isReached(at));
  return { tip, own, fingerprint, priors, isSecond: known.some(({ isSecond }) => isSecond) };
}

/** Reads the base's history for as many branches as the limit allows, the nearest ones first. */
async function readHistory(
  judging: Judging,
  roots: readonly Rooted[],
  outcomes: Map<Oid, Outcome>,
): Promise<{ history: BaseHistory; roots: readonly Rooted[] } | null> {
  const { view, base, ref, limits } = judging;
  const fail = (some: readonly Rooted[], why: string) => {
    for (const { tip } of some) outcomes.set(tip, unreadOutcome(why));
    return null;
  };
  const floor = await commonAncestor(view, [...new Set(roots.flatMap(pointsOf))]);
  if (!floor.known) return fail(roots, floor.why);
  const read = await graphOf(view, [base], floor.value === null ? [] : [floor.value], limits.baseCommits);
  if (!read.known) return fail(roots, read.why);
  if (read.value === null) {
    const { near, far } = await split(judging, roots);
    fail(far, landedMessages.limit.baseCommits(ref, limits.baseCommits));
    return near.length === 0 || far.length === 0
      ? fail(near, landedMessages.limit.baseCommits(ref, limits.baseCommits))
      : readHistory(judging, near, outcomes);
  }
  const graph = read.value;
  if (!graph.has(base) && floor.value !== base) return fail(roots, landedMessages.cutShort('rev-list'));
  const spine = spineOf(graph, base);
  const oldest = spine.commits[0];
  const below = oldest === undefined ? base : (graph.get(oldest)?.[0] ?? null);
  const history = { spine, graph, floor: floor.value, aboveFloor: firstAbove(graph, spine, floor.value), below };
  const misplaced = roots.filter(({ priors }) => priors.length > 0 && bestPrior(history, priors) === null);
  if (misplaced.length === 0) return { history, roots };
  // A remembered place that the first-parent line no longer passes: those start over.
  const again = roots.map((each) => (misplaced.includes(each) ? { ...each, priors: [] } : each));
  return readHistory(judging, again, outcomes);
}

/** The index of the first spine commit that is or descends from a base commit; what is older than all that was read is in all. */
const firstHolding = ({ spine, floor, aboveFloor }: BaseHistory, oid: Oid): number =>
  spine.groupOf.get(oid) ?? (oid === floor ? aboveFloor : BELOW);

const pointsOf = ({ priors, own }: Rooted): readonly Oid[] =>
  priors.length > 0 ? priors.map(({ at }) => at) : own.frontier;

/** Which branches start within the limit, each looked at alone. */
async function split({ view, base, limits }: Judging, roots: readonly Rooted[]) {
  const near: Rooted[] = [];
  const far: Rooted[] = [];
  const seen = new Map<string, boolean>();
  for (const rooted of roots) {
    const points = pointsOf(rooted);
    const key = points.join(' ');
    if (!seen.has(key)) {
      const args = [
        'rev-list',
        '--count',
        `--max-count=${limits.baseCommits + 1}`,
        base,
        ...points.map((oid) => `^${oid}`),
      ];
      const answer = await view.run(args);
      seen.set(key, answer.ok && Number(answer.stdout) <= limits.baseCommits);
    }
    (seen.get(key) === true ? near : far).push(rooted);
  }
  return { near, far };
}

function bestPrior(
  { spine, below }: BaseHistory,
  priors: readonly CachedOpen[],
): { open: CachedOpen; index: number } | null {
  let best: { open: CachedOpen; index: number } | null = null;
  for (const open of priors) {
    const index = open.at === below ? BELOW : spine.indexOf.get(open.at);
    if (index !== undefined && (best === null || index > best.index)) best = { open, index };
  }
  return best;
}

function startOf(history: BaseHistory, { tip, own, fingerprint, priors, isSecond }: Rooted): Start {
  const { graph, spine } = history;
  const prior = bestPrior(history, priors);
  const sides = own.frontier.filter((oid) => graph.has(oid) && !spine.indexOf.has(oid));
  const reached = reachable(graph, sides, (oid) => spine.indexOf.has(oid));
  const mergeBases = prior?.open.mergeBases ?? independent(graph, spine, own.frontier);
  const from = prior?.index ?? newestOnSpine(graph, spine, mergeBases);
  const since = Math.max(from + 1, ...mergeBases.map((oid) => firstHolding(history, oid)));
  const behind = prior?.open.behind ?? 0;
  return { tip, own, fingerprint, mergeBases, behind, reached, from, since, prior: prior?.open ?? null, isSecond };
}
