/**
 * The one recursive removal in the program. Only purge calls it, only on quarantined things.
 *
 * Contract: removes `root` and what is below it, on one file system, in slices that stop at the
 * deadline and go on next time. A symbolic link is removed, never followed; a mount point stops
 * the removal, and so does a file that is newer than it may be; a read-only directory is made writable first.
 * Failure direction: the first thing that refuses ends the removal with its name.
 */
import { join } from 'node:path';
import { COMMAND } from '../core/messages.ts';
import type { DirEntry, Disk, FileInfo } from '../io/ports.ts';

export type Removal =
  | { readonly state: 'gone'; readonly bytes: number }
  | { readonly state: 'unfinished'; readonly bytes: number }
  | { readonly state: 'stopped'; readonly bytes: number; readonly why: string };

interface Work {
  readonly disk: Disk;
  readonly dev: number;
  readonly isOutOfTime: () => boolean;
  readonly writtenUntilMs: number;
  bytes: number;
}

/** Files removed at once; enough to keep the disk busy, few enough to stop on time. */
const SLICE = 32;

/** Deeper trees than this exist only by accident or malice. */
const MAX_DEPTH = 400;

/**
 * @param root absolute path of what is to go; its parent must be ours
 * @param isOutOfTime asked between slices
 * @param writtenUntilMs epoch milliseconds; a file written later stays, and ends the removal
 */
export async function removeTree(
  disk: Disk,
  root: string,
  isOutOfTime: () => boolean,
  writtenUntilMs: number = Number.POSITIVE_INFINITY,
): Promise<Removal> {
  const info = await disk.lstat(root);
  if (!info.ok) return info.code === 'ENOENT' ? { state: 'gone', bytes: 0 } : stopped(0, info.why);
  const parent = await disk.lstat(join(root, '..'));
  if (!parent.ok) return stopped(0, parent.why);
  if (info.value.dev !== parent.value.dev) return stopped(0, `${root} is a mount point`);
  const work: Work = { disk, dev: info.value.dev, isOutOfTime, writtenUntilMs, bytes: 0 };
  const end = await removeOne(work, root, info.value, 0);
  if (end === null) return { state: 'gone', bytes: work.bytes };
  return end === 'late' ? { state: 'unfinished', bytes: work.bytes } : stopped(work.bytes, end.why);
}

type End = null | 'late' | { readonly why: string };

async function removeOne(work: Work, path: string, info: FileInfo, depth: number): Promise<End> {
  if (info.dev !== work.dev) return { why: `${path} is on another file system` };
  if (info.kind !== 'directory') return removeLeaf(work, path, info);
  if (depth > MAX_DEPTH) return { why: `${path} lies deeper than ${MAX_DEPTH} directories` };
  const entries = await openDirectory(work, path, info);
  if ('why' in entries) return entries;
  const end = await removeEntries(work, path, entries.listing, depth);
  if (end !== null) return end;
  const removed = await work.disk.removeEmptyDir(path);
  return removed.ok || removed.code === 'ENOENT' ? null : { why: removed.why };
}

async function removeEntries(work: Work, path: string, listing: readonly DirEntry[], depth: number): Promise<End> {
  for (let start = 0; start < listing.length; start += SLICE) {
    if (work.isOutOfTime()) return 'late';
    const slice = listing.slice(start, start + SLICE).map(({ name }) => join(path, name));
    const infos = await Promise.all(slice.map(async (each) => ({ each, info: await work.disk.lstat(each) })));
    const leaves: Promise<End>[] = [];
    for (const { each, info } of infos) {
      if (!info.ok) {
        if (info.code !== 'ENOENT') return { why: info.why };
      } else if (info.value.kind !== 'directory') leaves.push(removeOne(work, each, info.value, depth + 1));
    }
    const failed = (await Promise.all(leaves)).find((end) => end !== null);
    if (failed !== undefined) return failed;
    for (const { each, info } of infos) {
      if (!info.ok || info.value.kind !== 'directory') continue;
      const end = await removeOne(work, each, info.value, depth + 1);
      if (end !== null) return end;
    }
  }
  return null;
}

async function removeLeaf(work: Work, path: string, info: FileInfo): Promise<End> {
  // Of a file with another name no byte goes with this one.
  if (info.nlink <= 1 && info.mtimeMs > work.writtenUntilMs)
    return { why: `${path} was written to in quarantine. Next: move it out of there, then ${COMMAND} purge` };
  const removed = await work.disk.removeFile(path);
  if (!removed.ok && removed.code !== 'ENOENT') return { why: removed.why };
  if (info.nlink <= 1) work.bytes += info.allocated;
  return null;
}

/** Lists a directory, after giving its owner the right to empty it where that is missing. */
async function openDirectory(
  work: Work,
  path: string,
  info: FileInfo,
): Promise<{ listing: readonly DirEntry[] } | { why: string }> {
  if ((info.mode & 0o700) !== 0o700) {
    const opened = await work.disk.chmod(path, 0o700);
    if (!opened.ok) return { why: opened.why };
  }
  const listing = await work.disk.list(path);
  return listing.ok ? { listing: listing.value } : { why: listing.why };
}

const stopped = (bytes: number, why: string): Removal => ({ state: 'stopped', bytes, why });
