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

/** What reading a link says of what is there and is no link, of what is not there, and of what cannot be there. */
const NO_LINK = new Set(['EINVAL', 'ENOENT', 'ENOTDIR', 'ENAMETOOLONG', 'ELOOP']);

export interface Resolved {
  readonly real: string;
  /** False when something in the path could not be looked at: `real` is then as far as it could be followed. */
  readonly isCertain: boolean;
}

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
): Promise<Resolved> {
  const real = await disk.realpath(path);
  if (real.ok) return { real: real.value, isCertain: true };
  if (dirname(path) === path) return { real: path, isCertain: true };
  const above = await resolveExisting(disk, dirname(path), links);
  const place = join(above.real, basename(path));
  const target = await disk.readlink(place);
  if (!target.ok) return { real: place, isCertain: above.isCertain && NO_LINK.has(target.code) };
  // A path with more links than that leads nowhere.
  if (links.left === 0) return { real: place, isCertain: above.isCertain };
  links.left--;
  const led = await resolveExisting(disk, resolve(above.real, target.value), links);
  return { real: led.real, isCertain: above.isCertain && led.isCertain };
}
