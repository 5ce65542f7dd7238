/**
 * Noticing a process that sees the directory under another name: through a mount, in another mount namespace
 * such as a container's, or by a path with a symbolic link in it.
 *
 * Contract: mounts are compared by device and path within the file system, from the kernel's own lists;
 * a path is looked up only where text cannot decide.
 * Failure direction: as in `occupancy.ts`; where this process's own mounts cannot be told, every process is
 * compared by device and inode instead.
 */
import { type Fact, known, unknown } from '../core/model.ts';
import {
  type FilePlace,
  type Layer,
  type Mount,
  parseMountinfo,
  parseOverlays,
  placeOf,
  viewsOf,
  viewsThrough,
} from '../core/mountinfo.ts';
import { pathsEndingIn } from '../core/pathtext.ts';
import type { DiskReader } from '../io/ports.ts';
import type { ProcessView } from '../io/proctable.ts';
import { byArguments, byOpenFiles, byPlaces, type Finding, isDenied, isGone, type Search } from './occupancy.ts';

/** A working directory deeper than this has no name that the kernel could print. */
const MAX_DEPTH = 64;

/** Arguments that end in the directory's own name and still need looking up are a handful on any machine. */
const MAX_LOOKUPS = 500;

/** By another name that a mount gives it, here or in another mount namespace. */
export function byMounts(search: Search): Fact<Finding[]> {
  const { view, self, realPath, names } = search;
  const { own, groups } = surroundings(view, self);
  if (!own.known) return own;
  const place = placeOf(realPath, own.value);
  if (place === null) return known([]);
  const aliases = viewsOf(place, own.value).names.filter((name) => !names.includes(name));
  const here = aliases.length === 0 ? known([]) : byText({ ...search, names: aliases }, view.pids);
  if (!here.known) return here;
  const found = [...here.value];
  if (!groups.known) return groups;
  for (const pids of groups.value) {
    const there = throughNamespace(search, place, pids);
    if (!there.known) return there;
    found.push(...there.value);
  }
  return known(found);
}

/** By device and inode of the working and root directories and all their parents. */
export async function byIdentity(search: Search): Promise<Fact<Finding[]>> {
  const { view, self, realPath } = search;
  const { own, groups } = surroundings(view, self);
  const isTold = own.known && placeOf(realPath, own.value) !== null;
  if (!groups.known) return groups;
  const found: Finding[] = [];
  for (const pid of isTold ? groups.value.flat() : view.pids)
    for (const what of ['cwd', 'root'] as const)
      if (await leadsThrough(search, view.doorTo(pid, what))) found.push({ pid, how: what });
  return known(found);
}

/** By an argument that leads to it through a symbolic link. */
export async function byLinkedArguments({ view, disk, names, realPath }: Search): Promise<Fact<Finding[]>> {
  const base = realPath.slice(realPath.lastIndexOf('/') + 1);
  const resolved = new Map<string, string | null>();
  const found: Finding[] = [];
  for (const pid of view.pids) {
    const args = view.args(pid);
    if (!args.ok) continue;
    for (const path of args.value.flatMap((arg) => pathsEndingIn(arg, base))) {
      if (resolved.size >= MAX_LOOKUPS) return unknown(`more than ${MAX_LOOKUPS} arguments may name it`);
      if (!resolved.has(path)) {
        const real = await disk.realpath(path);
        resolved.set(path, real.ok ? real.value : null);
      }
      if (names.includes(resolved.get(path) ?? '')) found.push({ pid, how: 'argument' });
    }
  }
  return known(found);
}

/** The processes of one other namespace: all of them when the directory was mounted there for its own sake. */
function throughNamespace(search: Search, place: FilePlace, pids: readonly number[]): Fact<Finding[]> {
  for (const pid of pids) {
    const mounts = mountsThere(search.view, pid);
    if (!mounts.known) return mounts;
    if (mounts.value.list.length === 0) continue;
    const views = [viewsOf(place, mounts.value.list), viewsThrough(search.realPath, mounts.value.layers)];
    if (views.some(({ isMounted }) => isMounted))
      return known(pids.map((each) => ({ pid: each, how: 'mount' as const })));
    return byText({ ...search, names: views.flatMap(({ names }) => names) }, pids);
  }
  return known([]);
}

function byText(search: Search, pids: readonly number[]): Fact<Finding[]> {
  const found: Finding[] = [];
  for (const way of [byPlaces, byArguments, byOpenFiles]) {
    const answer = way(search, pids);
    if (!answer.known) return answer;
    found.push(...answer.value);
  }
  return known(found);
}

/** The mounts of a process, read once a scan; none where it has exited or may not be read. */
function mountsThere(view: ProcessView, pid: number): Fact<Mounts> {
  const seen = elsewhere.get(view) ?? new Map<number, Fact<Mounts>>();
  elsewhere.set(view, seen);
  const mounts = seen.get(pid) ?? readMounts(view, pid);
  seen.set(pid, mounts);
  return mounts;
}

interface Mounts {
  readonly list: readonly Mount[];
  /** What overlays among them are made of. */
  readonly layers: readonly Layer[];
}

const NO_MOUNTS: Mounts = { list: [], layers: [] };

const elsewhere = new WeakMap<ProcessView, Map<number, Fact<Mounts>>>();

function readMounts(view: ProcessView, pid: number): Fact<Mounts> {
  const text = view.mountinfo(pid);
  // EINVAL is the kernel's word for a process that has exited and so has no mounts.
  if (!text.ok && (isGone(text.code) || isDenied(text.code) || text.code === 'EINVAL')) return known(NO_MOUNTS);
  if (!text.ok) return unknown(`the mounts of process ${pid} could not be read: ${text.why}`);
  const mounts = parseMountinfo(text.value);
  if (mounts === null) return unknown(`the mounts of process ${pid} are not understood`);
  return known({ list: mounts, layers: parseOverlays(text.value) });
}

/** What does not depend on the directory that is asked about is worked out once a scan. */
const perView = new WeakMap<ProcessView, { readonly groups: Fact<number[][]>; readonly own: Fact<readonly Mount[]> }>();

function surroundings(view: ProcessView, self: number) {
  const known = perView.get(view) ?? { groups: foreignGroups(view, self), own: mountsOf(view, self) };
  perView.set(view, known);
  return known;
}

/**
 * Processes in other mount namespaces than ours, one group for each. One whose namespace may not be read
 * is a group of its own: its list of mounts usually may.
 */
function foreignGroups(view: ProcessView, self: number): Fact<number[][]> {
  const own = view.mountNamespace(self);
  if (!own.ok) return unknown(`this process's mount namespace could not be read: ${own.why}`);
  const groups = new Map<string, number[]>();
  for (const pid of view.pids) {
    const namespace = view.mountNamespace(pid);
    if (!namespace.ok && !isGone(namespace.code) && !isDenied(namespace.code))
      return unknown(`the mount namespace of process ${pid} could not be read: ${namespace.why}`);
    if (namespace.ok ? namespace.value === own.value : isGone(namespace.code) || isKernelThread(view, pid)) continue;
    const key = namespace.ok ? String(namespace.value) : `process ${pid}`;
    groups.set(key, [...(groups.get(key) ?? []), pid]);
  }
  return known([...groups.values()]);
}

function isKernelThread(view: ProcessView, pid: number): boolean {
  const seen = view.describe(pid);
  return seen.ok && seen.value.kernelThread;
}

function mountsOf(view: ProcessView, pid: number): Fact<readonly Mount[]> {
  const text = view.mountinfo(pid);
  if (!text.ok) return unknown(`the mounts of this process could not be read: ${text.why}`);
  const mounts = parseMountinfo(text.value);
  return mounts === null ? unknown('the mounts of this process are not understood') : known(mounts);
}

/** True when the directory behind `door`, or one of its parents, is the directory that is looked for. */
async function leadsThrough({ view, disk, dev, ino }: Search, door: string | null): Promise<boolean> {
  if (door === null) return false;
  const seen = passed.get(view) ?? new Map<string, Promise<Set<string>>>();
  passed.set(view, seen);
  const identities = seen.get(door) ?? upwards(disk, door);
  seen.set(door, identities);
  return (await identities).has(identityOf({ dev, ino }));
}

/** Where each door leads through, looked up once a scan. */
const passed = new WeakMap<ProcessView, Map<string, Promise<Set<string>>>>();

const identityOf = ({ dev, ino }: { dev: number; ino: number }): string => `${dev}:${ino}`;

/** The identities of the directory behind `door` and its parents, as far as they may be seen. */
async function upwards(disk: DiskReader, door: string): Promise<Set<string>> {
  const identities = new Set<string>();
  for (let at = door, depth = 0; depth < MAX_DEPTH; at = `${at}/..`, depth++) {
    const info = await disk.stat(at);
    if (!info.ok || identities.has(identityOf(info.value))) break;
    identities.add(identityOf(info.value));
  }
  return identities;
}
