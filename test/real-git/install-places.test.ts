/** Wherever a repository has its parts: install, a real checkout that reaches us, a probe, uninstall. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { probeHooks } from '../../src/install/inspect.ts';
import type { Repo } from '../../src/install/place.ts';
import { createMachine } from '../../src/io/machine.ts';
import { discover } from '../../src/observe/repository.ts';
import { type InstallCase, installCase } from '../support/install-case.ts';
import { makeRepo, repoAt, snapshot, type TestRepo } from '../support/repo.ts';

let origin: TestRepo;
const beside = (name: string) => join(dirname(origin.root), name);

beforeEach(() => {
  origin = makeRepo();
});

/** As the command line finds it, from `cwd`. */
async function found(here: InstallCase, cwd: string): Promise<Repo> {
  const answer = await discover(createMachine('git'), cwd);
  if (!answer.ok) throw new Error(answer.why);
  expect(answer.value.commonDir).toBe(here.repo.commonDir);
  return answer.value;
}

/** Installs from `from`, checks out in each of `trees`, and takes it all back. */
async function works(here: InstallCase, from: string, trees: readonly string[]): Promise<void> {
  const at = await found(here, from);
  const before = snapshot(join(here.repo.commonDir, 'hooks'));
  expect(await here.install({ at })).toMatchObject({ complete: true });
  for (const [index, tree] of trees.entries()) {
    here.repo.git(['checkout', '-q', '-b', `topic-${index}`], tree);
    expect(here.runs().at(-1)).toEqual(['run', '--hook', 'post-checkout', '--from', tree]);
  }
  expect(here.runs()).toHaveLength(trees.length);
  const probes = await probeHooks({ io: here.io, repo: at, worktrees: trees });
  expect(probes.map(({ reached, why }) => [reached, why])).toEqual(trees.map(() => [true, null]));
  expect(await here.uninstall(at)).toMatchObject({ refusal: null, left: [] });
  expect(snapshot(join(here.repo.commonDir, 'hooks'))).toEqual(before);
}

describe('install works in', () => {
  it('a package of a monorepo, for the whole of it', async () => {
    origin.commit('packages/a/package.json', '{"name":"a","simple-git-hooks":{"pre-push":"x"}}\n');
    origin.commit('packages/b/package.json', '{"name":"b"}\n');
    const here = installCase(origin);
    await works(here, join(origin.root, 'packages/a'), [origin.root]);
  });

  it('a submodule, apart from the repository around it', async () => {
    const outer = makeRepo('outer');
    outer.git(['-c', 'protocol.file.allow=always', 'submodule', '--quiet', 'add', origin.root, 'inner']);
    const inner = join(outer.root, 'inner');
    const here = installCase(repoAt(inner, outer.home, join(outer.commonDir, 'modules/inner')), inner);
    await works(here, inner, [inner]);
    expect(existsSync(join(outer.commonDir, 'reaper'))).toBe(false);
  });

  it('a bare repository with worktrees beside it', async () => {
    const bare = beside('repo.git');
    origin.git(['clone', '-q', '--bare', origin.root, bare]);
    const repo = repoAt(bare, origin.home, bare);
    const [one, two] = [beside('one'), beside('two')];
    repo.git(['worktree', 'add', '-q', '-b', 'one', one]);
    repo.git(['worktree', 'add', '-q', '-b', 'two', two]);
    const here = installCase(repo, null);
    await works(here, bare, [one, two]);
  });

  it('a bare repository in a hidden folder, with a .git file that leads to it', async () => {
    const place = beside('project');
    mkdirSync(place);
    const bare = join(place, '.bare');
    origin.git(['clone', '-q', '--bare', origin.root, bare]);
    writeFileSync(join(place, '.git'), 'gitdir: ./.bare\n');
    const repo = repoAt(bare, origin.home, bare);
    const tree = join(place, 'main-tree');
    repo.git(['worktree', 'add', '-q', '-b', 'tree', tree]);
    await works(installCase(repo, null), place, [tree]);
  });

  it('a clone that borrows its objects', async () => {
    const clone = beside('clone');
    origin.git(['clone', '-q', '--reference', origin.root, origin.root, clone]);
    expect(existsSync(join(clone, '.git/objects/info/alternates'))).toBe(true);
    const repo = repoAt(clone, origin.home);
    await works(installCase(repo), clone, [clone, repo.worktree('linked', beside('linked'))]);
    expect(existsSync(join(origin.commonDir, 'reaper'))).toBe(false);
  });

  it('worktrees that are linked by relative paths', async () => {
    const linked = origin.worktree('linked', beside('linked'));
    const admin = join(origin.commonDir, 'worktrees/linked');
    writeFileSync(join(linked, '.git'), `gitdir: ${relative(linked, admin)}\n`);
    writeFileSync(join(admin, 'gitdir'), `${relative(admin, join(linked, '.git'))}\n`);
    expect(readFileSync(join(linked, '.git'), 'utf8')).toBe('gitdir: ../repo/.git/worktrees/linked\n');
    const here = installCase(origin);
    await works(here, linked, [linked, origin.root]);
  });

  it('a repository with a separate git directory', async () => {
    const tree = beside('tree');
    const separate = beside('elsewhere.git');
    origin.git(['clone', '-q', '--separate-git-dir', separate, origin.root, tree]);
    const here = installCase(repoAt(tree, origin.home, separate), tree);
    await works(here, tree, [tree]);
  });
});
