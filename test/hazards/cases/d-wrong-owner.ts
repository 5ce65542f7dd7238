/** D. Wrong idea of who owns it: locks, process numbers, leftovers, and a person's own worktrees. */
import { mkdirSync, rmSync, utimesSync } from 'node:fs';
import { hostname } from 'node:os';
import { basename, join } from 'node:path';
import { layout } from '../../../src/core/layout.ts';
import { STAY } from '../../support/children.ts';
import { DAY, HOUR } from '../../support/repo.ts';
import { type Because, family, type Hazard, type Scene } from '../hazard.ts';
import { withProcess } from '../machines.ts';
import { claim } from '../ours.ts';
import type { Stage } from '../stage.ts';
import { certificate, deadPid, startDate } from './props.ts';

const { keeps, reclaims } = family('D');
const alive = { because: 'owner-alive' } as const;
const unsure = { because: 'owner-unknown' } as const;
const locked = { because: 'locked' } as const;
const notOurs = { because: 'not a candidate' } as const;

/** A landed worktree, locked today. */
const lockedAs =
  (reason: (stage: Stage) => string, more: Partial<Scene> = {}) =>
  (stage: Stage) => {
    const path = stage.landed();
    return { survives: [path], lastly: () => stage.lock(path, reason(stage)), ...more };
  };

/** A number that no process of this machine has while a test runs. */
const NUMBER = 4_194_000;
const NOW = () => Date.now();

/** Locks whose owner lives, or may live. */
export const LOCKS: readonly Hazard[] = [
  keeps(
    'a lock whose process runs',
    alive,
    lockedAs((stage) => `claude agent agent-7 (pid ${stage.somebody(STAY)})`),
  ),
  keeps(
    'a lock whose process runs, and started when the lock says',
    alive,
    lockedAs((stage) => {
      const pid = stage.somebody(STAY);
      return `claude session fix (pid ${pid} start ${startDate(pid)})`;
    }),
  ),
  keeps(
    'a lock whose start date was written in another time zone',
    alive,
    lockedAs((stage) => {
      const pid = stage.somebody(STAY);
      return `claude session fix (pid ${pid} start ${startDate(pid, -9 * HOUR)})`;
    }),
  ),
  keeps(
    'a lock that names a daemon, which never ends',
    alive,
    lockedAs(() => `openclaw pid=1`, {
      machine: (io) => withProcess(io, 1, { signal: 'alive', record: { startedMs: 0 } }),
    }),
  ),
  keeps(
    'a lock that names a process of another user, whom no signal may reach',
    alive,
    lockedAs(() => `claude agent agent-7 (pid ${NUMBER})`, {
      machine: (io) => withProcess(io, NUMBER, { signal: 'alive' }),
    }),
  ),
  keeps(
    'a lock whose process cannot be asked about',
    unsure,
    lockedAs(() => `claude agent agent-7 (pid ${NUMBER})`, {
      machine: (io) => withProcess(io, NUMBER, { signal: 'unknown' }),
    }),
  ),
  keeps(
    'a lock of a process with this number on another host, on a shared disk',
    unsure,
    lockedAs(() => `agent pid=${deadPid()} session=s host=another-host ts=${Math.round(NOW() / 1000)}`),
  ),
  keeps(
    'a lock of process 2 of a container, which has a host name of its own',
    unsure,
    lockedAs(() => 'agent pid=2 session=s host=4f1e9a77b2c1 ts=2026-01-01T00:00:00Z'),
  ),
  keeps('a worktree without a lock, whose maker the hook wrote down and is still running', alive, (stage) => {
    const path = stage.landed();
    return { survives: [path], lastly: () => bornOf(stage, path, stage.somebody(STAY)) };
  }),
  keeps('a worktree without a lock, whose birth certificate cannot be read', unsure, (stage) => {
    const path = stage.landed();
    const lastly = () => void stage.put(certificateOf(stage, path), 'not a certificate\n');
    return { survives: [path], lastly };
  }),
  keeps('the registration of a deleted worktree whose maker is still running', alive, (stage) => {
    const path = stage.landed();
    const registration = stage.registration(path);
    const certificate = certificateOf(stage, path);
    rmSync(path, { recursive: true });
    stage.put(join(path, '../something-else'));
    return { survives: [registration], lastly: () => bornOf(stage, certificate, stage.somebody(STAY)) };
  }),
  keeps(
    'a lock of a process that started just before it, on this host',
    alive,
    lockedAs(
      (stage) => `agent pid=${stage.somebody(STAY)} session=s host=${hostname()} ts=${Math.round(NOW() / 1000)}`,
    ),
  ),
];

const certificateOf = (stage: Stage, path: string): string =>
  path.includes('/makers/') ? path : join(layout(stage.commonDir).makers, basename(stage.registration(path)));

/** What the hook writes when an agent adds a worktree. */
function bornOf(stage: Stage, path: string, pid: number): void {
  stage.put(certificateOf(stage, path), certificate(pid));
}

/** Locks that nobody understands. */
export const NOT_UNDERSTOOD: readonly Hazard[] = [
  ...(
    [
      ['in words', 'do not touch, Anna'],
      ['by a tool nobody here knows', 'held by frobnicator 12'],
      ['while it is being set up', 'initializing'],
      ['with a number alone', '4242'],
      ['by process 0', 'claude agent agent-7 (pid 0)'],
      ['by process -1', 'claude agent agent-7 (pid -1)'],
      ['by process 007', 'claude agent agent-7 (pid 007)'],
      ['by a process with too large a number', 'claude agent agent-7 (pid 99999999999)'],
      ['by an agent, with a remark behind', `claude agent agent-7 (pid ${NUMBER}) but keep it`],
      ['in two lines', `Anna is still working here\nclaude agent agent-7 (pid ${NUMBER})`],
      ['with a field missing', `agent pid=${NUMBER} session=s host=h`],
    ] as const
  ).map(([how, reason]) =>
    keeps(
      `a lock that was taken ${how}`,
      locked,
      lockedAs(() => reason),
    ),
  ),
  keeps('a lock that is a directory', { because: 'no pass' }, (stage) => {
    const path = stage.landed();
    mkdirSync(join(stage.registration(path), 'locked'));
    return { survives: [path] };
  }),
];

/** What belongs to a person, and resembles what belongs to an agent. */
export const PERSONS_OWN: readonly Hazard[] = [
  ...['agents/x', 'Agent/x', 'agent-x', 'my/agent/x', 'feature/agent'].map((branch) =>
    keeps(`a person's worktree on ${branch}`, notOurs, (stage) => {
      const path = join(stage.place, 'wt/mine');
      stage.git(['worktree', 'add', '-q', '-b', branch, path]);
      return { survives: [path] };
    }),
  ),
  keeps('a worktree that a person took out of the patterns', notOurs, (stage) => {
    const path = stage.landed('keep');
    stage.git(['config', '--add', 'reaper.branches', 'agent/*']);
    stage.git(['config', '--add', 'reaper.branches', '!agent/keep']);
    return { survives: [path] };
  }),
  keeps('the main worktree, with an agent’s branch checked out', notOurs, (stage) => {
    stage.git(['checkout', '-q', '-b', 'agent/here']);
    return { survives: [join(stage.root, 'README.md')] };
  }),
  keeps('a copy of a landed worktree that git does not know of', notOurs, (stage) => {
    const path = stage.unlanded();
    const copy = join(stage.place, 'wt/copy');
    mkdirSync(copy);
    stage.put(join(copy, 'done.txt'), 'copied and changed\n');
    return { survives: [copy, path] };
  }),
  keeps('a detached worktree in which a person bisects, under no managed path', notOurs, (stage) => {
    const path = join(stage.place, 'elsewhere');
    stage.git(['worktree', 'add', '-q', '--detach', path]);
    return { survives: [path] };
  }),
];

/** A leftover of process `pid` in the main worktree, dated back with everything else. */
const leftover = (stage: Stage, pid: number | string, file = 'data'): string => {
  const path = join(stage.root, '.agent-config', `pack-compose.staging-${pid}`);
  stage.put(join(path, file), 'half done\n');
  return path;
};

/** A directory outside the repository that the user's own configuration names. */
function directory(stage: Stage, keepIf: readonly object[]): string {
  const document = { directories: [{ path: '~/.tool/teams/*', age: '24h', keepIf }] };
  stage.put(join(stage.repo.home, '.config/reaper-hook/config.json'), JSON.stringify(document));
  const path = join(stage.repo.home, '.tool/teams/one');
  mkdirSync(path, { recursive: true });
  return path;
}

const leftBy = (because: Because, name: string, make: (stage: Stage) => Scene): Hazard =>
  keeps(name, { because }, make);

/** Leftovers whose owner lives, or that are not leftovers. */
export const LEFTOVERS: readonly Hazard[] = [
  leftBy('owner-alive', 'a leftover whose process runs', (stage) => {
    const pid = stage.somebody(STAY);
    const path = leftover(stage, pid);
    // Older than a day, and younger than the process could be.
    return { survives: [path], machine: (io) => withProcess(io, pid, { signal: 'alive', record: { startedMs: 0 } }) };
  }),
  leftBy('owner-alive', 'a leftover of process 1', (stage) => {
    const path = leftover(stage, 1);
    return { survives: [path], machine: (io) => withProcess(io, 1, { signal: 'alive', record: { startedMs: 0 } }) };
  }),
  leftBy('owner-alive', 'a leftover whose process belongs to another user', (stage) => {
    const path = leftover(stage, NUMBER);
    return { survives: [path], machine: (io) => withProcess(io, NUMBER, { signal: 'alive' }) };
  }),
  leftBy('owner-unknown', 'a leftover whose process cannot be asked about', (stage) => {
    const path = leftover(stage, NUMBER);
    return { survives: [path], machine: (io) => withProcess(io, NUMBER, { signal: 'unknown' }) };
  }),
  keeps('a leftover of a dead process that somebody else claims', { because: 'claimed' }, async (stage) => {
    const path = leftover(stage, deadPid());
    await claim(stage, path);
    return { survives: [path] };
  }),
  leftBy('rule', 'a directory of a tool, kept by the rule of the user that names it', (stage) => {
    const path = directory(stage, [{ files: 'tasks/*.json', jsonEquals: { pointer: '/status', values: ['open'] } }]);
    stage.put(join(path, 'tasks/1.json'), '{"status": "open"}\n');
    return { survives: [path] };
  }),
  leftBy('unknown', 'a directory of a tool, whose state cannot be understood', (stage) => {
    const path = directory(stage, [{ files: 'tasks/*.json', jsonEquals: { pointer: '/status', values: ['open'] } }]);
    stage.put(join(path, 'tasks/1.json'), '{"status": \n');
    return { survives: [path] };
  }),
  leftBy('too-young', 'a leftover of a dead process in which one file is of today', (stage) => {
    const path = leftover(stage, deadPid(), 'deep/inside/data');
    return {
      survives: [path],
      lastly: () => {
        const file = stage.put(join(path, 'deep/inside/data'), 'just now\n');
        const then = new Date(Date.now() - 30 * DAY);
        for (const each of ['', 'deep', 'deep/inside']) utimesSync(join(path, each), then, then);
        utimesSync(file, new Date(), new Date());
      },
    };
  }),
  leftBy('occupied', 'a leftover of a dead process in which somebody else has a file open', (stage) => {
    const path = leftover(stage, deadPid());
    const script = 'exec 9<"$1"; echo ready; exec sleep 600';
    return { survives: [path], lastly: () => void stage.somebody(script, { args: [join(path, 'data')] }) };
  }),
];

/** Owners that are gone. */
export const OWNERLESS: readonly Hazard[] = [
  reclaims('a landed worktree whose lock names a dead process', (stage) => {
    const path = stage.landed();
    return { goes: [path], lastly: () => stage.lock(path, `claude agent agent-7 (pid ${deadPid()})`) };
  }),
  reclaims('a landed worktree whose lock names a number that another process was given since', (stage) => {
    const path = stage.landed();
    stage.lock(path, `claude agent agent-7 (pid ${stage.somebody(STAY)})`);
    return { goes: [path] };
  }),
  reclaims('a landed worktree whose lock tells another start than the process has', (stage) => {
    const path = stage.landed();
    const lastly = () => {
      const pid = stage.somebody(STAY);
      stage.lock(path, `claude session fix (pid ${pid} start ${startDate(pid, -40 * DAY)})`);
    };
    return { goes: [path], lastly };
  }),
  reclaims('a landed worktree whose owner has exited and was not waited for', (stage) => {
    const path = stage.landed();
    const zombie = { signal: 'alive', record: { zombie: true } } as const;
    return {
      goes: [path],
      lastly: () => stage.lock(path, `openclaw pid=${NUMBER}`),
      machine: (io) => withProcess(io, NUMBER, zombie),
    };
  }),
  reclaims('a leftover directory of a dead process', (stage) => ({ goes: [leftover(stage, deadPid())] })),
  reclaims('a leftover file of a dead process, in a linked worktree', (stage) => {
    const worktree = stage.unlanded();
    const path = join(worktree, '.orchestrator-state', `active-session-${deadPid()}`);
    stage.put(path, '{}\n');
    return { goes: [path] };
  }),
  reclaims('a leftover whose number another process was given since', (stage) => ({
    goes: [leftover(stage, stage.somebody(STAY))],
  })),
];
