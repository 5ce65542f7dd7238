/** What `soak.mjs` runs: the model's property, with progress and without a test runner. */
import fc from 'fast-check';
import { type Counters, commandLists, rules, runOne } from './run.ts';

/** A line of progress every so many runs. */
const STRIDE = 100;

/** True when all runs held. */
export async function soak(runs: number, seed: number): Promise<boolean> {
  const counters: Counters = new Map();
  const startedMs = Date.now();
  let done = 0;
  const property = fc.asyncProperty(rules, commandLists, async (rule, commands) => {
    await runOne(rule, commands, counters);
    if (++done % STRIDE === 0) console.log(`${done} of ${runs} runs, ${Math.round((Date.now() - startedMs) / 1000)} s`);
  });
  const result = await fc.check(property, { numRuns: runs, seed, endOnFailure: true });
  for (const [name, times] of [...counters].sort()) console.log(`${String(times).padStart(8)}  ${name}`);
  if (!result.failed) {
    console.log(`${result.numRuns} runs with seed ${seed}: nothing lost`);
    return true;
  }
  console.log(`failed after ${result.numRuns} runs: seed ${seed}, path ${result.counterexamplePath}`);
  console.log(JSON.stringify(result.counterexample));
  console.log(result.errorInstance instanceof Error ? result.errorInstance.message : result.errorInstance);
  return false;
}
