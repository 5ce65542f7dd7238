/**
 * Disk over time: what worktrees take, what waits in quarantine, what was given back, as passes measured it.
 *
 * Contract: pure; at most MOST_POINTS, oldest first. Points close together become one, and when the series is
 * full its older half keeps every second point, so that it reaches further back the coarser it gets.
 */

export interface DiskPoint {
  readonly atMs: number;
  /** Bytes of all candidates, or null while some of them have not been measured. */
  readonly inUse: number | null;
  /** Bytes in quarantine, or null likewise. */
  readonly held: number | null;
  /** Bytes given back since the beginning. */
  readonly givenBack: number;
}

/** Some 40 kB of the ledger, and more than a chart has columns for. */
export const MOST_POINTS = 400;

/** A pass may run every few minutes; nobody looks at disk that closely. */
const APART_MS = 3_600_000;

/** The series with one more measurement. */
export function withPoint(series: readonly DiskPoint[], point: DiskPoint): readonly DiskPoint[] {
  // A clock that was set back would draw a line that runs backwards.
  const earlier = series.filter(({ atMs }) => atMs < point.atMs);
  const [beforeLast, last] = earlier.slice(-2);
  const isClose = last !== undefined && beforeLast !== undefined && last.atMs - beforeLast.atMs < APART_MS;
  const all = [...(isClose ? earlier.slice(0, -1) : earlier), point];
  return all.length > MOST_POINTS ? thinned(all) : all;
}

function thinned(series: readonly DiskPoint[]): readonly DiskPoint[] {
  const half = Math.floor(series.length / 2);
  return series.filter((_, index) => index >= half || index % 2 === 0);
}

/** Reads a series back; what is not a point is left out. */
export function parseSeries(value: unknown): readonly DiskPoint[] {
  if (!Array.isArray(value)) return [];
  return value.filter(isPoint).slice(-MOST_POINTS);
}

function isPoint(value: unknown): value is DiskPoint {
  const { atMs, inUse, held, givenBack } = (value ?? {}) as Partial<Record<keyof DiskPoint, unknown>>;
  return (
    [atMs, givenBack].every(Number.isFinite) && [inUse, held].every((each) => each === null || Number.isFinite(each))
  );
}
