/**
 * The end of the wait: ballast at once, trees after `quarantine.keep`, the rest after `forget`.
 *
 * Contract: works through quarantine oldest first, inside the caller's time; each phase is noted
 * before its first removal, so a half-purged tree is never restored as a whole one.
 * Failure direction: an entry that is unverified, in use, or was written to since it was
 * quarantined is not purged; it is reported.
 */
import { ballastPlace, type Entry } from '../core/entry.ts';
import type { Fact } from '../core/model.ts';
import { removePlace } from './beside.ts';
import { type Actor, type Done, done, failed } from './context.ts';
import { dropEntry, readEntries, writeEntry } from './entries.ts';
import { record } from './journal.ts';
import { unpin } from './pins.ts';
import { mayGoEarly, type Pressure, whyEarly } from './pressure.ts';
import { type Removal, removeTree } from './remove.ts';

export interface PurgeWork {
  readonly isOutOfTime: () => boolean;
  /** Whether nobody uses or has written to a quarantined tree since; unknown keeps. */
  readonly isQuiet: (tree: string, sinceMs: number) => Promise<Fact<string | null>>;
  /** A path in a ballast directory that a person seems to have written, or null; unknown keeps. */
  readonly editedByHand: (directory: string) => Promise<Fact<string | null>>;
  /** When the pass before this one ran, epoch milliseconds; null when that is not known. */
  readonly lastPassMs: number | null;
  /** Entries to look at; all when absent. */
  readonly only?: (entry: Entry) => boolean;
  /** Purge files now although their time has not come; a person asked for these entries by name. */
  readonly early?: boolean;
  /** Limits on what quarantine may take; none when absent. */
  readonly pressure?: Pressure;
}

export interface PurgeReport {
  readonly bytes: number;
  readonly purged: readonly string[];
  /** Those of them that went before their time, and why. */
  readonly early: readonly { readonly id: string; readonly why: string }[];
  readonly forgotten: readonly string[];
  readonly problems: readonly { readonly id: string; readonly why: string }[];
  /** False when time ran out first. */
  readonly complete: boolean;
}

interface Tally {
  bytes: number;
  readonly purged: string[];
  readonly early: { id: string; why: string }[];
  readonly forgotten: string[];
  readonly problems: { id: string; why: string }[];
  complete: boolean;
}

/** Longer than this between two passes: nobody was there, or the clock was set; the two look alike. */
const LONG_GAP_MS = 3 * 24 * 3_600_000;

/** What is left of an entry's time after such a gap, at the least. */
const DAY_MS = 24 * 3_600_000;

/** Frees what is due. */
export async function purge(actor: Actor, work: PurgeWork): Promise<PurgeReport> {
  const tally: Tally = { bytes: 0, purged: [], early: [], forgotten: [], problems: [], complete: true };
  if (work.early !== true) await grantTime(actor, work);
  const { entries } = await readEntries(actor);
  const due = entries.filter((entry) => work.only?.(entry) ?? true);
  for (const entry of due) {
    if (work.isOutOfTime()) return { ...tally, complete: false };
    await purgeBallast(actor, entry, work, tally);
  }
  for (const entry of due) {
    if (work.isOutOfTime()) return { ...tally, complete: false };
    const result = await purgeEntry(actor, entry, work, tally);
    if (!result.ok) tally.problems.push({ id: entry.id, why: result.why });
  }
  if (work.pressure !== undefined) await relieve(actor, work, work.pressure, tally);
  return tally;
}

/**
 * After a long gap nothing is purged before another day has passed: a clock that was wrong for one pass, or
 * at the time of a reclaim, costs nobody the days in which they could have restored.
 */
async function grantTime(actor: Actor, { lastPassMs }: PurgeWork): Promise<void> {
  const nowMs = actor.io.clock.nowMs();
  if (lastPassMs !== null && nowMs >= lastPassMs && nowMs - lastPassMs < LONG_GAP_MS) return;
  for (const entry of (await readEntries(actor)).entries)
    if (entry.phase === 'held' && !entry.unverified && entry.keepUntilMs < nowMs + DAY_MS)
      await writeEntry(actor, { ...entry, keepUntilMs: nowMs + DAY_MS });
}

/** Purges before their time what the limits on quarantine ask for, oldest first. */
async function relieve(actor: Actor, work: PurgeWork, pressure: Pressure, tally: Tally): Promise<void> {
  const { maxBytes, minFreeBytes } = pressure.limits;
  if (maxBytes === null && minFreeBytes === null) return;
  const { entries } = await readEntries(actor);
  const holding = entries.filter(({ phase, tree }) => tree !== null && (phase === 'held' || phase === 'purging'));
  const sizes = new Map<string, number>();
  if (maxBytes !== null) for (const entry of holding) sizes.set(entry.id, (await pressure.sizeOf(entry)) ?? 0);
  let heldBytes = [...sizes.values()].reduce((sum, each) => sum + each, 0);
  for (const entry of holding) {
    if (work.isOutOfTime()) {
      tally.complete = false;
      return;
    }
    if (!mayGoEarly(entry, actor.io.clock.nowMs())) continue;
    const why = await whyEarly(entry, heldBytes, pressure);
    if (why === null) return;
    const before = tally.purged.length;
    const result = await purgeEntry(actor, entry, { ...work, early: true }, tally, why);
    if (!result.ok) tally.problems.push({ id: entry.id, why: result.why });
    if (tally.purged.length === before) continue;
    tally.early.push({ id: entry.id, why });
    heldBytes -= sizes.get(entry.id) ?? 0;
  }
}

async function purgeBallast(actor: Actor, entry: Entry, work: PurgeWork, tally: Tally): Promise<void> {
  if (entry.tree === null || entry.ballast.length === 0 || entry.unverified) return;
  if (entry.phase !== 'held' && entry.phase !== 'purging') return;
  const place = ballastPlace(entry.tree);
  if (!(await actor.io.disk.lstat(place)).ok) return;
  const quiet = await work.isQuiet(place, Number.POSITIVE_INFINITY);
  if (!quiet.known || quiet.value !== null) {
    tally.problems.push({ id: entry.id, why: quiet.known ? (quiet.value ?? '') : quiet.why });
    return;
  }
  const { freed, isAllGone } = await purgeUntouched(actor, entry, place, work, tally);
  if (isAllGone) await actor.io.disk.removeEmptyDir(place);
  if (freed > 0) await record(actor, 'ballast-purged', { ...entry, bytes: freed });
}

/** What a person edited stays with the tree for as long as that does. */
async function purgeUntouched(
  actor: Actor,
  entry: Entry,
  place: string,
  work: PurgeWork,
  tally: Tally,
): Promise<{ freed: number; isAllGone: boolean }> {
  let freed = 0;
  let isAllGone = true;
  for (const index of entry.ballast.keys()) {
    if (work.isOutOfTime()) return { freed, isAllGone: false };
    const doomed = await setAside(actor, `${place}/${index}`, work);
    if (doomed === 'stays') isAllGone = false;
    if (doomed === 'stays' || doomed === 'gone') continue;
    const removal = await removeTree(actor.io.disk, doomed.path, work.isOutOfTime);
    count(removal, entry, tally);
    freed += removal.bytes;
    if (removal.state !== 'gone') isAllGone = false;
  }
  if (!isAllGone && work.isOutOfTime()) tally.complete = false;
  return { freed, isAllGone };
}

/** Renamed before its first file goes, so that restore never puts a half-purged directory back. */
async function setAside(
  { io }: Actor,
  directory: string,
  work: PurgeWork,
): Promise<{ path: string } | 'gone' | 'stays'> {
  const path = `${directory}.purging`;
  if ((await io.disk.lstat(path)).ok) return { path };
  const info = await io.disk.lstat(directory);
  if (!info.ok) return info.code === 'ENOENT' ? 'gone' : 'stays';
  const edited = await work.editedByHand(directory);
  if (!edited.known || edited.value !== null) return 'stays';
  return (await io.disk.rename(directory, path)).ok ? { path } : 'stays';
}

async function purgeEntry(actor: Actor, entry: Entry, work: PurgeWork, tally: Tally, why?: string): Promise<Done> {
  const nowMs = actor.io.clock.nowMs();
  if (entry.unverified) return done;
  let current = entry;
  if (current.phase === 'held' && (work.early === true || nowMs >= current.keepUntilMs)) {
    const announced = await announcePurge(actor, current, work);
    if (!announced.ok) return announced;
    current = announced.value;
  } else if (current.phase === 'purging') {
    // Somebody may have come since it was cut off. What was written meanwhile stops the removal at its file.
    const unused = await unusedStill(current, work, Number.POSITIVE_INFINITY);
    if (!unused.ok) return unused;
  }
  if (current.phase === 'purging') {
    const removed = await purgeTree(actor, current, work, tally, why);
    if (!removed.ok) return removed;
    current = removed.value;
  }
  if (current.phase === 'purged' && nowMs >= current.forgetAtMs) return forget(actor, current, work, tally);
  return done;
}

async function announcePurge(actor: Actor, entry: Entry, work: PurgeWork): Promise<Done<Entry>> {
  if (entry.tree !== null) {
    const real = await actor.io.disk.realpath(entry.tree);
    if (!real.ok && real.code !== 'ENOENT') return failed(`kept, because it could not be looked at: ${real.why}`);
    if (real.ok && real.value !== entry.tree) return failed(`kept: ${entry.tree} leads through a symbolic link`);
    const unused = await unusedStill(entry, work, entry.atMs);
    if (!unused.ok) return unused;
  }
  const purging: Entry = { ...entry, phase: 'purging' };
  const written = await writeEntry(actor, purging);
  return written.ok ? { ok: true, value: purging } : written;
}

/** @param sinceMs as `PurgeWork.isQuiet` has it */
async function unusedStill({ tree }: Entry, work: PurgeWork, sinceMs: number): Promise<Done> {
  if (tree === null) return done;
  const quiet = await work.isQuiet(tree, sinceMs);
  if (!quiet.known) return failed(`kept, because it could not be looked at: ${quiet.why}`);
  return quiet.value === null ? done : failed(`kept: ${quiet.value}`);
}

async function purgeTree(
  actor: Actor,
  entry: Entry,
  work: PurgeWork,
  tally: Tally,
  why?: string,
): Promise<Done<Entry>> {
  const beforeBytes = tally.bytes;
  if (entry.tree !== null) {
    const parts = [
      { path: ballastPlace(entry.tree), untilMs: Number.POSITIVE_INFINITY },
      { path: entry.tree, untilMs: entry.atMs },
    ];
    for (const { path, untilMs } of parts) {
      const removal = await removeTree(actor.io.disk, path, work.isOutOfTime, untilMs);
      count(removal, entry, tally);
      if (removal.state !== 'gone') return { ok: true, value: entry };
    }
  }
  const purged: Entry = { ...entry, phase: 'purged', ...(entry.kind === 'staging' ? { forgetAtMs: entry.atMs } : {}) };
  const written = await writeEntry(actor, purged);
  if (!written.ok) return written;
  tally.purged.push(entry.id);
  await record(actor, 'purged', { ...purged, bytes: tally.bytes - beforeBytes }, why);
  return { ok: true, value: purged };
}

/** Registration, pin and note go last: until then the commit can be restored. */
async function forget(actor: Actor, entry: Entry, work: PurgeWork, tally: Tally): Promise<Done> {
  const removal = await removeTree(actor.io.disk, actor.layout.entry(entry.id).admin, work.isOutOfTime);
  count(removal, entry, tally);
  if (removal.state !== 'gone') return done;
  const unpinned = entry.head === null ? done : await unpin(actor, entry.id);
  if (!unpinned.ok) return unpinned;
  await record(actor, 'forgotten', entry);
  await removePlace(actor, entry);
  const dropped = await dropEntry(actor, entry);
  if (dropped.ok) tally.forgotten.push(entry.id);
  return dropped;
}

function count(removal: Removal, entry: Entry, tally: Tally): void {
  tally.bytes += removal.bytes;
  if (removal.state === 'unfinished') tally.complete = false;
  if (removal.state === 'stopped') tally.problems.push({ id: entry.id, why: removal.why });
}
