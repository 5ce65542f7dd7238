/**
 * The tables of the report: candidates by what to do, quarantine, log.
 *
 * Contract: pure; cells that came from a repository pass `escaped`. Each table can be reached and scrolled
 * with the keyboard, and on a phone each row becomes a card.
 */
import { COMMAND, groundWords, reasonSentence } from '../core/messages.ts';
import type { Verdict } from '../core/model.ts';
import { bytes, duration, printable, readablePath, remaining } from '../core/text.ts';
import { ownerOf } from '../documents.ts';
import type { CandidateResult } from '../pass.ts';
import { eventWords, proofWords, whyWords } from './log.ts';
import type { PageInput } from './page.ts';
import { entryName } from './quarantine-table.ts';
import { nameOf } from './tables.ts';

/** Safe in HTML text and attributes, and without characters that nobody can see. */
export const escaped = (text: string): string =>
  printable(text).replace(/[&<>"']/g, (character) => `&#${character.codePointAt(0)};`);

/** To the minute, in UTC. */
export const instant = (ms: number): string => new Date(ms).toISOString().replace('T', ' ').slice(0, 16);

export const VERDICT_WORDS: Readonly<Record<Verdict['verdict'], string>> = {
  reclaim: 'to reclaim',
  attention: 'to look at',
  wait: 'waiting',
  keep: 'kept',
};

/** Groups larger than this begin folded: a thousand kept worktrees stand before nothing that matters. */
const MOST_OPEN = 100;

/** A fold for each thing to do, what to do first on top, the largest of each first. */
export function candidateGroups({ report, extras, workspace, nowMs }: PageInput): string {
  const sizeOf = ({ inquiry }: CandidateResult) => extras.sizes.get(inquiry.candidate) ?? null;
  const groups = (Object.keys(VERDICT_WORDS) as Verdict['verdict'][]).map((verdict) => {
    const those = report.results
      .filter(({ inquiry }) => inquiry.verdict.verdict === verdict)
      .sort((one, other) => (sizeOf(other) ?? 0) - (sizeOf(one) ?? 0));
    if (those.length === 0) return '';
    const hasOwners = those.some((result) => ownerOf(result) !== null);
    const rows = those.map((result) => {
      const { candidate } = result.inquiry;
      const size = sizeOf(result);
      return [
        escaped(nameOf(candidate)),
        escaped(whyOf(result.inquiry.verdict)),
        idleWords(result, nowMs),
        ...(hasOwners ? [escaped(ownerOf(result)?.label ?? '')] : []),
        size === null ? '' : bytes(size),
        `<code>${escaped(readablePath(candidate.path, workspace.home))}</code>`,
      ];
    });
    const word = VERDICT_WORDS[verdict];
    const heads = ['what', 'why', 'idle', ...(hasOwners ? ['owner'] : []), 'size', 'where'];
    const body = table(word, heads, rows);
    return `<details${those.length <= MOST_OPEN ? ' open' : ''}><summary><span class="badge ${verdict}">${word}</span> ${those.length}</summary>${body}</details>`;
  });
  const text = groups.filter((group) => group !== '').join('\n');
  return text === '' ? '<p class="none">Nothing.</p>' : text;
}

const whyOf = (verdict: Verdict): string =>
  verdict.verdict === 'reclaim' ? groundWords(verdict) : verdict.reasons.map(reasonSentence).join('; ');

const idleWords = ({ inquiry: { facts } }: CandidateResult, nowMs: number): string =>
  facts.idle?.known === true ? duration(nowMs - facts.idle.value.lastActivityMs) : '';

/** The newest first, each with its undo. */
export function quarantineRows({ extras, workspace, nowMs }: PageInput): string {
  const rows = [...extras.entries]
    .reverse()
    .map((entry) => [
      escaped(entryName(entry, workspace)),
      escaped(entry.because),
      `${duration(nowMs - entry.atMs)} ago`,
      remaining((entry.phase === 'held' ? entry.keepUntilMs : entry.forgetAtMs) - nowMs),
      entry.bytes === null ? '' : bytes(entry.bytes),
      `<code>${COMMAND} restore ${escaped(entry.id)}</code>`,
    ]);
  return table('In quarantine', ['what', 'why', 'when', 'for another', 'size', 'undo'], rows);
}

/** The newest first, and no more than a person scrolls through. */
const MOST_RECORDS = 500;

export function logTable({ records, workspace }: PageInput): string {
  const done = records.filter(({ event }) => event !== 'intent');
  const rows = done
    .slice(-MOST_RECORDS)
    .reverse()
    .map((record) => [
      instant(record.at),
      escaped(eventWords(record)),
      escaped(entryName(record, workspace)),
      escaped([whyWords(record), proofWords(record)].filter((part) => part !== null && part !== '').join('; ')),
      record.bytes == null ? '' : bytes(record.bytes),
    ]);
  const older = done.length - rows.length;
  const more = older > 0 ? `<p class="none">and ${older} older records: <code>${COMMAND} log</code></p>` : '';
  return table('Log', ['when', 'event', 'what', 'why', 'size'], rows) + more;
}

/** Sizes, times and the like stay on one line. */
const isTight = (cell: string): boolean => cell.length <= MOST_TIGHT && !cell.includes('<');

const MOST_TIGHT = 16;

/** A table in a region of its own, which the keyboard can reach to scroll it. */
export function table(name: string, head: readonly string[], rows: readonly (readonly string[])[]): string {
  if (rows.length === 0) return '<p class="none">Nothing.</p>';
  const heads = head.map((cell) => `<th scope="col">${cell}</th>`).join('');
  const body = rows.map((cells) => {
    const columns = cells.map((cell, index) => {
      const label = ` data-label="${head[index] ?? ''}"`;
      return `<td${label}${isTight(cell) ? ' class="tight"' : ''}>${cell}</td>`;
    });
    return `<tr>${columns.join('')}</tr>`;
  });
  return `<div class="wide" tabindex="0" role="region" aria-label="${name}"><table><thead><tr>${heads}</tr></thead><tbody>\n${body.join('\n')}\n</tbody></table></div>`;
}
