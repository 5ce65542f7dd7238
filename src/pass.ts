/**
 * One pass, from lock to release.
 *
 * Contract: lock -> finish what a killed pass left -> look -> least recently examined first ->
 * ask and decide -> look again and act -> record -> purge, all inside `budgetMs`. A dry run
 * shares every step but acting and recording. The cursor in the ledger makes successive short
 * passes reach every candidate.
 * Failure direction: time that runs out keeps; a pass that cannot write its record stops acting.
 */
import { randomBytes } from 'node:crypto';
import type { Actor } from './act/context.ts';
import { rotate } from './act/journal.ts';
import { acquireLock, type PassLock } from './act/lock.ts';
import type { PurgeReport } from './act/purge.ts';
import type { Outcome } from './act/quarantine.ts';
import { type Recovered, recoverAll, wasFinished } from './act/recover.ts';
import { loadLedger, saveLedger, setLedgerAside } from './act/state.ts';
import { actOnAll, type CandidateResult, purgeDue, type Worked } from './acting.ts';
import { EMPTY_LEDGER, inTurn, type Ledger } from './core/ledger.ts';
import type { Candidate } from './core/model.ts';
import type { Settings } from './core/settings.ts';
import { BY_THE_CLOCK, isOver, leftOf, type TimeBox } from './core/timebox.ts';
import { decideBatch, policyOf } from './deciding.ts';
import type { Inquiry } from './observe/investigate.ts';
import { openView, type View, type ViewSource } from './observe/view.ts';
import { type MissingClaim, reconcile, rememberClaims } from './reconcile.ts';
import { dueForAttention, isCutShort, remember, withTotals } from './remember.ts';
import { measureLeft } from './sizing.ts';
import type { Workspace } from './workspace.ts';

export type { CandidateResult } from './acting.ts';
export interface PassOptions {
  /** Look and decide, touch nothing. */
  readonly dryRun: boolean;
  /** Milliseconds for all of it; Infinity for no limit. */
  readonly budgetMs: number;
  /** Epoch milliseconds from which it counts; from the start of the pass when absent. */
  readonly sinceMs?: number;
  /** How many times longer than that it may take because others keep the processors busy; once when absent. */
  readonly slowdown?: () => number;
  /** Most reclaims in this pass. */
  readonly limit: number;
  /** Directory whose worktree counts as current; null when nobody stands anywhere. */
  readonly from: string | null;
  /** Whether candidates that need attention are to be announced, and so remembered as announced. */
  readonly announce: boolean;
  /** Leave alone what was too young at the last look and must still be: nobody reads this pass's every verdict. */
  readonly brief?: boolean;
  /** Called whenever the pass turns to something else. */
  readonly onPhase?: (phase: Phase) => void;
  /** Called as candidates are decided, for progress. */
  readonly onProgress?: (progress: Progress) => void;
  /** True once the caller has had enough: what is not decided by then is kept. */
  readonly isAborted?: () => boolean;
  /** The only path to look at; all candidates when absent. */
  readonly only?: string;
  /** Sources of claims besides files, and processes that asked for this pass. */
  readonly callers?: Pick<ViewSource, 'providers' | 'askers'>;
}

/** Looking ends with the budget; moving and recording, once begun, are seen through within `OVERTIME_MS`. */
export type Phase = 'looking' | 'moving' | 'recording';

/** A rename with its second look takes milliseconds; this is for a machine that is busy with other things. */
export const OVERTIME_MS = 3_000;

export interface Progress {
  readonly examined: number;
  readonly total: number;
  readonly doing: string;
}

export interface PassReport {
  readonly id: string;
  /** Epoch milliseconds. */
  readonly startedMs: number;
  readonly ms: number;
  readonly budgetMs: number;
  readonly total: number;
  readonly examined: number;
  /** True when every candidate was decided and the purge came to its end. */
  readonly complete: boolean;
  readonly results: readonly CandidateResult[];
  readonly reclaimed: readonly Extract<Outcome, { outcome: 'reclaimed' }>[];
  readonly recovered: readonly Recovered[];
  /** Paths of candidates that need attention and were not announced within `worktrees.remind`. */
  readonly attention: readonly string[];
  readonly purge: PurgeReport | null;
  /** Claims whose worktree is gone. */
  readonly missingClaims: readonly MissingClaim[];
  readonly view: View | null;
  readonly ledger: Ledger;
  /** What a person should know although nothing failed. */
  readonly notes: readonly string[];
}

export type Passed =
  | { readonly ok: true; readonly report: PassReport }
  | { readonly ok: false; readonly problem: 'busy' | 'config' | 'unreadable' | 'unwritable'; readonly why: string };

/** How old the workspace's own list of worktrees may be; whatever goes is listed again before it does. */
const LISTED_MS = 1_000;

/** Kept back from deciding: enough for a handful of reclaims, on a busy machine for one. */
const ACTING_MS = 500;

/** Candidates decided before the first of them is acted on: many share one landing proof. */
const BATCH = 64;

/** The same where time is unlimited, so that none is decided in vain. */
const LARGE_BATCH = 256;

/** Runs one pass over the workspace. */
export async function runPass(workspace: Workspace, options: PassOptions): Promise<Passed> {
  const { settings, io, layout } = workspace;
  if (settings === null) return { ok: false, problem: 'config', why: 'the configuration is in error' };
  const startedMs = io.clock.nowMs();
  const token = randomBytes(4).toString('hex');
  const actor: Actor = { io, layout, passId: token };
  if (options.dryRun) return pass({ workspace, settings, options, actor, startedMs, lock: null });
  const acquired = await acquireLock(io, layout, token);
  if (!acquired.ok) return acquired;
  try {
    return await pass({ workspace, settings, options, actor, startedMs, lock: acquired.lock });
  } finally {
    await acquired.lock.release();
  }
}

interface Run {
  readonly workspace: Workspace;
  readonly settings: Settings;
  readonly options: PassOptions;
  readonly actor: Actor;
  readonly startedMs: number;
  /** Null in a dry run. */
  readonly lock: PassLock | null;
}

/** What is begun is given time to end. */
function timeOf(run: Run) {
  const { options, workspace } = run;
  const { nowMs } = workspace.io.clock;
  let box = boxOf(run);
  // Whoever asks twice hears the same, although a busy machine may have made the time longer meanwhile.
  let wasOver = false;
  return {
    enter: (phase: Phase) => {
      box = boxOf(run, phase === 'looking' ? 0 : OVERTIME_MS);
      wasOver = false;
      options.onPhase?.(phase);
    },
    isOutOfTime: () => {
      wasOver ||= options.isAborted?.() === true || isOver(box, nowMs());
      return wasOver;
    },
  };
}

function boxOf({ options, startedMs }: Run, moreMs = 0): TimeBox {
  const { budgetMs, sinceMs = startedMs, slowdown = BY_THE_CLOCK } = options;
  return { startedMs: sinceMs, budgetMs: budgetMs + moreMs, slowdown };
}

function sourceOf({ workspace, settings, options }: Run, ledger: Ledger, isOutOfTime: () => boolean): ViewSource {
  const { io, layout, mainRoot, home, watch } = workspace;
  const { from, callers } = options;
  return { io, layout, mainRoot, home, settings, ledger, from, isOutOfTime, searched: watch.disk, ...callers };
}

async function pass(run: Run): Promise<Passed> {
  const { workspace, settings, options, actor, lock, startedMs } = run;
  const { io } = workspace;
  const { enter, isOutOfTime } = timeOf(run);
  const notes: string[] = [];
  const isTouching = lock !== null && settings.mode === 'reap';
  const recovered = isTouching ? await recoverAll(actor) : [];
  const ledger = await readLedger(run, notes);
  const source = sourceOf(run, ledger, isOutOfTime);
  // The list that the workspace was opened with will do, unless finishing an earlier pass has changed it.
  const listedMs = io.clock.nowMs() - workspace.listedAtMs;
  const isListed = recovered.length === 0 && listedMs >= 0 && listedMs < LISTED_MS;
  const opened = await openView(source, isListed ? workspace.worktrees : undefined);
  if (!opened.known) return { ok: false, problem: 'unreadable', why: opened.why };
  const view = opened.value;
  notes.push(...view.problems);
  const results = await workThrough(run, view, isOutOfTime, enter);
  const reclaimed = results.flatMap(({ act }) => (act?.outcome === 'reclaimed' ? [act] : []));
  const outcomes = results.map(({ result }) => result);
  const nowMs = io.clock.nowMs();
  const attention = options.announce ? dueForAttention(view, outcomes, nowMs) : [];
  const after = remember({ view, results: outcomes, attention, ledger, nowMs });
  const missingClaims = await reconcile(view, lock === null || settings.mode === 'report' ? null : actor);
  const mustStop = () => isOutOfTime() || lock?.isSure() === false;
  const purged = isTouching ? await purgeDue({ ...run, view }, ledger, mustStop) : null;
  const examined = results.filter(({ result }) => !isCutShort(result.inquiry.verdict)).length;
  const complete = examined === view.candidates.length && (purged?.complete ?? true);
  const ms = io.clock.nowMs() - startedMs;
  const lastPass = { atMs: startedMs, ms, complete, examined, total: view.candidates.length };
  const count = reclaimed.length + recovered.filter(wasFinished).length;
  const counted = options.only === undefined ? { ...lastPass, isHook: options.brief === true } : null;
  const total = withTotals(after, count, purged?.bytes ?? 0, counted);
  const measuring = {
    freedBytes: purged?.bytes ?? 0,
    results: outcomes,
    isOutOfTime,
    isMeasuring: options.brief === true,
  };
  const final = lock === null ? total : { ...total, ...(await measureLeft(actor, view, total, measuring)) };
  enter('recording');
  if (lock !== null) notes.push(...(await leaveRecords(actor, final, view)));
  const report: PassReport = {
    id: actor.passId,
    startedMs,
    ms,
    budgetMs: options.budgetMs,
    total: view.candidates.length,
    examined,
    complete,
    results: results.map(({ result }) => result),
    reclaimed,
    recovered,
    attention: attention.map(({ path }) => path),
    purge: purged,
    missingClaims,
    view,
    ledger: final,
    notes: [...notes, ...reclaimed.flatMap((each) => each.notes)],
  };
  return { ok: true, report };
}

/** What the next pass starts from, and last what only spares it work; what went wrong, in words. */
async function leaveRecords(actor: Actor, ledger: Ledger, view: View): Promise<string[]> {
  const saved = await saveLedger(actor, ledger);
  await rotate(actor);
  await rememberClaims(view, actor);
  return saved.ok ? [] : [saved.why];
}

async function readLedger({ actor, lock }: Run, notes: string[]): Promise<Ledger> {
  const { ledger, damaged } = await loadLedger(actor);
  if (damaged === null) return ledger;
  notes.push(`the ledger could not be read (${damaged}); it was set aside and waits start again`);
  if (lock !== null) await setLedgerAside(actor);
  return EMPTY_LEDGER;
}

/** Looks at candidates a batch at a time, and acts on one after the other. */
async function workThrough(
  run: Run,
  view: View,
  isOutOfTime: () => boolean,
  enter: (phase: Phase) => void,
): Promise<Worked[]> {
  const { options, settings } = run;
  const isWanted = ({ path }: Candidate) => options.only === undefined || path === options.only;
  const queue = inTurn(view.candidates.filter(isWanted), view.source.ledger);
  const { nowMs } = run.workspace.io.clock;
  const leftMs = () => leftOf(boxOf(run), nowMs());
  const worked: Worked[] = [];
  let reclaims = 0;
  while (queue.length > 0) {
    const batch = queue.splice(0, Number.isFinite(options.budgetMs) ? BATCH : LARGE_BATCH);
    const say = (candidate: Candidate, index: number) =>
      options.onProgress?.({ examined: worked.length + index, total: view.candidates.length, doing: candidate.path });
    // Some time is left over, so that what is decided can also be acted on in this very pass.
    const keptMs = Math.min(leftMs() / boxOf(run).slowdown() / 2, ACTING_MS);
    const deciding = boxOf(run, -keptMs);
    const hasDecided = () => isOutOfTime() || isOver(deciding, nowMs());
    const how = { probe: view.probe, policy: policyOf(settings), nowMs, isOutOfTime: hasDecided };
    const inquiries = await decideBatch(view, batch, how, options.brief === true, say);
    const hasProgress = inquiries.some(({ verdict }) => !isCutShort(verdict));
    // What was cut short gets what time is left after the others were acted on.
    const isPutOff = ({ verdict }: Inquiry) => hasProgress && isCutShort(verdict);
    queue.push(...inquiries.filter(isPutOff).map(({ candidate }) => candidate));
    const acting = {
      ...run,
      view,
      limit: options.limit,
      allowed: options.limit - reclaims,
      leftMs,
      enter,
    };
    const acted = await actOnAll(
      acting,
      inquiries.filter((inquiry) => !isPutOff(inquiry)),
    );
    reclaims += acted.filter(({ act }) => act?.outcome === 'reclaimed').length;
    worked.push(...acted);
  }
  return worked;
}
