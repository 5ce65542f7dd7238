/**
 * Changes that git cannot see, because it compares times by the second.
 *
 * Contract: most builds of git keep the nanoseconds of a file's times in the index and do not compare them. A file
 * that was rewritten in place, with as many bytes, within the second that the index remembers of it, counts as
 * unchanged; here such files are known by their nanoseconds, and their bytes are compared with their blobs.
 * Failure direction: what cannot be read, or is converted on checkout, counts as changed. An index that is out of
 * the ordinary (flags, submodules, sparse), very large or absent leaves the answer to git alone.
 */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { type GitIndex, type IndexEntry, parseIndexFile } from '../core/gitindex.ts';
import { type Fact, known, unknown } from '../core/model.ts';
import type { DiskReader, ExactInfo } from '../io/ports.ts';
import { nativePath } from '../io/rawpath.ts';
import type { Place } from './changes.ts';
import { isAsNoted } from './pristine.ts';

/** Some 150,000 paths: looking at more takes longer than a pass has. */
const MAX_INDEX_BYTES = 16 * 1024 * 1024;

/** Too large for a look of our own, or none there: then git calls every file deleted. */
const LEFT_TO_GIT = new Set(['EFBIG', 'ENOENT']);

/** Such files are rare; so many mean that their times were lost, by a program that copied them, say. */
const MAX_FILES = 1_000;

/** A larger one is not read. */
const MAX_FILE_BYTES = 32 * 1024 * 1024;

/**
 * Tracked paths that are not what the index holds although git takes them to be.
 *
 * @param hashBytes length of the repository's object ids
 * @param seen told of the index, whatever the answer will be
 */
export async function changedUnseen(
  disk: DiskReader,
  place: Place,
  hashBytes: 20 | 32,
  seen: (index: GitIndex) => void = () => undefined,
): Promise<Fact<string[]>> {
  const bytes = await disk.readBytes(join(place.adminDir, 'index'), MAX_INDEX_BYTES);
  if (!bytes.ok && !LEFT_TO_GIT.has(bytes.code)) return unknown(`its index could not be read: ${bytes.why}`);
  const index = bytes.ok ? parseIndexFile(bytes.value, hashBytes) : null;
  if (index === null) return known([]);
  seen(index);
  const doubtful: IndexEntry[] = [];
  const changed: string[] = [];
  for (const entry of index.entries) {
    const info = await disk.exact(join(place.tree, entry.path));
    if (!info.ok) changed.push(entry.path);
    else if (isDoubtful(entry, info.value)) doubtful.push(entry);
    if (doubtful.length > MAX_FILES)
      return unknown(`more than ${MAX_FILES} files changed within the second in which git last saw them`);
  }
  for (const entry of doubtful) if (!(await holdsItsBlob(disk, place.tree, entry, hashBytes))) changed.push(entry.path);
  return known(changed);
}

/** Equal by the second and by everything else, and not by the nanosecond. */
function isDoubtful(entry: IndexEntry, info: ExactInfo): boolean {
  if (entry.mtimeNs === info.mtimeNs && entry.ctimeNs === info.ctimeNs) return false;
  const isSame = second(entry.mtimeNs) === second(info.mtimeNs) && second(entry.ctimeNs) === second(info.ctimeNs);
  return isSame && isAsNoted(entry, info);
}

const NANOSECONDS = 1_000_000_000n;

const second = (ns: bigint): bigint => ns / NANOSECONDS;

async function holdsItsBlob(disk: DiskReader, tree: string, entry: IndexEntry, hashBytes: 20 | 32): Promise<boolean> {
  const content = await contentOf(disk, join(tree, entry.path));
  if (content === null) return false;
  const hash = createHash(hashBytes === 32 ? 'sha256' : 'sha1');
  return hash.update(`blob ${content.length}\0`).update(content).digest().equals(entry.oid);
}

/** What a blob holds of it: the bytes of a file, the target of a symbolic link. */
async function contentOf(disk: DiskReader, path: string): Promise<Uint8Array | null> {
  const info = await disk.lstat(path);
  if (info.ok && info.value.kind === 'symlink') {
    const target = await disk.readlink(path);
    return target.ok ? Buffer.from(nativePath(target.value)) : null;
  }
  const bytes = info.ok && info.value.kind === 'file' ? await disk.readBytes(path, MAX_FILE_BYTES) : null;
  return bytes?.ok === true ? bytes.value : null;
}
