/**
 * What became of a name that is no worktree and no staging entry now: in quarantine, about to be, restored, forgotten.
 *
 * Contract: reads only. The quarantine itself counts before the journal, which only tells people.
 */
import { resolve } from 'node:path';
import { type EntryListing, readEntries } from './act/entries.ts';
import { type JournalRecord, readJournal } from './act/journal.ts';
import type { Entry } from './core/entry.ts';
import type { Workspace } from './workspace.ts';

export type Whereabouts =
  | { readonly state: 'quarantined'; readonly entry: Entry }
  | { readonly state: 'unmoved'; readonly entry: Entry }
  | { readonly state: 'restored'; readonly record: JournalRecord; readonly at: string }
  | { readonly state: 'forgotten'; readonly record: JournalRecord };

/** Where the thing is that an id, a branch or a path names; null when nothing ever was called that. */
export async function whereabouts(workspace: Workspace, name: string): Promise<Whereabouts | null> {
  const { entries } = await readEntries(workspace);
  const entry = findEntry(entries, name, workspace.from);
  if (entry !== null && entry !== 'ambiguous')
    return { state: (await isUnmoved(workspace, entry)) ? 'unmoved' : 'quarantined', entry };
  const { records } = await readJournal(workspace);
  const path = resolve(workspace.from, name);
  // A detached restore is recorded without the branch that its reclaim was recorded with.
  const named = records.findLast(({ id, branch, path: was }) => id === name || branch === name || was === path);
  const record = records.findLast(({ id }) => id === named?.id);
  if (record === undefined || !OVER.has(record.event)) return null;
  if (record.event === 'forgotten') return { state: 'forgotten', record };
  return { state: 'restored', record, at: record.detail ?? record.path };
}

/**
 * True for an entry that was announced and holds nothing: its pass was cut off before anything moved, so it
 * is still in its place. False where that cannot be told.
 */
export async function isUnmoved({ io, layout }: Pick<Workspace, 'io' | 'layout'>, entry: Entry): Promise<boolean> {
  if (entry.phase !== 'intent') return false;
  for (const path of [entry.tree, layout.entry(entry.id).admin]) {
    const info = path === null ? null : await io.disk.lstat(path);
    if (info !== null && (info.ok || info.code !== 'ENOENT')) return false;
  }
  return entry.tree === null || (await io.disk.lstat(entry.path)).ok;
}

/** What is in quarantine, without what was only announced. Oldest first. */
export async function heldEntries(place: Pick<Workspace, 'io' | 'layout'>): Promise<EntryListing> {
  const { entries, unreadable } = await readEntries(place);
  const held: Entry[] = [];
  for (const entry of entries) if (!(await isUnmoved(place, entry))) held.push(entry);
  return { entries: held, unreadable };
}

/** After these nothing is in quarantine any more. */
const OVER: ReadonlySet<string> = new Set(['restored', 'forgotten']);

/** By id, by branch or by path (the newest counts), else by the start of an id. */
export function findEntry(entries: readonly Entry[], name: string, from: string): Entry | 'ambiguous' | null {
  const exact = entries.find(({ id }) => id === name);
  if (exact !== undefined) return exact;
  const newest = [...entries].reverse();
  const path = resolve(from, name);
  const named = newest.find((entry) => entry.branch === name) ?? newest.find((entry) => entry.path === path);
  if (named !== undefined) return named;
  const starting = entries.filter(({ id }) => id.startsWith(name));
  return starting.length > 1 ? 'ambiguous' : (starting[0] ?? null);
}
