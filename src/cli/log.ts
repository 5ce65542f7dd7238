/** `log`: what was reclaimed, restored and purged, when, why, how much, and the undo. Oldest first, as it happened. */
import { readEntries } from '../act/entries.ts';
import { type JournalRecord, readJournal } from '../act/journal.ts';
import { shortRef, undo } from '../core/messages.ts';
import { bytes, duration, plural, printable } from '../core/text.ts';
import { cut, layOut } from './columns.ts';
import { type Answer, type Context, JSON_VERSION, ready } from './context.ts';
import { entryName, type Place } from './quarantine-table.ts';
import { WIDE_ENOUGH } from './tables.ts';

const EVENT_WORDS: Readonly<Record<JournalRecord['event'], string>> = {
  intent: 'began',
  reclaimed: 'reclaimed',
  refused: 'taken back',
  failed: 'failed',
  recovered: 'recovered',
  restored: 'restored',
  'ballast-purged': 'freed',
  purged: 'purged',
  forgotten: 'forgotten',
};

/** What happened, in words. What a pass that was cut off had begun counts as what it became. */
export function eventWords(record: JournalRecord): string {
  if (isFinished(record)) return EVENT_WORDS.reclaimed;
  if (isPutBack(record)) return 'put back';
  return EVENT_WORDS[record.event] ?? printable(record.event);
}

/** Its pass was cut off after the last look, and the next one had only to note it. */
const isFinished = ({ event, detail }: JournalRecord): boolean => event === 'recovered' && detail === 'finish';

const isPutBack = ({ event, detail = '' }: JournalRecord): boolean =>
  event === 'recovered' ? detail === 'roll-back' : event === 'refused' && detail.startsWith('out-of-time:');

/** A record, and the command that undoes it while that is possible. */
interface LogRow extends JournalRecord {
  readonly undo: string | null;
}

/** @param sinceMs how far back to look, in milliseconds; null for everything */
export async function log(context: Context, sinceMs: number | null): Promise<Answer> {
  const opened = await ready(context);
  if (!opened.ok) return opened.answer;
  const { io, layout } = opened.value;
  const reading = await readJournal({ io, layout });
  const { entries } = await readEntries({ io, layout });
  const held = new Set(entries.filter(({ phase }) => phase !== 'restoring').map(({ id }) => id));
  const earliest = sinceMs === null ? 0 : io.clock.nowMs() - sinceMs;
  const records = reading.records
    .filter(({ at, event }) => at >= earliest && event !== 'intent')
    .map((each): LogRow => ({ ...each, undo: isInQuarantine(each) && held.has(each.id) ? undo(each.id) : null }));
  const nothing = sinceMs === null ? 'nothing was reclaimed yet' : 'nothing was reclaimed in that time';
  const damaged =
    reading.damaged === 0 ? [] : [`note: ${plural(reading.damaged, 'line')} of the journal could not be read`];
  return {
    exit: 0,
    text: records.length === 0 ? nothing : page(context, records, { place: opened.value, nowMs: io.clock.nowMs() }),
    json: { version: JSON_VERSION, records, damaged: reading.damaged },
    notes: damaged,
  };
}

const isInQuarantine = (record: JournalRecord): boolean =>
  record.event === 'reclaimed' || isFinished(record) || isHeldUnverified(record);

/** Its pass was cut off before the last look, and something else has its place: kept until a person restores it. */
const isHeldUnverified = ({ event, detail }: JournalRecord): boolean =>
  event === 'recovered' && detail === 'hold-unverified';

/** A few lines a record: when, what and how much; why, with its proof; the undo. */
function page({ width, colors }: Context, records: readonly LogRow[], { place, nowMs }: Setting): string {
  const isNarrow = width !== null && width < WIDE_ENOUGH;
  const indent = ' '.repeat(isNarrow ? NARROW_INDENT : INDENT);
  const room = (width ?? Number.POSITIVE_INFINITY) - indent.length;
  const heads = layOut(
    records.map((record) => [
      isNarrow ? `${duration(nowMs - record.at)} ago` : minuteOf(record.at),
      colorOf(colors, isFinished(record) ? 'reclaimed' : record.event)(eventWords(record)),
      record.bytes === null ? '' : bytes(record.bytes),
      entryName(record, place),
    ]),
    width,
    { give: [3], middle: [3], right: [2] },
  ).split('\n');
  return records
    .flatMap((record, index) => [
      heads[index] ?? '',
      ...whyLines(record, room).map((line) => `${indent}${colors.dim(cut(line, room))}`),
      // A command is copied, so it is never cut.
      ...(record.undo === null ? [] : [`${indent}undo: ${record.undo}`]),
    ])
    .join('\n');
}

interface Setting {
  readonly place: Place;
  readonly nowMs: number;
}

/** As wide as an instant and the gap after it. */
const INDENT = 18;
const NARROW_INDENT = 2;

/** Why and its proof, on one line where that fits. */
function whyLines(record: JournalRecord, room: number): string[] {
  const why = whyWords(record);
  const proof = proofWords(record);
  if (proof === null) return why === '' ? [] : [why];
  const both = `${why} (${proof})`;
  return both.length <= room ? [both] : [why, proof];
}

/** To the minute, in UTC, as the journal has it. */
const minuteOf = (at: number): string => new Date(at).toISOString().replace('T', ' ').slice(0, 16);

export function whyWords(record: JournalRecord): string {
  const { event, detail, because } = record;
  if (isFinished(record)) return printable(because);
  if (isPutBack(record)) return event === 'recovered' ? 'a pass was cut off' : 'the pass ran out of time';
  if (isHeldUnverified(record)) return 'a pass was cut off, and its place is taken: kept until it is restored';
  return event === 'ballast-purged' ? 'rebuildable directories went first' : printable(detail ?? because);
}

/** For what had landed: how that was proved, by which commit, in which state of the base. */
export function proofWords(record: JournalRecord): string | null {
  const { event, evidence } = record;
  if ((event !== 'reclaimed' && !isFinished(record)) || evidence === null) return null;
  const { how, ref, oid, commit } = evidence;
  return `${how}: ${commit.slice(0, 10)}, ${shortRef(ref)} at ${oid.slice(0, 10)}`;
}

function colorOf(colors: Context['colors'], event: JournalRecord['event']): (text: string) => string {
  if (event === 'reclaimed' || event === 'ballast-purged' || event === 'purged') return colors.green;
  return event === 'failed' || event === 'refused' ? colors.yellow : colors.cyan;
}
