/**
 * The report as one HTML page.
 *
 * Contract: pure; nothing is loaded from anywhere, no script runs. Every text that came from a repository
 * passes `escaped`; a content security policy says the same to the browser.
 */
import type { JournalRecord } from '../act/journal.ts';
import { COMMAND, groundWords, reasonSentence } from '../core/messages.ts';
import type { Verdict } from '../core/model.ts';
import { bytes, duration, printable } from '../core/text.ts';
import type { Extras } from '../documents.ts';
import type { CandidateResult, PassReport } from '../pass.ts';
import type { Workspace } from '../workspace.ts';
import { barChart, lineChart } from './charts.ts';
import { PAGE_STYLE } from './page-style.ts';
import { nameOf } from './tables.ts';

/** How a file of ours begins: only such a file is ever replaced. */
export const PAGE_MARK = '<!doctype html>\n<!-- reaper-hook report -->\n';

export interface PageInput {
  readonly workspace: Pick<Workspace, 'mainRoot' | 'layout'>;
  readonly report: Pick<PassReport, 'results' | 'ledger'>;
  readonly extras: Extras;
  /** Oldest first. */
  readonly records: readonly JournalRecord[];
  readonly nowMs: number;
}

/** The whole page. */
export function htmlPage(input: PageInput): string {
  const title = `reaper-hook: ${escaped(input.workspace.mainRoot ?? input.workspace.layout.commonDir)}`;
  const policy = "default-src 'none'; style-src 'unsafe-inline'";
  return `${PAGE_MARK}<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<title>${title}</title>
<style>${PAGE_STYLE}</style>
</head>
<body>
<h1>${title}</h1>
<p class="when">${instant(input.nowMs)}</p>
${totals(input)}
<h2>Disk over time</h2>
${overTime(input)}
<h2>Worktrees by size</h2>
${bySize(input)}
<h2>Worktrees and staging entries</h2>
${candidates(input)}
<h2>In quarantine</h2>
${quarantine(input)}
<h2>Log</h2>
${log(input)}
</body>
</html>
`;
}

/** Safe in HTML text and attributes, and without characters that nobody can see. */
export const escaped = (text: string): string =>
  printable(text).replace(/[&<>"']/g, (character) => `&#${character.codePointAt(0)};`);

const instant = (ms: number): string => new Date(ms).toISOString().replace('T', ' ').slice(0, 16);

const WORDS: Readonly<Record<Verdict['verdict'], string>> = {
  reclaim: 'to reclaim',
  attention: 'to look at',
  wait: 'waiting',
  keep: 'kept',
};

function totals({ report, extras }: PageInput): string {
  const tile = (kind: string, count: number, word: string, size: number) =>
    `<div class="tile ${kind}"><b>${count}</b> ${word}<span>${size > 0 ? bytes(size) : '&nbsp;'}</span></div>`;
  const tiles = (Object.keys(WORDS) as Verdict['verdict'][]).map((verdict) => {
    const those = report.results.filter(({ inquiry }) => inquiry.verdict.verdict === verdict);
    const size = those.reduce((sum, { inquiry }) => sum + (extras.sizes.get(inquiry.candidate) ?? 0), 0);
    return tile(verdict, those.length, WORDS[verdict], size);
  });
  const held = extras.entries.reduce((sum, entry) => sum + (entry.bytes ?? 0), 0);
  tiles.push(tile('held', extras.entries.length, 'in quarantine', held));
  tiles.push(tile('freed', report.ledger.totals.reclaimed, 'reclaimed in all', report.ledger.totals.bytes));
  return `<div class="tiles">${tiles.join('')}</div>`;
}

const GIVING: readonly JournalRecord['event'][] = ['ballast-purged', 'purged'];

/** What was given back, added up; the last point is now. */
function overTime({ records, nowMs }: PageInput): string {
  const given = records.filter(({ event, bytes: count }) => GIVING.includes(event) && (count ?? 0) > 0);
  if (given.length === 0) return '<p class="none">Nothing was given back yet.</p>';
  let sum = 0;
  const points = given.map(({ at, bytes: count }) => {
    sum += count ?? 0;
    return { x: at, y: sum };
  });
  const first = records[0]?.at ?? nowMs;
  return lineChart([{ x: first, y: 0 }, ...points, { x: nowMs, y: sum }], {
    label: 'given back',
    x: (at) => instant(at).slice(0, 10),
    y: (count) => bytes(count),
  });
}

function bySize({ report, extras }: PageInput): string {
  const sized = report.results.flatMap((result) => {
    const size = extras.sizes.get(result.inquiry.candidate);
    return size == null ? [] : [{ name: escaped(nameOf(result.inquiry.candidate)), size, kind: verdictOf(result) }];
  });
  if (sized.length === 0) return '<p class="none">Nothing was measured.</p>';
  const largest = sized.sort((one, other) => other.size - one.size).slice(0, MOST_BARS);
  const bars = largest.map(({ name, size, kind }) => ({ name, value: size, label: bytes(size), kind }));
  const more = sized.length - largest.length;
  return barChart(bars) + (more > 0 ? `<p class="none">and ${more} smaller ones</p>` : '');
}

/** More bars than this are a wall and not a picture; the table has them all. */
const MOST_BARS = 40;

const verdictOf = ({ inquiry }: CandidateResult): Verdict['verdict'] => inquiry.verdict.verdict;

const ORDER = Object.keys(WORDS);

function candidates({ report, extras, nowMs }: PageInput): string {
  const sorted = [...report.results].sort((a, b) => ORDER.indexOf(verdictOf(a)) - ORDER.indexOf(verdictOf(b)));
  const rows = sorted.map((result) => {
    const { candidate, verdict, facts } = result.inquiry;
    const why = verdict.verdict === 'reclaim' ? groundWords(verdict) : verdict.reasons.map(reasonSentence).join('; ');
    const idle = facts.idle?.known === true ? duration(nowMs - facts.idle.value.lastActivityMs) : '';
    const size = extras.sizes.get(candidate);
    return [
      `<span class="badge ${verdict.verdict}">${WORDS[verdict.verdict]}</span>`,
      escaped(nameOf(candidate)),
      escaped(why),
      idle,
      size == null ? '' : bytes(size),
      `<code>${escaped(candidate.path)}</code>`,
    ];
  });
  return table(['', 'what', 'why', 'idle', 'size', 'where'], rows);
}

function quarantine({ extras, nowMs }: PageInput): string {
  const rows = [...extras.entries]
    .reverse()
    .map((entry) => [
      escaped(entry.branch ?? entry.path),
      escaped(entry.because),
      `${duration(nowMs - entry.atMs)} ago`,
      entry.bytes === null ? '' : bytes(entry.bytes),
      `<code>${COMMAND} restore ${escaped(entry.id)}</code>`,
    ]);
  return table(['what', 'why', 'when', 'size', 'undo'], rows);
}

/** The newest first, and no more than a person scrolls through. */
const MOST_RECORDS = 500;

function log({ records }: PageInput): string {
  const shown = records.filter(({ event }) => event !== 'intent').slice(-MOST_RECORDS);
  const rows = [...shown]
    .reverse()
    .map((record) => [
      instant(record.at),
      escaped(record.event),
      escaped(record.branch ?? record.path),
      escaped(record.detail ?? record.because),
      record.bytes == null ? '' : bytes(record.bytes),
    ]);
  return table(['when', 'event', 'what', 'why', 'bytes'], rows);
}

/** Sizes, times and the like stay on one line. */
const isTight = (cell: string): boolean => cell.length <= MOST_TIGHT && !cell.includes('<');

const MOST_TIGHT = 16;

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  if (rows.length === 0) return '<p class="none">Nothing.</p>';
  const line = (cells: readonly string[], tag: string) =>
    `<tr>${cells.map((cell) => `<${tag}${isTight(cell) ? ' class="tight"' : ''}>${cell}</${tag}>`).join('')}</tr>`;
  const body = rows.map((cells) => line(cells, 'td')).join('\n');
  return `<div class="wide"><table><thead>${line(head, 'th')}</thead><tbody>\n${body}\n</tbody></table></div>`;
}
