/**
 * What branches change: as a whole against their merge base, and commit by commit.
 *
 * Contract: one process for all branches; when that fails, each branch on its own.
 * Failure direction: a branch that cannot be read, or changes too much, has its reason instead.
 */
import { type Change, type CommitGraph, type Limits, pathsKey } from '../../core/landing.ts';
import type { Oid } from '../../core/model.ts';
import { landedMessages } from './messages.ts';
import { changesOf, type Pair } from './read.ts';
import type { OwnCommit } from './search.ts';
import type { Judging, Start } from './start.ts';

/** What a branch changes: as a whole, and commit by commit. */
export interface Shape {
  readonly net: ReadonlyMap<string, Change>;
  /** Oldest first, merges left out. */
  readonly own: readonly OwnCommit[];
}

/** Reads what branches change. A branch that cannot be read has its reason instead. */
export async function shapesOf(
  { view, limits }: Judging,
  starts: readonly Start[],
  graph: CommitGraph,
): Promise<ReadonlyMap<Start, Shape | string>> {
  const order = new Map([...graph.keys()].map((oid, index) => [oid, index]));
  const wanted = starts.map((start) => ({ start, pairs: pairsOf(start, graph, order, limits.patches) }));
  const shapes = new Map<Start, Shape | string>();
  const together = await changesOf(
    view,
    wanted.flatMap(({ pairs }) => pairs),
  );
  let at = 0;
  for (const { start, pairs } of wanted) {
    const read = together.known ? together : await changesOf(view, pairs);
    const from = together.known ? at : 0;
    at += pairs.length;
    shapes.set(
      start,
      read.known ? shapeOf(start, pairs, read.value.slice(from, from + pairs.length), limits) : read.why,
    );
  }
  return shapes;
}

/** First the merge bases against the tip, then the own commits against their parents, oldest first. */
function pairsOf(start: Start, graph: CommitGraph, order: ReadonlyMap<Oid, number>, maxOwn: number): Pair[] {
  const whole = start.mergeBases.map((from) => ({ from, to: start.tip }));
  const plain = [...start.own.commits].filter((oid) => (graph.get(oid)?.length ?? 0) < 2);
  if (plain.length > maxOwn) return whole;
  const oldestFirst = plain.toSorted((a, b) => (order.get(b) ?? 0) - (order.get(a) ?? 0));
  return [...whole, ...oldestFirst.map((to) => ({ from: graph.get(to)?.[0] ?? null, to }))];
}

function shapeOf(
  { mergeBases }: Start,
  pairs: readonly Pair[],
  changes: readonly (readonly Change[])[],
  limits: Limits,
): Shape | string {
  const net = netOf(changes.slice(0, mergeBases.length));
  if (net.size > limits.paths) return landedMessages.limit.paths(limits.paths);
  const own = pairs.slice(mergeBases.length).map(({ from, to }, index): OwnCommit => {
    const each = changes[mergeBases.length + index] ?? [];
    return { oid: to, parent: from, key: pathsKey(each.map(({ path }) => path)), changes: each };
  });
  return { net, own };
}

/** Before a path that two merge bases disagree about stands what equals nothing. */
const DISPUTED = '?';

/** What the tip has that no merge base has: of several merge bases, the content of any is the base's own. */
function netOf(perMergeBase: readonly (readonly Change[])[]): Map<string, Change> {
  const [first = [], ...others] = perMergeBase;
  if (others.length === 0) return new Map(first.map((change) => [change.path, change]));
  const rest = others.map((changes) => new Set(changes.map(({ path }) => path)));
  const inAll = first.filter(({ path }) => rest.every((paths) => paths.has(path)));
  return new Map(inAll.map((change) => [change.path, { ...change, before: DISPUTED }]));
}
