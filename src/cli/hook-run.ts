/**
 * `run --hook`: the pass that a git hook starts.
 *
 * Contract: prints nothing, always exits 0, looks no longer than its budget (what was being moved by then
 * arrives); what there is to say goes into the report that the next hook prints.
 * Failure direction: a pass that fails leaves one note and backs off for a day.
 */
import { setPriority } from 'node:os';
import type { Actor } from '../act/context.ts';
import { wasFinished } from '../act/recover.ts';
import {
  askAgain,
  clearFailure,
  isAwaited,
  leaveReport,
  leaveRest,
  loadLedger,
  noteFailure,
  saveLedger,
  scheduleNext,
  takeRequest,
} from '../act/state.ts';
import { layout } from '../core/layout.ts';
import { MOST_PATIENCE, patientBudgetMs } from '../core/ledger.ts';
import { asCalled, configReport, failureReport, hookReport } from '../core/messages.ts';
import { DEFAULTS } from '../core/settings.ts';
import { readRecord } from '../install/record.ts';
import { killOwnChildren } from '../io/children.ts';
import { disk } from '../io/disk.ts';
import { createMachine } from '../io/machine.ts';
import { type PassOptions, runPass } from '../pass.ts';
import { restAfter } from '../resting.ts';
import { type Opened, openWorkspace, type Workspace } from '../workspace.ts';
import { commandOfHook } from './called.ts';
import { hookTime } from './hook-time.ts';
import { nextPassAt } from './next.ts';
import { checkOwnCopy, commonDirOf } from './own-copy.ts';

export interface HookRun {
  /** The worktree in which git ran the hook. */
  readonly from: string;
  /** The installed program: it lies in `<common-dir>/reaper/bin`. */
  readonly programFile: string;
  readonly version: string;
}

/** The background pass gives way to everything a person is doing. */
const LOW_PRIORITY = 10;

/** A configuration in error is mentioned once a day. */
const CONFIG_REMIND_MS = 24 * 3_600_000;

export async function hookRun({ from, programFile, version }: HookRun): Promise<void> {
  lowerPriority();
  ignoreTheTerminal();
  const commonDir = commonDirOf(programFile);
  const isAwaitedHere = commonDir !== null && (await isAwaited(disk, layout(commonDir)));
  const startedMs = Math.floor(performance.timeOrigin);
  const time = hookTime(startedMs, isAwaitedHere, end);
  const copy = await checkOwnCopy(disk, programFile);
  if (copy.state === 'foreign') await noteUnopened(programFile, copy.why, { isOwnCopyTrusted: false });
  if (copy.state !== 'sound') return end();
  const opened = await openHere(from, programFile, time.deadlineMs);
  if (!opened.ok) {
    await noteUnopened(programFile, opened.why);
    return end();
  }
  const workspace = opened.value;
  const { settings } = workspace;
  const actor: Actor = { io: workspace.io, layout: workspace.layout, passId: 'hook' };
  if (settings === null) {
    await sayConfigIsBroken(workspace, actor);
    return end();
  }
  // Another budget than the default is kept.
  const isOwn = settings.pass.budgetMs !== DEFAULTS.pass.budgetMs;
  const isPatient = !isOwn && settings.pass.detach && !isAwaitedHere && !(await isAwaited(disk, actor.layout));
  const usualMs = settings.pass.budgetMs;
  const budgetMs = isPatient ? patientBudgetMs((await loadLedger(actor)).ledger, usualMs) : usualMs;
  time.begin(budgetMs, isPatient ? MOST_PATIENCE * usualMs : budgetMs);
  const { slowdown, enter } = time;
  try {
    await oneRun(workspace, actor, { budgetMs, sinceMs: startedMs, slowdown, onPhase: enter }, version);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    await noteFailure(actor, error instanceof Error ? (error.stack ?? why) : why);
    await tell(actor, [failureReport(why)]);
  }
  end();
}

/** By the worktree; else by the program's own place, for set-ups in which git cannot find it from there. */
async function openHere(from: string, programFile: string, deadlineMs: () => number): Promise<Opened> {
  const opened = await openWorkspace({ cwd: from, deadlineMs });
  const commonDir = commonDirOf(programFile);
  if (opened.ok || opened.problem !== 'no-repository' || commonDir === null) return opened;
  return openWorkspace({ cwd: commonDir, deadlineMs, from });
}

/** Without a repository there is no machinery to note a failure with, but the place for it is known. */
async function noteUnopened(programFile: string, why: string, { isOwnCopyTrusted = true } = {}): Promise<void> {
  const commonDir = commonDirOf(programFile);
  if (commonDir === null) return;
  const actor: Actor = { io: createMachine('git'), layout: layout(commonDir), passId: 'hook' };
  await noteFailure(actor, why);
  await tell(actor, [failureReport(why)], isOwnCopyTrusted ? actor.layout.program : null);
}

type Time = Pick<PassOptions, 'budgetMs' | 'sinceMs' | 'slowdown' | 'onPhase'>;

async function oneRun(workspace: Workspace, actor: Actor, time: Time, version: string): Promise<void> {
  const settings = workspace.settings ?? DEFAULTS;
  await takeRequest(actor);
  const passed = await runPass(workspace, {
    dryRun: false,
    ...time,
    limit: settings.pass.limit,
    from: workspace.from,
    announce: true,
    brief: true,
  });
  if (!passed.ok) {
    if (passed.problem === 'unreadable') throw new Error(passed.why);
    if (passed.problem === 'busy') await askAgain(actor);
    return;
  }
  const { report } = passed;
  const lines = hookReport({
    reclaimed: [...report.recovered.filter(wasFinished), ...report.reclaimed].map(({ entry }) => entry),
    freedBytes: report.purge?.bytes ?? 0,
    purgedEarly: report.purge?.early.length ?? 0,
    attention: report.attention,
  });
  await tell(actor, lines);
  await scheduleNext(actor, nextPassAt(report, settings, workspace.io.clock.nowMs()), settings.pass.detach);
  await leaveRest(actor, await restAfter(workspace, report, version));
  await clearFailure(actor);
}

/** Leaves lines for the next hook, with the command that works on this machine; never a copy that is not trusted. */
async function tell(
  actor: Actor,
  lines: readonly string[],
  ownCopy: string | null = actor.layout.program,
): Promise<void> {
  if (lines.length === 0) return;
  const { disk: reader } = actor.io;
  const command = commandOfHook(await readRecord(reader, actor.layout.installed), ownCopy);
  await leaveReport(
    actor,
    lines.map((line) => asCalled(line, command)),
  );
}

async function sayConfigIsBroken({ io, config }: Workspace, actor: Actor): Promise<void> {
  const nowMs = io.clock.nowMs();
  const { ledger } = await loadLedger(actor);
  await scheduleNext(actor, nowMs + DEFAULTS.pass.everyMs, true);
  if (config.ok || nowMs - (ledger.announced['config'] ?? 0) < CONFIG_REMIND_MS) return;
  await tell(actor, [configReport(config.errors.length)]);
  await saveLedger(actor, { ...ledger, announced: { ...ledger.announced, config: nowMs } });
}

/** Without setsid(1) the terminal's Ctrl-C reaches the pass; it has its budget, and goes on. */
function ignoreTheTerminal(): void {
  for (const signal of ['SIGINT', 'SIGHUP'] as const) process.on(signal, () => undefined);
}

function lowerPriority(): void {
  try {
    setPriority(LOW_PRIORITY);
  } catch {
    // Not allowed to: the pass is bounded all the same.
  }
}

/** Leaves at once; a git that hangs is ours and goes too. */
function end(): never {
  killOwnChildren();
  process.exit(0);
}
