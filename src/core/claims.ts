/**
 * Claims: a file, or a provider's row, by which a tool says "this path is mine, and I am alive".
 *
 * Contract: pure. A claim with a process is bound to that process; one without is bound to its lease, which
 * runs from the last heartbeat. A claim covers its path, what lies in it, and what it lies in.
 * Failure direction: a process about which nothing can be told keeps the claim until the lease ends; a
 * live one keeps it after that too.
 */
import type { Claim } from './model.ts';
import type { Judgement, OwnerRecord } from './owners.ts';
import { isInside } from './paths.ts';

/** A lease shorter than this is over before a pass has finished. */
export const SHORTEST_TTL_MS = 1_000;

/** A lease longer than this belongs into a `git worktree lock`, which does not end by itself. */
export const LONGEST_TTL_MS = 30 * 24 * 3_600_000;

/** A name for messages, not a text. */
const LONGEST_OWNER = 200;

/** One claim, as its file holds it. All times are epoch milliseconds. */
export interface ClaimData extends OwnerlessClaim {
  /** The process it is bound to, or null for one that is bound to its lease alone. */
  readonly process: OwnerRecord | null;
}

interface OwnerlessClaim {
  readonly version: 1;
  /** Absolute; symbolic links were resolved when it was made. */
  readonly path: string;
  readonly owner: string;
  readonly createdMs: number;
  readonly heartbeatMs: number;
  readonly ttlMs: number;
}

/** Writes a claim the way `parseClaim` reads it. */
export function formatClaim(claim: ClaimData): string {
  const { process, ...rest } = claim;
  return `${JSON.stringify({ ...rest, process: process ?? null }, null, 2)}\n`;
}

/** Reads a claim back; null when the text is not one, or one of a version that is not known here. */
export function parseClaim(text: string): ClaimData | null {
  const value = parseObject(text);
  if (value === null || value['version'] !== 1) return null;
  const { path, owner, createdMs, heartbeatMs, ttlMs } = value;
  if (typeof path !== 'string' || !path.startsWith('/') || typeof owner !== 'string') return null;
  if (ownerProblem(owner) !== null || !isTime(createdMs) || !isTime(heartbeatMs) || !isTime(ttlMs)) return null;
  const process = value['process'] === null ? null : parseOwnerRecord(value['process']);
  return process === undefined ? null : { version: 1, path, owner, createdMs, heartbeatMs, ttlMs, process };
}

/** Why a name cannot be a claim's owner, or null. */
export function ownerProblem(owner: string): string | null {
  if (owner.trim() === '') return 'the owner has no name';
  if (owner.length > LONGEST_OWNER) return `the owner's name is longer than ${LONGEST_OWNER} characters`;
  if (/^[ -~]+$/.test(owner)) return null;
  return /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u.test(owner) ? "the owner's name holds an invisible character" : null;
}

/** Why a lease cannot be that long, or null. */
export function ttlProblem(ttlMs: number): string | null {
  if (!Number.isFinite(ttlMs) || ttlMs < SHORTEST_TTL_MS) return 'a lease lasts at least a second';
  return ttlMs > LONGEST_TTL_MS ? 'a lease lasts at most 30 days; `git worktree lock` has no end' : null;
}

function parseObject(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text);
    return value !== null && typeof value === 'object' ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}

const isTime = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value) && value >= 0;
const timeOrNull = (value: unknown): value is number | null => value === null || isTime(value);
const textOrNull = (value: unknown): value is string | null => value === null || typeof value === 'string';

/** `undefined` when it is no record of a process. */
function parseOwnerRecord(value: unknown): OwnerRecord | undefined {
  if (value === null || typeof value !== 'object') return undefined;
  const { pid, startedMs, startTicks, recordedMs, host, bootId, pidNamespace } = value as Record<string, unknown>;
  if (!isTime(pid) || !timeOrNull(startedMs) || !timeOrNull(recordedMs)) return undefined;
  if (!textOrNull(host) || !textOrNull(bootId) || !textOrNull(pidNamespace)) return undefined;
  if (startTicks !== undefined && !timeOrNull(startTicks)) return undefined;
  return { pid, startedMs, startTicks: startTicks ?? null, recordedMs, host, bootId, pidNamespace };
}

/** True when a claim on one of `claimed` also holds any of `paths`: equal, above or below. */
export function covers(claimed: readonly string[], paths: readonly string[]): boolean {
  return claimed.some((claim) => paths.some((path) => isInside(path, claim) || isInside(claim, path)));
}

/**
 * The claim that `data` makes now, or null when its lease has ended. A claim whose process is dead is still
 * one, with a dead owner: the policy waits out the owner's grace.
 *
 * @param judged what became of its process; ignored for a claim without one
 */
export function standing(data: ClaimData, judged: Judgement | null, nowMs: number): Claim | null {
  const untilMs = data.heartbeatMs + data.ttlMs;
  const leaseUntilMs = untilMs > nowMs ? untilMs : null;
  const { process, createdMs: sinceMs } = data;
  const label = process === null ? data.owner : `${data.owner} (pid ${process.pid})`;
  const named = { label, owner: data.owner, path: data.path, pid: process?.pid ?? null, sinceMs };
  if (process === null)
    return leaseUntilMs === null ? null : { ...named, liveness: 'unknown', why: 'its lease runs', leaseUntilMs };
  const { liveness, why } = judged ?? { liveness: 'unknown', why: 'its process was not looked at' };
  if (liveness !== 'unknown') return { ...named, liveness, why, leaseUntilMs: null };
  return leaseUntilMs === null ? null : { ...named, liveness, why: `${why}; its lease runs`, leaseUntilMs };
}
