/**
 * Tables for people: what goes, what waits, what is kept and why, what is in quarantine.
 *
 * Contract: pure; text in, text out. On a terminal columns are cut to its width; elsewhere
 * nothing is cut, so the output is stable for scripts and tests.
 */
import Table from 'cli-table3';
import type { Entry } from '../core/entry.ts';
import { groundWords, nextStep, reasonWords, shortRef, untilWords } from '../core/messages.ts';
import type { Candidate, Reason, Verdict } from '../core/model.ts';
import { bytes, duration, printable } from '../core/text.ts';
import { ownerOf } from '../documents.ts';
import type { View } from '../observe/view.ts';
import type { CandidateResult } from '../pass.ts';
import type { Context } from './context.ts';

const NO_BORDERS = {
  top: '',
  'top-mid': '',
  'top-left': '',
  'top-right': '',
  bottom: '',
  'bottom-mid': '',
  'bottom-left': '',
  'bottom-right': '',
  left: '',
  'left-mid': '',
  mid: '',
  'mid-mid': '',
  right: '',
  'right-mid': '',
  middle: '  ',
};

/** The narrowest a flexible column may become before it is not worth printing. */
const NARROWEST = 12;

/** Lays out rows; the columns named in `flexible` give way when the terminal is narrow. */
export function layOut(
  rows: readonly (readonly string[])[],
  width: number | null,
  flexible: readonly number[],
): string {
  if (rows.length === 0) return '';
  const columns = rows[0]?.length ?? 0;
  const widest = Array.from({ length: columns }, (_, index) =>
    Math.max(...rows.map((row) => visible(row[index] ?? ''))),
  );
  const widths = shareOut(widest, width, flexible);
  const chunks = Array.from({ length: Math.ceil(rows.length / CHUNK) }, (_, index) => {
    const table = new Table({
      chars: NO_BORDERS,
      style: { 'padding-left': 0, 'padding-right': 0, head: [], border: [] },
      colWidths: widths,
      wordWrap: false,
    });
    for (const row of rows.slice(index * CHUNK, (index + 1) * CHUNK)) table.push([...row]);
    return table.toString();
  });
  return chunks
    .join('\n')
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n');
}

/** The library compares each cell with all others, so that a thousand rows at once take a second. */
const CHUNK = 40;

/** Shares out what is missing among the flexible columns, widest first. */
function shareOut(widest: readonly number[], width: number | null, flexible: readonly number[]): number[] {
  const widths = [...widest];
  if (width === null) return widths;
  const gaps = 2 * (widths.length - 1);
  for (let over = sum(widths) + gaps - width; over > 0; over--) {
    const [giving] = [...flexible].sort((one, other) => (widths[other] ?? 0) - (widths[one] ?? 0));
    if (giving === undefined || (widths[giving] ?? 0) <= NARROWEST) break;
    widths[giving] = (widths[giving] ?? 0) - 1;
  }
  return widths;
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, each) => total + each, 0);

const ANSI = /\u001b\[[0-9;]*m/g;
/** Characters that a terminal shows two columns wide. */
const WIDE =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f000}-\u{1faff}\u{20000}-\u{3fffd}]/gu;

/** Columns that a text takes. */
export function visible(text: string): number {
  const plain = text.replace(ANSI, '');
  return [...plain].length + (plain.match(WIDE)?.length ?? 0);
}

const ORDER: readonly Verdict['verdict'][] = ['reclaim', 'attention', 'wait', 'keep'];

const WORDS: Readonly<Record<Verdict['verdict'], string>> = {
  reclaim: 'reclaim',
  attention: 'look at',
  wait: 'wait',
  keep: 'keep',
};

/** Below this a row takes two lines: what it is, and why below it. */
const WIDE_ENOUGH = 90;

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
      why: whyWords(verdict),
      when: whenWords(result, nowMs),
      owner: ownerWords(result, nowMs),
      size: size == null ? '' : bytes(size),
    };
  });
  const hasOwners = rows.some(({ owner }) => owner !== '');
  if (context.width !== null && context.width < WIDE_ENOUGH) return narrow(context, rows);
  const cells = rows.map(({ verdict, name, size, when, owner, why }) => [
    verdict,
    name,
    size,
    when,
    ...(hasOwners ? [owner] : []),
    why,
  ]);
  return layOut(cells, context.width, [1, ...(hasOwners ? [4, 5] : [4])]);
}

interface CandidateCells {
  readonly verdict: string;
  readonly name: string;
  readonly why: string;
  readonly when: string;
  readonly owner: string;
  readonly size: string;
}

/** Two lines a row. */
function narrow({ width, colors }: Context, rows: readonly CandidateCells[]): string {
  const heads = layOut(
    rows.map(({ verdict, name, size, when }) => [verdict, name, size, when]),
    width,
    [1],
  ).split('\n');
  return rows
    .flatMap(({ why, owner }, index) => {
      const below = cut([why, owner].filter((part) => part !== '').join('; '), (width ?? 80) - INDENT);
      return [heads[index] ?? '', ...(below === '' ? [] : [' '.repeat(INDENT) + colors.dim(below)])];
    })
    .join('\n');
}

/** As wide as the longest verdict and the gap after it. */
const INDENT = 9;

/** No wider than `width` columns. */
function cut(text: string, width: number): string {
  if (visible(text) <= width) return text;
  let kept = '';
  for (const character of text) {
    if (visible(kept + character) >= width) break;
    kept += character;
  }
  return `${kept}…`;
}

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

/** The detail alone where it says it all, else the code's words before it. */
function shortReason({ code, detail }: Reason): string {
  return `${reasonWords(code)}: ${printable(detail)}`;
}

function whenWords({ inquiry }: CandidateResult, nowMs: number): string {
  const { verdict, facts } = inquiry;
  if (verdict.verdict === 'wait') return untilWords(verdict.untilMs, nowMs);
  if (facts.idle?.known !== true) return '';
  return `idle ${duration(nowMs - facts.idle.value.lastActivityMs)}`;
}

/** Whose it is and since when: `claude (pid 42), 3h`. */
function ownerWords(result: CandidateResult, nowMs: number): string {
  const owner = ownerOf(result);
  if (owner === null) return '';
  const since = owner.since === null ? '' : `, ${duration(nowMs - Date.parse(owner.since))}`;
  return `${printable(owner.label)}${owner.liveness === 'dead' ? ', gone' : ''}${since}`;
}

/** Rows of quarantine entries, newest first. */
export function quarantineTable(context: Context, entries: readonly Entry[], nowMs: number): string {
  const newest = [...entries].reverse();
  if (context.width !== null && context.width < WIDE_ENOUGH) return narrowQuarantine(context, newest, nowMs);
  const rows = newest.map((entry) => [
    entry.id,
    printable(entry.branch ?? entry.path),
    entry.because,
    `${duration(nowMs - entry.atMs)} ago`,
    entry.unverified ? 'kept: its second look was cut off' : restorableWords(entry, nowMs),
    entry.bytes === null ? '' : bytes(entry.bytes),
  ]);
  return layOut(rows, context.width, [1, 2]);
}

/** Two lines an entry: what it was and how much, and its id for the undo. */
function narrowQuarantine({ width, colors }: Context, entries: readonly Entry[], nowMs: number): string {
  const rows = entries.map((entry) => [
    printable(entry.branch ?? entry.path),
    entry.bytes === null ? '' : bytes(entry.bytes),
    `${duration(nowMs - entry.atMs)} ago`,
  ]);
  const heads = layOut(rows, width, [0]).split('\n');
  return entries.flatMap((entry, index) => [heads[index] ?? '', `  ${colors.dim(entry.id)}`]).join('\n');
}

function restorableWords(entry: Entry, nowMs: number): string {
  if (entry.phase === 'purged' || entry.phase === 'purging')
    return `from its commit for ${duration(entry.forgetAtMs - nowMs)}`;
  return `whole for ${duration(entry.keepUntilMs - nowMs)}`;
}

/** The next command for a verdict that a person could change. */
export function nextCommand(candidate: Candidate, verdict: Verdict, view: View | null): string | null {
  if (verdict.verdict === 'reclaim' || verdict.verdict === 'wait') return null;
  const [first] = verdict.reasons;
  const base = view?.bases.known === true ? view.bases.value[0]?.ref : undefined;
  return first === undefined
    ? null
    : nextStep(first.code, candidate.path, base === undefined ? 'HEAD~1' : shortRef(base));
}
