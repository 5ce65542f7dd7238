/**
 * One walk through a staging entry: its newest time, and the first repository in it.
 *
 * Contract: symbolic links are not followed. Failure direction: a tree that is larger or deeper than
 * the limits, or has a part that cannot be read, is unknown as a whole.
 */
import { join } from 'node:path';
import { type Fact, known, unknown } from '../core/model.ts';
import type { DirEntry, DiskReader } from '../io/ports.ts';

/** Looking at an entry costs some 20 µs: this many are about a second, half of a hook's time. */
const MAX_ENTRIES = 50_000;

/** Nothing made by a tool nests deeper; a loop of mounts would. */
const MAX_DEPTH = 64;

export interface Tree {
  /** Epoch milliseconds. */
  readonly newestMs: number;
  /** The directory of a repository or worktree inside, or null. */
  readonly repository: string | null;
}

/** Walks the tree at `path`, which may be a file. */
export async function look(disk: DiskReader, path: string): Promise<Fact<Tree>> {
  const root = await disk.lstat(path);
  if (!root.ok) return unknown(`it could not be looked at: ${root.why}`);
  let newestMs = root.value.mtimeMs;
  let repository: string | null = null;
  const pending = root.value.kind === 'directory' ? [{ path, depth: 0 }] : [];
  let seen = 0;
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const { path: directory, depth } = next;
    if (depth > MAX_DEPTH) return unknown(`it is deeper than ${MAX_DEPTH} directories`);
    const listing = await disk.list(directory);
    if (!listing.ok) return unknown(`a part of it could not be read: ${listing.why}`);
    seen += listing.value.length;
    if (seen > MAX_ENTRIES) return unknown(`it holds more than ${MAX_ENTRIES} entries`);
    if (isRepository(listing.value)) repository ??= directory;
    const infos = await Promise.all(listing.value.map(({ name }) => disk.lstat(join(directory, name))));
    for (const [index, info] of infos.entries()) {
      if (!info.ok) return unknown(`a part of it could not be looked at: ${info.why}`);
      newestMs = Math.max(newestMs, info.value.mtimeMs);
      const name = listing.value[index]?.name ?? '';
      if (info.value.kind === 'directory') pending.push({ path: join(directory, name), depth: depth + 1 });
    }
  }
  return known({ newestMs, repository });
}

/** A `.git` of any kind, or what a bare repository consists of. */
function isRepository(entries: readonly DirEntry[]): boolean {
  const names = new Set(entries.map(({ name }) => name.toLowerCase()));
  return names.has('.git') || (names.has('head') && names.has('objects') && names.has('refs'));
}
