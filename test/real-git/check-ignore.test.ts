/** The paths that git is asked about one by one are ignored exactly when its status says so. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import type { WorktreeCandidate } from '../../src/core/model.ts';
import type { GitAnswer, GitCall } from '../../src/io/ports.ts';
import { ignoredAmong, readStatus } from '../../src/observe/changes.ts';
import { repositoryFilters } from '../../src/observe/filters.ts';
import { createMemory, createReadings } from '../../src/observe/readings.ts';
import { listWorktrees } from '../../src/observe/worktrees.ts';
import { makeCase, REAL } from '../support/crash-case.ts';
import { interpose } from '../support/faults.ts';
import { backdate, DAY, makeRepo, type TestRepo } from '../support/repo.ts';

let repo: TestRepo;
let tree: string;

const commonDir = () => join(repo.root, '.git');
const put = (path: string, text = 'x\n') => {
  mkdirSync(dirname(join(tree, path)), { recursive: true });
  writeFileSync(join(tree, path), text);
};

function stage(ignore: string): void {
  repo = makeRepo();
  repo.write('.gitignore', ignore);
  repo.write('src/kept/a.txt', 'a\n');
  repo.write('docs/b.txt', 'b\n');
  repo.git(['add', '-A', '-f']);
  repo.git(['commit', '-q', '-m', 'files']);
  tree = repo.worktree('agent/x');
}

async function candidate(): Promise<WorktreeCandidate> {
  const listed = await listWorktrees(REAL, commonDir());
  const found = listed.known ? listed.value.find(({ path }) => path === tree) : undefined;
  if (found === undefined) throw new Error('the worktree is not listed');
  return found;
}

/** What a first look says, and whether git had to go through the files for it. */
async function firstLook() {
  backdate(repo, tree, 2 * DAY);
  const calls: string[] = [];
  const io = interpose(REAL, (call, proceed) => {
    if (call.port === 'git') calls.push(call.name);
    return proceed();
  });
  const worktree = await candidate();
  const status = await createReadings(io, createMemory(io, commonDir())).status(worktree, tree);
  const git = await readStatus(REAL, { adminDir: worktree.adminDir, tree });
  return { status, git, hasAsked: calls.includes('status') };
}

const sorted = (look: Awaited<ReturnType<typeof readStatus>>) =>
  look.known ? { ...look.value, ignored: look.value.ignored.toSorted() } : look;

beforeEach(() => stage('node_modules/\n*.log\n!keep.log\n/dist\n'));

describe('a first look', () => {
  it('does without status where everything else is ignored, and says the same', async () => {
    for (const path of ['node_modules/x/index.js', 'dist/a', 'src/deep.log', 'src/kept/node_modules/y/i.js']) put(path);
    const { status, git, hasAsked } = await firstLook();
    expect(hasAsked).toBe(false);
    expect(sorted(status)).toEqual(sorted(git));
    expect(status.known && status.value.ignored.toSorted()).toEqual([
      'dist/',
      'node_modules/',
      'src/deep.log',
      'src/kept/node_modules/',
    ]);
  });

  it.each<readonly [string, () => void]>([
    ['an untracked file', () => put('note.txt')],
    ['an untracked directory', () => put('notes/a.txt')],
    ['what a later pattern takes back', () => put('keep.log')],
    ['a directory of which only the content is ignored', () => put('logs/a.log')],
    ['a link in place of an ignored directory', () => symlinkSync('src', join(tree, 'node_modules'))],
    ['an empty directory', () => mkdirSync(join(tree, 'nothing'))],
    ['a pipe whose name is ignored', () => execFileSync('mkfifo', [join(tree, 'src/a.log')])],
  ])('leaves it to status where there is %s', async (_what, make) => {
    put('src/deep.log');
    make();
    const { status, git, hasAsked } = await firstLook();
    expect(hasAsked).toBe(true);
    expect(sorted(status)).toEqual(sorted(git));
  });

  it.each<readonly [string, GitAnswer]>([
    ['fails', { ok: false, code: 128, why: 'no', stderr: 'no' }],
    ['does not answer in time', { ok: false, code: null, why: 'late', stderr: '', outOfTime: true }],
    ['says half', { ok: true, stdout: './a.log' }],
    ['names another', { ok: true, stdout: './b.log\0' }],
  ])('leaves it to status where the git that is asked %s', async (_how, answer) => {
    put('a.log');
    backdate(repo, tree, 2 * DAY);
    const calls: string[] = [];
    const io = interpose(REAL, async (call, proceed) => {
      if (call.port === 'git') calls.push(call.name);
      return call.name === 'check-ignore' ? answer : proceed();
    });
    const memory = createMemory(io, commonDir());
    const status = await createReadings(io, memory).status(await candidate(), tree);
    expect(calls).toEqual(expect.arrayContaining(['check-ignore', 'status']));
    expect(status.known && status.value.ignored).toEqual(['a.log']);
  });

  it('takes names as they are', async () => {
    const names = [
      ':(exclude)a.log',
      ':!b.log',
      '*.log',
      '?.log',
      '[ab].log',
      '-x.log',
      'ö.log',
      'new\nline.log',
      'a\\b.log',
    ];
    for (const name of [...names, ...names.map((name) => `src/${name}`)]) put(name);
    const { status, git, hasAsked } = await firstLook();
    expect(hasAsked).toBe(false);
    expect(sorted(status)).toEqual(sorted(git));
    expect(status.known && status.value.ignored).toHaveLength(2 * names.length);
  });

  it('knows the patterns of the repository and of the user', async () => {
    writeFileSync(join(commonDir(), 'info/exclude'), 'mine/\n');
    put('mine/a');
    repo.git(['config', 'core.excludesFile', join(repo.root, '..', 'excludes')]);
    writeFileSync(join(repo.root, '..', 'excludes'), '*.swp\n');
    put('src/a.swp');
    const { status, git, hasAsked } = await firstLook();
    expect(hasAsked).toBe(false);
    expect(sorted(status)).toEqual(sorted(git));
  });

  it('says what status says, whatever is ignored', async () => {
    const names = ['a', '.gitignore', 'b.log', 'keep.log', 'node_modules', 'dist', 'x y', '#c', '!d'];
    const patterns = [
      'a',
      'a/',
      '/a',
      '*.log',
      '!keep.log',
      'node_modules/',
      '**/dist',
      'dist/*',
      '!dist/a',
      '\\#c',
      '\\!d',
      'x y',
    ];
    const path = fc
      .tuple(
        fc.constantFrom('', 'src/', 'src/kept/', 'docs/', 'new/'),
        fc.array(fc.constantFrom(...names), { minLength: 1, maxLength: 3 }),
      )
      .map(([directory, parts]) => directory + parts.join('/'));
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom(...patterns), { maxLength: 5 }),
        fc.array(path, { maxLength: 5 }),
        async (ignore, paths) => {
          stage(`${ignore.join('\n')}\n`);
          for (const each of paths) {
            try {
              put(each, each.endsWith('.gitignore') ? '*\n!a\n' : 'x\n');
            } catch {
              // A file is already where a directory would have to be.
            }
          }
          const { status, git } = await firstLook();
          expect(sorted(status)).toEqual(sorted(git));
        },
      ),
      { numRuns: 40 },
    );
  });
});

const EXCEPTED: Readonly<Record<string, readonly [ignore: string, files: Readonly<Record<string, string>>]>> = {
  'by the patterns above it': ['dist/*\n!dist/keep.txt\n', { 'dist/keep.txt': 'mine\n', 'dist/a.js': '' }],
  'by a pattern for any depth': ['dist/**\n!dist/keep.txt\n', { 'dist/keep.txt': 'mine\n', 'dist/a.js': '' }],
  'by a file of its own': ['', { 'build/.gitignore': '*\n!keep.txt\n', 'build/keep.txt': 'mine\n' }],
  'by a file of its own, where it would be purged first': [
    '',
    { '.venv/.gitignore': '*\n!keep.txt\n', '.venv/pyvenv.cfg': '', '.venv/keep.txt': 'mine\n' },
  ],
};

it.each(Object.entries(EXCEPTED))('a file that is excepted, %s, keeps its worktree', async (_how, [ignore, files]) => {
  stage(`${ignore}*.log\n`);
  repo.commit('own.txt', 'landed\n', tree);
  repo.git(['merge', '-q', '--no-ff', '-m', 'land', 'agent/x']);
  for (const [name, text] of Object.entries(files)) repo.write(name, text, tree);
  backdate(repo, tree, 2 * DAY);
  const passed = await makeCase(repo).pass(REAL);
  expect(passed.ok && passed.report.results.map(({ inquiry }) => inquiry.verdict)).toMatchObject([
    { verdict: expect.not.stringMatching('reclaim'), reasons: [{ code: 'untracked' }] },
  ]);
});

describe('a content filter that only the worktree has', () => {
  const filtered = async (condition: string, ignored: boolean, before = async () => {}) => {
    stage('node_modules/\n');
    await before();
    const config = join(commonDir(), 'agentconfig');
    writeFileSync(config, '[filter "strip"]\n\tclean = sed s/SECRET/x/\n');
    repo.git(['config', `includeIf.${condition}.path`, config]);
    writeFileSync(join(commonDir(), 'info/attributes'), '*.cfg filter=strip\n');
    repo.write('a.cfg', 'SECRET\n', tree);
    repo.git(['add', 'a.cfg'], tree);
    repo.git(['commit', '-q', '-m', 'settings'], tree);
    repo.git(['merge', '-q', '--no-ff', '-m', 'land', 'agent/x']);
    if (ignored) repo.write('node_modules/x/i.js', '', tree);
    backdate(repo, tree, 2 * DAY);
    const passed = await makeCase(repo).pass(REAL);
    return passed.ok ? passed.report.results.map(({ inquiry }) => inquiry.verdict.verdict) : [];
  };

  it.each([
    ['onbranch:agent/**', true],
    ['onbranch:agent/**', false],
    ['gitdir:**/worktrees/**', true],
    ['gitdir:**/worktrees/**', false],
  ])('by %s keeps it, with ignored content: %s', async (condition, ignored) => {
    expect(await filtered(condition, ignored)).not.toContain('reclaim');
  });

  it('by where registrations really lie keeps it', async () => {
    const store = join(repo.root, '..', 'registrations');
    const worktrees = () => join(commonDir(), 'worktrees');
    const stored = async () => {
      renameSync(worktrees(), store);
      symlinkSync(store, worktrees());
      for (const name of readdirSync(store)) writeFileSync(join(store, name, 'commondir'), `${commonDir()}\n`);
    };
    expect(await filtered(`gitdir:${store}/`, false, stored)).not.toContain('reclaim');
  });

  it('is looked for where nobody can say where a registration really lies', async () => {
    backdate(repo, tree, 2 * DAY);
    const worktree = await candidate();
    const asked: unknown[] = [];
    const io = interpose(REAL, async (call, proceed) => {
      if (call.port === 'git' && call.name === 'config') asked.push((call.args[0] as GitCall).gitDir);
      const isThere = call.name === 'realpath' && call.args[0] === worktree.adminDir;
      return isThere ? { ok: false, code: 'EACCES', why: 'no' } : proceed();
    });
    await createReadings(io, createMemory(io, commonDir())).status(worktree, tree);
    expect(asked).toContain(worktree.adminDir);
  });

  it('by where registrations lie keeps it', async () => {
    expect(await filtered('gitdir:**/.git/worktrees/', false)).not.toContain('reclaim');
  });

  it.each([
    ['gitdir:~/work/', true],
    ['gitdir:/srv/code/', true],
    ['gitdir/i:~/Work/', true],
    ['hasconfig:remote.*.url:https://example.invalid/**', true],
    ['onbranch:agent/**', false],
    ['gitdir:work/', false],
    ['gitdir:~/work', false],
    ['gitdir:/srv/*/code/', false],
    ['gitdir:/srv/repo/.git/', false],
    ['gitdir:/srv/repo/.GIT/worktrees/', false],
  ])('is looked for in each one where %s could bring it in: %s is no', async (condition, isSame) => {
    repo.git(['config', `includeIf.${condition}.path`, '/nowhere']);
    const filters = await repositoryFilters(REAL, commonDir());
    expect(filters.known && filters.value.areSameEverywhere).toBe(isSame);
  });
});

it('a git that fails, or says half, has said nothing', async () => {
  put('a.log');
  const { adminDir } = await candidate();
  const answer = (stdout: string) => ({ git: { run: async () => ({ ok: true, stdout }) as const } });
  expect(await ignoredAmong(REAL, { adminDir, tree }, ['a.log', 'src/a.txt'])).toEqual(new Set(['a.log']));
  expect(await ignoredAmong(answer('./a.log\0./b'), { adminDir, tree }, ['a.log'])).toBeNull();
  expect(await ignoredAmong(answer(''), { adminDir, tree }, ['a.log'])).toEqual(new Set());
  const failing = { git: { run: async () => ({ ok: false, code: 128, why: 'no', stderr: 'no' }) as const } };
  expect(await ignoredAmong(failing, { adminDir, tree }, ['a.log'])).toBeNull();
});
