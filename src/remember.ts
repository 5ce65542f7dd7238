/**
 * What a pass leaves in the ledger for the next one.
 *
 * Contract: pure. Failure direction: what is forgotten only makes something wait again.
 */
import { deadSince, inTurn, keepOnly, keyOf, type Ledger, ownerKey, withoutOwner } from './core/ledger.ts';
import type { Candidate, Verdict } from './core/model.ts';
import type { View } from './observe/view.ts';
import type { CandidateResult } from './pass.ts';

/** True for a verdict that only says time ran out: such a candidate counts as not examined. */
export const isCutShort = (verdict: Verdict): boolean =>
  verdict.verdict === 'keep' && verdict.reasons.some(({ code }) => code === 'out-of-time');

/** Candidates someone should look at, and was not told of within `worktrees.remind`. */
export function dueForAttention({ source }: View, results: readonly CandidateResult[], nowMs: number): Candidate[] {
  const { ledger, settings } = source;
  const wasTold = (candidate: Candidate): boolean => {
    const agoMs = nowMs - (ledger.announced[keyOf(candidate)] ?? Number.NEGATIVE_INFINITY);
    // One told in the future was told by a clock that has been set back since.
    return agoMs >= 0 && agoMs < settings.worktrees.remindMs;
  };
  return results
    .filter(({ inquiry }) => inquiry.verdict.verdict === 'attention')
    .map(({ inquiry }) => inquiry.candidate)
    .filter((candidate) => !wasTold(candidate));
}

/** The ledger after this pass: the cursor moved, dead owners remembered, the gone forgotten. */
export function remember(from: {
  view: View;
  results: readonly CandidateResult[];
  attention: readonly Candidate[];
  ledger: Ledger;
  nowMs: number;
}): Ledger {
  const { view, results, attention, ledger, nowMs } = from;
  const keys = new Set(view.candidates.map(keyOf));
  const examined: Record<string, number> = keepOnly(ledger.examined, keys);
  const dead: Record<string, number> = keepOnly(ledger.deadSince, keys);
  const announced: Record<string, number> = keepOnly(ledger.announced, keys);
  for (const result of results) {
    const { inquiry } = result;
    const key = keyOf(inquiry.candidate);
    if (isUnfinished(result)) continue;
    examined[key] = nowMs;
    for (const old of Object.keys(dead)) if (withoutOwner(old) === key) delete dead[old];
    for (const owner of deadOwners(inquiry)) dead[owner] = deadSince(ledger, owner, true, nowMs) ?? nowMs;
  }
  const { idleMs } = view.source.settings.worktrees;
  const untilMs: Record<string, number> = {};
  for (const { inquiry } of results) {
    const { candidate, verdict } = inquiry;
    if (verdict.verdict === 'wait' && verdict.reasons.every(({ code }) => code === 'too-young'))
      untilMs[keyOf(candidate)] = verdict.untilMs;
  }
  for (const candidate of attention) announced[keyOf(candidate)] = nowMs;
  return {
    ...ledger,
    examined,
    deadSince: dead,
    announced,
    resting: { idleMs, untilMs },
    stuck: stuckAt(results, ledger),
    landings: view.landings.cache(),
    boot: bootOf(view, ledger),
  };
}

/** Not decided, or decided with no time left to act: it stays first in the next pass. */
const isUnfinished = ({ inquiry, outcome, reasons }: CandidateResult): boolean =>
  isCutShort(inquiry.verdict) || (outcome === 'skipped' && reasons.some(({ code }) => code === 'out-of-time'));

/** Who had the first turn and was not finished with; in one more pass when it is the same as before. */
function stuckAt(results: readonly CandidateResult[], ledger: Ledger): Ledger['stuck'] {
  const [first] = inTurn(
    results.map(({ inquiry }) => inquiry.candidate),
    ledger,
  );
  const isStuck = results.some((result) => result.inquiry.candidate === first && isUnfinished(result));
  if (first === undefined || !isStuck) return null;
  const key = keyOf(first);
  return { key, passes: ledger.stuck?.key === key ? ledger.stuck.passes + 1 : 1 };
}

/**
 * The keys of those owners that were seen dead. One that was not asked about has shown other life: what is
 * asked before owners is activity, and after that the grace begins anew.
 */
function deadOwners({ candidate, facts }: CandidateResult['inquiry']): string[] {
  const { lock, maker, claim } = facts;
  const keys: string[] = [];
  if (lock?.known === true && lock.value?.owner?.liveness === 'dead') keys.push(keyOf(candidate));
  if (maker?.known === true && maker.value?.liveness === 'dead')
    keys.push(ownerKey(candidate, 'maker', maker.value.label));
  if (claim?.known === true && claim.value?.liveness === 'dead')
    keys.push(ownerKey(candidate, 'claim', claim.value.label));
  return keys;
}

type Passed = Omit<NonNullable<Ledger['lastPass']>, 'cutShortInARow'> & { readonly isHook: boolean };

/** Counts what this pass reclaimed and freed; `passed` is null for one that looked at a single thing. */
export function withTotals(ledger: Ledger, count: number, freed: number, passed: Passed | null): Ledger {
  const totals = { reclaimed: ledger.totals.reclaimed + count, bytes: ledger.totals.bytes + freed };
  if (passed === null) return { ...ledger, totals };
  const { isHook, ...lastPass } = passed;
  // Whoever runs one by hand with a budget of their own has not starved anything.
  const cutShortInARow = isHook && !lastPass.complete ? (ledger.lastPass?.cutShortInARow ?? 0) + 1 : 0;
  return { ...ledger, totals, lastPass: { ...lastPass, cutShortInARow } };
}

/** The first sight of this boot stays: that is what a later clock is compared with. */
function bootOf({ source }: View, { boot }: Ledger): Ledger['boot'] {
  const { bootId, bootTimeMs = null } = source.io.processes.host;
  return boot !== null && boot.bootId === bootId ? boot : { bootId, bootTimeMs };
}
