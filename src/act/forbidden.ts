/**
 * Places that no worktree may be put: git's own directories and quarantine.
 *
 * Contract: reads only. Paths are compared as they are written and with their links resolved. Beside where it
 * was a thing may always go, for some tools keep their worktrees in git's directory, and a bare repository may
 * hold its own; quarantine is no such place.
 */
import { dirname, resolve } from 'node:path';
import type { Entry } from '../core/entry.ts';
import { isInside } from '../core/paths.ts';
import type { Actor } from './context.ts';
import { readEntries } from './entries.ts';
import { spellings } from './registered.ts';

/** Components of a path that say whose it is; some file systems do not tell `.GIT` from `.git`. */
const GIT_DIRECTORY = '.git';
const BESIDE = '.reaper-quarantine';

/** Why `entry` must not be put at `target`, as a sentence, or null. */
export async function forbiddenPlace(actor: Actor, entry: Entry, target: string): Promise<string | null> {
  const { layout } = actor;
  const named = await spellings(actor.io.disk, target);
  const lies = async (places: readonly string[]): Promise<boolean> => {
    const all = (await Promise.all(places.map((place) => spellings(actor.io.disk, place)))).flat();
    return named.some((path) => all.some((place) => isInside(path, place)));
  };
  const passes = (name: string): boolean => named.some((path) => path.toLowerCase().split('/').includes(name));
  const { entries } = await readEntries(actor);
  const trees = entries.map(({ tree }) => tree).filter((tree) => tree !== null);
  if (passes(BESIDE) || (await lies([layout.root, ...trees.map((tree) => dirname(tree))])))
    return `${target} is in quarantine, where a purge would remove it`;
  if (dirname(resolve(target)) === dirname(entry.path)) return null;
  return passes(GIT_DIRECTORY) || (await lies([layout.commonDir]))
    ? `${target} is in a directory that is git's own`
    : null;
}
