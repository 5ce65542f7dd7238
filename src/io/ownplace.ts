/**
 * Whether `<common-dir>/reaper` is a place of our own to write in.
 *
 * Contract: looks only. Failure direction: a link, anything but a directory, another user's directory
 * or one that cannot be looked at is an obstacle, and nothing is written through it.
 */
import { dirname } from 'node:path';
import type { DiskReader } from './ports.ts';

/** The directories that files of ours are written into; a link in place of one would lead them elsewhere. */
const DIRECTORIES = ['', '/bin', '/claims', '/quarantine'];

/**
 * Why nothing may be written below `root`, or null. What is not there yet is no obstacle.
 *
 * @param userId who we are; undefined where users have no numbers
 */
export async function placeObstacle(
  disk: DiskReader,
  root: string,
  userId: number | undefined = process.geteuid?.(),
): Promise<string | null> {
  // First the repository itself: a directory of root's in somebody's repository would lock its owner out.
  const repository = await disk.lstat(dirname(root));
  if (repository.ok && userId !== undefined && repository.value.uid !== userId)
    return `${dirname(root)} belongs to another user (${repository.value.uid}), whose repository is left alone. Next: run it as that user`;
  for (const name of DIRECTORIES) {
    const path = root + name;
    const info = await disk.lstat(path);
    if (!info.ok && info.code === 'ENOENT') continue;
    if (!info.ok) return `${path}: ${info.why}`;
    const { kind, uid } = info.value;
    if (kind !== 'directory')
      return `${path} is ${kind === 'symlink' ? 'a symbolic link' : `not a directory (${kind})`}, and nothing is written through it. Next: look at what put it there, and remove it`;
    if (userId !== undefined && uid !== userId)
      return `${path} belongs to another user (${uid}), whose repository is left alone. Next: run it as that user`;
  }
  return null;
}
