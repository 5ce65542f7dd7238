/**
 * Whether the owner that a lock or an entry names is still there.
 *
 * Contract: asks the process port and lets `judge` decide. Failure direction: what cannot be
 * read leaves the answer to `judge`, for which only a proven death is dead.
 */

import { type Judgement, judge, type LockOwner } from '../core/owners.ts';
import type { Io } from '../io/ports.ts';

export type NamedOwner = Pick<LockOwner, 'pid' | 'startedMs' | 'host'> & { readonly recordedMs: number | null };

/**
 * The named owner's liveness, and what it rests on. A number says nothing of its PID namespace: whoever has it in a
 * container that shares the repository may be the owner too.
 *
 * @param clockWasSet whether the wall clock was set since an earlier pass: then start times prove nothing
 */
export function ownerNow({ processes }: Pick<Io, 'processes'>, owner: NamedOwner, clockWasSet = false): Judgement {
  const judged = judgeNow(processes, owner, clockWasSet);
  if (judged.liveness !== 'dead') return judged;
  const namesakes = processes.namesakes?.(owner.pid) ?? (processes.namesakes === undefined ? [] : null);
  if (namesakes === null) return { liveness: 'unknown', why: 'whether it lives in a container could not be seen' };
  const mayBeIt = namesakes.some((pid) => judgeNow(processes, { ...owner, pid }, clockWasSet).liveness !== 'dead');
  return mayBeIt ? { liveness: 'unknown', why: 'a process in a container has its number, and may be it' } : judged;
}

function judgeNow(processes: Io['processes'], owner: NamedOwner, clockWasSet: boolean): Judgement {
  const process = processes.read(owner.pid);
  return judge(
    {
      pid: owner.pid,
      startedMs: owner.startedMs,
      recordedMs: owner.recordedMs,
      host: owner.host,
      bootId: null,
      pidNamespace: null,
    },
    {
      signal: processes.signal0(owner.pid),
      process: process.ok ? process.value : null,
      here: processes.host,
      clockWasSet,
    },
  );
}
