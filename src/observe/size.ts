/**
 * Bytes that a directory takes on disk.
 *
 * Contract: allocated blocks, hard links counted once, symbolic links not followed, other file
 * systems not entered. Failure direction: what cannot be read, or time that runs out, gives null.
 */
import { join } from 'node:path';
import type { DiskReader } from '../io/ports.ts';

/** Allocated bytes of `path` and all below it, or null. */
export async function sizeOf(disk: DiskReader, path: string, isOutOfTime: () => boolean): Promise<number | null> {
  const root = await disk.lstat(path);
  if (!root.ok) return null;
  const seen = new Set<number>();
  let total = root.value.allocated;
  const pending = root.value.kind === 'directory' ? [path] : [];
  for (let directory = pending.pop(); directory !== undefined; directory = pending.pop()) {
    if (isOutOfTime()) return null;
    const listing = await disk.list(directory);
    if (!listing.ok) return null;
    const here = directory;
    const infos = await Promise.all(
      listing.value.map(async ({ name }) => ({ path: join(here, name), info: await disk.lstat(join(here, name)) })),
    );
    for (const { path: each, info } of infos) {
      if (!info.ok || info.value.dev !== root.value.dev) continue;
      if (info.value.nlink > 1 && info.value.kind !== 'directory') {
        if (seen.has(info.value.ino)) continue;
        seen.add(info.value.ino);
      }
      total += info.value.allocated;
      if (info.value.kind === 'directory') pending.push(each);
    }
  }
  return total;
}
