/**
 * The report as one HTML page.
 *
 * Contract: pure; nothing is loaded from anywhere, no script runs. Every text that came from a repository
 * passes `escaped`; a content security policy says the same to the browser.
 */
import type { JournalRecord } from '../act/journal.ts';
import type { DiskPoint } from '../core/disk-series.ts';
import type { Verdict } from '../core/model.ts';
import { bytes, readablePath } from '../core/text.ts';
import type { Extras } from '../documents.ts';
import type { CandidateResult, PassReport } from '../pass.ts';
import type { Workspace } from '../workspace.ts';
import { barList, lineChart, type Series } from './charts.ts';
import { PAGE_STYLE } from './page-style.ts';
import { candidateGroups, escaped, instant, logTable, quarantineRows, table, VERDICT_WORDS } from './page-tables.ts';
import { nameOf } from './tables.ts';

/** How a file of ours begins: only such a file is ever replaced. */
export const PAGE_MARK = '<!doctype html>\n<!-- reaper-hook report -->\n';

export interface PageInput {
  readonly workspace: Pick<Workspace, 'mainRoot' | 'layout' | 'home'>;
  readonly report: Pick<PassReport, 'results' | 'ledger'>;
  readonly extras: Extras;
  /** Oldest first. */
  readonly records: readonly JournalRecord[];
  readonly nowMs: number;
}

/** The whole page. */
export function htmlPage(input: PageInput): string {
  const { workspace, report } = input;
  const where = escaped(readablePath(workspace.mainRoot ?? workspace.layout.commonDir, workspace.home));
  const policy = "default-src 'none'; style-src 'unsafe-inline'";
  return `${PAGE_MARK}<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<title>reaper-hook: ${where}</title>
<style>${PAGE_STYLE}</style>
</head>
<body>
<header><h1>${where}</h1>
<p class="when">reaper-hook, ${instant(input.nowMs)} UTC, ${report.results.length} looked at</p></header>
<main>
${totals(input)}
${section('Disk over time', overTime(input))}
${section('Worktrees by size', bySize(input))}
${section('Worktrees and staging entries', candidateGroups(input))}
${section('In quarantine', quarantineRows(input))}
${section('Log', logTable(input))}
</main>
</body>
</html>
`;
}

const section = (title: string, text: string): string => `<section>\n<h2>${title}</h2>\n${text}\n</section>`;

function totals({ report, extras }: PageInput): string {
  const tile = (kind: string, count: number, word: string, size: number) =>
    `<li class="tile ${kind}"><b>${size > 0 ? bytes(size) : count}</b> <span>${size > 0 ? `${count} ` : ''}${word}</span></li>`;
  const tiles = (Object.keys(VERDICT_WORDS) as Verdict['verdict'][]).map((verdict) => {
    const those = report.results.filter(({ inquiry }) => inquiry.verdict.verdict === verdict);
    const size = those.reduce((sum, { inquiry }) => sum + (extras.sizes.get(inquiry.candidate) ?? 0), 0);
    return tile(verdict, those.length, VERDICT_WORDS[verdict], size);
  });
  const held = heldOf(extras);
  tiles.push(tile('held', extras.entries.length, 'in quarantine', held));
  const { reclaimed, bytes: given } = report.ledger.totals;
  tiles.push(tile('freed', reclaimed, given > 0 ? 'reclaimed, bytes given back' : 'reclaimed so far', given));
  return `<ul class="tiles">${tiles.join('\n')}</ul>`;
}

const heldOf = ({ entries }: Extras): number => entries.reduce((sum, entry) => sum + (entry.bytes ?? 0), 0);

/** Wide enough for a screen, and for a phone. */
const CHART_WIDTHS = [960, 400] as const;

/** What passes have measured, and now. */
function overTime({ report, extras, nowMs }: PageInput): string {
  const sizes = report.results.map(({ inquiry }) => extras.sizes.get(inquiry.candidate) ?? 0);
  const now = { atMs: nowMs, inUse: sizes.reduce((sum, size) => sum + size, 0), held: heldOf(extras) };
  const points: readonly DiskPoint[] = [
    ...report.ledger.disk.filter(({ atMs }) => atMs < nowMs),
    { ...now, givenBack: report.ledger.totals.bytes },
  ];
  const series = [
    seriesOf('used', 'in use', points, ({ inUse }) => inUse),
    seriesOf('held', 'in quarantine', points, ({ held }) => held),
    seriesOf('freed', 'given back', points, ({ givenBack }) => givenBack),
  ];
  const legend = series.map(
    ({ kind, name, points: all }) => `<li class="${kind}">${name} <b>${bytes(all.at(-1)?.y ?? 0)}</b></li>`,
  );
  const axes = {
    label: 'Disk over time: in use, in quarantine and given back. The numbers are in the table below.',
    x: (at: number) => instant(at).slice(0, 10),
    y: (count: number) => bytes(count),
  };
  if (points.length < 2)
    return `<ul class="legend">${legend.join('')}</ul><p class="none">The line begins with the first pass.</p>`;
  const charts = CHART_WIDTHS.map((width) => `<div class="w${width}">${lineChart(series, axes, width)}</div>`);
  const cell = (size: number | null) => (size === null ? 'not measured' : bytes(size));
  const rows = points.map(({ atMs, inUse, held, givenBack }) => [
    instant(atMs),
    cell(inUse),
    cell(held),
    cell(givenBack),
  ]);
  const numbers = table('Disk over time', ['when', 'in use', 'in quarantine', 'given back'], rows.reverse());
  return `<ul class="legend">${legend.join('')}</ul>${charts.join('')}<details><summary>The numbers</summary>${numbers}</details>`;
}

const seriesOf = (
  kind: string,
  name: string,
  points: readonly DiskPoint[],
  value: (point: DiskPoint) => number | null,
): Series => ({ kind, name, points: points.map((point) => ({ x: point.atMs, y: value(point) })) });

function bySize({ report, extras }: PageInput): string {
  const sized = report.results.flatMap((result) => {
    const size = extras.sizes.get(result.inquiry.candidate);
    return size == null ? [] : [{ name: escaped(nameOf(result.inquiry.candidate)), size, kind: verdictOf(result) }];
  });
  if (sized.length === 0) return '<p class="none">Nothing was measured.</p>';
  const largest = sized.sort((one, other) => other.size - one.size).slice(0, MOST_BARS);
  const bars = largest.map(({ name, size, kind }) => {
    return { name, value: size, label: bytes(size), kind, word: VERDICT_WORDS[kind] };
  });
  const smaller = sized.slice(MOST_BARS);
  const sum = smaller.reduce((total, { size }) => total + size, 0);
  return (
    barList(bars) + (smaller.length > 0 ? `<p class="none">and ${smaller.length} smaller ones, ${bytes(sum)}</p>` : '')
  );
}

/** More bars than this are a wall and not a picture; the table has them all. */
const MOST_BARS = 30;

const verdictOf = ({ inquiry }: CandidateResult): Verdict['verdict'] => inquiry.verdict.verdict;
