/**
 * The library's public face.
 *
 * Contract: no printing, no exit, no change of the caller's directory. Results are the same
 * documents that `--json` prints. Failures of the repository or configuration throw a
 * `ReaperError`; everything that concerns one candidate is a value.
 */
import { realpathSync } from 'node:fs';
import { resolve } from 'node:path';
import { type ClaimWish, heartbeat, releaseClaim, writeClaim } from './act/claims.ts';
import { loadLedger } from './act/state.ts';
import type { ClaimData } from './core/claims.ts';
import type { Candidate, Fact, FactName, Verdict } from './core/model.ts';
import { DEFAULTS } from './core/settings.ts';
import { JSON_VERSION } from './core/version.ts';
import {
  type OwnerRow,
  ownerOf,
  type RunDocument,
  runDocument,
  type StatusDocument,
  statusDocument,
} from './documents.ts';
import { explain } from './explain.ts';
import type { DiskAnswer } from './io/ports.ts';
import { resolveBases } from './observe/base.ts';
import { type LandedRow, landedReport } from './observe/landed/report.ts';
import type { ClaimProvider } from './observe/providers.ts';
import { type Passed, type PassReport, type Progress, runPass } from './pass.ts';
import { createPeriodic, type Periodic } from './periodic.ts';
import { type RestoredByName, restoreByName } from './restoring.ts';
import { survey } from './survey.ts';
import { openWorkspace, type Workspace } from './workspace.ts';

export type { ClaimData } from './core/claims.ts';
export type {
  Candidate,
  Claim,
  Evidence,
  Fact,
  FactName,
  Facts,
  Ground,
  Owner,
  Reason,
  ReasonCode,
  Verdict,
} from './core/model.ts';
export { REASON_CODES } from './core/model.ts';
export type { CandidateRow, OwnerRow, QuarantineRow, RunDocument, StatusDocument } from './documents.ts';
export type { LandedRow } from './observe/landed/report.ts';
export type { OrphanProcess } from './observe/processes.ts';
export type { ClaimProvider, ProvidedClaim } from './observe/providers.ts';
export type { Progress } from './pass.ts';
export type { RestoredByName } from './restoring.ts';

export interface ReaperOptions {
  /** Any directory of the repository; default: the current directory. */
  readonly repo?: string;
  /** Further sources of claims, such as rows of a database; asked afresh before each reclaim. */
  readonly claims?: readonly ClaimProvider[];
  /** Milliseconds between passes after `start()`; default: `pass.every` of the built-in defaults, ten minutes. */
  readonly everyMs?: number;
  /** What each pass after `start()` did. */
  readonly onPass?: (document: RunDocument) => void;
  /** What went wrong in a pass after `start()`; another pass at work is no error. */
  readonly onError?: (error: unknown) => void;
}

export interface CallOptions {
  /**
   * Ends the call early. What was not decided by then is kept: `run` answers with what it did and
   * `pass.complete` false; everything else rejects with the signal's reason.
   */
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: Progress) => void;
}

export interface RunOptions extends CallOptions {
  /** Decide everything, touch nothing. */
  readonly dryRun?: boolean;
  /** Milliseconds for the whole pass; default: `pass.budget` of the configuration. */
  readonly budgetMs?: number;
  /** Most reclaims; default: `pass.limit`. */
  readonly limit?: number;
}

export interface ClaimOptions {
  /** Worktree or directory, absolute or relative to the repository that was named. */
  readonly path: string;
  readonly owner: string;
  /** The process that the claim ends with; without one it ends with its lease. */
  readonly pid?: number;
  /** Milliseconds from the last heartbeat to the end of the lease; default 12 hours, at most 30 days. */
  readonly ttlMs?: number;
}

export interface WhyDocument {
  readonly version: number;
  readonly candidate: Candidate;
  /** In the order they were asked for. */
  readonly facts: readonly { readonly fact: FactName; readonly ms: number; readonly answer: Fact<unknown> }[];
  readonly owner: OwnerRow | null;
  readonly verdict: Verdict;
}

export interface Reaper extends Periodic {
  /** What goes, what waits, what is kept and why. Touches nothing. */
  status(options?: CallOptions): Promise<StatusDocument>;
  /** One pass, as the hook runs it. Throws `busy` while another one is at work. */
  run(options?: RunOptions): Promise<RunDocument>;
  /** The facts behind one decision; null when no worktree or staging entry is called that. */
  why(name: string, options?: CallOptions): Promise<WhyDocument | null>;
  /** Puts back what an id, branch or path names. Refusals are values with the problem. */
  restore(name: string, options?: { to?: string; detach?: boolean }): Promise<RestoredByName>;
  /** Says that a path is in use. Throws `claim` when it could not be written: the path is then not held. */
  claim(options: ClaimOptions): Promise<ClaimData>;
  /** Lets a claim's lease run anew; null when there is no such claim. */
  heartbeat(options: Pick<ClaimOptions, 'path' | 'owner'>): Promise<ClaimData | null>;
  /** Ends a claim; false when there was none. */
  release(options: Pick<ClaimOptions, 'path' | 'owner'>): Promise<boolean>;
  /** Whether revisions have landed; all local branches when none is named. */
  landed(revs?: readonly string[], options?: CallOptions & { base?: readonly string[] }): Promise<readonly LandedRow[]>;
}

/** Why a call could not be carried out at all. */
export class ReaperError extends Error {
  constructor(
    /** `no-git`, `old-git`, `no-repository`, `no-list`, `config`, `busy`, `unreadable`, `unwritable`, `no-base` or `claim`. */
    readonly code: string,
    message: string,
  ) {
    super(message);
    this.name = 'ReaperError';
  }
}

/** As long as the command's own default. */
const DEFAULT_TTL_MS = 12 * 3_600_000;

/** Makes a reaper for one repository. Nothing is read until a method is called. */
export function createReaper(options: ReaperOptions = {}): Reaper {
  const repo = realpathSync(options.repo ?? process.cwd());
  const callers = options.claims === undefined ? {} : { providers: options.claims };
  const look = async (workspace: Workspace, wish: RunOptions) => passed(workspace, wish, callers);
  const run = async (wish: RunOptions = {}): Promise<RunDocument> => {
    wish.signal?.throwIfAborted();
    const workspace = await open(repo);
    const report = await look(workspace, wish);
    return runDocument(workspace, report, await survey(workspace, report));
  };
  const periodic = createPeriodic(
    options.everyMs ?? DEFAULTS.pass.everyMs,
    async (signal) => options.onPass?.(await run({ signal })),
    (error) => {
      const isBusy = error instanceof ReaperError && error.code === 'busy';
      if (!isBusy) options.onError?.(error);
    },
  );
  return {
    ...periodic,
    run,
    status: async (wish = {}) => {
      wish.signal?.throwIfAborted();
      const workspace = await open(repo);
      const report = await look(workspace, { ...wish, dryRun: true, budgetMs: Number.POSITIVE_INFINITY });
      const document = statusDocument(workspace, report, await survey(workspace, report));
      wish.signal?.throwIfAborted();
      return document;
    },
    why: (name, wish) => whyDocument(repo, name, callers, wish),
    restore: async (name, wish = {}) =>
      restoreByName(await open(repo), name, { to: wish.to ?? null, detach: wish.detach === true }),
    landed: (revs = [], wish = {}) => landedRows(repo, revs, wish),
    ...claiming(repo),
  };
}

function claiming(repo: string): Pick<Reaper, 'claim' | 'heartbeat' | 'release'> {
  const named = ({ path, owner }: Pick<ClaimOptions, 'path' | 'owner'>) => ({ path: resolve(repo, path), owner });
  return {
    claim: async ({ path, owner, pid, ttlMs }) => {
      const wish: ClaimWish = { ...named({ path, owner }), pid: pid ?? null, ttlMs: ttlMs ?? DEFAULT_TTL_MS };
      return claimAnswer(await writeClaim(await opened(repo), wish));
    },
    heartbeat: async (wish) => {
      const beaten = await heartbeat(await opened(repo), named(wish));
      return !beaten.ok && beaten.code === 'ENOENT' ? null : claimAnswer(beaten);
    },
    release: async (wish) => {
      const released = await releaseClaim(await opened(repo), named(wish));
      if (!released.ok && released.code === 'ENOENT') return false;
      claimAnswer(released);
      return true;
    },
  };
}

function claimAnswer<T>(answer: DiskAnswer<T>): T {
  if (!answer.ok) throw new ReaperError('claim', answer.why);
  return answer.value;
}

async function whyDocument(
  repo: string,
  name: string,
  callers: { providers?: readonly ClaimProvider[] },
  { signal }: CallOptions = {},
): Promise<WhyDocument | null> {
  signal?.throwIfAborted();
  const explained = await explain(await open(repo), name, callers, () => signal?.aborted === true);
  signal?.throwIfAborted();
  if (!explained.known) throw new ReaperError('unreadable', explained.why);
  if (explained.value === null) return null;
  const { candidate, inquiry } = explained.value;
  const facts = inquiry.asked.map(({ fact, ms }) => ({ fact, ms, answer: inquiry.facts[fact] as Fact<unknown> }));
  return { version: JSON_VERSION, candidate, facts, owner: ownerOf({ inquiry }), verdict: inquiry.verdict };
}

async function landedRows(
  repo: string,
  revs: readonly string[],
  { signal, base = [] }: CallOptions & { base?: readonly string[] },
): Promise<readonly LandedRow[]> {
  signal?.throwIfAborted();
  const { io, layout, settings } = await opened(repo);
  const place = { io, gitDir: layout.commonDir, cwd: layout.commonDir, commonDir: layout.commonDir };
  const configured = base.length > 0 ? base : (settings ?? DEFAULTS).worktrees.base;
  const bases = await resolveBases({ git: io.git, ...place, configured, managedBranches: () => false });
  if (!bases.known) throw new ReaperError('no-base', bases.why);
  const { ledger } = await loadLedger({ io, layout });
  const isOutOfTime = () => signal?.aborted === true;
  const rows = await landedReport({ ...place, revs, bases: bases.value, cache: ledger.landings, isOutOfTime });
  signal?.throwIfAborted();
  return rows;
}

/** The repository, whatever its configuration. */
async function opened(repo: string): Promise<Workspace> {
  const answer = await openWorkspace({ cwd: repo });
  if (!answer.ok) throw new ReaperError(answer.problem, answer.why);
  return answer.value;
}

/** The repository with a configuration that can be used. */
async function open(repo: string): Promise<Workspace> {
  const workspace = await opened(repo);
  const { config } = workspace;
  if (!config.ok) throw new ReaperError('config', config.errors.map(({ message }) => message).join('\n'));
  return workspace;
}

async function passed(
  workspace: Workspace,
  wish: RunOptions,
  callers: { providers?: readonly ClaimProvider[] },
): Promise<PassReport> {
  const configured = workspace.settings?.pass;
  const { signal, onProgress } = wish;
  const result: Passed = await runPass(workspace, {
    dryRun: wish.dryRun === true,
    budgetMs: wish.budgetMs ?? configured?.budgetMs ?? Number.POSITIVE_INFINITY,
    limit: wish.limit ?? configured?.limit ?? Number.POSITIVE_INFINITY,
    from: workspace.from,
    announce: false,
    callers,
    ...(signal === undefined ? {} : { isAborted: () => signal.aborted }),
    ...(onProgress === undefined ? {} : { onProgress }),
  });
  if (!result.ok) throw new ReaperError(result.problem, result.why);
  return result.report;
}
