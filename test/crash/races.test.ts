/** Somebody acts in the middle of a reclaim: it is taken back, or all of it can be had back; nothing they did is lost. */
import { spawnSync } from 'node:child_process';
import {
  appendFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import { endAll, toBeEnded } from '../support/children.ts';
import {
  adminOf,
  assertSound,
  later,
  leftovers,
  REAL,
  type Rich,
  refAt,
  richCase,
  unreachable,
} from '../support/crash-case.ts';
import { labelled } from '../support/every-step.ts';
import { type Call, interpose } from '../support/faults.ts';
import { tell } from '../support/figures.ts';
import { DAY } from '../support/repo.ts';
import { isChosen } from '../support/sample.ts';

const seen = new Map<string, number>();
let races = 0;

afterEach(endAll);
afterAll(() => {
  tell('races', races, seen);
});

/** What somebody did: texts and commits that must be somewhere from then on, and what git said. */
interface Deed {
  readonly texts?: readonly string[];
  readonly commits?: readonly (string | null)[];
  /** What git refused, or null. */
  readonly refused?: string | null;
}

interface Scene {
  readonly rich: Rich;
  /** Where the tree and its registration lie now: somebody who stands inside moves along. */
  readonly tree: string;
  readonly admin: string;
}

const TOKEN = 'written in the middle of it';

function git({ rich }: Scene, args: string[], cwd: string): { refused: string | null } {
  if (!existsSync(cwd)) return { refused: 'no such directory' };
  const ran = spawnSync('git', args, { cwd, env: rich.at.repo.env(), encoding: 'utf8' });
  return { refused: ran.status === 0 ? null : ran.stderr };
}

const writing =
  (name: string) =>
  (scene: Scene): Deed => {
    mkdirSync(dirname(join(scene.tree, name)), { recursive: true });
    appendFileSync(join(scene.tree, name), `${TOKEN}\n`);
    return { texts: [TOKEN] };
  };

/** Commits through the registration, wherever it and the tree lie, as git does that was started before. */
function commit(scene: Scene): Deed {
  appendFileSync(join(scene.tree, 'src/new.txt'), `${TOKEN}\n`);
  const { refused } = git(
    scene,
    [`--git-dir=${scene.admin}`, `--work-tree=${scene.tree}`, 'commit', '-qam', 'late'],
    scene.tree,
  );
  const head = existsSync(join(scene.admin, 'HEAD')) ? refAt(scene.rich.at.repo, 'refs/heads/agent/fix') : null;
  return { texts: [TOKEN], commits: refused === null ? [head] : [], refused };
}

const inMain =
  (args: string[]) =>
  (scene: Scene): Deed =>
    git(scene, args, scene.rich.at.repo.root);

function standInside({ tree }: Scene): Deed {
  const { stdout } = spawnSync(
    'sh',
    ['-c', 'cd "$1" && { sleep 600 </dev/null >/dev/null 2>&1 & echo $!; }', 'sh', tree],
    {
      encoding: 'utf8',
    },
  );
  toBeEnded(Number(stdout.trim()));
  return {};
}

const WEAK = 'writes an ignored file that looks like one that can be made again';

const ACTORS: Readonly<Record<string, (scene: Scene) => Deed>> = {
  'writes a tracked file': writing('src/new.txt'),
  'writes an untracked file': writing('notes/untracked.txt'),
  'writes an ignored file that nobody can make again': writing('dist/.env'),
  [WEAK]: writing('dist/made-by-hand.txt'),
  commits: commit,
  'checks another branch out': (scene) =>
    git(
      scene,
      [`--git-dir=${scene.admin}`, `--work-tree=${scene.tree}`, 'checkout', '-q', '-b', 'agent/other'],
      scene.tree,
    ),
  'commits on a detached HEAD': (scene) => {
    const where = [`--git-dir=${scene.admin}`, `--work-tree=${scene.tree}`];
    git(scene, [...where, 'checkout', '-q', '--detach'], scene.tree);
    const { refused } = git(scene, [...where, 'commit', '-q', '--allow-empty', '-m', TOKEN], scene.tree);
    const head = existsSync(scene.admin) ? readFileSync(join(scene.admin, 'HEAD'), 'utf8').trim() : '';
    return { commits: refused === null ? [head] : [], refused };
  },
  'locks the worktree': (scene) => inMain(['worktree', 'lock', '--reason', 'mine', scene.rich.fix])(scene),
  'stands inside': standInside,
  'adds a worktree at the same path': (scene) =>
    inMain(['worktree', 'add', '-q', '-b', 'agent/again', scene.rich.fix, 'main'])(scene),
  'makes a directory at the same path': ({ rich }) => {
    if (existsSync(rich.fix)) return {};
    mkdirSync(rich.fix);
    writeFileSync(join(rich.fix, 'new.txt'), TOKEN);
    return { texts: [TOKEN] };
  },
  'moves the worktree': (scene) => inMain(['worktree', 'move', scene.rich.fix, `${scene.rich.fix}-moved`])(scene),
  'removes the worktree': (scene) => inMain(['worktree', 'remove', '--force', scene.rich.fix])(scene),
  prunes: inMain(['worktree', 'prune', '--expire=now']),
  'collects garbage': inMain([
    '-c',
    'gc.reflogExpire=never',
    '-c',
    'gc.reflogExpireUnreachable=never',
    'gc',
    '-q',
    '--prune=now',
  ]),
  repairs: inMain(['worktree', 'repair']),
  'deletes the branch': inMain(['update-ref', '-d', 'refs/heads/agent/fix']),
  'takes the base back': inMain(['reset', '-q', '--hard', 'main~1']),
};

/** git may refuse these for the moment in which our lock is on the registration; the lock's own text says why. */
const MAY_BE_REFUSED =
  /reaper-hook is moving|no such directory|not a git repository|is not a working tree|already exists|missing but locked/;

/** The gaps of a reclaim: before an effect, when all was looked at, and after it, when nothing was yet. */
const GAPS: readonly (readonly [string, (call: Call, fix: string) => boolean, 'before' | 'after'])[] = [
  [
    'the note',
    ({ name, args }) => name === 'createFile' && /quarantine\/[^/]*\/entry\.json$/.test(String(args[0])),
    'before',
  ],
  ['the lock', ({ name, args }) => name === 'createFile' && /worktrees\/fix\/locked$/.test(String(args[0])), 'before'],
  ['the pin', ({ name }) => name === 'commit-tree', 'before'],
  ['the pin', ({ name }) => name === 'update-ref create pin', 'after'],
  ['the first rename', ({ name, args }, fix) => name === 'rename' && args[0] === fix, 'before'],
  ['the first rename', ({ name, args }, fix) => name === 'rename' && args[0] === fix, 'after'],
  ['the second rename', ({ name, args }) => name === 'rename' && /worktrees\/fix$/.test(String(args[0])), 'before'],
  ['the second rename', ({ name, args }) => name === 'rename' && /worktrees\/fix$/.test(String(args[0])), 'after'],
  ['the branch goes', ({ name }) => name === 'update-ref delete branch', 'before'],
  ['the branch goes', ({ name }) => name === 'update-ref delete branch', 'after'],
];

/** Of all races, those that a run on every change can afford. */
const SHARE = 1 / 3;

type Gap = (typeof GAPS)[number];

async function race(rich: Rich, [, isMeant, when]: Gap, actor: (scene: Scene) => Deed) {
  const { at, fix } = rich;
  at.reset();
  let deed: Deed | null = null;
  const act = () => {
    deed = actor(sceneOf(rich));
  };
  const io = interpose(REAL, async (call, proceed) => {
    if (deed !== null || !call.isEffect || !isMeant(call, fix)) return proceed();
    if (when === 'before') act();
    const answer = await proceed();
    if (when === 'after') act();
    return answer;
  });
  const passed = await at.pass(io);
  expect(passed.ok).toBe(true);
  return { deed: deed as Deed | null, passed };
}

function sceneOf(rich: Rich): Scene {
  const { at, fix } = rich;
  const home = join(at.repo.commonDir, 'worktrees/fix');
  const place = leftovers(at.repo).quarantine.map((id) => join(at.repo.commonDir, 'reaper/quarantine', id));
  const away = (part: string) => place.map((each) => join(each, part)).find((path) => existsSync(path));
  return {
    rich,
    tree: existsSync(fix) ? fix : (away('tree') ?? fix),
    admin: existsSync(home) ? home : (away('admin') ?? home),
  };
}

/** All texts below a directory, git's own files left out. */
function textsBelow(path: string): string {
  const info = lstatSync(path, { throwIfNoEntry: false });
  if (info === undefined || info.isSymbolicLink()) return '';
  if (info.isFile()) return readFileSync(path, 'utf8');
  return readdirSync(path)
    .map((name) => (name === '.git' ? '' : textsBelow(join(path, name))))
    .join('\n');
}

function everythingBelow({ at }: Rich): string {
  return textsBelow(dirname(at.repo.root)) + textsBelow(join(at.repo.commonDir, 'reaper/quarantine'));
}

async function checkAfter(rich: Rich, name: string, deed: Deed, commits: string[]) {
  const { at, fix } = rich;
  const { repo } = at;
  if (deed.refused !== undefined && deed.refused !== null) {
    expect(deed.refused, 'git refuses only for the moment').toMatch(MAY_BE_REFUSED);
    seen.set(`git was refused: ${name}`, (seen.get(`git was refused: ${name}`) ?? 0) + 1);
  }
  expect((await at.pass(REAL, { limit: 0 })).ok).toBe(true);
  assertSound(repo);
  const mine = (deed.commits ?? []).filter((oid) => oid !== null);
  const isRemoved = name === 'removes the worktree' && deed.refused === null;
  if (!isRemoved) expect(unreachable(repo, [...commits, ...mine])).toEqual([]);
  const all = everythingBelow(rich);
  const kept = isRemoved ? [] : ['second try, longer', 'weak, so it stays'];
  for (const text of [...(deed.texts ?? []), ...kept]) expect(all).toContain(text);
  const entry = (await at.entries()).find(({ path }) => path === fix);
  const where = entry === undefined ? 'taken back' : entry.unverified ? 'held unverified' : 'reclaimed';
  seen.set(where, (seen.get(where) ?? 0) + 1);
  if (entry === undefined) return checkHome(rich, isRemoved);
  expect(entry.phase).toBe('held');
  if (!entry.unverified) await keptThroughPurge(rich, name, deed);
  const wish = {
    to: existsSync(fix) ? `${fix}-restored` : null,
    detach: refAt(repo, 'refs/heads/agent/fix') !== entry.head,
  };
  const restored = await at.restore(REAL, entry.id, wish);
  expect(restored).toMatchObject({ ok: true });
  expect(unreachable(repo, [...commits, ...mine])).toEqual([]);
  assertSound(repo);
}

/** Taken back: registered where it was, not locked by us, and no trace of the attempt. */
function checkHome({ at, fix }: Rich, isRemoved: boolean) {
  const { quarantine, pins } = leftovers(at.repo);
  expect({ quarantine, pins }).toEqual({ quarantine: [], pins: [] });
  const list = at.repo.git(['worktree', 'list', '--porcelain']);
  expect(list).not.toContain('locked reaper-hook');
  if (!isRemoved) expect(list).toMatch(new RegExp(`^worktree ${fix}(-moved)?$`, 'm'));
}

/** What was written after the last look is noticed before the files are purged. */
async function keptThroughPurge(rich: Rich, name: string, { texts = [] }: Deed) {
  const { at } = rich;
  if (texts.length === 0) return;
  for (let day = 2; day <= 10; day += 2) await at.pass(later(REAL, day * DAY), { limit: 0 });
  // What looks as if a tool could make it again stays for a week and no longer.
  if (name === WEAK) return;
  for (const text of texts) expect(everythingBelow(rich), 'a week later').toContain(text);
}

describe('in the middle of a reclaim somebody', () => {
  test.each(Object.entries(ACTORS))('%s', async (name, actor) => {
    const rich = await richCase({ alone: true });
    const commits = rich.at.repo.git(['rev-list', '--all', '--reflog']).split('\n');
    expect(adminOf(rich.at.repo, rich.fix)).toBe(join(rich.at.repo.commonDir, 'worktrees/fix'));
    for (const gap of GAPS) {
      if (!isChosen(`${name} ${gap[2]} ${gap[0]}`, SHARE)) continue;
      await labelled(`${name}, ${gap[2]} ${gap[0]}`, async () => {
        const { deed } = await race(rich, gap, actor);
        // A reclaim that keeps the branch has no such gap.
        if (deed === null) return;
        races++;
        await checkAfter(rich, name, deed, commits);
      });
      endAll();
    }
  });
});

describe('whoever locks it after the first look', () => {
  test.each([
    ['for the first time', false],
    ['in place of an owner who is dead', true],
  ])('%s, is obeyed, and nothing has failed', async (_how, wasLocked) => {
    const rich = await richCase({ alone: true, lock: wasLocked });
    const { at, fix } = rich;
    const lock = join(at.repo.commonDir, 'worktrees/fix/locked');
    let isDone = false;
    const io = interpose(REAL, async ({ name, args }, proceed) => {
      const isAnnounced = name === 'createFile' && /quarantine\/[^/]*\/entry\.json$/.test(String(args[0]));
      const answer = await proceed();
      if (isAnnounced && !isDone) {
        isDone = true;
        if (wasLocked) at.repo.git(['worktree', 'unlock', fix]);
        at.repo.git(['worktree', 'lock', '--reason', 'mine', fix]);
      }
      return answer;
    });
    // The first pass notes since when the owner is dead.
    if (wasLocked) await at.pass(REAL);
    const passed = await at.pass(later(io, 2 * DAY));
    const result = passed.ok && passed.report.results.find(({ inquiry }) => inquiry.candidate.path === fix);
    expect(result).toMatchObject({
      outcome: 'refused',
      reasons: [{ code: 'locked', detail: 'its lock changed after the first look' }],
    });
    expect(readFileSync(lock, 'utf8').trim()).toBe('mine');
    expect(leftovers(at.repo)).toMatchObject({ quarantine: [], pins: [] });
    expect(existsSync(join(fix, '.git'))).toBe(true);
    assertSound(at.repo);
  });
});

describe('a pass whose lock another one takes over while it looks', () => {
  test('writes nothing of what it was about to do', async () => {
    const rich = await richCase({ alone: true });
    const { at, fix } = rich;
    const lock = join(at.repo.commonDir, 'reaper/lock');
    const io = interpose(REAL, async ({ name }, proceed) => {
      // The last step before the note.
      if (name === 'commit-tree') writeFileSync(lock, 'theirs');
      return proceed();
    });
    const passed = await at.pass(io);
    const result = passed.ok && passed.report.results.find(({ inquiry }) => inquiry.candidate.path === fix);
    expect(result).toMatchObject({ outcome: 'refused', reasons: [{ detail: 'another pass has taken over' }] });
    expect(readFileSync(lock, 'utf8')).toBe('theirs');
    expect(existsSync(join(fix, '.git'))).toBe(true);
    expect(leftovers(at.repo)).toMatchObject({ quarantine: [], pins: [] });
    expect(existsSync(join(at.repo.commonDir, 'reaper/journal.jsonl'))).toBe(false);
    rmSync(lock);
    assertSound(at.repo);
  });
});
