/**
 * The agent that made a worktree, from the birth certificate the hook wrote.
 *
 * Contract: an owner for worktrees without a lock. A certificate that is older than the registration of its
 * name is about an earlier worktree. Nobody is known where there is no certificate, or no agent in it.
 * Failure direction: a certificate that cannot be read is an unknown fact. One from another boot, host or PID
 * namespace cannot be judged and keeps for a week, because nothing renews it.
 */
import { join } from 'node:path';
import type { Layout } from '../core/layout.ts';
import { deadSince, type Ledger, ownerKey } from '../core/ledger.ts';
import { makerIn, parseCertificate } from '../core/makers.ts';
import { type Fact, known, type Owner, unknown, type WorktreeCandidate } from '../core/model.ts';
import type { OwnerRecord } from '../core/owners.ts';
import { printable } from '../core/text.ts';
import type { Io } from '../io/ports.ts';
import { recordNow } from './owner.ts';

/** Eight ancestors with their arguments; argument lists of agents hold whole prompts. */
const MAX_BYTES = 4 * 1024 * 1024;

/** File times of one file system, read a moment apart. */
const SAME_MOMENT_MS = 2_000;

/** A maker that cannot be judged is believed this long: agents do not run longer without touching a worktree. */
const UNJUDGED_MS = 7 * 86_400_000;

/** USER_HZ, in which the kernel counts starts. */
const TICKS_PER_SECOND = 100;

export interface MakerSource {
  readonly io: Pick<Io, 'disk' | 'processes' | 'clock'>;
  readonly layout: Layout;
  readonly ledger: Ledger;
  /** Programs that count as agents. */
  readonly names: readonly string[];
  readonly clockWasSet: boolean;
}

/** Who made `candidate`, and whether they live; null when nobody is known or a lock speaks for it. */
export async function makerOf(source: MakerSource, candidate: WorktreeCandidate): Promise<Fact<Owner | null>> {
  const { io, layout, names, ledger } = source;
  if (candidate.locked !== null || candidate.id === '') return known(null);
  const file = join(layout.makers, candidate.id);
  const info = await io.disk.lstat(file);
  if (!info.ok) return isAbsent(info.code) ? known(null) : unknown(`its maker could not be read: ${info.why}`);
  const born = await io.disk.lstat(join(candidate.adminDir, 'commondir'));
  if (!born.ok) return unknown(`its registration could not be read: ${born.why}`);
  if (info.value.mtimeMs < born.value.mtimeMs - SAME_MOMENT_MS) return known(null);
  const text = await io.disk.readText(file, MAX_BYTES);
  if (!text.ok) return isAbsent(text.code) ? known(null) : unknown(`its maker could not be read: ${text.why}`);
  if (text.value === '') return known(null);
  const certificate = parseCertificate(text.value);
  if (certificate === null) return unknown(`${file} is not a birth certificate of a known version`);
  const maker = makerIn(certificate, names);
  if (maker === null) return known(null);
  const { pid, startTicks } = maker.ancestor;
  const { host, bootId, pidNamespace } = certificate;
  const place = { host: host === '' ? null : host, bootId, pidNamespace };
  const startedMs = startOf(io, startTicks, bootId);
  const record: OwnerRecord = { pid, startTicks, startedMs, recordedMs: info.value.mtimeMs, ...place };
  const { liveness, why } = recordNow(io, record, source.clockWasSet);
  const nowMs = io.clock.nowMs();
  const ageMs = nowMs - info.value.mtimeMs;
  if (liveness === 'unknown' && ageMs > UNJUDGED_MS) return known(null);
  const label = `${printable(maker.name)} (pid ${pid})`;
  const deadSinceMs = deadSince(ledger, ownerKey(candidate, 'maker', label), liveness === 'dead', nowMs);
  return known({ label, pid, liveness, why, deadSinceMs, sinceMs: info.value.mtimeMs });
}

const isAbsent = (code: string): boolean => code === 'ENOENT' || code === 'ENOTDIR';

/** Comparable only within the boot that counted the ticks. */
function startOf({ processes }: Pick<Io, 'processes'>, ticks: number | null, bootId: string): number | null {
  const { bootTimeMs = null, bootId: here } = processes.host;
  if (ticks === null || bootTimeMs === null || bootId === '' || bootId !== here) return null;
  return bootTimeMs + (ticks * 1000) / TICKS_PER_SECOND;
}
