/**
 * The note that lets the next pass go back to sleep: why nothing can come due before an instant.
 *
 * Contract: plain data and its check. It is written only when every candidate was found too young,
 * or ready to go where passes only report, and names everything that was looked at to find so, each with what it looked like.
 * Failure direction: text that is not such a note, anything that looks different, or a clock that was set,
 * is a reason for a full look. A note that holds can only make something wait, for half a day at the most.
 */

export interface Rest {
  /** The program that wrote it; another one may see more. */
  readonly program: string;
  /** Epoch milliseconds at which the look began. */
  readonly atMs: number;
  /** Epoch milliseconds before which nothing can come due. */
  readonly untilMs: number;
  /** Milliseconds after which a pass is to look again even so. */
  readonly everyMs: number;
  /** What the answer depends on besides files: where the user's settings lie, what is mounted. */
  readonly surroundings: string;
  /** Paths that were looked at, each with its `stampOf`. */
  readonly watched: Readonly<Record<string, string>>;
}

/** What is not watched (an included git configuration, a disk that fills) is looked at again twice a day. */
export const LONGEST_REST_MS = 12 * 3_600_000;

/** A file system may count time in steps of up to two seconds: what changed so lately may change unseen. */
const UNSETTLED_MS = 2_000;

/** Where nothing is. */
export const ABSENT = '-';

interface Looks {
  readonly dev: number;
  readonly ino: number;
  readonly mode: number;
  readonly size: number;
  readonly mtimeMs: number;
  readonly ctimeMs: number;
}

/** What a file or directory looks like: another one in its place, or a change to it, looks different. */
export const stampOf = ({ dev, ino, mode, size, mtimeMs, ctimeMs }: Looks): string =>
  [dev, ino, mode, size, mtimeMs, ctimeMs].join(' ');

/** True when it changed so shortly before `atMs` that a further change could leave its times as they are. */
export const isUnsettled = (stamp: string, atMs: number): boolean =>
  stamp !== ABSENT && !(Number(stamp.slice(stamp.lastIndexOf(' ') + 1)) < atMs - UNSETTLED_MS);

/** Reads a note; null when it is none. */
export function parseRest(text: string): Rest | null {
  try {
    const value = JSON.parse(text) as Partial<Rest> | null;
    const { program, atMs, untilMs, everyMs, surroundings, watched } = value ?? {};
    const isSound =
      typeof program === 'string' &&
      typeof surroundings === 'string' &&
      Number.isFinite(atMs) &&
      Number.isFinite(untilMs) &&
      Number.isFinite(everyMs) &&
      typeof watched === 'object' &&
      watched !== null;
    return isSound ? (value as Rest) : null;
  } catch {
    return null;
  }
}

/** Whether everything is as the note says, and its time has not come. */
export function stillHolds(
  rest: Rest,
  now: {
    readonly program: string;
    readonly nowMs: number;
    readonly surroundings: string;
    readonly stamp: (path: string) => string;
  },
): boolean {
  const { atMs, untilMs } = rest;
  return (
    rest.program === now.program &&
    atMs <= now.nowMs &&
    now.nowMs < untilMs &&
    untilMs <= atMs + LONGEST_REST_MS &&
    rest.surroundings === now.surroundings &&
    Object.entries(rest.watched).every(([path, stamp]) => now.stamp(path) === stamp)
  );
}
