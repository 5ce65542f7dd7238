/**
 * Own commits that the base reaches after all: git names such where the dates of commits lie.
 *
 * Contract: git stops reading the base's side when only older commits are left of it. What it did not
 * get to looks like the branch's alone, and the branch would seem to begin before it. What is found
 * here is taken out of `own`. Where no date lies and no branch has a root of its own, nothing is read.
 * Failure direction: what cannot be read is said; the branches are then unknown.
 */
import type { CommitGraph, Limits } from '../../core/landing.ts';
import { type Fact, known, type Oid, unknown } from '../../core/model.ts';
import { landedMessages } from './messages.ts';
import { areUnreached, graphOf } from './read.ts';
import type { View } from './view.ts';

/** A base and the limit for reading it. */
interface BaseSide {
  readonly view: View;
  readonly base: Oid;
  readonly ref: string;
  readonly limits: Limits;
}

/** Takes out what is in a part of the base's history; whether there was any. */
export function dropReached(own: Map<Oid, readonly Oid[]>, base: CommitGraph): boolean {
  const reached = [...own.keys()].filter((oid) => base.has(oid));
  for (const oid of reached) own.delete(oid);
  return reached.length > 0;
}

/** Takes out all that the base reaches where it reaches a first commit: no part of its history tells that. */
export async function dropReachedRoots(
  { view, base, ref, limits }: BaseSide,
  own: Map<Oid, readonly Oid[]>,
): Promise<Fact<void>> {
  const roots = [...own].flatMap(([oid, parents]) => (parents.length === 0 ? [oid] : []));
  const apart = await areUnreached(view, base, roots);
  if (!apart.known) return apart;
  if (apart.value) return known(undefined);
  const whole = await graphOf(view, [base], [], limits.baseCommits);
  if (!whole.known) return whole;
  if (whole.value === null) return unknown(landedMessages.limit.baseCommits(ref, limits.baseCommits));
  return dropReached(own, whole.value) ? known(undefined) : unknown(landedMessages.cutShort('merge-base'));
}
