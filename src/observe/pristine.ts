/**
 * A worktree that is just as git left it, seen without asking git about each file.
 *
 * Contract: answers only when git could not answer otherwise: HEAD's tree is the index's, every file has the
 * very stat data that the index remembers of it and is older than the index, and nothing else is there but
 * what git calls ignored. It is the comparison that git itself makes before it reads any file.
 * Failure direction: null for everything else, and whoever asked starts git.
 */
import { join } from 'node:path';
import { type GitIndex, type IndexEntry, parseIndexFile } from '../core/gitindex.ts';
import type { DiskReader, ExactInfo } from '../io/ports.ts';
import { type IndexListing, listingOf, type Place } from './changes.ts';

/** Ten bytes a path and more: a larger index takes longer to read here than git takes to start. */
const MAX_INDEX_BYTES = 4 * 1024 * 1024;

export interface Pristine {
  readonly index: IndexListing;
  /** Ignored paths, relative, directories with a trailing `/`. */
  readonly ignored: readonly string[];
}

/**
 * @param headTree the id of the tree of the commit that HEAD names
 * @param areIgnored whether git ignores every one of these paths
 * @param seen told of the index, whatever the answer will be
 */
export async function readPristine(
  disk: DiskReader,
  place: Place,
  headTree: string,
  areIgnored: (paths: readonly string[]) => Promise<boolean>,
  seen: (index: GitIndex) => void = () => undefined,
): Promise<Pristine | null> {
  // With a configuration of its own it may be sparse, or have filters that nobody was asked about.
  const own = await disk.lstat(join(place.adminDir, 'config.worktree'));
  if (own.ok || own.code !== 'ENOENT') return null;
  const file = join(place.adminDir, 'index');
  const before = await disk.exact(file);
  const bytes = await disk.readBytes(file, MAX_INDEX_BYTES);
  if (!before.ok || !bytes.ok) return null;
  const index = parseIndexFile(bytes.value, headTree.length === 64 ? 32 : 20);
  if (index === null) return null;
  seen(index);
  if (index.tree !== headTree || index.entries.length === 0) return null;
  const listing = listingOf(index.entries.map(({ path }) => path));
  const others = await othersIn(disk, place.tree, listing);
  if (others === null) return null;
  const [isUntouched, isRest] = await Promise.all([
    areUntouched(disk, place.tree, index, before.value.mtimeNs),
    others.length === 0 || areIgnored(others),
  ]);
  if (!isUntouched || !isRest) return null;
  // Whoever writes the index meanwhile is at work here.
  const after = await disk.exact(file);
  const isSame = after.ok && after.value.ino === before.value.ino && after.value.ctimeNs === before.value.ctimeNs;
  return isSame ? { index: listing, ignored: others } : null;
}

/** More than this that git does not track is a matter for git's own way through them. */
const MAX_OTHERS = 1_000;

/** What is there and git does not track; null when that cannot be said in a few names. */
async function othersIn(disk: DiskReader, tree: string, index: IndexListing): Promise<string[] | null> {
  const found: string[] = [];
  const directories = new Set(index.directories);
  for (const directory of ['', ...index.directories]) {
    const listing = await disk.list(directory === '' ? tree : join(tree, directory));
    if (!listing.ok) return null;
    for (const { name, kind } of listing.value) {
      const path = directory === '' ? name : `${directory}/${name}`;
      if (path === '.git' && kind === 'file') continue;
      // A link in place of a directory would lead to files that are as they were, but not here.
      if (directories.has(path) ? kind === 'directory' : kind !== 'directory' && index.hasTracked(path)) continue;
      // Sockets and pipes are named by no status, whatever patterns say.
      if (name === '.git' || kind === 'unknown' || kind === 'other' || found.length === MAX_OTHERS) return null;
      found.push(kind === 'directory' ? `${path}/` : path);
    }
  }
  return found;
}

async function areUntouched(disk: DiskReader, tree: string, index: GitIndex, indexNs: bigint): Promise<boolean> {
  for (let at = 0; at < index.entries.length; at += LOOKED_AT) {
    const entries = index.entries.slice(at, at + LOOKED_AT);
    const infos = await disk.exacts(
      tree,
      entries.map(({ path }) => path),
    );
    if (!entries.every((entry, index) => isUntouched(entry, infos[index] ?? null, indexNs))) return false;
  }
  return true;
}

/** Files at one time, since the first that was touched decides. */
const LOOKED_AT = 256;

const LOWER_32_BITS = 0xffff_ffffn;

/** What git compares; a file as new as the index may have changed after it was noted, in the same instant. */
function isUntouched(entry: IndexEntry, info: ExactInfo | null, indexNs: bigint): boolean {
  if (info === null) return false;
  const isOld = entry.mtimeNs === info.mtimeNs && entry.ctimeNs === info.ctimeNs && info.mtimeNs < indexNs;
  return isOld && isAsNoted(entry, info);
}

/** The same file as the index remembers, times aside. */
export function isAsNoted(entry: IndexEntry, info: ExactInfo): boolean {
  const low = (value: bigint) => Number(value & LOWER_32_BITS);
  return (
    entry.ino === low(info.ino) &&
    entry.uid === low(info.uid) &&
    entry.gid === low(info.gid) &&
    entry.size === low(info.size) &&
    entry.mode === modeOf(info)
  );
}

function modeOf({ kind, mode }: ExactInfo): number {
  if (kind === 'symlink') return 0o120000;
  if (kind !== 'file') return 0;
  return (mode & 0o100) === 0 ? 0o100644 : 0o100755;
}
