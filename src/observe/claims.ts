/**
 * Reading the claims of this repository.
 *
 * Contract: one file per path and owner in `claims/`, so that no two writers meet. `readClaims` reads all of
 * them. `listClaims` leaves those unread whose paths an earlier pass has remembered by the names of their
 * files: enough for a first look, and never for an act.
 * Failure direction: a directory that cannot be read makes the fact unknown for everything. A file that is
 * not a readable claim is a record too, since it may hold something; `brokenClaims` reports it.
 */
import { basename, join } from 'node:path';
import { type ClaimedPaths, NOTHING_CLAIMED } from '../core/claimed-paths.ts';
import { type ClaimData, parseClaim } from '../core/claims.ts';
import type { Layout } from '../core/layout.ts';
import { type Claim, type Fact, known, unknown } from '../core/model.ts';
import { pathHashIn } from '../io/claimfile.ts';
import type { DirEntry, DiskReader, Io } from '../io/ports.ts';
import { type PathPlace, placesOf } from './places.ts';

/** A claim is some 500 bytes; a file larger than this is not one. */
const MAX_CLAIM_BYTES = 64 * 1024;

/** A repository with a thousand agents has a thousand claims; more than this is a runaway writer. */
const MAX_CLAIMS = 10_000;

/** A claim that was read, a file in its place that could not be, or one that was not read yet. */
export type ClaimRecord = KnownRecord | RememberedClaim;

/** What reading gives. */
export type KnownRecord = ReadClaim | BrokenClaim;

export interface ReadClaim {
  readonly state: 'read';
  readonly data: ClaimData;
  /** The claimed path, as written and with symbolic links resolved. */
  readonly names: readonly string[];
  /** True when nothing is at the claimed path, and the directory it was in is there to say so. */
  readonly isMissing: boolean;
  /** False when nobody can tell where its path leads: `names` may not be all it is about. */
  readonly isCertain: boolean;
  /** The name of its file, where that was read with the others; not for one that a provider gave. */
  readonly file?: string;
  /** The claim as its provider gives it; absent for one that was read from a file. */
  readonly provided?: Claim;
}

export interface BrokenClaim {
  readonly state: 'broken';
  readonly file: string;
  /** The hash of its path, from its name; null when the name is not a claim's either. */
  readonly pathHash: string | null;
  readonly mtimeMs: number;
  readonly why: string;
  /** What a provider that failed could have held; absent for a file. */
  readonly holds?: (path: string) => boolean;
}

/** A claim whose path is remembered. */
export interface RememberedClaim {
  readonly state: 'remembered';
  readonly file: string;
  /** As it is written. */
  readonly path: string;
  /** As in `ReadClaim`. */
  readonly names: readonly string[];
  readonly isMissing: boolean;
  readonly isCertain: boolean;
  /** What the claim of that file says in this look; null when it was released meanwhile. Each is read once. */
  readonly read: (file: string) => Promise<KnownRecord | null>;
}

/** Reads all claims. */
export async function readClaims(io: Pick<Io, 'disk'>, layout: Layout): Promise<Fact<readonly KnownRecord[]>> {
  const listed = await listClaims(io, layout, NOTHING_CLAIMED);
  return listed as Fact<readonly KnownRecord[]>;
}

/** Reads the claims that are not in `remembered`, and gives the others as they are remembered. */
export async function listClaims(
  { disk }: Pick<Io, 'disk'>,
  layout: Layout,
  remembered: ClaimedPaths,
): Promise<Fact<readonly ClaimRecord[]>> {
  const listing = await disk.list(layout.claims);
  if (!listing.ok && listing.code === 'ENOENT') return known([]);
  if (!listing.ok) return unknown(`the claims could not be read: ${listing.why}`);
  const entries = listing.value.filter(({ name }) => name.endsWith('.json'));
  if (entries.length > MAX_CLAIMS) return unknown(`there are more than ${MAX_CLAIMS} claims in ${layout.claims}`);
  const isUnread = ({ name, kind }: DirEntry) => kind === 'file' && remembered.has(name);
  const read = await readAll(
    disk,
    layout.claims,
    entries.filter((entry) => !isUnread(entry)),
  );
  const unread = entries.filter(isUnread).map(({ name }) => name);
  return known([...read, ...(await rememberedOf(disk, layout.claims, unread, remembered))]);
}

async function rememberedOf(
  disk: DiskReader,
  directory: string,
  files: readonly string[],
  remembered: ClaimedPaths,
): Promise<RememberedClaim[]> {
  const pathOf = (file: string) => remembered.get(file) as string;
  const placeOf = await placing(disk, files.map(pathOf));
  const answers = new Map<string, Promise<KnownRecord | null>>();
  const read = (file: string) => {
    const answer = answers.get(file) ?? readOne(disk, join(directory, file));
    answers.set(file, answer);
    return answer;
  };
  return files.map((file) => {
    const path = pathOf(file);
    return { state: 'remembered', file, path, ...placeOf(path), read };
  });
}

async function readAll(disk: DiskReader, directory: string, entries: readonly DirEntry[]): Promise<KnownRecord[]> {
  const files = entries.filter(({ kind }) => kind === 'file').map(({ name }) => name);
  const texts = await disk.readTexts(directory, files, MAX_CLAIM_BYTES);
  const sound = new Map<string, ClaimData>();
  for (const [index, name] of files.entries()) {
    const text = texts.ok ? (texts.value[index] ?? null) : null;
    const data = text === null ? null : parseClaim(text);
    if (data !== null) sound.set(name, data);
  }
  const rest = entries.filter(({ name }) => !sound.has(name));
  const doubtful = await Promise.all(rest.map(({ name }) => readDoubtful(disk, join(directory, name))));
  const late = doubtful.filter((each): each is ClaimData => each !== null && !('state' in each));
  const broken = doubtful.filter((each): each is BrokenClaim => each !== null && 'state' in each);
  return [...(await recordsOf(disk, [...sound.values(), ...late], [...sound.keys()])), ...broken];
}

async function readOne(disk: DiskReader, file: string): Promise<KnownRecord | null> {
  const read = await readDoubtful(disk, file);
  if (read === null || 'state' in read) return read;
  const [record] = await recordsOf(disk, [read]);
  return record ?? null;
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
    state: 'broken',
    file,
    pathHash: pathHashIn(basename(file)),
    mtimeMs,
    why,
  });
  if (!text.ok) return broken(text.why);
  if (info.ok && info.value.kind !== 'file') return broken('it is not a regular file');
  return parseClaim(text.value) ?? broken('it is not a claim of a known version');
}

/**
 * Makes records of claims: where their paths lie, and whether those are gone.
 *
 * @param files the names of the files of the first of them
 */
export async function recordsOf(
  disk: DiskReader,
  claims: readonly ClaimData[],
  files: readonly string[] = [],
): Promise<ReadClaim[]> {
  const placeOf = await placing(
    disk,
    claims.map(({ path }) => path),
  );
  return claims.map((data, index) => {
    const file = files[index];
    return { state: 'read', data, ...placeOf(data.path), ...(file === undefined ? {} : { file }) };
  });
}

/** Where each of the paths lies now: links above it may have been changed since its claim was written. */
async function placing(
  disk: DiskReader,
  paths: readonly string[],
): Promise<(path: string) => Pick<ReadClaim, 'names' | 'isMissing' | 'isCertain'>> {
  const places = await placesOf(disk, paths);
  return (path) => {
    const { real, isMissing, isCertain } = places.get(path) as PathPlace;
    return { names: real === path ? [path] : [path, real], isMissing, isCertain };
  };
}

/** Claims whose path is gone. */
export async function missingClaims(records: readonly ClaimRecord[]): Promise<ReadClaim[]> {
  const gone = records.filter((record) => record.state !== 'broken' && record.isMissing);
  const read = await Promise.all(
    gone.map((record) => (record.state === 'remembered' ? record.read(record.file) : record)),
  );
  return read.filter((record): record is ReadClaim => record?.state === 'read' && record.isMissing);
}

/** Files among the claims that are none. */
export function brokenClaims(records: readonly KnownRecord[]): BrokenClaim[] {
  return records.filter((record): record is BrokenClaim => record.state === 'broken');
}
