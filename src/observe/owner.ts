/**
 * Whether the owner that a lock, an entry, a claim or a certificate names is still there.
 *
 * Contract: asks the process port and lets `judge` decide. Failure direction: what cannot be
 * read leaves the answer to `judge`, for which only a proven death is dead.
 */

import { type Judgement, judge, type LockOwner, type OwnerRecord } from '../core/owners.ts';
import type { Io } from '../io/ports.ts';

export type NamedOwner = Pick<LockOwner, 'pid' | 'startedMs' | 'host'> & { readonly recordedMs: number | null };

/**
 * The named owner's liveness, and what it rests on.
 *
 * @param clockWasSet whether the wall clock was set since an earlier pass: then start times prove nothing
 */
export function ownerNow(io: Pick<Io, 'processes'>, owner: NamedOwner, clockWasSet = false): Judgement {
  const { pid, startedMs, recordedMs, host } = owner;
  return recordNow(io, { pid, startedMs, recordedMs, host, bootId: null, pidNamespace: null }, clockWasSet);
}

/**
 * What became of a recorded process. A number without a PID namespace may be that of a process in a container
 * that shares the repository; with one, a process in a container below this place is known by its number and
 * the ticks to its start, which the one kernel counts for all of them.
 */
export function recordNow({ processes }: Pick<Io, 'processes'>, record: OwnerRecord, clockWasSet = false): Judgement {
  const judged = judgeAs(processes, record, record.pid, clockWasSet);
  if ((record.pidNamespace ?? '') !== '') {
    const isSeen = judged.liveness === 'unknown' && livesBelow(processes, record);
    return isSeen ? { liveness: 'alive', why: 'running in a container' } : judged;
  }
  if (judged.liveness !== 'dead') return judged;
  const namesakes = processes.namesakes?.(record.pid) ?? (processes.namesakes === undefined ? [] : null);
  if (namesakes === null) return { liveness: 'unknown', why: 'whether it lives in a container could not be seen' };
  const mayBeIt = namesakes.some((pid) => judgeAs(processes, record, pid, clockWasSet).liveness !== 'dead');
  return mayBeIt ? { liveness: 'unknown', why: 'a process in a container has its number, and may be it' } : judged;
}

function livesBelow(processes: Io['processes'], { pid, bootId, startTicks = null }: OwnerRecord): boolean {
  if (startTicks === null || (bootId ?? '') === '' || bootId !== processes.host.bootId) return false;
  return (processes.namesakes?.(pid) ?? []).some((each) => {
    const seen = processes.read(each);
    return seen.ok && !seen.value.zombie && seen.value.startTicks === startTicks;
  });
}

/** Judges `record` by the process that has the number `pid` here. */
function judgeAs(processes: Io['processes'], record: OwnerRecord, pid: number, clockWasSet: boolean): Judgement {
  const process = processes.read(pid);
  const signal = processes.signal0(pid);
  const seen = process.ok ? process.value : null;
  return judge({ ...record, pid }, { signal, process: seen, here: processes.host, clockWasSet });
}
