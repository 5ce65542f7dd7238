/**
 * Reads and writes the notes beside quarantined things.
 *
 * Contract: an entry is written durably before the change it announces.
 * Failure direction: a directory whose note cannot be read is reported and left alone.
 */
import { dirname, join } from 'node:path';
import { type Entry, parseEntry } from '../core/entry.ts';
import { isInside } from '../core/paths.ts';
import { foreignPlace } from './beside.ts';
import { type Actor, type Done, done, failed, outcome } from './context.ts';
import { isTemporary, sweepOwn } from './sweep.ts';

/** Writes the first note of an entry; an id that is taken is refused, never written over. */
export async function createEntry({ io, layout }: Actor, entry: Entry): Promise<Done> {
  const paths = layout.entry(entry.id);
  const taken = await io.disk.lstat(paths.directory);
  if (taken.ok) return failed(`${entry.id} is the name of another entry in quarantine`);
  const made = await io.disk.makeDir(paths.directory);
  if (!made.ok) return outcome(made, 'making the quarantine directory');
  return outcome(
    await io.disk.createFile(paths.record, JSON.stringify(entry, null, 1)),
    'writing the quarantine entry',
  );
}

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
  if (!listing.ok) return { entries: [], unreadable: listing.code === 'ENOENT' ? [] : [`(${listing.why})`] };
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
  if (entry?.id !== id) return null;
  const here = entryHere(layout, entry);
  const foreign = await foreignPlace({ io, layout }, here);
  return foreign === null ? here : { ...here, unverified: true };
}

/**
 * A tree below the common directory is looked for below this one: the repository may have been moved, or be
 * a copy, whose notes must not reach into the original. What lay inside it goes back inside it.
 */
function entryHere(layout: Actor['layout'], entry: Entry): Entry {
  const below = `/reaper/quarantine/${entry.id}/tree`;
  if (entry.tree?.endsWith(below) !== true) return entry;
  const [was, is] = [entry.tree.slice(0, -below.length), layout.commonDir];
  const moved = (path: string): string => {
    const isCarried = was !== is && was.endsWith('/.git') && is.endsWith('/.git') && isInside(path, dirname(was));
    return isCarried ? dirname(is) + path.slice(dirname(was).length) : path;
  };
  const restoreTo = entry.restoreTo === null ? null : moved(entry.restoreTo);
  return { ...entry, tree: layout.entry(entry.id).tree, path: moved(entry.path), restoreTo };
}

/**
 * Removes an entry's note and its emptied directory. Anything else in there, and the note stays: nothing
 * in quarantine is ever without one.
 */
export async function dropEntry(actor: Actor, entry: Entry): Promise<Done> {
  const { io, layout } = actor;
  const paths = layout.entry(entry.id);
  const emptied = await io.disk.removeEmptyDir(paths.ballast);
  if (!emptied.ok && emptied.code !== 'ENOENT') return outcome(emptied, 'removing the quarantine directory');
  const listing = await io.disk.list(paths.directory);
  if (!listing.ok) return listing.code === 'ENOENT' ? done : outcome(listing, 'removing the quarantine entry');
  const notes: string[] = [paths.branchReflog, paths.record];
  const stays = listing.value.find(({ name }) => !notes.includes(join(paths.directory, name)) && !isTemporary(name));
  if (stays !== undefined) return failed(`${join(paths.directory, stays.name)} is still there`);
  await sweepOwn(actor, paths.directory);
  for (const path of notes) {
    const removed = await io.disk.removeFile(path);
    if (!removed.ok && removed.code !== 'ENOENT') return outcome(removed, 'removing the quarantine entry');
  }
  return outcome(await io.disk.removeEmptyDir(paths.directory), 'removing the quarantine directory');
}

/** Removes a directory in quarantine that never got a note, or has lost it last: `rmdir` refuses what is not empty. */
export async function dropEmpty(actor: Actor, name: string): Promise<void> {
  const paths = actor.layout.entry(name);
  const record = await actor.io.disk.lstat(paths.record);
  if (record.ok || record.code !== 'ENOENT') return;
  await sweepOwn(actor, paths.directory);
  await actor.io.disk.removeEmptyDir(paths.directory);
}
