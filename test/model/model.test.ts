/** Agents, people, passes, crashes and restores at random: nothing anyone wrote is lost. */
import '../support/swift.ts';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { REASON_CODES, type ReasonCode } from '../../src/core/model.ts';
import { tell } from '../support/figures.ts';
import { ACTS } from './acts.ts';
import { LIVES } from './lives.ts';
import { type Counters, commandLists, rules, runOne } from './run.ts';

const counters: Counters = new Map();
const RUNS = Number(process.env.REAPER_MODEL_RUNS ?? 200);
const SEED = Number(process.env.REAPER_MODEL_SEED ?? 20_261_121);

/** So many runs come by everything that can happen here. */
const ENOUGH = 200;

/** No candidate has these reasons, or nothing can be mounted, or there are no rules about directories in a model's world. */
const OUT_OF_REACH: readonly ReasonCode[] = ['unmanaged', 'main', 'rule', 'mount-inside', 'cross-device'];

const EXPECTED: readonly string[] = [
  ...Object.keys(ACTS).map((kind) => `act ${kind}`),
  ...['pass', 'purge', 'restore', 'wait'].map((what) => `command ${what}`),
  ...REASON_CODES.filter((code) => !OUT_OF_REACH.includes(code)).map((code) => `reason ${code}`),
  ...['reclaimed', 'refused', 'failed', 'skipped'].map((outcome) => `outcome ${outcome}`),
  ...['empty', 'landed', 'stale'].map((ground) => `ground ${ground}`),
  ...['keep', 'wait', 'attention'].map((verdict) => `verdict ${verdict}`),
  ...['worktree', 'staging', 'registration'].map((kind) => `reclaimed ${kind}`),
  ...['death', 'failure', 'interruption'].map((trouble) => `trouble ${trouble}`),
  ...['roll-back', 'finish', 'finish-restore'].map((how) => `recovered ${how}`),
  ...['ok', 'path-taken', 'branch-taken'].map((answer) => `restore: ${answer}`),
  ...['purged', 'purged bytes', 'forgotten', 'restored as it was'],
];

afterAll(() => {
  tell('runs of the model', RUNS, counters);
});

/** Runs of one test, so that what takes long is seen while it does. */
const PORTION = 25;

const portions = Array.from({ length: Math.ceil(RUNS / PORTION) }, (_, index) => ({
  from: index * PORTION + 1,
  to: Math.min(RUNS, (index + 1) * PORTION),
}));

describe('random lives of a repository', () => {
  test.each(portions)('from $from to $to lose nothing', async ({ from, to }) => {
    await fc.assert(
      fc.asyncProperty(rules, commandLists, (rule, commands) => runOne(rule, commands, counters)),
      {
        numRuns: to - from + 1,
        seed: SEED + from,
        examples: LIVES.slice(from - 1, to).map(([rule, commands]) => [rule, commands]),
        endOnFailure: process.env.REAPER_MODEL_SHRINK === undefined,
      },
    );
  });

  test.skipIf(RUNS < ENOUGH)('come by everything that can happen here', () => {
    expect(EXPECTED.filter((name) => !counters.has(name))).toEqual([]);
  });
});
