/**
 * The library's public face.
 *
 * Contract: no printing, no exit, no change of the caller's directory. Results are the same
 * documents that `--json` prints. Failures of the repository or configuration throw a
 * `ReaperError`; everything that concerns one candidate is a value.
 */
import { resolve } from 'node:path';
import { heartbeat, releaseClaim, writeClaim } from './act/claims.ts';
import {
  type CallOptions,
  type ClaimName,
  type LandedOptions,
  type Reaper,
  ReaperError,
  type ReaperOptions,
  type RunOptions,
  type WhyDocument,
} from './api.ts';
import type { Fact } from './core/model.ts';
import { DEFAULTS } from './core/settings.ts';
import { JSON_VERSION } from './core/version.ts';
import { ownerOf, type RunDocument, runDocument, statusDocument } from './documents.ts';
import { explain } from './explain.ts';
import type { DiskAnswer } from './io/ports.ts';
import { landedRows } from './landed.ts';
import type { LandedRow } from './observe/landed/report.ts';
import type { ClaimProvider } from './observe/providers.ts';
import { type Passed, type PassReport, runPass } from './pass.ts';
import { createPeriodic, type Periodic } from './periodic.ts';
import { restoreByName } from './restoring.ts';
import { survey } from './survey.ts';
import { openWorkspace, type Workspace } from './workspace.ts';

export {
  type CallOptions,
  type ClaimName,
  type ClaimOptions,
  type LandedOptions,
  type LookOptions,
  type Reaper,
  ReaperError,
  type ReaperErrorCode,
  type ReaperOptions,
  type RestoreOptions,
  type RunOptions,
  type WhyDocument,
} from './api.ts';
export type { ClaimData } from './core/claims.ts';
export type {
  Candidate,
  Claim,
  Evidence,
  Fact,
  FactName,
  Facts,
  Ground,
  Liveness,
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
export type { MissingClaim } from './reconcile.ts';
export type { RestoredByName } from './restoring.ts';

/** As long as the command's own default. */
const DEFAULT_TTL_MS = 12 * 3_600_000;

/**
 * Makes a reaper for one repository. Nothing is read until a method is called.
 *
 * @example
 * const reaper = createReaper({ repo: '/path/to/clone' });
 * const { candidates } = await reaper.status();
 * await reaper.run({ budgetMs: 1000, signal: AbortSignal.timeout(5000) });
 */
export function createReaper(options: ReaperOptions = {}): Reaper {
  // Resolved now: where the caller stands later is no concern of this repository's.
  const repo = resolve(options.repo ?? process.cwd());
  const callers = options.claims === undefined ? {} : { providers: options.claims };
  const run = async (wish: RunOptions = {}): Promise<RunDocument> => {
    const workspace = await open(repo, wish);
    const report = await passed(workspace, wish, callers);
    return runDocument(workspace, report, await survey(workspace, report));
  };
  return {
    ...passesOf(options, run),
    run,
    status: async (wish = {}) => {
      const workspace = await open(repo, wish);
      const report = await passed(
        workspace,
        { ...wish, dryRun: true, budgetMs: Number.POSITIVE_INFINITY, limit: Number.POSITIVE_INFINITY },
        callers,
      );
      const document = statusDocument(workspace, report, await survey(workspace, report));
      wish.signal?.throwIfAborted();
      return document;
    },
    why: (name, wish) => whyDocument(repo, name, callers, wish),
    restore: async (name, wish = {}) => {
      const workspace = await open(repo, wish);
      const to = wish.to === undefined ? null : resolve(repo, wish.to);
      return restoreByName(workspace, name, { to, detach: wish.detach === true });
    },
    landed: (revs, wish = {}) => landedOf(repo, revs, wish),
    ...claiming(repo),
  };
}

/** Passes now and then; a callback that throws ends nothing but itself. */
function passesOf({ everyMs, onPass, onError }: ReaperOptions, run: Reaper['run']): Periodic {
  return createPeriodic(
    everyMs ?? DEFAULTS.pass.everyMs,
    async (signal) => {
      const document = await run({ signal });
      onPass?.(document);
    },
    (error) => {
      const isBusy = error instanceof ReaperError && error.code === 'busy';
      if (!isBusy) onError?.(error);
    },
  );
}

function claiming(repo: string): Pick<Reaper, 'claim' | 'heartbeat' | 'release'> {
  const named = ({ path, owner }: ClaimName) => ({ path: resolve(repo, path), owner });
  return {
    claim: async (wish) => {
      const { pid = null, ttlMs = DEFAULT_TTL_MS } = wish;
      return claimAnswer(await writeClaim(await opened(repo, wish), { ...named(wish), pid, ttlMs }));
    },
    heartbeat: async (wish) => {
      const beaten = await heartbeat(await opened(repo, wish), named(wish));
      return !beaten.ok && beaten.code === 'ENOENT' ? null : claimAnswer(beaten);
    },
    release: async (wish) => {
      const released = await releaseClaim(await opened(repo, wish), named(wish));
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
  wish: CallOptions = {},
): Promise<WhyDocument | null> {
  const { signal } = wish;
  const explained = await explain(await open(repo, wish), name, callers, () => signal?.aborted === true);
  signal?.throwIfAborted();
  if (!explained.known) throw new ReaperError('unreadable', explained.why);
  if (explained.value === null) return null;
  const { candidate, inquiry } = explained.value;
  const facts = inquiry.asked.map(({ fact, ms }) => ({ fact, ms, answer: inquiry.facts[fact] as Fact<unknown> }));
  return { version: JSON_VERSION, candidate, facts, owner: ownerOf({ inquiry }), verdict: inquiry.verdict };
}

async function landedOf(
  repo: string,
  revs: readonly string[] | undefined,
  wish: LandedOptions,
): Promise<readonly LandedRow[]> {
  const { signal, base = [] } = wish;
  const isOutOfTime = () => signal?.aborted === true;
  const named = revs === undefined ? {} : { revs };
  const rows = await landedRows(await opened(repo, wish), { ...named, base, isOutOfTime });
  signal?.throwIfAborted();
  if (!rows.known) throw new ReaperError('no-base', rows.why);
  return rows.value;
}

/** The repository, whatever its configuration. */
async function opened(repo: string, { signal }: CallOptions): Promise<Workspace> {
  signal?.throwIfAborted();
  const answer = await openWorkspace({ cwd: repo });
  signal?.throwIfAborted();
  if (!answer.ok) throw new ReaperError(answer.problem, answer.why);
  return answer.value;
}

/** The repository with a configuration that can be used. */
async function open(repo: string, wish: CallOptions): Promise<Workspace> {
  const workspace = await opened(repo, wish);
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
