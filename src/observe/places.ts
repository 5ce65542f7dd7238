/**
 * Where many paths really lie: with symbolic links resolved, and which of them are gone.
 *
 * Contract: one look for each directory above the paths, not one for each path, since a thousand claims lie in
 * a few directories. A path that is itself a link, or is not written plainly, is resolved by itself.
 * Failure direction: what could not be looked at is resolved as far as it could, and is not missing; where that
 * leaves in doubt where a path lies, it says so.
 */
import { basename } from 'node:path';
import { type Resolved, resolveExisting } from '../io/claimfile.ts';
import type { DiskReader } from '../io/ports.ts';
import { presence } from './worktrees.ts';

export interface PathPlace extends Resolved {
  /** True when nothing is there, and the directory it was in is there to say so. */
  readonly isMissing: boolean;
}

/** From this many paths in one directory on, listing it is cheaper than looking at each. */
const WORTH_LISTING = 32;

/** Looks at all `paths`, which are absolute. */
export async function placesOf(disk: DiskReader, paths: readonly string[]): Promise<ReadonlyMap<string, PathPlace>> {
  const places = new Map<string, PathPlace>();
  const below = new Map<string, string[]>();
  for (const path of new Set(paths)) {
    const parent = parentOf(path) ?? path;
    const group = below.get(parent);
    if (group === undefined) below.set(parent, [path]);
    else group.push(path);
  }
  await Promise.all([...below].map(([parent, group]) => lookInto(disk, parent, group, places)));
  return places;
}

/** The directory above; null for a path that is not written plainly, or has none above it. */
function parentOf(path: string): string | null {
  if (NOT_PLAIN.test(path)) return null;
  const end = path.lastIndexOf('/');
  return end > 0 ? path.slice(0, end) : '/';
}

/** `//`, `/./`, `/../` or a slash at the end. */
export const NOT_PLAIN = /\/\.{0,2}(?:\/|$)/;

async function lookInto(
  disk: DiskReader,
  parent: string,
  paths: readonly string[],
  places: Map<string, PathPlace>,
): Promise<void> {
  const above = await resolveExisting(disk, parent);
  const kindOf = await kindsIn(disk, parent, paths);
  let areMissing: boolean | null = null;
  for (const path of paths) {
    const listed = kindOf(path);
    const kind = typeof listed === 'string' ? listed : await listed;
    // Whether the directory above speaks for what is gone does not depend on which name is gone.
    if (kind === 'absent') areMissing ??= await isMissing(disk, path);
    const inPlace = {
      real: above.real === parent ? path : nameIn(above.real, path),
      isCertain: above.isCertain,
      isMissing: kind === 'absent' && areMissing === true,
    };
    places.set(path, kind === 'link' || kind === 'unknown' ? await resolved(disk, path) : inPlace);
  }
}

/** The last component of `path` in another directory. */
const nameIn = (directory: string, path: string): string =>
  `${directory === '/' ? '' : directory}${path.slice(path.lastIndexOf('/'))}`;

type Kind = 'plain' | 'link' | 'absent' | 'unknown';

async function kindsIn(
  disk: DiskReader,
  parent: string,
  paths: readonly string[],
): Promise<(path: string) => Kind | Promise<Kind>> {
  const look = async (path: string): Promise<Kind> => {
    if (path === parent) return 'link';
    const info = await disk.lstat(path);
    if (!info.ok) return info.code === 'ENOENT' ? 'absent' : 'unknown';
    return info.value.kind === 'symlink' ? 'link' : 'plain';
  };
  const listing = paths.length < WORTH_LISTING ? null : await disk.list(parent);
  if (listing === null || !listing.ok) return look;
  const kinds = new Map(listing.value.map(({ name, kind }) => [name, kind]));
  return (path) => {
    const kind = kinds.get(basename(path));
    if (path === parent || kind === 'unknown') return look(path);
    if (kind === undefined) return 'absent';
    return kind === 'symlink' ? 'link' : 'plain';
  };
}

async function isMissing(disk: DiskReader, path: string): Promise<boolean> {
  const state = await presence(disk, path);
  return state.known && state.value === 'missing';
}

const resolved = async (disk: DiskReader, path: string): Promise<PathPlace> => ({
  ...(await resolveExisting(disk, path)),
  isMissing: await isMissing(disk, path),
});
