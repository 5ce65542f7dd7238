/**
 * Reading the claims of this repository, and which of them holds a path.
 *
 * Contract: one file per path and owner in `claims/`, so that no two writers meet. Read once a pass;
 * a claim's process is asked about when the claim matters.
 * Failure direction: a directory that cannot be read makes the fact unknown for everything. A file that is
 * not a readable claim holds whatever it may have been about: everything for its first day, while its
 * writer may come back, and after that the path whose hash is in its name, with all that lies below,
 * until somebody removes it. `brokenClaims` reports it.
 */
import { basename, dirname, join } from 'node:path';
import { type ClaimData, parseClaim, standing } from '../core/claims.ts';
import type { Layout } from '../core/layout.ts';
import { type Claim, type Fact, known, unknown } from '../core/model.ts';
import { judge, type OwnerRecord } from '../core/owners.ts';
import { hashOf, pathHashIn, resolveExisting } from '../io/claimfile.ts';
import type { DirEntry, DiskAnswer, DiskReader, Io } from '../io/ports.ts';
import { presence } from './worktrees.ts';

/** A claim is some 500 bytes; a file larger than this is not one. */
const MAX_CLAIM_BYTES = 64 * 1024;

/** A repository with a thousand agents has a thousand claims; more than this is a runaway writer. */
const MAX_CLAIMS = 10_000;

/** For this long an unreadable claim may have been about anything. */
const BROKEN_HOLDS_ALL_MS = 24 * 3_600_000;

/** A claim that was read, or a file in its place that was not. */
export type ClaimRecord = ReadClaim | BrokenClaim;

export interface ReadClaim {
  readonly ok: true;
  readonly data: ClaimData;
  /** The claimed path, as written and with symbolic links resolved. */
  readonly names: readonly string[];
  /** True when nothing is at the claimed path, and the directory it was in is there to say so. */
  readonly isMissing: boolean;
  /** The claim as its provider gives it; absent for one that was read from a file. */
  readonly provided?: Claim;
}

export interface BrokenClaim {
  readonly ok: false;
  readonly file: string;
  /** The hash of its path, from its name; null when the name is not a claim's either. */
  readonly pathHash: string | null;
  readonly mtimeMs: number;
  readonly why: string;
  /** What a provider that failed could have held; absent for a file. */
  readonly holds?: (path: string) => boolean;
}

/** Reads all claims. */
export async function readClaims(io: Pick<Io, 'disk'>, layout: Layout): Promise<Fact<readonly ClaimRecord[]>> {
  const listing = await io.disk.list(layout.claims);
  if (!listing.ok && listing.code === 'ENOENT') return known([]);
  if (!listing.ok) return unknown(`the claims could not be read: ${listing.why}`);
  const names = listing.value.filter(({ name }) => name.endsWith('.json'));
  if (names.length > MAX_CLAIMS) return unknown(`there are more than ${MAX_CLAIMS} claims in ${layout.claims}`);
  const resolve = createResolver(io.disk);
  const records = await Promise.all(
    names.map(({ name, kind }) => readClaim(io.disk, { file: join(layout.claims, name), kind }, resolve)),
  );
  return known(records.filter((record) => record !== null));
}

/** Null when it was released while the directory was being read. */
async function readClaim(
  disk: DiskReader,
  { file, kind }: { file: string; kind: DirEntry['kind'] },
  resolve: Resolve,
): Promise<ClaimRecord | null> {
  const text = await disk.readText(file, MAX_CLAIM_BYTES);
  const sound = text.ok && kind === 'file' ? parseClaim(text.value) : null;
  if (sound !== null) return recordOf(disk, sound, resolve);
  const info = await disk.lstat(file);
  const isReleased = !text.ok && text.code === 'ENOENT' && !(info.ok && info.value.kind === 'symlink');
  if (isReleased) return null;
  // Without a time of its own a broken claim counts as made now.
  const mtimeMs = info.ok ? info.value.mtimeMs : Number.POSITIVE_INFINITY;
  const pathHash = pathHashIn(basename(file));
  const broken = (why: string): BrokenClaim => ({ ok: false, file, pathHash, mtimeMs, why });
  if (!text.ok) return broken(text.why);
  if (info.ok && info.value.kind !== 'file') return broken('it is not a regular file');
  const data = parseClaim(text.value);
  return data === null ? broken('it is not a claim of a known version') : recordOf(disk, data, resolve);
}

/** Makes a record of a claim that came from elsewhere, such as a tool's own database. */
export async function recordOf(
  disk: DiskReader,
  data: ClaimData,
  resolve: Resolve = createResolver(disk),
): Promise<ReadClaim> {
  const real = await resolve(data.path);
  const names = real.ok ? [...new Set([data.path, real.value])] : [data.path];
  if (real.ok || real.code !== 'ENOENT') return { ok: true, data, names, isMissing: false };
  const state = await presence(disk, data.path);
  return { ok: true, data, names, isMissing: state.known && state.value === 'missing' };
}

type Resolve = (path: string) => Promise<DiskAnswer<string>>;

/** Real paths, with the directory above asked about once: a thousand claims lie in a few directories. */
export function createResolver(disk: DiskReader): Resolve {
  const above = new Map<string, Promise<DiskAnswer<string>>>();
  return async (path) => {
    const info = await disk.lstat(path);
    if (!info.ok) return info;
    if (info.value.kind === 'symlink' || dirname(path) === path) return disk.realpath(path);
    const directory = dirname(path);
    const known = above.get(directory) ?? disk.realpath(directory);
    above.set(directory, known);
    const real = await known;
    return real.ok ? { ok: true, value: join(real.value, basename(path)) } : real;
  };
}

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
  const paths = [...new Set([path, await resolveExisting(io.disk, path)])];
  const broken = records.find((record) => !record.ok && mayHold(record, paths, nowMs)) as BrokenClaim | undefined;
  if (broken !== undefined) return unknown(`a claim could not be read, and may hold it: ${broken.file}: ${broken.why}`);
  const standingClaims = [...new Set(paths.flatMap(indexOf(records)))]
    .map((record) => standingNow(io, record, nowMs))
    .filter((claim) => claim !== null);
  const of = (wanted: Claim['liveness']) => standingClaims.filter(({ liveness }) => liveness === wanted);
  return known(of('alive')[0] ?? lasting(of('unknown')) ?? newest(of('dead')));
}

/** What a record claims now; null when its lease has ended. */
export function standingNow(io: Pick<Io, 'processes'>, { data, provided }: ReadClaim, nowMs: number): Claim | null {
  return provided ?? standing(data, data.process === null ? null : judgeNow(io, data.process), nowMs);
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

const indexes = new WeakMap<readonly ClaimRecord[], (path: string) => readonly ReadClaim[]>();

/** Finds what `covers` would among many: claims on a path, on what lies in it, and on what it lies in. */
function indexOf(records: readonly ClaimRecord[]): (path: string) => readonly ReadClaim[] {
  const present = indexes.get(records);
  if (present !== undefined) return present;
  const at = new Map<string, ReadClaim[]>();
  const atOrBelow = new Map<string, ReadClaim[]>();
  const add = (map: Map<string, ReadClaim[]>, path: string, record: ReadClaim) => {
    const list = map.get(path);
    if (list === undefined) map.set(path, [record]);
    else list.push(record);
  };
  for (const record of records) {
    if (!record.ok) continue;
    for (const name of record.names.map(normalised)) {
      add(at, name, record);
      for (const above of withParents(name)) add(atOrBelow, above, record);
    }
  }
  const find = (path: string) => [
    ...(atOrBelow.get(path) ?? []),
    ...withParents(path).flatMap((above) => at.get(above) ?? []),
  ];
  indexes.set(records, find);
  return find;
}

/** A claim written by hand may end in a slash or hold `..`. */
const normalised = (path: string): string => join(path).replace(/(?<=.)\/$/, '');

function judgeNow({ processes }: Pick<Io, 'processes'>, record: OwnerRecord) {
  const process = processes.read(record.pid);
  const signal = processes.signal0(record.pid);
  return judge(record, { signal, process: process.ok ? process.value : null, here: processes.host });
}

/** The one that holds longest; a claim without a lease holds without end. */
const lasting = (claims: readonly Claim[]): Claim | null =>
  first(claims, ({ leaseUntilMs }) => leaseUntilMs ?? Number.POSITIVE_INFINITY);

const newest = (claims: readonly Claim[]): Claim | null => first(claims, ({ sinceMs }) => sinceMs ?? 0);

function first(claims: readonly Claim[], rank: (claim: Claim) => number): Claim | null {
  return claims.reduce<Claim | null>((best, claim) => (best === null || rank(claim) > rank(best) ? claim : best), null);
}

/** Claims whose path is gone. */
export function missingClaims(records: readonly ClaimRecord[]): ReadClaim[] {
  return records.filter((record): record is ReadClaim => record.ok && record.isMissing);
}

/** Files among the claims that are none. */
export function brokenClaims(records: readonly ClaimRecord[]): BrokenClaim[] {
  return records.filter((record): record is BrokenClaim => !record.ok);
}
