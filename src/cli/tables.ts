/**
 * Tables for people: what goes, what waits, what is kept and why, what is in quarantine.
 *
 * Contract: pure; text in, text out. On a terminal columns are cut to its width; elsewhere
 * nothing is cut, so the output is stable for scripts and tests.
 */
import { groundWords, reasonWords, shortRef, untilWords } from '../core/messages.ts';
import type { Candidate, Reason, Verdict } from '../core/model.ts';
import { nextStep } from '../core/next-steps.ts';
import { bytes, duration, printable, shellPath } from '../core/text.ts';
import { ownerOf } from '../documents.ts';
import type { Inquiry } from '../observe/investigate.ts';
import type { View } from '../observe/view.ts';
import type { CandidateResult } from '../pass.ts';
import { cut, layOut } from './columns.ts';
import type { Context } from './context.ts';

const ORDER: readonly Verdict['verdict'][] = ['reclaim', 'attention', 'wait', 'keep'];

const WORDS: Readonly<Record<Verdict['verdict'], string>> = {
  reclaim: 'reclaim',
  attention: 'look at',
  wait: 'wait',
  keep: 'keep',
};

/** Below this a row takes two lines: what it is, and why below it. */
export const WIDE_ENOUGH = 90;

/** Rows of candidates: what to do first on top, the largest of each kind first. */
export function candidateTable(
  context: Context,
  results: readonly CandidateResult[],
  nowMs: number,
  sizes: ReadonlyMap<Candidate, number | null> = new Map(),
): string {
  const sizeOf = ({ inquiry }: CandidateResult) => sizes.get(inquiry.candidate) ?? 0;
  const rank = ({ inquiry }: CandidateResult) => ORDER.indexOf(inquiry.verdict.verdict);
  const sorted = [...results].sort((one, other) => rank(one) - rank(other) || sizeOf(other) - sizeOf(one));
  const rows = sorted.map((result) => {
    const { candidate, verdict } = result.inquiry;
    const size = sizes.get(candidate);
    return {
      verdict: paint(context, verdict),
      name: nameOf(candidate),
      why: `${whyWords(verdict)}${ownerWords(result, nowMs)}`,
      when: whenWords(result, nowMs),
      size: size == null ? '' : bytes(size),
    };
  });
  if (context.width !== null && context.width < WIDE_ENOUGH) return narrow(context, rows);
  // Where nothing was measured, no room is kept for sizes.
  if (sizes.size === 0) {
    const unsized = rows.map(({ verdict, name, when, why }) => [verdict, name, when, why]);
    return layOut(unsized, context.width, { give: [1, 3], middle: [1] });
  }
  const cells = rows.map(({ verdict, size, name, when, why }) => [verdict, size, name, when, why]);
  return layOut(cells, context.width, { give: [2, 4], middle: [2], right: [1] });
}

interface CandidateCells {
  readonly verdict: string;
  readonly name: string;
  readonly why: string;
  readonly when: string;
  readonly size: string;
}

/** Two lines a row. */
function narrow({ width, colors }: Context, rows: readonly CandidateCells[]): string {
  const hasSizes = rows.some(({ size }) => size !== '');
  const heads = layOut(
    rows.map(({ verdict, size, name, when }) => (hasSizes ? [verdict, size, name, when] : [verdict, name, when])),
    width,
    hasSizes ? { give: [2], middle: [2], right: [1] } : { give: [1], middle: [1] },
  ).split('\n');
  return rows
    .flatMap(({ why }, index) => {
      const below = cut(why, (width ?? 80) - INDENT);
      return [heads[index] ?? '', ...(below === '' ? [] : [' '.repeat(INDENT) + colors.dim(below)])];
    })
    .join('\n');
}

/** As wide as the longest verdict and the gap after it. */
const INDENT = 9;

function paint({ colors }: Context, { verdict }: Verdict): string {
  const word = WORDS[verdict];
  if (verdict === 'reclaim') return colors.green(word);
  if (verdict === 'attention') return colors.yellow(word);
  return verdict === 'wait' ? colors.cyan(word) : colors.dim(word);
}

/** How a person knows a candidate: its branch, or where it lies. */
export function nameOf(candidate: Candidate): string {
  if (candidate.kind === 'staging') return printable(candidate.id);
  return printable(candidate.branch ?? candidate.path);
}

function whyWords(verdict: Verdict): string {
  if (verdict.verdict === 'reclaim') return groundWords(verdict);
  return verdict.reasons.map(shortReason).join('; ');
}

/** The code's words, and what was seen; a base by its short name. */
function shortReason({ code, detail }: Reason): string {
  const isAboutBase = code === 'not-landed' || code === 'landing-unknown';
  return `${reasonWords(code)}: ${printable(isAboutBase ? detail.replace(/\brefs\/(heads|remotes)\//g, '') : detail)}`;
}

function whenWords({ inquiry }: CandidateResult, nowMs: number): string {
  const { verdict, facts } = inquiry;
  if (verdict.verdict === 'wait') return untilWords(verdict.untilMs, nowMs);
  if (facts.idle?.known !== true) return '';
  return `idle ${duration(nowMs - facts.idle.value.lastActivityMs)}`;
}

/** Whose it is and since when, after a reason that may have named the owner already: `; claude (pid 42), for 3h`. */
function ownerWords(result: CandidateResult, nowMs: number): string {
  const owner = ownerOf(result);
  if (owner === null) return '';
  const since = owner.since === null ? '' : `, for ${duration(nowMs - Date.parse(owner.since))}`;
  const { verdict } = result.inquiry;
  const isNamed = verdict.verdict !== 'reclaim' && verdict.reasons.some(({ detail }) => detail.includes(owner.label));
  return isNamed ? since : `; ${printable(owner.label)}${owner.liveness === 'dead' ? ', gone' : ''}${since}`;
}

/** The next command for a verdict that a person could change. */
export function nextCommand({ candidate, verdict, facts }: Inquiry, view: View | null): string | null {
  if (verdict.verdict === 'reclaim') return null;
  const [first] = verdict.reasons;
  if (first === undefined) return null;
  const base = view?.bases.known === true ? view.bases.value[0]?.ref : undefined;
  const at = shellPath(candidate.path, view?.source.home ?? '');
  const claim = facts.claim?.known === true ? facts.claim.value : null;
  const isIdleOptional = candidate.kind === 'worktree' && !candidate.isMissing;
  return nextStep(first, { at, base: base === undefined ? 'HEAD~1' : shortRef(base), claim, isIdleOptional });
}
