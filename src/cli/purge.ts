/**
 * `purge`: removes from quarantine what is due; with `--dry-run` shows what would go, and when each thing is due.
 *
 * Contract: by hand the same as in a pass, limits on quarantine included, without a time limit. A dry run asks
 * the same questions and touches nothing. Failure direction: what is in use, or cannot be looked at, stays.
 */
import { readEntries } from '../act/entries.ts';
import { mayGoEarly, whyEarly } from '../act/pressure.ts';
import { type PurgeReport, type PurgeWork, purge } from '../act/purge.ts';
import { loadLedger, saveLedger } from '../act/state.ts';
import { ballastPlace, type Entry } from '../core/entry.ts';
import { COMMAND } from '../core/messages.ts';
import { stepsAhead } from '../core/purge-plan.ts';
import { DEFAULTS } from '../core/settings.ts';
import { bytes, plural, printable, remaining } from '../core/text.ts';
import { editedByHand } from '../observe/edited.ts';
import { quietSince } from '../observe/quiet.ts';
import { sizeOf } from '../observe/size.ts';
import type { View } from '../observe/view.ts';
import { withPassLock } from '../restoring.ts';
import { pressureOf } from '../sizing.ts';
import type { Workspace } from '../workspace.ts';
import { layOut } from './columns.ts';
import { type Answer, type Context, JSON_VERSION, problem, ready, usage } from './context.ts';
import { entryName } from './quarantine-table.ts';
import { lookOnly } from './status.ts';
import { WIDE_ENOUGH } from './tables.ts';

export interface PurgeOptions {
  /** Remove the files of the named entries before their time. */
  readonly now: boolean;
  readonly dryRun: boolean;
}

/** @param ids only these entries; all when empty */
export async function purgeCommand(context: Context, ids: readonly string[], options: PurgeOptions): Promise<Answer> {
  if (options.now && ids.length === 0) return usage('purge --now needs the ids of what is to go', `${COMMAND} status`);
  const opened = await ready(context);
  if (!opened.ok) return opened.answer;
  const workspace = opened.value;
  const { entries } = await readEntries(workspace);
  const missing = ids.find((id) => !entries.some((entry) => entry.id === id));
  if (missing !== undefined)
    return problem(
      'no-entry',
      `nothing in quarantine has the id ${printable(missing)}, and purge goes by ids alone`,
      `${COMMAND} status`,
    );
  const look = await lookOnly(workspace);
  const view = look.ok ? look.report.view : null;
  if (!look.ok || view === null)
    return problem('unreadable', look.ok ? 'the repository could not be looked at' : look.why);
  const wanted = (entry: Entry) => ids.length === 0 || ids.includes(entry.id);
  const { io } = workspace;
  const isInterrupted = options.dryRun ? () => false : context.interruptible();
  const work = (say: (text: string) => void): PurgeWork => ({
    isOutOfTime: isInterrupted,
    isQuiet: (tree, sinceMs) => quietSince(io, view, tree, sinceMs),
    editedByHand: (directory) => editedByHand(io.disk, directory),
    lastPassMs: look.report.ledger.lastPass?.atMs ?? null,
    only: (entry) => {
      if (wanted(entry)) say(entry.id);
      return wanted(entry);
    },
    early: options.now,
    // Limits concern the whole quarantine, so they have no say over a choice by name.
    ...(ids.length > 0 ? {} : { pressure: pressureOf(io, workspace.settings ?? DEFAULTS, () => false) }),
  });
  if (options.dryRun)
    return foreseen(
      context,
      workspace,
      await foresee(
        workspace,
        entries.filter(wanted),
        view,
        work(() => undefined),
      ),
    );
  const done = await context.progress('purging', (say) =>
    withPassLock(workspace, (actor, lock) =>
      purge(actor, { ...work(say), isOutOfTime: () => isInterrupted() || !lock.isSure() }),
    ),
  );
  const next = !done.ok && done.problem === 'busy' ? 'wait for it to end, then repeat the command' : null;
  if (!done.ok) return problem(done.problem, done.why, next);
  await addToTotals(workspace, done.value.bytes);
  return purged(done.value);
}

function purged(report: PurgeReport): Answer {
  const what = [
    plural(report.purged.length, 'tree'),
    `${plural(report.forgotten.length, 'entry', 'entries')} forgotten`,
  ];
  return {
    exit: report.problems.length > 0 ? 1 : 0,
    text: [
      ...report.early.map(({ id, why }) => `${id}: ${printable(why)}`),
      `purged ${what.join(', ')}; ${bytes(report.bytes)} freed`,
    ].join('\n'),
    json: { version: JSON_VERSION, ...report },
    notes: report.problems.map(({ id, why }) => `${id}: ${printable(why)}`),
  };
}

/** What was given back by hand counts as well. */
async function addToTotals(workspace: Workspace, freedBytes: number): Promise<void> {
  if (freedBytes === 0) return;
  await withPassLock(workspace, async (actor) => {
    const { ledger, damaged } = await loadLedger(actor);
    const totals = { ...ledger.totals, bytes: ledger.totals.bytes + freedBytes };
    if (damaged === null) await saveLedger(actor, { ...ledger, totals });
  });
}

interface Foreseen {
  readonly entry: Entry;
  readonly part: 'ballast' | 'files' | 'commit';
  readonly dueMs: number;
  readonly bytes: number | null;
  /** Why it goes before its time, or null. */
  readonly early: string | null;
  /** Why it stays although it is due, or null. */
  readonly stays: string | null;
}

/** The next step of each entry, and whether anything keeps it from being taken. */
async function foresee(
  { io }: Workspace,
  entries: readonly Entry[],
  view: View,
  work: PurgeWork,
): Promise<readonly Foreseen[]> {
  const nowMs = io.clock.nowMs();
  const measured = (path: string) => sizeOf(io.disk, path, () => false);
  const rows: Foreseen[] = [];
  for (const entry of entries) {
    const place = entry.tree === null ? null : ballastPlace(entry.tree);
    const ballastBytes = place === null ? null : await measured(place);
    for (const { part, dueMs } of stepsAhead(entry, ballastBytes !== null)) {
      const isNow = dueMs <= nowMs || (part === 'files' && work.early === true);
      const mayGo = isNow || (work.pressure !== undefined && part === 'files' && mayGoEarly(entry, nowMs));
      const quiet =
        mayGo && part !== 'commit' && entry.tree !== null
          ? await quietSince(io, view, entry.tree, part === 'files' ? entry.atMs : Number.POSITIVE_INFINITY)
          : null;
      const stays = quiet === null ? null : quiet.known ? quiet.value : quiet.why;
      const size =
        part === 'ballast' ? ballastBytes : part === 'files' && entry.tree !== null ? await measured(entry.tree) : null;
      rows.push({ entry, part, dueMs: isNow ? Math.min(dueMs, nowMs) : dueMs, bytes: size, early: null, stays });
    }
  }
  return work.pressure === undefined ? rows : foreseeEarly(rows, nowMs, work.pressure);
}

/** Marks what the limits on quarantine would take, oldest first, as purging itself chooses it. */
async function foreseeEarly(
  rows: readonly Foreseen[],
  nowMs: number,
  pressure: NonNullable<PurgeWork['pressure']>,
): Promise<readonly Foreseen[]> {
  const goes = (row: Foreseen) => row.dueMs <= nowMs && row.stays === null;
  const sum = (some: readonly Foreseen[]) => some.reduce((total, row) => total + (row.bytes ?? 0), 0);
  let freed = sum(rows.filter(goes));
  let held = sum(rows) - freed;
  const marked: Foreseen[] = [];
  for (const row of rows) {
    const freeBytes = async (path: string) => {
      const free = await pressure.freeBytes(path);
      return free === null ? null : free + freed;
    };
    const mayGo = row.part === 'files' && !goes(row) && row.stays === null && mayGoEarly(row.entry, nowMs);
    const early = mayGo ? await whyEarly(row.entry, held, { ...pressure, freeBytes }) : null;
    if (early !== null) {
      freed += row.bytes ?? 0;
      held -= row.bytes ?? 0;
    }
    marked.push(early === null ? row : { ...row, early, dueMs: nowMs });
  }
  return marked;
}

function partWords({ entry, part }: Foreseen): string {
  if (part === 'ballast') return 'rebuildable directories';
  if (entry.kind === 'staging') return 'its files, which are all there is of it';
  return part === 'files' ? 'its files; its commit stays' : 'its commit: nothing is left to restore';
}

function foreseen({ width, colors }: Context, workspace: Workspace, rows: readonly Foreseen[]): Answer {
  const nowMs = workspace.io.clock.nowMs();
  const sorted = [...rows].sort((one, other) => one.dueMs - other.dueMs);
  const goes = sorted.filter(({ dueMs, stays }) => dueMs <= nowMs && stays === null);
  const isNarrow = width !== null && width < WIDE_ENOUGH;
  const cells = sorted.map((row) => {
    const { entry, dueMs, bytes: size, early, stays } = row;
    return [
      dueMs > nowMs ? `in ${remaining(dueMs - nowMs)}` : stays === null ? colors.green('now') : colors.yellow('stays'),
      size === null ? '' : bytes(size),
      entryName(entry, workspace),
      printable(stays ?? early ?? partWords(row)),
      ...(isNarrow ? [] : [entry.id]),
    ];
  });
  const freed = goes.reduce((sum, { bytes: size }) => sum + (size ?? 0), 0);
  const summary = `dry run: nothing was touched; ${bytes(freed)} would be freed now`;
  return {
    exit: 0,
    text: [
      layOut(cells, width, { give: isNarrow ? [2, 3] : [2, 3, 4], middle: isNarrow ? [2] : [2, 4], right: [1] }),
      summary,
    ]
      .filter((part) => part !== '')
      .join('\n'),
    json: {
      version: JSON_VERSION,
      freedBytes: freed,
      steps: sorted.map(({ entry, part, dueMs, bytes: size, early, stays }) => {
        return { id: entry.id, part, due: new Date(dueMs).toISOString(), bytes: size, early, stays };
      }),
    },
  };
}
