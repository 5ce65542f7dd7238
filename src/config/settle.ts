/**
 * Defaults, the repository's file and the user's git config become one configuration.
 *
 * Contract: pure. git config wins over the file, the file over the defaults; the file is held
 * between floors and ceilings, each time with a note; the scope is cut to what is approved.
 * Failure direction: where two settings contradict each other, the one that keeps longer holds.
 */
import { CEILINGS, DEFAULTS, FLOORS, type Settings, type StagingPattern } from '../core/settings.ts';
import { formatDuration } from './duration.ts';
import { KEYS, settingsOf, type UserValues, type Values, valuesOf } from './keys.ts';
import * as messages from './messages.ts';
import {
  allowedWithUser,
  differences,
  effectiveScope,
  type Scope,
  type ScopeChange,
  scopeOf,
  withScope,
} from './trust.ts';
import { gitName } from './validate.ts';

export interface Settled {
  /** What applies now. */
  readonly settings: Settings;
  /** What would apply if the file's scope were approved, without git config: what `allow` approves. */
  readonly proposed: Settings;
  /** What the file and git config ask for and is not in effect. */
  readonly withheld: readonly ScopeChange[];
  readonly notes: readonly string[];
}

export interface Layers {
  readonly file: Partial<Values>;
  readonly source: string;
  readonly user: Partial<UserValues>;
  readonly allowed: Scope;
}

/** Puts the layers together. */
export function settle({ file, source, user, allowed }: Layers): Settled {
  const notes: string[] = [];
  const held = withinLimits(file, source, (key, note) => {
    // What git config decides is not the file's any more.
    const isDecided = user[key] !== undefined || (key === 'staging' && user.stagingAge !== undefined);
    if (!isDecided) notes.push(note);
  });
  const proposed = coherent({ ...valuesOf(DEFAULTS), ...held }, {}, []);
  const values = coherent(withUser({ ...valuesOf(DEFAULTS), ...held }, user), user, notes);
  const wished = settingsOf(values);
  const scope = effectiveScope(scopeOf(wished), allowedWithUser(allowed, user));
  return {
    settings: withScope(wished, scope),
    proposed: settingsOf(proposed),
    withheld: differences(scopeOf(wished), scope),
    notes,
  };
}

/** A number that the file may set within limits, and how it is written. */
interface Limit {
  readonly key: LimitedKey;
  readonly floor: number;
  readonly ceiling: number;
  readonly format: (value: number) => string;
}

type LimitedKey = { [K in keyof Values]: Values[K] extends number ? K : never }[keyof Values];

const aged = (key: LimitedKey, floor: number, ceiling: number = CEILINGS.ageMs): Limit => ({
  key,
  floor,
  ceiling,
  format: formatDuration,
});

export const LIMITS: readonly Limit[] = [
  aged('worktrees.idle', FLOORS.idleMs),
  aged('worktrees.emptyIdle', FLOORS.emptyIdleMs),
  aged('worktrees.ownerGrace', FLOORS.ownerGraceMs),
  aged('worktrees.remind', 0),
  aged('quarantine.keep', FLOORS.quarantineKeepMs),
  aged('quarantine.forget', 0),
  aged('pass.budget', FLOORS.budgetMs, CEILINGS.budgetMs),
  aged('pass.every', FLOORS.everyMs, CEILINGS.everyMs),
  { key: 'pass.limit', floor: FLOORS.limit, ceiling: CEILINGS.limit, format: String },
];

type Noting = (key: keyof Values, note: string) => void;

function withinLimits(file: Partial<Values>, source: string, noting: Noting): Partial<Values> {
  const numbers = LIMITS.flatMap(({ key, floor, ceiling, format }) => {
    const value = file[key];
    if (value === undefined) return [];
    const held = { name: key, git: gitNameOf(key), value, floor, ceiling, format };
    return [[key, hold(held, source, (note) => noting(key, note))]];
  });
  const ofStaging = (note: string) => noting('staging', note);
  const staging = file.staging?.map((entry, index) => heldEntry(entry, index, source, ofStaging));
  return { ...file, ...Object.fromEntries(numbers), ...(staging === undefined ? {} : { staging }) };
}

function heldEntry(
  { path, ageMs }: StagingPattern,
  index: number,
  source: string,
  say: (note: string) => void,
): StagingPattern {
  const floor = path.includes('{pid}') ? FLOORS.stagingAgeMs : FLOORS.stagingAgeWithoutPidMs;
  const names = { name: `staging[${index}].age`, git: gitNameOf('stagingAge') };
  const limits = { floor, ceiling: CEILINGS.ageMs, format: formatDuration };
  return { path, ageMs: hold({ ...names, ...limits, value: ageMs }, source, say) };
}

interface Held extends Omit<Limit, 'key'> {
  readonly name: string;
  readonly git: string;
  readonly value: number;
}

function hold({ name, git, value, floor, ceiling, format }: Held, source: string, say: (note: string) => void): number {
  if (value < floor) say(messages.belowFloor(name, source, format(value), format(floor), git));
  else if (value > ceiling) say(messages.aboveCeiling(name, source, format(value), format(ceiling), git));
  return Math.min(Math.max(value, floor), ceiling);
}

function gitNameOf(key: keyof UserValues): string {
  const spec = KEYS.find(({ file }) => file === key);
  return spec === undefined ? key : gitName(spec);
}

/** git config over the rest; an age of its own applies to every staging entry. */
function withUser(values: Values, { stagingAge, ...user }: Partial<UserValues>): Values {
  const merged = { ...values, ...user };
  if (stagingAge === undefined) return merged;
  return { ...merged, staging: merged.staging.map(({ path }) => ({ path, ageMs: stagingAge })) };
}

/** Settings that only make sense together. */
function coherent(values: Values, user: Partial<UserValues>, notes: string[]): Values {
  const keepMs = values['quarantine.keep'];
  const forgetMs = values['quarantine.forget'];
  if (forgetMs < keepMs) notes.push(messages.forgetBelowKeep(formatDuration(forgetMs), formatDuration(keepMs)));
  return {
    ...values,
    'quarantine.forget': Math.max(forgetMs, keepMs),
    'pass.budget': foregroundBudgetMs(values, user, notes),
  };
}

/** A branch must not be able to hold up every checkout for a minute. */
function foregroundBudgetMs(values: Values, user: Partial<UserValues>, notes: string[]): number {
  const budgetMs = values['pass.budget'];
  const ceilingMs = CEILINGS.foregroundBudgetMs;
  if (values['pass.detach'] || user['pass.budget'] !== undefined || budgetMs <= ceilingMs) return budgetMs;
  notes.push(messages.foregroundBudget(formatDuration(budgetMs), formatDuration(ceilingMs)));
  return ceilingMs;
}
