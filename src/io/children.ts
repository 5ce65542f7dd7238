/**
 * Ends the git processes that this program itself started and that did not answer.
 *
 * Contract: only direct children of this very process are signalled, and only on the way out.
 * Where the platform does not list them nothing is done: they end at their closed pipes.
 */
import { readFileSync } from 'node:fs';

/** Ends every direct child of this process, with the signal on which git removes its `*.lock` files. */
export function killOwnChildren(): void {
  for (const pid of ownChildren()) {
    try {
      process.kill(pid, 'SIGTERM');
    } catch {
      // It has ended by itself.
    }
  }
}

function ownChildren(): number[] {
  try {
    const text = readFileSync(`/proc/${process.pid}/task/${process.pid}/children`, 'utf8');
    return text
      .split(' ')
      .filter((word) => word !== '')
      .map(Number);
  } catch {
    return [];
  }
}
