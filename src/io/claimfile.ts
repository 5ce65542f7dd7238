/**
 * How a claim's file is named, and how the path in it is spelled.
 *
 * Contract: path and owner are hashed, since neither fits into a file name; one path has one spelling,
 * with symbolic links resolved as far as it exists, so that whoever claims, renews or releases it means
 * the same file.
 */
import { createHash } from 'node:crypto';
import { basename, dirname, join, resolve } from 'node:path';
import type { DiskReader } from './ports.ts';

/** The file name of `owner`'s claim on `path`. */
export const claimFileName = (path: string, owner: string): string =>
  `${hashOf(path)}.${hashOf(owner).slice(0, 16)}.json`;

/** The hash of the path in a claim's file name, or null when it is not the name of a claim. */
export const pathHashIn = (fileName: string): string | null =>
  /^([0-9a-f]{32})\.[0-9a-f]{16}\.json$/.exec(fileName)?.[1] ?? null;

/** How a path appears in a file name. */
export const hashOf = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 32);

/** As many links as Linux itself follows in one path. */
const MAX_LINKS = 40;

/**
 * `path` with its symbolic links resolved: what is gone keeps the name it had, and a link to what is gone leads
 * to where that was.
 *
 * @param links how many links to what is gone may be followed yet, in all of the path
 */
export async function resolveExisting(
  disk: DiskReader,
  path: string,
  links: { left: number } = { left: MAX_LINKS },
): Promise<string> {
  const real = await disk.realpath(path);
  if (real.ok) return real.value;
  const above = dirname(path);
  if (above === path) return path;
  const place = join(await resolveExisting(disk, above, links), basename(path));
  const target = links.left > 0 ? await disk.readlink(place) : null;
  if (target?.ok !== true) return place;
  links.left--;
  return resolveExisting(disk, resolve(dirname(place), target.value), links);
}
