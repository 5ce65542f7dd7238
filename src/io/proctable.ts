/**
 * All processes at once, as `/proc` shows them: what each stands in, runs, has open and was told.
 *
 * Contract: reads link texts and small kernel files only, each once, when first asked for. No file
 * system but `/proc` is touched, so an unreachable network share cannot hold a scan up.
 * Failure direction: a process that is gone, or that another user owns, answers so by code; whatever
 * else goes wrong is an answer with its errno, which the caller must not read as "nothing there".
 */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import type { DiskAnswer } from './ports.ts';
import { parseStat } from './processes.ts';

/** Where a process stands; null where it has no such place. Texts as the kernel gives them, ` (deleted)` included. */
export interface Places {
  readonly cwd: string | null;
  readonly root: string | null;
  readonly exe: string | null;
}

export interface Description {
  readonly ppid: number;
  readonly command: string;
  readonly zombie: boolean;
  readonly kernelThread: boolean;
}

export interface OpenFiles {
  /** Absolute paths of open files and directories, each once. */
  readonly paths: readonly string[];
  /** Inode numbers of open sockets. */
  readonly sockets: readonly number[];
}

/**
 * One look at all processes. `ok: false` with `ENOENT` or `ESRCH` is a process that has gone meanwhile,
 * `EACCES` or `EPERM` one that may not be looked into.
 */
export interface ProcessView {
  readonly pids: readonly number[];
  describe(pid: number): DiskAnswer<Description>;
  places(pid: number): DiskAnswer<Places>;
  args(pid: number): DiskAnswer<readonly string[]>;
  openFiles(pid: number): DiskAnswer<OpenFiles>;
  /** Unix sockets bound to a path, by whomever. */
  boundSockets(): DiskAnswer<readonly BoundSocket[]>;
  /** Identifies the mount namespace; null where there is no such thing. */
  mountNamespace(pid: number): DiskAnswer<string | null>;
  /** The mounts a process sees, in the form of `/proc/PID/mountinfo`; empty where there is no such thing. */
  mountinfo(pid: number): DiskAnswer<string>;
  /** A path that leads to the process's working directory whatever namespace it is in, or null. */
  doorTo(pid: number, what: 'cwd' | 'root'): string | null;
}

export interface BoundSocket {
  readonly inode: number;
  readonly path: string;
}

/**
 * Lists the processes under `root` (`/proc`).
 *
 * Fails when there is no such directory, or when it shows another PID namespace than ours, as a `/proc`
 * mounted by somebody else does: its numbers would mean other processes.
 */
export function viewProc(self: number, root = '/proc'): DiskAnswer<ProcessView> {
  const listing = attempt(() => readdirSync(root).filter((name) => /^[1-9]\d*$/.test(name)));
  if (!listing.ok) return listing;
  const own = attempt(() => readlinkSync(`${root}/self`));
  if (!own.ok) return own;
  if (own.value !== String(self) || !listing.value.includes(own.value))
    return { ok: false, code: 'EINVAL', why: `${root} shows the processes of another PID namespace` };
  const of = (pid: number, name: string) => `${root}/${pid}/${name}`;
  const boundSockets = once((pid) => attempt(() => parseUnixSockets(readFileSync(of(pid, 'net/unix'), 'utf8'))));
  return {
    ok: true,
    value: {
      pids: listing.value.map(Number),
      describe: once((pid) => attempt(() => parseStat(readFileSync(of(pid, 'stat'), 'utf8')))),
      places: once((pid) => attempt(() => readPlaces(of(pid, '')))),
      args: once((pid) => attempt(() => splitArgs(readFileSync(of(pid, 'cmdline'), 'utf8')))),
      openFiles: once((pid) => attempt(() => withUsed(readOpenFiles(of(pid, 'fd')), of(pid, '')))),
      boundSockets: () => boundSockets(self),
      mountNamespace: once((pid) => attempt(() => readlinkSync(of(pid, 'ns/mnt')))),
      mountinfo: once((pid) => attempt(() => readFileSync(of(pid, 'mountinfo'), 'utf8'))),
      doorTo: (pid, what) => of(pid, what),
    },
  };
}

/** `root` is always there while the process is; a process that is ending may have no cwd and no exe. */
function readPlaces(base: string): Places {
  const root = readlinkSync(`${base}root`);
  return { cwd: linkOrNull(`${base}cwd`), root, exe: linkOrNull(`${base}exe`) };
}

function linkOrNull(path: string): string | null {
  try {
    return readlinkSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

const splitArgs = (text: string): string[] => text.split('\0').filter((arg) => arg !== '');

/** Descriptors close while they are being read; one that is gone is not open. */
function readOpenFiles(directory: string): OpenFiles {
  const paths = new Set<string>();
  const sockets: number[] = [];
  for (const name of readdirSync(directory)) {
    const target = linkOrNull(`${directory}/${name}`);
    if (target === null) continue;
    if (target.startsWith('/')) paths.add(target);
    const inode = /^socket:\[(\d+)\]$/.exec(target)?.[1];
    if (inode !== undefined) sockets.push(Number(inode));
  }
  return { paths: [...paths], sockets };
}

/**
 * What a process uses without holding it open: mapped files, and directories that its environment makes it
 * load programs and modules from, such as an activated virtual environment.
 */
function withUsed({ paths, sockets }: OpenFiles, base: string): OpenFiles {
  const mapped = [...textOr(`${base}maps`).matchAll(/ (\/.*)$/gm)].map((line) => line[1] ?? '');
  const named = textOr(`${base}environ`)
    .split('\0')
    .filter((pair) => USED_VARIABLES.test(pair))
    .flatMap((pair) => pair.slice(pair.indexOf('=') + 1).split(':'));
  return { paths: [...new Set([...paths, ...mapped, ...named.filter((path) => path.startsWith('/'))])], sockets };
}

/** Not PWD and OLDPWD: they say where somebody was. */
const USED_VARIABLES = /^(VIRTUAL_ENV|CONDA_PREFIX|PATH|PYTHONPATH|NODE_PATH|LD_LIBRARY_PATH|GIT_DIR|GIT_WORK_TREE)=/;

/** Gone with the process, or another user's; the descriptors, read before, have said so. */
function textOr(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

/** Lines of `/proc/net/unix`: seven fields, then the path, which may hold spaces. Abstract names start with `@`. */
export function parseUnixSockets(text: string): BoundSocket[] {
  const bound: BoundSocket[] = [];
  for (const line of text.split('\n')) {
    const parts = /^\S+: \S+ \S+ \S+ \S+ \S+ +(\d+) (\/.*)$/.exec(line);
    if (parts !== null) bound.push({ inode: Number(parts[1]), path: parts[2] ?? '' });
  }
  return bound;
}

/** Remembers an answer per process for as long as the view lives: one pass sees one state. */
function once<T>(read: (pid: number) => DiskAnswer<T>): (pid: number) => DiskAnswer<T> {
  const answers = new Map<number, DiskAnswer<T>>();
  return (pid) => {
    const answer = answers.get(pid) ?? read(pid);
    answers.set(pid, answer);
    return answer;
  };
}

function attempt<T>(read: () => T): DiskAnswer<T> {
  try {
    return { ok: true, value: read() };
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    return { ok: false, code: code ?? 'UNKNOWN', why: message };
  }
}
