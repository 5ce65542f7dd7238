/** `install`, `uninstall` and `allow`: what changes this repository's set-up. */
import { approvalFile, differences, scopeOf } from '../config/trust.ts';
import { COMMAND, ONLY_REPORTS } from '../core/messages.ts';
import { DEFAULTS } from '../core/settings.ts';
import { plural, printable, shellWord } from '../core/text.ts';
import { describeInstall, describeUninstall } from '../install/describe.ts';
import { install } from '../install/install.ts';
import { findHooksPlace } from '../install/place.ts';
import { uninstall } from '../install/uninstall.ts';
import { placeObstacle } from '../io/ownplace.ts';
import type { Workspace } from '../workspace.ts';
import { commandHere } from './called.ts';
import { changeLines, configNotes, configProblem, sourceWords } from './config-answers.ts';
import { type Answer, type Context, JSON_VERSION, problem, ready } from './context.ts';
import { lookOnly } from './status.ts';
import { candidateTable } from './tables.ts';

/** Installs, approves the configuration when nothing was approved before, and shows what the next pass would do. */
export async function installCommand(
  context: Context,
  { write = false, chain = false }: { readonly write?: boolean; readonly chain?: boolean } = {},
): Promise<Answer> {
  const opened = await ready(context);
  if (!opened.ok) return opened.answer;
  const workspace = opened.value;
  const { io, repository: repo } = workspace;
  const { programFile, hooksSource, version } = context;
  const elsewhere = await huskyElsewhere(workspace);
  if (elsewhere !== null) return elsewhere;
  const nodePath = process.execPath;
  const known = commandHere(programFile);
  const command = known === null ? {} : { command: known };
  const report = await install({ io, repo, programFile, hooksSource, nodePath, version, write, chain, ...command });
  const lines = describeInstall(report);
  if (report.refusal !== null)
    return { ...problem('refused', lines.join('\n')), json: { version: JSON_VERSION, install: report } };
  const isApproved = await approveFirst(workspace);
  const preview = await previewNextPass(context);
  const trust = workspace.config.ok ? scopeLines(workspace, isApproved) : [];
  const broken = workspace.config.ok ? [] : (configProblem(workspace.config).notes ?? []);
  return {
    exit: report.complete && workspace.config.ok ? 0 : 1,
    text: context.global.quiet ? '' : [...lines, ...trust, '', preview.text].join('\n'),
    json: { version: JSON_VERSION, install: report, approved: isApproved, next: preview.json },
    // Who is quiet still has to know that something waits.
    notes: context.global.quiet ? [...broken, ...(isApproved ? [] : trust)] : broken,
  };
}

/** husky's files belong to the branch: in a linked worktree they would only be untracked files, which keep it for ever. */
async function huskyElsewhere({ io, repository: repo, mainRoot }: Workspace): Promise<Answer | null> {
  if (mainRoot === null || repo.topLevel === null || repo.topLevel === mainRoot) return null;
  const place = await findHooksPlace(io, repo);
  if (place.kind !== 'husky' || !place.relative) return null;
  return problem(
    'refused',
    `nothing was installed: ${printable(repo.topLevel)} is a linked worktree, and husky's files belong into the main one, to be committed there`,
    `cd ${shellWord(mainRoot)} && ${COMMAND} install; then, in this worktree: npx husky`,
  );
}

/**
 * The first install approves what it finds. Any later one may be run by `npm install` on a branch that was just
 * pulled: what asks for more than was approved waits for `allow`, also where the record of that is lost.
 */
async function approveFirst({ io, layout, config }: Workspace): Promise<boolean> {
  if (!config.ok) return false;
  if (config.approval === 'recorded') return config.withheld.length === 0;
  // What the user's own settings put out of effect today is not withheld, and yet not approved.
  const isWider = differences(scopeOf(config.proposed), config.allowed).length > 0;
  if (config.approval === 'lost' && isWider) return false;
  return (await io.disk.writeFile(layout.allowed, approvalFile(scopeOf(config.proposed)))).ok;
}

/** What is now approved, where it goes beyond what is built in; or what is not, because something else was before. */
function scopeLines({ config }: Workspace, isApproved: boolean): string[] {
  if (!config.ok) return [];
  if (!isApproved) return configNotes({ ...config, notes: config.approval === 'lost' ? config.notes : [] });
  const beyond = differences(scopeOf(config.proposed), scopeOf(DEFAULTS));
  const source = sourceWords(config.source);
  if (beyond.length === 0) return [`configuration: ${source}`];
  return [`configuration: ${source}; approved on this machine:`, ...beyond.flatMap(changeLines)];
}

async function previewNextPass(context: Context): Promise<{ text: string; json: unknown }> {
  const again = await ready(context);
  if (!again.ok || again.value.settings === null)
    return { text: 'nothing is reclaimed until the configuration is mended', json: null };
  const workspace = again.value;
  const { limit } = again.value.settings.pass;
  const isReport = again.value.settings.mode === 'report';
  const look = await context.progress('looking at worktrees', (say) => lookOnly(workspace, say));
  if (!look.ok) return { text: `the next pass could not be foreseen: ${look.why}`, json: null };
  const { results } = look.report;
  const rows = results.map(({ inquiry }) => ({ path: inquiry.candidate.path, ...inquiry.verdict }));
  if (results.length === 0)
    return { text: 'no worktree or staging entry matches the managed patterns yet', json: rows };
  const due = results.filter(({ inquiry }) => inquiry.verdict.verdict === 'reclaim').length;
  const table = candidateTable(context, results, workspace.io.clock.nowMs());
  const head = isReport
    ? `${ONLY_REPORTS}; ready to go: ${plural(due, 'candidate')} of ${results.length}`
    : `the next pass, started by the next git checkout, merge or pull, would reclaim ${plural(due, 'candidate')} of ${results.length}:`;
  const more =
    due > limit && !isReport ? [`one pass takes ${limit} (pass.limit); the rest goes at the next checkouts`] : [];
  return { text: [head, table, ...more, `to see it again: ${COMMAND} status`].join('\n'), json: rows };
}

export async function uninstallCommand(context: Context): Promise<Answer> {
  const opened = await ready(context);
  if (!opened.ok) return opened.answer;
  const { io, repository: repo } = opened.value;
  const report = await uninstall({ io, repo });
  const lines = describeUninstall(report);
  return {
    exit: report.refusal === null && report.left.length === 0 ? 0 : 1,
    text: context.global.quiet ? '' : lines.join('\n'),
    json: { version: JSON_VERSION, uninstall: report },
  };
}

/** Shows what the configuration asks for beyond what is approved, and approves it. */
export async function allow(context: Context, yes: boolean): Promise<Answer> {
  const opened = await ready(context);
  if (!opened.ok) return opened.answer;
  const { config, io, layout } = opened.value;
  if (!config.ok) return configProblem(config);
  const changes = differences(scopeOf(config.proposed), config.allowed);
  const notes = configNotes({ ...config, withheld: [] });
  if (changes.length === 0 && config.approval !== 'lost')
    return {
      exit: 0,
      text: 'nothing to approve: the configuration asks for what is approved',
      json: { version: JSON_VERSION, changes, approved: true },
      notes,
    };
  const shown = [
    `${config.source ?? 'the configuration'} differs from what is approved on this machine:`,
    ...changes.flatMap(changeLines),
  ].join('\n');
  if (!yes && !(await context.confirm(`${shown}\napprove?`)))
    return {
      exit: 1,
      ...(context.isInteractive ? {} : { text: shown }),
      json: { version: JSON_VERSION, changes, approved: false },
      notes: [...notes, `not approved; to approve without being asked: ${COMMAND} allow --yes`],
    };
  const obstacle = await placeObstacle(io.disk, layout.root);
  if (obstacle !== null) return problem('refused', `nothing was approved: ${printable(obstacle)}`);
  const made = await io.disk.makeDir(layout.root);
  const written = made.ok ? await io.disk.writeFile(layout.allowed, approvalFile(scopeOf(config.proposed))) : made;
  if (!written.ok) return problem('unwritable', `the approval could not be written: ${printable(written.why)}`);
  return {
    exit: 0,
    text: `${context.isInteractive && !yes ? '' : `${shown}\n`}approved: ${plural(changes.length, 'change')}`,
    json: { version: JSON_VERSION, changes, approved: true },
    notes,
  };
}
