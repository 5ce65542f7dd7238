/**
 * Who cannot be seen from here: the system around a container or a sandbox that this program runs in.
 *
 * Contract: nothing is read in the first PID namespace, where everybody is seen. Answers a sentence, or null.
 * Failure direction: what cannot be read leaves it possible that somebody is there, and a candidate is kept.
 */
import { isSharedUnseen, seesAll } from '../core/outlook.ts';
import { printable } from '../core/text.ts';
import type { Io } from '../io/ports.ts';

/** Why processes that cannot be seen may use a path, which is resolved; null when that cannot be. */
export type Unseen = (path: string) => string | null;

/** Looks around once. What lies outside the repository's own part of the disk is asked about as well as that. */
export async function unseenUsers({ disk, processes }: Io, commonDir: string): Promise<Unseen> {
  const { pidNamespace } = processes.host;
  if (seesAll(pidNamespace)) return () => null;
  // A /proc of the namespace above would name its own process 1.
  const self = await disk.readlink('/proc/self');
  const isOwnProc = self.ok && self.value === String(processes.self);
  const init = isOwnProc ? await disk.readText('/proc/1/comm') : null;
  const mounts = await disk.readText('/proc/self/mountinfo');
  const surroundings = {
    pidNamespace,
    init: init?.ok === true ? init.value.trim() : null,
    mounts: mounts.ok ? mounts.value : null,
  };
  const real = await disk.realpath(commonDir);
  const home = real.ok ? real.value : commonDir;
  return (path) => {
    const shared = [home, path].find((each) => isSharedUnseen(surroundings, each));
    return shared === undefined
      ? null
      : `this runs in a container or sandbox, and who uses ${printable(shared)} outside it cannot be seen. Next: run it outside`;
  };
}
