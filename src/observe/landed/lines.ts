/**
 * The lines that branches and base commits add and remove, as numbers, to tell them apart cheaply.
 *
 * Contract: a merge without conflict keeps every line that a side added, and drops every line that
 * a side removed. So a base that never added one of the branch's new lines to that file, or never
 * removed one of those it removed, cannot hold the branch. New is a line that the diff adds and
 * that was nowhere in the file before, nor in a file the branch deleted, which may have been
 * renamed to this one; gone is one that the diff removes and that is nowhere in the file after.
 * Failure direction: what cannot be read is not looked for; different lines with one number pass
 * for equal. Either way a merge decides.
 */
import { randomUUID } from 'node:crypto';
import type { Change } from '../../core/landing.ts';
import { type Fact, known, type Oid, unknown } from '../../core/model.ts';
import { landedMessages } from './messages.ts';
import { type Pair, patchesOf } from './read.ts';
import type { LineChanges } from './search.ts';
import type { View } from './view.ts';

/** Larger files are generated, and their lines tell little. */
const MAX_BLOB_BYTES = 512 * 1024;
/** What is held in memory at once. */
const BATCH_BYTES = 1024 * 1024;
/** A commit that changes more is an import or a reformatting: megabytes of patch that tell nothing. */
const MAX_PATHS = 500;
/** Changed files whose patches are asked for at once, about 2 kB each. */
const BATCH_PATHS = 500;
/** More deleted files than this are not looked through for a rename; merges decide then. */
const MAX_DELETED = 64;

/** Two commits and what differs between them. */
export interface Diff extends Pair {
  readonly changes: readonly Change[];
}

/** The lines each diff adds and removes, by path, in the order of `diffs`. */
export async function lineChanges(view: View, diffs: readonly Diff[]): Promise<Fact<readonly LineChanges[]>> {
  const all: LineChanges[] = diffs.map(() => null);
  for (const batch of batches(diffs)) {
    const patches = await patchesOf(
      view,
      batch.map(({ diff }) => diff),
      0,
    );
    if (!patches.known && patches.why === landedMessages.outOfTime()) return patches;
    if (!patches.known) continue;
    for (const [index, { diff, at }] of batch.entries())
      all[at] = linesByPath(patches.value[index] ?? '', diff.changes);
  }
  return known(all);
}

/** Diffs with their places; those of too many paths are left out. */
function* batches(diffs: readonly Diff[]): Generator<{ diff: Diff; at: number }[]> {
  let batch: { diff: Diff; at: number }[] = [];
  let paths = 0;
  for (const [at, diff] of diffs.entries()) {
    if (diff.changes.length > MAX_PATHS) continue;
    batch.push({ diff, at });
    paths += diff.changes.length;
    if (paths < BATCH_PATHS) continue;
    yield batch;
    batch = [];
    paths = 0;
  }
  yield batch;
}

/** Files stand in a patch in the order of `--raw`; where their number differs, nothing is known. */
function linesByPath(patch: string, changes: readonly Change[]): LineChanges {
  const files = `\n${patch}`.split('\ndiff --git ').slice(1);
  if (files.length !== changes.length) return null;
  return new Map(changes.map(({ path }, index) => [path, changedIn(files[index] ?? '')]));
}

/** Numbers of added lines; those of removed lines are negative. Null for a file without lines. */
function changedIn(file: string): Int32Array | null {
  if (/\nBinary files [^\n]* differ(?:\n|$)/.test(file)) return null;
  const lines = new Set<number>();
  let isInHunk = false;
  eachLine(file, (start, end) => {
    const sign = file.charCodeAt(start);
    if (sign === AT && file.charCodeAt(start + 1) === AT) isInHunk = true;
    else if (isInHunk && sign === PLUS) lines.add(numberOf(file, start + 1, end));
    else if (isInHunk && sign === MINUS) lines.add(removed(numberOf(file, start + 1, end)));
  });
  // A tenth of what the set takes; thousands of commits are held at once.
  return Int32Array.from(lines);
}

const [AT, PLUS, MINUS] = [...'@+-'].map((sign) => sign.charCodeAt(0));

/** Lines are told by their places: cutting megabytes into strings would take ten times their memory. */
function eachLine(text: string, use: (start: number, end: number) => void): void {
  for (let start = 0; start <= text.length; ) {
    const newline = text.indexOf('\n', start);
    const end = newline === -1 ? text.length : newline;
    use(start, end);
    start = end + 1;
  }
}

/** Of no added line: those are 0 or more, and have 31 bits. */
const removed = (line: number): number => -1 - line;
const isAdded = (line: number): boolean => line >= 0;

const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

function numberOf(text: string, start: number, end: number): number {
  let hash = FNV_OFFSET;
  for (let at = start; at < end; at++) hash = Math.imul(hash ^ text.charCodeAt(at), FNV_PRIME);
  return hash >>> 1;
}

/** The new and gone lines of each branch, by path, in the order of `diffs`; null where renames are too many. */
export async function newAndGone(
  view: View,
  diffs: readonly Diff[],
): Promise<Fact<readonly (Map<string, Set<number>> | null)[]>> {
  const changed = await lineChanges(view, diffs);
  if (!changed.known) return changed;
  const taken: Taken = { before: new Map(), after: new Map() };
  const all = diffs.map(({ changes }, index) => {
    const lines = changed.value[index] ?? null;
    const deleted = changes.filter(({ after }) => isAbsent(after));
    return lines === null || deleted.length > MAX_DELETED ? null : linesOf(changes, deleted, lines, taken);
  });
  const [before, after] = await Promise.all([
    takeAway(view, taken.before, (line) => line),
    takeAway(view, taken.after, removed),
  ]);
  if (!before.known) return before;
  if (!after.known) return after;
  return known(all.map(withoutEmpty));
}

/** Blobs whose lines are no news to some sets: not new there, or not gone. */
interface Taken {
  readonly before: Map<Oid, Set<number>[]>;
  readonly after: Map<Oid, Set<number>[]>;
}

function linesOf(
  changes: readonly Change[],
  deleted: readonly Change[],
  changed: NonNullable<LineChanges>,
  taken: Taken,
): Map<string, Set<number>> {
  const all = new Map<string, Set<number>>();
  for (const change of changes) {
    const lines = new Set(changed.get(change.path) ?? []);
    if (lines.size === 0 || !(isFile(change.after) || isAbsent(change.after))) continue;
    all.set(change.path, lines);
    // Only what is added can have been there before, and only what is removed can still be there.
    if ([...lines].some(isAdded)) for (const { before } of [change, ...deleted]) take(taken.before, before, lines);
    if (![...lines].every(isAdded)) take(taken.after, change.after, lines);
  }
  return all;
}

function take(from: Map<Oid, Set<number>[]>, content: string, lines: Set<number>): void {
  if (!isFile(content)) return;
  const oid = oidOf(content);
  const users = from.get(oid);
  if (users === undefined) from.set(oid, [lines]);
  else users.push(lines);
}

async function takeAway(
  view: View,
  users: ReadonlyMap<Oid, readonly Set<number>[]>,
  asNumber: (line: number) => number,
): Promise<Fact<void>> {
  const unread = new Set(users.keys());
  const read = await eachBlob(view, [...users.keys()], (oid, text) => {
    unread.delete(oid);
    const sets = users.get(oid) ?? [];
    eachLine(text, (start, end) => {
      const number = asNumber(numberOf(text, start, end));
      for (const lines of sets) lines.delete(number);
    });
  });
  for (const oid of unread) for (const lines of users.get(oid) ?? []) lines.clear();
  return read;
}

function withoutEmpty(all: Map<string, Set<number>> | null): Map<string, Set<number>> | null {
  for (const [path, lines] of all ?? []) if (lines.size === 0) all?.delete(path);
  return all;
}

/** Contents are `<mode>:<oid>`; git gives what is not there the mode 000000. */
const isAbsent = (content: string): boolean => content.startsWith('000000:');
const isFile = (content: string): boolean => content.startsWith('100');
const oidOf = (content: string): Oid => content.slice(content.indexOf(':') + 1);

/** Hands over the text of each blob that is there and small enough, and forgets it. */
async function eachBlob(view: View, oids: readonly Oid[], use: (oid: Oid, text: string) => void): Promise<Fact<void>> {
  const sizes = await sizesOf(view, oids);
  if (!sizes.known) return sizes;
  let batch: Oid[] = [];
  let bytes = 0;
  for (const [index, [oid, size]] of sizes.value.entries()) {
    batch.push(oid);
    bytes += size;
    if (bytes < BATCH_BYTES && index < sizes.value.length - 1) continue;
    const read = await readBlobs(view, batch, use);
    if (!read.known) return read;
    batch = [];
    bytes = 0;
  }
  return known(undefined);
}

async function sizesOf(view: View, oids: readonly Oid[]): Promise<Fact<readonly (readonly [Oid, number])[]>> {
  if (oids.length === 0) return known([]);
  const input = oids.map((oid) => `${oid}\n`).join('');
  const answer = await view.run(['cat-file', '--batch-check=%(objectname) %(objecttype) %(objectsize)'], input);
  if (!answer.ok) return unread(answer);
  const sizes: [Oid, number][] = [];
  for (const line of answer.stdout.split('\n')) {
    const [oid = '', type, size] = line.split(' ');
    if (type === 'blob' && Number(size) <= MAX_BLOB_BYTES) sizes.push([oid, Number(size)]);
  }
  return known(sizes);
}

/** Sizes are of bytes and the answer is text, so a name that no object has marks each blob's end. */
async function readBlobs(view: View, oids: readonly Oid[], use: (oid: Oid, text: string) => void): Promise<Fact<void>> {
  const mark = randomUUID();
  const input = oids.map((oid) => `${oid}\n${mark}\n`).join('');
  const answer = await view.run(['cat-file', '--batch=%(objectname)'], input);
  if (!answer.ok) return unread(answer);
  for (const part of answer.stdout.split(`\n${mark} missing\n`)) {
    const end = part.indexOf('\n');
    if (end > 0) use(part.slice(0, end), part.slice(end + 1));
  }
  return known(undefined);
}

const unread = (answer: { readonly why: string; readonly outOfTime?: boolean }): Fact<never> =>
  unknown(answer.outOfTime === true ? landedMessages.outOfTime() : landedMessages.unread(answer.why));
