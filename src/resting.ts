/**
 * Whether a pass found that nothing can come due for a while, and the note that says so to the next one.
 *
 * Contract: reads only. A note is made only of a complete pass that did nothing, found every candidate too
 * young and has nothing in quarantine that could go.
 * Failure direction: anything else, or anything that changed while the pass was looking, and there is no note.
 */
import { readEntries } from './act/entries.ts';
import { isUnsettled, LONGEST_REST_MS, type Rest } from './core/rest.ts';
import { surroundings } from './io/watching.ts';
import type { PassReport } from './pass.ts';
import type { Workspace } from './workspace.ts';

/** The note for the next pass, or null when that has to look for itself. */
export async function restAfter(workspace: Workspace, report: PassReport, program: string): Promise<Rest | null> {
  const { settings, watch } = workspace;
  if (settings === null || report.view === null || !didNothing(report)) return null;
  const waits = report.results.map(({ inquiry: { verdict } }) =>
    verdict.verdict === 'wait' && verdict.reasons.every(({ code }) => code === 'too-young') ? verdict.untilMs : 0,
  );
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
