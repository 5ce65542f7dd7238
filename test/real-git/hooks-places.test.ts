/** Wherever a repository keeps its git directory, and however it is called, the hook finds its own. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { type HookCase, hookCase, SHELLS } from '../support/hook-case.ts';
import { makeRepo, repoAt, sandbox, type TestRepo } from '../support/repo.ts';

const fromOf = (hook: HookCase) => hook.runs().map(({ args }) => args[4]);

describe.each(SHELLS)('in %s', (_name, shebang) => {
  let origin: TestRepo;
  beforeEach(() => {
    origin = makeRepo();
    origin.git(['branch', 'other']);
  });

  it.each(['a b', 'new\nline', 'quo\'te"d', '-dash', '$HOME `x` *', 'ünï'])(
    'works in a repository called %j',
    (name) => {
      const repo = makeRepo(name);
      repo.git(['branch', 'other']);
      const hook = hookCase(repo, { shebang });
      expect(hook.git(['checkout', '-q', 'other'])).toEqual({ status: 0, stderr: '' });
      const linked = repo.worktree('agent/x', join(sandbox(), name, 'linked'));
      hook.git(['checkout', '-q', 'main', '--detach'], linked);
      expect(fromOf(hook)).toEqual([repo.root, linked, linked]);
    },
  );

  it('works from a subdirectory', () => {
    const hook = hookCase(origin, { shebang });
    mkdirSync(join(origin.root, 'sub'));
    hook.git(['checkout', '-q', 'other'], join(origin.root, 'sub'));
    expect(fromOf(hook)).toEqual([origin.root]);
  });

  it('works with a separate git directory, whose path holds a line break', () => {
    const place = sandbox();
    const gitDir = join(place, 'git\ndir');
    const root = join(place, 'tree');
    execFileSync('git', ['init', '-q', '-b', 'main', '--separate-git-dir', gitDir, root], {
      env: origin.env(),
      cwd: place,
    });
    const repo = repoAt(root, origin.home, gitDir);
    repo.commit('a', 'a');
    repo.git(['branch', 'other']);
    const hook = hookCase(repo, { shebang });
    hook.git(['checkout', '-q', 'other']);
    rmSync(join(hook.root, 'now'));
    execFileSync(join(gitDir, 'hooks', 'post-checkout'), ['a', 'b', '1'], { cwd: root, env: repo.env() });
    writeFileSync(join(root, '.git'), `gitdir: ${gitDir}`);
    execFileSync(join(gitDir, 'hooks', 'post-checkout'), ['a', 'b', '1'], { cwd: root, env: repo.env() });
    expect(fromOf(hook)).toEqual([root, root, root]);
    expect(existsSync(join(hook.root, 'now'))).toBe(true);
  });

  it('works in a submodule and in a worktree of it, apart from the repository around it', () => {
    const outer = makeRepo('outer');
    outer.git(['-c', 'protocol.file.allow=always', 'submodule', '--quiet', 'add', origin.root, 'inner']);
    const root = join(outer.root, 'inner');
    const inner = repoAt(root, outer.home, join(outer.commonDir, 'modules', 'inner'));
    const hook = hookCase(inner, { shebang });
    const around = hookCase(outer, { shebang });
    hook.git(['checkout', '-q', '-b', 'topic']);
    const linked = inner.worktree('agent/x', join(sandbox(), 'linked'), 'topic');
    expect(fromOf(hook)).toEqual([root, linked]);
    expect(around.runs()).toEqual([]);
  });

  it('works in the worktrees of a bare repository', () => {
    const place = sandbox();
    const bare = join(place, 'bare.git');
    origin.git(['clone', '-q', '--bare', origin.root, bare]);
    const hook = hookCase(repoAt(bare, origin.home, bare), { shebang });
    const linked = join(place, 'linked');
    hook.git(['worktree', 'add', '-q', linked, 'main'], bare);
    hook.git(['checkout', '-q', 'other'], linked);
    expect(fromOf(hook)).toEqual([linked, linked]);
  });

  it('works when git directory and worktree are given on the command line', () => {
    const hook = hookCase(origin, { shebang });
    const elsewhere = sandbox();
    const given = [`--git-dir=${origin.commonDir}`, `--work-tree=${origin.root}`];
    expect(hook.git([...given, 'checkout', '-q', 'other'], elsewhere).status).toBe(0);
    expect(fromOf(hook)).toEqual([origin.root]);
  });
});

it('runs from other hook managers as a program, with the arguments they give it', () => {
  const hook = hookCase(makeRepo());
  const { root, env } = hook.repo;
  const linked = hook.repo.worktree('agent/x');
  rmSync(join(hook.root, 'runs.jsonl'));
  const shell = join(hook.root, 'bin', 'reaper.sh');
  const run = (args: string[], cwd = root, extra = {}) =>
    execFileSync('sh', [shell, ...args], { cwd, env: env(extra) });
  run(['post-checkout', 'a', 'b', '1'], linked);
  run(['post-merge', '0']);
  run(['post-checkout', 'a', 'b', '0']);
  run([]);
  run(['pre-commit'], root, { PRE_COMMIT_FROM_REF: 'a', PRE_COMMIT_TO_REF: 'b', PRE_COMMIT_CHECKOUT_TYPE: '1' });
  run(['pre-commit'], root, { PRE_COMMIT_IS_SQUASH_MERGE: '0' });
  run(['pre-commit'], root, { PRE_COMMIT_REWRITE_COMMAND: 'rebase' });
  run(['pre-commit'], root, { PRE_COMMIT_REWRITE_COMMAND: 'amend' });
  // prek says only that a merge squashes.
  run(['pre-commit'], root, { PRE_COMMIT: '1' });
  expect(hook.runs().map(({ args }) => [args[2], args[4]])).toEqual([
    ['post-checkout', linked],
    ['post-merge', root],
    ['post-checkout', root],
    ['post-merge', root],
    ['post-rewrite', root],
    ['post-merge', root],
  ]);
});

it('answers a probe with one line, before any other consideration, and starts nothing', () => {
  const hook = hookCase(makeRepo());
  const file = join(hook.root, 'probe');
  writeFileSync(file, '');
  hook.git(['checkout', '-q', '-b', 'x'], hook.repo.root, { REAPER_PROBE: file, CI: '1', REAPER_HOOK: '0' });
  hook.git(['checkout', '-q', 'main'], hook.repo.root, { REAPER_PROBE: join(hook.root, 'no', 'such') });
  expect(readFileSync(file, 'utf8')).toBe('post-checkout .git/reaper\n');
  expect(hook.runs()).toEqual([]);
});
