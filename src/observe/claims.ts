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
import { hashOf, pathHashIn, resolveExisting } from '../io/claimfile.ts';
import type { DiskReader, Io } from '../io/ports.ts';
import { recordNow } from './owner.ts';
import { NOT_PLAIN, placesOf } from './places.ts';

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
  const { disk } = io;
  const listing = await disk.list(layout.claims);
  if (!listing.ok && listing.code === 'ENOENT') return known([]);
  if (!listing.ok) return unknown(`the claims could not be read: ${listing.why}`);
  const entries = listing.value.filter(({ name }) => name.endsWith('.json'));
  if (entries.length > MAX_CLAIMS) return unknown(`there are more than ${MAX_CLAIMS} claims in ${layout.claims}`);
  const files = entries.filter(({ kind }) => kind === 'file').map(({ name }) => name);
  const texts = await disk.readTexts(layout.claims, files, MAX_CLAIM_BYTES);
  const sound = new Map<string, ClaimData>();
  for (const [index, name] of files.entries()) {
    const text = texts.ok ? (texts.value[index] ?? null) : null;
    const data = text === null ? null : parseClaim(text);
    if (data !== null) sound.set(name, data);
  }
  const rest = entries.filter(({ name }) => !sound.has(name));
  const doubtful = await Promise.all(rest.map(({ name }) => readDoubtful(disk, join(layout.claims, name))));
  const late = doubtful.filter((each): each is ClaimData => each !== null && !('ok' in each));
  const broken = doubtful.filter((each): each is BrokenClaim => each !== null && 'ok' in each);
  return known([...(await recordsOf(disk, [...sound.values(), ...late])), ...broken]);
}

/** What is not a file, or not a claim, at first sight; null when it was released while the directory was being read. */
async function readDoubtful(disk: DiskReader, file: string): Promise<ClaimData | BrokenClaim | null> {
  const text = await disk.readText(file, MAX_CLAIM_BYTES);
  const info = await disk.lstat(file);
  const isReleased = !text.ok && text.code === 'ENOENT' && !(info.ok && info.value.kind === 'symlink');
  if (isReleased) return null;
  // Without a time of its own a broken claim counts as made now.
  const mtimeMs = info.ok ? info.value.mtimeMs : Number.POSITIVE_INFINITY;
  const broken = (why: string): BrokenClaim => ({
    ok: false,
    file,
    pathHash: pathHashIn(basename(file)),
    mtimeMs,
    why,
  });
  if (!text.ok) return broken(text.why);
  if (info.ok && info.value.kind !== 'file') return broken('it is not a regular file');
  return parseClaim(text.value) ?? broken('it is not a claim of a known version');
}

/** Makes records of claims: where their paths lie, and whether those are gone. */
export async function recordsOf(disk: DiskReader, claims: readonly ClaimData[]): Promise<ReadClaim[]> {
  const places = await placesOf(
    disk,
    claims.map(({ path }) => path),
  );
  return claims.map((data) => {
    const { real = null, isMissing = false } = places.get(data.path) ?? {};
    const names = real === null || real === data.path ? [data.path] : [data.path, real];
    return { ok: true, data, names, isMissing };
  });
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
  const paths = [...new Set([path, await realNow(io.disk, path, records)])];
  const broken = records.find((record) => !record.ok && mayHold(record, paths, nowMs)) as BrokenClaim | undefined;
  if (broken !== undefined) return unknown(`a claim could not be read, and may hold it: ${broken.file}: ${broken.why}`);
  const standingClaims = [...new Set(paths.flatMap((each) => around(records, each)))]
    .map((record) => standingNow(io, record, nowMs))
    .filter((claim) => claim !== null);
  const of = (wanted: Claim['liveness']) => standingClaims.filter(({ liveness }) => liveness === wanted);
  return known(of('alive')[0] ?? lasting(of('unknown')) ?? newest(of('dead')));
}

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
async function realNow(disk: DiskReader, path: string, records: readonly ClaimRecord[]): Promise<string> {
  const { above } = indexOf(records);
  const info = await disk.lstat(path);
  const parent = dirname(path);
  if (!info.ok || info.value.kind === 'symlink' || NOT_PLAIN.test(path) || parent === path)
    return resolveExisting(disk, path);
  const real = above.get(parent) ?? resolveExisting(disk, parent);
  above.set(parent, real);
  return join(await real, basename(path));
}

interface Index {
  /** Real paths of directories. */
  readonly above: Map<string, Promise<string>>;
  readonly at: ReadonlyMap<string, readonly ReadClaim[]>;
  /** The claimed names in order, so that those below a path stand together. */
  readonly names: readonly string[];
}

const indexes = new WeakMap<readonly ClaimRecord[], Index>();

/** The claims on a path, on what lies in it, and on what it lies in. */
function around(records: readonly ClaimRecord[], path: string): ReadClaim[] {
  const { at, names } = indexOf(records);
  const own = withParents(path).flatMap((above) => at.get(above) ?? []);
  const prefix = path === '/' ? path : `${path}/`;
  const below: ReadClaim[] = [];
  for (let index = firstFrom(names, prefix); names[index]?.startsWith(prefix) === true; index++)
    below.push(...(at.get(names[index] ?? '') ?? []));
  return [...own, ...below];
}

function indexOf(records: readonly ClaimRecord[]): Index {
  const present = indexes.get(records);
  if (present !== undefined) return present;
  const at = new Map<string, ReadClaim[]>();
  for (const record of records) {
    if (!record.ok) continue;
    for (const name of record.names.map(normalised)) {
      const others = at.get(name);
      if (others === undefined) at.set(name, [record]);
      else others.push(record);
    }
  }
  const index = { above: new Map<string, Promise<string>>(), at, names: [...at.keys()].sort() };
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

/** Claims whose path is gone. */
export function missingClaims(records: readonly ClaimRecord[]): ReadClaim[] {
  return records.filter((record): record is ReadClaim => record.ok && record.isMissing);
}

/** Files among the claims that are none. */
export function brokenClaims(records: readonly ClaimRecord[]): BrokenClaim[] {
  return records.filter((record): record is BrokenClaim => !record.ok);
}
