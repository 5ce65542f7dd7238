/**
 * Whether a base commit is a commit of the branch, picked onto another parent.
 *
 * Contract: makes the pick again, exactly as `git cherry-pick` does: the three-way merge from the
 * own commit's parent to the own commit and to the base commit's parent. The base commit is a twin
 * when that is clean and gives its very tree; so each change is in it, at its place, and nothing
 * else is. `git merge-tree` takes a merge base of choice from 2.40 only, so two commits that meet in
 * the wanted one are made of the same trees, in the view.
 * Failure direction: a commit whose parent or tree is not there has no twin.
 */
import { type Fact, known, type Oid, unknown } from '../../core/model.ts';
import type { Merged, Merger } from './merge.ts';
import { landedMessages } from './messages.ts';
import { treesOf } from './read.ts';
import type { View } from './view.ts';

/** A commit with one parent, and the base commit that may be the same change. */
export interface Pick {
  readonly own: Oid;
  readonly twin: Oid;
}

export type Picked =
  | { readonly kind: 'twin' }
  | { readonly kind: 'other' }
  | { readonly kind: 'failed'; readonly why: string };

/** Of each pick, in order, whether it gives the twin. */
export async function replayPicks(view: View, merger: Merger, picks: readonly Pick[]): Promise<Fact<Picked[]>> {
  const trees = await treesOf(view, [...new Set(picks.flatMap(revsOf))]);
  if (!trees.known) return trees;
  const whole = picks.filter((pick) => revsOf(pick).every((rev) => trees.value.has(rev)));
  const sides = await meetingCommits(
    view,
    whole.map((pick) => revsOf(pick).map((rev) => trees.value.get(rev) ?? '')),
  );
  if (!sides.known) return sides;
  const merged = await merger.merge(sides.value);
  const outcomes = new Map(whole.map((pick, at) => [pick, outcomeOf(merged[at], trees.value.get(pick.twin))]));
  return known(picks.map((pick) => outcomes.get(pick) ?? { kind: 'other' }));
}

/** What the pick starts from, what it is applied to, what is picked, and what it has to give. */
const revsOf = ({ own, twin }: Pick): string[] => [`${own}~1`, `${twin}~1`, own, twin];

function outcomeOf(merged: Merged | undefined, tree: Oid | undefined): Picked {
  if (merged === undefined) return { kind: 'failed', why: landedMessages.unread('git merge-tree gave no answer') };
  if (merged.kind === 'failed') return merged;
  return merged.kind === 'clean' && merged.tree === tree ? { kind: 'twin' } : { kind: 'other' };
}

/** Three commits, one after the other, for each `[from, ours, theirs]`: the last two stand on the first. */
async function meetingCommits(
  view: View,
  trees: readonly (readonly string[])[],
): Promise<Fact<{ ours: Oid; theirs: Oid }[]>> {
  if (trees.length === 0) return known([]);
  const input = trees.flatMap(([from = '', ours = '', theirs = ''], at) => [
    commitText(3 * at + 1, from, null),
    commitText(3 * at + 2, ours, 3 * at + 1),
    commitText(3 * at + 3, theirs, 3 * at + 1),
  ]);
  const answer = await view.run(['fast-import', '--quiet', '--done'], `${input.join('')}${FROM_NOTHING}done\n`);
  if (!answer.ok)
    return unknown(answer.outOfTime === true ? landedMessages.outOfTime() : landedMessages.unread(answer.why));
  const made = answer.stdout.split('\n').filter((line) => line !== '');
  if (made.length !== 3 * trees.length || !made.every((oid) => /^[0-9a-f]{40,64}$/.test(oid)))
    return unknown(landedMessages.unread('the output of git fast-import has an unknown shape'));
  return known(trees.map((_, at) => ({ ours: made[3 * at + 1] ?? '', theirs: made[3 * at + 2] ?? '' })));
}

/** A branch that ends with nothing on it is not written; each commit without a parent begins so, too. */
const FROM_NOTHING = 'reset refs/heads/pick\n\n';

/** One commit of a whole tree, and the request to print its id. The date is the mark, so that no two are one. */
function commitText(mark: number, tree: Oid, parent: number | null): string {
  const head = `commit refs/heads/pick\nmark :${mark}\ncommitter reaper <> ${mark} +0000\ndata 0\n`;
  const from = parent === null ? '' : `from :${parent}\n`;
  return `${FROM_NOTHING}${head}${from}M 040000 ${tree} ""\n\nget-mark :${mark}\n`;
}
