/**
 * Whether a quarantined tree has been left alone.
 *
 * Contract: asked before its files are purged. Answers what disturbs it, or null.
 * Failure direction: unknown, which keeps the files.
 */
import { join } from 'node:path';
import { type Fact, known, unknown } from '../core/model.ts';
import { isInside } from '../core/paths.ts';
import type { Io } from '../io/ports.ts';
import { occupants } from './processes.ts';
import type { View } from './view.ts';

/** Moving ballast out touches directories in the seconds after the reclaim was stamped; files it never touches. */
const SETTLING_MS = 60_000;

/** More files than this are not looked through in one pass; the tree stays until they are fewer. */
const MAX_ENTRIES = 2_000_000;

/**
 * @param sinceMs epoch milliseconds of the reclaim; Infinity to ask about processes only
 */
export async function quietSince(io: Io, view: View, tree: string, sinceMs: number): Promise<Fact<string | null>> {
  const info = await io.disk.lstat(tree);
  if (!info.ok) return info.code === 'ENOENT' ? known(null) : unknown(info.why);
  const table = await view.processes();
  if (!table.known) return unknown(`the processes could not be listed: ${table.why}`);
  const found = await occupants(table.value, { path: tree, dev: info.value.dev, ino: info.value.ino });
  if (!found.known) return found;
  const [inside] = found.value;
  if (inside !== undefined) return known(`${inside.command} (pid ${inside.pid}) uses it`);
  const registered = view.worktrees.find(({ path }) => isInside(path, tree));
  if (registered !== undefined) return known('a worktree is registered inside it');
  const mounts = await view.mounts.inside(tree);
  if (!mounts.known) return unknown(mounts.why);
  if (mounts.value[0] !== undefined) return known(`${mounts.value[0]} is a mount point`);
  return Number.isFinite(sinceMs) ? writtenSince(io, tree, sinceMs) : known(null);
}

async function writtenSince(io: Io, tree: string, sinceMs: number): Promise<Fact<string | null>> {
  const pending = [tree];
  let seen = 0;
  for (let directory = pending.pop(); directory !== undefined; directory = pending.pop()) {
    const here = directory;
    const listing = await io.disk.list(here);
    if (!listing.ok) {
      if (listing.code === 'ENOTDIR') continue;
      return unknown(listing.why);
    }
    seen += listing.value.length;
    if (seen > MAX_ENTRIES) return unknown(`it holds more than ${MAX_ENTRIES} entries`);
    const infos = await Promise.all(
      listing.value.map(async ({ name }) => ({ path: join(here, name), info: await io.disk.lstat(join(here, name)) })),
    );
    for (const { path, info } of infos) {
      if (!info.ok) return unknown(info.why);
      const isDirectory = info.value.kind === 'directory';
      const limitMs = isDirectory ? sinceMs + SETTLING_MS : sinceMs;
      if (info.value.mtimeMs > limitMs || info.value.ctimeMs > limitMs)
        return known(`${path} was written to in quarantine`);
      if (isDirectory) pending.push(path);
    }
  }
  return known(null);
}
