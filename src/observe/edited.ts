/**
 * Whether a package directory was edited by hand after the package manager had finished with it.
 *
 * Contract: asked before ballast is purged. A package manager writes its own mark last; a file
 * below that is much newer was put there by a person: a patched dependency, a note, a key. One that was moved
 * or copied there keeps its old time of writing, and is told by when its inode last changed. What a later
 * install has gone over cannot be told apart, nor what was edited while it ran.
 * Only node_modules has such a mark; the caches that tools keep there do not count.
 * Failure direction: unknown, which leaves it with the tree.
 */
import { join } from 'node:path';
import { type Fact, known, unknown } from '../core/model.ts';
import { MANAGER_MARKS } from '../core/rebuildable.ts';
import type { DiskReader, FileInfo } from '../io/ports.ts';

/** Post-install scripts and copies of a whole tree write for some time after the mark. */
const SETTLING_MS = 10 * 60_000;

/** What tools write into node_modules long after the install. */
const CACHES = new Set(['.cache', '.vite', '.vite-temp', '.vitest', '.turbo', '.astro', '.prisma', '.tmp']);

/** Larger package directories exist; this many entries are looked through in a few seconds. */
const MAX_ENTRIES = 2_000_000;

/** The path of a file that is newer than the mark, or null. A directory without a mark is not judged. */
export async function editedByHand(disk: DiskReader, directory: string): Promise<Fact<string | null>> {
  const marked = await newestMark(disk, directory);
  if (!marked.known) return marked;
  const mark = marked.value;
  if (mark === null) return known(null);
  const pending = [directory];
  let seen = 0;
  for (let here = pending.pop(); here !== undefined; here = pending.pop()) {
    const place = here;
    const listing = await disk.list(place);
    if (!listing.ok) return unknown(listing.why);
    seen += listing.value.length;
    if (seen > MAX_ENTRIES) return unknown(`it holds more than ${MAX_ENTRIES} entries`);
    const counted = listing.value.filter(({ name }) => place !== directory || !CACHES.has(name));
    const infos = await Promise.all(
      counted.map(async ({ name }) => ({ path: join(place, name), info: await disk.lstat(join(place, name)) })),
    );
    for (const { path, info } of infos) {
      if (!info.ok) return unknown(info.why);
      if (info.value.kind === 'directory') pending.push(path);
      else if (info.value.kind === 'file' && isLaterThan(mark, info.value)) return known(path);
    }
  }
  return known(null);
}

type Times = Pick<FileInfo, 'mtimeMs' | 'ctimeMs'>;

/** A file with more names changes its inode whenever a package manager links its store's copy to another project. */
const isLaterThan = (mark: Times, { mtimeMs, ctimeMs, nlink }: FileInfo): boolean =>
  mtimeMs > mark.mtimeMs + SETTLING_MS || (nlink === 1 && ctimeMs > Math.max(mark.mtimeMs, mark.ctimeMs) + SETTLING_MS);

async function newestMark(disk: DiskReader, directory: string): Promise<Fact<Times | null>> {
  let newest: Times | null = null;
  for (const mark of MANAGER_MARKS) {
    const info = await disk.lstat(join(directory, mark));
    if (info.ok) newest = newest === null ? info.value : laterOf(newest, info.value);
    else if (info.code !== 'ENOENT') return unknown(info.why);
  }
  return known(newest);
}

const laterOf = (one: Times, other: Times): Times => ({
  mtimeMs: Math.max(one.mtimeMs, other.mtimeMs),
  ctimeMs: Math.max(one.ctimeMs, other.ctimeMs),
});
