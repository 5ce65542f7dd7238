/**
 * The note that is written before anything moves, and what it allows afterwards.
 *
 * Contract: one entry per quarantined thing, `entry.json` beside it. The phase says which
 * intent was last declared; together with what lies where on disk it tells a later pass
 * how to finish or to roll back.
 */
import type { Evidence, Ground, Oid } from './model.ts';

export const ENTRY_VERSION = 1;

/**
 * `intent`: about to move, or moving. `held`: in quarantine, restorable. `restoring`: on its way
 * back. `purging`: its files are being removed. `purged`: files gone, restorable from its commit.
 */
export type Phase = 'intent' | 'held' | 'restoring' | 'purging' | 'purged';

export interface Entry {
  readonly version: typeof ENTRY_VERSION;
  readonly id: string;
  readonly kind: 'worktree' | 'registration' | 'staging';
  readonly phase: Phase;
  /** Where it lived. */
  readonly path: string;
  /** Where its files lie while in quarantine; null when it had none (a registration alone). */
  readonly tree: string | null;
  /** Name of its registration under `worktrees/`, or null for a staging entry. */
  readonly registration: string | null;
  readonly branch: string | null;
  readonly head: Oid | null;
  /** The commit under `refs/reaper/<id>` that keeps HEAD and reflog alive, or null. In phase `intent` it may not be pinned yet. */
  readonly pin: Oid | null;
  /** The branch's value when it was deleted, or null when it was left alone. */
  readonly deletedBranchAt: Oid | null;
  /** The lock's own text when it was locked by an owner since dead, or null. */
  readonly lockText: string | null;
  readonly ground: Ground | 'stale';
  readonly evidence: Evidence | null;
  /** In words, for `log` and `status`. */
  readonly because: string;
  /** Strong rebuildable directories, relative to the tree, moved to `ballast/<index>`. */
  readonly ballast: readonly string[];
  /** Epoch milliseconds of the reclaim. */
  readonly atMs: number;
  /** Epoch milliseconds until which the files stay. */
  readonly keepUntilMs: number;
  /** Epoch milliseconds until which the commit stays restorable. */
  readonly forgetAtMs: number;
  /** Bytes on disk, or null while not measured. */
  readonly bytes: number | null;
  /** Set when a crash left it without its second look: it is kept until someone decides. */
  readonly unverified: boolean;
  /** Where a restore was headed, so that a killed one can be finished. */
  readonly restoreTo: string | null;
  /** True while a restore fills an empty directory from the index, because the files were purged. */
  readonly rebuild: boolean;
  /** True while a restore is to leave HEAD detached. The branch stays noted: the next one may be asked for with it. */
  readonly detach: boolean;
}

/** The branch that a restore brings back, or null for none. */
export const branchBackFor = ({ detach, branch }: Pick<Entry, 'detach' | 'branch'>): string | null =>
  detach === true ? null : branch;

/** The text by which a later pass, and the second look, know a registration's lock as ours. */
export const ourLock = (id: string): string => `reaper-hook is moving this worktree to quarantine as ${id}`;

/** True for the text of such a lock. */
export const isOurLock = (reason: string): boolean => reason.startsWith(ourLock(''));

/** Where a quarantined tree's ballast lies: beside it, so always on its file system. */
export const ballastPlace = (tree: string): string => `${tree.slice(0, tree.lastIndexOf('/'))}/ballast`;

/** Reads an entry back; null when the text is not one of ours. */
export function parseEntry(text: string): Entry | null {
  try {
    const value = JSON.parse(text) as Partial<Entry> | null;
    if (value === null || typeof value !== 'object' || value.version !== ENTRY_VERSION) return null;
    const sound =
      isEntryId(value.id) &&
      (value.kind === 'worktree' || value.kind === 'registration' || value.kind === 'staging') &&
      ['intent', 'held', 'restoring', 'purging', 'purged'].includes(value.phase ?? '') &&
      typeof value.path === 'string' &&
      value.path.startsWith('/') &&
      (value.tree === null || typeof value.tree === 'string') &&
      (value.registration === null || isRegistrationName(value.registration)) &&
      Array.isArray(value.ballast) &&
      [value.atMs, value.keepUntilMs, value.forgetAtMs].every((time) => Number.isFinite(time));
    return sound ? (value as Entry) : null;
  } catch {
    return null;
  }
}

const isEntryId = (id: unknown): id is string => typeof id === 'string' && /^[a-z0-9][a-z0-9._-]{0,120}$/.test(id);

const isRegistrationName = (name: unknown): name is string =>
  typeof name === 'string' && name !== '' && name !== '.' && name !== '..' && !/[/\0]/.test(name);

/** A readable, unique name: `agent-fix-login-7f3a`. */
export function entryId(name: string, random: string): string {
  const slug = name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 40)
    .replace(/-+$/, '');
  return `${slug === '' ? 'entry' : slug}-${random}`;
}

/** What lies where, when a killed pass is looked at. */
export interface Remains {
  readonly treeInQuarantine: boolean;
  readonly treeAtHome: boolean;
  readonly adminInQuarantine: boolean;
  readonly adminAtHome: boolean;
}

/**
 * How to go on from an `intent` whose pass died.
 *
 * Why: the registration moves only after the second look, so a registration in quarantine means
 * the reclaim was sound and is finished; before that everything goes back. Where something else
 * has taken the old place, the tree stays in quarantine, unverified, and is never purged.
 */
export type Recovery = 'finish' | 'roll-back' | 'hold-unverified';

export function recoveryOf(entry: Pick<Entry, 'kind'>, remains: Remains): Recovery {
  const { treeInQuarantine, treeAtHome, adminInQuarantine } = remains;
  if (entry.kind === 'registration') return adminInQuarantine ? 'finish' : 'roll-back';
  if (!treeInQuarantine) return 'roll-back';
  if (entry.kind === 'worktree' && adminInQuarantine) return 'finish';
  return treeAtHome ? 'hold-unverified' : 'roll-back';
}
