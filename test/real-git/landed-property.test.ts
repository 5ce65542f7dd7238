import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type History, newHistory, type Plan, plans } from './landed-history.ts';
import { type LandedRepo, landedRepo, verdict, verify } from './landed-support.ts';

/** Pinned, so that a run can be repeated; other seeds are tried by setting LANDED_SEED and LANDED_RUNS. */
const SEED = Number(process.env.LANDED_SEED ?? 6);
const RUNS = Number(process.env.LANDED_RUNS ?? 30);

const RUNGS = ['ancestor', 'adds-nothing', 'replayed', 'patches', 'not landed', 'unknown'];
const ACTS = [
  ...['edit', 'block', 'rename', 'mode', 'delete', 'binary', 'symlink', 'gitlink', 'empty'],
  ...['merge', 'evil merge', 'squash', 'evil squash', 'rebase', 'scatter', 'pick', 'revert'],
];
const PROVEN = /^(?:ancestor|adds-nothing|replayed|patches)$/;

const counts = new Map<string, number>();
const count = (what: string, more = 1) => counts.set(what, (counts.get(what) ?? 0) + more);

describe('in random histories', () => {
  it('what has landed was in a base commit, line by line; what was squashed is found; and runs add up', {
    timeout: RUNS * 20_000,
  }, async () => {
    await fc.assert(fc.asyncProperty(plans, examine), { seed: SEED, numRuns: RUNS, endOnFailure: true });
    console.log(`landed-property: ${[...counts].map(([what, times]) => `${what} ${times}`).join(', ')}`);
    for (const what of [...RUNGS, ...ACTS])
      expect([what, counts.get(what) ?? 0]).toEqual([what, expect.toSatisfy((times: number) => times > 0)]);
  });
});

async function examine({ datesLie, steps }: Plan): Promise<void> {
  const repo = landedRepo();
  const history = newHistory(repo, datesLie);
  let cache: unknown = null;
  const half = Math.floor(steps.length / 2);
  for (const [index, step] of steps.entries()) {
    history.step(step);
    if (index === half) cache = (await ask(repo, history, headsOf(history), null)).cache;
  }
  for (const [act, times] of history.acts) count(act, times);
  const heads = headsOf(history);
  const fresh = await ask(repo, history, heads, null);
  const added = await ask(repo, history, heads, cache);
  const base = history.contentsOf(history.reachable(mainOf(history)));
  for (const [index, head] of heads.entries()) {
    const proof = fresh.proofs[index] as never;
    const word = verdict(proof).replace(/:.*/, '');
    count(word);
    if (PROVEN.test(word)) {
      const lost = [...history.contentsOf([head])].filter((each) => !base.has(each));
      expect({ head, word, lost }).toEqual({ head, word, lost: [] });
      verify(repo, head, proof);
    } else if (isSureToBeFound(repo, history, head)) {
      expect({ head, word, why: 'it was squashed or rebased' }).toEqual({ head, word: 'landed', why: '' });
    }
    const again = verdict(added.proofs[index] as never);
    expect({ head, again, isLanded: PROVEN.test(again) }).toMatchObject({ head, isLanded: PROVEN.test(word) });
  }
}

/** Landed on top of all that it has in common with the base, under the names that it has there. */
function isSureToBeFound(repo: LandedRepo, history: History, head: string): boolean {
  const by = history.landed.get(head);
  if (by === undefined) return false;
  const there = new Set(history.reachable(by.after));
  const mergeBases = repo.git(['merge-base', '--all', head, mainOf(history)]).split('\n');
  const changed = (from: string, to: string) =>
    repo.git(['diff-tree', '-r', '--no-renames', '--name-only', from, to]).split('\n');
  const own = new Set(mergeBases.flatMap((each) => changed(each, head)));
  return mergeBases.every((each) => there.has(each)) && changed(by.before, by.after).every((path) => own.has(path));
}

const mainOf = (history: History): string => history.tips.get('main') ?? '';

/** The tips of today, and what landed under way. */
const headsOf = (history: History): string[] => [
  ...new Set([
    ...[...history.tips].flatMap(([name, tip]) => (name === 'main' ? [] : [tip])),
    ...history.landed.keys(),
    ...history.scattered,
  ]),
];

const ask = (repo: LandedRepo, history: History, heads: readonly string[], cache: unknown) =>
  repo.ask(heads, { branch: null, cache, bases: [{ ref: 'refs/heads/main', oid: mainOf(history) }] });
