/** When the hook is to start the next pass. */
import type { Settings } from '../core/settings.ts';
import type { PassReport } from '../pass.ts';

/** A `wait` that ends sooner than this is left to the pass after it. */
const SOONEST_MS = 60_000;

/**
 * Epoch milliseconds of the next pass: at once when this one was cut short or stopped at its
 * limit, else when the earliest wait is over, and at the latest after `pass.every`.
 */
export function nextPassAt(report: PassReport, settings: Settings, nowMs: number): number {
  const isCutShort =
    !report.complete ||
    report.results.some(
      ({ reasons, outcome }) => outcome === 'skipped' && reasons.some(({ code }) => code === 'limit'),
    );
  if (isCutShort && settings.mode !== 'report') return nowMs;
  const waits = report.results.flatMap(({ inquiry }) =>
    inquiry.verdict.verdict === 'wait' ? [inquiry.verdict.untilMs] : [],
  );
  const regular = nowMs + settings.pass.everyMs;
  return Math.max(nowMs + Math.min(SOONEST_MS, settings.pass.everyMs), Math.min(regular, ...waits));
}
