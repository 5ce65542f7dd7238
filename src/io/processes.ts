/**
 * Single processes, as the kernel shows them.
 *
 * Contract: synchronous and cheap; `/proc` where it exists, `kill(pid, 0)` everywhere.
 * Failure direction: only ESRCH is dead. EPERM is alive. What cannot be read is not guessed.
 */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import type { DiskAnswer, ProcessPort, ProcessRecord } from './ports.ts';

/** USER_HZ, the unit of starttime in /proc/PID/stat; 100 on every Linux architecture Node runs on. */
const TICKS_PER_SECOND = 100;

export const processes: ProcessPort = {
  self: process.pid,
  signal0,
  read,
  host: {
    name: hostname(),
    bootId: readOr('/proc/sys/kernel/random/boot_id'),
    pidNamespace: linkOr('/proc/self/ns/pid'),
    get bootTimeMs() {
      return bootTimeMs();
    },
  },
};

/** Whether nobody goes on with a file that process `pid` was writing: it is dead, or it is this one, which is asking. */
export const writerIsGone = ({ self, signal0 }: Pick<ProcessPort, 'self' | 'signal0'>, pid: number): boolean =>
  pid === self || signal0(pid) === 'dead';

function signal0(pid: number): 'alive' | 'dead' | 'unknown' {
  if (!Number.isSafeInteger(pid) || pid <= 0) return 'unknown';
  try {
    process.kill(pid, 0);
    return 'alive';
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ESRCH') return 'dead';
    return code === 'EPERM' ? 'alive' : 'unknown';
  }
}

function read(pid: number): DiskAnswer<ProcessRecord> {
  try {
    return { ok: true, value: recordOf(pid, readFileSync(`/proc/${pid}/stat`, 'utf8'), commandLine(pid)) };
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    return { ok: false, code: code ?? 'UNKNOWN', why: message };
  }
}

/** A pass asks about many numbers within moments; whoever is younger than this wrote nothing that is old enough to go. */
const CENSUS_MS = 1_000;

/** Answers who has a number in a PID namespace below this one, from one look at all processes for many questions. */
export function createCensus(): NonNullable<ProcessPort['namesakes']> {
  let takenMs = Number.NEGATIVE_INFINITY;
  let byInnerPid: ReadonlyMap<number, readonly number[]> | null = null;
  return (pid) => {
    if (performance.now() - takenMs > CENSUS_MS) {
      byInnerPid = takeCensus();
      takenMs = performance.now();
    }
    return byInnerPid === null ? null : (byInnerPid.get(pid) ?? []);
  };
}

/** The numbers that processes have in namespaces below this one: all but the first of `NSpid`, where there are more. */
function takeCensus(): Map<number, number[]> | null {
  const byInnerPid = new Map<number, number[]>();
  let names: string[];
  try {
    names = readdirSync('/proc').filter((name) => /^[1-9]\d*$/.test(name));
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT' ? byInnerPid : null;
  }
  for (const name of names) {
    const numbers = /^NSpid:\t(.*)$/m.exec(readOr(`/proc/${name}/status`))?.[1]?.split('\t') ?? [];
    for (const inner of numbers.slice(1).map(Number))
      byInnerPid.set(inner, [...(byInnerPid.get(inner) ?? []), Number(name)]);
  }
  return byInnerPid;
}

function recordOf(pid: number, text: string, args: readonly string[]): ProcessRecord {
  const { ppid, command, zombie, startTicks } = parseStat(text);
  const bootMs = bootTimeMs();
  const startedMs = bootMs === null || startTicks === null ? null : bootMs + (startTicks * 1000) / TICKS_PER_SECOND;
  return { pid, ppid, command, args, zombie, startedMs, startTicks };
}

/** The fields of `/proc/PID/stat` that are used here. */
export interface StatFields {
  readonly ppid: number;
  readonly command: string;
  /** Exited and not collected. A process whose first thread ended while others run is not one. */
  readonly zombie: boolean;
  readonly kernelThread: boolean;
  readonly startTicks: number | null;
}

/** PF_KTHREAD of the kernel's `sched.h`. */
const KERNEL_THREAD = 0x00200000;

/** The command name may hold spaces and parentheses, so fields are counted from the last `)`. */
export function parseStat(text: string): StatFields {
  const open = text.indexOf('(');
  const close = text.lastIndexOf(')');
  const fields = text.slice(close + 2).split(' ');
  const startTicks = Number(fields[19]);
  const isOver = fields[0] === 'Z' || fields[0] === 'X';
  return {
    ppid: Number(fields[1]),
    command: text.slice(open + 1, close),
    zombie: isOver && !(Number(fields[17]) > 1),
    kernelThread: (Number(fields[6]) & KERNEL_THREAD) !== 0,
    startTicks: fields[19] !== undefined && Number.isFinite(startTicks) ? startTicks : null,
  };
}

function commandLine(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8')
      .split('\0')
      .filter((arg) => arg !== '');
  } catch {
    return [];
  }
}

let cachedBootMs: number | null | undefined;

function bootTimeMs(): number | null {
  if (cachedBootMs === undefined) cachedBootMs = readBootTimeMs();
  return cachedBootMs;
}

/** The boot time has whole seconds, the start of this process a tick. */
const BOOT_TIME_GRAIN_MS = 2_000;

/**
 * Some containers show a boot time of their own beside the host's tick counts, which makes every process
 * seem to start later than it did. This process knows its own start, so such a boot time is not used.
 */
function readBootTimeMs(): number | null {
  const seconds = /^btime (\d+)$/m.exec(readOr('/proc/stat'))?.[1];
  const { startTicks } = parseStat(readOr('/proc/self/stat'));
  if (seconds === undefined || startTicks === null) return null;
  const bootMs = Number(seconds) * 1000;
  const ownStartMs = Date.now() - process.uptime() * 1000;
  return bootMs + (startTicks * 1000) / TICKS_PER_SECOND <= ownStartMs + BOOT_TIME_GRAIN_MS ? bootMs : null;
}

function readOr(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return '';
  }
}

function linkOr(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}
