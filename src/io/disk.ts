/**
 * The file system behind `Disk`.
 *
 * Contract: no call throws; errno names come back as `code`. Reads are bounded, writes are
 * durable (fsync of file and directory) where a later step relies on them.
 * Failure direction: `rename` refuses to replace anything, even an empty directory, which
 * rename(2) would do silently.
 */
import { constants, type Dirent, type Stats } from 'node:fs';
import * as fs from 'node:fs/promises';
import { dirname } from 'node:path';
import type { DirEntry, Disk, DiskAnswer, FileInfo } from './ports.ts';

/** Configuration, journals' lines and git's own small files all fit; a larger one is not ours to read. */
const MAX_TEXT_BYTES = 1024 * 1024;

/** What is ours is nobody else's to read; a hook file keeps the mode it had. */
const PRIVATE_MODE = 0o600;

export const disk: Disk = {
  lstat: (path) => attempt(async () => infoOf(await fs.lstat(path))),
  stat: (path) => attempt(async () => infoOf(await fs.stat(path))),
  readText: (path, maxBytes = MAX_TEXT_BYTES) => attempt(() => readText(path, maxBytes)),
  list: (path) => attempt(async () => (await fs.readdir(path, { withFileTypes: true })).map(entryOf)),
  readlink: (path) => attempt(() => fs.readlink(path)),
  realpath: (path) => attempt(() => fs.realpath(path)),
  freeBytes: (path) =>
    attempt(async () => {
      const { bavail, bsize } = await fs.statfs(path);
      return bavail * bsize;
    }),
  makeDir: (path) => attempt(async () => void (await fs.mkdir(path, { recursive: true, mode: 0o700 }))),
  rename: (from, to) => attempt(() => renameIntoVacancy(from, to)),
  writeFile: (path, text, mode = PRIVATE_MODE) => attempt(() => replaceFile(path, text, mode)),
  createFile: (path, text) => attempt(() => writeNew(path, text)),
  appendLine: (path, line) => attempt(() => append(path, line)),
  removeFile: (path) => attempt(() => fs.unlink(path)),
  removeEmptyDir: (path) => attempt(() => fs.rmdir(path)),
  chmod: (path, mode) => attempt(() => fs.chmod(path, mode)),
  setModified: (path, atMs) => attempt(() => fs.utimes(path, new Date(atMs), new Date(atMs))),
};

async function attempt<T>(effect: () => Promise<T>): Promise<DiskAnswer<T>> {
  try {
    return { ok: true, value: await effect() };
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    return { ok: false, code: code ?? 'UNKNOWN', why: message };
  }
}

async function readText(path: string, maxBytes: number): Promise<string> {
  const file = await fs.open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const stats = await file.stat();
    if (!stats.isFile()) throw errno('EINVAL', `${path} is not a regular file`);
    if (stats.size > maxBytes) throw errno('EFBIG', `${path} is larger than ${maxBytes} bytes`);
    return await file.readFile('utf8');
  } finally {
    await file.close();
  }
}

/** link(2) has no directory form, so vacancy is checked and the window is the syscall's own. */
async function renameIntoVacancy(from: string, to: string): Promise<void> {
  const taken = await fs.lstat(to).then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return false;
      throw error;
    },
  );
  if (taken) throw errno('EEXIST', `${to} already exists`);
  await fs.rename(from, to);
  await syncDirectory(dirname(to));
  if (dirname(from) !== dirname(to)) await syncDirectory(dirname(from));
}

async function replaceFile(path: string, text: string, mode: number): Promise<void> {
  const temporary = `${path}.${process.pid}.tmp`;
  await fs.rm(temporary, { force: true });
  await writeNew(temporary, text, mode);
  await fs.rename(temporary, path);
  await syncDirectory(dirname(path));
}

async function writeNew(path: string, text: string, mode = PRIVATE_MODE): Promise<void> {
  const file = await fs.open(path, 'wx', PRIVATE_MODE);
  try {
    await file.writeFile(text);
    if (mode !== PRIVATE_MODE) await file.chmod(mode);
    await file.sync();
  } finally {
    await file.close();
  }
}

async function append(path: string, line: string): Promise<void> {
  const flags = constants.O_APPEND | constants.O_CREAT | constants.O_WRONLY | constants.O_NOFOLLOW;
  const file = await fs.open(path, flags, 0o600);
  try {
    await file.appendFile(`${line}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Some file systems refuse to fsync a directory; the rename itself has happened then. */
async function syncDirectory(path: string): Promise<void> {
  const directory = await fs.open(path, 'r').catch(() => null);
  if (directory === null) return;
  await directory.sync().catch(() => undefined);
  await directory.close();
}

function infoOf(stats: Stats): FileInfo {
  return {
    kind: kindOf(stats) as FileInfo['kind'],
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

const entryOf = (entry: Dirent): DirEntry => ({ name: entry.name, kind: kindOf(entry) });

function kindOf(entry: Stats | Dirent): DirEntry['kind'] {
  if (entry.isDirectory()) return 'directory';
  if (entry.isSymbolicLink()) return 'symlink';
  if (entry.isFile()) return 'file';
  if (entry.isFIFO() || entry.isSocket() || entry.isBlockDevice() || entry.isCharacterDevice()) return 'other';
  return 'unknown';
}

const errno = (code: string, message: string): NodeJS.ErrnoException => Object.assign(new Error(message), { code });
