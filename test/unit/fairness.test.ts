/** A budget too small for everything, and candidates that keep coming: does each get its turn? */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EMPTY_LEDGER, inTurn, keyOf, type Ledger, patientBudgetMs, restsUntil } from '../../src/core/ledger.ts';

interface Tree {
  readonly kind: 'worktree';
  readonly path: string;
}

const trees = (count: number, from = 0): Tree[] =>
  Array.from({ length: count }, (_, index) => ({ kind: 'worktree', path: `/wt/${from + index}` }));

/** One pass: as many as the budget has time for, in turn. */
function pass(candidates: readonly Tree[], ledger: Ledger, affordable: number, nowMs: number) {
  const seen = inTurn(candidates, ledger).slice(0, affordable);
  const examined = { ...ledger.examined, ...Object.fromEntries(seen.map((each) => [keyOf(each), nowMs])) };
  return { seen, ledger: { ...ledger, examined } };
}

describe('patience', () => {
  const after = (passes: number) => patientBudgetMs({ ...EMPTY_LEDGER, stuck: { key: 'worktree:/a', passes } }, 2_000);

  it('begins with the third pass that the same candidate was too much for, and has an end', () => {
    expect(patientBudgetMs(EMPTY_LEDGER, 2_000)).toBe(2_000);
    expect([1, 2, 3, 4, 5, 6, 7, 1_000].map(after)).toEqual([
      2_000, 2_000, 4_000, 8_000, 16_000, 32_000, 32_000, 32_000,
    ]);
  });
});

describe('fairness', () => {
  it('examines 1,000 candidates in the passes that arithmetic says, at 200 ms a pass and 4 ms each', () => {
    const candidates = trees(1000);
    const affordable = 200 / 4;
    const unseen = new Set(candidates.map(keyOf));
    let ledger = EMPTY_LEDGER;
    for (let round = 1; round <= Math.ceil(1000 / affordable); round++) {
      const done = pass(candidates, ledger, affordable, round);
      ledger = done.ledger;
      for (const each of done.seen) unseen.delete(keyOf(each));
    }
    expect(unseen.size).toBe(0);
  });

  it('lets no candidate wait longer than one round of all others, whatever comes and goes', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 200 }), (affordable, count) => {
        const candidates = trees(count);
        const last = new Map<string, number>(candidates.map((each) => [keyOf(each), 0]));
        let ledger = EMPTY_LEDGER;
        const longest = Math.ceil(count / affordable);
        let longestWait = 0;
        for (let round = 1; round <= 3 * longest; round++) {
          const done = pass(candidates, ledger, affordable, round);
          ledger = done.ledger;
          for (const each of done.seen) last.set(keyOf(each), round);
          longestWait = Math.max(longestWait, round - Math.min(...last.values()));
        }
        expect(longestWait).toBeLessThanOrEqual(longest);
      }),
      { seed: 7, numRuns: 50 },
    );
  });

  it('keeps the backlog bounded at 50 new worktrees a day, of which each lands after two days', () => {
    const perDay = 6 * 24;
    let ledger = EMPTY_LEDGER;
    let present: { tree: Tree; landsAt: number }[] = [];
    let made = 0;
    let worst = 0;
    for (let round = 1; round <= 15 * perDay; round++) {
      if (round % Math.floor(perDay / 50) === 0)
        present.push({ tree: trees(1, made++)[0] as Tree, landsAt: round + 2 * perDay });
      const done = pass(
        present.map(({ tree }) => tree),
        ledger,
        20,
        round,
      );
      ledger = done.ledger;
      const seen = new Set(done.seen.map(keyOf));
      let reclaims = 0;
      present = present.filter(({ tree, landsAt }) => !(seen.has(keyOf(tree)) && landsAt <= round && reclaims++ < 20));
      worst = Math.max(worst, present.filter(({ landsAt }) => landsAt <= round).length);
    }
    // What a day brings, and no more, may be landed and not yet reclaimed.
    expect(worst).toBeLessThanOrEqual(perDay / Math.floor(perDay / 50));
  });
});

describe('a candidate that was too young', () => {
  const ledger: Ledger = { ...EMPTY_LEDGER, resting: { idleMs: 3600, untilMs: { k: 5000 } } };
  it('is left alone until its time has come', () => {
    expect(restsUntil(ledger, 'k', 3600, 4999)).toBe(5000);
    expect(restsUntil(ledger, 'k', 3600, 5000)).toBeNull();
  });
  it('is looked at again when the threshold has changed, or the clock was set back', () => {
    expect(restsUntil(ledger, 'k', 60, 4999)).toBeNull();
    expect(restsUntil(ledger, 'k', 3600, 1000)).toBeNull();
  });
});
