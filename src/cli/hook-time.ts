/**
 * The time of the pass that a hook starts, and the end of what outlives it.
 *
 * Contract: nobody waits for a pass in the background, so there a busy machine gives it more time: up to
 * `MOST_PATIENCE` times as much for opening the repository, then as much as `begin` says. Where git waits for it,
 * and where somebody set another budget, time is time.
 * Failure direction: a process that is still there after its time is ended.
 */
import { MOST_PATIENCE } from '../core/ledger.ts';
import { endOf, leftOf, type TimeBox } from '../core/timebox.ts';
import { slowdown } from '../io/slowdown.ts';
import { OVERTIME_MS, type Phase } from '../pass.ts';

/** Opening the repository takes three git calls; what does not answer within this will not. */
const OPENING_MS = 2_000;

/** After the budget the record is written; a process that is still there after this is ended. */
const GRACE_MS = 120;

export interface HookTime {
  /** Epoch milliseconds after which no git is waited for. */
  readonly deadlineMs: () => number;
  /** How many times longer things may take at present. */
  readonly slowdown: () => number;
  /** Ends the opening: from the start on there are `budgetMs`, and on a busy machine up to `mostMs`. */
  readonly begin: (budgetMs: number, mostMs: number) => void;
  /** What is being moved is given time to arrive. */
  readonly enter: (phase: Phase) => void;
}

/**
 * @param startedMs epoch milliseconds; loading the program is part of what the hook costs
 * @param isAwaited whether git waits for the pass
 * @param end is not to come back
 */
export function hookTime(
  startedMs: number,
  isAwaited: boolean,
  end: () => never,
  presentSlowdown: () => number = slowdown,
): HookTime {
  let most = isAwaited ? 1 : MOST_PATIENCE;
  let budgetMs = OPENING_MS;
  let timer: NodeJS.Timeout | undefined;
  const slower = () => Math.min(most, presentSlowdown());
  let box: TimeBox = { startedMs, budgetMs, slowdown: slower };
  const watch = () => {
    clearTimeout(timer);
    const leftMs = leftOf({ ...box, budgetMs: box.budgetMs + GRACE_MS }, Date.now());
    if (leftMs <= 0) end();
    timer = setTimeout(watch, leftMs);
  };
  const enter = (phase: Phase) => {
    // Back from moving, a pass that is over its time by now still has its record to write: it is not ended here.
    box = { ...box, budgetMs: budgetMs + (phase === 'looking' ? 0 : OVERTIME_MS) };
  };
  watch();
  return {
    deadlineMs: () => endOf(box),
    slowdown: slower,
    begin(ownMs, mostMs) {
      [budgetMs, most] = [ownMs, Math.max(1, mostMs / ownMs)];
      enter('looking');
      watch();
    },
    enter,
  };
}
