/**
 * What each fact can object to: the vetoes behind the tables of the policy.
 *
 * Contract: pure; an objection says its code, what was seen, and until when it holds. `holdsWork`
 * marks those that protect somebody's work, so that idle and ownerless ones ask for attention.
 */
import type { Candidate, Claim, Facts, FactTypes, Landing, Lock, Owner, Policy, ReasonCode } from './model.ts';
import { duration } from './text.ts';

/** Clocks of file systems and hosts differ by seconds; more than this is a clock set back. */
export const FUTURE_TOLERANCE_MS = 60_000;

/** How many paths a reason quotes before it says how many more there are. */
const QUOTED_PATHS = 3;

export interface Seen {
  readonly policy: Policy;
  readonly nowMs: number;
  readonly candidate: Candidate;
  readonly facts: Facts;
}

export type Objection = { code: ReasonCode; detail: string; untilMs?: number; holdsWork?: boolean };

export function ownness(value: FactTypes['own']): Objection | null {
  if (value === 'linked') return null;
  if (value === 'main') return { code: 'main', detail: 'never reclaimed' };
  if (value === 'bare') return { code: 'main', detail: 'the bare repository itself, never reclaimed' };
  if (value === 'current') return { code: 'current', detail: 'the worktree this was started from' };
  return { code: 'not-own', detail: value.notOwn };
}

export function missingOnly(state: FactTypes['present']): Objection | null {
  if (state === 'missing') return null;
  if (state === 'present') return { code: 'unknown', detail: 'the directory appeared while it was being looked at' };
  return { code: 'missing', detail: 'its parent directory is gone or empty too, as on a volume that is not mounted' };
}

/** Work that would be lost: some of its names, as the detail. */
export const holding = (code: ReasonCode, names: readonly string[]): Objection | null =>
  names.length === 0 ? null : { code, detail: some(names), holdsWork: true };

export function tooYoung(lastMs: number, thresholdMs: number, nowMs: number, code: ReasonCode): Objection | null {
  if (!Number.isFinite(lastMs)) return { code: 'unknown', detail: 'its last activity has no time' };
  if (lastMs > nowMs + FUTURE_TOLERANCE_MS)
    return { code: 'future-mtime', detail: 'its last activity lies in the future: a clock was set back' };
  if (nowMs - lastMs >= thresholdMs) return null;
  return { code, detail: `active ${duration(nowMs - lastMs)} ago`, untilMs: lastMs + thresholdMs };
}

export function lockHeld(lock: Lock | null, seen: Seen): Objection | null {
  if (lock === null) return null;
  if (lock.owner === null) return { code: 'locked', detail: lock.reason === '' ? 'without a reason' : lock.reason };
  return ownerHeld(lock.owner, seen.policy, seen.nowMs);
}

/** A staging entry has waited longer than any grace by the time its age allows it to go. */
export const stagingOwnerHeld = (owner: Owner, { policy, nowMs }: Seen): Objection | null =>
  ownerHeld(owner, { ...policy, ownerGraceMs: 0 }, nowMs);

export function ownerHeld(owner: Owner, policy: Policy, nowMs: number): Objection | null {
  const detail = `${owner.label}: ${owner.why}`;
  if (owner.liveness === 'alive') return { code: 'owner-alive', detail };
  if (owner.liveness === 'unknown') return { code: 'owner-unknown', detail };
  if (policy.ownerGraceMs === 0) return null;
  const sinceMs = owner.deadSinceMs ?? nowMs;
  if (nowMs - sinceMs >= policy.ownerGraceMs) return null;
  return { code: 'owner-grace', detail, untilMs: sinceMs + policy.ownerGraceMs };
}

export function claimHeld(claim: Claim | null, seen: Seen): Objection | null {
  if (claim === null) return null;
  const { label, liveness, why, deadSinceMs = null } = claim;
  if (liveness === 'dead') return ownerHeld({ label, pid: null, liveness, why, deadSinceMs }, seen.policy, seen.nowMs);
  const detail = `${claim.label}: ${claim.why}`;
  if (claim.leaseUntilMs !== null && claim.leaseUntilMs > seen.nowMs)
    return { code: 'claimed', detail, untilMs: claim.leaseUntilMs };
  return { code: 'claimed', detail };
}

export function notLanded(landing: Landing): Objection | null {
  return landing.landed ? null : { code: 'not-landed', detail: landing.why, holdsWork: true };
}

export function emptyTooYoung(landing: Landing, { facts, policy, nowMs }: Seen): Objection | null {
  if (!landing.landed || landing.ground !== 'empty' || facts.idle?.known !== true) return null;
  return tooYoung(facts.idle.value.lastActivityMs, policy.emptyIdleMs, nowMs, 'empty-too-young');
}

export function inUse(occupants: FactTypes['occupied']): Objection | null {
  const first = occupants[0];
  if (first === undefined) return null;
  const more = occupants.length > 1 ? ` and ${occupants.length - 1} more` : '';
  return { code: 'occupied', detail: `${first.command} (pid ${first.pid}, ${first.how})${more}` };
}

/** Quotes the first few of many, and says how many more there are. */
export function some(items: readonly string[]): string {
  const shown = items.slice(0, QUOTED_PATHS).join(', ');
  return items.length > QUOTED_PATHS ? `${shown} and ${items.length - QUOTED_PATHS} more` : shown;
}
