/**
 * When quarantine is larger, or the disk fuller, than the configuration allows: what goes before its time.
 *
 * Contract: pure choice and words; ballast has gone before anything here is asked. Oldest first, one at a time.
 * Failure direction: nothing younger than a day is ever named, and what cannot be measured counts as nothing,
 * which keeps.
 */
import type { Entry } from '../core/entry.ts';
import { FLOORS, type Settings } from '../core/settings.ts';
import { bytes } from '../core/text.ts';

export interface Pressure {
  readonly limits: Pick<Settings['quarantine'], 'maxBytes' | 'minFreeBytes'>;
  /** Bytes of an entry's files, or null. */
  readonly sizeOf: (entry: Entry) => Promise<number | null>;
  /** Free bytes of the file system that holds `path`, or null. */
  readonly freeBytes: (path: string) => Promise<number | null>;
}

/** True for what has files that may go early: never before a day has passed, never what nobody has verified. */
export const mayGoEarly = (entry: Entry, nowMs: number): boolean =>
  entry.phase === 'held' && entry.tree !== null && !entry.unverified && nowMs - entry.atMs >= FLOORS.quarantineKeepMs;

/** Why `entry` has to go now, in words, or null. `heldBytes` is what all entries' files take together. */
export async function whyEarly(entry: Entry, heldBytes: number, pressure: Pressure): Promise<string | null> {
  const { maxBytes, minFreeBytes } = pressure.limits;
  if (maxBytes !== null && heldBytes > maxBytes)
    return `purged early: quarantine held ${bytes(heldBytes)}, above quarantine.max (${bytes(maxBytes)})`;
  if (minFreeBytes === null || entry.tree === null) return null;
  const free = await pressure.freeBytes(entry.tree);
  if (free === null || free >= minFreeBytes) return null;
  return `purged early: ${bytes(free)} were free, below quarantine.minFree (${bytes(minFreeBytes)})`;
}
