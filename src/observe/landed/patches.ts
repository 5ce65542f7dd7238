/**
 * Rung `patches`: every own commit has its equal in the base, and nothing hides in a merge.
 *
 * Contract: equal is stricter than `git cherry`: the same lines with the same context, white space
 * included, only line numbers may differ; binary files must be the same objects. Each merge
 * commit of the branch must be exactly what merging its two parents gives. An empty list of
 * unmatched commits proves nothing by itself: at least one commit must have been matched.
 * Failure direction: a patch whose bytes are not UTF-8 has no equal.
 */
import { type Fact, known, type Oid } from '../../core/model.ts';
import type { Climb, Climber } from './climb.ts';
import { landedMessages } from './messages.ts';
import { patchesOf, treesOf } from './read.ts';
import { isHeld, MAX_LIKES, type OwnCommit } from './search.ts';
import type { View } from './view.ts';

/** Lines around a change that have to be the same too, as in every patch git makes. */
const CONTEXT = 3;
/** Patches held in memory at once. */
const BATCH = 128;

/** Proves what it can of `climbers`; the others are left as they are. */
export async function provePatches(climb: Climb, climbers: readonly Climber[]): Promise<void> {
  const worthwhile = climbers.filter((climber) => isWorthwhile(climb, climber));
  const wanted = worthwhile.flatMap(({ search }) => [
    ...contentful(search.own).map(({ oid }) => oid),
    ...[...search.likes.values()].flat(),
  ]);
  const patches = await comparablePatches(climb.judging.view, [...new Set(wanted)]);
  for (const climber of worthwhile) {
    if (patches.known) await prove(climb, climber, patches.value);
    else climber.unread = patches.why;
  }
}

const contentful = (own: readonly OwnCommit[]): OwnCommit[] => own.filter(({ changes }) => changes.length > 0);

function isWorthwhile({ own, judging }: Climb, climber: Climber): boolean {
  const { search, start } = climber;
  if (search.untouched.size > 0) return false;
  const plain = [...start.own.commits].filter((oid) => (own.get(oid)?.length ?? 0) < 2);
  if (plain.length > search.own.length) {
    climber.limit = landedMessages.limit.patches(judging.limits.patches);
    return false;
  }
  return contentful(search.own).every(({ oid }) => (search.likes.get(oid)?.length ?? 0) > 0);
}

async function prove(climb: Climb, climber: Climber, patches: ReadonlyMap<Oid, string | null>): Promise<void> {
  const { search } = climber;
  const own = contentful(search.own);
  let unmatched = 0;
  for (const { oid } of own) {
    const likes = search.likes.get(oid) ?? [];
    const patch = patches.get(oid) ?? null;
    const twin = patch === null ? undefined : likes.find((each) => patches.get(each) === patch);
    if (twin !== undefined) search.likes.set(oid, [twin]);
    else {
      unmatched++;
      if (likes.length < MAX_LIKES) search.likes.delete(oid);
      else if (isHeld(search)) climber.limit = landedMessages.limit.likes(MAX_LIKES);
    }
  }
  const newest = own.at(-1);
  const commit = newest === undefined ? undefined : search.likes.get(newest.oid)?.[0];
  // Without a single commit that has a twin, nothing was matched and nothing is proven.
  if (unmatched > 0 || commit === undefined || !(await areMergesClean(climb, climber))) return;
  climber.proof = { how: 'patches', commit, ours: climb.judging.base };
}

/** Whether every merge commit of the branch is what git makes of its parents. */
async function areMergesClean({ judging, merger, own }: Climb, climber: Climber): Promise<boolean> {
  const merges = [...climber.start.own.commits].filter((oid) => (own.get(oid)?.length ?? 0) > 1);
  if (merges.length === 0) return true;
  const pairs = merges.flatMap((oid) => {
    const [ours, theirs, ...more] = own.get(oid) ?? [];
    return ours === undefined || theirs === undefined || more.length > 0 ? [] : [{ ours, theirs }];
  });
  if (pairs.length < merges.length) return false;
  const trees = await treesOf(judging.view, merges);
  if (!trees.known) {
    climber.unread = trees.why;
    return false;
  }
  const made = await merger.merge(pairs);
  const failed = made.find((each) => each.kind === 'failed');
  if (failed?.kind === 'failed') climber.unread = failed.why;
  return made.every((each, index) => each.kind === 'clean' && each.tree === trees.value.get(merges[index] ?? ''));
}

/** Patches in a form in which equal text is an equal change; null for what cannot be compared. */
async function comparablePatches(view: View, commits: readonly Oid[]): Promise<Fact<Map<Oid, string | null>>> {
  const patches = new Map<Oid, string | null>();
  for (let at = 0; at < commits.length; at += BATCH) {
    const some = commits.slice(at, at + BATCH);
    const read = await patchesOf(
      view,
      some.map((to) => ({ from: null, to })),
      CONTEXT,
    );
    if (!read.known) return read;
    for (const [index, oid] of some.entries()) patches.set(oid, comparable(read.value[index] ?? ''));
  }
  return known(patches);
}

/** Without line numbers, and without blob ids but for binary files, where they are the content. */
export function comparable(patch: string): string | null {
  if (patch === '' || patch.includes('\ufffd')) return null;
  return patch.replace(/\nindex [^\n]*(?=\n--- )/g, '').replace(/(?<=\n)@@ -[^\n]*? @@[^\n]*/g, '@@');
}
