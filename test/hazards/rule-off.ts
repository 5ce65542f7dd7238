/**
 * Switches one rule of the policy off, in this process and nowhere else.
 *
 * Contract: for tests of the tests. `REAPER_RULE_OFF=WORKTREE_RULES/lock` does it for a whole run,
 * which must then end red; the product has no such switch.
 */
import { MISSING_RULES, STAGING_RULES, WORKTREE_RULES } from '../../src/core/policy.ts';

type Rules = typeof WORKTREE_RULES;

export const TABLES: Readonly<Record<string, Rules>> = { WORKTREE_RULES, MISSING_RULES, STAGING_RULES };

/** Every rule, as `TABLE/name`. */
export const RULES: readonly string[] = Object.entries(TABLES).flatMap(([table, rules]) =>
  rules.map(({ name }) => `${table}/${name}`),
);

/** Takes a rule out of its table; the answer puts it back. */
export function switchOff(rule: string): () => void {
  const [table = '', name = ''] = rule.split('/');
  const rules = TABLES[table] as Rules[number][] | undefined;
  const index = rules?.findIndex((each) => each.name === name) ?? -1;
  if (rules === undefined || index === -1) throw new Error(`there is no rule ${rule}`);
  const [taken] = rules.splice(index, 1);
  return () => {
    if (taken !== undefined) rules.splice(index, 0, taken);
  };
}

const wanted = process.env.REAPER_RULE_OFF;
if (wanted !== undefined && wanted !== '') switchOff(wanted);
