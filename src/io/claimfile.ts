/**
 * How a claim's file is named, and how the path in it is spelled.
 *
 * Contract: path and owner are hashed, since neither fits into a file name; one path has one spelling,
 * with symbolic links resolved as far as it exists, so that whoever claims, renews or releases it means
 * the same file.
 */
import { createHash } from 'node:crypto';
import { basename, dirname, join } from 'node:path';
import type { DiskReader } from './ports.ts';

/** The file name of `owner`'s claim on `path`. */
export const claimFileName = (path: string, owner: string): string =>
  `${hashOf(path)}.${hashOf(owner).slice(0, 16)}.json`;

/** The hash of the path in a claim's file name, or null when it is not the name of a claim. */
export const pathHashIn = (fileName: string): string | null =>
  /^([0-9a-f]{32})\.[0-9a-f]{16}\.json$/.exec(fileName)?.[1] ?? null;

/** How a path appears in a file name. */
export const hashOf = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 32);

/** `path` with the symbolic links of its existing part resolved: what is gone keeps the name it had. */
export async function resolveExisting(disk: DiskReader, path: string): Promise<string> {
  const real = await disk.realpath(path);
  if (real.ok) return real.value;
  const above = dirname(path);
  return above === path ? path : join(await resolveExisting(disk, above), basename(path));
}
