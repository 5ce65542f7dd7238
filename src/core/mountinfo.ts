/**
 * The kernel's list of mounts, and the other names a directory has because of them.
 *
 * Contract: pure. Paths are absolute and resolved; a directory is found by the device and the path
 * within its file system, which is the same in every mount namespace.
 * Failure direction: a line that is not understood is left out of the other names, and makes
 * `parseMountinfo` answer null, which callers take for unknown.
 */
import { isInside } from './paths.ts';

export interface Mount {
  /** `major:minor` of the file system. */
  readonly device: string;
  /** The directory of that file system which is mounted here. */
  readonly root: string;
  readonly point: string;
}

/** Parses `/proc/PID/mountinfo`; null when any line is not of its form. */
export function parseMountinfo(text: string): Mount[] | null {
  const mounts: Mount[] = [];
  for (const line of text.split('\n')) {
    if (line === '') continue;
    const [, , device, root, point] = line.split(' ');
    if (device === undefined || !/^\d+:\d+$/.test(device) || root === undefined || point === undefined) return null;
    mounts.push({ device, root: decodeOctal(root), point: decodeOctal(point) });
  }
  return mounts;
}

/** One of the directories that an overlay file system is made of. */
export interface Layer {
  readonly directory: string;
  /** Where the overlay is mounted. */
  readonly point: string;
}

/** The directories that overlay file systems are made of: below them lies what is seen, and written, through the mount. */
export function parseOverlays(text: string): Layer[] {
  return text.split('\n').flatMap((line) => {
    const [type, , options = ''] = line.slice(line.lastIndexOf(' - ') + 3).split(' ');
    const [, , , , point = ''] = line.split(' ');
    if (type !== 'overlay') return [];
    return options.split(',').flatMap((option) => {
      const [, paths] = /^(?:lowerdir|upperdir|workdir)=(.*)$/.exec(option) ?? [];
      return (paths ?? '')
        .split(':')
        .filter((path) => path.startsWith('/'))
        .map((path) => ({ directory: decodeOctal(path), point: decodeOctal(point) }));
    });
  });
}

/** Parses the output of BSD's `mount`: `<device> on <point> (<options>)`. Mount points only. */
export function parseMountOutput(text: string): string[] | null {
  const points: string[] = [];
  for (const line of text.split('\n')) {
    if (line === '') continue;
    const point = /^.+? on (\/.*) \([^()]*\)$/.exec(line)?.[1];
    if (point === undefined) return null;
    points.push(point);
  }
  return points;
}

/** Space, tab, newline and backslash are written as three octal digits. */
export const decodeOctal = (text: string): string =>
  text.replace(/\\([0-7]{3})/g, (_whole, digits) => String.fromCharCode(Number.parseInt(digits, 8)));

/** A directory's place in its file system, wherever that is mounted. */
export interface FilePlace {
  readonly device: string;
  readonly path: string;
}

/** The file system and the path in it that `path` leads to, or null when no mount covers it. */
export function placeOf(path: string, mounts: readonly Mount[]): FilePlace | null {
  let best: Mount | null = null;
  // Of mounts at one point the last one listed covers the others.
  for (const mount of mounts)
    if (isInside(path, mount.point) && mount.point.length >= (best?.point.length ?? 0)) best = mount;
  return best === null ? null : { device: best.device, path: join(best.root, below(path, best.point)) };
}

/** How a directory is seen through a list of mounts. */
export interface Views {
  /** Paths that lead to it, or to a part of it. */
  readonly names: readonly string[];
  /** True when it, or a part of it, was mounted for its own sake, and not as part of something larger. */
  readonly isMounted: boolean;
}

/** Under which paths `place` can be seen through `mounts`, which may be another namespace's. */
export function viewsOf(place: FilePlace, mounts: readonly Mount[]): Views {
  const names: string[] = [];
  let isMounted = false;
  for (const mount of mounts) {
    if (mount.device !== place.device) continue;
    if (isInside(mount.root, place.path)) {
      names.push(mount.point);
      isMounted = true;
    } else if (isInside(place.path, mount.root)) {
      names.push(join(mount.point, below(place.path, mount.root)));
    }
  }
  return { names, isMounted };
}

/** Under which paths the directory `path` can be seen through overlays; it counts as mounted where it is, or holds, a layer. */
export function viewsThrough(path: string, layers: readonly Layer[]): Views {
  const holding = layers.filter(({ directory }) => isInside(path, directory));
  return {
    names: holding.map(({ directory, point }) => join(point, below(path, directory))),
    isMounted: layers.some(({ directory }) => isInside(directory, path)),
  };
}

const below = (path: string, directory: string): string =>
  path === directory ? '' : path.slice(directory === '/' ? 1 : directory.length + 1);

const join = (directory: string, rest: string): string =>
  rest === '' ? directory : `${directory === '/' ? '' : directory}/${rest}`;
