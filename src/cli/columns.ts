/**
 * Text in columns, as wide as the terminal and no wider.
 *
 * Contract: pure; text in, text out. Where `width` is null (stdout is no terminal) nothing is cut, so the
 * output is stable for scripts and tests. What has to be cut loses its end, or its middle where the end says most.
 */
import Table from 'cli-table3';

/** Which columns give way on a narrow terminal, which of those keep both their ends, and which stand to the right. */
export interface Shape {
  readonly give?: readonly number[];
  readonly middle?: readonly number[];
  readonly right?: readonly number[];
}

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

/** Between two columns. */
const GAP = 2;

/** The narrowest a column may become: less shows nothing. */
const NARROWEST = 8;

/** The library compares each cell with all others, so that a thousand rows at once take a second. */
const CHUNK = 40;

/** Lays out rows of the same length. */
export function layOut(rows: readonly (readonly string[])[], width: number | null, shape: Shape = {}): string {
  if (rows.length === 0) return '';
  const columns = rows[0]?.length ?? 0;
  const widest = Array.from({ length: columns }, (_, index) =>
    Math.max(1, ...rows.map((row) => visible(row[index] ?? ''))),
  );
  const widths = width === null ? widest : shareOut(widest, width, shape.give ?? []);
  const isMiddle = (index: number) => shape.middle?.includes(index) === true;
  const fitted = rows.map((row) =>
    row.map((cell, index) => (isMiddle(index) ? cutMiddle : cut)(cell, widths[index] ?? 0)),
  );
  const chunks = Array.from({ length: Math.ceil(rows.length / CHUNK) }, (_, index) => {
    const table = new Table({
      chars: NO_BORDERS,
      style: { 'padding-left': 0, 'padding-right': 0, head: [], border: [] },
      colWidths: widths,
      colAligns: widths.map((_width, column) => (shape.right?.includes(column) ? 'right' : 'left')),
      wordWrap: false,
    });
    table.push(...fitted.slice(index * CHUNK, (index + 1) * CHUNK));
    return table.toString();
  });
  return chunks
    .join('\n')
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n');
}

/** Takes what is missing from the columns that give way, the widest first, and from any when those have nothing left. */
function shareOut(widest: readonly number[], width: number, give: readonly number[]): number[] {
  const widths = [...widest];
  const everything = widths.map((_, index) => index);
  let over = widths.reduce((sum, each) => sum + each, 0) + GAP * (widths.length - 1) - width;
  for (const giving of [give, everything])
    while (over > 0) {
      const [from] = [...giving].sort((one, other) => (widths[other] ?? 0) - (widths[one] ?? 0));
      if (from === undefined || (widths[from] ?? 0) <= NARROWEST) break;
      widths[from] = (widths[from] ?? 0) - 1;
      over--;
    }
  return widths;
}

const ANSI = /\u001b\[[0-9;]*m/g;
/** Characters that a terminal shows two columns wide. */
const WIDE =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f000}-\u{1faff}\u{20000}-\u{3fffd}]/gu;

/** Columns that a text takes. */
export function visible(text: string): number {
  const plain = text.replace(ANSI, '');
  return [...plain].length + (plain.match(WIDE)?.length ?? 0);
}

/** No wider than `width` columns: the end goes. A text with colours is ours, short, and left as it is. */
export function cut(text: string, width: number): string {
  if (visible(text) <= width || isColored(text)) return text;
  return `${startOf([...text], width - 1).join('')}…`;
}

/** No wider than `width` columns: the middle goes, and more of the end stays than of the start. */
export function cutMiddle(text: string, width: number): string {
  if (visible(text) <= width || isColored(text)) return text;
  const start = startOf([...text], Math.floor((width - 1) / 3));
  const end = startOf([...text].reverse(), width - 1 - visible(start.join(''))).reverse();
  return `${start.join('')}…${end.join('')}`;
}

const isColored = (text: string): boolean => text.includes('\u001b');

function startOf(characters: readonly string[], width: number): string[] {
  const kept: string[] = [];
  let used = 0;
  for (const character of characters) {
    used += visible(character);
    if (used > width) break;
    kept.push(character);
  }
  return kept;
}
