/**
 * The sentences of the configuration, and the one way a foreign value gets into them.
 *
 * Contract: pure; every value that came from a file passes `quote` or `show`, so that nothing in
 * a checked-out tree can move the cursor, hide text or flood a terminal.
 */
import { UNSAFE_CHARACTER } from '../core/patterns.ts';

/** Long enough for every real pattern or path, short enough for one line. */
const MAX_SHOWN = 120;

/** A value in quotes, escaped and cut. Lists and mappings are named, not printed. */
export function quote(value: unknown): string {
  if (typeof value === 'string') return `"${show(value.replaceAll('"', '\\"'))}"`;
  if (value === undefined) return 'nothing';
  if (value === null || typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (Array.isArray(value)) return `a list of ${value.length}`;
  return typeof value === 'object' ? 'a mapping' : `a ${typeof value}`;
}

/** Escaped and cut, without quotes: for keys, paths and other programs' words. */
export function show(text: string): string {
  const characters = Array.from(text.slice(0, 2 * MAX_SHOWN));
  const shown = characters.slice(0, MAX_SHOWN).map(escapeUnsafe).join('');
  return characters.length > MAX_SHOWN || text.length > 2 * MAX_SHOWN ? `${shown}…` : shown;
}

function escapeUnsafe(character: string): string {
  if (!UNSAFE_CHARACTER.test(character)) return character;
  return `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`;
}

export const EXPECTED = {
  duration: 'a duration such as 90s, 30m, 24h or 7d',
  size: 'a size such as 500MB, 10GB or 10GiB, or off',
  branchPattern: 'a pattern as in gitignore, such as agent/*',
  pathPattern: 'a pattern as in gitignore, such as .claude/worktrees/*, ~/trees/* or ../trees/*',
  stagingPattern: 'a relative path such as .agent-config/pack.staging-{pid}',
  base: 'auto, or a branch or ref such as develop, origin/next or release/*',
  name: 'the whole name of a file or directory, without slash or wildcard, such as node_modules',
  mode: 'reap or report',
  branchDeletion: 'keep, merged or landed',
  limit: 'a whole number of at least 1',
  detach: 'true or false',
  stagingEntry: 'a mapping with path and age',
  mapping: 'a mapping of keys to values',
  list: (of: string) => `a list; each entry ${of}`,
  listLength: (max: number) => `a list of at most ${max} entries`,
  value: 'a value after the key',
} as const;

export const withWhy = (expected: string, why: string | null): string =>
  why === null ? expected : `${expected} (this one ${why})`;

export const invalid = (key: string, source: string, value: string, expected: string): string =>
  `${key} in ${source} is ${value}: expected ${expected}`;

/** Keys are named in full only where none is near, for then the reader has to choose. */
export const unknownKey = (
  key: string,
  source: string,
  value: string,
  { nearest, candidates }: { readonly nearest: string | null; readonly candidates: readonly string[] },
): string =>
  `${key} in ${source} is ${value}, but that is not a key: ${nearest === null ? `expected one of ${candidates.join(', ')}` : `the nearest key is ${nearest}`}`;

export const missingKey = (key: string, source: string, expected: string): string =>
  `${key} in ${source} is missing: expected ${expected}`;

export const importRefused = (source: string): string =>
  `$import in ${source} is refused: a configuration that a branch brings along reads no other file`;

export const leavesRepository = (place: string): string =>
  `${place} is a symbolic link out of the repository, and is not followed`;

export const notAFile = (place: string): string => `${place} is not a regular file`;

export const tooLarge = (place: string, maxBytes: number): string =>
  `${place} is larger than ${maxBytes / 1024} KiB, the most that is read`;

export const unreadable = (place: string, why: string): string => `${place} could not be read: ${show(why)}`;

export const notParsed = (place: string, why: string): string => `${place} cannot be understood: ${show(why)}`;

export const codeRefused = (place: string): string => `${place} is a program: only JSON and YAML are read`;

export const secondFile = (ignored: string, counts: string): string =>
  `${ignored} is ignored, because ${counts} comes first; one of the two can go`;

export const belowFloor = (key: string, source: string, value: string, floor: string, git: string): string =>
  `${key} in ${source} is ${value}, below its floor: ${floor} applies. ${
    key === 'pass.limit'
      ? 'To look and reclaim nothing: git config reaper.mode report'
      : `To go lower: git config ${git} ${value}`
  }`;

export const aboveCeiling = (key: string, source: string, value: string, ceiling: string, git: string): string =>
  `${key} in ${source} is ${value}, above its limit: ${ceiling} applies. To go higher: git config ${git} ${value}`;

export const foregroundBudget = (value: string, ceiling: string): string =>
  `pass.budget is ${value}, but pass.detach is false and git would wait for it: ${ceiling} applies. To go higher: git config reaper.budget ${value}`;

export const forgetBelowKeep = (value: string, keep: string): string =>
  `quarantine.forget is ${value}, shorter than quarantine.keep: ${keep} applies`;

export const foreignOrigin = (key: string, origin: string): string =>
  `${key} from ${show(origin)} is ignored: that file is not the user's own, a branch could have written it`;

export const approvalUnreadable = (path: string, why: string): string =>
  `${show(path)} could not be used (${show(why)}): only the built-in scope counts as approved. To approve again: npx reaper-hook allow`;

export const inWorktree = (path: string): string =>
  `${show(path)} lies in a worktree of this repository: a branch could have written it, so it is refused`;

export const unexpected = (why: string): string => `the configuration could not be loaded: ${show(why)}`;
