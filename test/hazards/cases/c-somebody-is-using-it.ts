/** C. Somebody is using it: processes, claims, worktrees inside, and the caller. */
import { chmodSync, copyFileSync, mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { layout } from '../../../src/core/layout.ts';
import { STAY, STAY_TOLD } from '../../support/children.ts';
import { HOUR } from '../../support/repo.ts';
import { family, type Hazard } from '../hazard.ts';
import { claim } from '../ours.ts';
import { canMount, NEEDS_MOUNT, type Stage } from '../stage.ts';
import { deadPid } from './props.ts';

const { keeps, reclaims } = family('C');
const occupied = { because: 'occupied' } as const;
const claimed = { because: 'claimed' } as const;
const nested = { because: 'nested-worktree' } as const;

/** A process that is there once everything was dated back. */
const used = (start: (stage: Stage, path: string) => void) => (stage: Stage) => {
  const path = stage.landed();
  return { survives: [path], lastly: () => start(stage, path) };
};

const OPEN = 'exec 9<"$1"; echo ready; exec sleep 600';
const LISTEN = `require('net').createServer().listen(process.env.SOCKET, () => console.log('ready'))`;

/** Processes, by every way in which one can be told to be there. */
export const PROCESSES: readonly Hazard[] = [
  keeps(
    'a process that stands in it',
    occupied,
    used((stage, path) => stage.somebody(STAY, { cwd: path })),
  ),
  keeps('a process that stands deep inside it', occupied, (stage) => {
    const path = stage.landed();
    mkdirSync(join(path, 'a/b/c'), { recursive: true });
    return { survives: [path], lastly: () => void stage.somebody(STAY, { cwd: join(path, 'a/b/c') }) };
  }),
  keeps(
    'a process that is stopped, and stands in it',
    occupied,
    used((stage, path) => process.kill(stage.somebody(STAY, { cwd: path }), 'SIGSTOP')),
  ),
  keeps(
    'a process with a file open inside it',
    occupied,
    used((stage, path) => stage.somebody(OPEN, { args: [join(path, 'README.md')] })),
  ),
  keeps(
    'a process that holds the directory itself open',
    occupied,
    used((stage, path) => stage.somebody(OPEN, { args: [path] })),
  ),
  keeps(
    'a process that names it by its absolute path only',
    occupied,
    used((stage, path) => stage.somebody(STAY_TOLD, { args: [path] })),
  ),
  keeps(
    'a process that names a file in it behind an option',
    occupied,
    used((stage, path) => stage.somebody(STAY_TOLD, { args: [`--project=${join(path, 'README.md')}`] })),
  ),
  keeps(
    'a process that names it from where it stands',
    occupied,
    used((stage) => stage.somebody(STAY_TOLD, { cwd: stage.place, args: ['wt/agent-done/README.md'] })),
  ),
  keeps(
    'a process that names it through a symbolic link',
    occupied,
    used((stage) => {
      symlinkSync(join(stage.place, 'wt'), join(stage.place, 'link'));
      stage.somebody(STAY_TOLD, { args: [join(stage.place, 'link/agent-done')] });
    }),
  ),
  keeps('a process that holds a file in it open which was deleted since', occupied, (stage) => {
    const path = stage.landed();
    mkdirSync(join(path, 'run'));
    const script = 'exec 9<>"$1/scratch"; rm "$1/scratch"; shift; echo ready; exec sleep 600';
    return { survives: [path], lastly: () => void stage.somebody(script, { args: [join(path, 'run')] }) };
  }),
  keeps('a process that stands in a directory in it which was deleted since', occupied, (stage) => {
    const path = stage.landed();
    mkdirSync(join(path, 'run/gone'), { recursive: true });
    const script = 'rmdir "$1"; shift; echo ready; exec sleep 600';
    const gone = join(path, 'run/gone');
    return { survives: [path], lastly: () => void stage.somebody(script, { cwd: gone, args: [gone] }) };
  }),
  keeps('a process that runs a program built in it', occupied, (stage) => {
    const path = stage.landed();
    stage.ignore('dist');
    const program = join(path, 'dist/agent');
    mkdirSync(join(path, 'dist'));
    copyFileSync('/bin/sleep', program);
    chmodSync(program, 0o755);
    const script = 'echo ready; PATH=$1; exec agent 600';
    return { survives: [path], lastly: () => void stage.somebody(script, { args: [join(path, 'dist')] }) };
  }),
  keeps('a process that listens on a socket in it', occupied, (stage) => {
    const path = stage.landed();
    mkdirSync(join(path, 'run'));
    const script = `SOCKET=$1; export SOCKET; exec "${process.execPath}" -e "${LISTEN}"`;
    return { survives: [path], lastly: () => void stage.somebody(script, { args: [join(path, 'run/agent.sock')] }) };
  }),
  keeps(
    'a container into which it is mounted',
    { ...occupied, impossible: NEEDS_MOUNT },
    used((stage, path) => {
      const script = 'mount --bind "$1" /mnt; shift; echo ready; exec sleep 600';
      if (canMount) stage.somebody(script, { args: [path], wrap: ['unshare', '-m'] });
    }),
  ),
  keeps(
    'a process in another mount namespace that stands in it under another name',
    { ...occupied, impossible: NEEDS_MOUNT },
    used((stage) => {
      const script = 'mount --bind "$1" /mnt; cd /mnt/agent-done; shift; echo ready; exec sleep 600';
      if (canMount) stage.somebody(script, { args: [join(stage.place, 'wt')], wrap: ['unshare', '-m'] });
    }),
  ),
  keeps('a worktree whose owner is dead, with somebody else inside', occupied, (stage) => {
    const path = stage.landed();
    return {
      survives: [path],
      lastly: () => {
        stage.lock(path, `claude agent agent-7 (pid ${deadPid()})`);
        stage.somebody(STAY, { cwd: path });
      },
    };
  }),
];

/** Nobody there at the moment, and yet in use. */
export const WITHOUT_A_PROCESS: readonly Hazard[] = [
  keeps('an agent between two commands, whose claim has a lease', claimed, async (stage) => {
    const path = stage.landed();
    await claim(stage, path);
    return { survives: [path] };
  }),
  keeps('an agent between two commands that claimed the directory above', claimed, async (stage) => {
    const path = stage.landed();
    await claim(stage, join(stage.place, 'wt'));
    return { survives: [path] };
  }),
  keeps('an agent between two commands that claimed a directory inside', claimed, async (stage) => {
    const path = stage.landed();
    await claim(stage, join(path, 'packages/app'));
    return { survives: [path] };
  }),
  keeps('a claim of a process that runs elsewhere', claimed, async (stage) => {
    const path = stage.landed();
    await claim(stage, path, stage.somebody(STAY));
    return { survives: [path] };
  }),
  keeps('a claim that cannot be read, and was made today', { because: 'owner-unknown' }, (stage) => {
    const path = stage.landed();
    return {
      survives: [path],
      lastly: () => void stage.put(join(layout(stage.commonDir).claims, 'something.json'), '{"version": 2}'),
    };
  }),
  keeps('an agent between two commands that left a lock without a reason', { because: 'locked' }, (stage) => {
    const path = stage.landed();
    stage.git(['worktree', 'lock', path]);
    return { survives: [path] };
  }),
  keeps('a worktree that somebody used an hour ago, less a minute', { because: 'too-young' }, (stage) => ({
    survives: [stage.landed()],
    ageMs: HOUR - 60_000,
  })),
  keeps('a worktree in which somebody fetched a minute ago', { because: 'too-young' }, (stage) => {
    const path = stage.landed();
    const registration = stage.registration(path);
    return { survives: [path], lastly: () => void stage.put(join(registration, 'FETCH_HEAD'), '') };
  }),
  keeps('the worktree that the caller stands in', { because: 'current' }, (stage) => {
    const path = stage.landed();
    return { survives: [path], from: path };
  }),
  keeps('the worktree that the caller stands deep inside of', { because: 'current' }, (stage) => {
    const path = stage.landed();
    mkdirSync(join(path, 'a/b'), { recursive: true });
    return { survives: [path], from: join(path, 'a/b') };
  }),
  keeps('the worktree that the caller entered through a symbolic link', { because: 'current' }, (stage) => {
    const path = stage.landed();
    symlinkSync(path, join(stage.place, 'link'));
    return { survives: [path], from: join(stage.place, 'link') };
  }),
];

/** Worktrees inside worktrees. */
export const INSIDE: readonly Hazard[] = [
  keeps('a linked worktree with uncommitted work inside an ignored directory', nested, (stage) => {
    const path = stage.landed();
    stage.ignore('.worktrees');
    const inner = stage.fresh('inner', join(path, '.worktrees/inner'));
    stage.put(join(inner, 'uncommitted.txt'));
    return { survives: [path, inner] };
  }),
  keeps('a linked worktree deeper inside packages than anybody looks', nested, (stage) => {
    const path = stage.landed();
    stage.ignore('node_modules');
    stage.put(join(path, 'node_modules/.package-lock.json'), '{}\n');
    const inner = stage.fresh('inner', join(path, 'node_modules/.cache/a/b/c/inner'));
    stage.put(join(inner, 'uncommitted.txt'));
    return { survives: [path, inner] };
  }),
  keeps('a worktree of a person inside an agent’s', nested, (stage) => {
    const path = stage.landed();
    stage.ignore('mine');
    stage.git(['worktree', 'add', '-q', '-b', 'feature/mine', join(path, 'mine')]);
    return { survives: [path, join(path, 'mine')] };
  }),
];

/** Nobody is there. */
export const NOBODY: readonly Hazard[] = [
  reclaims('a landed worktree beside one that somebody stands in, of almost the same name', (stage) => {
    const path = stage.landed('fix');
    const neighbour = stage.landed('fix-2');
    return { goes: [path], survives: [neighbour], lastly: () => void stage.somebody(STAY, { cwd: neighbour }) };
  }),
  reclaims('a landed worktree that a dead process claimed', async (stage) => {
    const path = stage.landed();
    const pid = stage.somebody(STAY);
    await claim(stage, path, pid);
    return { goes: [path], lastly: () => process.kill(pid, 'SIGKILL') };
  }),
  reclaims('a landed worktree whose claim has lapsed', async (stage) => {
    const path = stage.landed();
    await claim(stage, path, null, 1000);
    const machine: NonNullable<Awaited<ReturnType<Hazard['make']>>['machine']> = (io) => ({
      ...io,
      clock: { nowMs: () => io.clock.nowMs() + HOUR },
    });
    return { goes: [path], machine };
  }),
  reclaims('agents’ worktrees that were nested in each other, from the inside out', (stage) => {
    const path = stage.landed();
    stage.ignore('.claude');
    const inner = stage.landed('inner', join(path, '.claude/worktrees/inner'));
    return { goes: [inner, path], passes: 2 };
  }),
];
