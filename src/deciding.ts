/**
 * Deciding a batch of candidates: cheap facts of all, one landing proof for many, then the rest.
 *
 * Contract: one inquiry for each candidate, in their order; nothing is changed.
 * Failure direction: time that runs out is a verdict that keeps.
 */
import { keyOf, restsUntil } from './core/ledger.ts';
import type { Candidate, Policy, Reason } from './core/model.ts';
import type { Settings } from './core/settings.ts';
import { type Inquiry, type Investigation, proceed } from './observe/investigate.ts';
import { createProbe } from './observe/probe.ts';
import type { View } from './observe/view.ts';

/** Candidates looked at side by side: two cores, and git calls that wait for the disk. */
const SIDE_BY_SIDE = 4;

/** Cheap facts of all, then the landing proofs of those that got so far in one go, then the rest. */
export async function decideBatch(
  view: View,
  batch: readonly Candidate[],
  asking: Investigation,
  isBrief: boolean,
  say: (candidate: Candidate, index: number) => void,
): Promise<Inquiry[]> {
  const how = { ...asking, thorough: !isBrief };
  const cheap = await inGroups(batch, async (candidate, index) => {
    say(candidate, index);
    const resting = isBrief ? stillResting(view, candidate, how) : null;
    if (resting !== null) return resting;
    return proceed({ candidate, verdict: null, facts: {}, asked: [] }, how, 'landed');
  });
  await view.prepare(cheap.flatMap((each) => (each.verdict === null ? [each.candidate] : [])));
  return inGroups(cheap, async (each) => {
    // What has no landing to prove, a staging entry, is decided by now, and may be about to go.
    if (each.verdict !== null) return withEveryClaim(view, each, how);
    say(each.candidate, cheap.indexOf(each));
    const inquiry = await withEveryClaim(view, (await proceed(each, how, null)) as Inquiry, how);
    view.readings.forget(each.candidate.path);
    return inquiry;
  });
}

/** What is remembered of the claims answers for a keep only: before anything goes, every one of them is read. */
export async function withEveryClaim(view: View, inquiry: Inquiry, how: Investigation): Promise<Inquiry> {
  const { candidate, verdict, asked } = inquiry;
  if (verdict.verdict !== 'reclaim') return inquiry;
  const claims = await view.claims();
  if (claims.known && claims.value.every(({ state }) => state !== 'remembered')) return inquiry;
  const { claim: _remembered, ...facts } = inquiry.facts;
  const others = asked.filter(({ fact }) => fact !== 'claim');
  const probe = createProbe({ ...view, claims: view.everyClaim });
  return (await proceed({ candidate, verdict: null, facts, asked: others }, { ...how, probe }, null)) as Inquiry;
}

/** The wait that the ledger remembers, without asking for a single fact. */
function stillResting({ source }: View, candidate: Candidate, { policy, nowMs }: Investigation): Inquiry | null {
  if (candidate.kind !== 'worktree' || candidate.isMissing) return null;
  const untilMs = restsUntil(source.ledger, keyOf(candidate), policy.idleMs, nowMs());
  if (untilMs === null) return null;
  const reasons: Reason[] = [{ code: 'too-young', detail: 'it was used too recently when last looked at' }];
  return { candidate, verdict: { verdict: 'wait', untilMs, reasons }, facts: {}, asked: [] };
}

async function inGroups<T, R>(items: readonly T[], work: (item: T, index: number) => Promise<R>): Promise<R[]> {
  const done: R[] = [];
  for (let start = 0; start < items.length; start += SIDE_BY_SIDE) {
    const group = items.slice(start, start + SIDE_BY_SIDE);
    done.push(...(await Promise.all(group.map((item, index) => work(item, start + index)))));
  }
  return done;
}

/** What the policy needs of the settings. */
export const policyOf = ({ worktrees }: Settings): Policy => ({
  idleMs: worktrees.idleMs,
  emptyIdleMs: worktrees.emptyIdleMs,
  ownerGraceMs: worktrees.ownerGraceMs,
});
