/**
 * Real histories: forty worktrees at a time, one git checkout, and every one of them restored.
 *
 * REAPER_LANDED_CORPUS names a folder of `<name>.bundle` (a `main` and `agent/*` branches) with
 * `<name>.truth.json` (which branch was squashed or merged, as which commit). Without it a small
 * history of the same shape is made.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { passEnded, reaper, reaperJson, shell } from '../support/program.ts';
import { backdate, DAY, makeRepo, repoAt, sandbox, snapshot, type TestRepo } from '../support/repo.ts';

interface Truth {
  readonly branch: string;
  readonly marked: 'squash' | 'merge' | null;
}

const MOST = 40;
const folder = process.env['REAPER_LANDED_CORPUS'];
const bundles =
  folder !== undefined && existsSync(folder)
    ? readdirSync(folder)
        .filter((name) => name.endsWith('.bundle'))
        .map((name) => join(folder, name))
    : [];

/** A repository with the same kinds of branches, for machines without a corpus. */
function madeCorpus(): { repo: TestRepo; truths: Truth[] } {
  const repo = makeRepo('made');
  const truths: Truth[] = [];
  for (let n = 0; n < 15; n++) {
    const branch = `agent/pr-${n}`;
    repo.git(['checkout', '-q', '-b', branch, 'main']);
    repo.commit(`f${n % 4}.txt`, `line ${n}\n`.repeat(n + 1), repo.root, `work ${n}`);
    if (n % 2 === 0) repo.commit(`g${n}.txt`, `${n}\n`, repo.root, `more ${n}`);
    repo.git(['checkout', '-q', 'main']);
    const marked = (['squash', 'merge', null] as const)[n % 3] ?? null;
    if (marked === 'squash') {
      repo.git(['merge', '-q', '--squash', '-X', 'theirs', branch]);
      repo.git(['commit', '-q', '-m', `squash ${n}`]);
    }
    if (marked === 'merge') repo.git(['merge', '-q', '--no-ff', '--no-edit', '-X', 'theirs', branch]);
    truths.push({ branch, marked });
  }
  return { repo, truths };
}

function clonedCorpus(bundle: string): { repo: TestRepo; truths: Truth[] } {
  const home = sandbox('home-');
  writeFileSync(join(home, '.gitconfig'), '[user]\n\tname = T\n\temail = t@example.invalid\n');
  const root = join(sandbox('clone-'), basename(bundle, '.bundle'));
  const repo = repoAt(root, home);
  mkdirSync(root);
  repo.git(['clone', '-q', '-b', 'main', bundle, root]);
  const truths: Truth[] = JSON.parse(readFileSync(bundle.replace(/bundle$/, 'truth.json'), 'utf8')).branches;
  return { repo, truths: mixOf(truths) };
}

/** As many of each kind as there are, up to MOST in all. */
function mixOf(truths: readonly Truth[]): Truth[] {
  const kinds = ['merge', 'squash', null].map((kind) => truths.filter(({ marked }) => marked === kind));
  const mixed: Truth[] = [];
  for (let at = 0; mixed.length < MOST && kinds.some((kind) => at < kind.length); at++)
    for (const kind of kinds) if (kind[at] !== undefined && mixed.length < MOST) mixed.push(kind[at] as Truth);
  return mixed;
}

const isAncestor = (repo: TestRepo, one: string, other: string): boolean =>
  shell(repo, `git merge-base --is-ancestor ${one} ${other}`).code === 0;

const treeOf = (repo: TestRepo, rev: string): string => repo.git(['rev-parse', `${rev}^{tree}`]);

/** Recomputes what an evidence claims, with git alone. */
// biome-ignore lint/suspicious/noExplicitAny: the JSON document
function isProven(repo: TestRepo, head: string, { how, oid, commit }: any): boolean {
  if (how === 'ancestor') return isAncestor(repo, head, oid);
  if (how === 'adds-nothing')
    return shell(repo, `git merge-tree --write-tree ${commit} ${head}`).stdout.trim() === treeOf(repo, commit);
  if (how === 'patches')
    return shell(repo, `git cherry ${oid} ${head}`)
      .stdout.split('\n')
      .every((line) => !line.startsWith('+'));
  const replays = [1, ...Array.from({ length: 30 }, (_, index) => index + 2)];
  return replays.some((k) => {
    const merged = shell(repo, `git merge-tree --write-tree ${commit}~${k} ${head}`);
    return merged.code === 0 && merged.stdout.trim() === treeOf(repo, commit);
  });
}

/** Everything that restore promises to give back. */
function stateOf(repo: TestRepo, worktree: string, branch: string): object {
  const admin = repo.git(['rev-parse', '--absolute-git-dir'], worktree);
  const reflog = join(repo.commonDir, 'logs/refs/heads', branch);
  return {
    files: snapshot(worktree),
    index: readFileSync(join(admin, 'index')).toString('base64'),
    head: readFileSync(join(admin, 'HEAD'), 'utf8'),
    headLog: readFileSync(join(admin, 'logs/HEAD'), 'utf8'),
    oid: repo.git(['rev-parse', `refs/heads/${branch}`]),
    branchLog: existsSync(reflog) ? readFileSync(reflog, 'utf8') : null,
  };
}

describe('one git checkout over worktrees of', () => {
  const cases = bundles.length > 0 ? bundles.map((path) => [basename(path), path]) : [['a made history', '']];

  it.each(cases)(
    '%s reclaims what has landed, nothing else, and every one comes back byte for byte',
    async (_name, path) => {
      const { repo, truths } = path === '' ? madeCorpus() : clonedCorpus(path ?? '');
      const worktrees = new Map<string, string>();
      for (const { branch } of truths) {
        const at = join(repo.root, '../trees', branch);
        if (path === '') repo.git(['worktree', 'add', '-q', at, branch]);
        else repo.git(['worktree', 'add', '-q', '-b', branch, at, `origin/${branch}`]);
        backdate(repo, at, 2 * DAY);
        worktrees.set(branch, at);
      }
      const before = new Map([...worktrees].map(([branch, at]) => [branch, stateOf(repo, at, branch)]));
      for (const [key, value] of [
        ['limit', '100'],
        ['budget', '60s'],
      ])
        repo.git(['config', `reaper.${key}`, value ?? '']);
      expect(reaper(repo, ['install']).code).toBe(0);
      expect(shell(repo, 'git checkout -q -b elsewhere')).toMatchObject({ code: 0, stderr: '' });
      await eventually('the pass left a report', () => existsSync(join(repo.commonDir, 'reaper/report')), 60_000);
      await passEnded(repo);
      const held = reaperJson(repo, ['status']).quarantine;
      const gone = new Set(held.map(({ branch }: { branch: string }) => branch));
      for (const { branch } of truths) {
        const head = (before.get(branch) as { oid: string }).oid;
        if (isAncestor(repo, head, 'main')) expect(gone, `${branch} is an ancestor of main`).toContain(branch);
        expect(existsSync(worktrees.get(branch) ?? '')).toBe(!gone.has(branch));
      }
      const related = (branch: string) => shell(repo, `git merge-base main ${branch}`).code === 0;
      const marked = truths.filter((each) => each.marked !== null && related(each.branch));
      const found = marked.filter(({ branch }) => gone.has(branch)).length;
      expect(found).toBeGreaterThanOrEqual(Math.floor(marked.length * 0.97));
      // Whatever went, marked or not, went with a proof that git alone can repeat.
      for (const { head, evidence, branch } of held)
        expect(isProven(repo, head, evidence), `${branch}: ${JSON.stringify(evidence)}`).toBe(true);
      for (const { id, branch } of held) {
        expect(reaper(repo, ['restore', id]), branch).toMatchObject({ code: 0 });
        expect(stateOf(repo, worktrees.get(branch) ?? '', branch), branch).toEqual(before.get(branch));
      }
      expect(reaperJson(repo, ['status']).quarantine).toEqual([]);
      expect(shell(repo, 'git fsck --connectivity-only 2>&1').code).toBe(0);
      expect(repo.git(['for-each-ref', 'refs/reaper'])).toBe('');
    },
    240_000,
  );
});
