/**
 * Which paths lie on a file system that answers at once, by the kernel's list of mounts.
 *
 * Contract: pure. A path lies where its nearest mount point above says, and where it is one, where that says.
 * Failure direction: a type that is not named here, and a line that is not understood, is not local.
 */
import { decodeOctal } from './mountinfo.ts';

/** Kept by the kernel on this machine's own devices or memory: no network, no user space, nothing automounted. */
const LOCAL_TYPES = new Set([
  'ext2',
  'ext3',
  'ext4',
  'xfs',
  'btrfs',
  'f2fs',
  'zfs',
  'overlay',
  'tmpfs',
  'ramfs',
  'bcachefs',
]);

/** @param mountinfo the text of `/proc/self/mountinfo` */
export function localPaths(mountinfo: string): (path: string) => boolean {
  const mounts = mountinfo.split('\n').filter((line) => line !== '');
  const at = mounts.map((line): [point: string, isLocal: boolean] => {
    const point = line.split(' ')[4] ?? '/';
    const type = /^.* - (\S+) /.exec(line)?.[1] ?? '';
    return [decodeOctal(point), LOCAL_TYPES.has(type)];
  });
  const others = new Set(at.flatMap(([point, isLocal]) => (isLocal ? [] : [point])));
  // Of two at one point, the later one lies on top.
  const known = new Map(at);
  const isLocalDirectory = (directory: string): boolean => {
    const answer = known.get(directory) ?? (directory !== '/' && isLocalDirectory(above(directory)));
    known.set(directory, answer);
    return answer;
  };
  return (path) => isLocalDirectory(above(path)) && !others.has(path);
}

function above(path: string): string {
  const end = path.lastIndexOf('/');
  return end > 0 ? path.slice(0, end) : '/';
}
