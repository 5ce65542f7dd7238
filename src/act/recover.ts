/**
 * Finishes or rolls back what a killed pass left.
 *
 * Contract: idempotent; decides from the entry and from what lies where, never from the journal.
 * Rolling back ends with the worktree where it was, its lock as it was, no pin and no entry.
 * Failure direction: where neither end can be reached the entry stays and nothing is purged.
 */
import { dirname, join } from 'node:path';
import { type Entry, type Recovery, type Remains, recoveryOf } from '../core/entry.ts';
import { removePlace } from './beside.ts';
import { type Actor, type Done, done, failed, isThere, outcome } from './context.ts';
import { dropEmpty, dropEntry, readEntries, writeEntry } from './entries.ts';
import { record } from './journal.ts';
import { unpin } from './pins.ts';
import { restoreLock } from './registration.ts';
import { finishRestore } from './restore.ts';
import { sweepLocks, sweepShared } from './sweep.ts';

export interface Recovered {
  readonly entry: Entry;
  readonly how: Recovery | 'finish-restore';
  readonly result: Done;
}

/** True where a killed pass had reclaimed something and only its note was missing. */
export const wasFinished = ({ how, result }: Recovered): boolean => how === 'finish' && result.ok;

/** Looks at every entry whose last intent was not completed, and sweeps up half-made files. */
export async function recoverAll(actor: Actor): Promise<Recovered[]> {
  const recovered: Recovered[] = [];
  await sweepShared(actor, actor.layout.root);
  await sweepShared(actor, actor.layout.claims);
  await sweepLocks(actor);
  const { entries, unreadable } = await readEntries(actor);
  for (const name of unreadable) await dropEmpty(actor, name);
  for (const entry of entries) {
    if (entry.unverified) continue;
    if (entry.phase === 'intent') recovered.push(await recoverIntent(actor, entry));
    if (entry.phase === 'restoring') {
      const result = await finishRestore(actor, entry);
      recovered.push({ entry, how: 'finish-restore', result });
    }
  }
  return recovered;
}

async function recoverIntent(actor: Actor, entry: Entry): Promise<Recovered> {
  const adminDir = entry.registration === null ? null : join(actor.layout.worktrees, entry.registration);
  const remains = await remainsOf(actor, entry, adminDir);
  if (!remains.ok) return { entry, how: 'roll-back', result: remains };
  const how = recoveryOf(entry, remains.value);
  const result = await carryOut(actor, entry, adminDir, how);
  await record(actor, 'recovered', entry, result.ok ? how : `${how}: ${result.why}`);
  return { entry, how, result };
}

async function carryOut(actor: Actor, entry: Entry, adminDir: string | null, how: Recovery): Promise<Done> {
  if (how === 'finish') return writeEntry(actor, { ...entry, phase: 'held' });
  if (how === 'hold-unverified') return writeEntry(actor, { ...entry, phase: 'held', unverified: true });
  return rollBack(actor, entry, adminDir);
}

/** A place that cannot be looked at is a failure: "not there" would decide something. */
async function remainsOf(actor: Actor, entry: Entry, adminDir: string | null): Promise<Done<Remains>> {
  const treeInQuarantine = await isThere(actor, entry.tree);
  const treeAtHome = await isThere(actor, entry.path);
  const adminInQuarantine = await isThere(actor, actor.layout.entry(entry.id).admin);
  const adminAtHome = await isThere(actor, adminDir);
  for (const each of [treeInQuarantine, treeAtHome, adminInQuarantine, adminAtHome]) if (!each.ok) return each;
  const is = (answer: Done<boolean>) => answer.ok && answer.value;
  return {
    ok: true,
    value: {
      treeInQuarantine: is(treeInQuarantine),
      treeAtHome: is(treeAtHome),
      adminInQuarantine: is(adminInQuarantine),
      adminAtHome: is(adminAtHome),
    },
  };
}

/** Puts everything back where it was. Safe to call again after any of its steps. */
export async function rollBack(actor: Actor, entry: Entry, adminDir: string | null): Promise<Done> {
  const admin = await bringHome(actor, actor.layout.entry(entry.id).admin, adminDir);
  if (!admin.ok) return admin;
  const tree = await bringHome(actor, entry.tree, entry.path);
  if (!tree.ok) return tree;
  const unlocked = await restoreLock(actor, entry, adminDir);
  if (!unlocked.ok) return unlocked;
  /** Its entry names the pin before it is made, so git is asked whether there is one. */
  const pinned = entry.head === null ? done : await unpin(actor, entry.id);
  if (!pinned.ok) return pinned;
  await removePlace(actor, entry);
  return dropEntry(actor, entry);
}

async function bringHome(actor: Actor, from: string | null, to: string | null): Promise<Done> {
  if (from === null || to === null) return done;
  const there = await isThere(actor, from);
  if (!there.ok) return there;
  if (!there.value) return done;
  const parent = await isThere(actor, dirname(to));
  if (!parent.ok) return parent;
  if (!parent.value) return failed(`${dirname(to)} is gone, so ${from} stays where it is`);
  return outcome(await actor.io.disk.rename(from, to), `moving it back to ${to}`);
}
