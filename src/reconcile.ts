/**
 * Disk and claims, the other way round: claims whose worktree is gone.
 *
 * Contract: a claim is missing only where the directory that held its path could be looked at. Released when
 * its owner is dead or its lease has ended, and only in a live pass; reported otherwise.
 * Failure direction: what cannot be judged, or was written to meanwhile, is reported and stays.
 */
import { releaseGone } from './act/claims.ts';
import type { Actor } from './act/context.ts';
import { clearMakers } from './act/makers.ts';
import type { Liveness } from './core/model.ts';
import { missingClaims, standingNow } from './observe/claims.ts';
import type { View } from './observe/view.ts';

/** A claim on a path that is gone. */
export interface MissingClaim {
  readonly path: string;
  readonly owner: string;
  readonly liveness: Liveness;
  readonly why: string;
  /** True when this pass released it. */
  readonly released: boolean;
}

/**
 * Goes through the claims whose path is gone, and clears out birth certificates of the same kind.
 *
 * @param actor null where nothing may be touched
 */
export async function reconcile(view: View, actor: Actor | null): Promise<MissingClaim[]> {
  if (actor !== null) await clearMakers(actor);
  const records = await view.claims();
  if (!records.known) return [];
  const { io } = view.source;
  const nowMs = io.clock.nowMs();
  const missing: MissingClaim[] = [];
  for (const record of missingClaims(records.value)) {
    const claim = standingNow(io, record, nowMs);
    const liveness = claim?.liveness ?? 'dead';
    const isOver = liveness === 'dead' && record.provided === undefined;
    const released = isOver && actor !== null && (await releaseGone(actor, record.data)).ok;
    const { path, owner } = record.data;
    missing.push({ path, owner, liveness, why: claim?.why ?? 'its lease has ended', released });
  }
  return missing;
}
