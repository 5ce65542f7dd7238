/** `status`: what goes, what waits until when, what is kept and why, what is in quarantine. */
import type { Entry } from '../core/entry.ts';
import { COMMAND } from '../core/messages.ts';
import { bytes, plural, printable } from '../core/text.ts';
import { type Extras, statusDocument } from '../documents.ts';
import { type PassReport, runPass } from '../pass.ts';
import { survey } from '../survey.ts';
import type { Workspace } from '../workspace.ts';
import { configNotes, configProblem } from './config-answers.ts';
import { type Answer, type Context, problem, ready } from './context.ts';
import { candidateTable, nameOf, nextCommand, quarantineTable } from './tables.ts';

export async function status(context: Context): Promise<Answer> {
  const opened = await ready(context);
  if (!opened.ok) return opened.answer;
  const workspace = opened.value;
  if (!workspace.config.ok) return configProblem(workspace.config);
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
  const parts = [totals(context, report, extras)];
  if (report.results.length > 0) parts.push(candidateTable(context, report.results, nowMs, extras.sizes));
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
  return parts.join('\n\n');
}

/** One line that says it all. */
function totals({ colors }: Context, { results }: PassReport, { entries, sizes }: Extras): string {
  const count = (verdict: string) => results.filter(({ inquiry }) => inquiry.verdict.verdict === verdict).length;
  const reclaimable = results.filter(({ inquiry }) => inquiry.verdict.verdict === 'reclaim');
  const freeable = reclaimable.reduce((sum, { inquiry }) => sum + (sizes.get(inquiry.candidate) ?? 0), 0);
  if (results.length === 0 && entries.length === 0)
    return `nothing to do: no worktree or staging entry matches the managed patterns (${COMMAND} doctor shows them)`;
  const parts = [
    colors.green(`${plural(count('reclaim'), 'candidate')} to reclaim${freeable > 0 ? ` (${bytes(freeable)})` : ''}`),
    colors.yellow(`${count('attention')} to look at`),
    colors.cyan(`${count('wait')} waiting`),
    colors.dim(`${count('keep')} kept`),
    `${entries.length} in quarantine${heldBytes(entries)}`,
  ];
  return parts.join(', ');
}

function heldBytes(entries: readonly Entry[]): string {
  const held = entries.reduce((sum, entry) => sum + (entry.bytes ?? 0), 0);
  return held > 0 ? ` (${bytes(held)})` : '';
}

function attentionHints(report: PassReport): string[] {
  return report.results.flatMap(({ inquiry }) => {
    const { candidate, verdict } = inquiry;
    if (verdict.verdict !== 'attention') return [];
    const next = nextCommand(candidate, verdict, report.view);
    return next === null ? [] : [`  ${nameOf(candidate)}: ${next}`];
  });
}
