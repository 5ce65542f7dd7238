/**
 * The file system behind `Disk`.
 *
 * Contract: no call throws; errno names come back as `code`. Reads are bounded, writes are
 * durable (fsync of file and directory) where a later step relies on them.
 * Failure direction: `rename` refuses to replace anything, even an empty directory, which
 * rename(2) would do silently.
 */
import { type BigIntStats, constants, type Dirent, type Stats } from 'node:fs';
import * as fs from 'node:fs/promises';
import { join } from 'node:path';
import type { DirEntry, Disk, DiskAnswer, ExactInfo, FileInfo } from './ports.ts';
import { mayHaveLost, nativePath, readableName } from './rawpath.ts';
import {
  append,
  errno,
  type FileCalls,
  isWriting,
  PRIVATE_DIRECTORY_MODE,
  PRIVATE_MODE,
  renameIntoVacancy,
  replaceFile,
  writeNew,
} from './writes.ts';

/** Configuration, journals' lines and git's own small files all fit; a larger one is not ours to read. */
export const MAX_TEXT_BYTES = 1024 * 1024;

/** Each call waits in the thread pool: it may be a file system that does not answer. */
const inPool: FileCalls = {
  open: async (path, flags, mode) => {
    const file = await fs.open(nativePath(path), flags, mode);
    return {
      writeFile: (text) => file.writeFile(text),
      chmod: (mode) => file.chmod(mode),
      size: async () => (await file.stat()).size,
      byteAt: async (position) => {
        const byte = Buffer.alloc(1);
        return (await file.read(byte, 0, 1, position)).bytesRead === 1 ? (byte[0] ?? -1) : -1;
      },
      sync: () => file.sync(),
      close: () => file.close(),
    };
  },
  rename: (from, to) => fs.rename(nativePath(from), nativePath(to)),
  link: (from, to) => fs.link(nativePath(from), nativePath(to)),
  unlink: (path) => fs.unlink(nativePath(path)),
  isThere: (path) =>
    fs.lstat(nativePath(path)).then(
      () => true,
      (error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT') return false;
        throw error;
      },
    ),
};

export const disk: Disk = {
  lstat: (path) => attempt(async () => infoOf(await fs.lstat(nativePath(path)))),
  stat: (path) => attempt(async () => infoOf(await fs.stat(nativePath(path)))),
  readText: (path, maxBytes = MAX_TEXT_BYTES) => attempt(() => readText(path, maxBytes)),
  readTexts: (directory, names, maxBytes) =>
    attempt(() => {
      const read = (name: string) => readText(join(directory, name), maxBytes, constants.O_NOFOLLOW);
      return Promise.all(names.map((name) => read(name).catch(() => null)));
    }),
  list: (path) => attempt(() => list(path)),
  exact: (path) => attempt(async () => exactOf(await fs.lstat(nativePath(path), { bigint: true }))),
  exacts: (directory, paths) =>
    Promise.all(
      paths.map((path) => fs.lstat(nativePath(join(directory, path)), { bigint: true }).then(exactOf, () => null)),
    ),
  readBytes: (path, maxBytes) => attempt(async () => new Uint8Array(await readWhole(path, maxBytes))),
  readlink: (path) => attempt(async () => readableName(await fs.readlink(nativePath(path), 'buffer'))),
  realpath: (path) => attempt(async () => readableName(await fs.realpath(nativePath(path), 'buffer'))),
  freeBytes: (path) =>
    attempt(async () => {
      const { bavail, bsize } = await fs.statfs(nativePath(path));
      return bavail * bsize;
    }),
  makeDir: (path, mode = PRIVATE_DIRECTORY_MODE) =>
    attempt(async () => void (await fs.mkdir(path, { recursive: true, mode }))),
  ...writersOver(inPool),
  createScratch: (path, text) =>
    attempt(() => fs.writeFile(nativePath(path), text, { flag: 'wx', mode: PRIVATE_MODE })),
  removeFile: (path) => attempt(() => fs.unlink(nativePath(path))),
  isWriting: async (path) => isWriting(path),
  removeEmptyDir: (path) => attempt(() => fs.rmdir(nativePath(path))),
  chmod: (path, mode) => attempt(() => fs.chmod(nativePath(path), mode)),
  setModified: (path, atMs) => attempt(() => fs.lutimes(nativePath(path), atMs / 1000, atMs / 1000)),
};

/** The durable writers, over calls of one kind. */
export function writersOver(calls: FileCalls): Pick<Disk, 'rename' | 'writeFile' | 'createFile' | 'appendLine'> {
  return {
    rename: (from, to) => attempt(() => renameIntoVacancy(calls, from, to)),
    writeFile: (path, text, mode = PRIVATE_MODE) => attempt(() => replaceFile(calls, path, text, mode)),
    createFile: (path, text) => attempt(() => writeNew(calls, path, text)),
    appendLine: (path, line) => attempt(() => append(calls, path, line)),
  };
}

async function attempt<T>(effect: () => Promise<T>): Promise<DiskAnswer<T>> {
  try {
    return { ok: true, value: await effect() };
  } catch (error) {
    return refusal(error);
  }
}

/** The same of a call that does not wait. */
export function answer<T>(call: () => T): DiskAnswer<T> {
  try {
    return { ok: true, value: call() };
  } catch (error) {
    return refusal(error);
  }
}

function refusal(error: unknown): DiskAnswer<never> {
  const { code, message } = error as NodeJS.ErrnoException;
  return { ok: false, code: code ?? 'UNKNOWN', why: message };
}

const readText = async (path: string, maxBytes: number, flags = 0): Promise<string> =>
  (await readWhole(path, maxBytes, flags)).toString('utf8');

async function readWhole(path: string, maxBytes: number, flags = 0): Promise<Buffer> {
  const file = await fs.open(nativePath(path), constants.O_RDONLY | constants.O_NONBLOCK | flags);
  try {
    const stats = await file.stat();
    assertReadable(path, stats, maxBytes);
    return await file.readFile();
  } finally {
    await file.close();
  }
}

/** Throws for anything but a regular file of at most `maxBytes`. */
export function assertReadable(path: string, stats: Stats, maxBytes: number): void {
  if (!stats.isFile()) throw errno('EINVAL', `${path} is not a regular file`);
  if (stats.size > maxBytes) throw tooLarge(path, maxBytes);
}

export const tooLarge = (path: string, maxBytes: number): NodeJS.ErrnoException =>
  errno('EFBIG', `${path} is larger than ${maxBytes} bytes`);

async function list(path: string): Promise<DirEntry[]> {
  const entries = await fs.readdir(nativePath(path), { withFileTypes: true });
  if (!entries.some(({ name }) => mayHaveLost(name))) return entries.map(entryOf);
  return (await fs.readdir(nativePath(path), { withFileTypes: true, encoding: 'buffer' })).map(rawEntryOf);
}

export function infoOf(stats: Stats): FileInfo {
  return {
    kind: kindOfMode(stats.mode),
    dev: stats.dev,
    ino: stats.ino,
    mode: stats.mode,
    uid: stats.uid,
    size: stats.size,
    allocated: stats.blocks * 512,
    nlink: stats.nlink,
    mtimeMs: stats.mtimeMs,
    ctimeMs: stats.ctimeMs,
  };
}

export function exactOf(stats: BigIntStats): ExactInfo {
  const mode = Number(stats.mode);
  return {
    kind: kindOfMode(mode),
    mode,
    mtimeNs: stats.mtimeNs,
    ctimeNs: stats.ctimeNs,
    ino: stats.ino,
    uid: stats.uid,
    gid: stats.gid,
    size: stats.size,
  };
}

export const entryOf = (entry: Dirent): DirEntry => ({ name: entry.name, kind: kindOf(entry) });
export const rawEntryOf = (entry: Dirent<Buffer>): DirEntry => ({
  name: readableName(entry.name),
  kind: kindOf(entry),
});

/** Node's own predicates cost more than the call that filled `stats`, when its numbers are large ones. */
function kindOfMode(mode: number): FileInfo['kind'] {
  const type = mode & constants.S_IFMT;
  if (type === constants.S_IFREG) return 'file';
  if (type === constants.S_IFDIR) return 'directory';
  return type === constants.S_IFLNK ? 'symlink' : 'other';
}

function kindOf(entry: Dirent | Dirent<Buffer>): DirEntry['kind'] {
  if (entry.isFile()) return 'file';
  if (entry.isDirectory()) return 'directory';
  if (entry.isSymbolicLink()) return 'symlink';
  if (entry.isFIFO() || entry.isSocket() || entry.isBlockDevice() || entry.isCharacterDevice()) return 'other';
  return 'unknown';
}
