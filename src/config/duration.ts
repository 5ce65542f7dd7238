/**
 * Durations as people write them: `90s`, `30m`, `24h`, `7d`, `250ms` for budgets, and plain `0`.
 *
 * Contract: one number, one unit, nothing else; the library's guesses (`1.5`, `2 weeks`, `-1h`)
 * are not let through. Failure direction: anything else is null, and the caller says so.
 */
import ms, { type StringValue } from 'ms';

/** Seven digits of the largest unit stay far below the largest exact integer. */
const FORM = /^(?:0|[1-9]\d{0,6})(?:ms|[smhd])$/;

const UNITS = ['d', 'h', 'm', 's'] as const;

/** Milliseconds, or null when the text is not a duration. */
export function parseDuration(text: string): number | null {
  if (text === '0') return 0;
  return FORM.test(text) ? ms(text as StringValue) : null;
}

/** The exact duration in the largest unit that holds it whole: `90s`, `24h`, `7d`, `250ms`. */
export function formatDuration(durationMs: number): string {
  if (durationMs === 0) return '0';
  const unit = UNITS.find((each) => durationMs % ms(`1${each}`) === 0);
  return unit === undefined ? `${durationMs}ms` : `${durationMs / ms(`1${unit}`)}${unit}`;
}
