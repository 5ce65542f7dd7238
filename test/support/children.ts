/**
 * Real processes for tests: not our descendants (those never count), known to be running, and gone at the end.
 *
 * Contract: `elsewhere` leaves its process to init, as an agent in another terminal would be; it answers once
 * the process has printed `ready`. `endAll` kills what was started, by process id.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { sandbox } from './repo.ts';

const started = new Set<number>();

/** Polling for `ready` gives up after this. */
const READY_MS = 10_000;

/** Starts `sh -c script` in `cwd`, with `args` as `$1`...; the script prints `ready` when it is in place. */
export function elsewhere(script: string, options: { cwd?: string; args?: string[]; wrap?: string[] } = {}): number {
  const out = join(sandbox('out-'), 'out');
  const launcher = 'out=$1; shift; cd "$1"; shift; "$@" </dev/null >"$out" 2>&1 & echo $!';
  const wrap = options.wrap ?? [];
  const { stdout } = spawnSync(
    'sh',
    ['-c', launcher, 'sh', out, options.cwd ?? '/', ...wrap, 'sh', '-c', script, 'agent', ...(options.args ?? [])],
    { encoding: 'utf8' },
  );
  const pid = Number(stdout.trim());
  started.add(pid);
  waitFor(
    () => readFileSync(out, 'utf8').includes('ready'),
    () => readFileSync(out, 'utf8'),
  );
  if (options.wrap?.includes('-f') !== true) untilItBecame(pid, /exec (\w+) \d+$/.exec(script)?.[1]);
  return pid;
}

/** It prints before it is what it becomes; a look in between would see `sh`. */
function untilItBecame(pid: number, command: string | undefined): void {
  if (command === undefined || !existsSync('/proc/self/comm')) return;
  const present = () => readFileSync(`/proc/${pid}/comm`, 'utf8').trim();
  waitFor(() => present() === command, present);
}

/** Remembers a process to be ended, and gives it back. */
export function toBeEnded(pid: number): number {
  started.add(pid);
  return pid;
}

/** Ends every process that was started here. */
export function endAll(): void {
  for (const pid of started) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {}
  }
  started.clear();
}

/** Ends one process and waits until it has exited; collecting it is its parent's affair. */
export function end(pid: number): void {
  process.kill(pid, 'SIGKILL');
  waitFor(
    () => !isThere(pid),
    () => `process ${pid} is still there`,
  );
  started.delete(pid);
}

function isThere(pid: number): boolean {
  try {
    return !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

/** Polls for a presence, with a bound. */
export function waitFor(isSo: () => boolean, otherwise: () => string): void {
  const untilMs = Date.now() + READY_MS;
  while (!isSo()) {
    if (Date.now() > untilMs) throw new Error(`waited in vain: ${otherwise()}`);
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
  }
}

/** Stays until it is killed, without a child of its own. */
export const STAY = 'echo ready; exec sleep 600';

/** Stays as one process that keeps its arguments. */
export const STAY_TOLD = `exec "${process.execPath}" -e 'console.log("ready"); setInterval(() => 0, 1e6)' -- "$@"`;

/** True when a new mount namespace can be made here, and mounted in. */
export const canUnshare: boolean =
  spawnSync('unshare', ['-m', 'sh', '-c', 'mount -t tmpfs none /mnt'], { stdio: 'ignore' }).status === 0;

/** Runs a script as process `pid` of a PID namespace of its own, as in a container; answers its number here. */
export function inContainer(pid: number, script = STAY): number {
  const inner = `echo ${pid - 1} > /proc/sys/kernel/ns_last_pid; (${script}) & wait`;
  const starter = elsewhere(inner, { wrap: ['unshare', '-p', '-f', '--kill-child', '--mount-proc'] });
  const isIt = (name: string) => new RegExp(`^NSpid:\\t.*\\t${pid}$`, 'm').test(statusOf(name));
  const seen = readdirSync('/proc').find((name) => /^\d+$/.test(name) && isIt(name));
  if (seen === undefined) throw new Error(`process ${starter} started nobody with the number ${pid}`);
  return Number(seen);
}

function statusOf(name: string): string {
  try {
    return readFileSync(`/proc/${name}/status`, 'utf8');
  } catch {
    return '';
  }
}

/** True when the tests can become another user. */
export const canBecomeNobody: boolean =
  spawnSync('setpriv', ['--reuid=65534', '--clear-groups', process.execPath, '-e', '0'], { stdio: 'ignore' }).status ===
  0;
