/**
 * Finishes or rolls back what a killed pass left.
 *
 * Contract: idempotent; decides from the entry and from what lies where, never from the journal.
 * Rolling back ends with the worktree where it was, its lock as it was, no pin and no entry.
 * Failure direction: where neither end can be reached the entry stays and nothing is purged.
 */
import { dirname, join } from 'node:path';
import { type Entry, type Recovery, type Remains, recoveryOf } from '../core/entry.ts';
import { type Actor, type Done, done, failed, outcome } from './context.ts';
import { dropEntry, readEntries, writeEntry } from './entries.ts';
import { record } from './journal.ts';
import { unpin } from './pins.ts';
import { removeHolding, restoreLock } from './registration.ts';
import { finishRestore } from './restore.ts';

export interface Recovered {
  readonly entry: Entry;
  readonly how: Recovery | 'finish-restore';
  readonly result: Done;
}

/** Looks at every entry whose last intent was not completed. */
export async function recoverAll(actor: Actor): Promise<Recovered[]> {
  const recovered: Recovered[] = [];
  for (const entry of (await readEntries(actor)).entries) {
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
  const how = recoveryOf(entry, await remainsOf(actor, entry, adminDir));
  const result = await carryOut(actor, entry, adminDir, how);
  await record(actor, 'recovered', entry, result.ok ? how : `${how}: ${result.why}`);
  return { entry, how, result };
}

async function carryOut(actor: Actor, entry: Entry, adminDir: string | null, how: Recovery): Promise<Done> {
  if (how === 'finish') return writeEntry(actor, { ...entry, phase: 'held' });
  if (how === 'hold-unverified') return writeEntry(actor, { ...entry, phase: 'held', unverified: true });
  return rollBack(actor, entry, adminDir);
}

async function remainsOf(actor: Actor, entry: Entry, adminDir: string | null): Promise<Remains> {
  const isThere = async (path: string | null) => path !== null && (await actor.io.disk.lstat(path)).ok;
  return {
    treeInQuarantine: await isThere(entry.tree),
    treeAtHome: await isThere(entry.path),
    adminInQuarantine: await isThere(actor.layout.entry(entry.id).admin),
    adminAtHome: await isThere(adminDir),
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
  /** A pin may have been made just before its entry could say so. */
  const pinned = entry.head === null ? done : await unpin(actor, entry.id);
  if (!pinned.ok) return pinned;
  await removeHolding(actor, entry);
  return dropEntry(actor, entry);
}

async function bringHome({ io }: Actor, from: string | null, to: string | null): Promise<Done> {
  if (from === null || to === null) return done;
  const there = await io.disk.lstat(from);
  if (!there.ok) return there.code === 'ENOENT' ? done : outcome(there, `looking for ${from}`);
  const parent = await io.disk.lstat(dirname(to));
  if (!parent.ok) return failed(`${dirname(to)} is gone, so ${from} stays where it is`);
  return outcome(await io.disk.rename(from, to), `moving it back to ${to}`);
}
