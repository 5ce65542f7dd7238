/**
 * Switches every rule of the policy off, one after the other, and shows which test notices.
 *
 * Contract: first every case that keeps something tells which rules hold it; then, with one rule
 * taken out of its table, those cases run again until one of them loses work, or is told another
 * reason. A rule that no case depends on must be held by the policy's own tests. Exits 1 when a
 * rule could be deleted without a test going red.
 */
import { join } from 'node:path';
import { startVitest } from 'vitest/node';
import { assemble, HERE, PROJECT, table } from './crew.mjs';

const crew = await assemble();
try {
  const plan = await crew.ask({ ask: 'list' });
  const holding = await whatHolds(plan.hazards);
  const killed = await Promise.all(plan.rules.map((rule) => killerAmong(rule, holding.get(rule) ?? [])));
  for (const kill of killed) if (kill.by === null) Object.assign(kill, await killerInPolicy(kill.rule));
  console.log(
    table([['rule', 'noticed by', 'how'], ...killed.map(({ rule, by, how }) => [rule, by ?? '**nothing**', how])]),
  );
  const survivors = killed.filter(({ by }) => by === null).map(({ rule }) => rule);
  console.log(
    `\n${plan.rules.length - survivors.length} of ${plan.rules.length} rules are noticed when they are gone.`,
  );
  process.exitCode = survivors.length > 0 ? 1 : 0;
} finally {
  crew.dismiss();
}

/** The cases that each rule holds, with all rules on. */
async function whatHolds(hazards) {
  const holding = new Map();
  const told = await Promise.all(
    hazards.map(async (hazard, index) => {
      if (hazard.kind !== 'keeps' || hazard.impossible !== null) return [];
      const { rules } = await crew.ask({ ask: 'try', hazard: index, cleaner: 'ours' });
      return rules.map((rule) => ({ rule, index, sentence: hazard.sentence }));
    }),
  );
  for (const each of told.flat()) holding.set(each.rule, [...(holding.get(each.rule) ?? []), each]);
  return holding;
}

/** The first case that loses work without the rule, else the first that is told another reason. */
async function killerAmong(rule, cases) {
  let noticed = null;
  for (const { index, sentence } of cases) {
    const { lost, wrong } = await crew.ask({ ask: 'without', hazard: index, rule });
    if (lost.length > 0) return { rule, by: sentence, how: 'work is lost' };
    if (wrong.length > 0) noticed ??= { rule, by: sentence, how: 'kept for another reason' };
  }
  return noticed ?? { rule, by: null, how: '' };
}

/** Runs the policy's own tests without the rule. */
async function killerInPolicy(rule) {
  process.env.REAPER_RULE_OFF = rule;
  const run = await startVitest('test', ['test/unit/policy.test.ts'], {
    config: false,
    root: PROJECT,
    watch: false,
    include: ['test/unit/policy.test.ts'],
    setupFiles: [join(HERE, 'rule-off.ts')],
    reporters: [{}],
  });
  const failed = run.state.getTestModules().flatMap((module) => [...module.children.allTests('failed')]);
  await run.close();
  process.env.REAPER_RULE_OFF = '';
  process.exitCode = 0;
  const [first] = failed;
  return first === undefined ? {} : { by: first.fullName, how: 'a policy test fails' };
}
