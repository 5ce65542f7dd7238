/**
 * The dialogue: ask `decide`, observe the fact it names, ask again.
 *
 * Contract: the same loop serves status, why, dry run, live run and the second look. Facts are
 * observed in the order the policy asks for them, so an early veto costs nothing further.
 * Failure direction: out of time is a verdict that keeps; a probe that throws is an unknown fact.
 */
import type { Candidate, Decision, Fact, FactName, Facts, Policy, Verdict } from '../core/model.ts';
import { decide, factsInOrder } from '../core/policy.ts';

export type Probe = (candidate: Candidate, fact: FactName, at: string) => Promise<Fact<unknown>>;

export interface Inquiry {
  readonly candidate: Candidate;
  readonly verdict: Verdict;
  readonly facts: Facts;
  /** The facts asked for, in order, with what each cost in milliseconds. */
  readonly asked: readonly { readonly fact: FactName; readonly ms: number }[];
}

export interface Investigation {
  readonly probe: Probe;
  readonly policy: Policy;
  readonly nowMs: () => number;
  readonly isOutOfTime: () => boolean;
  /** Ask who owns what still waits, too: for people, who want to know whose it is and what holds it longest. */
  readonly thorough?: boolean;
  /** Where the candidate lies now; differs from its path only in quarantine. */
  readonly at?: string;
}

/** An inquiry that was stopped before a fact that is cheaper for many candidates at once. */
export interface Paused {
  readonly candidate: Candidate;
  readonly verdict: null;
  readonly facts: Facts;
  readonly asked: Inquiry['asked'];
}

/** Asks until there is a verdict. */
export async function investigate(candidate: Candidate, how: Investigation): Promise<Inquiry> {
  const start: Paused = { candidate, verdict: null, facts: {}, asked: [] };
  return (await proceed(start, how, null)) as Inquiry;
}

/** Goes on from where an inquiry stands, until there is a verdict or `pauseAt` is asked for. */
export async function proceed(from: Paused, how: Investigation, pauseAt: FactName | null): Promise<Inquiry | Paused> {
  const { candidate } = from;
  const asked = [...from.asked];
  let { facts } = from;
  for (;;) {
    const decision: Decision = decide(candidate, facts, how.policy, how.nowMs());
    if (decision.verdict !== 'ask') return withOwners({ candidate, verdict: decision, facts, asked }, how);
    const { fact } = decision;
    if (fact === pauseAt) return { candidate, verdict: null, facts, asked };
    if (how.isOutOfTime()) return { candidate, verdict: outOfTime(fact), facts, asked };
    const startMs = how.nowMs();
    const answer = await observe(how, candidate, fact);
    if (!answer.known && how.isOutOfTime()) return { candidate, verdict: outOfTime(fact), facts, asked };
    asked.push({ fact, ms: how.nowMs() - startMs });
    facts = { ...facts, [fact]: answer } as Facts;
  }
}

const OWNERS: ReadonlySet<FactName> = new Set(['lock', 'maker', 'owner', 'claim']);

/** Adds whose it is to what waits; that may hold it longer than what it waited for. */
async function withOwners(inquiry: Inquiry, how: Investigation): Promise<Inquiry> {
  if (how.thorough !== true || inquiry.verdict.verdict !== 'wait') return inquiry;
  const { candidate } = inquiry;
  const asked = [...inquiry.asked];
  let { facts } = inquiry;
  for (const fact of factsInOrder(candidate)) {
    if (!OWNERS.has(fact) || facts[fact] !== undefined) continue;
    const startMs = how.nowMs();
    const answer = await observe(how, candidate, fact);
    if (how.isOutOfTime()) return inquiry;
    asked.push({ fact, ms: how.nowMs() - startMs });
    facts = { ...facts, [fact]: answer } as Facts;
  }
  const verdict = decide(candidate, facts, how.policy, how.nowMs());
  return verdict.verdict === 'ask' ? inquiry : { candidate, verdict, facts, asked };
}

async function observe(how: Investigation, candidate: Candidate, fact: FactName): Promise<Fact<unknown>> {
  try {
    return await how.probe(candidate, fact, how.at ?? candidate.path);
  } catch (error) {
    return { known: false, why: `observing ${fact} failed: ${error instanceof Error ? error.message : String(error)}` };
  }
}

const outOfTime = (fact: FactName): Verdict => ({
  verdict: 'keep',
  reasons: [{ code: 'out-of-time', detail: `time ran out before "${fact}" was known` }],
});
