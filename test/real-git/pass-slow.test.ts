/** A pass where everything takes longer for want of a processor. */
import { expect, it } from 'vitest';
import { runPass } from '../../src/pass.ts';
import { openWorkspace } from '../../src/workspace.ts';
import { backdate, DAY, makeRepo } from '../support/repo.ts';

it.each([
  [60_000, 1],
  [400, 150],
  [4_000, 15],
])(
  'with a budget of %d ms and %d times as slow reaches what it would reach in their product',
  async (budgetMs, slow) => {
    const repo = makeRepo();
    for (const name of ['a', 'b', 'c']) {
      const tree = repo.worktree(`agent/${name}`);
      repo.commit(`${name}.txt`, 'a\n', tree);
      backdate(repo, tree, 3 * DAY);
    }
    const opened = await openWorkspace({ cwd: repo.root, home: repo.home });
    if (!opened.ok) throw new Error(opened.why);
    const wish = { dryRun: true, limit: 20, from: null, announce: false };
    const sinceMs = Date.now() - 1_000;
    const passed = await runPass(opened.value, { ...wish, budgetMs, sinceMs, slowdown: () => slow });
    expect(passed).toMatchObject({ ok: true, report: { examined: 3, total: 3, complete: true } });
    const over = await runPass(opened.value, { ...wish, budgetMs, sinceMs: sinceMs - 60_000, slowdown: () => slow });
    expect(over).toMatchObject({ ok: true, report: { examined: 0, total: 3, complete: false } });
  },
);
