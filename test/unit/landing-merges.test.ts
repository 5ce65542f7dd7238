/** Merges in batches: every outcome stands where its pair stands, whatever becomes of the others. */
import { describe, expect, it } from 'vitest';
import type { GitAnswer } from '../../src/io/ports.ts';
import { createMerger, type MergePair } from '../../src/observe/landed/merge.ts';

const oid = (n: number): string => n.toString(16).padStart(40, '0');
const pairs: MergePair[] = Array.from({ length: 100 }, (_, n) => ({ ours: oid(1000), theirs: oid(n) }));

/** Merges `theirs` to a tree of the same number; `fatal` is where git gives up a whole batch. */
function merger({ fatal = -1, knowsStdin = true } = {}) {
  const seen = { now: 0, most: 0, calls: 0 };
  const answer = (args: readonly string[], input: string | undefined): GitAnswer => {
    if (input === undefined) {
      const theirs = args.at(-1) ?? '';
      if (theirs === oid(fatal)) return { ok: false, code: 128, why: 'fatal', stderr: 'fatal' };
      return { ok: true, stdout: `${theirs}\0` };
    }
    if (!knowsStdin) return { ok: false, code: 129, why: 'usage', stderr: 'usage' };
    const asked = input
      .trimEnd()
      .split('\n')
      .map((line) => line.split(' ')[1] ?? '');
    const end = asked.indexOf(oid(fatal));
    const stdout = asked.slice(0, end < 0 ? asked.length : end).map((tree) => `1\0${tree}\0\0`);
    return { ok: true, stdout: stdout.join(''), code: end < 0 ? 0 : 128 };
  };
  const run = async (args: readonly string[], input?: string): Promise<GitAnswer> => {
    seen.calls++;
    seen.most = Math.max(seen.most, ++seen.now);
    // The first batches take longest.
    await new Promise((resolve) => setTimeout(resolve, 40 / seen.calls));
    seen.now--;
    return answer(args, input);
  };
  const view = { shallow: new Set<string>(), processes: () => 0, run, close: async () => undefined };
  return { seen, merge: createMerger(view).merge };
}

const clean = (n: number) => ({ kind: 'clean', tree: oid(n) });

describe('a hundred merges', () => {
  it('are made two batches at a time and answered in their order', async () => {
    const { merge, seen } = merger();
    expect(await merge(pairs)).toEqual(pairs.map((_, n) => clean(n)));
    expect(seen).toMatchObject({ most: 2, calls: 4 });
  });

  it.each([0, 31, 32, 50, 99])('go on behind number %i, which git cannot make', async (fatal) => {
    const merged = await merger({ fatal }).merge(pairs);
    expect(merged).toEqual(pairs.map((_, n) => (n === fatal ? { kind: 'failed', why: expect.anything() } : clean(n))));
  });

  it('are made one by one where git takes no batches', async () => {
    const { merge } = merger({ knowsStdin: false });
    expect(await merge(pairs)).toEqual(pairs.map((_, n) => clean(n)));
  });
});
