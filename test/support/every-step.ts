/** Kills a run at each of its steps in turn, and has the outcome checked every time. */

import { expect } from 'vitest';
import type { Io } from '../../src/io/ports.ts';
import { buryHolder, type Case, REAL } from './crash-case.ts';
import { interpose, type Moment, mortal } from './faults.ts';
import { isChosen } from './sample.ts';

export interface Crossing {
  /** How often a run died in each kind of effect. */
  readonly effects: Map<string, number>;
  readonly crashes: number;
  /** Effects that a run has. */
  readonly steps: number;
}

export interface Death {
  readonly k: number;
  readonly moment: Moment;
  readonly effect: string;
}

/** No run has more effects than this; more means that it does not end. */
const MAX_STEPS = 400;

/** Of all deaths, those that a run on every change can afford. */
const SHARE = 1 / 3;

/**
 * Runs `act` from the kept state, dying at its k-th effect, for every k until it is through; then `check`.
 * Dying before an effect is dying after the one before it, so only the first is tried both ways.
 */
export async function everyStep(
  at: Case,
  act: (io: Io) => Promise<unknown>,
  check: (death: Death) => Promise<void>,
): Promise<Crossing> {
  const effects = new Map<string, number>();
  const name = expect.getState().currentTestName;
  let crashes = 0;
  const steps = await countEffects(at, act);
  if (steps >= MAX_STEPS) throw new Error(`it has ${steps} effects`);
  // One more than there are, as what goes side by side may take turns in another order.
  for (let k = 1; k <= steps + 1; k++) {
    for (const moment of k === 1 ? MOMENTS : MOMENTS.slice(1)) {
      if (!isChosen(`${name} ${k} ${moment}`, SHARE)) continue;
      at.reset();
      const machine = mortal(REAL, k, moment);
      const end = await machine.survive(act(machine.io));
      if (end.died === null || end.died === '') continue;
      crashes++;
      effects.set(end.died, (effects.get(end.died) ?? 0) + 1);
      buryHolder(at.repo);
      await labelled(`killed ${moment} effect ${k} (${end.died})`, () => check({ k, moment, effect: end.died ?? '' }));
    }
  }
  return { effects, crashes, steps };
}

async function countEffects(at: Case, act: (io: Io) => Promise<unknown>): Promise<number> {
  at.reset();
  let effects = 0;
  await act(
    interpose(REAL, (call, proceed) => {
      if (call.isEffect) effects++;
      return proceed();
    }),
  );
  return effects;
}

const MOMENTS: readonly Moment[] = ['before', 'torn', 'after'];

/** A failure says where it happened; with REAPER_TEST_COLLECT all of them are printed and none thrown. */
export async function labelled(what: string, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    const text = `${what}: ${error instanceof Error ? error.message : String(error)}`;
    if (process.env.REAPER_TEST_COLLECT === undefined) throw new Error(text, { cause: error });
    console.log(`FOUND ${text}`);
  }
}

/** Adds one crossing's counts to a total. */
export function addTo(total: Map<string, number>, { effects }: Pick<Crossing, 'effects'>): void {
  for (const [name, count] of effects) total.set(name, (total.get(name) ?? 0) + count);
}
