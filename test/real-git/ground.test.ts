/** What a worktree committed, told from its reflogs, against a landing proof that always says yes or no. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Proof } from '../../src/core/landing.ts';
import { type Fact, known, type WorktreeCandidate } from '../../src/core/model.ts';
import { createMachine } from '../../src/io/machine.ts';
import { findProgram } from '../../src/io/program.ts';
import { establishGround } from '../../src/observe/ground.ts';
import { listWorktrees } from '../../src/observe/worktrees.ts';
import { makeRepo, type TestRepo } from '../support/repo.ts';

const io = createMachine(findProgram('git') ?? 'git');
let repo: TestRepo;
let path: string;

beforeEach(() => {
  repo = makeRepo();
  path = repo.worktree('agent/x');
});

/** Proves exactly what is an ancestor of main. */
const byAncestry = async (head: string): Promise<Fact<Proof>> => {
  const main = repo.git(['rev-parse', 'main']);
  const isIn = repo.git(['branch', '--contains', head, '--format=%(refname:short)']).split('\n').includes('main');
  const evidence = { how: 'ancestor', ref: 'refs/heads/main', oid: main, commit: head } as const;
  return isIn ? known({ landed: true, evidence }) : known({ landed: false, why: 'not in main' });
};

async function ground() {
  const listed = await listWorktrees(io, repo.commonDir);
  const candidate = listed.known ? listed.value.find((each) => each.path === path) : undefined;
  const fact = await establishGround(io, candidate as WorktreeCandidate, repo.commonDir, byAncestry);
  if (!fact.known) return fact.why;
  return fact.value.landed ? fact.value.ground : fact.value.why;
}

const land = () => repo.git(['merge', '-q', '--no-ff', '--no-edit', 'agent/x']);

describe('a worktree', () => {
  it('that was just made is empty, not landed', async () => {
    expect(await ground()).toBe('empty');
  });

  it('that only moved (checkout, fast-forward, reset to the base) is still empty', async () => {
    repo.commit('b.txt', 'b\n');
    repo.git(['merge', '-q', '--ff-only', 'main'], path);
    repo.git(['reset', '-q', '--hard', 'HEAD~1'], path);
    repo.git(['checkout', '-q', '--detach', 'main'], path);
    expect(await ground()).toBe('empty');
  });

  it('whose commit was merged has landed', async () => {
    repo.commit('a.txt', 'a\n', path);
    land();
    expect(await ground()).toBe('landed');
  });

  it('whose commit was amended before it was merged has landed', async () => {
    repo.commit('a.txt', 'a\n', path);
    repo.git(['commit', '-q', '--amend', '-m', 'better'], path);
    land();
    expect(await ground()).toBe('landed');
  });

  it('whose commit was reset away has not landed, although HEAD is on the base', async () => {
    const lost = repo.commit('a.txt', 'a\n', path);
    repo.git(['reset', '-q', '--hard', 'main'], path);
    expect(await ground()).toContain(`${lost.slice(0, 10)} was made here and left behind`);
  });

  it('whose commit was reset away and is reachable from another branch or tag is safe', async () => {
    const kept = repo.commit('a.txt', 'a\n', path);
    repo.git(['tag', 'kept', kept]);
    repo.git(['reset', '-q', '--hard', 'main'], path);
    expect(await ground()).toBe('landed');
  });

  it('that left an older commit behind has not landed, although its newest one has', async () => {
    const lost = repo.commit('a.txt', 'a\n', path);
    repo.git(['reset', '-q', '--hard', 'HEAD~1'], path);
    repo.commit('b.txt', 'b\n', path);
    land();
    expect(await ground()).toContain(lost.slice(0, 10));
  });

  it('that squashed its own commits before they were merged is asked about what it squashed', async () => {
    const first = repo.commit('a.txt', 'a\n', path);
    repo.git(['reset', '-q', '--soft', 'HEAD~1'], path);
    repo.git(['commit', '-q', '-m', 'the same, again'], path);
    land();
    expect(await ground()).toContain(first.slice(0, 10));
  });

  it('that rebased before it was merged has landed', async () => {
    repo.commit('a.txt', 'a\n', path);
    repo.commit('c.txt', 'c\n');
    repo.git(['rebase', '-q', 'main'], path);
    land();
    expect(await ground()).toBe('landed');
  });

  it('that landed, then pulled the base, has landed', async () => {
    repo.commit('a.txt', 'a\n', path);
    land();
    repo.git(['merge', '-q', '--ff-only', 'main'], path);
    expect(await ground()).toBe('landed');
  });

  it('that got a commit after it was merged has not landed', async () => {
    repo.commit('a.txt', 'a\n', path);
    land();
    repo.commit('b.txt', 'b\n', path);
    expect(await ground()).toBe('not in main');
  });

  it('with a commit on a detached HEAD that it then left has not landed', async () => {
    repo.git(['checkout', '-q', '--detach'], path);
    const lost = repo.commit('a.txt', 'a\n', path);
    repo.git(['checkout', '-q', 'agent/x'], path);
    expect(await ground()).toContain(lost.slice(0, 10));
  });

  it('without a reflog is judged by what ORIG_HEAD remembers', async () => {
    const lost = repo.commit('a.txt', 'a\n', path);
    repo.git(['reset', '-q', '--hard', 'main'], path);
    rmSync(join(repo.commonDir, 'logs'), { recursive: true });
    rmSync(join(repo.commonDir, 'worktrees/agent-x/logs'), { recursive: true });
    expect(await ground()).toContain(lost.slice(0, 10));
  });

  it('with a reflog line that is not understood is unknown', async () => {
    repo.write('.git/worktrees/agent-x/logs/HEAD', 'not a reflog\n');
    expect(await ground()).toBe('a reflog holds a line that is not understood');
  });
});
