/**
 * Private directories to merge in, and the end of those that nobody ended.
 *
 * Contract: each is new, readable by nobody else, and named so that no other program's is meant:
 * `reaper-hook-<pid>-<uuid>` in the system's temporary directory, never in the repository, which
 * may be read-only and is to stay as it is. A killed run leaves its own behind; the next one
 * removes it when it is this user's and older than any run lasts.
 * Failure direction: what cannot be looked at or removed is left. Where a run did last longer, git
 * no longer finds its objects there, and what is unread is kept.
 */
import { randomUUID } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Disk } from '../../io/ports.ts';

/** The deepest there is: objects/<xx>/<file>. */
const DEPTH = 3;

/** A pass lasts seconds, and `landed` on thousands of branches minutes. */
const LONGEST_RUN_MS = 3_600_000;

/** Looked at in one run, 0.1 ms each; they are removed at 2 ms each, and far more are not left between two passes. */
const MAX_LOOKED_AT = 500;
const MAX_REMOVED = 50;

const NAME = /^reaper-hook-\d+-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

export const newScratchPath = (): string => join(tmpdir(), `reaper-hook-${process.pid}-${randomUUID()}`);

/** Removes what is in a scratch directory, following no link; what cannot be removed is left. */
export async function removeScratch(disk: Disk, directory: string, depth = DEPTH): Promise<void> {
  const listed = await disk.list(directory);
  if (!listed.ok) return;
  await Promise.all(
    listed.value.map((entry) => {
      const path = join(directory, entry.name);
      if (entry.kind !== 'directory') return disk.removeFile(path);
      return depth > 0 ? removeScratch(disk, path, depth - 1) : undefined;
    }),
  );
  await disk.removeEmptyDir(directory);
}

/** Removes what killed runs of this user left. `own` tells who that is, and what time it is there. */
export async function sweepAbandoned(disk: Disk, own: string): Promise<void> {
  const [mine, listed] = await Promise.all([disk.lstat(own), disk.list(tmpdir())]);
  if (!mine.ok || !listed.ok) return;
  const named = listed.value.filter(({ name, kind }) => kind === 'directory' && NAME.test(name));
  let removed = 0;
  for (const { name } of named.slice(0, MAX_LOOKED_AT)) {
    const path = join(tmpdir(), name);
    const info = await disk.lstat(path);
    if (!info.ok || info.value.kind !== 'directory' || info.value.uid !== mine.value.uid) continue;
    if (mine.value.mtimeMs - info.value.mtimeMs < LONGEST_RUN_MS) continue;
    await removeScratch(disk, path);
    if (++removed === MAX_REMOVED) return;
  }
}
