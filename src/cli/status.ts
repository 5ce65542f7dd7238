/** `status`: what goes, what waits until when, what is kept and why, what is in quarantine. */
import { readEntries } from '../act/entries.ts';
import { COMMAND } from '../core/messages.ts';
import { printable } from '../core/text.ts';
import { type Extras, entryRow, statusDocument } from '../documents.ts';
import { type PassReport, runPass } from '../pass.ts';
import { survey } from '../survey.ts';
import type { Workspace } from '../workspace.ts';
import { configNotes, configProblem } from './config-answers.ts';
import { type Answer, type Context, problem, ready } from './context.ts';
import { orphanGuidance } from './orphans.ts';
import { candidateTable, nameOf, nextCommand, quarantineTable } from './tables.ts';
import { totals } from './totals.ts';

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
      text: page(context, workspace, look.report, extras),
      json: statusDocument(workspace, look.report, extras),
      notes: context.global.quiet
        ? []
        : [...configNotes(workspace.config), ...look.report.notes.map((note) => `note: ${printable(note)}`)],
    };
  });
}

/** With a configuration in error nothing is judged, but what was reclaimed can still be found and restored. */
async function quarantineOnly(context: Context, { config, io, layout }: Workspace): Promise<Answer> {
  const answer = configProblem(config);
  const { entries } = await readEntries({ io, layout });
  const json = { ...(answer.json as object), quarantine: entries.map(entryRow) };
  if (entries.length === 0) return { ...answer, json };
  const table = quarantineTable(context, entries, io.clock.nowMs());
  return { ...answer, text: `${context.colors.bold('in quarantine')}\n${table}`, json };
}

/** A dry run without a limit: the same decisions as a live pass, nothing touched. */
export async function lookOnly(
  workspace: Workspace,
  say: (text: string) => void = () => undefined,
): Promise<{ ok: true; report: PassReport } | { ok: false; why: string }> {
  return runPass(workspace, {
    dryRun: true,
    budgetMs: Number.POSITIVE_INFINITY,
    limit: Number.POSITIVE_INFINITY,
    from: workspace.from,
    announce: false,
    onProgress: ({ examined, total, doing }) => say(`${examined} of ${total}: ${doing}`),
  });
}

function page(context: Context, workspace: Workspace, report: PassReport, extras: Extras): string {
  const nowMs = workspace.io.clock.nowMs();
  const { colors } = context;
  if (report.results.length === 0 && extras.entries.length === 0 && extras.strays.length === 0) {
    const none = `nothing to do: no worktree or staging entry matches the managed patterns (${COMMAND} doctor shows them)`;
    return [none, ...lostParts(context, report, extras)].join('\n\n');
  }
  const parts = [totals(context, report, extras)];
  if (report.results.length > 0) parts.push(candidateTable(context, report.results, nowMs, extras.sizes));
  if (report.results.some(({ inquiry }) => inquiry.verdict.verdict === 'reclaim'))
    parts.push(`to reclaim now: ${COMMAND} run`);
  const hints = attentionHints(report);
  if (hints.length > 0) parts.push([colors.bold('to look at'), ...hints].join('\n'));
  if (extras.entries.length > 0)
    parts.push(`${colors.bold('in quarantine')}\n${quarantineTable(context, extras.entries, nowMs)}`);
  if (extras.strays.length > 0)
    parts.push(
      [
        colors.bold('directories that no worktree is registered for (never touched)'),
        ...extras.strays.map((path) => `  ${printable(path)}`),
      ].join('\n'),
    );
  parts.push(...lostParts(context, report, extras));
  return parts.join('\n\n');
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
    const { candidate, verdict } = inquiry;
    if (verdict.verdict !== 'attention') return [];
    const next = nextCommand(candidate, verdict, report.view);
    return next === null ? [] : [`  ${nameOf(candidate)}: ${next}`];
  });
}
