/** `restore`, `purge` and `log`: what is in quarantine, and what was. */
import { resolve } from 'node:path';
import { readEntries } from '../act/entries.ts';
import { type JournalRecord, readJournal } from '../act/journal.ts';
import { purge } from '../act/purge.ts';
import { COMMAND } from '../core/messages.ts';
import { bytes, duration, plural, printable, shellWord } from '../core/text.ts';
import { entryRow } from '../documents.ts';
import { editedByHand } from '../observe/edited.ts';
import { quietSince } from '../observe/quiet.ts';
import { type RestoredByName, restoreByName, withPassLock } from '../restoring.ts';
import { type Answer, type Context, JSON_VERSION, problem, ready, usage } from './context.ts';
import { lookOnly } from './status.ts';
import { layOut } from './tables.ts';

export interface RestoreOptions {
  readonly to?: string;
  readonly detach?: boolean;
}

export async function restoreCommand(context: Context, name: string, options: RestoreOptions): Promise<Answer> {
  const opened = await ready(context);
  if (!opened.ok) return opened.answer;
  const workspace = opened.value;
  const to = options.to === undefined ? null : resolve(workspace.from, options.to);
  const result = await restoreByName(workspace, name, { to, detach: options.detach === true });
  if (!result.ok) return problem(result.problem, printable(result.why), alternative(result));
  const { entry, path, leftBranch } = result;
  const head = (entry.head ?? '').slice(0, 10);
  const notes = [
    ...(result.ballastGone ? ['rebuildable directories (such as node_modules) were purged; install them again'] : []),
    ...(result.rebuilt ? ['its files were checked out from its commit; ignored files are gone'] : []),
    ...(leftBranch === null
      ? []
      : [
          `the branch ${printable(leftBranch)} was ${entry.deletedBranchAt === null ? 'left as it is' : 'not made again'}; to go on from here: git -C ${shellWord(path)} switch -c <new-branch>`,
        ]),
    result.claimedMs === null
      ? 'it could not be claimed, so the next pass may reclaim it again'
      : `it is kept for ${duration(result.claimedMs)}; to end that: ${COMMAND} release --worktree ${shellWord(path)}`,
  ];
  return {
    exit: 0,
    text: `restored ${printable(entry.branch ?? entry.path)} at ${printable(path)}${leftBranch === null ? '' : `, detached at ${head}`}`,
    json: {
      version: JSON_VERSION,
      restored: entryRow(entry),
      path,
      rebuilt: result.rebuilt,
      ballastGone: result.ballastGone,
      leftBranch,
    },
    notes: context.global.quiet ? [] : notes.map((note) => `note: ${note}`),
  };
}

function alternative({ problem: trouble, entry, at }: Extract<RestoredByName, { ok: false }>): string | null {
  if (at !== undefined) return `${COMMAND} why ${shellWord(at)}`;
  if (entry === null) return `${COMMAND} status`;
  if (trouble === 'path-taken') return `${COMMAND} restore ${entry.id} --to ${shellWord(`${entry.path}-restored`)}`;
  if (trouble === 'branch-taken') return `${COMMAND} restore ${entry.id} --detach`;
  return trouble === 'busy' ? 'wait for it to end, then repeat the command' : null;
}

export async function purgeCommand(context: Context, ids: readonly string[], now: boolean): Promise<Answer> {
  if (now && ids.length === 0) return usage('purge --now needs the ids of what is to go', `${COMMAND} status`);
  const opened = await ready(context);
  if (!opened.ok) return opened.answer;
  const workspace = opened.value;
  const { entries } = await readEntries(workspace);
  const missing = ids.find((id) => !entries.some((entry) => entry.id === id));
  if (missing !== undefined)
    return problem('no-entry', `nothing in quarantine is called ${printable(missing)}`, `${COMMAND} status`);
  const look = await lookOnly(workspace);
  const view = look.ok ? look.report.view : null;
  if (view === null) return problem('unreadable', look.ok ? 'the repository could not be looked at' : look.why);
  const done = await context.progress('purging', () =>
    withPassLock(workspace, (actor) =>
      purge(actor, {
        isOutOfTime: () => false,
        isQuiet: (tree, sinceMs) => quietSince(workspace.io, view, tree, sinceMs),
        editedByHand: (directory) => editedByHand(workspace.io.disk, directory),
        lastPassMs: look.ok ? (look.report.ledger.lastPass?.atMs ?? null) : null,
        only: (entry) => ids.length === 0 || ids.includes(entry.id),
        early: now,
      }),
    ),
  );
  if (!done.ok) return problem('busy', done.why, 'wait for it to end, then repeat the command');
  const report = done.value;
  const what = [
    plural(report.purged.length, 'tree'),
    `${plural(report.forgotten.length, 'entry', 'entries')} forgotten`,
  ];
  return {
    exit: report.problems.length > 0 ? 1 : 0,
    text: `purged ${what.join(', ')}; ${bytes(report.bytes)} freed`,
    json: { version: JSON_VERSION, ...report },
    notes: report.problems.map(({ id, why }) => `${id}: ${printable(why)}`),
  };
}

const EVENT_WORDS: Readonly<Record<JournalRecord['event'], string>> = {
  intent: 'began',
  reclaimed: 'reclaimed',
  refused: 'taken back',
  failed: 'failed',
  recovered: 'recovered',
  restored: 'restored',
  'ballast-purged': 'freed',
  purged: 'purged',
  forgotten: 'forgotten',
};

export async function log(context: Context, sinceMs: number | null): Promise<Answer> {
  const opened = await ready(context);
  if (!opened.ok) return opened.answer;
  const { io, layout } = opened.value;
  const reading = await readJournal({ io, layout });
  const held = new Set((await readEntries({ io, layout })).entries.map(({ id }) => id));
  const earliest = sinceMs === null ? 0 : io.clock.nowMs() - sinceMs;
  const records = reading.records.filter(({ at, event }) => at >= earliest && event !== 'intent');
  const rows = records.map((record) => [
    new Date(record.at).toISOString().replace('T', ' ').slice(0, 16),
    EVENT_WORDS[record.event] ?? printable(record.event),
    printable(record.branch ?? record.path),
    printable(record.detail ?? record.because),
    record.bytes === null ? '' : bytes(record.bytes),
    record.id,
  ]);
  const canUndo = records.some(({ id, event }) => event === 'reclaimed' && held.has(id));
  const undoLine = canUndo ? [`undo: ${COMMAND} restore <id>`] : [];
  const damaged =
    reading.damaged === 0 ? [] : [`note: ${plural(reading.damaged, 'line')} of the journal could not be read`];
  return {
    exit: 0,
    text:
      rows.length === 0 ? 'nothing was reclaimed yet' : [layOut(rows, context.width, [2, 3]), ...undoLine].join('\n'),
    json: { version: JSON_VERSION, records, damaged: reading.damaged },
    notes: damaged,
  };
}
