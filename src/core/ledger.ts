/**
 * What one pass leaves to the next: the cursor, owners seen dead, waits, caches, totals.
 *
 * Contract: plain data; every function returns a new ledger. Nothing here is needed for safety
 * except `deadSince`, whose loss only makes an owner's grace start again.
 * Failure direction: text that is not a ledger is an empty one.
 */
import { type DiskPoint, parseSeries } from './disk-series.ts';

export interface Ledger {
  readonly version: 1;
  /** Epoch milliseconds at which each candidate was last examined, by key. */
  readonly examined: Readonly<Record<string, number>>;
  /** Epoch milliseconds since which an owner was seen dead without interruption, by key. */
  readonly deadSince: Readonly<Record<string, number>>;
  /** When each candidate was last announced as needing attention. */
  readonly announced: Readonly<Record<string, number>>;
  /** Until when a candidate is known to be too young, by key, and the threshold that says so. */
  readonly resting: { readonly idleMs: number; readonly untilMs: Readonly<Record<string, number>> };
  /** The candidate that had the first turn and was not finished with for want of time, and in how many passes in a row. */
  readonly stuck: { readonly key: string; readonly passes: number } | null;
  /** Bytes on disk as last measured, and when, by key of the candidate or `entry:<id>`. */
  readonly sizes: Readonly<Record<string, { readonly bytes: number; readonly atMs: number }>>;
  /** Disk over time, oldest first. */
  readonly disk: readonly DiskPoint[];
  /** The landing ladder's cache; opaque here, validated by its owner. */
  readonly landings: unknown;
  readonly totals: { readonly reclaimed: number; readonly bytes: number };
  /** This boot, and when it seemed to begin: if that moves, the wall clock was set. */
  readonly boot: { readonly bootId: string; readonly bootTimeMs: number | null } | null;
  readonly lastPass: {
    readonly atMs: number;
    readonly ms: number;
    readonly complete: boolean;
    /** How many passes in a row ran out of time, this one included. */
    readonly cutShortInARow?: number;
    /** How many candidates it decided, of how many. */
    readonly examined?: number;
    readonly total?: number;
  } | null;
}

export const EMPTY_LEDGER: Ledger = {
  version: 1,
  examined: {},
  deadSince: {},
  announced: {},
  resting: { idleMs: 0, untilMs: {} },
  stuck: null,
  sizes: {},
  disk: [],
  landings: null,
  totals: { reclaimed: 0, bytes: 0 },
  boot: null,
  lastPass: null,
};

/** Reads a ledger back; null when the text is not one. */
export function parseLedger(text: string): Ledger | null {
  try {
    const value = JSON.parse(text) as Partial<Ledger> | null;
    if (value === null || typeof value !== 'object' || value.version !== 1) return null;
    const totals = value.totals ?? EMPTY_LEDGER.totals;
    return {
      version: 1,
      examined: times(value.examined),
      deadSince: times(value.deadSince),
      announced: times(value.announced),
      resting: { idleMs: finite(value.resting?.idleMs), untilMs: times(value.resting?.untilMs) },
      stuck: stuckOf(value.stuck),
      sizes: sizes(value.sizes),
      disk: parseSeries(value.disk),
      landings: value.landings ?? null,
      totals: { reclaimed: finite(totals.reclaimed), bytes: finite(totals.bytes) },
      boot: bootOf(value.boot),
      lastPass: lastPassOf(value.lastPass),
    };
  } catch {
    return null;
  }
}

function times(value: unknown): Record<string, number> {
  if (value === null || typeof value !== 'object') return {};
  return Object.fromEntries(Object.entries(value).filter((pair): pair is [string, number] => Number.isFinite(pair[1])));
}

function sizes(value: unknown): Ledger['sizes'] {
  if (value === null || typeof value !== 'object') return {};
  const pairs = Object.entries(value as Record<string, { bytes?: unknown; atMs?: unknown } | null>);
  return Object.fromEntries(
    pairs.flatMap(([key, each]) => {
      const sound = Number.isFinite(each?.bytes) && Number.isFinite(each?.atMs);
      return sound ? [[key, { bytes: finite(each?.bytes), atMs: finite(each?.atMs) }]] : [];
    }),
  );
}

function stuckOf(value: unknown): Ledger['stuck'] {
  const { key, passes } = (value ?? {}) as { key?: unknown; passes?: unknown };
  return typeof key === 'string' && Number.isSafeInteger(passes) ? { key, passes: passes as number } : null;
}

function bootOf(value: unknown): Ledger['boot'] {
  const { bootId, bootTimeMs } = (value ?? {}) as { bootId?: unknown; bootTimeMs?: unknown };
  if (typeof bootId !== 'string') return null;
  return { bootId, bootTimeMs: typeof bootTimeMs === 'number' && Number.isFinite(bootTimeMs) ? bootTimeMs : null };
}

/** One that is not whole counts as none: nothing is then purged before another day has passed. */
function lastPassOf(value: unknown): Ledger['lastPass'] {
  const last = (value ?? {}) as { atMs?: unknown; ms?: unknown; complete?: unknown; cutShortInARow?: unknown };
  if (!Number.isFinite(last.atMs) || !Number.isFinite(last.ms) || typeof last.complete !== 'boolean') return null;
  const { atMs, ms, complete, cutShortInARow } = last;
  const row = Number.isFinite(cutShortInARow) ? { cutShortInARow: finite(cutShortInARow) } : {};
  return { atMs: finite(atMs), ms: finite(ms), complete, ...row };
}

const finite = (value: unknown): number => (typeof value === 'number' && Number.isFinite(value) ? value : 0);

/** The key under which a candidate is remembered. */
export const keyOf = (candidate: { kind: string; path: string }): string => `${candidate.kind}:${candidate.path}`;

/** Least recently examined first, never examined before all; ties by key, so the order is stable. */
export function inTurn<T extends { kind: string; path: string }>(candidates: readonly T[], ledger: Ledger): T[] {
  const at = (candidate: T) => ledger.examined[keyOf(candidate)] ?? 0;
  return [...candidates].sort((one, other) => at(one) - at(other) || (keyOf(one) < keyOf(other) ? -1 : 1));
}

/** So many passes are given to chance: a busy machine, a cold disk. */
const PATIENT_PASSES = 2;

/** As many times longer a pass that nobody waits for may take: with the default of two seconds, half a minute. */
export const MOST_PATIENCE = 16;

/**
 * The budget of the next pass that nobody waits for, in milliseconds: twice as long with every pass in which one
 * candidate could not be finished with although it had the first turn. A tree that large would else stay for ever.
 */
export function patientBudgetMs({ stuck }: Ledger, budgetMs: number): number {
  const over = Math.max(0, (stuck?.passes ?? 0) - PATIENT_PASSES);
  return budgetMs * Math.min(MOST_PATIENCE, 2 ** over);
}

/**
 * The instant since which passes have seen `key`'s owner dead without interruption, or null when none has.
 * A clock set back starts it again; an owner seen alive forgets it.
 */
export function deadSince(ledger: Ledger, key: string, isDead: boolean, nowMs: number): number | null {
  const since = isDead ? ledger.deadSince[key] : undefined;
  return since === undefined || since > nowMs ? null : since;
}

/**
 * The instant until which a candidate needs no look, because it was too young when last looked at; or null.
 *
 * Why it is sound: activity only moves that instant further away, and all it can do is to keep. It counts only
 * under the threshold it was found with, and no longer than that threshold, should the clock have been set.
 */
export function restsUntil(ledger: Ledger, key: string, idleMs: number, nowMs: number): number | null {
  const untilMs = ledger.resting.untilMs[key];
  if (untilMs === undefined || ledger.resting.idleMs !== idleMs) return null;
  return untilMs > nowMs && untilMs <= nowMs + idleMs ? untilMs : null;
}

/** The key of one of several owners that a candidate may have; a path holds no NUL. */
export const ownerKey = (candidate: { kind: string; path: string }, what: 'claim' | 'maker', label: string): string =>
  `${keyOf(candidate)}\0${what}:${label}`;

/** The candidate's key in the key of an owner, or the key itself. */
export const withoutOwner = (key: string): string => key.split('\0', 1)[0] ?? key;

/** Drops what belongs to candidates that are gone. */
export function keepOnly(values: Readonly<Record<string, number>>, keys: ReadonlySet<string>): Record<string, number> {
  return Object.fromEntries(Object.entries(values).filter(([key]) => keys.has(withoutOwner(key))));
}
