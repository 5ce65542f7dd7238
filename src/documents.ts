/**
 * The JSON documents of `status` and `run`, which are also what the library returns.
 *
 * Contract: stable keys, `version` in every document; instants are ISO 8601, durations are
 * milliseconds as their names say; absent knowledge is null.
 */
import type { Entry } from './core/entry.ts';
import type { Candidate, Claim, Evidence, Liveness, Owner, Reason, Verdict } from './core/model.ts';
import { JSON_VERSION } from './core/version.ts';
import type { Inquiry } from './observe/investigate.ts';
import type { OrphanProcess } from './observe/processes.ts';
import type { CandidateResult, PassReport } from './pass.ts';
import type { MissingClaim } from './reconcile.ts';
import type { Workspace } from './workspace.ts';

export type OwnerFact = 'lock' | 'name' | 'claim' | 'maker';

export interface OwnerRow {
  readonly label: string;
  readonly pid: number | null;
  readonly liveness: Liveness;
  readonly why: string;
  /** Since when it owns the candidate, or null where that is not known. */
  readonly since: string | null;
  /** What says so: the worktree's lock, the process id in a name, a claim, or who made the worktree. */
  readonly by: OwnerFact;
  /** Since when passes have seen it dead without interruption; null when it is not dead, or was never seen so. */
  readonly deadSince: string | null;
}

export interface CandidateRow {
  readonly kind: Candidate['kind'];
  readonly id: string;
  readonly path: string;
  readonly branch: string | null;
  readonly head: string | null;
  readonly verdict: Verdict['verdict'];
  readonly reasons: readonly Reason[];
  readonly ground: string | null;
  readonly evidence: Evidence | null;
  readonly owner: OwnerRow | null;
  readonly idleMs: number | null;
  /** Instant until which a `wait` lasts. */
  readonly until: string | null;
  /** Bytes on disk; null when it was not measured. */
  readonly bytes: number | null;
  readonly outcome: CandidateResult['outcome'];
  readonly quarantineId: string | null;
  readonly error: string | null;
}

export interface QuarantineRow {
  readonly id: string;
  readonly kind: Entry['kind'];
  readonly phase: Entry['phase'];
  readonly path: string;
  readonly branch: string | null;
  readonly head: string | null;
  readonly ground: Entry['ground'];
  readonly evidence: Evidence | null;
  readonly at: string;
  /** Until when it can be restored at all. */
  readonly restorableUntil: string;
  /** Until when it can be restored with all its files. */
  readonly filesUntil: string;
  readonly bytes: number | null;
}

export interface StatusDocument {
  readonly version: number;
  readonly repo: string;
  readonly base: readonly { readonly ref: string; readonly oid: string }[];
  readonly candidates: readonly CandidateRow[];
  readonly quarantine: readonly QuarantineRow[];
  /** Registrations whose directory is gone. */
  readonly missing: readonly CandidateRow[];
  /** Directories under a managed path that no worktree is registered for. */
  readonly strays: readonly string[];
  /** Claims on paths that are gone. */
  readonly missingClaims: readonly MissingClaim[];
  readonly orphanProcesses: readonly OrphanProcess[];
  readonly notes: readonly string[];
}

export interface RunDocument extends StatusDocument {
  readonly pass: {
    readonly id: string;
    readonly startedAt: string;
    readonly ms: number;
    /** Null when there was no limit. */
    readonly budgetMs: number | null;
    readonly examined: number;
    readonly total: number;
    readonly complete: boolean;
  };
  readonly freedBytes: number;
}

/** What a document shows besides verdicts. */
export interface Extras {
  readonly entries: readonly Entry[];
  readonly orphanProcesses: readonly OrphanProcess[];
  readonly strays: readonly string[];
  readonly sizes: ReadonlyMap<Candidate, number | null>;
}

export function statusDocument(workspace: Workspace, report: PassReport, extras: Extras): StatusDocument {
  const bases = report.view?.bases;
  const nowMs = workspace.io.clock.nowMs();
  const rows = (wanted: boolean) =>
    report.results
      .filter(({ inquiry }) => isMissing(inquiry.candidate) === wanted)
      .map((result) => candidateRow(result, nowMs, extras.sizes));
  return {
    version: JSON_VERSION,
    repo: workspace.mainRoot ?? workspace.layout.commonDir,
    base: bases?.known === true ? bases.value.map(({ ref, oid }) => ({ ref, oid })) : [],
    candidates: rows(false),
    quarantine: extras.entries.map(entryRow),
    missing: rows(true),
    strays: extras.strays,
    missingClaims: report.missingClaims,
    orphanProcesses: extras.orphanProcesses,
    notes: report.notes,
  };
}

/** The same, with outcomes and the pass. */
export function runDocument(workspace: Workspace, report: PassReport, extras: Extras): RunDocument {
  return {
    ...statusDocument(workspace, report, extras),
    pass: {
      id: report.id,
      startedAt: instant(report.startedMs),
      ms: report.ms,
      budgetMs: Number.isFinite(report.budgetMs) ? report.budgetMs : null,
      examined: report.examined,
      total: report.total,
      complete: report.complete,
    },
    freedBytes: report.purge?.bytes ?? 0,
  };
}

const isMissing = (candidate: Candidate): boolean => candidate.kind === 'worktree' && candidate.isMissing;

const instant = (ms: number): string => new Date(ms).toISOString();

function candidateRow(result: CandidateResult, nowMs: number, sizes: Extras['sizes']): CandidateRow {
  const { candidate, verdict, facts } = result.inquiry;
  const isReclaim = verdict.verdict === 'reclaim';
  return {
    kind: candidate.kind,
    id: candidate.id,
    path: candidate.path,
    branch: candidate.kind === 'worktree' ? candidate.branch : null,
    head: candidate.kind === 'worktree' ? candidate.head : null,
    verdict: verdict.verdict,
    reasons: isReclaim ? result.reasons : verdict.reasons,
    ground: isReclaim ? verdict.ground : null,
    evidence: isReclaim ? verdict.evidence : null,
    owner: ownerOf(result),
    idleMs: facts.idle?.known === true ? Math.max(0, Math.round(nowMs - facts.idle.value.lastActivityMs)) : null,
    until: verdict.verdict === 'wait' ? instant(verdict.untilMs) : null,
    bytes: sizes.get(candidate) ?? null,
    outcome: result.outcome,
    quarantineId: result.quarantineId,
    error: result.error,
  };
}

/** The one that speaks loudest: a lock's owner, the process in a name, a claim, the maker. */
export function ownerOf({ inquiry }: Pick<CandidateResult, 'inquiry'>): OwnerRow | null {
  const [loudest] = ownersIn(inquiry);
  if (loudest === undefined) return null;
  const { by, who } = loudest;
  const { label, liveness, why, sinceMs = null, pid = null, deadSinceMs = null } = who;
  const at = (ms: number | null) => (ms === null ? null : instant(ms));
  return { label, pid, liveness, why, since: at(sinceMs), by, deadSince: at(deadSinceMs) };
}

/** Everybody who is known to own a candidate, the one that decides first. */
export function ownersIn({ facts }: Inquiry): { readonly by: OwnerFact; readonly who: Owner | Claim }[] {
  const { lock, owner, claim, maker } = facts;
  const locking = lock?.known === true ? (lock.value?.owner ?? null) : null;
  const naming = owner?.known === true ? owner.value : null;
  const claiming = claim?.known === true ? claim.value : null;
  const making = maker?.known === true ? maker.value : null;
  return [
    ...(locking === null ? [] : [{ by: 'lock', who: locking } as const]),
    ...(naming === null ? [] : [{ by: 'name', who: naming } as const]),
    ...(claiming === null ? [] : [{ by: 'claim', who: claiming } as const]),
    ...(making === null ? [] : [{ by: 'maker', who: making } as const]),
  ];
}

/** One quarantine entry. */
export function entryRow(entry: Entry): QuarantineRow {
  const { id, kind, phase, path, branch, head, ground, evidence, bytes } = entry;
  const times = {
    at: instant(entry.atMs),
    restorableUntil: instant(entry.forgetAtMs),
    filesUntil: instant(entry.keepUntilMs),
  };
  return { id, kind, phase, path, branch, head, ground, evidence, ...times, bytes };
}
