/**
 * Whether the owner that a lock or an entry names is still there.
 *
 * Contract: asks the process port and lets `judge` decide. Failure direction: what cannot be
 * read leaves the answer to `judge`, for which only a proven death is dead.
 */

import type { Liveness } from '../core/model.ts';
import { judge, type LockOwner } from '../core/owners.ts';
import type { Io } from '../io/ports.ts';

export type NamedOwner = Pick<LockOwner, 'pid' | 'startedMs' | 'host'> & { readonly recordedMs: number | null };

/**
 * The named owner's liveness, and what it rests on.
 *
 * @param clockWasSet whether the wall clock was set since an earlier pass: then start times prove nothing
 */
export function ownerNow(
  { processes }: Pick<Io, 'processes'>,
  owner: NamedOwner,
  clockWasSet = false,
): { liveness: Liveness; why: string } {
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
