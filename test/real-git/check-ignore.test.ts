/** The paths that git is asked about one by one are ignored exactly when its status says so. */
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import type { WorktreeCandidate } from '../../src/core/model.ts';
import { ignoredAmong, readStatus } from '../../src/observe/changes.ts';
import { createMemory, createReadings } from '../../src/observe/readings.ts';
import { listWorktrees } from '../../src/observe/worktrees.ts';
import { REAL } from '../support/crash-case.ts';
import { interpose } from '../support/faults.ts';
import { backdate, DAY, makeRepo, type TestRepo } from '../support/repo.ts';

let repo: TestRepo;
let tree: string;

const commonDir = () => join(repo.root, '.git');
const put = (path: string) => {
  mkdirSync(dirname(join(tree, path)), { recursive: true });
  writeFileSync(join(tree, path), 'x\n');
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
  ])('leaves it to status where there is %s', async (_what, make) => {
    put('src/deep.log');
    make();
    const { status, git, hasAsked } = await firstLook();
    expect(hasAsked).toBe(true);
    expect(sorted(status)).toEqual(sorted(git));
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
    const names = ['a', 'b.log', 'keep.log', 'node_modules', 'dist', 'x y', '#c', '!d'];
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
              put(each);
            } catch {
              // A file is already where a directory would have to be.
            }
          }
          const { status, git } = await firstLook();
          expect(sorted(status)).toEqual(sorted(git));
        },
      ),
      { numRuns: 25 },
    );
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
