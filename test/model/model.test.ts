/** Agents, people, passes, crashes and restores at random: nothing anyone wrote is lost. */
import '../support/swift.ts';
import fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import { type Counters, commandLists, rules, runOne } from './run.ts';

const counters: Counters = new Map();
const RUNS = Number(process.env.REAPER_MODEL_RUNS ?? 200);
const SEED = Number(process.env.REAPER_MODEL_SEED ?? 20_261_121);

afterAll(() => {
  console.log(Object.fromEntries([...counters].sort()));
});

test(`${RUNS} random lives of a repository lose nothing`, async () => {
  await fc.assert(
    fc.asyncProperty(rules, commandLists, (rule, commands) => runOne(rule, commands, counters)),
    { numRuns: RUNS, seed: SEED, endOnFailure: process.env.REAPER_MODEL_SHRINK === undefined },
  );
  expect(counters.get('outcome reclaimed')).toBeGreaterThan(0);
}, 900_000);
