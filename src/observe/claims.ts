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
import { type ClaimData, covers, parseClaim, standing } from '../core/claims.ts';
import type { Layout } from '../core/layout.ts';
import { type Claim, type Fact, known, unknown } from '../core/model.ts';
import { judge, type OwnerRecord } from '../core/owners.ts';
import { hashOf, pathHashIn, resolveExisting } from '../io/claimfile.ts';
import type { DiskReader, Io } from '../io/ports.ts';

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
  /** True when nothing is at the claimed path. */
  readonly isMissing: boolean;
}

export interface BrokenClaim {
  readonly ok: false;
  readonly file: string;
  /** The hash of its path, from its name; null when the name is not a claim's either. */
  readonly pathHash: string | null;
  readonly mtimeMs: number;
  readonly why: string;
}

/** Reads all claims. */
export async function readClaims(io: Pick<Io, 'disk'>, layout: Layout): Promise<Fact<readonly ClaimRecord[]>> {
  const listing = await io.disk.list(layout.claims);
  if (!listing.ok && listing.code === 'ENOENT') return known([]);
  if (!listing.ok) return unknown(`the claims could not be read: ${listing.why}`);
  const names = listing.value.map(({ name }) => name).filter((name) => name.endsWith('.json'));
  if (names.length > MAX_CLAIMS) return unknown(`there are more than ${MAX_CLAIMS} claims in ${layout.claims}`);
  const records = await Promise.all(names.map((name) => readClaim(io.disk, join(layout.claims, name))));
  return known(records.filter((record) => record !== null));
}

/** Null when it was released while the directory was being read. */
async function readClaim(disk: DiskReader, file: string): Promise<ClaimRecord | null> {
  const [info, text] = await Promise.all([disk.lstat(file), disk.readText(file, MAX_CLAIM_BYTES)]);
  const isReleased = !text.ok && text.code === 'ENOENT' && !(info.ok && info.value.kind === 'symlink');
  if (isReleased) return null;
  // Without a time of its own a broken claim counts as made now.
  const mtimeMs = info.ok ? info.value.mtimeMs : Number.POSITIVE_INFINITY;
  const pathHash = pathHashIn(basename(file));
  const broken = (why: string): BrokenClaim => ({ ok: false, file, pathHash, mtimeMs, why });
  if (!text.ok) return broken(text.why);
  if (info.ok && info.value.kind !== 'file') return broken('it is not a regular file');
  const data = parseClaim(text.value);
  return data === null ? broken('it is not a claim of a known version') : recordOf(disk, data);
}

/** Makes a record of a claim that came from elsewhere, such as a tool's own database. */
export async function recordOf(disk: DiskReader, data: ClaimData): Promise<ReadClaim> {
  const real = await disk.realpath(data.path);
  const names = real.ok ? [...new Set([data.path, real.value])] : [data.path];
  return { ok: true, data, names, isMissing: !real.ok && real.code === 'ENOENT' };
}

/** The claim that holds `path`, or null. Of several, one whose owner lives comes first. */
export async function claimOn(
  io: Pick<Io, 'disk' | 'processes' | 'clock'>,
  path: string,
  records: readonly ClaimRecord[],
): Promise<Fact<Claim | null>> {
  const nowMs = io.clock.nowMs();
  const paths = [...new Set([path, await resolveExisting(io.disk, path)])];
  const broken = records.find((record) => !record.ok && mayHold(record, paths, nowMs)) as BrokenClaim | undefined;
  if (broken !== undefined) return unknown(`a claim could not be read, and may hold it: ${broken.file}: ${broken.why}`);
  const standingClaims = records
    .filter((record) => record.ok)
    .filter(({ names }) => covers(names, paths))
    .map(({ data }) => standing(data, data.process === null ? null : judgeNow(io, data.process), nowMs))
    .filter((claim) => claim !== null);
  return known(standingClaims.find(({ liveness }) => liveness === 'alive') ?? latest(standingClaims));
}

function mayHold({ pathHash, mtimeMs }: BrokenClaim, paths: readonly string[], nowMs: number): boolean {
  // A time in the future says nothing about the file's age.
  if (!(mtimeMs <= nowMs - BROKEN_HOLDS_ALL_MS)) return true;
  return pathHash !== null && paths.flatMap(withParents).some((path) => hashOf(path) === pathHash);
}

function withParents(path: string): string[] {
  const above = dirname(path);
  return above === path ? [path] : [path, ...withParents(above)];
}

function judgeNow({ processes }: Pick<Io, 'processes'>, record: OwnerRecord) {
  const process = processes.read(record.pid);
  const signal = processes.signal0(record.pid);
  return judge(record, { signal, process: process.ok ? process.value : null, here: processes.host });
}

function latest(claims: readonly Claim[]): Claim | null {
  return claims.reduce<Claim | null>(
    (best, claim) => (best === null || (claim.leaseUntilMs ?? 0) > (best.leaseUntilMs ?? 0) ? claim : best),
    null,
  );
}

/** Claims whose path is gone: reported, and left to their owners. */
export function missingClaims(records: readonly ClaimRecord[]): ReadClaim[] {
  return records.filter((record): record is ReadClaim => record.ok && record.isMissing);
}

/** Files among the claims that are none. */
export function brokenClaims(records: readonly ClaimRecord[]): BrokenClaim[] {
  return records.filter((record): record is BrokenClaim => !record.ok);
}
