/**
 * The one decision: may this candidate be reclaimed?
 *
 * Contract: pure over partial facts. A known veto decides at once; otherwise the cheapest
 * missing fact is asked for; `reclaim` is said only when every veto of the table is known to
 * be absent. Of several known vetoes the first one speaks, but for a wait that another one outlasts. Status, dry run, live run and the re-check in quarantine all call `decide`.
 * Failure direction: a fact that is unknown keeps, with what could not be read.
 *
 * Why this order: the tables run from what costs nothing (the worktree list) through single
 * stats and git calls to the process scan. Order is cost only: every row must pass, so a
 * different order can change the reason that is given first and never the outcome.
 */
import type {
  Candidate,
  Decision,
  Fact,
  FactName,
  Facts,
  FactTypes,
  Policy,
  Reason,
  ReasonCode,
  Verdict,
} from './model.ts';
import {
  claimHeld,
  emptyTooYoung,
  holding,
  inUse,
  lockHeld,
  missingOnly,
  notLanded,
  type Objection,
  ownerHeld,
  ownness,
  type Seen,
  some,
  stagingOwnerHeld,
  tooYoung,
} from './vetoes.ts';

interface Rule<N extends FactName = FactName> {
  /** Names the rule in tests, which switch each one off and expect a failure. */
  readonly name: string;
  readonly fact: N;
  /** The code given when the fact is unknown. */
  readonly unknownCode: ReasonCode;
  /** The veto, or null when this rule has no objection. */
  readonly veto: (value: FactTypes[N], seen: Seen) => Objection | null;
}

const rule = <N extends FactName>(
  name: string,
  fact: N,
  veto: Rule<N>['veto'],
  unknownCode: ReasonCode = 'unknown',
): Rule => ({ name, fact, veto, unknownCode }) as unknown as Rule;

const MANAGED = rule('managed', 'managed', (pattern, { candidate }) => {
  // The main worktree is seldom managed, and would not go if it were.
  if (candidate.kind === 'worktree' && candidate.isMain) return ownness(candidate.isBare ? 'bare' : 'main');
  return pattern === null ? { code: 'unmanaged', detail: 'matches no managed branch or path pattern' } : null;
});
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
  gone(tooYoung(idle.lastActivityMs, Math.max(policy.idleMs, MISSING_IDLE_MS), nowMs, 'too-young')),
);

/** Says first that the directory is gone: that it was active lately would sound like a contradiction. */
const gone = (objection: Objection | null): Objection | null =>
  objection === null ? null : { ...objection, detail: `its directory is gone; ${objection.detail}` };

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
  const standing = standingVeto(rules, seen);
  if (standing !== null) return verdictOf(standing.objection, seen);
  const missing = rules.find((each) => facts[each.fact] === undefined);
  if (missing !== undefined) return { verdict: 'ask', fact: missing.fact };
  return grounds(candidate, facts);
}

/** The fact whose veto decides now, or null where none does. */
export function decidingFact(candidate: Candidate, facts: Facts, policy: Policy, nowMs: number): FactName | null {
  return standingVeto(rulesFor(candidate), { policy, nowMs, candidate, facts })?.fact ?? null;
}

interface Veto {
  readonly fact: FactName;
  readonly objection: Objection;
}

/** The first veto; where that one ends by itself, the one that holds longest of all that are known. */
function standingVeto(rules: readonly Rule[], seen: Seen): Veto | null {
  let standing: Veto | null = null;
  for (const each of rules) {
    const objection = object(each, seen);
    if (objection === null) continue;
    if (objection.untilMs === undefined) return { fact: each.fact, objection };
    if (standing === null || objection.untilMs > (standing.objection.untilMs ?? 0))
      standing = { fact: each.fact, objection };
  }
  return standing;
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
