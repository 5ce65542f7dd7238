/**
 * Whether this process sees everybody who may be using a path.
 *
 * Contract: pure. A PID namespace below the first one hides all processes outside it, and a container or a
 * sandbox often shows directories of the system around it: worktrees that somebody works in out there.
 * Failure direction: what cannot be told apart from a directory that is shared counts as shared.
 */
import { decodeOctal } from './mountinfo.ts';
import { isInside } from './paths.ts';

/** The number that the kernel gives the first PID namespace, in which every process is seen (PROC_PID_INIT_INO). */
const FIRST_PID_NAMESPACE = 'pid:[4026531836]';

/**
 * Process 1 of a system that was booted, with disks of its own: LXC, or WSL 2, which calls it `init(Ubuntu`.
 * Containers for one program start that.
 */
const BOOTED = /^(?:systemd|init)(?:\(|$)/;

/** Of the kernel, and of containers that nobody's privileges are needed for. */
const OVERLAYS = new Set(['overlay', 'fuse.fuse-overlayfs']);

export interface Surroundings {
  /** The link of `/proc/self/ns/pid`; empty where there is none. */
  readonly pidNamespace: string;
  /** The name of process 1 as seen from here; null where it cannot be read. */
  readonly init: string | null;
  /** `/proc/self/mountinfo`; null where it cannot be read. */
  readonly mounts: string | null;
}

/** True when no PID namespace lies around this one, or there are none: nothing else has to be read. */
export const seesAll = (pidNamespace: string): boolean => pidNamespace === '' || pidNamespace === FIRST_PID_NAMESPACE;

/** True when processes that cannot be seen from here may use `path`, which is absolute and resolved. */
export function isSharedUnseen({ pidNamespace, init, mounts }: Surroundings, path: string): boolean {
  if (seesAll(pidNamespace)) return false;
  const mount = mounts === null ? null : mountOf(mounts, path);
  if (mount === null) return true;
  // The root of a container is an overlay that nobody else writes to; that of a sandbox may be the system's own.
  if (init === null || !BOOTED.test(init)) return mount.point !== '/' || !OVERLAYS.has(mount.type);
  return mount.point !== '/' && mount.root !== '/';
}

interface TypedMount {
  readonly root: string;
  readonly point: string;
  readonly type: string;
}

/** The mount that `path` lies on; of several at one point the last. */
function mountOf(text: string, path: string): TypedMount | null {
  let best: TypedMount | null = null;
  for (const line of text.split('\n')) {
    const [, , , root, at] = line.split(' ');
    if (root === undefined || at === undefined) continue;
    const point = decodeOctal(at);
    if (!isInside(path, point) || point.length < (best?.point.length ?? 0)) continue;
    const [type = ''] = line.slice(line.lastIndexOf(' - ') + 3).split(' ');
    best = { root: decodeOctal(root), point, type };
  }
  return best;
}
