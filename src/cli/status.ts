/** `status`: what goes, what waits until when, what is kept and why, what is in quarantine. */
import { COMMAND, ONLY_REPORTS } from '../core/messages.ts';
import { DEFAULTS } from '../core/settings.ts';
import { duration, printable, readablePath } from '../core/text.ts';
import { type Extras, entryRow, statusDocument } from '../documents.ts';
import { type PassReport, type Progress, runPass } from '../pass.ts';
import { survey } from '../survey.ts';
import { heldEntries } from '../whereabouts.ts';
import type { Workspace } from '../workspace.ts';
import { configNotes, configProblem } from './config-answers.ts';
import { type Answer, type Context, problem, ready } from './context.ts';
import { orphanGuidance } from './orphans.ts';
import { limitLines, quarantineTable } from './quarantine-table.ts';
import { candidateTable, nextCommand } from './tables.ts';
import { passLine, totals } from './totals.ts';

export async function status(context: Context): Promise<Answer> {
  const opened = await ready(context);
  if (!opened.ok) return opened.answer;
  const workspace = opened.value;
  if (!workspace.config.ok) return quarantineOnly(context, workspace);
  return context.progress('looking at worktrees', async (say) => {
    const look = await lookOnly(workspace, say);
    if (!look.ok) return problem('unreadable', look.why);
    const extras = await survey(workspace, look.report, say);
    return {
      exit: 0,
      text: await page(context, workspace, look.report, extras),
      json: statusDocument(workspace, look.report, extras),
      notes: context.global.quiet
        ? []
        : [...configNotes(workspace.config), ...look.report.notes.map((note) => `note: ${printable(note)}`)],
    };
  });
}

/** With a configuration in error nothing is judged, but what was reclaimed can still be found and restored. */
async function quarantineOnly(context: Context, workspace: Workspace): Promise<Answer> {
  const answer = configProblem(workspace.config);
  const { entries } = await heldEntries(workspace);
  const json = { ...(answer.json as object), quarantine: entries.map(entryRow) };
  if (entries.length === 0) return { ...answer, json };
  const table = quarantineTable(context, entries, workspace.io.clock.nowMs(), workspace);
  return { ...answer, text: `${context.colors.bold('in quarantine')}\n${table}`, json };
}

/** A dry run without a limit: the same decisions as a live pass, nothing touched. */
export async function lookOnly(
  workspace: Workspace,
  say: (text: string) => void = () => undefined,
): Promise<{ ok: true; report: PassReport } | { ok: false; why: string }> {
  const startMs = workspace.io.clock.nowMs();
  return runPass(workspace, {
    dryRun: true,
    budgetMs: Number.POSITIVE_INFINITY,
    limit: Number.POSITIVE_INFINITY,
    from: workspace.from,
    announce: false,
    onProgress: (progress) => say(lookingWords(progress, workspace.io.clock.nowMs() - startMs)),
  });
}

/** How many were looked at, and how long the rest may still take. */
export function lookingWords({ examined, total, doing }: Progress, ms: number): string {
  const left = examined > 0 && examined < total ? `, about ${duration((ms / examined) * (total - examined))} left` : '';
  return `${examined} of ${total}${left}: ${doing}`;
}

async function page(context: Context, workspace: Workspace, report: PassReport, extras: Extras): Promise<string> {
  const { io, layout, home } = workspace;
  const nowMs = io.clock.nowMs();
  const { colors } = context;
  const { ledger } = report.view?.source ?? report;
  const footer = passLine(ledger, (await io.disk.lstat(layout.program)).ok, nowMs);
  const onlyReports = workspace.settings?.mode === 'report' ? [colors.bold(ONLY_REPORTS)] : [];
  if (report.results.length === 0 && extras.entries.length === 0 && extras.strays.length === 0) {
    const none = `nothing to do: no worktree or staging entry matches the managed patterns (${COMMAND} doctor shows them)`;
    return [...onlyReports, none, ...lostParts(context, report, extras), footer].join('\n\n');
  }
  const parts = [...onlyReports, totals(context, report, extras)];
  if (report.results.length > 0) parts.push(candidateTable(context, report.results, nowMs, extras.sizes));
  const isDue = report.results.some(({ inquiry }) => inquiry.verdict.verdict === 'reclaim');
  if (isDue && onlyReports.length === 0) parts.push(`to reclaim now: ${COMMAND} run`);
  const hints = attentionHints(report);
  if (hints.length > 0) parts.push([colors.bold('to look at'), ...hints].join('\n'));
  if (extras.entries.length > 0) parts.push(await quarantinePart(context, workspace, extras, nowMs));
  if (extras.strays.length > 0)
    parts.push(
      [
        colors.bold('directories that no worktree is registered for (never touched)'),
        ...extras.strays.map((path) => `  ${readablePath(path, home)}`),
      ].join('\n'),
    );
  parts.push(...lostParts(context, report, extras), colors.dim(footer));
  return parts.join('\n\n');
}

async function quarantinePart(
  context: Context,
  workspace: Workspace,
  { entries }: Extras,
  nowMs: number,
): Promise<string> {
  const { io, layout, settings } = workspace;
  const held = entries.reduce((sum, { bytes }) => sum + (bytes ?? 0), 0);
  const free = await io.disk.freeBytes(layout.commonDir);
  const limits = limitLines((settings ?? DEFAULTS).quarantine, held, free.ok ? free.value : null);
  const head = `${context.colors.bold('in quarantine')} (undo: ${COMMAND} restore <branch>)`;
  return [head, quarantineTable(context, entries, nowMs, workspace), ...limits].join('\n');
}

/** What has lost its owner or its place: reported, and left to a person. */
function lostParts({ colors }: Context, { missingClaims }: PassReport, { orphanProcesses }: Extras): string[] {
  const processes = orphanProcesses.flatMap(({ pid, command, why }) => [
    `  ${command} (pid ${pid}): ${why}`,
    `    ${orphanGuidance(pid)}`,
  ]);
  const claims = missingClaims.map(
    ({ path, owner, liveness, why }) =>
      `  ${printable(path)}, claimed by ${printable(owner)} (${liveness}: ${printable(why)})`,
  );
  return [
    ...(processes.length === 0 ? [] : [[colors.bold('processes left behind (never ended)'), ...processes].join('\n')]),
    ...(claims.length === 0 ? [] : [[colors.bold('claims on what is gone'), ...claims].join('\n')]),
  ];
}

function attentionHints(report: PassReport): string[] {
  return report.results.flatMap(({ inquiry }) => {
    if (inquiry.verdict.verdict !== 'attention') return [];
    const next = nextCommand(inquiry, report.view);
    return next === null ? [] : [`  ${next}`];
  });
}
