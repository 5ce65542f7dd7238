/**
 * The same disk, answered without a detour through node's thread pool where that is safe.
 *
 * Contract: same answers as the disk it wraps. A call that only looks at a name is made at once when the
 * kernel's mount list says that its path lies on a local file system: ten times cheaper. So is writing, but for
 * what waits for the device. Everything else, and everything where there is no such list, goes the long way. So
 * does removing: several that wait side by side for the file system's journal are through in half the time.
 * Failure direction: a file system that may not answer (network, user space, automounted, unknown) never
 * holds up the timers that end a pass; long runs of quick calls let those timers in.
 */
import * as fs from 'node:fs';
import { localPaths } from '../core/local-paths.ts';
import { answer, assertReadable, entryOf, exactOf, infoOf, MAX_TEXT_BYTES, rawEntryOf, tooLarge } from './disk.ts';
import type { DirEntry, Disk, DiskAnswer, ExactInfo, FileInfo } from './ports.ts';
import { mayHaveLost, nativePath, readableName } from './rawpath.ts';
import { swiftWrites } from './swift-writes.ts';

/** Timers, and answers that programs have given meanwhile, wait no longer than this for a run of quick calls to end. */
const BREATH_MS = 4;

/** Wraps `disk`. */
export function swift(disk: Disk): Disk {
  const mounts = mountinfo();
  if (mounts === null) return disk;
  const isLocal = localPaths(mounts);
  let sinceMs = performance.now();
  const breathe = async () => {
    await new Promise<void>((resolve) => setImmediate(resolve));
    sinceMs = performance.now();
  };
  const isLong = () => performance.now() - sinceMs > BREATH_MS;
  const quick: Quick = async (path, call, slow) => {
    if (!isLocal(path)) return slow();
    if (isLong()) await breathe();
    return answer(call);
  };
  const eachOf: EachOf = async <T, R>(items: readonly T[], read: (item: T) => R) => {
    const all: R[] = [];
    for (const item of items) {
      if (isLong()) await breathe();
      all.push(read(item));
    }
    return all;
  };
  const unlessLink = sparingLinks(quick, isLocal);
  return {
    ...disk,
    lstat: (path) =>
      quick(
        path,
        () => lookAt(path),
        () => disk.lstat(path),
      ),
    stat: (path) =>
      unlessLink(
        path,
        () => infoOf(fs.statSync(nativePath(path))),
        () => disk.stat(path),
      ),
    readText: async (path, maxBytes = MAX_TEXT_BYTES) => {
      const slow = () => disk.readText(path, maxBytes);
      const text = await quick(path, () => readWhole(path, maxBytes).toString('utf8'), slow);
      return text.ok || text.code !== A_LINK ? text : slow();
    },
    list: (path) =>
      unlessLink(
        path,
        () => list(path),
        () => disk.list(path),
      ),
    exact: (path) =>
      quick(
        path,
        () => exactOf(fs.lstatSync(nativePath(path), { bigint: true })),
        () => disk.exact(path),
      ),
    readBytes: async (path, maxBytes) => {
      const slow = () => disk.readBytes(path, maxBytes);
      const bytes = await quick<Uint8Array>(path, () => readWhole(path, maxBytes), slow);
      return bytes.ok || bytes.code !== A_LINK ? bytes : slow();
    },
    readlink: (path) =>
      quick(
        path,
        () => readableName(fs.readlinkSync(nativePath(path), 'buffer')),
        () => disk.readlink(path),
      ),
    ...resolving(disk, unlessLink),
    ...ofMany(disk, isLocal, eachOf),
    ...swiftWrites(disk, isLocal),
  };
}

type Quick = <T>(path: string, call: () => T, slow: () => Promise<DiskAnswer<T>>) => Promise<DiskAnswer<T>>;

/** What follows a link in the last component must not be led away by it. */
const sparingLinks =
  (quick: Quick, isLocal: (path: string) => boolean): Quick =>
  async (path, call, slow) => {
    const kind = isLocal(path) ? kindAt(path) : 'unknown';
    if (kind === 'absent') return quick(path, () => lacking(path), slow);
    return kind === 'plain' ? quick(path, call, slow) : slow();
  };

type EachOf = <T, R>(items: readonly T[], read: (item: T) => R) => Promise<R[]>;

const ofMany = (
  disk: Disk,
  isLocal: (path: string) => boolean,
  eachOf: EachOf,
): Pick<Disk, 'readTexts' | 'exacts'> => ({
  readTexts: async (directory, names, maxBytes) => {
    if (!isLocal(`${directory}/-`)) return disk.readTexts(directory, names, maxBytes);
    const room = Buffer.allocUnsafe(maxBytes + 1);
    return { ok: true, value: await eachOf(names, (name) => readSmall(`${directory}/${name}`, room)) };
  },
  exacts: async (directory, paths) =>
    paths.every((path) => isLocal(`${directory}/${path}`))
      ? eachOf(paths, (path) => exactAt(`${directory}/${path}`))
      : disk.exacts(directory, paths),
});

const resolving = (disk: Disk, unlessLink: Quick): Pick<Disk, 'realpath'> => ({
  realpath: (path) =>
    unlessLink(
      path,
      () => readableName(fs.realpathSync.native(nativePath(path), 'buffer')),
      () => disk.realpath(path),
    ),
});

/** Without the exception for what is absent, whose making costs more than the look. */
function lookAt(path: string): FileInfo {
  const stats = fs.lstatSync(nativePath(path), { throwIfNoEntry: false });
  return stats === undefined ? lacking(path) : infoOf(stats);
}

function lacking(path: string): never {
  throw Object.assign(absent, { message: `ENOENT: no such file or directory, lstat '${path}'` });
}

/** One object for all: nobody keeps it, and a stack would cost more than everything else. */
const absent = Object.assign(new Error(), { code: 'ENOENT' });

function exactAt(path: string): ExactInfo | null {
  try {
    const stats = fs.lstatSync(nativePath(path), { bigint: true, throwIfNoEntry: false });
    return stats === undefined ? null : exactOf(stats);
  } catch {
    return null;
  }
}

/** What is absent leads nowhere; of what cannot be looked at, nobody knows where it leads. */
function kindAt(path: string): 'plain' | 'link' | 'absent' | 'unknown' {
  try {
    const stats = fs.lstatSync(nativePath(path), { throwIfNoEntry: false });
    if (stats === undefined) return 'absent';
    return stats.isSymbolicLink() ? 'link' : 'plain';
  } catch {
    return 'unknown';
  }
}

function list(path: string): DirEntry[] {
  const entries = fs.readdirSync(nativePath(path), { withFileTypes: true });
  if (!entries.some(({ name }) => mayHaveLost(name))) return entries.map(entryOf);
  return fs.readdirSync(nativePath(path), { withFileTypes: true, encoding: 'buffer' }).map(rawEntryOf);
}

/** What opening a link without following it answers. */
const A_LINK = 'ELOOP';

/** The same bounded, regular-files-only reading as the long way, but for a link, which may lead anywhere. */
function readWhole(path: string, maxBytes: number): Buffer {
  const { O_RDONLY, O_NONBLOCK, O_NOFOLLOW } = fs.constants;
  const file = fs.openSync(nativePath(path), O_RDONLY | O_NONBLOCK | O_NOFOLLOW);
  try {
    const stats = fs.fstatSync(file);
    assertReadable(path, stats, maxBytes);
    const room = Buffer.allocUnsafeSlow(stats.size + 1);
    const filled = fs.readSync(file, room, 0, room.length, 0);
    // One byte more than it had, or none of what it had: it is being written, or has no size of its own.
    return filled === stats.size ? room.subarray(0, filled) : readRest(file, maxBytes, path);
  } finally {
    fs.closeSync(file);
  }
}

function readRest(file: number, maxBytes: number, path: string): Buffer {
  const whole = fs.readFileSync(file);
  if (whole.length > maxBytes) throw tooLarge(path, maxBytes);
  return whole;
}

/**
 * A file that leaves a byte of `room` free, in a single read, since a look at its size would cost as much again;
 * else null. One that is being written may come short, as it may for everybody.
 */
function readSmall(path: string, room: Buffer): string | null {
  let file: number | undefined;
  try {
    file = fs.openSync(path, fs.constants.O_RDONLY | fs.constants.O_NONBLOCK | fs.constants.O_NOFOLLOW);
    const filled = fs.readSync(file, room, 0, room.length, 0);
    return filled === room.length ? null : room.toString('utf8', 0, filled);
  } catch {
    return null;
  } finally {
    if (file !== undefined) fs.closeSync(file);
  }
}

/** The kernel's list of mounts, or null where it keeps none. */
function mountinfo(): string | null {
  try {
    return fs.readFileSync('/proc/self/mountinfo', 'utf8');
  } catch {
    return null;
  }
}
