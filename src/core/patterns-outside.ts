/**
 * Patterns for directories outside the repository: a literal directory, then names with wildcards.
 *
 * Contract: pure. Failure direction: a pattern that reaches too high up is refused, because everything a
 * person has would match it.
 */
import { MAX_PATTERN_LENGTH, type StagingSegment, UNSAFE_CHARACTER } from './patterns.ts';

/** `~/teams/*` is somebody's own directory; `~/.tool/teams/*` is a tool's. */
const LEAST_DEPTH = 2;

/** Deeper patterns multiply the directories that are listed. */
const MAX_WILD_SEGMENTS = 4;

export type DirectoryPlace =
  | { readonly ok: true; readonly base: string; readonly segments: readonly StagingSegment[] }
  | { readonly ok: false; readonly why: string };

/** Splits a pattern into the directory it starts from and what is matched below; `home` is absolute. */
export function splitDirectoryPattern(text: string, home: string): DirectoryPlace {
  const why = problem(text);
  if (why !== null) return { ok: false, why };
  const inHome = text.startsWith('~/');
  const steps = text.slice(inHome ? 2 : 1).split('/');
  const firstWild = steps.findIndex((step) => /[*?]/.test(step));
  const literals = firstWild === -1 ? steps.length - 1 : firstWild;
  const base = `${inHome ? home : ''}/${steps.slice(0, literals).join('/')}`;
  const segments = steps.slice(literals).map((step) => ({
    literal: /[*?]/.test(step) ? null : step,
    before: step,
    hasPid: false,
    after: '',
  }));
  return { ok: true, base, segments };
}

/** Why a pattern is refused, or null. */
export function directoryPatternProblem(text: string): string | null {
  return problem(text);
}

function problem(text: string): string | null {
  if (text.length > MAX_PATTERN_LENGTH) return `longer than ${MAX_PATTERN_LENGTH} characters`;
  if (UNSAFE_CHARACTER.test(text) || text.trim() !== text) return 'holds a control character, or is spaced';
  if (!text.startsWith('/') && !text.startsWith('~/')) return 'starts with neither / nor ~/';
  if (/[\\[\]{}]/.test(text)) return 'holds a backslash, bracket or brace: the wildcards are * and ?';
  const steps = text.slice(text.indexOf('/') + 1).split('/');
  if (steps.some((step) => step === '' || step === '.' || step === '..' || step.toLowerCase() === '.git'))
    return 'has a segment that is empty, ., .. or .git';
  const firstWild = steps.findIndex((step) => /[*?]/.test(step));
  const literals = firstWild === -1 ? steps.length - 1 : firstWild;
  if (literals < LEAST_DEPTH) return `starts fewer than ${LEAST_DEPTH} directories down, where everything is`;
  return steps.length - literals > MAX_WILD_SEGMENTS ? `has more than ${MAX_WILD_SEGMENTS} segments to match` : null;
}
