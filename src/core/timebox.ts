/**
 * How long a pass may take.
 *
 * Contract: pure. A time box is meant in the time of a machine that has a processor to spare; where others keep
 * all of them busy, a pass that nobody waits for is given as much longer as it is kept waiting.
 */

export interface TimeBox {
  /** Epoch milliseconds. */
  readonly startedMs: number;
  /** Milliseconds on a machine with a processor to spare; Infinity for no limit. */
  readonly budgetMs: number;
  /** How many times longer everything takes at present for want of a processor; at least 1. */
  readonly slowdown: () => number;
}

/** Epoch milliseconds at which it is over, as things are at present. */
export const endOf = ({ startedMs, budgetMs, slowdown }: TimeBox): number => startedMs + budgetMs * slowdown();

/** Milliseconds that are left of it, below 0 when it is over. */
export const leftOf = (box: TimeBox, nowMs: number): number => endOf(box) - nowMs;

/** Whether it is over. How slow the machine is matters, and is asked for, only when it would be over otherwise. */
export const isOver = (box: TimeBox, nowMs: number): boolean =>
  nowMs - box.startedMs >= box.budgetMs && leftOf(box, nowMs) <= 0;

/** For whoever is waited for, time is time. */
export const BY_THE_CLOCK = (): number => 1;
