/**
 * The machine, with one thing about it changed.
 *
 * Contract: wraps an `Io`; everything that is not named goes through.
 */
import type { Disk, DiskAnswer, GitAnswer, GitCall, Io, ProcessRecord } from '../../src/io/ports.ts';

/** Lets something happen just before or after a rename. */
export function onRename(
  io: Io,
  matches: (from: string, to: string) => boolean,
  event: { readonly before?: () => void; readonly after?: () => void },
): Io {
  const rename: Disk['rename'] = async (from, to) => {
    if (!matches(from, to)) return io.disk.rename(from, to);
    event.before?.();
    const answer = await io.disk.rename(from, to);
    event.after?.();
    return answer;
  };
  return { ...io, disk: { ...io.disk, rename } };
}

/** What a machine throws that kills the pass. */
export class Killed extends Error {}

/** A call on the disk that fails with `code` where `matches` says so. */
export function failing(io: Io, name: keyof Disk, code: string, matches: (path: string, to: string) => boolean): Io {
  const real = io.disk[name] as (...args: unknown[]) => Promise<DiskAnswer<unknown>>;
  const call = async (...args: unknown[]): Promise<DiskAnswer<unknown>> =>
    matches(String(args[0]), String(args[1])) ? { ok: false, code, why: `${code}: ${name} ${args[0]}` } : real(...args);
  return { ...io, disk: { ...io.disk, [name]: call } as Disk };
}

/** git that gives another answer where `answer` has one. */
export function answering(io: Io, answer: (call: GitCall) => GitAnswer | null): Io {
  return { ...io, git: { run: async (call) => answer(call) ?? io.git.run(call) } };
}

/** A process table in which `pid` is what is said here. */
export function withProcess(
  io: Io,
  pid: number,
  said: { readonly signal: 'alive' | 'dead' | 'unknown'; readonly record?: Partial<ProcessRecord> },
): Io {
  const { processes } = io;
  const record: ProcessRecord = {
    pid,
    ppid: 1,
    command: 'agent',
    args: [],
    zombie: false,
    startedMs: null,
    ...said.record,
  };
  return {
    ...io,
    processes: {
      ...processes,
      signal0: (each) => (each === pid ? said.signal : processes.signal0(each)),
      read: (each) => {
        if (each !== pid) return processes.read(each);
        return said.record === undefined
          ? { ok: false, code: 'EACCES', why: 'not permitted' }
          : { ok: true, value: record };
      },
    },
  };
}

/** The same machine at another time. */
export const at = (io: Io, shiftMs: number): Io => ({ ...io, clock: { nowMs: () => io.clock.nowMs() + shiftMs } });
