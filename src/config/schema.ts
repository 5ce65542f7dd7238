/**
 * What each key may hold, as valibot schemas.
 *
 * Contract: durations come out in milliseconds, `auto` disappears from `base`, a message of an
 * issue is the expected form. Unknown keys are reported by the caller before this sees them.
 * Failure direction: strict objects; what is not named here is an error.
 */
import * as v from 'valibot';
import {
  branchPatternProblem,
  MAX_PATTERNS,
  parseStagingPattern,
  pathPatternProblem,
  UNSAFE_CHARACTER,
} from '../core/patterns.ts';
import { DEFAULT_STAGING_AGE_MS } from '../core/settings.ts';
import { parseDuration } from './duration.ts';
import { EXPECTED, withWhy } from './messages.ts';
import { parseSize } from './size.ts';

/** As long as a file name can be. */
const MAX_NAME_LENGTH = 255;

/** True for what YAML and JSON call a mapping, and nothing that merely behaves like one. */
export function isMapping(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** A string that `problem` has no objection to; the objection becomes part of the message. */
const checkedText = (expected: string, problem: (text: string) => string | null) =>
  v.pipe(
    v.string(expected),
    v.check(
      (text) => problem(text) === null,
      (issue) => withWhy(expected, problem(issue.input)),
    ),
  );

const listOf = <S extends v.GenericSchema>(item: S, expected: string) =>
  v.pipe(
    v.array(item, EXPECTED.list(`is ${expected}`)),
    v.maxLength(MAX_PATTERNS, EXPECTED.listLength(MAX_PATTERNS)),
    v.readonly(),
  );

const mapping = <E extends v.ObjectEntries>(entries: E) =>
  v.pipe(v.custom<Record<string, unknown>>(isMapping, EXPECTED.mapping), v.strictObject(entries, EXPECTED.mapping));

const isDuration = (value: unknown): boolean =>
  value === 0 || (typeof value === 'string' && parseDuration(value) !== null);

const duration = v.pipe(
  v.custom<string | 0>(isDuration, EXPECTED.duration),
  v.transform((value) => parseDuration(String(value)) ?? Number.POSITIVE_INFINITY),
);

const isSize = (value: unknown): boolean => value === 'off' || (typeof value === 'string' && parseSize(value) !== null);

/** Bytes, or null for `off`. */
const size = v.pipe(
  v.custom<string>(isSize, EXPECTED.size),
  v.transform((value) => parseSize(value)),
);

const branchPatterns = listOf(checkedText(EXPECTED.branchPattern, branchPatternProblem), EXPECTED.branchPattern);
const pathPatterns = listOf(checkedText(EXPECTED.pathPattern, pathPatternProblem), EXPECTED.pathPattern);
const names = listOf(checkedText(EXPECTED.name, nameProblem), EXPECTED.name);
const stagingPath = checkedText(EXPECTED.stagingPattern, stagingProblem);
const baseRef = checkedText(EXPECTED.base, baseProblem);
const base = v.pipe(
  v.unknown(),
  v.transform((value) => (typeof value === 'string' ? [value] : value)),
  listOf(baseRef, EXPECTED.base),
  v.transform((refs) => refs.filter((ref) => ref !== 'auto')),
);
const mode = v.picklist(['reap', 'report'], EXPECTED.mode);
const branchDeletion = v.picklist(['keep', 'merged', 'landed'], EXPECTED.branchDeletion);
const count = v.pipe(v.number(EXPECTED.limit), v.safeInteger(EXPECTED.limit), v.minValue(0, EXPECTED.limit));

const stagingEntry = v.pipe(
  mapping({ path: stagingPath, age: v.exactOptional(duration) }),
  v.transform(({ path, age }) => ({ path, ageMs: age ?? DEFAULT_STAGING_AGE_MS })),
);

const entries = {
  mode: v.exactOptional(mode),
  worktrees: v.exactOptional(
    mapping({
      branches: v.exactOptional(branchPatterns),
      paths: v.exactOptional(pathPatterns),
      base: v.exactOptional(base),
      idle: v.exactOptional(duration),
      emptyIdle: v.exactOptional(duration),
      ownerGrace: v.exactOptional(duration),
      remind: v.exactOptional(duration),
      rebuildable: v.exactOptional(names),
      branch: v.exactOptional(branchDeletion),
    }),
  ),
  staging: v.exactOptional(listOf(stagingEntry, EXPECTED.stagingEntry)),
  quarantine: v.exactOptional(
    mapping({
      keep: v.exactOptional(duration),
      forget: v.exactOptional(duration),
      max: v.exactOptional(size),
      minFree: v.exactOptional(size),
    }),
  ),
  pass: v.exactOptional(
    mapping({
      budget: v.exactOptional(duration),
      every: v.exactOptional(duration),
      limit: v.exactOptional(count),
      detach: v.exactOptional(v.boolean(EXPECTED.detach)),
    }),
  ),
};

/** The repository's file. */
export const FILE_SCHEMA = mapping(entries);

/** git config, brought into the shape of the file. */
export const USER_SCHEMA = mapping({ ...entries, stagingAge: v.exactOptional(duration) });

/** What `allow` and `install` wrote: every key is there. */
export const APPROVAL_SCHEMA = mapping({
  version: v.literal(1, '1'),
  scope: mapping({
    mode,
    branches: branchPatterns,
    paths: pathPatterns,
    base: listOf(baseRef, EXPECTED.base),
    staging: listOf(stagingPath, EXPECTED.stagingPattern),
    rebuildable: names,
    branch: branchDeletion,
  }),
});

function stagingProblem(text: string): string | null {
  const parsed = parseStagingPattern(text);
  return parsed.ok ? null : parsed.why;
}

function nameProblem(text: string): string | null {
  if (text === '' || text.trim() !== text || text.length > MAX_NAME_LENGTH) return 'is empty, too long or spaced';
  if (UNSAFE_CHARACTER.test(text)) return 'holds a control or invisible character';
  if (/[/\\*?[\]]/.test(text)) return 'holds a slash or a wildcard';
  return ['.', '..', '.git'].includes(text.toLowerCase()) ? 'is never rebuildable' : null;
}

/** The rules of git check-ref-format, with `*` allowed and no leading dash. */
function baseProblem(text: string): string | null {
  if (text.length > MAX_NAME_LENGTH || UNSAFE_CHARACTER.test(text)) return 'is too long, or holds a control character';
  if (text.startsWith('-')) return 'starts with a dash';
  const isBadSegment = (segment: string) => segment === '' || segment.startsWith('.') || segment.endsWith('.lock');
  const isRefName = !/[\s~^:?[\]\\]|\.\.|@\{|\.$/.test(text) && !text.split('/').some(isBadSegment) && text !== '@';
  return isRefName ? null : 'is not the name of a ref';
}
