/**
 * Claims that a caller of the library provides, such as the rows of its database.
 *
 * Contract: each provider is asked once a view, side by side, each within its own time. What it answers is
 * treated like claims that were read from files.
 * Failure direction: a provider that throws, takes too long or answers something else holds everything it
 * could cover; what it covers and does not name waits out its grace, since the row may not be written yet.
 */
import { isAbsolute, join } from 'node:path';
import type { ClaimData } from '../core/claims.ts';
import type { Candidate, Claim, Liveness } from '../core/model.ts';
import { matchPath } from '../core/patterns.ts';
import { duration, printable } from '../core/text.ts';
import type { Io } from '../io/ports.ts';
import { type BrokenClaim, type ClaimRecord, type ReadClaim, recordsOf } from './claims.ts';

/** A local database answers in milliseconds; one that is locked should not use up a pass. */
const DEFAULT_TIMEOUT_MS = 1_000;

/** A worktree may be there before its row is. */
const DEFAULT_GRACE_MS = 3_600_000;

/** More rows than this are a mistake in a query. */
const MAX_PROVIDED = 100_000;

/** One row: who holds which path. */
export interface ProvidedClaim {
  /** Absolute path of a worktree or directory. */
  readonly path: string;
  /** How messages name the owner: `session 42`. */
  readonly owner: string;
  /** True holds the path; false is an owner that ended, whose grace runs; null or absent holds it: not known. */
  readonly alive?: boolean | null;
  /** Epoch milliseconds at which it began, for messages. */
  readonly sinceMs?: number;
}

/** Where claims come from besides files. */
export interface ClaimProvider {
  /** How messages name it. */
  readonly name: string;
  /** The paths it speaks for, as patterns like `worktrees.paths`; absent: everything. */
  readonly covers?: readonly string[];
  /** Milliseconds it may take; default 1,000. */
  readonly timeoutMs?: number;
  /** Milliseconds for which a path it covers and does not name is kept; default one hour. */
  readonly graceMs?: number;
  /** All rows. The signal is aborted when its time is over. */
  claims(signal: AbortSignal): Promise<readonly ProvidedClaim[]> | readonly ProvidedClaim[];
}

/** What `covers` starts from. */
export interface ProviderPlace {
  readonly root: string;
  readonly home: string;
}

/** Asks every provider. */
export async function askProviders(
  { disk }: Pick<Io, 'disk'>,
  providers: readonly ClaimProvider[],
  place: ProviderPlace,
): Promise<ClaimRecord[]> {
  const answers = await Promise.all(
    providers.map(async (provider) => {
      try {
        const rows = checked(await inTime(provider));
        const records = await recordsOf(disk, rows.map(claimData));
        return records.map((record, index) => withRow(record, rows[index], printable(provider.name)));
      } catch (error) {
        return [broken(provider, place, error instanceof Error ? error.message : String(error))];
      }
    }),
  );
  return answers.flat();
}

async function inTime(provider: ClaimProvider): Promise<unknown> {
  const timeoutMs = provider.timeoutMs ?? DEFAULT_TIMEOUT_MS;
  const controller = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      controller.abort();
      reject(new Error(`it did not answer within ${duration(timeoutMs)}`));
    }, timeoutMs);
  });
  try {
    return await Promise.race([Promise.resolve(provider.claims(controller.signal)), late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Throws for anything but well-formed rows: a row left out would be a path let go. */
function checked(answer: unknown): readonly ProvidedClaim[] {
  if (!Array.isArray(answer)) throw new Error('it answered no list');
  if (answer.length > MAX_PROVIDED) throw new Error(`it answered more than ${MAX_PROVIDED} rows`);
  for (const row of answer as Partial<ProvidedClaim>[]) {
    if (typeof row?.path !== 'string' || !isAbsolute(row.path)) throw new Error('a row has no absolute path');
    if (typeof row.owner !== 'string') throw new Error('a row has no owner');
    if (row.alive != null && typeof row.alive !== 'boolean') throw new Error('alive is true, false or null');
  }
  return answer as readonly ProvidedClaim[];
}

function claimData({ path, owner, sinceMs = 0 }: ProvidedClaim): ClaimData {
  const times = { createdMs: sinceMs, heartbeatMs: sinceMs, ttlMs: 0 };
  return { version: 1, path: join(path), owner: printable(owner), ...times, process: null };
}

/** The claim as its row says it. */
function withRow(record: ReadClaim, row: ProvidedClaim | undefined, via: string): ReadClaim {
  const { alive = null, sinceMs = null } = row ?? {};
  const liveness: Liveness = alive === null ? 'unknown' : alive ? 'alive' : 'dead';
  const why = { alive: 'active', dead: 'ended', unknown: 'its state is not known' }[liveness];
  const { owner: label, path } = record.data;
  return { ...record, provided: { label, path, via, liveness, why, leaseUntilMs: null, sinceMs } };
}

function broken(provider: ClaimProvider, place: ProviderPlace, why: string): BrokenClaim {
  const file = `claims of ${printable(provider.name)}`;
  const holds = (path: string) => isCovered(provider, path, place);
  return { state: 'broken', file, pathHash: null, mtimeMs: Number.POSITIVE_INFINITY, why: printable(why), holds };
}

function isCovered({ covers }: ClaimProvider, path: string, place: ProviderPlace): boolean {
  return covers === undefined || matchPath(path, covers, place) !== null;
}

/** The grace of a path that a provider covers and none names: a claim that runs out by itself; or null. */
export async function unnamedGrace(
  { disk, clock }: Pick<Io, 'disk' | 'clock'>,
  providers: readonly ClaimProvider[],
  place: ProviderPlace,
  { candidate, at }: { candidate: Candidate; at: string },
): Promise<Claim | null> {
  const covering = providers.filter((provider) => isCovered(provider, candidate.path, place));
  if (covering.length === 0) return null;
  const signs = candidate.kind === 'worktree' ? [join(candidate.adminDir, 'commondir'), at] : [at];
  const infos = await Promise.all(signs.map((sign) => disk.lstat(sign)));
  const via = covering.map(({ name }) => printable(name)).join(', ');
  const nobody = { label: via, via, liveness: 'unknown' } as const;
  if (infos.some((info) => !info.ok && info.code !== 'ENOENT' && info.code !== 'ENOTDIR'))
    return { ...nobody, why: 'it does not name it, and its age is not known', leaseUntilMs: null };
  const bornMs = Math.max(0, ...infos.map((info) => (info.ok ? info.value.mtimeMs : 0)));
  const graceMs = Math.max(...covering.map((provider) => provider.graceMs ?? DEFAULT_GRACE_MS));
  const leaseUntilMs = bornMs + graceMs;
  if (leaseUntilMs <= clock.nowMs()) return null;
  return { ...nobody, why: 'it does not name it yet', leaseUntilMs };
}
