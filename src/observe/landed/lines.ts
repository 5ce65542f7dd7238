/**
 * Which base commits can be told from the branch by their lines alone, so that no merge is tried.
 *
 * Contract: a merge without conflict keeps every line that a side added. So a base commit whose
 * file lacks a line the branch added is neither its squash nor a holder of it. Blobs are read in
 * few processes, small ones only. Lines that were in a file the branch deleted count as not
 * added, for that file may have been renamed and merged into.
 * Failure direction: whatever cannot be read is not told apart, and a merge decides.
 */
import { randomUUID } from 'node:crypto';
import { type Fact, known, type Oid, unknown } from '../../core/model.ts';
import { landedMessages } from './messages.ts';
import type { View } from './view.ts';

/** Lines that `after` has, and neither `before` nor `deleted`, must be in `held`. All are `<mode>:<oid>`. */
export interface LineCheck {
  readonly before: string;
  readonly after: string;
  readonly held: string;
  /** Content that may have been renamed to this path; the same array for all paths of a branch. */
  readonly deleted: readonly string[];
}

/** Larger files are generated; a merge of them is hardly dearer than reading them. */
const MAX_BLOB_BYTES = 512 * 1024;
/** What is held in memory at once. */
const BATCH_BYTES = 2 * 1024 * 1024;
/** Blobs whose size is asked in one go. */
const BATCH_BLOBS = 10_000;

/** More deleted files than this are not looked through for a rename; merges decide then. */
const MAX_DELETED = 64;

/** For each list of checks, whether all of them may hold. */
export async function couldHold(
  view: View,
  lists: readonly (readonly LineCheck[])[],
): Promise<Fact<readonly boolean[]>> {
  const needs = distinctNeeds(lists.flat());
  const read = await readNeeds(view, needs);
  if (!read.known) return read;
  const byHeld = new Map<Oid, { need: Need; checks: LineCheck[] }[]>();
  for (const need of needs) {
    if (need.lines === null || need.lines.length === 0) continue;
    for (const [held, checks] of need.byHeld) byHeld.set(held, [...(byHeld.get(held) ?? []), { need, checks }]);
  }
  const refuted = new Set<LineCheck>();
  const held = await eachBlob(view, [...byHeld.keys()], (oid, text) => {
    const there = new Set(linesOf(text));
    for (const { need, checks } of byHeld.get(oid) ?? []) {
      if (need.lines?.every((line) => there.has(line)) === false) for (const check of checks) refuted.add(check);
    }
  });
  if (!held.known) return held;
  return known(lists.map((list) => !list.some((check) => refuted.has(check))));
}

/** The lines that some checks have in common, and the blobs that must hold them. */
interface Need {
  readonly after: Oid;
  readonly befores: readonly Oid[];
  readonly byHeld: Map<Oid, LineCheck[]>;
  /** Hashes of lines; null while, or because, they could not be read. */
  lines: Uint32Array | null;
}

function distinctNeeds(checks: readonly LineCheck[]): Need[] {
  const branches = new Map<readonly string[], Map<string, Need>>();
  for (const check of checks) {
    const { before, after, held, deleted } = check;
    if (!isText(after) || !isText(held) || deleted.length > MAX_DELETED) continue;
    const needs = branches.get(deleted) ?? new Map<string, Need>();
    branches.set(deleted, needs);
    const key = `${before} ${after}`;
    const befores = [before, ...deleted].filter(isText).map(oidOf);
    const need = needs.get(key) ?? { after: oidOf(after), befores, byHeld: new Map(), lines: null };
    needs.set(key, need);
    const same = need.byHeld.get(oidOf(held));
    if (same === undefined) need.byHeld.set(oidOf(held), [check]);
    else same.push(check);
  }
  return [...branches.values()].flatMap((needs) => [...needs.values()]);
}

/** Only regular files have lines; what is deleted on one side is for the merge to judge. */
const isText = (content: string): boolean => content.startsWith('100');

const oidOf = (content: string): Oid => content.slice(content.indexOf(':') + 1);

async function readNeeds(view: View, needs: readonly Need[]): Promise<Fact<void>> {
  const afters = new Map<Oid, Need[]>();
  for (const need of needs) afters.set(need.after, [...(afters.get(need.after) ?? []), need]);
  const read = await eachBlob(view, [...afters.keys()], (oid, text) => {
    const lines = linesOf(text);
    for (const need of afters.get(oid) ?? []) need.lines = lines;
  });
  if (!read.known) return read;
  const befores = new Map<Oid, Need[]>();
  for (const need of needs) for (const oid of need.befores) befores.set(oid, [...(befores.get(oid) ?? []), need]);
  const unread = new Set(befores.keys());
  const subtracted = await eachBlob(view, [...befores.keys()], (oid, text) => {
    unread.delete(oid);
    const there = new Set(linesOf(text));
    for (const need of befores.get(oid) ?? []) need.lines = need.lines?.filter((line) => !there.has(line)) ?? null;
  });
  for (const oid of unread) for (const need of befores.get(oid) ?? []) need.lines = null;
  return subtracted;
}

const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;
const NEWLINE = 10;

/** A number for each line. Two lines with the same number pass for equal, and a merge decides. */
function linesOf(text: string): Uint32Array {
  const lines: number[] = [];
  let hash = FNV_OFFSET;
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (unit !== NEWLINE) hash = Math.imul(hash ^ unit, FNV_PRIME);
    else {
      lines.push(hash >>> 0);
      hash = FNV_OFFSET;
    }
  }
  lines.push(hash >>> 0);
  return Uint32Array.from(lines);
}

/** Hands over the text of each blob that is there and small enough, and forgets it. */
async function eachBlob(view: View, oids: readonly Oid[], use: (oid: Oid, text: string) => void): Promise<Fact<void>> {
  for (let at = 0; at < oids.length; at += BATCH_BLOBS) {
    const sizes = await sizesOf(view, oids.slice(at, at + BATCH_BLOBS));
    if (!sizes.known) return sizes;
    let batch: Oid[] = [];
    let bytes = 0;
    for (const [oid, size] of sizes.value) {
      batch.push(oid);
      bytes += size;
      if (bytes < BATCH_BYTES) continue;
      const read = await readBlobs(view, batch, use);
      if (!read.known) return read;
      batch = [];
      bytes = 0;
    }
    const read = await readBlobs(view, batch, use);
    if (!read.known) return read;
  }
  return known(undefined);
}

async function sizesOf(view: View, oids: readonly Oid[]): Promise<Fact<readonly (readonly [Oid, number])[]>> {
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
  if (oids.length === 0) return known(undefined);
  const mark = randomUUID();
  const answer = await view.run(['cat-file', '--batch=%(objectname)'], oids.map((oid) => `${oid}\n${mark}\n`).join(''));
  if (!answer.ok) return unread(answer);
  for (const part of answer.stdout.split(`\n${mark} missing\n`)) {
    const end = part.indexOf('\n');
    if (end > 0) use(part.slice(0, end), part.slice(end + 1));
  }
  return known(undefined);
}

const unread = (answer: { readonly why: string; readonly outOfTime?: boolean }): Fact<never> =>
  unknown(answer.outOfTime === true ? landedMessages.outOfTime() : landedMessages.unread(answer.why));
