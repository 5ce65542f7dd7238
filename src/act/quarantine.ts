/**
 * Reclaiming: two renames, with a note before and a second look between.
 *
 * Contract: on `reclaimed` the thing is in quarantine and restorable; on any other outcome it is
 * where it was, as it was. Nothing is copied and nothing is deleted.
 * Failure direction: every step that does not succeed sends everything back.
 *
 * Why this order:
 * 1. the note: a pass that dies later finds what it was doing;
 * 2. our lock on the registration: `git gc` and `git worktree prune` drop registrations whose
 *    directory is absent, and spare locked ones;
 * 3. the pin: the commits outlive the registration's reflog;
 * 4. the directory's rename: from here on nobody can start anything new by its old path;
 * 5. the second look, with the same decision, at what was moved: it sees every write that came
 *    between the first look and the rename;
 * 6. the registration's rename, which makes it final unless git was at work in it since before the
 *    second look; then the parts that only save space.
 */
import { dirname, join } from 'node:path';
import { ballastPlace, type Entry, ourLock } from '../core/entry.ts';
import type { Reason, Verdict } from '../core/model.ts';
import { makePlace } from './beside.ts';
import { deleteBranch, saveReflog } from './branch.ts';
import { type Actor, type Done, done, failed, outcome } from './context.ts';
import { createEntry, writeEntry } from './entries.ts';
import { record } from './journal.ts';
import { pin, pinFor } from './pins.ts';
import { rollBack } from './recover.ts';
import { rewriteLock } from './registration.ts';
import { keepingTime } from './times.ts';

export type Outcome =
  | { readonly outcome: 'reclaimed'; readonly entry: Entry; readonly notes: readonly string[] }
  | { readonly outcome: 'refused'; readonly reasons: readonly Reason[] }
  | { readonly outcome: 'failed'; readonly error: string };

export interface Reclaim {
  /** Phase `intent`, as it is before anything is known of its pin, its own lock and its branch. */
  readonly entry: Entry;
  /** Absolute path of the registration, or null for a staging entry. */
  readonly adminDir: string | null;
  /** Commits of the reflogs, to be pinned with HEAD. */
  readonly reflogCommits: readonly string[];
  /** Blobs that perhaps only its index names, to be pinned too. */
  readonly indexBlobs: readonly string[];
  /** Looks again at the thing where it lies now, with facts observed afresh. */
  readonly secondLook: (at: string) => Promise<{ verdict: Verdict; ballast: readonly string[] }>;
  /** Whether the branch may be deleted, by `worktrees.branch`. */
  readonly deleteBranch: boolean;
  /** False once another pass has taken over. */
  readonly stillOurs: () => Promise<boolean>;
}

/** Moves one candidate into quarantine. */
export async function quarantine(actor: Actor, reclaim: Reclaim): Promise<Outcome> {
  let { entry } = reclaim;
  const held = await commitsToHold(actor, reclaim);
  if (!(await reclaim.stillOurs())) return refused('another pass has taken over');
  if (!held.ok) return unbegun(actor, entry, held.why);
  const own = await readLock(actor, reclaim);
  if (!own.ok) return { outcome: 'refused', reasons: [RELOCKED] };
  entry = { ...entry, lockText: own.value, pin: held.value };
  const announced = await announce(actor, entry);
  if (!announced.ok) return abandon(actor, entry, reclaim, announced.why);
  const locked = await lockRegistration(actor, entry, reclaim.adminDir);
  if (!locked.ok) return abandon(actor, entry, reclaim, locked.why);
  if (!locked.value) return takeBack(actor, entry, reclaim, { verdict: 'keep', reasons: [RELOCKED] });
  const pinned = entry.pin === null ? done : await pin(actor, entry.id, entry.pin);
  if (!pinned.ok) return abandon(actor, entry, reclaim, pinned.why);
  const moved = await moveTree(actor, entry);
  if (!moved.ok) return abandon(actor, entry, reclaim, moved.why);
  const before = await signsOfWork(actor, reclaim.adminDir);
  const look = await reclaim.secondLook(entry.tree ?? entry.path);
  if (look.verdict.verdict !== 'reclaim') return takeBack(actor, entry, reclaim, look.verdict);
  const final = await moveRegistration(actor, entry, reclaim.adminDir);
  if (!final.ok) return abandon(actor, entry, reclaim, final.why);
  const after = await signsOfWork(actor, reclaim.adminDir === null ? null : actor.layout.entry(entry.id).admin);
  if (before === null || after !== before) return takeBack(actor, entry, reclaim, DISTURBED);
  return settle(actor, entry, reclaim, look.ballast);
}

/** What follows once the registration is in quarantine: from here on nothing is taken back. */
async function settle(actor: Actor, moved: Entry, reclaim: Reclaim, ballast: readonly string[]): Promise<Outcome> {
  const notes: string[] = [];
  let entry: Entry = { ...moved, phase: 'held' };
  const held = await writeEntry(actor, entry);
  if (!held.ok) notes.push(held.why);
  const light = await moveBallast(actor, entry, ballast);
  entry = light.entry;
  notes.push(...light.notes);
  if (reclaim.deleteBranch && entry.branch !== null && entry.head !== null) {
    const deleted = await dropBranch(actor, entry, entry.branch, entry.head);
    if (deleted.ok) entry = deleted.value;
    else notes.push(`branch ${entry.branch} stays: ${deleted.why}`);
  }
  const journaled = await record(actor, 'reclaimed', entry);
  if (!journaled.ok) notes.push(journaled.why);
  return { outcome: 'reclaimed', entry, notes };
}

async function announce(actor: Actor, entry: Entry): Promise<Done> {
  const journaled = await record(actor, 'intent', entry);
  return journaled.ok ? createEntry(actor, entry) : journaled;
}

/** The lock as its file has it, byte for byte: git shows it trimmed. */
async function readLock({ io }: Actor, { adminDir, entry }: Reclaim): Promise<Done<string | null>> {
  if (adminDir === null || entry.lockText === null) return { ok: true, value: null };
  const present = await io.disk.readText(join(adminDir, 'locked'));
  if (!present.ok || present.value.trim() !== entry.lockText.trim()) return failed(RELOCKED.detail);
  return { ok: true, value: present.value };
}

/** Somebody locked it, or another did, since it was looked at: that is their word, and no failure. */
const RELOCKED: Reason = { code: 'locked', detail: 'its lock changed after the first look' };

/** Puts our lock on; false where another has been put on or taken off meanwhile. */
async function lockRegistration(actor: Actor, entry: Entry, adminDir: string | null): Promise<Done<boolean>> {
  if (adminDir === null) return { ok: true, value: true };
  const path = join(adminDir, 'locked');
  const { disk } = actor.io;
  return keepingTime(disk, adminDir, async () => {
    let put: Done;
    if (entry.lockText === null) {
      const made = await disk.createFile(path, ourLock(entry.id));
      if (!made.ok && made.code === 'EEXIST') return { ok: true, value: false };
      put = outcome(made, 'locking its registration');
    } else {
      const present = await disk.readText(path);
      if (!present.ok || present.value !== entry.lockText) return { ok: true, value: false };
      put = await rewriteLock(actor, path, ourLock(entry.id), 'locking its registration');
    }
    return put.ok ? { ok: true, value: true } : put;
  });
}

/** What the pin is to point at, or null for a staging entry. The note names it before it is there. */
const commitsToHold = async (actor: Actor, reclaim: Reclaim): Promise<Done<string | null>> => {
  const { head } = reclaim.entry;
  return head === null ? { ok: true, value: null } : pinFor(actor, head, reclaim.reflogCommits, reclaim.indexBlobs);
};

async function moveTree(actor: Actor, entry: Entry): Promise<Done> {
  if (entry.tree === null) return done;
  const made = await makePlace(actor, entry);
  if (!made.ok) return made;
  return outcome(await actor.io.disk.rename(entry.path, entry.tree), 'moving it to quarantine');
}

async function moveRegistration({ io, layout }: Actor, entry: Entry, adminDir: string | null): Promise<Done> {
  if (adminDir === null) return done;
  return outcome(await io.disk.rename(adminDir, layout.entry(entry.id).admin), 'moving its registration to quarantine');
}

const DISTURBED: Verdict = {
  verdict: 'keep',
  reasons: [{ code: 'unknown', detail: 'git was at work in it while it was being moved' }],
};

/** What git writes in a registration on add, commit, checkout and reset. */
const SIGNS_OF_WORK = ['HEAD', 'index', 'logs/HEAD'];

/** These files' identity, size and times, as one text; null when they cannot be told, or git is writing. */
async function signsOfWork({ io }: Actor, adminDir: string | null): Promise<string | null> {
  if (adminDir === null) return '';
  const listing = await io.disk.list(adminDir);
  if (!listing.ok || listing.value.some(({ name }) => name.endsWith('.lock'))) return null;
  const infos = await Promise.all(SIGNS_OF_WORK.map((name) => io.disk.lstat(join(adminDir, name))));
  if (infos.some((info) => !info.ok && info.code !== 'ENOENT')) return null;
  const seen = infos.map((info) => {
    if (!info.ok) return 'none';
    const { ino, size, mtimeMs, ctimeMs } = info.value;
    return `${ino} ${size} ${mtimeMs} ${ctimeMs}`;
  });
  return seen.join('; ');
}

/** Strong rebuildable directories go beside the tree, so that purging them leaves it whole. */
async function moveBallast(
  actor: Actor,
  entry: Entry,
  ballast: readonly string[],
): Promise<{ entry: Entry; notes: string[] }> {
  if (entry.tree === null || ballast.length === 0) return { entry, notes: [] };
  const withBallast: Entry = { ...entry, ballast };
  const noted = await writeEntry(actor, withBallast);
  if (!noted.ok) return { entry, notes: [noted.why] };
  const place = ballastPlace(entry.tree);
  const made = await actor.io.disk.makeDir(place);
  if (!made.ok) return { entry: withBallast, notes: [made.why] };
  const notes: string[] = [];
  for (const [index, path] of ballast.entries()) {
    const [from, to] = [join(entry.tree, path), join(place, String(index))];
    const moved = await keepingTime(actor.io.disk, dirname(from), () => actor.io.disk.rename(from, to));
    if (!moved.ok) notes.push(`${path} stays with the tree: ${moved.why}`);
  }
  return { entry: withBallast, notes };
}

async function dropBranch(actor: Actor, entry: Entry, branch: string, head: string): Promise<Done<Entry>> {
  const saved = await saveReflog(actor, entry, branch);
  if (!saved.ok) return saved;
  const noted: Entry = { ...entry, deletedBranchAt: head };
  const written = await writeEntry(actor, noted);
  if (!written.ok) return written;
  const base = entry.evidence?.how === 'ancestor' ? entry.evidence.ref : null;
  const deleted = await deleteBranch(actor, branch, head, base);
  if (deleted.ok) return { ok: true, value: noted };
  await writeEntry(actor, entry);
  return deleted;
}

/** The second look found something: back it goes, and the outcome says what was seen. */
async function takeBack(actor: Actor, entry: Entry, reclaim: Reclaim, verdict: Verdict): Promise<Outcome> {
  const reasons = verdict.verdict === 'reclaim' ? [] : verdict.reasons;
  const back = await rollBack(actor, entry, reclaim.adminDir);
  await record(actor, 'refused', entry, reasons.map(({ code, detail }) => `${code}: ${detail}`).join('; '));
  return back.ok ? { outcome: 'refused', reasons } : { outcome: 'failed', error: back.why };
}

async function abandon(actor: Actor, entry: Entry, reclaim: Reclaim, why: string): Promise<Outcome> {
  const back = await rollBack(actor, entry, reclaim.adminDir);
  await record(actor, 'failed', entry, why);
  return { outcome: 'failed', error: back.ok ? why : `${why}; and then: ${back.why}` };
}

/** Nothing was announced yet, so there is nothing to take back. */
async function unbegun(actor: Actor, entry: Entry, error: string): Promise<Outcome> {
  await record(actor, 'failed', entry, error);
  return { outcome: 'failed', error };
}

const refused = (detail: string): Outcome => ({ outcome: 'refused', reasons: [{ code: 'unknown', detail }] });
