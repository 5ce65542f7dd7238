/**
 * Single processes, as the kernel shows them.
 *
 * Contract: synchronous and cheap; `/proc` where it exists, `kill(pid, 0)` everywhere.
 * Failure direction: only ESRCH is dead. EPERM is alive. What cannot be read is not guessed.
 */
import { readFileSync, readlinkSync } from 'node:fs';
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
  },
};

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

/** The command name may hold spaces and parentheses, so fields are counted from the last `)`. */
function recordOf(pid: number, stat: string, args: readonly string[]): ProcessRecord {
  const open = stat.indexOf('(');
  const close = stat.lastIndexOf(')');
  const fields = stat.slice(close + 2).split(' ');
  const startTicks = Number(fields[19]);
  const bootMs = bootTimeMs();
  return {
    pid,
    ppid: Number(fields[1]),
    command: stat.slice(open + 1, close),
    args,
    zombie: fields[0] === 'Z' || fields[0] === 'X',
    startedMs: bootMs === null || !Number.isFinite(startTicks) ? null : bootMs + (startTicks * 1000) / TICKS_PER_SECOND,
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
  if (cachedBootMs === undefined) {
    const seconds = /^btime (\d+)$/m.exec(readOr('/proc/stat'))?.[1];
    cachedBootMs = seconds === undefined ? null : Number(seconds) * 1000;
  }
  return cachedBootMs;
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
