/**
 * What stands in the way of a restore, before anything is touched.
 *
 * Contract: reads only. A branch that our own, still locked registration has checked out is not taken:
 * a killed reclaim or restore leaves it so.
 * Failure direction: what cannot be read is an obstacle.
 */
import { dirname } from 'node:path';
import type { Entry } from '../core/entry.ts';
import { branchAt, branchBelow, checkedOutBy, isBranch } from './branch.ts';
import { type Actor, isThere } from './context.ts';
import { forbiddenPlace } from './forbidden.ts';
import { inhabited, registeredAlready } from './registered.ts';
import { ourAdminDir, registeredPath } from './registration.ts';
import type { Restored } from './restore.ts';

export type Obstacle = Extract<Restored, { ok: false }>;

export async function obstacle(actor: Actor, entry: Entry, target: string, detach: boolean): Promise<Obstacle | null> {
  if (entry.phase === 'purging')
    return refuse(
      'gone',
      'its files are being purged; once `reaper-hook purge` has finished, its commit can be restored',
    );
  if (entry.kind !== 'staging' && entry.registration === null)
    return refuse(
      'gone',
      `it was restored; only commits that its reflogs held are left, until they are forgotten: git log ${entry.pin}`,
    );
  const forbidden = target === entry.path ? null : await forbiddenPlace(actor, entry, target);
  if (forbidden !== null) return refuse('path-taken', forbidden);
  if (entry.kind !== 'registration') {
    const taken = await isThere(actor, target);
    if (!taken.ok) return refuse('failed', taken.why);
    if (taken.value) return refuse('path-taken', `${target} exists`);
  }
  if (entry.registration !== null) {
    const registered = await registeredTwice(actor, entry, target);
    if (registered !== null) return registered;
  }
  const far = await tooFar(actor, entry, target);
  if (far !== null) return far;
  if (entry.kind !== 'staging') return detach ? null : branchTaken(actor, entry);
  const waiting = await isThere(actor, entry.tree);
  if (!waiting.ok) return refuse('failed', waiting.why);
  return waiting.value ? null : refuse('gone', 'its files were purged');
}

/** A path that another registration names, or, where only a registration comes back, that another worktree lies at. */
async function registeredTwice(actor: Actor, entry: Entry, target: string): Promise<Obstacle | null> {
  const lookers = entry.kind === 'registration' ? [registeredAlready, inhabited] : [registeredAlready];
  for (const look of lookers) {
    const taken = await look(actor, entry, target);
    if (!taken.ok) return refuse('failed', taken.why);
    if (taken.value !== null) return refuse('path-taken', taken.value);
  }
  return null;
}

/** Files that are still held are renamed, never copied, so they can only go to their own file system. */
async function tooFar({ io }: Actor, entry: Entry, target: string): Promise<Obstacle | null> {
  if (entry.tree === null) return null;
  const held = await io.disk.lstat(entry.tree);
  if (!held.ok) return held.code === 'ENOENT' ? null : refuse('failed', held.why);
  for (let above = dirname(target); ; above = dirname(above)) {
    const place = await io.disk.stat(above);
    if (place.ok && place.value.dev === held.value.dev) return null;
    if (place.ok)
      return refuse(
        'failed',
        `${above} is on another file system than the quarantine; restore it elsewhere and move it`,
      );
    if (place.code !== 'ENOENT' || above === dirname(above)) return refuse('failed', place.why);
  }
}

async function branchTaken(actor: Actor, entry: Entry): Promise<Obstacle | null> {
  const { branch } = entry;
  if (branch === null) return null;
  const holder = await checkedOutBy(actor, branch);
  if (!holder.ok) return refuse('failed', holder.why);
  if (holder.value !== null) {
    const ours = await ourAdminDir(actor, entry);
    if (!ours.ok) return refuse('failed', ours.why);
    const own = ours.value === null ? null : await registeredPath(actor, ours.value);
    if (holder.value !== own) return refuse('branch-taken', `${branch} is checked out at ${holder.value}`);
  }
  const present = await branchAt(actor, branch);
  if (!present.ok) return refuse('failed', present.why);
  if (present.value !== null && present.value !== entry.head)
    return refuse('branch-taken', `${branch} has moved to ${present.value.slice(0, 10)}`);
  return present.value === null ? nameTaken(actor, branch) : null;
}

/** git has no branch whose name is a directory in the name of another. */
async function nameTaken(actor: Actor, branch: string): Promise<Obstacle | null> {
  const because = (other: string) =>
    refuse('branch-taken', `${branch} cannot be made again as long as there is a branch ${other}`);
  const parts = branch.split('/');
  for (let length = 1; length < parts.length; length++) {
    const above = parts.slice(0, length).join('/');
    const present = await isBranch(actor, above);
    if (!present.ok) return refuse('failed', present.why);
    if (present.value) return because(above);
  }
  const below = await branchBelow(actor, branch);
  if (!below.ok) return refuse('failed', below.why);
  return below.value === null ? null : because(below.value);
}

const refuse = (problem: Obstacle['problem'], why: string): Obstacle => ({ ok: false, problem, why });
