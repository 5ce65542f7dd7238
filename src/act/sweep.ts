/**
 * Sweeps up what writes that were cut short left: `<name>.<n>.<pid>.tmp`.
 *
 * Contract: only names of that form, only files, only where this program writes. In a directory of our
 * own every such file is stale, because its writers hold the lock of the pass, which is ours now; where
 * other processes write too, only those of dead ones are.
 * Failure direction: what cannot be told or removed stays.
 */
import { basename, dirname, join } from 'node:path';
import { parseTemporary } from '../core/temporary.ts';
import { writerIsGone } from '../io/processes.ts';
import type { Actor } from './context.ts';

/** True for the name of a write that is not finished. */
export const isTemporary = (name: string): boolean => parseTemporary(name) !== null;

/** Sweeps a directory in which nobody else writes. */
export async function sweepOwn({ io }: Actor, directory: string): Promise<void> {
  await sweep({ io }, directory, () => true);
}

/** Sweeps what an earlier attempt to write `path` left, in a directory that is not ours. */
export async function sweepBeside({ io }: Actor, path: string): Promise<void> {
  await sweep({ io }, dirname(path), (name) => name === basename(path));
}

/** Sweeps a directory that is shared with hooks and commands: only the files of dead processes. */
export async function sweepShared({ io }: Actor, directory: string): Promise<void> {
  await sweep({ io }, directory, (_name, pid) => writerIsGone(io.processes, pid));
}

/** Locks of dead passes that were moved aside by a pass which died before it could remove them. */
const MOVED_LOCK = /^lock\.[0-9a-f]{8}$/;

/** A living pass removes what it moved aside within moments; an hour is beyond doubt. */
const MOVED_LOCK_MS = 3_600_000;

export async function sweepLocks({ io, layout }: Actor): Promise<void> {
  const listing = await io.disk.list(layout.root);
  if (!listing.ok) return;
  for (const { name } of listing.value.filter((entry) => MOVED_LOCK.test(entry.name))) {
    const info = await io.disk.lstat(join(layout.root, name));
    if (info.ok && io.clock.nowMs() - info.value.mtimeMs > MOVED_LOCK_MS)
      await io.disk.removeFile(join(layout.root, name));
  }
}

async function sweep(
  { io }: Pick<Actor, 'io'>,
  directory: string,
  isStale: (name: string, pid: number) => boolean,
): Promise<void> {
  const listing = await io.disk.list(directory);
  if (!listing.ok) return;
  for (const entry of listing.value) {
    const temporary = parseTemporary(entry.name);
    const path = join(directory, entry.name);
    if (entry.kind !== 'file' || temporary === null || !isStale(temporary.target, temporary.pid)) continue;
    // A second pass of this very process may be asking for the lock, or a claim may be written beside it.
    if (!(await io.disk.isWriting(path))) await io.disk.removeFile(path);
  }
}
