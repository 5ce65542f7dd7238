/** A repository with a worktree that has landed, claims in it, and the home directory its user has meanwhile. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach } from 'vitest';
import { claimFileName } from '../../src/io/claimfile.ts';
import type { Io } from '../../src/io/ports.ts';
import type { Inquiry } from '../../src/observe/investigate.ts';
import { type PassOptions, type PassReport, runPass } from '../../src/pass.ts';
import { openWorkspace } from '../../src/workspace.ts';
import { backdate, DAY, makeRepo, type TestRepo } from './repo.ts';

/** So many claims that a pass remembers what they are about. */
export const MANY = 100;

export interface ClaimsCase {
  readonly repo: TestRepo;
  /** The directory of the claims. */
  readonly claims: string;
  /** One that has landed. */
  readonly tree: string;
  /** Claims `path` for a day, in a file of the name that such a claim has unless another is given; answers the file. */
  put(path: string, name?: string, more?: object): string;
  /** Everything that is due, on this machine. */
  passed(io: Io, more?: Pick<PassOptions, 'onPhase'>): Promise<PassReport>;
}

const home = process.env['HOME'];
afterEach(() => {
  process.env['HOME'] = home;
});

export function claimsCase(): ClaimsCase {
  const repo = makeRepo();
  process.env['HOME'] = repo.home;
  const claims = join(repo.commonDir, 'reaper/claims');
  mkdirSync(claims, { recursive: true });
  const tree = repo.worktree('agent/landed');
  repo.commit('a.txt', 'a\n', tree);
  repo.git(['merge', '-q', '--no-ff', '--no-edit', 'agent/landed']);
  backdate(repo, tree, 3 * DAY);
  return {
    repo,
    claims,
    tree,
    put(path, name = claimFileName(path, 'lane'), more = {}) {
      const times = { createdMs: Date.now(), heartbeatMs: Date.now(), ttlMs: DAY };
      const text = JSON.stringify({ version: 1, path, owner: 'lane', ...times, process: null, ...more });
      writeFileSync(join(claims, name), text);
      return join(claims, name);
    },
    async passed(io, more = {}) {
      const opened = await openWorkspace({ cwd: repo.root, home: repo.home, io });
      if (!opened.ok) throw new Error(opened.why);
      const wish = { dryRun: false, budgetMs: Number.POSITIVE_INFINITY, limit: 20, from: null, announce: false };
      const answer = await runPass(opened.value, { ...wish, ...more });
      if (!answer.ok) throw new Error(answer.why);
      return answer.report;
    },
  };
}

/** Of each candidate, what was done and the first reason for what was not. */
export const outcomes = ({ results }: PassReport) =>
  results.map(({ outcome, inquiry, reasons }) => [outcome, codeOf(inquiry) ?? reasons[0]?.code]);

export const codeOf = ({ verdict }: Inquiry) => (verdict.verdict === 'reclaim' ? null : verdict.reasons[0]?.code);
