/**
 * The one decision: may this candidate be reclaimed?
 *
 * Contract: pure over partial facts. A known veto decides at once; otherwise the cheapest
 * missing fact is asked for; `reclaim` is said only when every veto of the table is known to
 * be absent. Status, dry run, live run and the re-check in quarantine all call `decide`.
 * Failure direction: a fact that is unknown keeps, with what could not be read.
 *
 * Why this order: the tables run from what costs nothing (the worktree list) through single
 * stats and git calls to the process scan. Order is cost only: every row must pass, so a
 * different order can change the reason that is given first and never the outcome.
 */
import type {
  Candidate,
  Claim,
  Decision,
  Fact,
  FactName,
  Facts,
  FactTypes,
  Landing,
  Lock,
  Owner,
  Policy,
  Reason,
  ReasonCode,
  Verdict,
} from './model.ts';
import { duration } from './text.ts';

/** Clocks of file systems and hosts differ by seconds; more than this is a clock set back. */
export const FUTURE_TOLERANCE_MS = 60_000;

/** How many paths a reason quotes before it says how many more there are. */
const QUOTED_PATHS = 3;

interface Seen {
  readonly policy: Policy;
  readonly nowMs: number;
  readonly candidate: Candidate;
  readonly facts: Facts;
}

interface Rule<N extends FactName = FactName> {
  /** Names the rule in tests, which switch each one off and expect a failure. */
  readonly name: string;
  readonly fact: N;
  /** The code given when the fact is unknown. */
  readonly unknownCode: ReasonCode;
  /** The veto, or null when this rule has no objection. */
  readonly veto: (value: FactTypes[N], seen: Seen) => Objection | null;
}

type Objection = { code: ReasonCode; detail: string; untilMs?: number; holdsWork?: boolean };

const rule = <N extends FactName>(
  name: string,
  fact: N,
  veto: Rule<N>['veto'],
  unknownCode: ReasonCode = 'unknown',
): Rule => ({ name, fact, veto, unknownCode }) as unknown as Rule;

const MANAGED = rule('managed', 'managed', (pattern) =>
  pattern === null ? { code: 'unmanaged', detail: 'matches no managed branch or path pattern' } : null,
);
const OWN = rule('own', 'own', ownness);
const IDLE = rule('idle', 'idle', (idle, seen) =>
  tooYoung(idle.lastActivityMs, seen.policy.idleMs, seen.nowMs, 'too-young'),
);
const LOCK = rule('lock', 'lock', lockHeld, 'owner-unknown');
const CLAIM = rule('claim', 'claim', claimHeld, 'owner-unknown');
const MAKER = rule(
  'maker',
  'maker',
  (owner, { policy, nowMs }) => (owner === null ? null : ownerHeld(owner, policy, nowMs)),
  'owner-unknown',
);
const OPERATION = rule('operation', 'operation', (name) =>
  name === null ? null : { code: 'operation', detail: name, holdsWork: true },
);
const REFS = rule('refs', 'refs', (refs) => holding('worktree-refs', refs));
const LANDED = rule('landed', 'landed', notLanded, 'landing-unknown');
const EMPTY_IDLE = rule('empty-idle', 'landed', emptyTooYoung, 'landing-unknown');
const SUBMODULES = rule('submodules', 'submodules', (names) => holding('submodules', names));
const MOUNTS = rule('mounts', 'mounts', (mounts) => {
  return mounts.length === 0 ? null : { code: 'mount-inside', detail: some(mounts) };
});
const OCCUPIED = rule('occupied', 'occupied', inUse);

/** Rules for a worktree whose directory is there, cheapest first. */
export const WORKTREE_RULES: readonly Rule[] = [
  MANAGED,
  OWN,
  rule('present', 'present', (state) =>
    state === 'present' ? null : { code: 'missing', detail: 'its directory is gone' },
  ),
  IDLE,
  LOCK,
  MAKER,
  CLAIM,
  OPERATION,
  rule('nested', 'nested', (path) => (path === null ? null : { code: 'nested-worktree', detail: path })),
  REFS,
  LANDED,
  EMPTY_IDLE,
  SUBMODULES,
  rule('hidden', 'hidden', (paths) => holding('hidden-changes', paths)),
  rule('changes', 'changes', ({ tracked }) => holding('changes', tracked)),
  rule('untracked', 'changes', ({ untracked }) => holding('untracked', untracked)),
  rule('ignored-nested', 'ignored', ({ nested }) => holding('nested-repository', nested)),
  rule('ignored-precious', 'ignored', ({ precious }) => holding('ignored-precious', precious)),
  MOUNTS,
  OCCUPIED,
];

/** A directory may come back: its volume is mounted again, or somebody repairs the worktree they moved. */
const MISSING_IDLE_MS = 7 * 24 * 3_600_000;

const MISSING_IDLE = rule('missing-idle', 'idle', (idle, { policy, nowMs }) =>
  tooYoung(idle.lastActivityMs, Math.max(policy.idleMs, MISSING_IDLE_MS), nowMs, 'too-young'),
);

/** Rules for a registration whose directory is gone: only the registration would move. */
export const MISSING_RULES: readonly Rule[] = [
  MANAGED,
  OWN,
  rule('present', 'present', missingOnly),
  MISSING_IDLE,
  LOCK,
  MAKER,
  CLAIM,
  OPERATION,
  REFS,
  SUBMODULES,
  LANDED,
  EMPTY_IDLE,
  rule('staged', 'changes', ({ tracked }) => holding('changes', tracked)),
];

/** Rules for a staging entry. */
export const STAGING_RULES: readonly Rule[] = [
  OWN,
  rule('owner', 'owner', (owner, seen) => (owner === null ? null : stagingOwnerHeld(owner, seen)), 'owner-unknown'),
  rule('tracked', 'tracked', (why) => (why === null ? null : { code: 'not-own', detail: why })),
  CLAIM,
  rule('nested', 'nested', (path) => (path === null ? null : { code: 'nested-repository', detail: path })),
  rule('idle', 'idle', (idle, seen) =>
    seen.candidate.kind === 'staging'
      ? tooYoung(idle.lastActivityMs, seen.candidate.ageMs, seen.nowMs, 'too-young')
      : { code: 'unknown', detail: 'not a staging entry' },
  ),
  rule('rules', 'rules', (why) => (why === null ? null : { code: 'rule', detail: why })),
  MOUNTS,
  OCCUPIED,
];

/** The table that applies to a candidate. */
export function rulesFor(candidate: Candidate): readonly Rule[] {
  if (candidate.kind === 'staging') return STAGING_RULES;
  return candidate.isMissing ? MISSING_RULES : WORKTREE_RULES;
}

/** The facts a candidate's table can ask for, cheapest first, each once. */
export function factsInOrder(candidate: Candidate): FactName[] {
  return [...new Set(rulesFor(candidate).map((each) => each.fact))];
}

/**
 * Decides about `candidate` from the facts known so far.
 *
 * @param nowMs epoch milliseconds; the clock is an argument so that the decision is repeatable
 * @param rules the table to apply; only tests pass another one
 */
export function decide(
  candidate: Candidate,
  facts: Facts,
  policy: Policy,
  nowMs: number,
  rules: readonly Rule[] = rulesFor(candidate),
): Decision {
  const seen: Seen = { policy, nowMs, candidate, facts };
  for (const each of rules) {
    const objection = object(each, seen);
    if (objection !== null) return verdictOf(objection, seen);
  }
  const missing = rules.find((each) => facts[each.fact] === undefined);
  if (missing !== undefined) return { verdict: 'ask', fact: missing.fact };
  return grounds(candidate, facts);
}

/** The final step: every veto is absent, so the ground is stated, or the candidate is kept. */
function grounds(candidate: Candidate, facts: Facts): Verdict {
  if (candidate.kind === 'staging') return { verdict: 'reclaim', ground: 'stale', evidence: null };
  const landing = facts.landed;
  if (landing?.known !== true || !landing.value.landed)
    return keep({ code: 'landing-unknown', detail: 'no ground was established' });
  return { verdict: 'reclaim', ground: landing.value.ground, evidence: landing.value.evidence };
}

function object(each: Rule, seen: Seen): Objection | null {
  const fact = seen.facts[each.fact] as Fact<FactTypes[FactName]> | undefined;
  if (fact === undefined) return null;
  if (!fact.known) return { code: each.unknownCode, detail: fact.why };
  return each.veto(fact.value, seen);
}

function verdictOf(objection: Objection, seen: Seen): Verdict {
  const { code, detail, untilMs } = objection;
  if (untilMs !== undefined) return { verdict: 'wait', reasons: [{ code, detail }], untilMs };
  if (objection.holdsWork === true && isAbandoned(seen)) return { verdict: 'attention', reasons: [{ code, detail }] };
  return keep({ code, detail });
}

/** Idle for long, nobody's, and holding work: someone should look. Age never does more than this. */
function isAbandoned({ facts, policy, nowMs }: Seen): boolean {
  const { idle, lock, claim } = facts;
  if (idle?.known !== true || lock?.known !== true || claim?.known !== true) return false;
  if (
    (claim.value !== null && claim.value.liveness !== 'dead') ||
    (lock.value !== null && lock.value.owner?.liveness !== 'dead')
  )
    return false;
  return nowMs - idle.value.lastActivityMs >= policy.emptyIdleMs;
}

const keep = (reason: Reason): Verdict => ({ verdict: 'keep', reasons: [reason] });

function ownness(value: FactTypes['own']): Objection | null {
  if (value === 'linked') return null;
  if (value === 'main') return { code: 'main', detail: 'the main worktree' };
  if (value === 'bare') return { code: 'main', detail: 'the bare repository itself' };
  if (value === 'current') return { code: 'current', detail: 'the worktree this was started from' };
  return { code: 'not-own', detail: value.notOwn };
}

function missingOnly(state: FactTypes['present']): Objection | null {
  if (state === 'missing') return null;
  if (state === 'present') return { code: 'unknown', detail: 'the directory appeared while it was being looked at' };
  return { code: 'missing', detail: 'its parent directory is gone or empty too, as on a volume that is not mounted' };
}

/** Work that would be lost: some of its names, as the detail. */
const holding = (code: ReasonCode, names: readonly string[]): Objection | null =>
  names.length === 0 ? null : { code, detail: some(names), holdsWork: true };

function tooYoung(lastMs: number, thresholdMs: number, nowMs: number, code: ReasonCode): Objection | null {
  if (!Number.isFinite(lastMs)) return { code: 'unknown', detail: 'its last activity has no time' };
  if (lastMs > nowMs + FUTURE_TOLERANCE_MS)
    return { code: 'future-mtime', detail: 'its last activity lies in the future: a clock was set back' };
  if (nowMs - lastMs >= thresholdMs) return null;
  return { code, detail: `active ${duration(nowMs - lastMs)} ago`, untilMs: lastMs + thresholdMs };
}

function lockHeld(lock: Lock | null, seen: Seen): Objection | null {
  if (lock === null) return null;
  if (lock.owner === null) return { code: 'locked', detail: lock.reason === '' ? 'without a reason' : lock.reason };
  return ownerHeld(lock.owner, seen.policy, seen.nowMs);
}

/** A staging entry has waited longer than any grace by the time its age allows it to go. */
const stagingOwnerHeld = (owner: Owner, { policy, nowMs }: Seen): Objection | null =>
  ownerHeld(owner, { ...policy, ownerGraceMs: 0 }, nowMs);

function ownerHeld(owner: Owner, policy: Policy, nowMs: number): Objection | null {
  const detail = `${owner.label}: ${owner.why}`;
  if (owner.liveness === 'alive') return { code: 'owner-alive', detail };
  if (owner.liveness === 'unknown') return { code: 'owner-unknown', detail };
  if (policy.ownerGraceMs === 0) return null;
  const sinceMs = owner.deadSinceMs ?? nowMs;
  if (nowMs - sinceMs >= policy.ownerGraceMs) return null;
  return { code: 'owner-grace', detail, untilMs: sinceMs + policy.ownerGraceMs };
}

function claimHeld(claim: Claim | null, seen: Seen): Objection | null {
  if (claim === null) return null;
  const { label, liveness, why, deadSinceMs = null } = claim;
  if (liveness === 'dead') return ownerHeld({ label, pid: null, liveness, why, deadSinceMs }, seen.policy, seen.nowMs);
  const detail = `${claim.label}: ${claim.why}`;
  if (claim.leaseUntilMs !== null && claim.leaseUntilMs > seen.nowMs)
    return { code: 'claimed', detail, untilMs: claim.leaseUntilMs };
  return { code: 'claimed', detail };
}

function notLanded(landing: Landing): Objection | null {
  return landing.landed ? null : { code: 'not-landed', detail: landing.why, holdsWork: true };
}

function emptyTooYoung(landing: Landing, { facts, policy, nowMs }: Seen): Objection | null {
  if (!landing.landed || landing.ground !== 'empty' || facts.idle?.known !== true) return null;
  return tooYoung(facts.idle.value.lastActivityMs, policy.emptyIdleMs, nowMs, 'empty-too-young');
}

function inUse(occupants: FactTypes['occupied']): Objection | null {
  const first = occupants[0];
  if (first === undefined) return null;
  const more = occupants.length > 1 ? ` and ${occupants.length - 1} more` : '';
  return { code: 'occupied', detail: `${first.command} (pid ${first.pid}, ${first.how})${more}` };
}

/** Quotes the first few of many, and says how many more there are. */
export function some(items: readonly string[]): string {
  const shown = items.slice(0, QUOTED_PATHS).join(', ');
  return items.length > QUOTED_PATHS ? `${shown} and ${items.length - QUOTED_PATHS} more` : shown;
}
