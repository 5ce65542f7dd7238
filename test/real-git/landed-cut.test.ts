/** What git says, cut short in every place: it may hide a proof, and never makes one. */
import { describe, expect, it } from 'vitest';
import type { GitAnswer, GitCall } from '../../src/io/ports.ts';
import { type LandedRepo, landedRepo, numbers, verdict } from './landed-support.ts';

const PROVEN = /^(?:ancestor|adds-nothing|replayed|patches)$/;

/** Branches that climb to every rung, some of which have not landed, and look as if they had when something is left out. */
function branches(): { repo: LandedRepo; revs: string[] } {
  const repo = landedRepo();
  repo.start('side');
  repo.change({ 'side.txt': 'side\n' });
  repo.git(['revert', '--no-edit', 'HEAD']);
  repo.start('agent/again', 'main');
  repo.git(['merge', '-q', '--no-edit', '--no-ff', 'side']);
  repo.change({ 'side.txt': 'side\n' });
  repo.start('agent/part', 'main');
  const part = repo.change({ 'notes.txt': numbers({ 3: 'three' }) });
  repo.change({ 'only.txt': 'only here\n' });
  repo.change({ 'only.txt': null, 'notes.txt': numbers({ 3: 'three', 12: 'twelve' }) });
  repo.start('agent/picked', 'main');
  const picked = [repo.change({ 'a.txt': 'a\n' }), repo.change({ 'b.txt': 'b\n' })];
  repo.start('agent/squashed', 'main');
  repo.change({ 'notes.txt': numbers({ 18: 'eighteen' }) });
  repo.git(['switch', '-q', 'main']);
  repo.git(['merge', '-q', '--no-edit', '--no-ff', 'side']);
  repo.git(['cherry-pick', part]);
  repo.squash('agent/squashed');
  for (const [at, own] of picked.toReversed().entries()) {
    repo.git(['cherry-pick', own]);
    repo.change({ [at === 0 ? 'b.txt' : 'a.txt']: 'rewritten\n' });
  }
  repo.change({ 'notes.txt': numbers({ 3: 'x', 12: 'y', 18: 'z' }) });
  return { repo, revs: ['agent/again', 'agent/part', 'agent/picked', 'agent/squashed', 'main~1'] };
}

const CUTS: readonly (readonly [string, (text: string) => string])[] = [
  ['all of it', () => ''],
  ['its last line or record', (text) => text.slice(0, 1 + Math.max(...lastEnds(text)))],
  ['its second half', (text) => text.slice(0, Math.floor(text.length / 2))],
];

/** Where the line, and the NUL-terminated record, before the last one ends. */
const lastEnds = (text: string): number[] => ['\n', '\0'].map((end) => text.lastIndexOf(end, text.length - 2));

/** Without the word, new each time, by which the end of a batch is told. */
const questionOf = ({ args, input }: GitCall): string =>
  JSON.stringify([args, input]).replace(/[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}/g, 'END');

describe('an answer of git that is cut short makes no proof', () => {
  it.each(CUTS)('when %s is missing', { timeout: 180_000 }, async (_what, cut) => {
    const { repo, revs } = branches();
    const whole = await repo.ask(revs, { branch: null });
    const verdicts = whole.proofs.map(verdict);
    expect(verdicts.map((each) => PROVEN.test(each))).toEqual([false, false, true, true, true]);
    for (const [at, target] of whole.calls.entries()) {
      // Told by what is asked: calls side by side begin and end in another order each time.
      const question = questionOf(target);
      const nth = whole.calls.slice(0, at).filter((call) => questionOf(call) === question).length;
      let times = 0;
      const { proofs, cache } = await repo.ask(revs, {
        branch: null,
        git: (real) => ({
          async run(asked): Promise<GitAnswer> {
            const isIt = questionOf(asked) === question && times++ === nth;
            const answer = await real.run(asked);
            return isIt && answer.ok ? { ...answer, stdout: cut(answer.stdout) } : answer;
          },
        }),
      });
      expect(times, `was not asked again: ${question}`).toBeGreaterThan(nth);
      const { args } = target;
      const found = proofs.map(verdict);
      for (const [index, rev] of revs.entries())
        if (!PROVEN.test(verdicts[index] ?? ''))
          expect([rev, args, found[index]]).not.toEqual([rev, args, expect.stringMatching(PROVEN)]);
      // Nor is anything remembered that makes one later.
      const remembered = cache.proofs.map(({ head }) => head);
      for (const [index, rev] of revs.entries())
        if (!PROVEN.test(verdicts[index] ?? '')) expect(remembered).not.toContain(repo.git(['rev-parse', rev]));
    }
  });
});
