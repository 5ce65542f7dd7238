/**
 * Durable writing where the file system is this machine's own: only flushing waits in the thread pool.
 *
 * Contract: the same effects in the same order as the disk it wraps, made of the same steps. Opening, writing and
 * renaming return at once and cost a tenth of a detour; flushing waits for the device, so that is where several
 * wait side by side.
 * Failure direction: a path of any other file system goes the long way.
 */
import * as fs from 'node:fs';
import { promisify } from 'node:util';
import { answer, writersOver } from './disk.ts';
import type { Disk } from './ports.ts';
import { nativePath } from './rawpath.ts';
import { type FileCalls, type OpenFile, PRIVATE_DIRECTORY_MODE, PRIVATE_MODE } from './writes.ts';

const flush = promisify(fs.fsync);

const waitToOpen = promisify(fs.open);

const atOnce: FileCalls = {
  // A file that is there already may be leased to somebody (Samba, NFS), whom the kernel waits for.
  open: async (path, flags, mode) =>
    opened(
      flags === 'wx' || flags === 'r'
        ? fs.openSync(nativePath(path), flags, mode)
        : await waitToOpen(nativePath(path), flags, mode ?? null),
    ),
  rename: (from, to) => fs.renameSync(nativePath(from), nativePath(to)),
  link: (from, to) => fs.linkSync(nativePath(from), nativePath(to)),
  unlink: (path) => fs.unlinkSync(nativePath(path)),
  isThere: (path) => fs.lstatSync(nativePath(path), { throwIfNoEntry: false }) !== undefined,
};

const opened = (file: number): OpenFile => ({
  writeFile: (text) => fs.writeFileSync(file, text),
  chmod: (mode) => fs.fchmodSync(file, mode),
  size: () => fs.fstatSync(file).size,
  byteAt: (position) => {
    const byte = Buffer.alloc(1);
    return fs.readSync(file, byte, 0, 1, position) === 1 ? (byte[0] ?? -1) : -1;
  },
  sync: () => flush(file),
  close: () => fs.closeSync(file),
});

const here = writersOver(atOnce);

/** Making a name, or setting its time, waits for nothing but the file system's memory. */
const made: Pick<Disk, 'makeDir' | 'createScratch' | 'setModified'> = {
  makeDir: async (path, mode = PRIVATE_DIRECTORY_MODE) =>
    answer(() => void fs.mkdirSync(path, { recursive: true, mode })),
  createScratch: async (path, text) =>
    answer(() => fs.writeFileSync(nativePath(path), text, { flag: 'wx', mode: PRIVATE_MODE })),
  setModified: async (path, atMs) => answer(() => fs.lutimesSync(nativePath(path), atMs / 1000, atMs / 1000)),
};

/** The writers of `disk`, quick where `isLocal` says that the path lies on a local file system. */
export function swiftWrites(
  disk: Disk,
  isLocal: (path: string) => boolean,
): ReturnType<typeof writersOver> & typeof made {
  return {
    rename: (from, to) => (isLocal(from) && isLocal(to) ? here : disk).rename(from, to),
    writeFile: (path, text, mode) => (isLocal(path) ? here : disk).writeFile(path, text, mode),
    createFile: (path, text) => (isLocal(path) ? here : disk).createFile(path, text),
    appendLine: (path, line) => (isLocal(path) ? here : disk).appendLine(path, line),
    makeDir: (path, mode) => (isLocal(path) ? made : disk).makeDir(path, mode),
    createScratch: (path, text) => (isLocal(path) ? made : disk).createScratch(path, text),
    setModified: (path, atMs) => (isLocal(path) ? made : disk).setModified(path, atMs),
  };
}
