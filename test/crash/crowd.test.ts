/** Ten hooks at once, and people who tidy up with git at the same time: nobody loses anything, nobody sees an error. */
import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, utimesSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { assertSound, makeCase, REAL, unreachable } from '../support/crash-case.ts';
import { eventually } from '../support/eventually.ts';
import { tell } from '../support/figures.ts';
import { reaper } from '../support/program.ts';
import { backdate, DAY, makeRepo, type TestRepo } from '../support/repo.ts';

const HOOKS = 10;
const LANDED = 5;

let races = 0;
const seen = new Map<string, number>();
const count = (what: string) => seen.set(what, (seen.get(what) ?? 0) + 1);

afterAll(() => tell('races', races, seen));

interface Crowd {
  readonly repo: TestRepo;
  readonly trees: string;
  readonly landed: readonly string[];
  readonly dirty: string;
  readonly homes: readonly string[];
  readonly commits: readonly string[];
}

let crowd: Crowd;

beforeEach(() => {
  const repo = makeRepo();
  const trees = join(dirname(repo.root), 'trees');
  const landed = Array.from({ length: LANDED }, (_, n) => {
    const path = repo.worktree(`agent/done${n}`, join(trees, `done${n}`));
    repo.commit(`done${n}.txt`, 'first try\n', path);
    repo.write(`done${n}.txt`, textOf(n), path);
    repo.git(['commit', '-q', '--amend', '-am', `done ${n}`], path);
    repo.git(['merge', '-q', '--no-ff', '--no-edit', `agent/done${n}`]);
    return path;
  });
  const dirty = repo.worktree('agent/dirty', join(trees, 'dirty'));
  repo.write('untracked.txt', 'only here\n', dirty);
  const homes = Array.from({ length: HOOKS }, (_, n) => repo.worktree(`feature/home${n}`, join(trees, `home${n}`)));
  for (const path of [...landed, dirty]) backdate(repo, path, 2 * DAY);
  // On a busy machine a pass would be cut short before it takes anything.
  repo.git(['config', 'reaper.budget', '1m']);
  expect(reaper(repo, ['install'])).toMatchObject({ code: 0 });
  const commits = repo.git(['rev-list', '--all', '--reflog']).split('\n');
  crowd = { repo, trees, landed, dirty, homes, commits };
});

const textOf = (n: number): string => `the text of ${n}\n`;

/** Each hook finds a pass due. */
function due({ repo }: Crowd): void {
  const stamp = join(repo.commonDir, 'reaper/stamp');
  if (existsSync(stamp)) utimesSync(stamp, new Date(0), new Date(0));
}

interface Said {
  readonly args: readonly string[];
  readonly code: number | null;
  readonly stderr: string;
}

function start(repo: TestRepo, args: readonly string[], cwd = repo.root): Promise<Said> {
  const child = spawn('git', args, { cwd, env: repo.env(), stdio: ['ignore', 'ignore', 'pipe'] });
  let stderr = '';
  child.stderr?.on('data', (chunk) => {
    stderr += chunk;
  });
  return new Promise((resolve) => child.on('close', (code) => resolve({ args, code, stderr })));
}

const GC = ['-c', 'gc.reflogExpire=never', '-c', 'gc.reflogExpireUnreachable=never', 'gc', '-q', '--prune=now'];

/** git commands that somebody runs one after the other while the passes run. */
type Errand = (crowd: Crowd, round: number) => readonly (readonly string[])[];

const ERRANDS: Readonly<Record<string, Errand>> = {
  'collects garbage': () => [GC, GC],
  'adds and removes worktrees of their own': ({ trees }, round) =>
    [0, 1, 2].flatMap((n) => [
      ['worktree', 'add', '-q', '-b', `feature/r${round}n${n}`, join(trees, `new${round}-${n}`), 'main'],
      ['worktree', 'remove', join(trees, `new${round}-${n}`)],
    ]),
  'prunes and repairs': () => [
    ['worktree', 'prune', '--expire=now'],
    ['worktree', 'repair'],
    ['worktree', 'prune', '--expire=now'],
    ['worktree', 'repair'],
  ],
  'moves the very worktrees that go': ({ landed }) =>
    landed.slice(0, 3).map((path) => ['worktree', 'move', path, `${path}-moved`]),
  'adds worktrees where those were that go': ({ landed }, round) =>
    landed.slice(0, 3).map((path, n) => ['worktree', 'add', '-q', '-b', `feature/again${round}n${n}`, path, 'main']),
};

/** What git says of a tree that we hold for the moment, that is gone by now, or that is still there. */
const FOR_THE_MOMENT =
  /reaper-hook is moving|is not a working tree|already exists|missing but (locked|already registered)|No such file/;

/** Passes run in the background; what has been started by now has ended then. */
async function passesEnded(repo: TestRepo): Promise<void> {
  let quiet = 0;
  const isQuiet = () => {
    quiet = isAnyRunning(repo) ? 0 : quiet + 1;
    return quiet > 5;
  };
  await eventually('no pass is running', isQuiet, 90_000);
}

function isAnyRunning({ commonDir }: TestRepo): boolean {
  return readdirSync('/proc').some((pid) => {
    if (!/^\d+$/.test(pid)) return false;
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(`${commonDir}/reaper/bin`);
    } catch {
      return false;
    }
  });
}

/** One worktree is whole: where it was, where somebody moved it, or in quarantine. */
async function checkTree(at: ReturnType<typeof makeCase>, path: string, n: number): Promise<string> {
  const name = `done${n}.txt`;
  const entry = (await at.entries()).find((each) => each.path === path || each.path === `${path}-moved`);
  const places = [entry?.tree ?? null, path, `${path}-moved`].filter((place) => place !== null);
  const found = places.find((place) => existsSync(join(place, '.git')) && existsSync(join(place, name)));
  expect(found, `${path} is somewhere`).toBeDefined();
  expect(readFileSync(join(found ?? '', name), 'utf8')).toBe(textOf(n));
  return entry === undefined ? 'at home' : 'in quarantine';
}

describe('while ten hooks fire at once, somebody', () => {
  test.each(Object.entries(ERRANDS))('%s', async (what, errand) => {
    const { repo, landed, dirty, homes, commits } = crowd;
    due(crowd);
    const hooks = homes.map((home, n) => start(repo, ['checkout', '-q', '-b', `feature/next${n}`], home));
    const said: Said[] = [];
    for (const args of errand(crowd, 1)) said.push(await start(repo, args));
    for (const { code, stderr } of await Promise.all(hooks)) expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    for (const { args, code, stderr } of said) {
      if (code !== 0) count(`${what}: refused for the moment`);
      if (code !== 0) expect(stderr, args.join(' ')).toMatch(FOR_THE_MOMENT);
    }
    await passesEnded(repo);
    races += HOOKS;
    const at = makeCase(repo);
    expect((await at.pass(REAL, { limit: 0 })).ok).toBe(true);
    for (const [n, path] of landed.entries()) count(`${what}: ${await checkTree(at, path, n)}`);
    expect(readFileSync(join(dirty, 'untracked.txt'), 'utf8')).toBe('only here\n');
    expect(unreachable(repo, commits)).toEqual([]);
    assertSound(repo);
  });
});
