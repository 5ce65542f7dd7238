/**
 * Making, renewing and releasing claims.
 *
 * Contract: one file per path and owner, replaced whole, so readers see a claim or none.
 * Failure direction: a claim that could not be written is an answer that says so; the caller must not
 * believe that the path is held.
 */
import { isAbsolute, join } from 'node:path';
import { type ClaimedPaths, formatClaimed, MAX_CLAIMED_BYTES } from '../core/claimed-paths.ts';
import { type ClaimData, formatClaim, ownerProblem, parseClaim, ttlProblem } from '../core/claims.ts';
import type { Layout } from '../core/layout.ts';
import { type OwnerRecord, parsePid } from '../core/owners.ts';
import { claimFileName, resolveExisting } from '../io/claimfile.ts';
import { placeObstacle } from '../io/ownplace.ts';
import type { DiskAnswer, Io } from '../io/ports.ts';

export interface ClaimWish {
  /** Absolute. */
  readonly path: string;
  readonly owner: string;
  /** The process the claim is bound to; null binds it to its lease alone. */
  readonly pid: number | null;
  readonly ttlMs: number;
}

type Claims = { readonly io: Pick<Io, 'disk' | 'processes' | 'clock'>; readonly layout: Layout };

/** Makes a claim, or renews the same owner's claim on the same path. Refuses with EINVAL, and ESRCH for a process that is not there. */
export async function writeClaim({ io, layout }: Claims, wish: ClaimWish): Promise<DiskAnswer<ClaimData>> {
  const problem = ownerProblem(wish.owner) ?? ttlProblem(wish.ttlMs) ?? pathProblem(wish.path);
  if (problem !== null) return { ok: false, code: 'EINVAL', why: problem };
  const nowMs = io.clock.nowMs();
  const process = wish.pid === null ? null : recordProcess(io, wish.pid, nowMs);
  if (process !== null && 'code' in process) return process;
  const { real: path } = await resolveExisting(io.disk, wish.path);
  const file = join(layout.claims, claimFileName(path, wish.owner));
  const earlier = await io.disk.readText(file);
  const createdMs = (earlier.ok ? parseClaim(earlier.value)?.createdMs : undefined) ?? nowMs;
  const { owner, ttlMs } = wish;
  const claim: ClaimData = { version: 1, path, owner, createdMs, heartbeatMs: nowMs, ttlMs, process };
  const obstacle = await placeObstacle(io.disk, layout.root);
  if (obstacle !== null) return { ok: false, code: 'EPERM', why: obstacle };
  const made = await io.disk.makeDir(layout.claims);
  if (!made.ok) return made;
  const written = await io.disk.writeFile(file, formatClaim(claim));
  return written.ok ? { ok: true, value: claim } : written;
}

/** Lets a claim's lease run anew. ENOENT when there is no such claim: it was released, or never made. */
export async function heartbeat(
  { io, layout }: Claims,
  { path, owner }: Pick<ClaimWish, 'path' | 'owner'>,
): Promise<DiskAnswer<ClaimData>> {
  const file = await fileOf(io, layout, path, owner);
  const text = await io.disk.readText(file);
  if (!text.ok) return text;
  const earlier = parseClaim(text.value);
  if (earlier === null) return { ok: false, code: 'EINVAL', why: `${file} is not a claim of a known version` };
  const claim = { ...earlier, heartbeatMs: io.clock.nowMs() };
  const written = await io.disk.writeFile(file, formatClaim(claim));
  return written.ok ? { ok: true, value: claim } : written;
}

/** Ends a claim. ENOENT when there is no such claim. */
export async function releaseClaim(
  { io, layout }: Claims,
  { path, owner }: Pick<ClaimWish, 'path' | 'owner'>,
): Promise<DiskAnswer<void>> {
  return io.disk.removeFile(await fileOf(io, layout, path, owner));
}

/**
 * Ends a claim whose place is gone and whose owner is too, as `seen` by a pass. A claim that was renewed or
 * made anew since is left alone: EAGAIN.
 *
 * Why the rename: between reading and removing, its owner could write. What was renamed aside is still read
 * as a claim, and goes back when it is not the one that was judged.
 */
export async function releaseGone({ io, layout }: Claims, seen: ClaimData): Promise<DiskAnswer<void>> {
  const { disk } = io;
  const file = join(layout.claims, claimFileName(seen.path, seen.owner));
  const aside = `${file.slice(0, -'.json'.length)}.gone.json`;
  const moved = await disk.rename(file, aside);
  // One that a killed pass had renamed aside lies there still.
  if (!moved.ok && moved.code !== 'ENOENT' && moved.code !== 'EEXIST') return moved;
  const text = await disk.readText(aside);
  const now = text.ok ? parseClaim(text.value) : null;
  if (now !== null && formatClaim(now) === formatClaim(seen)) return disk.removeFile(aside);
  const back = moved.ok ? await disk.rename(aside, file) : moved;
  if (moved.ok && !back.ok && back.code === 'EEXIST') await disk.removeFile(aside);
  return { ok: false, code: 'EAGAIN', why: `${file} was written to meanwhile` };
}

/**
 * Leaves what the claims are about to the next pass; null, or more than that would read, takes back what was
 * left earlier. A hint: without it all are read.
 */
export async function saveClaimed({ io, layout }: Claims, claimed: ClaimedPaths | null): Promise<void> {
  const text = claimed === null ? null : formatClaimed(claimed);
  if (text === null || Buffer.byteLength(text) > MAX_CLAIMED_BYTES) await io.disk.removeFile(layout.claimed);
  else await io.disk.writeFile(layout.claimed, text);
}

const fileOf = async (io: Claims['io'], layout: Layout, path: string, owner: string): Promise<string> =>
  join(layout.claims, claimFileName((await resolveExisting(io.disk, path)).real, owner));

const pathProblem = (path: string): string | null => (isAbsolute(path) ? null : 'the path is not absolute');

/** What identifies the process later: its start, counted by the kernel where possible, and where it runs. */
function recordProcess(
  io: Claims['io'],
  pid: number,
  nowMs: number,
): OwnerRecord | (DiskAnswer<never> & { ok: false }) {
  const { processes } = io;
  if (parsePid(String(pid)) === null) return { ok: false, code: 'EINVAL', why: `${pid} is not a process id` };
  if (processes.signal0(pid) === 'dead') return { ok: false, code: 'ESRCH', why: `there is no process ${pid}` };
  const seen = processes.read(pid);
  const { name, bootId, pidNamespace } = processes.host;
  return {
    pid,
    startedMs: seen.ok ? seen.value.startedMs : null,
    startTicks: seen.ok ? (seen.value.startTicks ?? null) : null,
    recordedMs: nowMs,
    host: name,
    bootId,
    pidNamespace,
  };
}
