/** G. Failing open: answers that did not come, and files that cannot be read. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { layout } from '../../../src/core/layout.ts';
import type { Io } from '../../../src/io/ports.ts';
import { HOUR } from '../../support/repo.ts';
import { type Because, family, type Hazard, type Scene } from '../hazard.ts';
import { failing } from '../machines.ts';
import type { Stage } from '../stage.ts';

const { keeps } = family('G');
const unknown = { because: 'unknown' } as const;

/** Untracked work in a landed worktree, and a git that does not tell. */
const untold = (script: string) => (stage: Stage) => {
  const path = stage.landed();
  stage.put(join(path, 'notes.md'));
  stage.impostor(script);
  return { survives: [path] };
};

const on = (command: string, then: string): string => `case " $* " in *" ${command} "*) ${then} ;; esac`;

/** git fails, lies, or says nothing. */
export const NO_ANSWER: readonly Hazard[] = [
  keeps('untracked work, when git status fails', unknown, untold(on('status', 'echo "fatal: oops" >&2; exit 128'))),
  keeps('untracked work, when git status prints nothing and exits 0', unknown, untold(on('status', 'exit 0'))),
  keeps(
    'untracked work, when git status is cut off in the middle',
    unknown,
    untold(on('status', '"$GIT" "$@" | head -c 60; exit 0')),
  ),
  keeps(
    'untracked work in a directory that git could not open',
    unknown,
    untold(on('status', `echo "warning: could not open directory 'notes/': Permission denied" >&2`)),
  ),
  keeps('untracked work, when git status dies of a signal', unknown, untold(on('status', 'kill -9 $$'))),
  keeps('untracked work, when the index cannot be listed', unknown, untold(on('ls-files', 'exit 128'))),
  keeps('an edit marked assume-unchanged, when the index is listed as empty', unknown, (stage) => {
    const path = stage.landed();
    stage.git(['update-index', '--assume-unchanged', 'README.md'], path);
    stage.put(join(path, 'README.md'), 'edited\n');
    stage.impostor(on('ls-files', 'exit 0'));
    return { survives: [path] };
  }),
  keeps(
    'work in a repository whose worktrees cannot be listed',
    { because: 'no pass' },
    untold(on('worktree', 'exit 128')),
  ),
  keeps('work in a repository whose worktrees are listed by half', { because: 'no pass' }, (stage) => {
    const path = stage.landed();
    stage.impostor(on('worktree', '"$GIT" "$@" | head -c 40; exit 0'));
    return { survives: [path] };
  }),
  keeps(
    'work, when the refs cannot be listed and so there is no base',
    { because: 'landing-unknown' },
    untold(on('for-each-ref', 'exit 128')),
  ),
  keeps('unlanded work, when history cannot be read', { because: 'landing-unknown' }, (stage) => {
    const path = stage.unlanded();
    stage.impostor(on('rev-list', 'exit 128'));
    return { survives: [path] };
  }),
  keeps('unlanded work, when history is read as empty', { because: 'landing-unknown' }, (stage) => {
    const path = stage.unlanded();
    stage.commit(stage.root, 'meanwhile.txt');
    stage.impostor(`${on('rev-list', 'exit 0')}\n${on('cat-file', 'exit 0')}`);
    return { survives: [path] };
  }),
  keeps('unlanded work, when merges cannot be tried', { because: 'not-landed' }, (stage) => {
    const path = stage.unlanded();
    stage.commit(stage.root, 'meanwhile.txt');
    stage.impostor(on('merge-tree', 'exit 128'));
    return { survives: [path] };
  }),
  keeps(
    'unlanded work without an upstream, of which nothing is "unpushed"',
    { because: 'not-landed', incident: 'gastown' },
    (stage) => ({
      survives: [stage.unlanded()],
    }),
  ),
  keeps('everything, when git is too old to prove anything', { because: 'no pass' }, (stage) => {
    const path = stage.landed();
    stage.impostor(on('version', 'echo "git version 2.20.1"; exit 0'));
    return { survives: [path] };
  }),
  keeps('everything, when the time runs out', { because: 'out-of-time' }, (stage) => {
    const path = stage.landed();
    let calls = 0;
    const machine = (io: Io): Io => ({
      ...io,
      clock: { nowMs: () => io.clock.nowMs() + (calls++ > 6 ? 10 * HOUR : 0) },
    });
    return { survives: [path], machine, budgetMs: 1000 };
  }),
];

/** Files that cannot be read, or not understood. */
const broken = (
  because: Because,
  name: string,
  breakIt: (stage: Stage, path: string) => void,
  more: Partial<Scene> = {},
) =>
  keeps(name, { because }, (stage) => {
    const path = stage.landed();
    return { survives: [path], lastly: () => breakIt(stage, path), ...more };
  });

export const UNREADABLE: readonly Hazard[] = [
  broken('unknown', 'a worktree whose index is damaged', (stage, path) => {
    stage.put(join(stage.registration(path), 'index'), 'not an index\n');
    old(join(stage.registration(path), 'index'));
  }),
  broken('landing-unknown', 'a worktree whose reflog is damaged', (stage, path) => {
    stage.put(join(stage.registration(path), 'logs/HEAD'), 'no reflog\n');
    old(join(stage.registration(path), 'logs/HEAD'));
  }),
  broken('landing-unknown', 'a worktree whose reflog is a directory', (stage, path) => {
    const log = join(stage.registration(path), 'logs/HEAD');
    rmSync(log);
    mkdirSync(log);
    old(log);
  }),
  broken('not a candidate', 'a worktree whose registration does not say where it is', (stage, path) => {
    rmSync(join(stage.registration(path), 'gitdir'));
  }),
  keeps('a worktree, when the claims cannot be listed', { because: 'owner-unknown' }, (stage) => {
    const path = stage.landed();
    const { claims } = layout(stage.commonDir);
    return { survives: [path], machine: (io) => failing(io, 'list', 'EACCES', (each) => each === claims) };
  }),
  keeps('a worktree whose signs of use cannot be looked at', unknown, (stage) => {
    const path = stage.landed();
    return { survives: [path], machine: (io) => failing(io, 'lstat', 'EIO', (each) => each.endsWith('/logs/HEAD')) };
  }),
  keeps('a worktree whose registration cannot be listed', unknown, (stage) => {
    const path = stage.landed();
    const registration = stage.registration(path);
    return { survives: [path], machine: (io) => failing(io, 'list', 'EACCES', (each) => each === registration) };
  }),
  keeps('a worktree with packages that cannot be looked into', unknown, (stage) => {
    const path = stage.landed();
    stage.ignore('node_modules');
    stage.put(join(path, 'node_modules/left-pad/index.js'));
    return { survives: [path], machine: (io) => failing(io, 'list', 'EACCES', (each) => each.endsWith('/left-pad')) };
  }),
  keeps('a worktree whose .git cannot be read', unknown, (stage) => {
    const path = stage.landed();
    return {
      survives: [path],
      machine: (io) => failing(io, 'readText', 'EACCES', (each) => each === join(path, '.git')),
    };
  }),
  keeps('everything, when the user’s git configuration cannot be read', { because: 'no pass' }, (stage) => {
    const path = stage.landed();
    return {
      survives: [path],
      lastly: () => void stage.put(join(stage.repo.home, '.gitconfig'), '[broken\n'),
      restores: false,
    };
  }),
  keeps('a worktree whose own configuration cannot be read', unknown, (stage) => {
    const path = stage.landed();
    stage.config('extensions.worktreeConfig', 'true');
    return {
      survives: [path],
      lastly: () => void stage.put(join(stage.registration(path), 'config.worktree'), '[broken\n'),
    };
  }),
  keeps('a worktree whose HEAD was lost with the power', { because: 'not a candidate' }, (stage) => {
    const path = stage.landed();
    stage.put(join(stage.registration(path), 'HEAD'), '');
    return { survives: [join(path, 'done.txt')] };
  }),
  keeps('unlanded work, when there is no room to make a proof in', { because: 'landing-unknown' }, (stage) => ({
    survives: [stage.unlanded()],
    env: { TMPDIR: stage.put(join(stage.place, 'not-a-directory')) },
  })),
  keeps('a worktree whose refs are kept in a way that is not understood', { because: 'landing-unknown' }, (stage) => {
    const path = stage.landed();
    mkdirSync(join(stage.commonDir, 'reftable'));
    return { survives: [path] };
  }),
  keeps('everything, when the configuration is in error', { because: 'no pass' }, (stage) => {
    const path = stage.landed();
    stage.put(join(stage.root, '.reaperrc'), 'worktrees:\n  idle: soon\n');
    return { survives: [path] };
  }),
  keeps(
    'everything in a repository that belongs to another user, which git refuses',
    { because: 'no pass', impossible: process.getuid?.() === 0 ? null : 'needs root' },
    (stage) => {
      const path = stage.landed();
      execFileSync('chown', ['-R', '12345', stage.root]);
      return { survives: [path], restores: false };
    },
  ),
  keeps(
    'a worktree that git cannot remove, which is no reason to remove it otherwise',
    { because: 'failed', incident: 'claude-code #58885' },
    (stage) => {
      const path = stage.landed();
      return { survives: [path], machine: (io) => failing(io, 'rename', 'EPERM', (from) => from === path) };
    },
  ),
  keeps('a worktree whose commits could not be pinned', { because: 'failed' }, (stage) => {
    const path = stage.landed();
    stage.impostor(on('update-ref', 'exit 1'));
    return { survives: [path] };
  }),
];

function old(path: string): void {
  execFileSync('touch', ['-d', '30 days ago', path]);
}
