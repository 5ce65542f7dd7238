/**
 * One pass at a time: a lock file that names its holder.
 *
 * Contract: created exclusively; taken over only from a holder that is known to be dead here, or
 * that belongs to another boot or host and has been silent far longer than a pass can last.
 * Failure direction: busy, silently.
 */

import type { Layout } from '../core/layout.ts';
import { placeObstacle } from '../io/ownplace.ts';
import type { Io } from '../io/ports.ts';

interface Holder {
  readonly pid: number;
  readonly startedMs: number | null;
  readonly host: string;
  readonly bootId: string;
  readonly pidNamespace: string;
  readonly token: string;
}

export interface PassLock {
  /** True while the file is still ours: asked again before anything moves. */
  isHeld(): Promise<boolean>;
  /**
   * False once it was lost, or was not seen for so long that another machine may have taken it over. Costs
   * nothing; asked often by long work, it looks at the file every minute and keeps it young.
   */
  isSure(): boolean;
  release(): Promise<void>;
}

export type Acquired = { readonly ok: true; readonly lock: PassLock } | Denied;

/** Somebody has it, or there is no place of our own to put it. */
interface Denied {
  readonly ok: false;
  readonly problem: 'busy' | 'unwritable';
  readonly why: string;
}

/** A holder at work touches its lock every minute; a stranger's that is this old has no holder any more. */
const SILENT_MS = 3_600_000;

/** Far below SILENT_MS, and rare enough to cost nothing. */
const RENEW_MS = 60_000;

/** Process start times are read with a resolution of 10 ms and rounded differently by kernels. */
const START_TOLERANCE_MS = 2_000;

/** Takes the lock, or says who has it. */
export async function acquireLock(
  io: Io,
  { root, lock: path }: Pick<Layout, 'root' | 'lock'>,
  token: string,
): Promise<Acquired> {
  const obstacle = await placeObstacle(io.disk, root);
  if (obstacle !== null) return unwritable(obstacle);
  const made = await io.disk.makeDir(root);
  if (!made.ok) return unwritable(made.why);
  const text = JSON.stringify(myself(io, token));
  for (let attempt = 0; attempt < 2; attempt++) {
    const created = await io.disk.createFile(path, text);
    if (created.ok) return { ok: true, lock: heldLock(io, path, text) };
    if (created.code !== 'EEXIST') return unwritable(created.why);
    const removed = await removeDead(io, path, token);
    if (removed !== null) return removed;
  }
  return busy('another pass took the lock');
}

const busy = (why: string): Denied => ({ ok: false, problem: 'busy', why });
const unwritable = (why: string): Denied => ({ ok: false, problem: 'unwritable', why });

function myself({ processes }: Io, token: string): Holder {
  const self = processes.read(processes.self);
  const { name, bootId, pidNamespace } = processes.host;
  return {
    pid: processes.self,
    startedMs: self.ok ? self.value.startedMs : null,
    host: name,
    bootId,
    pidNamespace,
    token,
  };
}

function heldLock(io: Io, path: string, text: string): PassLock {
  const isHeld = async () => {
    const now = await io.disk.readText(path);
    return now.ok && now.value === text;
  };
  let seenMs = io.clock.nowMs();
  let isLost = false;
  let isAsking = false;
  const renew = async () => {
    isAsking = true;
    isLost = !(await isHeld());
    const nowMs = io.clock.nowMs();
    if (!isLost && (await io.disk.setModified(path, nowMs)).ok) seenMs = nowMs;
    isAsking = false;
  };
  return {
    isHeld,
    isSure: () => {
      const ageMs = Math.abs(io.clock.nowMs() - seenMs);
      if (ageMs > RENEW_MS && !isAsking && !isLost) void renew();
      return !isLost && ageMs < SILENT_MS / 2;
    },
    release: async () => {
      if (await isHeld()) await io.disk.removeFile(path);
    },
  };
}

/**
 * Moves a dead holder's file out of the way; answers why not, or null.
 *
 * Why a rename: of two passes that find the same dead holder only one gets the file. Should the
 * file that was moved turn out to be another's, it is put back where it was.
 */
async function removeDead(io: Io, path: string, token: string): Promise<Denied | null> {
  const seen = await io.disk.readText(path);
  if (!seen.ok) return seen.code === 'ENOENT' ? null : unwritable(seen.why);
  const holder = parseHolder(seen.value);
  const ageMs = await silence(io, path);
  if (holder === null && ageMs <= SILENT_MS)
    return busy('another pass may be running: its lock file is not understood');
  if (holder !== null && !isDead(io, holder, ageMs))
    return busy(`another pass is running (pid ${holder.pid} on ${holder.host})`);
  const aside = `${path}.${token}`;
  const moved = await io.disk.rename(path, aside);
  if (!moved.ok) return moved.code === 'ENOENT' ? null : unwritable(moved.why);
  const taken = await io.disk.readText(aside);
  if (taken.ok && taken.value === seen.value) {
    await io.disk.removeFile(aside);
    return null;
  }
  await io.disk.rename(aside, path);
  return busy('another pass took the lock');
}

function parseHolder(text: string): Holder | null {
  try {
    const value = JSON.parse(text) as Partial<Holder>;
    return Number.isSafeInteger(value.pid) && typeof value.host === 'string' ? (value as Holder) : null;
  } catch {
    return null;
  }
}

/** Milliseconds since the file was written; 0 when that is not known. */
async function silence(io: Io, path: string): Promise<number> {
  const info = await io.disk.lstat(path);
  return info.ok ? io.clock.nowMs() - info.value.mtimeMs : 0;
}

/** Machines and containers that share a disk may share a name, so a stranger is dead by silence alone. */
function isDead(io: Io, holder: Holder, silentMs: number): boolean {
  const { host } = io.processes;
  const isHere =
    holder.host === host.name && holder.bootId === host.bootId && holder.pidNamespace === host.pidNamespace;
  if (!isHere) return silentMs > SILENT_MS;
  if (io.processes.signal0(holder.pid) === 'dead') return true;
  const process = io.processes.read(holder.pid);
  if (!process.ok) return false;
  if (process.value.zombie) return true;
  const { startedMs } = process.value;
  return startedMs !== null && holder.startedMs !== null && startedMs > holder.startedMs + START_TOLERANCE_MS;
}
