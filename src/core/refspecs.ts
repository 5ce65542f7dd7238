/**
 * Refspecs whose fetch reaches the pins of quarantine.
 *
 * Contract: pure. `git fetch --prune` removes whatever lies in the destination of a refspec and has no counterpart
 * at the other side, as no pin has.
 * Failure direction: a destination that could match a pin's name does; only the one exception that leaves them
 * all out, in a refspec that keeps the names, counts as one.
 */
import { PIN_NAMESPACE } from './layout.ts';
import { shellWord } from './text.ts';

/** One value of `remote.<name>.fetch`. */
export interface Fetch {
  /** With the remote's name. */
  readonly key: string;
  readonly refspec: string;
}

/** Leaves out what the other side calls so: the pins, where a refspec keeps the names. */
const SPARING = `^${PIN_NAMESPACE}*`;

/** Why the pins would not last, and what changes that; null when they would. */
export function threatToPins(fetches: readonly Fetch[]): string | null {
  const sparing = new Set(fetches.filter(({ refspec }) => refspec === SPARING).map(({ key }) => key));
  for (const { key, refspec } of fetches) {
    const { from, to } = sidesOf(refspec);
    if (to === null || !couldBePin(to)) continue;
    const keepsNames = from === to;
    if (keepsNames && sparing.has(key)) continue;
    const step = keepsNames
      ? `git config --add ${shellWord(key)} ${shellWord(SPARING)} leaves that out`
      : `its destination has to lie outside ${PIN_NAMESPACE}`;
    return `${key} is ${refspec}, so git fetch --prune would remove what holds its commits in quarantine; ${step}`;
  }
  return null;
}

/** An exception, and what is fetched without being kept under a name, have no destination. */
function sidesOf(refspec: string): { from: string; to: string | null } {
  const plain = refspec.replace(/^\+/, '');
  const colon = plain.lastIndexOf(':');
  return colon === -1 || plain.startsWith('^')
    ? { from: plain, to: null }
    : { from: plain.slice(0, colon), to: plain.slice(colon + 1) };
}

/** Whether there is a name in the pins' namespace that the destination matches. */
function couldBePin(to: string): boolean {
  const star = to.indexOf('*');
  const before = star === -1 ? to : to.slice(0, star);
  return before.startsWith(PIN_NAMESPACE) || (star !== -1 && PIN_NAMESPACE.startsWith(before));
}
