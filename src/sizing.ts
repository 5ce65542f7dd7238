/**
 * How many bytes things take, measured when there is time and remembered.
 *
 * Contract: reads only. A size is for people and for `quarantine.max`; no verdict rests on it.
 * Failure direction: what was not measured has no size.
 */
import type { Actor } from './act/context.ts';
import { readEntries } from './act/entries.ts';
import type { Pressure } from './act/pressure.ts';
import { withPoint } from './core/disk-series.ts';
import type { Entry } from './core/entry.ts';
import { keyOf, type Ledger } from './core/ledger.ts';
import type { Candidate } from './core/model.ts';
import type { Settings } from './core/settings.ts';
import type { Io } from './io/ports.ts';
import { sizeOf } from './observe/size.ts';
import type { View } from './observe/view.ts';
import type { CandidateResult } from './pass.ts';

/** Trees grow and shrink; for an overview half a day is new enough. */
const FRESH_MS = 12 * 3_600_000;

export type Sizes = Ledger['sizes'];

/** The key under which a quarantined thing's size is remembered. */
export const entryKey = ({ id }: Pick<Entry, 'id'>): string => `entry:${id}`;

export interface Measuring {
  readonly io: Pick<Io, 'disk' | 'clock'>;
  readonly isOutOfTime: () => boolean;
  readonly say?: (progress: MeasuringProgress) => void;
}

export interface MeasuringProgress {
  readonly path: string;
  readonly done: number;
  readonly total: number;
  /** Bytes measured so far, and milliseconds it took. */
  readonly bytes: number;
  readonly ms: number;
}

/** What is to be measured: its key and where it lies. */
export interface Thing {
  readonly key: string;
  readonly path: string;
}

export const thingOf = (candidate: Candidate): Thing[] =>
  candidate.kind === 'worktree' && candidate.isMissing ? [] : [{ key: keyOf(candidate), path: candidate.path }];

/** A quarantined thing lies in a directory of its own, ballast beside its tree. */
export const thingOfEntry = (entry: Entry): Thing[] =>
  entry.tree === null || entry.phase === 'purged'
    ? []
    : [{ key: entryKey(entry), path: entry.tree.slice(0, entry.tree.lastIndexOf('/')) }];

/** The sizes known before, with those measured that were missing or old; those never or longest ago measured. */
export async function measure(things: readonly Thing[], known: Sizes, how: Measuring): Promise<Sizes> {
  const { io, isOutOfTime } = how;
  const startMs = io.clock.nowMs();
  const isOld = ({ key }: Thing) => startMs - (known[key]?.atMs ?? 0) > FRESH_MS;
  const due = turned(
    things.filter(isOld).sort((one, other) => (known[one.key]?.atMs ?? 0) - (known[other.key]?.atMs ?? 0)),
    startMs,
  );
  const sizes: Record<string, { bytes: number; atMs: number }> = {};
  for (const { key } of things) if (known[key] !== undefined) sizes[key] = known[key];
  let bytes = 0;
  for (const [index, { key, path }] of due.entries()) {
    if (isOutOfTime()) break;
    how.say?.({ path, done: index, total: due.length, bytes, ms: io.clock.nowMs() - startMs });
    const size = await sizeOf(io.disk, path, isOutOfTime);
    if (size === null) continue;
    bytes += size;
    sizes[key] = { bytes: size, atMs: startMs };
  }
  return sizes;
}

/** Begins elsewhere each time, so that one tree too large for the time left never stands before all others for good. */
function turned<T>(things: readonly T[], nowMs: number): readonly T[] {
  const from = things.length === 0 ? 0 : Math.floor(nowMs / 1000) % things.length;
  return [...things.slice(from), ...things.slice(0, from)];
}

/** What the limits on quarantine look at, measured now. */
export function pressureOf(
  io: Pick<Io, 'disk'>,
  { quarantine }: Pick<Settings, 'quarantine'>,
  isOutOfTime: () => boolean,
): Pressure {
  return {
    limits: quarantine,
    sizeOf: async (entry) => {
      const [thing] = thingOfEntry(entry);
      return thing === undefined ? 0 : sizeOf(io.disk, thing.path, isOutOfTime);
    },
    freeBytes: async (path) => {
      const free = await io.disk.freeBytes(path);
      return free.ok ? free.value : null;
    },
  };
}

/** Sizes of candidates alone. */
export const withoutEntries = (sizes: Sizes): Sizes =>
  Object.fromEntries(Object.entries(sizes).filter(([key]) => !key.startsWith('entry:')));

/** What time is left goes into sizes, so that a person who asks later need not wait for them. */
export async function measureLeft(
  actor: Pick<Actor, 'io' | 'layout'>,
  { candidates, source }: View,
  { totals, disk }: Pick<Ledger, 'totals' | 'disk'>,
  how: Leftover,
): Promise<Pick<Ledger, 'sizes' | 'disk'>> {
  const gone = new Set(
    how.results.flatMap(({ outcome, inquiry }) => (outcome === 'reclaimed' ? inquiry.candidate : [])),
  );
  const held = (await readEntries(actor)).entries.flatMap(thingOfEntry);
  const used = candidates.filter((candidate) => !gone.has(candidate)).flatMap(thingOf);
  // What was purged from has another size now.
  const known = how.freedBytes > 0 ? withoutEntries(source.ledger.sizes) : source.ledger.sizes;
  const isOutOfTime = () => !how.isMeasuring || how.isOutOfTime();
  const sizes = await measure([...held, ...used], known, { io: actor.io, isOutOfTime });
  const sums = { inUse: sumOf(used, sizes), held: sumOf(held, sizes), givenBack: totals.bytes };
  return { sizes, disk: withPoint(disk, { atMs: actor.io.clock.nowMs(), ...sums }) };
}

/** What a pass leaves behind to be measured. */
interface Leftover {
  readonly results: readonly CandidateResult[];
  readonly freedBytes: number;
  readonly isOutOfTime: () => boolean;
  /** False: only what is already known is added up. */
  readonly isMeasuring: boolean;
}

/** All of them together, or null when one has not been measured: half a sum would draw a drop that never was. */
function sumOf(things: readonly Thing[], sizes: Sizes): number | null {
  const each = things.map(({ key }) => sizes[key]?.bytes);
  return each.every((size) => size !== undefined) ? each.reduce((sum, size) => sum + size, 0) : null;
}

/** Bytes free on the file system that holds `path`, or null when that cannot be told. */
export async function freeBytes({ disk }: Pick<Io, 'disk'>, path: string): Promise<number | null> {
  const free = await disk.freeBytes(path);
  return free.ok ? free.value : null;
}
