/**
 * Mount points at or below a directory: moving or purging it would reach into another file system.
 *
 * Contract: the file of a loop device and the directories of an overlay file system count as mount points. The
 * mount list is read once per reader, that is once a pass; besides it, only the directory and its parent are
 * looked at.
 * Failure direction: a list that cannot be read or understood makes the fact unknown. A mount at the
 * directory itself is also seen by its device, should the list lack it.
 */
import { dirname } from 'node:path';
import { type Fact, known, unknown } from '../core/model.ts';
import { parseMountinfo, parseMountOutput, parseOverlays } from '../core/mountinfo.ts';
import { isInside } from '../core/paths.ts';
import { readLoopFiles, readMounts } from '../io/mounttable.ts';
import type { DiskReader } from '../io/ports.ts';

export interface MountReader {
  /** Mount points at or below `path`. */
  inside(path: string): Promise<Fact<readonly string[]>>;
}

/** Makes a reader that remembers the mount list; a look after something was moved needs a new one. */
export function createMountReader(disk: DiskReader, read = readMounts, readLoops = readLoopFiles): MountReader {
  let points: Promise<Fact<readonly string[]>> | undefined;
  return {
    inside: (path) => {
      points ??= mountPoints(read, readLoops);
      return mountsInside(disk, path, points);
    },
  };
}

async function mountsInside(
  disk: DiskReader,
  path: string,
  list: Promise<Fact<readonly string[]>>,
): Promise<Fact<readonly string[]>> {
  const [points, real] = await Promise.all([list, disk.realpath(path)]);
  if (!points.known) return points;
  if (!real.ok) return unknown(`whether something is mounted inside could not be seen: ${real.why}`);
  const inside = points.value.filter((point) => isInside(point, real.value));
  if (inside.length > 0) return known([...new Set(inside)]);
  const [root, parent] = await Promise.all([disk.stat(real.value), disk.stat(dirname(real.value))]);
  if (!root.ok) return unknown(`its device could not be read: ${root.why}`);
  if (!parent.ok) return unknown(`its parent's device could not be read: ${parent.why}`);
  return known(root.value.dev === parent.value.dev ? [] : [real.value]);
}

async function mountPoints(read: typeof readMounts, readLoops: typeof readLoopFiles): Promise<Fact<readonly string[]>> {
  const list = await read();
  if (!list.ok) return unknown(`the list of mounts could not be read: ${list.why}`);
  const { form, text } = list.value;
  const points = form === 'mountinfo' ? parseMountinfo(text)?.map(({ point }) => point) : parseMountOutput(text);
  if (points == null || points.length === 0) return unknown('the list of mounts is not understood');
  const loops = readLoops();
  if (!loops.ok) return unknown(`what loop devices hold could not be read: ${loops.why}`);
  return known([...points, ...parseOverlays(text).map(({ directory }) => directory), ...loops.value]);
}
