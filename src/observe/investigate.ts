/**
 * The dialogue: ask `decide`, observe the fact it names, ask again.
 *
 * Contract: the same loop serves status, why, dry run, live run and the second look. Facts are
 * observed in the order the policy asks for them, so an early veto costs nothing further.
 * Failure direction: out of time is a verdict that keeps; a probe that throws is an unknown fact.
 */
import type { Candidate, Decision, Fact, FactName, Facts, Policy, Verdict } from '../core/model.ts';
import { decide } from '../core/policy.ts';

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
  /** Where the candidate lies now; differs from its path only in quarantine. */
  readonly at?: string;
}

/** Asks until there is a verdict. */
export async function investigate(candidate: Candidate, how: Investigation): Promise<Inquiry> {
  const asked: { fact: FactName; ms: number }[] = [];
  let facts: Facts = {};
  for (;;) {
    const decision: Decision = decide(candidate, facts, how.policy, how.nowMs());
    if (decision.verdict !== 'ask') return { candidate, verdict: decision, facts, asked };
    const { fact } = decision;
    if (how.isOutOfTime()) return { candidate, verdict: outOfTime(fact), facts, asked };
    const startMs = how.nowMs();
    const answer = await observe(how, candidate, fact);
    if (!answer.known && how.isOutOfTime()) return { candidate, verdict: outOfTime(fact), facts, asked };
    asked.push({ fact, ms: how.nowMs() - startMs });
    facts = { ...facts, [fact]: answer } as Facts;
  }
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
