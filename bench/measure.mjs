/**
 * Measuring side by side: every round runs each case once, so that a busy machine is busy for all.
 *
 * Contract: wall clock, medians; a case may prepare untimed before each of its runs.
 */
import { spawnSync } from 'node:child_process';

export const median = (numbers) => {
  const sorted = [...numbers].sort((one, other) => one - other);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
};

/**
 * @param cases `{name: {run, before?, after?}}`; `run` may return its own milliseconds
 * @returns `{name: median milliseconds}`
 */
export async function sideBySide(cases, rounds) {
  const times = Object.fromEntries(Object.keys(cases).map((name) => [name, []]));
  const names = Object.keys(cases);
  for (let round = 0; round <= rounds; round++) {
    // The order turns, so that nobody always runs behind the same neighbour. Round 0 warms up.
    for (let at = 0; at < names.length; at++) {
      const name = names[(at + round) % names.length];
      const { run, before, after } = cases[name];
      await before?.(round);
      const startMs = performance.now();
      const own = await run(round);
      const ms = typeof own === 'number' ? own : performance.now() - startMs;
      await after?.(round);
      if (round > 0) times[name].push(ms);
    }
  }
  return Object.fromEntries(Object.entries(times).map(([name, all]) => [name, median(all)]));
}

/** Starts a program, waits for it, and throws with what it said when it failed. */
export function start(file, args, { cwd, env }) {
  const ran = spawnSync(file, args, { cwd, env, stdio: ['ignore', 'ignore', 'pipe'], maxBuffer: 1 << 28 });
  if (ran.status !== 0) throw new Error(`${file} ${args.join(' ')}: ${ran.stderr}`);
}

export const ms = (number) => (number >= 100 ? `${Math.round(number)} ms` : `${number.toFixed(1)} ms`);
export const times = (number) => `${number >= 10 ? Math.round(number) : number.toFixed(2)}x`;

/** A row of the table; `isMet` null when it could not be measured. */
export const row = (what, against, target, measured, isMet) => ({ what, against, target, measured, isMet });
