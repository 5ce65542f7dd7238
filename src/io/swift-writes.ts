/**
 * Writing where the file system is this machine's own: only flushing waits in the thread pool.
 *
 * Contract: the same effects in the same order as the disk it wraps; what is durable is made of the same steps.
 * Opening, writing, naming and renaming return at once and cost a tenth of a detour; flushing waits for the device,
 * so that is where several wait side by side.
 * Failure direction: a path of any other file system goes the long way, and so does a directory that is more than
 * one new name.
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

/** Neither follows a link. */
const plain: Pick<Disk, 'createScratch' | 'setModified'> = {
  createScratch: async (path, text) =>
    answer(() => fs.writeFileSync(nativePath(path), text, { flag: 'wx', mode: PRIVATE_MODE })),
  setModified: async (path, atMs) => answer(() => fs.lutimesSync(nativePath(path), atMs / 1000, atMs / 1000)),
};

/**
 * Whether the directory is there now. False says nothing: a directory above may be missing, or a link in the way.
 * node makes those above in a loop, which in a directory that was removed while it was mounted has no end.
 */
function isMade(path: string, mode: number): boolean {
  try {
    fs.mkdirSync(path, { mode });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') return false;
  }
  try {
    return fs.lstatSync(path).isDirectory();
  } catch {
    return false;
  }
}

type Quick = ReturnType<typeof writersOver> & typeof plain & Pick<Disk, 'makeDir'>;

/** The writers of `disk`, quick where `isLocal` says that the path lies on a local file system. */
export function swiftWrites(disk: Disk, isLocal: (path: string) => boolean): Quick {
  return {
    rename: (from, to) => (isLocal(from) && isLocal(to) ? here : disk).rename(from, to),
    writeFile: (path, text, mode) => (isLocal(path) ? here : disk).writeFile(path, text, mode),
    createFile: (path, text) => (isLocal(path) ? here : disk).createFile(path, text),
    appendLine: (path, line) => (isLocal(path) ? here : disk).appendLine(path, line),
    makeDir: async (path, mode = PRIVATE_DIRECTORY_MODE) =>
      isLocal(path) && isMade(path, mode) ? { ok: true, value: undefined } : disk.makeDir(path, mode),
    createScratch: (path, text) => (isLocal(path) ? plain : disk).createScratch(path, text),
    setModified: (path, atMs) => (isLocal(path) ? plain : disk).setModified(path, atMs),
  };
}
