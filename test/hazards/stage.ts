/**
 * Where a hazard is brought about: a fresh repository, and the moves that cases are made of.
 *
 * Contract: everything lies in one directory of the run's sandbox. `landed` is the starting point
 * of most cases: were it not for the hazard, it would go.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { elsewhere, toBeEnded } from '../support/children.ts';
import { makeRepo, type TestRepo } from '../support/repo.ts';

export interface Stage {
  readonly repo: TestRepo;
  /** Holds the repository, the home directory and the worktrees. */
  readonly place: string;
  readonly root: string;
  readonly commonDir: string;
  /** A worktree on `agent/<name>` without a commit of its own. */
  fresh(name?: string, path?: string): string;
  /** A worktree on `agent/<name>` with one commit that no base has. */
  unlanded(name?: string, path?: string): string;
  /** A worktree on `agent/<name>` whose one commit was merged into main. */
  landed(name?: string, path?: string): string;
  /** The same, landed as one new commit on main, as forges squash. */
  squashed(name?: string): string;
  /** A worktree with a detached HEAD at `start`, brought in by its path. */
  detached(name?: string, start?: string): string;
  /** Where `agent/<name>` is put. */
  at(name: string): string;
  /** The registration of a worktree. */
  registration(worktree: string): string;
  /** Runs git; throws when it fails. */
  git(args: string[], cwd?: string): string;
  /** Runs git that is expected to fail, or may. */
  tries(args: string[], cwd?: string): { status: number; stdout: string; stderr: string };
  commit(cwd: string, file?: string, text?: string): string;
  /** Writes a file, making its directories. */
  put(path: string, text?: string): string;
  /** Ignores patterns in the whole repository without a commit. */
  ignore(...patterns: string[]): void;
  /** Sets something in the repository's own configuration. */
  config(key: string, value: string): void;
  /** Sets something for this user. */
  userConfig(key: string, value: string): void;
  /** Locks a worktree with `reason`; after everything was dated back, so that the lock is of today. */
  lock(worktree: string, reason: string): void;
  /** A bare repository as `origin`, with main pushed and origin/HEAD known. */
  origin(): string;
  /** A process that is nobody's here, running until the case is over. */
  somebody(script: string, options?: { cwd?: string; args?: string[]; wrap?: string[] }): number;
  remember(pid: number): number;
  /** A program called git that comes before the real one; `$GIT` is the real one. */
  impostor(script: string): void;
  /** The impostor's directory, or null. */
  readonly impostorAt: string | null;
  /** Mounts something until the case is over. */
  mount(...args: string[]): void;
  /** Run when the case is over. */
  readonly cleanup: (() => void)[];
}

/** A new stage. Owners that are seen dead count as dead at once: no case is decided by a grace. */
export function makeStage(): Stage {
  const repo = makeRepo();
  appendFileSync(join(repo.home, '.gitconfig'), '[reaper]\n\townerGrace = 0\n');
  const place = dirname(repo.root);
  const { root, commonDir } = repo;
  const git: Stage['git'] = (args, cwd = root) => repo.git(args, cwd);
  const at: Stage['at'] = (name) => join(place, 'wt', `agent-${name}`);
  const put: Stage['put'] = (path, text = 'irreplaceable\n') => {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
    return path;
  };
  const commit: Stage['commit'] = (cwd, file = 'work.txt', text = 'work\n') => repo.commit(file, text, cwd);
  const fresh: Stage['fresh'] = (name = 'done', path = at(name)) => repo.worktree(`agent/${name}`, path);
  const unlanded: Stage['unlanded'] = (name = 'done', path = at(name)) => {
    fresh(name, path);
    commit(path, `${name}.txt`, `${name}\n`);
    return path;
  };
  const stage: Stage = {
    repo,
    place,
    root,
    commonDir,
    fresh,
    unlanded,
    landed(name = 'done', path = at(name)) {
      unlanded(name, path);
      git(['merge', '-q', '--ff-only', `agent/${name}`]);
      return path;
    },
    squashed(name = 'done') {
      const path = unlanded(name);
      git(['merge', '-q', '--squash', `agent/${name}`]);
      git(['commit', '-q', '-m', `squash ${name}`]);
      return path;
    },
    detached(name = 'detached', start = 'main') {
      git(['config', '--add', 'reaper.paths', `../wt/*`]);
      git(['worktree', 'add', '-q', '--detach', at(name), start]);
      return at(name);
    },
    at,
    registration: (worktree) => git(['rev-parse', '--absolute-git-dir'], worktree),
    git,
    tries(args, cwd = root) {
      const { status, stdout, stderr } = spawnSync('git', args, { cwd, env: repo.env(), encoding: 'utf8' });
      return { status: status ?? -1, stdout, stderr };
    },
    commit,
    put,
    ignore: (...patterns) => appendFileSync(join(commonDir, 'info/exclude'), `${patterns.join('\n')}\n`),
    config: (key, value) => void git(['config', key, value]),
    userConfig: (key, value) => void git(['config', '--file', join(repo.home, '.gitconfig'), key, value]),
    lock: (worktree, reason) => void git(['worktree', 'lock', '--reason', reason, '--', worktree]),
    origin() {
      const path = join(place, 'origin.git');
      git(['clone', '-q', '--bare', root, path], place);
      git(['remote', 'add', 'origin', path]);
      git(['fetch', '-q', 'origin']);
      git(['remote', 'set-head', 'origin', 'main']);
      return path;
    },
    somebody: elsewhere,
    remember: toBeEnded,
    impostor(script) {
      const real = execFileSync('sh', ['-c', 'command -v git'], { encoding: 'utf8' }).trim();
      const path = put(join(place, 'bin/git'), `#!/bin/sh\nGIT=${real}\n${script}\nexec "$GIT" "$@"\n`);
      chmodSync(path, 0o755);
      Object.assign(stage, { impostorAt: dirname(path) });
    },
    impostorAt: null,
    mount(...args) {
      execFileSync('mount', args, { stdio: 'ignore' });
      stage.cleanup.push(() => unmountBelow(place));
    },
    cleanup: [],
  };
  return stage;
}

/** A mount moves along with the directory it is in, so it is looked for. */
function unmountBelow(place: string): void {
  const points = readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .map((line) => line.split(' ')[4] ?? '')
    .filter((point) => point.startsWith(`${place}/`));
  for (const point of points.toReversed()) spawnSync('umount', ['-l', point]);
}

/** Dates everything below `directory` back, links themselves and not what they lead to. */
export function dateBack(directory: string, ageMs: number): void {
  const at = new Date(Date.now() - ageMs);
  const visit = (path: Buffer): void => {
    if (lstatSync(path).isDirectory())
      for (const name of readdirSync(path, { encoding: 'buffer' })) visit(Buffer.concat([path, SLASH, name]));
    lutimesSync(path, at, at);
  };
  visit(Buffer.from(directory));
}

const SLASH = Buffer.from('/');

/** True when file systems can be mounted here, as root in a container of its own can. */
export const canMount: boolean =
  spawnSync('unshare', ['-m', 'mount', '-t', 'tmpfs', 'none', '/mnt'], { stdio: 'ignore' }).status === 0;

/** What a case that mounts says where it cannot. */
export const NEEDS_MOUNT: string | null = canMount ? null : 'needs the right to mount';
