/**
 * Whether a pass found that nothing can come due for a while, and the note that says so to the next one.
 *
 * Contract: reads only. A note is made only of a complete pass that did nothing, found every candidate too
 * young (or, where passes only report, ready to go) and has nothing in quarantine that could go.
 * Failure direction: anything else, or anything that changed while the pass was looking, and there is no note.
 */

import { join } from 'node:path';
import { readEntries } from './act/entries.ts';
import type { Verdict } from './core/model.ts';
import { isUnsettled, LONGEST_REST_MS, type Rest } from './core/rest.ts';
import type { Settings } from './core/settings.ts';
import { surroundings } from './io/watching.ts';
import type { Inquiry } from './observe/investigate.ts';
import type { PassReport } from './pass.ts';
import type { Workspace } from './workspace.ts';

/** The note for the next pass, or null when that has to look for itself. */
export async function restAfter(workspace: Workspace, report: PassReport, program: string): Promise<Rest | null> {
  const { settings, watch } = workspace;
  if (settings === null || report.view === null || !didNothing(report)) return null;
  const waits = report.results.map(({ inquiry }) => comesDueMs(inquiry.verdict, settings.mode));
  await Promise.all(report.results.flatMap(({ inquiry }) => signsOf(workspace, inquiry).map(watch.disk.lstat)));
  const held = await dueInQuarantine(workspace);
  const untilMs = Math.min(report.startedMs + LONGEST_REST_MS, ...waits, ...held);
  if (untilMs <= report.startedMs) return null;
  if ([...watch.seen.values()].some((stamp) => isUnsettled(stamp, report.startedMs))) return null;
  const watched = Object.fromEntries(watch.seen);
  return {
    program,
    atMs: report.startedMs,
    untilMs,
    everyMs: settings.pass.everyMs,
    surroundings: surroundings(),
    watched,
  };
}

/** When a pass could do or say something else about a candidate; 0 for at once. Epoch milliseconds. */
function comesDueMs(verdict: Verdict, mode: Settings['mode']): number {
  if (verdict.verdict === 'reclaim') return mode === 'report' ? Number.POSITIVE_INFINITY : 0;
  const isYoung = verdict.verdict === 'wait' && verdict.reasons.every(({ code }) => code === 'too-young');
  return isYoung ? verdict.untilMs : 0;
}

/** Where somebody's work on what may go shows. A change while the pass looked is too new for a note. */
function signsOf({ layout }: Workspace, { candidate, verdict }: Inquiry): string[] {
  if (verdict.verdict !== 'reclaim') return [];
  if (candidate.kind !== 'worktree') return [candidate.path];
  const { path, adminDir, branch } = candidate;
  const { commonDir } = layout;
  // Not the directory itself: every `git status` makes and removes a lock in it.
  const own = ['locked', 'index', 'HEAD', 'logs/HEAD'].map((name) => join(adminDir, name));
  const refs = branch === null ? [] : [join(commonDir, 'refs/heads', branch), join(commonDir, 'packed-refs')];
  return [path, ...own, ...refs];
}

function didNothing(report: PassReport): boolean {
  const { complete, purge, recovered, reclaimed, missingClaims, notes } = report;
  const purged =
    purge === null ? 0 : purge.purged.length + purge.forgotten.length + purge.problems.length + purge.bytes;
  return (
    complete && [purged, recovered.length, reclaimed.length, missingClaims.length, notes.length].every((n) => n === 0)
  );
}

/** When what lies in quarantine can go: what waits for its day does, anything unusual may at once. */
async function dueInQuarantine({ io, layout, settings }: Workspace): Promise<number[]> {
  const { entries, unreadable } = await readEntries({ io, layout });
  const hasLimits = settings?.quarantine.maxBytes !== null || settings.quarantine.minFreeBytes !== null;
  if (unreadable.length > 0 || (entries.length > 0 && hasLimits)) return [0];
  return entries.map(({ phase, keepUntilMs, forgetAtMs }) => {
    if (phase === 'held') return keepUntilMs;
    return phase === 'purged' ? forgetAtMs : 0;
  });
}
