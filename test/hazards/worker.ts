/**
 * One of several processes that try cases out for run.mjs and mutate.mjs.
 *
 * Contract: a message in, a message out, one at a time. Started with REAPER_TEST_SANDBOX set.
 */
import type { Candidate, Facts, Policy } from '../../src/core/model.ts';
import { rulesFor } from '../../src/core/policy.ts';
import { DEFAULTS } from '../../src/core/settings.ts';
import { policyOf } from '../../src/deciding.ts';
import { HAZARDS } from './cases/index.ts';
import { type Cleaner, OTHERS } from './cleaners.ts';
import { FAMILIES, type Hazard, sentence } from './hazard.ts';
import { ours } from './ours.ts';
import { RULES, switchOff, TABLES } from './rule-off.ts';
import { type Trial, tryOut } from './trial.ts';

/** What is asked of a worker. */
export type Question =
  | { readonly ask: 'list' }
  | { readonly ask: 'try'; readonly hazard: number; readonly cleaner: string }
  | { readonly ask: 'without'; readonly hazard: number; readonly rule: string };

const CLEANERS: readonly Cleaner[] = [ours, ...OTHERS];
const CASES: readonly Hazard[] = Object.values(HAZARDS).flat();

async function answer(question: Question): Promise<unknown> {
  if (question.ask === 'list')
    return {
      families: FAMILIES,
      cleaners: CLEANERS.map(({ name }) => name),
      rules: RULES,
      hazards: CASES.map((hazard) => ({ ...hazard, sentence: sentence(hazard) })),
    };
  const hazard = CASES[question.hazard];
  if (hazard === undefined) throw new Error(`there is no case ${question.hazard}`);
  if (question.ask === 'without') {
    const switchOn = switchOff(question.rule);
    try {
      return inShort(await tryOut(hazard));
    } finally {
      switchOn();
    }
  }
  const cleaner = CLEANERS.find(({ name }) => name === question.cleaner) ?? ours;
  return inShort(await tryOut(hazard, cleaner));
}

function inShort({ lost, kept, wrong, report, hasPaths }: Trial): unknown {
  const policy = policyOf(report?.view?.source.settings ?? DEFAULTS);
  const rules = (report?.results ?? []).flatMap(({ inquiry }) =>
    decidingRules(inquiry.candidate, inquiry.facts, policy),
  );
  return { lost, kept, wrong, rules: [...new Set(rules)], hasPaths };
}

/** The rules that objected to a candidate, as `TABLE/name`. */
function decidingRules(candidate: Candidate, facts: Facts, policy: Policy): string[] {
  const rules = rulesFor(candidate);
  const table = Object.keys(TABLES).find((name) => TABLES[name] === rules) ?? '';
  const seen = { policy, nowMs: Date.now(), candidate, facts };
  const objecting = rules.filter(({ fact, veto }) => {
    const said = facts[fact];
    if (said === undefined) return false;
    return !said.known || veto(said.value, seen) !== null;
  });
  return objecting.map(({ name }) => `${table}/${name}`);
}

process.on('message', (question: Question) => {
  answer(question).then(
    (value) => process.send?.({ value }),
    (error: unknown) =>
      process.send?.({ error: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
  );
});
