/**
 * The ladder for one base: reach, place, search, climb.
 *
 * Contract: one outcome for every head that is asked about; what is worth it is remembered.
 * Failure direction: see the rungs; a head without an outcome does not occur.
 */
import type { Oid } from '../../core/model.ts';
import { stretchesOf } from './chunk.ts';
import { climbLadder } from './climb.ts';
import type { Merger } from './merge.ts';
import { type Outcome, unreadOutcome } from './outcome.ts';
import { type Shape, shapesOf } from './shape.ts';
import { type Judging, place, reach, type Start } from './start.ts';

/** How often a branch may have merged the base, or committed nothing, on top of what landed. */
const MAX_PEELS = 8;

/** How often look-alikes that were left out are looked at in one run: each look takes some 0.2 s. */
const MAX_LOOKS = 4;

/** Judges every head against the base; `peels` counts how deep this call is nested. */
export async function judge(
  judging: Judging,
  merger: Merger,
  heads: readonly Oid[],
  peels = 0,
): Promise<Map<Oid, Outcome>> {
  const outcomes = await judgeOnce(judging, merger, heads, peels);
  for (let looks = 1; looks < MAX_LOOKS; looks++) {
    const again = [...outcomes].flatMap(([head, each]) => (each.kind === 'open' && each.isRewound ? [head] : []));
    if (again.length === 0) break;
    for (const [head, outcome] of await judgeOnce(judging, merger, again, peels)) outcomes.set(head, outcome);
  }
  return outcomes;
}

async function judgeOnce(
  judging: Judging,
  merger: Merger,
  heads: readonly Oid[],
  peels: number,
): Promise<Map<Oid, Outcome>> {
  const reached = await reach(judging, heads);
  const { outcomes, graph } = reached;
  const { starts, history } = await place(judging, reached);
  const stretches = history === null ? null : stretchesOf(judging, history, starts);
  const shapes = new Map<Start, Shape>();
  const [shaped] = await Promise.all([shapesOf(judging, starts, graph), stretches?.ready]);
  for (const [start, shape] of shaped) {
    if (typeof shape === 'string') outcomes.set(start.tip, unreadOutcome(shape));
    else shapes.set(start, shape);
  }
  if (history !== null && stretches !== null) {
    const climbed = await climbLadder({ judging, history, merger, stretches, shapes, own: graph });
    for (const [tip, outcome] of climbed) outcomes.set(tip, outcome);
  }
  if (peels < MAX_PEELS) await peelUpdates(judging, merger, { outcomes, shapes, graph, peels });
  for (const outcome of outcomes.values()) remember(judging, outcome);
  return outcomes;
}

function remember({ memory }: Judging, outcome: Outcome): void {
  if (outcome.kind === 'proven') memory.keepProof(outcome.proof);
  else if (outcome.open !== null) memory.keepOpen(outcome.open, outcome.prior?.at ?? null);
}

interface Peeling {
  readonly outcomes: Map<Oid, Outcome>;
  readonly shapes: ReadonlyMap<Start, Shape>;
  readonly graph: ReadonlyMap<Oid, readonly Oid[]>;
  readonly peels: number;
}

/**
 * A branch that was brought up to date after it landed has the very tree of a base commit, and so
 * changes nothing. It is proven when what it was before the update is: the update added nothing.
 * One whose own commits cancel each other out has no such commit below, and stays.
 */
async function peelUpdates(judging: Judging, merger: Merger, peeling: Peeling): Promise<void> {
  const { outcomes, shapes, graph, peels } = peeling;
  const below = new Map<Start, Oid>();
  for (const [start, shape] of shapes) {
    const peeled = outcomes.get(start.tip)?.kind === 'open' ? beforeUpdate(start, shape, graph) : null;
    if (peeled !== null) below.set(start, peeled);
  }
  if (below.size === 0) return;
  const deeper = await judge(judging, merger, [...new Set(below.values())], peels + 1);
  for (const [start, peeled] of below) {
    const outcome = deeper.get(peeled);
    const [commit] = start.mergeBases;
    if (outcome?.kind === 'unread') outcomes.set(start.tip, { ...outcome, open: null });
    if (outcome?.kind === 'proven' && commit !== undefined)
      outcomes.set(start.tip, {
        kind: 'proven',
        proof: { head: start.tip, how: 'adds-nothing', commit, at: judging.base },
      });
  }
}

function beforeUpdate({ tip, mergeBases }: Start, { net, own }: Shape, graph: Peeling['graph']): Oid | null {
  const [mergeBase, ...more] = mergeBases;
  if (net.size > 0 || mergeBase === undefined || more.length > 0) return null;
  const parents = graph.get(tip) ?? [];
  const [first, second] = parents;
  if (parents.length === 2 && first !== undefined && second !== undefined) {
    if (second === mergeBase) return first;
    return first === mergeBase ? second : null;
  }
  const last = own.at(-1);
  const isEmpty = parents.length === 1 && last?.oid === tip && last.changes.length === 0;
  return isEmpty && first !== undefined && graph.has(first) ? first : null;
}
