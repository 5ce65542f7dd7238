/**
 * Which of many tries a deep test makes, where all of them would take too long.
 *
 * Contract: the same choice for the same seed, on any machine. `REAPER_TEST_FULL=1` makes every try;
 * `REAPER_TEST_SEED=N` chooses others than the pinned ones. What was chosen by is printed with the figures.
 */
import { createHash } from 'node:crypto';

/** True when nothing is to be left out. */
export const isFull = (process.env.REAPER_TEST_FULL ?? '') !== '';

const SEED = Number(process.env.REAPER_TEST_SEED ?? 20_261_121);

/** Whether the try of this name is made, of which about `share` (0 to 1) are. */
export function isChosen(name: string, share: number): boolean {
  if (isFull) return true;
  return createHash('sha256').update(`${SEED} ${name}`).digest().readUInt32BE(0) / 2 ** 32 < share;
}

/** For people, beside the figures. */
export const chosenBy = isFull ? 'all of them' : `chosen by seed ${SEED}`;
