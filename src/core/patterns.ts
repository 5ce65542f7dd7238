/**
 * Names against patterns: branches and paths as in gitignore, staging entries segment by segment.
 *
 * Contract: pure, case-sensitive, exact code units (no Unicode normalisation). The last pattern
 * that covers a name decides; a pattern covers what it matches and everything below that, so a
 * later `!` also takes out what lies below an earlier match (gitignore would not).
 * Failure direction: a name or pattern that is too long, too deep or unreadable matches nothing;
 * a negation that cannot be read covers everything. Not matched means not managed, and kept.
 */
import ignore from 'ignore';

/** A pattern longer than this is a mistake; the longest real ones are about 60 characters. */
export const MAX_PATTERN_LENGTH = 256;
/** Every pattern is tried on every worktree: 64 hostile ones on 1,000 hostile names take about 1.5 s. */
export const MAX_PATTERNS = 64;
/** An effective list may hold the negations of two lists. */
const MAX_COMPILED = 2 * MAX_PATTERNS;
/** Each `*` multiplies what a failed match costs by the length of the segment. */
const MAX_STARS_IN_SEGMENT = 4;
/** Each `**` multiplies what a failed match costs by the depth of the name. */
const MAX_DOUBLE_STARS = 2;
/** Deeper names are not made by hand or by any known tool, and would make `**` expensive. */
const MAX_DEPTH = 32;
const MAX_BRANCH_LENGTH = 1024;
/** PATH_MAX. */
const MAX_PATH_LENGTH = 4096;
/** NAME_MAX. */
const MAX_NAME_LENGTH = 255;
/** PID_MAX_LIMIT of Linux. */
const MAX_PID = 4_194_304;
const MAX_PID_DIGITS = String(MAX_PID).length;

/** Control, format, bidirectional, line-separating and unpaired surrogate characters. */
export const UNSAFE_CHARACTER = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u;

interface Rule {
  readonly pattern: string;
  readonly negated: boolean;
  /** Null when the pattern cannot be read. */
  readonly covers: ((name: string, place: Place) => boolean) | null;
}

/** What relative and `~/` path patterns start from; both absolute and normalised. */
export interface Place {
  readonly root: string;
  readonly home: string;
}

const NOWHERE: Place = { root: '/', home: '/' };
const branchRules = new WeakMap<readonly string[], readonly Rule[]>();
const pathRules = new WeakMap<readonly string[], readonly Rule[]>();

/**
 * The pattern that brings `branch` in, or null. `agent/*` also covers `agent/a/b`.
 *
 * @param branch short name: `agent/fix`
 * @param patterns not to be changed afterwards: compiled once per array
 */
export function matchBranch(branch: string, patterns: readonly string[]): string | null {
  if (!isMatchable(branch, MAX_BRANCH_LENGTH)) return null;
  return lastCovering(compiled(patterns, branchRules, branchRule), branch, NOWHERE);
}

/**
 * The pattern that brings an absolute, normalised path in, or null.
 *
 * A pattern starts from the main worktree's root, `~/` from the home directory, `/` from the top.
 */
export function matchPath(absolutePath: string, patterns: readonly string[], place: Place): string | null {
  if (!absolutePath.startsWith('/') || absolutePath.length > MAX_PATH_LENGTH) return null;
  return lastCovering(compiled(patterns, pathRules, pathRule), absolutePath, place);
}

/** Why a branch pattern is refused, or null. */
export function branchPatternProblem(pattern: string): string | null {
  const body = bodyOf(pattern);
  return textProblem(pattern, body) ?? segmentsProblem(body.replace(/^\//, '').replace(/\/$/, '').split('/'));
}

/** Why a path pattern is refused, or null. */
export function pathPatternProblem(pattern: string): string | null {
  const body = bodyOf(pattern);
  const problem = textProblem(pattern, body);
  if (problem !== null) return problem;
  const parsed = parsePath(body);
  return parsed.ok ? null : parsed.why;
}

function lastCovering(rules: readonly Rule[], name: string, place: Place): string | null {
  for (const { pattern, negated, covers } of rules.toReversed()) {
    if (covers === null && negated) return null;
    if (covers?.(name, place) === true) return negated ? null : pattern;
  }
  return null;
}

function compiled(
  patterns: readonly string[],
  cache: WeakMap<readonly string[], readonly Rule[]>,
  compile: (pattern: string) => Rule,
): readonly Rule[] {
  if (patterns.length > MAX_COMPILED) return [];
  const rules = cache.get(patterns) ?? patterns.map(compile);
  cache.set(patterns, rules);
  return rules;
}

function branchRule(pattern: string): Rule {
  const negated = pattern.startsWith('!');
  return { pattern, negated, covers: branchPatternProblem(pattern) === null ? glob(bodyOf(pattern)) : null };
}

function pathRule(pattern: string): Rule {
  const negated = pattern.startsWith('!');
  const parsed = pathPatternProblem(pattern) === null ? parsePath(bodyOf(pattern)) : null;
  if (parsed?.ok !== true) return { pattern, negated, covers: null };
  const matches = glob(`/${parsed.glob}`);
  const covers = (path: string, place: Place): boolean => {
    const base = descend(parsed.anchor === 'top' ? '/' : place[parsed.anchor], parsed.base);
    const prefix = base === '/' ? '/' : `${base}/`;
    const rest = path.slice(prefix.length);
    return path.startsWith(prefix) && isMatchable(rest, MAX_PATH_LENGTH) && matches(rest);
  };
  return { pattern, negated, covers };
}

/** One pattern of gitignore, and what lies below its matches. */
function glob(body: string): (name: string) => boolean {
  const rule = ignore({ ignorecase: false }).add([body]);
  return (name) => rule.ignores(name);
}

const bodyOf = (pattern: string): string => (pattern.startsWith('!') ? pattern.slice(1) : pattern);

function isMatchable(name: string, maxLength: number): boolean {
  if (name.length > maxLength) return false;
  const segments = name.split('/');
  return segments.length <= MAX_DEPTH && !segments.some(isDots);
}

const isDots = (segment: string): boolean => segment === '' || segment === '.' || segment === '..';

function textProblem(pattern: string, body: string): string | null {
  if (pattern.length > MAX_PATTERN_LENGTH) return `longer than ${MAX_PATTERN_LENGTH} characters`;
  if (UNSAFE_CHARACTER.test(pattern)) return 'holds a control or invisible character';
  if (body === '' || body === '/' || body.trim() !== body) return 'empty, or surrounded by spaces';
  if (body.startsWith('!') || body.startsWith('#')) return `a literal ${body[0]} at the start is written \\${body[0]}`;
  if (/(?<!\\)(?:\\\\)*\\$/.test(body)) return 'ends in a backslash';
  const unescaped = body.replace(/\\./g, '');
  if (unescaped.lastIndexOf('[') > unescaped.lastIndexOf(']')) return 'has a [ that is never closed';
  if (unescaped.split('**').length - 1 > MAX_DOUBLE_STARS) return `has more than ${MAX_DOUBLE_STARS} **`;
  const stars = Math.max(...unescaped.split('/').map((segment) => segment.split(/\*+/).length - 1));
  return stars > MAX_STARS_IN_SEGMENT ? `has more than ${MAX_STARS_IN_SEGMENT} * between two slashes` : null;
}

function segmentsProblem(segments: readonly string[]): string | null {
  if (segments.length > MAX_DEPTH) return `deeper than ${MAX_DEPTH} segments`;
  return segments.some(isDots) ? 'has an empty segment, or one that is . or ..' : null;
}

type ParsedPath =
  | { readonly ok: true; readonly anchor: 'top' | keyof Place; readonly base: readonly string[]; readonly glob: string }
  | { readonly ok: false; readonly why: string };

/** Splits a path pattern into where it starts, the literal directories, and the rest with wildcards. */
function parsePath(body: string): ParsedPath {
  const anchor = body.startsWith('/') ? 'top' : body.startsWith('~/') ? 'home' : 'root';
  if (body.startsWith('~') && anchor !== 'home') return { ok: false, why: 'only ~/ is understood, not ~name' };
  const rest = { top: body.slice(1), home: body.slice(2), root: body.replace(/^\.\//, '') }[anchor];
  const segments = rest.replace(/\/$/, '').split('/');
  const isUp = (segment: string) => anchor === 'root' && segment === '..';
  const upwards = segments.findIndex((segment) => !isUp(segment));
  if (upwards === -1) return { ok: false, why: 'names a directory above, and nothing in it' };
  const down = segments.slice(upwards);
  const why = segmentsProblem(down);
  if (why !== null) return { ok: false, why };
  const firstGlob = down.findIndex((segment) => /[*?[\\]/.test(segment));
  const literals = firstGlob === -1 ? down.length - 1 : firstGlob;
  const base = [...segments.slice(0, upwards), ...down.slice(0, literals)];
  return { ok: true, anchor, base, glob: down.slice(literals).join('/') };
}

function descend(from: string, steps: readonly string[]): string {
  const at = from.split('/').filter((segment) => segment !== '');
  for (const step of steps) {
    if (step === '..') at.pop();
    else at.push(step);
  }
  return `/${at.join('/')}`;
}

/** One segment of a staging pattern; `*` and `?` are its only wildcards. */
export interface StagingSegment {
  /** The name itself when it holds no wildcard and no `{pid}`: no directory needs listing for it. */
  readonly literal: string | null;
  /** What stands before `{pid}`, or all of it. */
  readonly before: string;
  readonly hasPid: boolean;
  readonly after: string;
}

export type ParsedStaging =
  | { readonly ok: true; readonly segments: readonly StagingSegment[] }
  | { readonly ok: false; readonly why: string };

/** Reads a staging pattern: relative segments that can reach neither above nor into `.git`. */
export function parseStagingPattern(text: string): ParsedStaging {
  const why = stagingProblem(text);
  return why === null ? { ok: true, segments: text.split('/').map(segmentOf) } : { ok: false, why };
}

function stagingProblem(text: string): string | null {
  if (text === '' || text.trim() !== text) return 'empty, or surrounded by spaces';
  if (text.length > MAX_PATTERN_LENGTH) return `longer than ${MAX_PATTERN_LENGTH} characters`;
  if (UNSAFE_CHARACTER.test(text)) return 'holds a control or invisible character';
  if (/^[/~!#]/.test(text)) return `starts with ${text[0]}: it is relative to each worktree`;
  if (/[\\[\]]/.test(text)) return 'holds a backslash or a bracket: the wildcards are * and ?';
  const segments = text.split('/');
  const last = segments.at(-1) ?? '';
  if (segments.some((segment) => isDots(segment) || isGit(segment)))
    return 'has a segment that is empty, ., .. or .git';
  if (segments.length > MAX_DEPTH) return `deeper than ${MAX_DEPTH} segments`;
  const others = last.replace('{pid}', '');
  if (/[{}]/.test(segments.slice(0, -1).join('') + others))
    return '{pid} stands once, in the last segment, or not at all';
  if (/\d\{pid\}|\{pid\}\d/.test(last)) return 'has a digit beside {pid}, which would become part of the number';
  return others === last && /^[*?]*$/.test(last) ? 'its last segment holds only wildcards' : null;
}

function segmentOf(text: string): StagingSegment {
  const [before = '', after] = text.split('{pid}');
  const hasPid = after !== undefined;
  return { literal: hasPid || /[*?]/.test(text) ? null : text, before, hasPid, after: after ?? '' };
}

export type SegmentMatch = { readonly matches: true; readonly pid: number | null } | { readonly matches: false };

/**
 * Whether one file name fits one segment, and the process it names.
 *
 * The number is a whole run of digits, without a leading zero, up to PID_MAX_LIMIT. Where two
 * runs could be the number, the owner is not known and the name does not match.
 */
export function matchSegment(segment: StagingSegment, name: string): SegmentMatch {
  if (name.length > MAX_NAME_LENGTH || isDots(name) || isGit(name) || /[/\0]/.test(name)) return { matches: false };
  if (!segment.hasPid) return wildcard(segment.before, name) ? { matches: true, pid: null } : { matches: false };
  const fitting = [...name.matchAll(/\d+/g)].filter(
    ({ 0: digits, index }) =>
      wildcard(segment.before, name.slice(0, index)) && wildcard(segment.after, name.slice(index + digits.length)),
  );
  const pid = fitting.length === 1 ? pidOf(fitting[0]?.[0] ?? '') : null;
  return pid === null ? { matches: false } : { matches: true, pid };
}

const isGit = (name: string): boolean => name.toLowerCase() === '.git';

function pidOf(digits: string): number | null {
  if (digits.length > MAX_PID_DIGITS || digits.startsWith('0')) return null;
  const pid = Number(digits);
  return pid >= 1 && pid <= MAX_PID ? pid : null;
}

/** `*` and `?` without recursion: on a mismatch only the latest `*` takes one character more. */
function wildcard(pattern: string, text: string): boolean {
  let p = 0;
  let star = -1;
  let starText = 0;
  let t = 0;
  while (t < text.length) {
    if (pattern[p] === '*') {
      star = p++;
      starText = t;
    } else if (p < pattern.length && (pattern[p] === '?' || pattern[p] === text[t])) {
      p++;
      t++;
    } else {
      if (star === -1) return false;
      p = star + 1;
      t = ++starText;
    }
  }
  while (pattern[p] === '*') p++;
  return p === pattern.length;
}
