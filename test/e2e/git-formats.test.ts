/** Formats of a repository that newer versions of git bring, or will have as their default: reclaimed and restored, or kept. */
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { gitVersion, isSince } from '../support/git-version.ts';
import { reaper, reaperJson } from '../support/program.ts';
import { backdate, DAY, makeRepo, repoAt, type TestRepo } from '../support/repo.ts';

let repo: TestRepo;
const beside = (name: string) => join(dirname(repo.root), 'wt', name);

/** A new repository with one landed worktree and one that holds work. */
function prepare(init: readonly string[], config: readonly string[] = []): void {
  const { home } = makeRepo('unused');
  const root = join(dirname(home), 'repo');
  mkdirSync(root);
  repo = repoAt(root, home);
  repo.git(['init', '-q', '-b', 'main', ...init]);
  if (config.length > 0) repo.git(['config', ...config]);
  repo.commit('README.md', 'hello\n');
  const gone = repo.worktree('agent/gone', beside('gone'));
  repo.commit('gone.txt', 'gone\n', gone);
  repo.git(['merge', '-q', '--no-ff', '--no-edit', 'agent/gone']);
  const dirty = repo.worktree('agent/dirty', beside('dirty'));
  repo.write('new.txt', 'mine\n', dirty);
  for (const tree of [gone, dirty]) backdate(repo, tree, 2 * DAY);
  expect(reaper(repo, ['install'])).toMatchObject({ code: 0 });
}

const kept = () =>
  Object.fromEntries(
    reaperJson(repo, ['status']).candidates.map((each: { branch: string; verdict: string }) => [
      each.branch,
      each.verdict,
    ]),
  );

function goesAndComesBack(): void {
  const before = readFileSync(join(beside('gone'), '.git'), 'utf8');
  const head = repo.git(['rev-parse', 'HEAD'], beside('gone'));
  expect(kept()).toEqual({ 'agent/gone': 'reclaim', 'agent/dirty': 'attention' });
  expect(reaper(repo, ['run'])).toMatchObject({ code: 0 });
  expect([existsSync(beside('gone')), existsSync(beside('dirty'))]).toEqual([false, true]);
  expect(reaper(repo, ['restore', 'agent/gone'])).toMatchObject({ code: 0 });
  expect(readFileSync(join(beside('gone'), '.git'), 'utf8')).toBe(before);
  expect(repo.git(['rev-parse', 'HEAD'], beside('gone'))).toBe(head);
  expect(repo.git(['status', '--porcelain'], beside('gone'))).toBe('');
  expect(repo.git(['fsck', '--no-dangling'])).toBe('');
  expect(reaper(repo, ['doctor'])).toMatchObject({ code: 0 });
}

describe(`with ${gitVersion}`, () => {
  beforeEach(() => {
    repo = makeRepo();
  });

  it('objects named by SHA-256', () => {
    prepare(['--object-format=sha256']);
    expect(repo.git(['rev-parse', 'HEAD'])).toHaveLength(64);
    goesAndComesBack();
  });

  it.skipIf(!isSince(48))('worktrees that git links by relative paths (needs git 2.48)', () => {
    prepare([], ['worktree.useRelativePaths', 'true']);
    expect(readFileSync(join(beside('gone'), '.git'), 'utf8')).toMatch(/^gitdir: \.\.\//);
    goesAndComesBack();
  });

  it.skipIf(!isSince(45)).each([[['--ref-format=reftable']], [['--ref-format=reftable', '--object-format=sha256']]])(
    'refs in a reftable (needs git 2.45): everything stays, with the reason and what to do (%j)',
    (init) => {
      prepare(init);
      expect(kept()).toEqual({ 'agent/gone': 'keep', 'agent/dirty': 'keep' });
      expect(reaper(repo, ['run'])).toMatchObject({ code: 0 });
      expect([existsSync(beside('gone')), existsSync(beside('dirty'))]).toEqual([true, true]);
      expect(reaper(repo, ['doctor']).stdout).toMatch(/reftable.*kept\n.*git clone --ref-format=files/);
    },
  );
});
