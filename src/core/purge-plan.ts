/**
 * When the next part of an entry goes, and which part: what `purge --dry-run` shows.
 *
 * Contract: pure; the same instants that purging itself looks at. Whether somebody uses it is not known here.
 */
import type { Entry } from './entry.ts';

export interface Step {
  /** `ballast`: rebuildable directories. `files`: the whole tree. `commit`: the pin, so that nothing can be restored. */
  readonly part: 'ballast' | 'files' | 'commit';
  /** Epoch milliseconds from which it is due. */
  readonly dueMs: number;
}

/** The steps still ahead of an entry, the next one first; none for what is kept until somebody decides. */
export function stepsAhead(entry: Entry, hasBallast: boolean): Step[] {
  if (entry.unverified || (entry.phase !== 'held' && entry.phase !== 'purging' && entry.phase !== 'purged')) return [];
  const steps: Step[] = [];
  const { atMs, keepUntilMs, forgetAtMs } = entry;
  if (hasBallast && entry.phase !== 'purged') steps.push({ part: 'ballast', dueMs: atMs });
  if (entry.phase === 'held') steps.push({ part: 'files', dueMs: keepUntilMs });
  if (entry.phase === 'purging') steps.push({ part: 'files', dueMs: atMs });
  // Nothing but files was ever kept of a staging entry.
  if (entry.kind !== 'staging' || entry.phase === 'purged') steps.push({ part: 'commit', dueMs: forgetAtMs });
  return steps;
}
