/**
 * Who is inside a directory: the processes that stand in it, run from it, have it open or were told of it.
 *
 * Contract: one scan a pass, whose details are read when first asked for and then remembered; a look after
 * something was moved needs a new scan. The ways to notice a process are tried cheapest first, and the
 * first that finds somebody ends the search. Only this program and the git it started do not count.
 * Failure direction: a scan or a detail that cannot be read makes the fact unknown. Another user's
 * processes cannot be looked into without privilege: their arguments and mounts still count, and
 * `unreadable` says how many there are.
 */
import { type Fact, known, type Occupant, unknown } from '../core/model.ts';
import { isInside } from '../core/paths.ts';
import { undeleted } from '../core/pathtext.ts';
import { printable } from '../core/text.ts';
import { disk as realDisk } from '../io/disk.ts';
import { viewLsof } from '../io/lsof.ts';
import type { DiskReader } from '../io/ports.ts';
import { type ProcessView, viewProc } from '../io/proctable.ts';
import { byArguments, byOpenFiles, byPlaces, type Finding, isGone, type Search } from './occupancy.ts';
import { byIdentity, byLinkedArguments, byMounts } from './occupancy-elsewhere.ts';
import type { Unseen } from './outlook.ts';

/** lsof answers within 100 ms on a quiet machine and within seconds on a busy desktop. */
const LSOF_TIMEOUT_MS = 5_000;

/** Looking up a path can hang on a network share that does not answer; the fact is then unknown. */
const LOOKUP_TIMEOUT_MS = 2_000;

/** Parents are followed no further: real chains are about ten long, and a loop must end. */
const MAX_ANCESTORS = 64;

export interface ScanOptions {
  /** This program's own process id. */
  readonly self: number;
  /** What paths are looked up through. */
  readonly disk?: DiskReader;
  readonly lsofTimeoutMs?: number;
  readonly lookupTimeoutMs?: number;
  /** Only tests name another directory than `/proc`. */
  readonly procRoot?: string;
  /** Only tests name other directories than the system's. */
  readonly programDirectories?: string;
}

export interface ProcessTable {
  readonly self: number;
  readonly view: ProcessView;
  readonly disk: DiskReader;
  readonly lookupTimeoutMs: number;
  /** Why somebody who is in no list may use a path; absent where everybody is listed. */
  readonly unseen?: Unseen;
  /** Processes that asked for this themselves, and so do not count as somebody else's use. */
  readonly askers?: ReadonlySet<number>;
}

/** The directory or file that is asked about. */
export interface Target {
  /** Where it lies now. */
  readonly path: string;
  /** Other paths under which a process may have been told of it, such as where it lay before. */
  readonly alsoKnownAs?: readonly string[];
  readonly dev: number;
  readonly ino: number;
}

/** Lists all processes, by `/proc` where there is one, else by lsof. */
export async function scanProcesses(options: ScanOptions): Promise<Fact<ProcessTable>> {
  const { self, disk = realDisk } = options;
  const lookupTimeoutMs = options.lookupTimeoutMs ?? LOOKUP_TIMEOUT_MS;
  const proc = viewProc(self, options.procRoot ?? '/proc');
  if (proc.ok) return known({ self, view: proc.value, disk, lookupTimeoutMs });
  if (proc.code !== 'ENOENT') return unknown(`the processes could not be listed: ${proc.why}`);
  const directories = options.programDirectories;
  const lsof = await viewLsof({
    self,
    timeoutMs: options.lsofTimeoutMs ?? LSOF_TIMEOUT_MS,
    ...(directories === undefined ? {} : { directories }),
  });
  if (!lsof.ok) return unknown(`the processes could not be listed: ${lsof.why}`);
  return known({ self, view: lsof.value, disk, lookupTimeoutMs });
}

/** Cheapest first; all that end in text before any that looks a path up. */
const WAYS = [byPlaces, byArguments, byOpenFiles, byMounts, byIdentity, byLinkedArguments] as const;

/** The processes inside `target`, by the first way that finds any. */
export async function occupants(table: ProcessTable, target: Target): Promise<Fact<readonly Occupant[]>> {
  const late = unknown(`looking for processes took longer than ${table.lookupTimeoutMs} ms`);
  return within(table.lookupTimeoutMs, search(table, target), late);
}

async function search(table: ProcessTable, target: Target): Promise<Fact<readonly Occupant[]>> {
  const real = await table.disk.realpath(target.path);
  if (!real.ok && real.code !== 'ENOENT') return unknown(`its path could not be resolved: ${real.why}`);
  const realPath = real.ok ? real.value : target.path;
  const unseen = table.unseen?.(realPath) ?? null;
  const names = [...new Set([realPath, target.path, ...(target.alsoKnownAs ?? [])])];
  const { view, self, disk } = table;
  const asked: Search = { view, self, disk, names, realPath, dev: target.dev, ino: target.ino };
  for (const way of WAYS) {
    const found = await way(asked);
    if (!found.known) return found;
    const others = describeOthers(table, found.value, names);
    if (!others.known || others.value.length > 0) return others;
  }
  return unseen === null ? known([]) : unknown(unseen);
}

/** Leaves out this program, its git, what has exited and the kernel's own threads; each process once. */
function describeOthers(
  table: ProcessTable,
  found: readonly Finding[],
  names: readonly string[],
): Fact<readonly Occupant[]> {
  const others = new Map<number, Occupant>();
  for (const { pid, how } of found) {
    if (pid === NOBODY_KNOWN) others.set(pid, { pid, command: 'a process that cannot be read', how });
    if (others.has(pid) || isOurs(table, pid, how) || (how === 'argument' && isOurLauncher(table, pid, names)))
      continue;
    const seen = table.view.describe(pid);
    if (!seen.ok && isGone(seen.code)) continue;
    if (!seen.ok) return unknown(`process ${pid} could not be looked at: ${seen.why}`);
    if (seen.value.zombie || seen.value.kernelThread) continue;
    others.set(pid, { pid, command: printable(seen.value.command), how });
  }
  return known([...others.values()]);
}

/** Stands for the holder of a socket whom no readable process turned out to be. */
const NOBODY_KNOWN = 0;

/**
 * This program, unless it stands in the directory itself, and the git it started. Its other children are
 * not: a host that uses the library may be the very one whose agents work there.
 */
function isOurs(table: ProcessTable, pid: number, how: Finding['how']): boolean {
  if (table.askers?.has(pid) === true) return true;
  if (pid === table.self) return how !== 'cwd' && how !== 'root';
  const chain = [pid, ...ancestors(pid, table)];
  const at = chain.indexOf(table.self);
  const child = at > 0 ? chain[at - 1] : undefined;
  return child !== undefined && isOurGit(table, child);
}

/** Options that every git call of ours carries, and hardly anybody else's. */
const OUR_GIT = ['--no-optional-locks', '--no-replace-objects', '--literal-pathspecs'];

function isOurGit(table: ProcessTable, pid: number): boolean {
  const args = table.view.args(pid);
  return args.ok && OUR_GIT.every((option) => args.value.includes(option));
}

/**
 * The shell or npx that started this program repeats its arguments. When this program itself was told of the
 * directory, an ancestor's argument naming it is the same request, and not somebody else's use of it.
 */
function isOurLauncher(table: ProcessTable, pid: number, names: readonly string[]): boolean {
  const own = table.view.args(table.self);
  const isAsked = own.ok && own.value.some((arg) => names.some((name) => isInside(arg, name)));
  return isAsked && ancestors(table.self, table).includes(pid);
}

/** The parents of a process, nearest first, as far as they are known. */
export function ancestors(pid: number, table: Pick<ProcessTable, 'view'>, hops: number = MAX_ANCESTORS): number[] {
  const chain: number[] = [];
  for (let at = pid; chain.length < hops; ) {
    const seen = table.view.describe(at);
    if (!seen.ok || !(seen.value.ppid > 0) || chain.includes(seen.value.ppid)) break;
    at = seen.value.ppid;
    chain.push(at);
  }
  return chain;
}

/** How many processes of other users could not be looked into. */
export function unreadable(table: ProcessTable): number {
  const { view } = table;
  return view.pids.filter((pid) => {
    const places = view.places(pid);
    if (places.ok || isGone(places.code)) return false;
    const seen = view.describe(pid);
    return seen.ok && !seen.value.kernelThread && !seen.value.zombie;
  }).length;
}

export interface OrphanProcess {
  readonly pid: number;
  readonly command: string;
  readonly why: string;
}

/** Processes whose working directory was deleted, and lay inside one of `roots`. They are reported, never ended. */
export function orphanProcesses(table: ProcessTable, roots: readonly string[]): OrphanProcess[] {
  const found: OrphanProcess[] = [];
  for (const pid of table.view.pids) {
    const places = table.view.places(pid);
    if (!places.ok || places.value.cwd === null) continue;
    const { path, wasDeleted } = undeleted(places.value.cwd);
    if (!wasDeleted || !roots.some((root) => isInside(path, root)) || isOurs(table, pid, 'open-file')) continue;
    const seen = table.view.describe(pid);
    if (!seen.ok || seen.value.zombie) continue;
    const command = printable(seen.value.command);
    found.push({ pid, command, why: `its working directory was deleted: ${printable(path)}` });
  }
  return found;
}

async function within<T>(limitMs: number, answer: Promise<T>, late: T): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<T>((resolve) => {
    timer = setTimeout(() => resolve(late), limitMs);
  });
  try {
    return await Promise.race([answer, limit]);
  } finally {
    clearTimeout(timer);
  }
}
