/**
 * Which of the claims holds a path.
 *
 * Contract: a claim covers its path, what lies in it and what it lies in, under either name where one leads
 * through a symbolic link. A claim's process is asked about, and a remembered claim is read, when it matters.
 * Failure direction: a file that is not a readable claim holds whatever it may have been about: everything for
 * its first day, while its writer may come back, and after that the path whose hash is in its name, with all
 * that lies below, until somebody removes it. A claim on a path of which nobody can tell where it lies may be
 * about anything, for as long as it stands.
 */
import { basename, dirname, join } from 'node:path';
import { covers, standing } from '../core/claims.ts';
import { type Claim, type Fact, known, unknown } from '../core/model.ts';
import { hashOf, type Resolved, resolveExisting } from '../io/claimfile.ts';
import type { DiskReader, Io } from '../io/ports.ts';
import type { BrokenClaim, ClaimRecord, KnownRecord, ReadClaim } from './claims.ts';
import { recordNow } from './owner.ts';
import { NOT_PLAIN } from './places.ts';

/** For this long an unreadable claim may have been about anything. */
const BROKEN_HOLDS_ALL_MS = 24 * 3_600_000;

/**
 * The claim that holds `path`, or null. Of several, one whose owner lives comes first, then one that cannot
 * be judged; a dead owner's is the answer only when all owners are dead, and then the newest.
 */
export async function claimOn(
  io: Pick<Io, 'disk' | 'processes' | 'clock'>,
  path: string,
  records: readonly ClaimRecord[],
): Promise<Fact<Claim | null>> {
  const nowMs = io.clock.nowMs();
  const place = await placeNow(io.disk, path, records);
  if (!place.isCertain && records.length > 0) return unknown(`where ${path} lies could not be told`);
  const paths = [...new Set([path, place.real])];
  const { uncertain } = indexOf(records);
  const asked = new Set([...paths.flatMap((each) => around(records, each)), ...uncertain]);
  const near = await Promise.all([...asked].map(whole(paths)));
  const broken = [...indexOf(records).broken, ...near.filter(isBroken)].find((each) => mayHold(each, paths, nowMs));
  if (broken !== undefined) return unknown(`a claim could not be read, and may hold it: ${broken.file}: ${broken.why}`);
  const read = near.filter((record): record is ReadClaim => record?.state === 'read');
  const standingOf = (some: readonly ReadClaim[]) =>
    some.map((record) => standingNow(io, record, nowMs)).filter((claim) => claim !== null);
  const elsewhere = standingOf(read.filter((record) => !isOn(record, paths)));
  const astray = elsewhere.find(({ liveness }) => liveness !== 'dead');
  if (astray !== undefined)
    return unknown(`${astray.label} claims ${astray.path}, and where that lies could not be told`);
  const claims = standingOf(read);
  const of = (wanted: Claim['liveness']) => claims.filter(({ liveness }) => liveness === wanted);
  return known(of('alive')[0] ?? lasting(of('unknown')) ?? newest(of('dead')));
}

/** A claim as it is read; null for one that was released, or that is known to be about none of `paths` any more. */
const whole =
  (paths: readonly string[]) =>
  async (record: ClaimRecord): Promise<KnownRecord | null> => {
    if (record.state !== 'remembered') return record;
    const read = await record.read(record.file);
    return read?.state === 'read' && read.isCertain && !isOn(read, paths) ? null : read;
  };

const isOn = ({ names }: ReadClaim, paths: readonly string[]): boolean => covers(names.map(normalised), paths);

const isBroken = (record: ClaimRecord | null): record is BrokenClaim => record?.state === 'broken';

/** What a record claims now; null when its lease has ended. */
export function standingNow(io: Pick<Io, 'processes'>, { data, provided }: ReadClaim, nowMs: number): Claim | null {
  return provided ?? standing(data, data.process === null ? null : recordNow(io, data.process), nowMs);
}

function mayHold({ pathHash, mtimeMs, holds }: BrokenClaim, paths: readonly string[], nowMs: number): boolean {
  if (holds !== undefined) return paths.some(holds);
  // A time in the future says nothing about the file's age.
  if (!(mtimeMs <= nowMs - BROKEN_HOLDS_ALL_MS)) return true;
  return pathHash !== null && paths.flatMap(withParents).some((path) => hashOf(path) === pathHash);
}

function withParents(path: string): string[] {
  const above = dirname(path);
  return above === path ? [path] : [path, ...withParents(above)];
}

/** With the real path of each directory above looked up once for these records, which are one look's. */
async function placeNow(disk: DiskReader, path: string, records: readonly ClaimRecord[]): Promise<Resolved> {
  const { above } = indexOf(records);
  const info = await disk.lstat(path);
  const parent = dirname(path);
  if (!info.ok || info.value.kind === 'symlink' || NOT_PLAIN.test(path) || parent === path)
    return resolveExisting(disk, path);
  const resolving = above.get(parent) ?? resolveExisting(disk, parent);
  above.set(parent, resolving);
  const { real, isCertain } = await resolving;
  return { real: join(real, basename(path)), isCertain };
}

interface Index {
  /** Real paths of directories. */
  readonly above: Map<string, Promise<Resolved>>;
  readonly at: ReadonlyMap<string, readonly ClaimRecord[]>;
  /** The claimed names in order, so that those below a path stand together. */
  readonly names: readonly string[];
  /** Those on paths that may lead anywhere. */
  readonly uncertain: readonly ClaimRecord[];
  readonly broken: readonly BrokenClaim[];
}

const indexes = new WeakMap<readonly ClaimRecord[], Index>();

/** The claims on a path, on what lies in it, and on what it lies in. */
function around(records: readonly ClaimRecord[], path: string): ClaimRecord[] {
  const { at, names } = indexOf(records);
  const own = withParents(path).flatMap((above) => at.get(above) ?? []);
  const prefix = path === '/' ? path : `${path}/`;
  const below: ClaimRecord[] = [];
  for (let index = firstFrom(names, prefix); names[index]?.startsWith(prefix) === true; index++)
    below.push(...(at.get(names[index] ?? '') ?? []));
  return [...own, ...below];
}

function indexOf(records: readonly ClaimRecord[]): Index {
  const present = indexes.get(records);
  if (present !== undefined) return present;
  const at = new Map<string, ClaimRecord[]>();
  for (const record of records) {
    if (record.state === 'broken') continue;
    for (const name of record.names.map(normalised)) {
      const others = at.get(name);
      if (others === undefined) at.set(name, [record]);
      else others.push(record);
    }
  }
  const index = {
    above: new Map<string, Promise<Resolved>>(),
    at,
    names: [...at.keys()].sort(),
    uncertain: records.filter((record) => record.state !== 'broken' && !record.isCertain),
    broken: records.filter(isBroken),
  };
  indexes.set(records, index);
  return index;
}

/** Where the first of the sorted `names` stands that does not come before `text`. */
function firstFrom(names: readonly string[], text: string): number {
  let [low, high] = [0, names.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((names[middle] ?? '') < text) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** A claim written by hand may end in a slash or hold `..`. */
const normalised = (path: string): string => (NOT_PLAIN.test(path) ? join(path).replace(/(?<=.)\/$/, '') : path);

/** The one that holds longest; a claim without a lease holds without end. */
const lasting = (claims: readonly Claim[]): Claim | null =>
  first(claims, ({ leaseUntilMs }) => leaseUntilMs ?? Number.POSITIVE_INFINITY);

const newest = (claims: readonly Claim[]): Claim | null => first(claims, ({ sinceMs }) => sinceMs ?? 0);

function first(claims: readonly Claim[], rank: (claim: Claim) => number): Claim | null {
  return claims.reduce<Claim | null>((best, claim) => (best === null || rank(claim) > rank(best) ? claim : best), null);
}
