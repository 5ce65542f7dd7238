/**
 * Working in somebody's directory without a trace in its time.
 *
 * Contract: a directory's modification time is a sign of activity, and part of what a restore gives back.
 * Failure direction: a time that cannot be read or set stays as the work left it.
 */
import type { Disk } from '../io/ports.ts';

/** Does `work`, and gives `directory` the modification time that it had before. */
export async function keepingTime<T>(disk: Disk, directory: string, work: () => Promise<T>): Promise<T> {
  const before = await disk.lstat(directory);
  const result = await work();
  if (before.ok) await disk.setModified(directory, before.value.mtimeMs);
  return result;
}
