/**
 * Which paths the files among the claims speak of, remembered between passes.
 *
 * Contract: pure. A claim's file is named after its path and owner, so what it is about stays the same for as
 * long as it is there; what it says of them does not. Only a hint: nothing is let go because of it.
 * Failure direction: anything that is not exactly of this shape is forgotten, all of it, and every claim is read.
 */

/** The paths of a claim, as it is written and with symbolic links resolved, by the name of its file. */
export type ClaimedNames = ReadonlyMap<string, readonly string[]>;

export const NOTHING_CLAIMED: ClaimedNames = new Map();

const VERSION = 1;

export const formatClaimed = (claimed: ClaimedNames): string =>
  JSON.stringify({ version: VERSION, claimed: Object.fromEntries(claimed) });

export function parseClaimed(text: string): ClaimedNames {
  try {
    const { version, claimed } = JSON.parse(text) as { version?: unknown; claimed?: unknown };
    if (version !== VERSION || claimed === null || typeof claimed !== 'object') return NOTHING_CLAIMED;
    const names = Object.entries(claimed) as [string, unknown][];
    return names.every(isNamed) ? new Map(names) : NOTHING_CLAIMED;
  } catch {
    return NOTHING_CLAIMED;
  }
}

const isNamed = (entry: [string, unknown]): entry is [string, readonly string[]] =>
  Array.isArray(entry[1]) && entry[1].length > 0 && entry[1].every(isAbsolute);

const isAbsolute = (path: unknown): path is string => typeof path === 'string' && path.startsWith('/');
