/**
 * `restore` as a person asks for it: by id, by branch, by path.
 *
 * Contract: under the same lock as a pass; a restored worktree is claimed for a while, so that
 * the next pass does not take again what somebody just wanted back.
 */
import { randomBytes } from 'node:crypto';
import { writeClaim } from './act/claims.ts';
import type { Actor } from './act/context.ts';
import { readEntries } from './act/entries.ts';
import { type Acquired, acquireLock, type PassLock } from './act/lock.ts';
import { type Restored, type RestoreWish, restore } from './act/restore.ts';
import type { Entry } from './core/entry.ts';
import { goneWords, inPlaceWords } from './core/owner-words.ts';
import { DEFAULTS } from './core/settings.ts';
import { findEntry, isUnmoved, whereabouts } from './whereabouts.ts';
import type { Workspace } from './workspace.ts';

export type RestoredByName =
  | (Extract<Restored, { ok: true }> & {
      readonly entry: Entry;
      /** How long the restored path is claimed, in milliseconds; null when it could not be. */
      readonly claimedMs: number | null;
    })
  | {
      readonly ok: false;
      readonly problem:
        | 'no-entry'
        | 'ambiguous'
        | 'busy'
        | 'in-place'
        | 'path-taken'
        | 'branch-taken'
        | 'gone'
        | 'failed';
      readonly why: string;
      readonly entry: Entry | null;
      /** Where it was put back earlier, when it is not in quarantine for that reason. */
      readonly at?: string;
    };

/** Who a claim made on restore belongs to. */
export const RESTORED_BY = 'restored by hand';

/** Restores what `name` names. */
export async function restoreByName(workspace: Workspace, name: string, wish: RestoreWish): Promise<RestoredByName> {
  const { entries, unreadable } = await readEntries(workspace);
  const entry = findEntry(entries, name, workspace.from);
  if (entry === 'ambiguous')
    return { ok: false, problem: 'ambiguous', why: `${name} names several entries`, entry: null };
  if (entry === null) {
    const became = await whereabouts(workspace, name);
    if (became !== null && 'record' in became) {
      const { at, kind } = became.record;
      const why = goneWords({ name, ...became, kind, agoMs: workspace.io.clock.nowMs() - at });
      return { ok: false, problem: 'no-entry', why, entry: null, ...('at' in became ? { at: became.at } : {}) };
    }
    const unread = unreadable.length === 0 ? '' : `; could not be read there: ${unreadable.join(', ')}`;
    return { ok: false, problem: 'no-entry', why: `nothing in quarantine is called ${name}${unread}`, entry: null };
  }
  const result = await withPassLock<RestoredByName>(workspace, async (actor) => {
    if (await isUnmoved(workspace, entry))
      return { ok: false, problem: 'in-place', why: inPlaceWords(entry.path, entry.kind), entry };
    const restored = await restore(actor, entry, wish);
    if (!restored.ok)
      return { ok: false, problem: restored.problem, why: `${entry.id} was not restored: ${restored.why}`, entry };
    const claimedMs = await claimRestored(workspace, restored.path);
    return { ...restored, entry, claimedMs };
  });
  if (result.ok) return result.value;
  return { ok: false, problem: result.problem === 'busy' ? 'busy' : 'failed', why: result.why, entry };
}

/** Runs `work` while no pass can. Long work asks the lock now and then whether it may go on. */
export async function withPassLock<T>(
  { io, layout }: Workspace,
  work: (actor: Actor, lock: PassLock) => Promise<T>,
): Promise<{ ok: true; value: T } | Extract<Acquired, { ok: false }>> {
  const passId = randomBytes(4).toString('hex');
  const acquired = await acquireLock(io, layout, passId);
  if (!acquired.ok) return acquired;
  try {
    return { ok: true, value: await work({ io, layout, passId }, acquired.lock) };
  } finally {
    await acquired.lock.release();
  }
}

async function claimRestored({ io, layout, settings }: Workspace, path: string): Promise<number | null> {
  const ttlMs = (settings ?? DEFAULTS).quarantine.keepMs;
  const claimed = await writeClaim({ io, layout }, { path, owner: RESTORED_BY, pid: null, ttlMs });
  return claimed.ok ? ttlMs : null;
}
