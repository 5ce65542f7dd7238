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
import { dirname, join } from 'node:path';
import type { DirEntry, Disk, DiskAnswer, ExactInfo, FileInfo } from './ports.ts';
import { mayHaveLost, nativePath, readableName } from './rawpath.ts';

/** Configuration, journals' lines and git's own small files all fit; a larger one is not ours to read. */
export const MAX_TEXT_BYTES = 1024 * 1024;

/** What is ours is nobody else's to read; a hook file keeps the mode it had. */
const PRIVATE_MODE = 0o600;

const NEWLINE = 0x0a;

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
  makeDir: (path, mode = 0o700) => attempt(async () => void (await fs.mkdir(path, { recursive: true, mode }))),
  rename: (from, to) => attempt(() => renameIntoVacancy(from, to)),
  writeFile: (path, text, mode = PRIVATE_MODE) => attempt(() => replaceFile(path, text, mode)),
  createFile: (path, text) => attempt(() => writeNew(path, text)),
  createScratch: (path, text) =>
    attempt(() => fs.writeFile(nativePath(path), text, { flag: 'wx', mode: PRIVATE_MODE })),
  appendLine: (path, line) => attempt(() => append(path, line)),
  removeFile: (path) => attempt(() => fs.unlink(nativePath(path))),
  isWriting: async (path) => writing.has(path),
  removeEmptyDir: (path) => attempt(() => fs.rmdir(nativePath(path))),
  chmod: (path, mode) => attempt(() => fs.chmod(nativePath(path), mode)),
  setModified: (path, atMs) => attempt(() => fs.lutimes(nativePath(path), atMs / 1000, atMs / 1000)),
};

async function attempt<T>(effect: () => Promise<T>): Promise<DiskAnswer<T>> {
  try {
    return { ok: true, value: await effect() };
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    return { ok: false, code: code ?? 'UNKNOWN', why: message };
  }
}

const readText = async (path: string, maxBytes: number, flags = 0): Promise<string> =>
  (await readWhole(path, maxBytes, flags)).toString('utf8');

async function readWhole(path: string, maxBytes: number, flags = 0): Promise<Buffer> {
  const file = await fs.open(nativePath(path), constants.O_RDONLY | constants.O_NONBLOCK | flags);
  try {
    const stats = await file.stat();
    if (!stats.isFile()) throw errno('EINVAL', `${path} is not a regular file`);
    if (stats.size > maxBytes) throw errno('EFBIG', `${path} is larger than ${maxBytes} bytes`);
    return await file.readFile();
  } finally {
    await file.close();
  }
}

async function list(path: string): Promise<DirEntry[]> {
  const entries = await fs.readdir(nativePath(path), { withFileTypes: true });
  if (!entries.some(({ name }) => mayHaveLost(name))) return entries.map(entryOf);
  return (await fs.readdir(nativePath(path), { withFileTypes: true, encoding: 'buffer' })).map(rawEntryOf);
}

/** link(2) has no directory form, so vacancy is checked and the window is the syscall's own. */
async function renameIntoVacancy(from: string, to: string): Promise<void> {
  const taken = await fs.lstat(nativePath(to)).then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return false;
      throw error;
    },
  );
  if (taken) throw errno('EEXIST', `${to} already exists`);
  await fs.rename(nativePath(from), nativePath(to));
  await syncDirectory(dirname(to));
  if (dirname(from) !== dirname(to)) await syncDirectory(dirname(from));
}

async function replaceFile(path: string, text: string, mode: number): Promise<void> {
  await withTemporary(path, (temporary) => fillAnd(temporary, text, mode, () => fs.rename(temporary, path)));
  await syncDirectory(dirname(path));
}

/** Linked into place whole, so that nobody ever sees a part of it; link(2) refuses a name that is taken. */
async function writeNew(path: string, text: string): Promise<void> {
  await withTemporary(path, async (temporary) => {
    await fillAnd(temporary, text, PRIVATE_MODE, () => fs.link(temporary, path)).catch(
      async (refusal: NodeJS.ErrnoException) => {
        if (!WITHOUT_LINKS.has(refusal.code ?? '')) throw refusal;
        await fill(path, text, PRIVATE_MODE);
      },
    );
  });
  await syncDirectory(dirname(path));
}

/** What file systems without hard links answer. */
const WITHOUT_LINKS = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK']);

/** Temporary files that calls of this process are writing: two calls may write one path at a time. */
const writing = new Set<string>();

/** Begins anywhere: a process in another container, or another copy of this program in this one, has the same number. */
let nth = Math.floor(Math.random() * 2 ** 32);

/** The name tells whose it is, so that what a killed process left can be swept up, and is nobody else's at one time. */
async function withTemporary(path: string, use: (temporary: string) => Promise<void>): Promise<void> {
  const temporary = `${path}.${nth++}.${process.pid}.tmp`;
  writing.add(temporary);
  try {
    await use(temporary);
  } finally {
    await fs.unlink(temporary).catch(() => undefined);
    writing.delete(temporary);
  }
}

/**
 * Fills a temporary file and puts it in its place. Done a second time where it had gone in between: to a pass
 * in another container its writer looks dead, and it is swept up there as something left behind.
 */
async function fillAnd(temporary: string, text: string, mode: number, place: () => Promise<void>): Promise<void> {
  await fill(temporary, text, mode);
  await place().catch(async (error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
    await fill(temporary, text, mode);
    await place();
  });
}

/** Creates `path` with this content; what could not be filled is removed again. */
async function fill(path: string, text: string, mode: number): Promise<void> {
  const file = await fs.open(path, 'wx', PRIVATE_MODE);
  try {
    await file.writeFile(text);
    if (mode !== PRIVATE_MODE) await file.chmod(mode);
    await file.sync();
  } catch (error) {
    await fs.unlink(path).catch(() => undefined);
    throw error;
  } finally {
    await file.close();
  }
}

/** A line that was cut short by a crash is ended first, so that it spoils no other. */
async function append(path: string, line: string): Promise<void> {
  const flags = constants.O_APPEND | constants.O_CREAT | constants.O_RDWR | constants.O_NOFOLLOW;
  const file = await fs.open(path, flags, PRIVATE_MODE);
  try {
    const { size } = await file.stat();
    const last = Buffer.alloc(1);
    if (size > 0) await file.read(last, 0, 1, size - 1);
    const isOpen = size > 0 && last[0] !== NEWLINE;
    await file.appendFile(`${isOpen ? '\n' : ''}${line}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Some file systems refuse to fsync a directory; the rename itself has happened then. */
async function syncDirectory(path: string): Promise<void> {
  const directory = await fs.open(nativePath(path), 'r').catch(() => null);
  if (directory === null) return;
  await directory.sync().catch(() => undefined);
  await directory.close();
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

const errno = (code: string, message: string): NodeJS.ErrnoException => Object.assign(new Error(message), { code });
