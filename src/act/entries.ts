/**
 * Reads and writes the notes beside quarantined things.
 *
 * Contract: an entry is written durably before the change it announces.
 * Failure direction: a directory whose note cannot be read is reported and left alone.
 */
import { type Entry, parseEntry } from '../core/entry.ts';
import { type Actor, type Done, outcome } from './context.ts';

/** Announces or records a phase. */
export async function writeEntry({ io, layout }: Actor, entry: Entry): Promise<Done> {
  const paths = layout.entry(entry.id);
  const made = await io.disk.makeDir(paths.directory);
  if (!made.ok) return outcome(made, 'making the quarantine directory');
  return outcome(await io.disk.writeFile(paths.record, JSON.stringify(entry, null, 1)), 'writing the quarantine entry');
}

export interface EntryListing {
  /** Oldest first. */
  readonly entries: readonly Entry[];
  /** Names of directories in quarantine without a readable note. */
  readonly unreadable: readonly string[];
}

/** All entries in quarantine. */
export async function readEntries({ io, layout }: Pick<Actor, 'io' | 'layout'>): Promise<EntryListing> {
  const listing = await io.disk.list(layout.quarantine);
  if (!listing.ok) return { entries: [], unreadable: [] };
  const entries: Entry[] = [];
  const unreadable: string[] = [];
  for (const { name, kind } of listing.value) {
    const entry = kind === 'directory' ? await readEntry({ io, layout }, name) : null;
    if (entry === null) unreadable.push(name);
    else entries.push(entry);
  }
  return { entries: entries.sort((one, other) => one.atMs - other.atMs), unreadable };
}

/** One entry, or null when there is none of that name that can be read. */
export async function readEntry({ io, layout }: Pick<Actor, 'io' | 'layout'>, id: string): Promise<Entry | null> {
  const text = await io.disk.readText(layout.entry(id).record);
  const entry = text.ok ? parseEntry(text.value) : null;
  return entry?.id === id ? entry : null;
}

/**
 * Removes an entry's note and its emptied directory. What is not empty stays: `rmdir` refuses.
 */
export async function dropEntry({ io, layout }: Actor, entry: Entry): Promise<Done> {
  const paths = layout.entry(entry.id);
  for (const path of [paths.branchReflog, paths.record]) {
    const removed = await io.disk.removeFile(path);
    if (!removed.ok && removed.code !== 'ENOENT') return outcome(removed, 'removing the quarantine entry');
  }
  for (const path of [paths.ballast, paths.directory]) {
    const removed = await io.disk.removeEmptyDir(path);
    if (!removed.ok && removed.code !== 'ENOENT') return outcome(removed, 'removing the quarantine directory');
  }
  return { ok: true, value: undefined };
}
