/**
 * Durable writing: how a file, a line or a name is brought to disk so that a crash leaves the old or the new.
 *
 * Contract: writes are flushed (file and directory) where a later step relies on them. What opens, renames and
 * flushes is handed in, since on a local file system all but flushing is cheaper without a detour through the
 * thread pool.
 * Failure direction: `rename` refuses to replace anything, even an empty directory, which rename(2) would do silently.
 */
import { constants } from 'node:fs';
import { dirname } from 'node:path';

/** An open file. */
export interface OpenFile {
  writeFile(text: string): unknown;
  chmod(mode: number): unknown;
  /** Bytes. */
  size(): Promise<number> | number;
  /** The byte at `position`, or -1. */
  byteAt(position: number): Promise<number> | number;
  sync(): Promise<unknown>;
  close(): unknown;
}

/** The calls that everything here is made of; each throws as node's own does. */
export interface FileCalls {
  open(path: string, flags: string | number, mode?: number): Promise<OpenFile> | OpenFile;
  rename(from: string, to: string): unknown;
  link(from: string, to: string): unknown;
  unlink(path: string): unknown;
  /** Whether anything has that name. */
  isThere(path: string): Promise<boolean> | boolean;
}

/** What is ours is nobody else's to read; a hook file keeps the mode it had. */
export const PRIVATE_MODE = 0o600;
export const PRIVATE_DIRECTORY_MODE = 0o700;

const NEWLINE = 0x0a;

/** What file systems without hard links answer. */
const WITHOUT_LINKS = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK']);

/** Temporary files that calls of this process are writing: two calls may write one path at a time. */
const writing = new Set<string>();

export const isWriting = (path: string): boolean => writing.has(path);

/** Begins anywhere: a process in another container, or another copy of this program in this one, has the same number. */
let nth = Math.floor(Math.random() * 2 ** 32);

/** link(2) has no directory form, so vacancy is checked and the window is the syscall's own. */
export async function renameIntoVacancy(calls: FileCalls, from: string, to: string): Promise<void> {
  if (await calls.isThere(to)) throw errno('EEXIST', `${to} already exists`);
  await calls.rename(from, to);
  await syncDirectory(calls, dirname(to));
  if (dirname(from) !== dirname(to)) await syncDirectory(calls, dirname(from));
}

/** Replaces a file with all of `text` or none of it. */
export async function replaceFile(calls: FileCalls, path: string, text: string, mode: number): Promise<void> {
  await withTemporary(calls, path, (temporary) =>
    fillAnd(calls, { temporary, text, mode }, async () => void (await calls.rename(temporary, path))),
  );
  await syncDirectory(calls, dirname(path));
}

/** Linked into place whole, so that nobody ever sees a part of it; link(2) refuses a name that is taken. */
export async function writeNew(calls: FileCalls, path: string, text: string): Promise<void> {
  await withTemporary(calls, path, async (temporary) => {
    const place = async () => void (await calls.link(temporary, path));
    await fillAnd(calls, { temporary, text, mode: PRIVATE_MODE }, place).catch(
      async (refusal: NodeJS.ErrnoException) => {
        if (!WITHOUT_LINKS.has(refusal.code ?? '')) throw refusal;
        await fill(calls, path, text, PRIVATE_MODE);
      },
    );
  });
  await syncDirectory(calls, dirname(path));
}

/** A line that was cut short by a crash is ended first, so that it spoils no other. */
export async function append(calls: FileCalls, path: string, line: string): Promise<void> {
  const flags = constants.O_APPEND | constants.O_CREAT | constants.O_RDWR | constants.O_NOFOLLOW;
  const file = await calls.open(path, flags, PRIVATE_MODE);
  try {
    const size = await file.size();
    const isOpen = size > 0 && (await file.byteAt(size - 1)) !== NEWLINE;
    await file.writeFile(`${isOpen ? '\n' : ''}${line}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** The name tells whose it is, so that what a killed process left can be swept up, and is nobody else's at one time. */
async function withTemporary(calls: FileCalls, path: string, use: (temporary: string) => Promise<void>) {
  const temporary = `${path}.${nth++}.${process.pid}.tmp`;
  writing.add(temporary);
  try {
    await use(temporary);
  } finally {
    await unlinkIfThere(calls, temporary);
    writing.delete(temporary);
  }
}

async function unlinkIfThere(calls: FileCalls, path: string): Promise<void> {
  try {
    if (await calls.isThere(path)) await calls.unlink(path);
  } catch {
    // A left-over is swept up by a later pass.
  }
}

interface Filling {
  readonly temporary: string;
  readonly text: string;
  readonly mode: number;
}

/**
 * Fills a temporary file and puts it in its place. Done a second time where it had gone in between: to a pass
 * in another container its writer looks dead, and it is swept up there as something left behind.
 */
async function fillAnd(calls: FileCalls, { temporary, text, mode }: Filling, place: () => Promise<void>) {
  await fill(calls, temporary, text, mode);
  await place().catch(async (error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
    await fill(calls, temporary, text, mode);
    await place();
  });
}

/** Creates `path` with this content; what could not be filled is removed again. */
async function fill(calls: FileCalls, path: string, text: string, mode: number): Promise<void> {
  const file = await calls.open(path, 'wx', PRIVATE_MODE);
  try {
    await file.writeFile(text);
    if (mode !== PRIVATE_MODE) await file.chmod(mode);
    await file.sync();
  } catch (error) {
    await unlinkIfThere(calls, path);
    throw error;
  } finally {
    await file.close();
  }
}

/** Some file systems refuse to fsync a directory; the rename itself has happened then. */
async function syncDirectory(calls: FileCalls, path: string): Promise<void> {
  let directory: OpenFile;
  try {
    directory = await calls.open(path, 'r');
  } catch {
    return;
  }
  await directory.sync().catch(() => undefined);
  await directory.close();
}

export const errno = (code: string, message: string): NodeJS.ErrnoException =>
  Object.assign(new Error(message), { code });
