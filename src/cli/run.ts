/** `run`: one pass, asked for by a person. */
import { clearFailure, scheduleNext } from '../act/state.ts';
import { COMMAND, ONLY_REPORTS, reasonSentence, reclaimedWords, undo } from '../core/messages.ts';
import type { Reason } from '../core/model.ts';
import { FLOORS, type Settings } from '../core/settings.ts';
import { bytes, duration, plural, printable } from '../core/text.ts';
import { runDocument } from '../documents.ts';
import { type PassReport, runPass } from '../pass.ts';
import { sizesLeft, survey } from '../survey.ts';
import type { Workspace } from '../workspace.ts';
import { configNotes, configProblem } from './config-answers.ts';
import { type Answer, type Context, problem, ready } from './context.ts';
import { nextPassAt } from './next.ts';
import { lookingWords, lookOnly } from './status.ts';
import { candidateTable, nameOf } from './tables.ts';

export interface RunOptions {
  readonly dryRun: boolean;
  /** Reclaim without asking. */
  readonly yes: boolean;
  /** Milliseconds; null for what the configuration says. */
  readonly budgetMs: number | null;
  readonly limit: number | null;
  readonly idleMs: number | null;
  readonly emptyIdleMs: number | null;
  readonly stagingAgeMs: number | null;
}

export async function run(context: Context, options: RunOptions): Promise<Answer> {
  const opened = await ready(context);
  if (!opened.ok) return opened.answer;
  const configured = opened.value;
  if (!configured.config.ok || configured.settings === null) return configProblem(configured.config);
  const overridden = override(configured.settings, options, context.isInteractive);
  const workspace: Workspace = { ...configured, settings: overridden.settings };
  const { settings } = overridden;
  const limit = options.limit ?? settings.pass.limit;
  const declined = settings.mode === 'report' ? null : await unconfirmed(context, workspace, options, limit);
  if (declined !== null) return declined;
  const startMs = workspace.io.clock.nowMs();
  const isInterrupted = options.dryRun ? () => false : context.interruptible();
  return context.progress(options.dryRun ? 'looking' : 'reclaiming', async (say) => {
    const passed = await runPass(workspace, {
      dryRun: options.dryRun,
      budgetMs: options.budgetMs ?? Number.POSITIVE_INFINITY,
      limit,
      from: workspace.from,
      announce: false,
      isAborted: isInterrupted,
      onProgress: (progress) => say(lookingWords(progress, workspace.io.clock.nowMs() - startMs)),
    });
    if (!passed.ok) return problem(passed.problem, passed.why, passed.problem === 'busy' ? 'wait for it to end' : null);
    const { report } = passed;
    if (!options.dryRun) await settle(workspace, report, settings);
    return {
      exit: isInterrupted() || report.results.some(({ outcome }) => outcome === 'failed') ? 1 : 0,
      ...(await viewOf(context, { workspace, report, dryRun: options.dryRun, say, isInterrupted })),
      notes: context.global.quiet
        ? []
        : [...overridden.notes, ...configNotes(configured.config), ...report.notes].map((note) => printable(note)),
    };
  });
}

interface Ended {
  readonly workspace: Workspace;
  readonly report: PassReport;
  readonly dryRun: boolean;
  readonly say: (text: string) => void;
  readonly isInterrupted: () => boolean;
}

/** For a person or for a program; nobody waits for the size of what went to quarantine, unless it is to be said. */
async function viewOf(context: Context, ended: Ended): Promise<Pick<Answer, 'text' | 'json'>> {
  const { workspace, report, dryRun, say, isInterrupted } = ended;
  if (context.global.json)
    return { json: runDocument(workspace, report, await survey(workspace, report, say, isInterrupted)) };
  const text = page(context, workspace, report, dryRun, await sizesLeft(workspace, report, say, isInterrupted));
  return { text: isInterrupted() ? `${text}\n${STOPPED}` : text };
}

/** Null when the pass may go on: nobody is there to be asked, nothing would be moved, or the answer was yes. */
async function unconfirmed(
  context: Context,
  workspace: Workspace,
  options: RunOptions,
  limit: number,
): Promise<Answer | null> {
  if (options.dryRun || options.yes || !context.isInteractive || context.global.json) return null;
  const look = await context.progress('looking', (say) => lookOnly(workspace, say));
  if (!look.ok) return problem('unreadable', look.why);
  const due = look.report.results.filter(({ inquiry }) => inquiry.verdict.verdict === 'reclaim');
  if (Math.min(due.length, limit) === 0) return null;
  if (await context.confirm(question(due, limit))) return null;
  return { exit: 0, text: `nothing was touched; to look first: ${COMMAND} run --dry-run` };
}

/** More names than these are noise in a question. */
const MOST_NAMES = 5;

/** What a yes moves: no more than the limit. */
function question(due: PassReport['results'], limit: number): string {
  const all = plural(due.length, 'candidate');
  const moved = due.length > limit ? `${limit} of ${all} (for all: --limit ${due.length})` : all;
  const names = due.slice(0, MOST_NAMES).map(({ inquiry }) => nameOf(inquiry.candidate));
  const more = due.length - names.length;
  return `move ${moved} to quarantine: ${names.join(', ')}${more > 0 ? ` and ${more} more` : ''}?`;
}

/** A pass by hand counts: the next hook need not repeat it. */
async function settle({ io, layout }: Workspace, report: PassReport, settings: Settings): Promise<void> {
  const actor = { io, layout, passId: report.id };
  await scheduleNext(actor, nextPassAt(report, settings, io.clock.nowMs()), settings.pass.detach);
  await clearFailure(actor);
}

/** Ages from the command line; below the floors only for a person at a terminal. */
function override(
  settings: Settings,
  options: RunOptions,
  isInteractive: boolean,
): { settings: Settings; notes: string[] } {
  const notes: string[] = [];
  const apply = (flag: string, wanted: number | null, present: number, floor: number): number => {
    if (wanted === null) return present;
    if (wanted >= floor || isInteractive) return wanted;
    notes.push(
      `note: ${flag} ${duration(wanted)} is below its floor and nobody is at the terminal: ${duration(floor)} applies`,
    );
    return floor;
  };
  const { worktrees } = settings;
  const idleMs = apply('--idle', options.idleMs, worktrees.idleMs, FLOORS.idleMs);
  const emptyIdleMs = apply('--empty-idle', options.emptyIdleMs, worktrees.emptyIdleMs, FLOORS.emptyIdleMs);
  const staging = settings.staging.map((pattern) => ({
    ...pattern,
    ageMs: apply('--staging-age', options.stagingAgeMs, pattern.ageMs, FLOORS.stagingAgeMs),
  }));
  return {
    settings: { ...settings, staging, worktrees: { ...worktrees, idleMs, emptyIdleMs } },
    notes: [...new Set(notes)],
  };
}

function page(
  context: Context,
  workspace: Workspace,
  report: PassReport,
  dryRun: boolean,
  sizes: Parameters<typeof candidateTable>[3],
): string {
  const parts: string[] = [];
  if (report.results.length > 0) {
    const shown = dryRun ? report.results : report.results.filter(({ outcome }) => outcome !== 'reclaimed');
    parts.push(candidateTable(context, shown, workspace.io.clock.nowMs(), sizes));
  }
  const moved = report.reclaimed.map(
    ({ entry }) => `reclaimed ${printable(entry.branch ?? entry.path)}: ${entry.because}; undo: ${undo(entry.id)}`,
  );
  const troubles = report.results.flatMap(troubleOf);
  parts.push([...moved, ...troubles, summary(report, dryRun, workspace.settings?.mode === 'report')].join('\n'));
  return parts.filter((part) => part !== '').join('\n\n');
}

const STOPPED = `stopped by Ctrl-C; what was not reached is where it was; to go on: ${COMMAND} run`;

function troubleOf({ inquiry, outcome, error, reasons }: PassReport['results'][number]): string[] {
  const name = nameOf(inquiry.candidate);
  const why = reasons.map(reasonSentence).join('; ');
  if (outcome === 'failed') return [`failed ${name}: ${printable(error ?? '')}; it is where it was`];
  if (outcome === 'refused') return [`taken back ${name}: ${why}`];
  return outcome === 'skipped' && reasons.length > 0 && !isBeyondLimit(reasons) ? [`left ${name}: ${why}`] : [];
}

/** What is due and was left because of the limit or the mode, which is said of all of it at once. */
const isBeyondLimit = (reasons: readonly Reason[]): boolean => reasons.some(({ code }) => code === 'limit');

function summary(report: PassReport, dryRun: boolean, isReport: boolean): string {
  const due = report.results.filter(({ inquiry }) => inquiry.verdict.verdict === 'reclaim').length;
  if (dryRun) {
    const next = isReport ? `; ${ONLY_REPORTS}` : due === 0 ? '' : `; to do it: ${COMMAND} run`;
    return `dry run: nothing was touched; ${plural(due, 'candidate')} of ${report.total} would be reclaimed${next}`;
  }
  const freed = report.purge !== null && report.purge.bytes > 0 ? `; ${bytes(report.purge.bytes)} freed` : '';
  const unreached = report.complete ? '' : `; ${report.total - report.examined} not reached in time`;
  const left = report.results.filter(({ outcome, reasons }) => outcome === 'skipped' && isBeyondLimit(reasons)).length;
  const beyond = left === 0 ? '' : `; ${left} more due: ${COMMAND} run --limit ${left}`;
  const rest = `${freed}${unreached}${isReport ? `; ${ONLY_REPORTS}` : beyond}`;
  if (report.reclaimed.length === 0) return `nothing reclaimed of ${plural(report.total, 'candidate')}${rest}`;
  return `${reclaimedWords(report.reclaimed.map(({ entry }) => entry))} -> quarantine${rest}`;
}
