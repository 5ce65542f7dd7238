/**
 * A parsed document becomes values, or every reason why it does not.
 *
 * Contract: never throws; all problems are collected (up to a limit), each with key, value,
 * expected form and, for unknown keys, the nearest key there is. Foreign text is escaped.
 * Failure direction: one problem is enough for nothing to be used.
 */
import { distance } from 'fastest-levenshtein';
import * as v from 'valibot';
import type { KeySpec, UserValues } from './keys.ts';
import { KEYS } from './keys.ts';
import { EXPECTED, invalid, missingKey, quote, show, unknownKey } from './messages.ts';
import { FILE_SCHEMA, isMapping, USER_SCHEMA } from './schema.ts';

/** More than a screenful helps nobody, and a hostile file could hold thousands. */
const MAX_PROBLEMS = 20;
/** Distances cost the product of two lengths; real keys are below 25 characters. */
const MAX_COMPARED = 40;

export interface ConfigProblem {
  /** Dotted name: `worktrees.idle`, `staging[0].path`, `reaper.idle`; or the file itself. */
  readonly key: string;
  /** Quoted and escaped. */
  readonly value: string;
  /** The form that would be right. */
  readonly expected: string;
  readonly nearest: string | null;
  /** All of it in one sentence. */
  readonly message: string;
}

export interface Validated {
  readonly values: Partial<UserValues>;
  readonly problems: readonly ConfigProblem[];
}

/** Whose words the document uses. */
export interface Origin {
  /** How messages call it: `.reaperrc`, `git config`. */
  readonly source: string;
  readonly level: 'file' | 'user';
}

const SECTIONS = ['worktrees', 'quarantine', 'pass'] as const;
const FILE_KEYS = KEYS.map(({ file }) => file).filter((key) => key !== 'stagingAge');
const ENTRY_KEYS = ['path', 'age'];

/** Checks a document of the file's shape; `user` documents may also hold `stagingAge`. */
export function validate(document: unknown, origin: Origin): Validated {
  const unknownKeys: ConfigProblem[] = [];
  const known = withoutUnknown(document, origin, unknownKeys);
  const result = v.safeParse(origin.level === 'user' ? USER_SCHEMA : FILE_SCHEMA, known);
  const problems = [...unknownKeys, ...(result.issues ?? []).map((issue) => problemOf(issue, origin))];
  if (problems.length > 0 || !result.success) return { values: {}, problems: problems.slice(0, MAX_PROBLEMS) };
  return { values: flattened(result.output), problems };
}

/** A problem that is not about one value: a file that cannot be read, a key that is refused. */
export function problemAbout(key: string, message: string, expected = ''): ConfigProblem {
  return { key: show(key), value: '', expected, nearest: null, message };
}

/** The problem of a key that does not exist, with the nearest of `candidates`. */
export function unknownKeyProblem(
  key: string,
  value: unknown,
  source: string,
  candidates: readonly string[],
): ConfigProblem {
  const nearest = nearestKey(key, candidates);
  // A key of nothing but blanks would leave the sentence without its subject.
  const shown = show(key.trim() === '' ? JSON.stringify(key) : key);
  return {
    key: shown,
    value: quote(value),
    expected: nearest ?? `one of ${candidates.join(', ')}`,
    nearest,
    message: unknownKey(shown, source, quote(value), { nearest, candidates }),
  };
}

/** Copies the document without keys that do not exist, and reports those. */
function withoutUnknown(document: unknown, { source, level }: Origin, problems: ConfigProblem[]): unknown {
  const report = (key: string, value: unknown, candidates: readonly string[]) => {
    if (problems.length < MAX_PROBLEMS) problems.push(unknownKeyProblem(key, value, source, candidates));
  };
  const pick = (value: unknown, prefix: string, allowed: readonly string[], candidates: readonly string[]): unknown => {
    if (!isMapping(value)) return value;
    const entries = Object.entries(value).filter(([key, each]) => {
      if (allowed.includes(key)) return true;
      report(`${prefix}${key}`, each, candidates);
      return false;
    });
    return Object.fromEntries(entries);
  };
  const topLevel = [...SECTIONS, 'mode', 'staging', ...(level === 'user' ? ['stagingAge'] : [])];
  const top = pick(document, '', topLevel, [...FILE_KEYS, ...SECTIONS]);
  if (!isMapping(top)) return top;
  for (const section of SECTIONS) {
    if (!Object.hasOwn(top, section)) continue;
    const allowed = FILE_KEYS.filter((key) => key.startsWith(`${section}.`)).map((key) => lastWord(key));
    top[section] = pick(top[section], `${section}.`, allowed, FILE_KEYS);
  }
  if (Array.isArray(top['staging']))
    top['staging'] = top['staging'].map((entry, index) => pick(entry, `staging[${index}].`, ENTRY_KEYS, ENTRY_KEYS));
  return top;
}

function nearestKey(key: string, candidates: readonly string[]): string | null {
  const compared = key.slice(0, MAX_COMPARED).toLowerCase();
  const word = lastWord(compared);
  const ranked = candidates
    .map((candidate) => ({
      candidate,
      steps: slips(word, lastWord(candidate).toLowerCase()),
      allSteps: distance(compared, candidate.toLowerCase()),
    }))
    .sort((a, b) => a.steps - b.steps || a.allSteps - b.allSteps);
  const best = ranked[0];
  return best !== undefined && best.steps <= Math.max(1, word.length / 2) ? best.candidate : null;
}

/** Letters that only changed places are the commonest slip, and one. */
function slips(word: string, candidate: string): number {
  const steps = distance(word, candidate);
  return steps > 1 && [...word].toSorted().join('') === [...candidate].toSorted().join('') ? 1 : steps;
}

const lastWord = (key: string): string => key.slice(key.lastIndexOf('.') + 1);

function problemOf(issue: v.BaseIssue<unknown>, origin: Origin): ConfigProblem {
  const key = keyOf(issue, origin);
  const value = quote(issue.input);
  const isMissing = issue.path?.at(-1)?.origin === 'key';
  const expected = isMissing ? EXPECTED.stagingPattern : issue.message;
  const message = isMissing ? missingKey(key, origin.source, expected) : invalid(key, origin.source, value, expected);
  return { key, value, expected, nearest: null, message };
}

/** `staging[0].path` in the file's words; in git config's, the one key that line came from. */
function keyOf(issue: v.BaseIssue<unknown>, { source, level }: Origin): string {
  const parts = (issue.path ?? []).map(({ key }) => (typeof key === 'number' ? `[${key}]` : `.${String(key)}`));
  const dotted = parts.join('').replace(/^\./, '');
  if (level === 'file') return dotted === '' ? source : dotted;
  const spec = KEYS.find(({ file }) => isUnder(dotted, file));
  return spec === undefined ? source : gitName(spec);
}

const isUnder = (dotted: string, key: string): boolean => dotted === key || dotted.startsWith(`${key}[`);

/** `reaper.emptyIdle`, as `git config` takes it. */
export const gitName = (spec: KeySpec): string => `reaper.${spec.git}`;

function flattened(output: v.InferOutput<typeof FILE_SCHEMA | typeof USER_SCHEMA>): Partial<UserValues> {
  const entries = Object.entries(output).flatMap(([name, value]) =>
    isMapping(value) ? Object.entries(value).map(([key, each]) => [`${name}.${key}`, each]) : [[name, value]],
  );
  return Object.fromEntries(entries) as Partial<UserValues>;
}
