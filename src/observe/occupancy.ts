/**
 * Noticing a process by text alone: where its links lead, and what its arguments and open files are called.
 *
 * Contract: no path is looked up, so nothing can hang. Each way answers with everybody it found,
 * this program included; who counts is decided by the caller.
 * Failure direction: a process that has gone or may not be read is passed over; any other failure to
 * read one makes the whole answer unknown.
 */
import { type Fact, known, type Occupant, unknown } from '../core/model.ts';
import { isInside } from '../core/paths.ts';
import { leadsInto, mentions, readingsOf } from '../core/pathtext.ts';
import type { DiskAnswer, DiskReader } from '../io/ports.ts';
import type { ProcessView } from '../io/proctable.ts';

/** One question: who is inside the directory of these names? */
export interface Search {
  readonly view: ProcessView;
  readonly self: number;
  readonly disk: DiskReader;
  /** All absolute; the first is the resolved one. */
  readonly names: readonly string[];
  readonly realPath: string;
  readonly dev: number;
  readonly ino: number;
}

export interface Finding {
  /** 0 for the holder of a socket whom no readable process turned out to be. */
  readonly pid: number;
  readonly how: Occupant['how'];
}

export const isGone = (code: string): boolean => code === 'ENOENT' || code === 'ESRCH';
export const isDenied = (code: string): boolean => code === 'EACCES' || code === 'EPERM';

/** By working directory, root directory or program. */
export function byPlaces({ view, names }: Search, pids: readonly number[] = view.pids): Fact<Finding[]> {
  return everyProcess(pids, view.places, (pid, { cwd, root, exe }) => {
    if (cwd !== null && leadsInto(cwd, names)) return { pid, how: 'cwd' };
    if (root !== null && leadsInto(root, names)) return { pid, how: 'root' };
    return exe !== null && leadsInto(exe, names) ? { pid, how: 'exe' } : null;
  });
}

/** By an argument that names it, absolutely or from the working directory. */
export function byArguments({ view, names }: Search, pids: readonly number[] = view.pids): Fact<Finding[]> {
  return everyProcess(pids, view.args, (pid, args) => {
    const readings = readingsOfAll(view, pid, args);
    const isTold = names.some((name) => readings.some((reading) => mentions(reading, name)));
    return isTold ? { pid, how: 'argument' } : null;
  });
}

/** By an open file, or a socket bound inside. */
export function byOpenFiles({ view, names }: Search, pids: readonly number[] = view.pids): Fact<Finding[]> {
  const found = everyProcess(pids, view.openFiles, (pid, { paths }) =>
    paths.some((path) => leadsInto(path, names)) ? { pid, how: 'open-file' } : null,
  );
  if (!found.known) return found;
  const bound = view.boundSockets();
  if (!bound.ok && !isGone(bound.code) && !isDenied(bound.code))
    return unknown(`the bound sockets could not be read: ${bound.why}`);
  const inside = (bound.ok ? bound.value : []).filter(({ path }) => names.some((name) => isInside(path, name)));
  for (const { inode } of inside) found.value.push(...holdersOf(view, inode));
  return found;
}

function holdersOf(view: ProcessView, inode: number): Finding[] {
  const holders = view.pids.filter((pid) => {
    const open = view.openFiles(pid);
    return open.ok && open.value.sockets.includes(inode);
  });
  return holders.length === 0 ? [{ pid: 0, how: 'socket' }] : holders.map((pid) => ({ pid, how: 'socket' }));
}

/** Arguments do not change within a scan, and splitting relative ones is worth doing once. */
const remembered = new WeakMap<readonly string[], readonly string[]>();

function readingsOfAll(view: ProcessView, pid: number, args: readonly string[]): readonly string[] {
  const readings = remembered.get(args) ?? args.flatMap((arg) => readingsOf(arg, cwdOf(view, pid)));
  remembered.set(args, readings);
  return readings;
}

function cwdOf(view: ProcessView, pid: number): string | null {
  const places = view.places(pid);
  return places.ok ? places.value.cwd : null;
}

/** Asks the same of every process; gone and unreadable ones are passed over. */
export function everyProcess<T>(
  pids: readonly number[],
  read: (pid: number) => DiskAnswer<T>,
  find: (pid: number, value: T) => Finding | null,
): Fact<Finding[]> {
  const found: Finding[] = [];
  for (const pid of pids) {
    const answer = read(pid);
    if (answer.ok) {
      const finding = find(pid, answer.value);
      if (finding !== null) found.push(finding);
    } else if (!isGone(answer.code) && !isDenied(answer.code)) {
      return unknown(`process ${pid} could not be looked at: ${answer.why}`);
    }
  }
  return known(found);
}
