/**
 * The marked block in a hook file: text in, text out.
 *
 * Contract: pure. `removeBlock(insertBlock(text))` gives `text` back, character for character,
 * whatever its line ends and whether or not its last line had one; what others wrote before or
 * after the block in the meantime stays as they wrote it.
 * Failure direction: a block whose markers do not pair, or a text that ends in the middle of a
 * statement, is not touched. A block that somebody changed by hand does not carry its seal any more.
 */
import { createHash } from 'node:crypto';

export const BEGIN = '# >>> reaper-hook >>>';
export const END = '# <<< reaper-hook <<<';

/** On the first marker when the text had no line end there: removing takes the added one away again. */
const UNENDED = ' (the line before had no end)';

/** On the first marker when line ends stand before it that are ours: removing takes them away again. */
const padding = (count: number): string => ` (with ${count} line ends before it)`;
const PADDING = / \(with (\d{1,4}) line ends before it\)\s*$/;

/** Enough of a SHA-256 to notice an edit; nobody forges a comment in a file of their own. */
const SEAL_DIGITS = 16;

export type BlockState =
  | { readonly state: 'none' }
  /** A marker without its partner, or more than one block. */
  | { readonly state: 'damaged' }
  | { readonly state: 'found'; readonly block: FoundBlock };

export interface FoundBlock {
  /** Offsets of the first character of the first marker and of what follows the last one. */
  readonly start: number;
  readonly end: number;
  /** The lines between the markers, with `\n` as line end. */
  readonly body: string;
  /** False when the body is not the one that was sealed: edited by hand, or never sealed. */
  readonly intact: boolean;
  readonly unended: boolean;
  /** How many line ends before the block belong to it. */
  readonly padded: number;
  /** The first marker's own line end. */
  readonly lineEnd: string;
}

export type Insertion =
  | { readonly ok: true; readonly text: string }
  | { readonly ok: false; readonly why: 'damaged' | 'unfinished' };

/** Finds the one block in `text`. */
export function findBlock(text: string): BlockState {
  const markers = linesOf(text).filter(({ content }) => isBegin(content) || isEnd(content));
  if (markers.length === 0) return { state: 'none' };
  const [begin, end] = markers;
  if (markers.length !== 2 || begin === undefined || end === undefined) return { state: 'damaged' };
  if (!isBegin(begin.content) || !isEnd(end.content)) return { state: 'damaged' };
  const body = text.slice(begin.end, end.start).replaceAll('\r\n', '\n');
  return {
    state: 'found',
    block: {
      start: begin.start,
      end: end.end,
      body,
      intact: end.content.trimEnd() === `${END} ${sealOf(body)}`,
      unended: begin.content.trimEnd() === BEGIN + UNENDED,
      padded: Number(PADDING.exec(begin.content)?.[1] ?? 0),
      lineEnd: begin.lineEnd,
    },
  };
}

/**
 * Puts the block with `body` into a shell script: in place of the block that is there, else before
 * a last `exec` or `exit`, else at the end. With `fromByte`, at the end and not before that offset.
 */
export function insertBlock(text: string, body: string, fromByte = 0): Insertion {
  const found = findBlock(text);
  if (found.state === 'damaged') return { ok: false, why: 'damaged' };
  if (found.state === 'found') {
    const { start, end, unended, padded } = found.block;
    return { ok: true, text: text.slice(0, start) + render(body, unended, padded) + text.slice(end) };
  }
  if (isUnfinished(text)) return { ok: false, why: 'unfinished' };
  const short = fromByte - Buffer.byteLength(text);
  if (short > 0) return { ok: true, text: text + '\n'.repeat(short) + render(body, false, short) };
  const at = insertionPoint(text);
  const unended = at === text.length && text !== '' && !text.endsWith('\n');
  const lineEnd = unended ? '\n' : '';
  return { ok: true, text: text.slice(0, at) + lineEnd + render(body, unended) + text.slice(at) };
}

/** The text without the block; the text itself when there is none or its markers do not pair. */
export function removeBlock(text: string): string {
  const found = findBlock(text);
  if (found.state !== 'found') return text;
  const { start, end, unended, padded, lineEnd } = found.block;
  const after = text.slice(end);
  const before = withoutPadding(text.slice(0, start), padded, after !== '');
  if (!unended || after !== '') return before + after;
  const added = lineEnd === '\r\n' && before.endsWith('\r\n') ? 2 : 1;
  return before.slice(0, Math.max(0, before.length - added));
}

/** Whoever wrote something after the block has to begin on a line of its own. */
function withoutPadding(before: string, count: number, isFollowed: boolean): string {
  const pad = '\n'.repeat(count);
  if (count === 0 || !before.endsWith(pad)) return before;
  const text = before.slice(0, -count);
  return isFollowed && text !== '' && !text.endsWith('\n') ? `${text}\n` : text;
}

/** The block of a template in `hooks/`; null when the template has none. */
export function bodyOf(template: string): string | null {
  const found = findBlock(template);
  return found.state === 'found' ? found.block.body : null;
}

function render(body: string, unended: boolean, padded = 0): string {
  return `${BEGIN}${unended ? UNENDED : padded > 0 ? padding(padded) : ''}\n${body}${END} ${sealOf(body)}\n`;
}

function sealOf(body: string): string {
  return createHash('sha256').update(body).digest('hex').slice(0, SEAL_DIGITS);
}

const isBegin = (line: string): boolean => line.startsWith(BEGIN);
const isEnd = (line: string): boolean => line.startsWith(END);

interface Line {
  readonly start: number;
  readonly end: number;
  /** Without the line end. */
  readonly content: string;
  readonly lineEnd: string;
}

function linesOf(text: string): Line[] {
  const lines: Line[] = [];
  for (let start = 0; start < text.length; ) {
    const newline = text.indexOf('\n', start);
    const end = newline === -1 ? text.length : newline + 1;
    const raw = text.slice(start, end);
    const lineEnd = /\r?\n$/.exec(raw)?.[0] ?? '';
    lines.push({ start, end, content: raw.slice(0, raw.length - lineEnd.length), lineEnd });
    start = end;
  }
  return lines;
}

/** Whether the shell would read on: whatever came after the text would belong to its last line. */
function isUnfinished(text: string): boolean {
  const last = statementsOf(text).at(-1);
  return last !== undefined && isContinued(last.content);
}

/** Before the last statement when it leaves the script, since nothing after it would be reached. */
function insertionPoint(text: string): number {
  const statements = statementsOf(text);
  const [last, previous] = [statements.at(-1), statements.at(-2)];
  if (last === undefined || !/^(exec|exit)(?=[\s;]|$)/.test(last.content)) return text.length;
  const closesSomething = /[;\s](fi|done|esac|\}|\))\s*$/.test(last.content);
  const dependsOnPrevious = previous !== undefined && /(&&|\|\|?|\b(then|else|do)|\{|\()\s*$/.test(previous.content);
  return closesSomething || dependsOnPrevious ? text.length : last.start;
}

/** Lines that say something, those ending in a backslash joined with the next. */
function statementsOf(text: string): Line[] {
  const statements: Line[] = [];
  let open: Line | null = null;
  for (const line of linesOf(text)) {
    const whole: Line =
      open === null ? line : { ...line, start: open.start, content: `${open.content}\n${line.content}` };
    if (open === null && /^\s*(#|$)/.test(line.content)) continue;
    open = isContinued(whole.content) ? whole : null;
    if (open === null) statements.push(whole);
  }
  if (open !== null) statements.push(open);
  return statements;
}

const isContinued = (content: string): boolean => (/\\+$/.exec(content)?.[0].length ?? 0) % 2 === 1;
