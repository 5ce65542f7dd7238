/**
 * Which path each file among the claims speaks of, remembered between passes.
 *
 * Contract: pure. A claim's file is named after its path and owner, so what it is about stays the same for as
 * long as it is there; what it says of them does not. Only a hint: nothing is let go because of it.
 * Failure direction: anything that is not exactly of this shape is forgotten, all of it, and every claim is read.
 */

/** The path of a claim as it is written, by the name of its file. */
export type ClaimedPaths = ReadonlyMap<string, string>;

export const NOTHING_CLAIMED: ClaimedPaths = new Map();

/** Names and paths of as many claims as there may be, at more than a thousand bytes each. */
export const MAX_CLAIMED_BYTES = 16 * 1024 * 1024;

const VERSION = 1;

export const formatClaimed = (claimed: ClaimedPaths): string =>
  JSON.stringify({ version: VERSION, claimed: Object.fromEntries(claimed) });

export function parseClaimed(text: string): ClaimedPaths {
  try {
    const { version, claimed } = JSON.parse(text) as { version?: unknown; claimed?: unknown };
    if (version !== VERSION || claimed === null || typeof claimed !== 'object') return NOTHING_CLAIMED;
    const paths = Object.entries(claimed) as [string, unknown][];
    return paths.every(isNamed) ? new Map(paths) : NOTHING_CLAIMED;
  } catch {
    return NOTHING_CLAIMED;
  }
}

const isNamed = (entry: [string, unknown]): entry is [string, string] =>
  typeof entry[1] === 'string' && entry[1].startsWith('/');
