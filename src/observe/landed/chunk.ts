/**
 * One stretch of the base's history, read and swept for all branches that still climb.
 *
 * Contract: changed paths are read of every commit, changed lines only of those that touch what a
 * branch changes, when the base has touched all of that and its tip does not prove the branch. The
 * first stretch can be read while others still find out what the branches change.
 * Failure direction: what cannot be read ends the search of these branches for this run.
 */
import { type Fact, known, type Oid, unknown } from '../../core/model.ts';
import type { Climb, Climber } from './climb.ts';
import { lineChanges, newAndGone } from './lines.ts';
import { landedMessages } from './messages.ts';
import { recordsOf } from './read.ts';
import {
  type GroupedRecord,
  isReady,
  type LineChanges,
  oldestFirst,
  sweepLines,
  sweepPaths,
  worthReading,
} from './search.ts';
import type { BaseHistory, Judging, Start } from './start.ts';
import type { View } from './view.ts';

/** Base commits whose lines are kept for the next branches: 4,000 take about 40 MB. */
const KEPT_COMMITS = 4_000;

/** Stretches of the spine whose commits are read at once: at least one spine commit each. */
function* chunksOf({ spine }: BaseHistory, oldest: number, maxCommits: number): Generator<Chunk> {
  const sizes = new Array<number>(spine.commits.length).fill(0);
  for (const group of spine.groupOf.values()) sizes[group] = (sizes[group] ?? 0) + 1;
  for (let first = oldest; first < spine.commits.length; ) {
    let end = first;
    let size = sizes[first] ?? 0;
    while (end + 1 < spine.commits.length && size + (sizes[end + 1] ?? 0) <= maxCommits) size += sizes[++end] ?? 0;
    yield { first, end };
    first = end + 1;
  }
}

export interface Chunk {
  readonly first: number;
  readonly end: number;
}

type Records = Fact<readonly GroupedRecord[]>;

/** What there is to sweep, oldest first. */
export interface Stretches {
  readonly chunks: readonly Chunk[];
  readonly read: (chunk: Chunk) => Promise<Records>;
  /** When the first one has been read, which is to be waited for also by those who have no use for it any more. */
  readonly ready: Promise<void>;
}

/** Divides what these branches have to look at, and begins to read it. */
export function stretchesOf(judging: Judging, history: BaseHistory, starts: readonly Start[]): Stretches {
  const oldest = Math.min(history.spine.commits.length - 1, ...starts.map(({ from }) => from)) + 1;
  const chunks = [...chunksOf(history, oldest, judging.limits.chunkCommits)];
  const [first] = chunks;
  let begun = first === undefined ? null : readChunk(judging, history, first);
  const read: Stretches['read'] = (chunk) => {
    const records = chunk === first && begun !== null ? begun : readChunk(judging, history, chunk);
    // It is swept once, and may be large.
    begun = null;
    return records;
  };
  return { chunks, read, ready: Promise.resolve(begun).then(() => undefined) };
}

/** The first sweep of a chunk, by paths; gives its records, none where they could not be read. */
export async function sweepChunk(
  { stretches }: Climb,
  active: readonly Climber[],
  chunk: Chunk,
): Promise<readonly GroupedRecord[]> {
  if (active.length === 0) return [];
  const records = await stretches.read(chunk);
  if (!records.known) {
    stop(active, records.why);
    return [];
  }
  sweepPaths(
    active.map(({ search }) => search),
    records.value,
    chunk.end,
  );
  return records.value;
}

/** The second, by lines, which finds the candidates. */
export async function sweepLinesOf(
  { judging }: Climb,
  active: readonly Climber[],
  chunk: Chunk,
  records: readonly GroupedRecord[],
): Promise<void> {
  if (active.length === 0) return;
  const searches = active.map(({ search }) => search);
  const worthwhile = worthReading(searches, records);
  const [lines, changed] = await Promise.all([findLines(judging.view, active, chunk), readLines(judging, worthwhile)]);
  if (!lines.known) return stop(active, lines.why);
  if (!changed.known) return stop(active, changed.why);
  sweepLines(searches, worthwhile, changed.value);
}

/** What the base's commits change, each read once a run. */
async function readLines(
  { view, lines }: Judging,
  records: readonly GroupedRecord[],
): Promise<Fact<ReadonlyMap<Oid, LineChanges>>> {
  const unread = records.filter(({ record }) => !lines.has(record.oid));
  const diffs = unread.map(({ record }) => ({ ...record, to: record.oid, from: record.parents[0] ?? null }));
  const changed = await lineChanges(view, diffs);
  if (!changed.known) return changed;
  for (const [index, { record }] of unread.entries()) lines.set(record.oid, changed.value[index] ?? null);
  const wanted = new Map(records.map(({ record }) => [record.oid, lines.get(record.oid) ?? null]));
  if (lines.size > KEPT_COMMITS) lines.clear();
  return known(wanted);
}

function stop(climbers: readonly Climber[], why: string): void {
  for (const climber of climbers) climber.unread = why;
}

async function readChunk(judging: Judging, { spine, floor }: BaseHistory, { first, end }: Chunk): Promise<Records> {
  const older = spine.commits[first - 1] ?? floor;
  const read = await recordsOf(judging.view, spine.commits[end] ?? judging.base, older === null ? [] : [older]);
  if (!read.known) return read;
  const grouped = read.value.flatMap((record) => {
    const group = spine.groupOf.get(record.oid);
    return group === undefined ? [] : [{ record, group, isOnSpine: spine.indexOf.has(record.oid) }];
  });
  const wanted = [...spine.groupOf.values()].filter((group) => group >= first && group <= end).length;
  return grouped.length === wanted ? known(oldestFirst(grouped)) : unknown(landedMessages.cutShort('log'));
}

/** Lines are of use where every base commit since the merge base is looked at for them: from the start. */
async function findLines(view: View, active: readonly Climber[], { first }: Chunk): Promise<Fact<void>> {
  const starting = active.flatMap(({ search, start }) => {
    const [from, ...more] = start.mergeBases;
    const isNew = start.prior === null && search.from + 1 >= first && isReady(search);
    if (!isNew || from === undefined || more.length > 0) return [];
    return [{ search, diff: { from, to: start.tip, changes: [...search.net.values()] } }];
  });
  const lines = await newAndGone(
    view,
    starting.map(({ diff }) => diff),
  );
  if (!lines.known) return lines;
  for (const [index, { search }] of starting.entries()) search.unheld = lines.value[index] ?? null;
  return known(undefined);
}
