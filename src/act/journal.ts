/**
 * The append-only record of what was done, and why.
 *
 * Contract: one JSON object a line, fsynced. The journal tells people; recovery rests on the
 * entries and the disk, so a damaged journal never decides anything.
 */
import type { Entry } from '../core/entry.ts';
import { type Actor, type Done, outcome } from './context.ts';

export type JournalEvent =
  | 'intent'
  | 'reclaimed'
  | 'refused'
  | 'failed'
  | 'recovered'
  | 'restored'
  | 'ballast-purged'
  | 'purged'
  | 'forgotten';

export interface JournalRecord {
  readonly v: 1;
  /** Epoch milliseconds. */
  readonly at: number;
  readonly pass: string;
  readonly event: JournalEvent;
  readonly id: string;
  readonly kind: Entry['kind'];
  readonly path: string;
  readonly branch: string | null;
  readonly head: string | null;
  readonly ground: Entry['ground'];
  readonly evidence: Entry['evidence'];
  readonly because: string;
  readonly bytes: number | null;
  readonly detail?: string;
}

/** Some 4,000 records; older ones move to one rotated file, and from there out. */
const MAX_JOURNAL_BYTES = 1024 * 1024;

/** Appends what happened to `entry`. */
export async function record(actor: Actor, event: JournalEvent, entry: Entry, detail?: string): Promise<Done> {
  const line: JournalRecord = {
    v: 1,
    at: actor.io.clock.nowMs(),
    pass: actor.passId,
    event,
    id: entry.id,
    kind: entry.kind,
    path: entry.path,
    branch: entry.branch,
    head: entry.head,
    ground: entry.ground,
    evidence: entry.evidence,
    because: entry.because,
    bytes: entry.bytes,
    ...(detail === undefined ? {} : { detail }),
  };
  return outcome(await actor.io.disk.appendLine(actor.layout.journal, JSON.stringify(line)), 'writing the journal');
}

/** Moves a full journal aside. */
export async function rotate({ io, layout }: Actor): Promise<void> {
  const info = await io.disk.lstat(layout.journal);
  if (!info.ok || info.value.size < MAX_JOURNAL_BYTES) return;
  const rotated = `${layout.journal}.1`;
  await io.disk.removeFile(rotated);
  await io.disk.rename(layout.journal, rotated);
}

export interface JournalReading {
  /** Oldest first. */
  readonly records: readonly JournalRecord[];
  /** Lines that could not be read, such as the last one of a machine that lost power. */
  readonly damaged: number;
}

/** Reads the journal and its rotated part. */
export async function readJournal({ io, layout }: Pick<Actor, 'io' | 'layout'>): Promise<JournalReading> {
  const records: JournalRecord[] = [];
  let damaged = 0;
  for (const path of [`${layout.journal}.1`, layout.journal]) {
    const text = await io.disk.readText(path, 4 * MAX_JOURNAL_BYTES);
    if (!text.ok) continue;
    for (const line of text.value.split('\n')) {
      if (line === '') continue;
      const parsed = parseRecord(line);
      if (parsed === null) damaged++;
      else records.push(parsed);
    }
  }
  return { records, damaged };
}

function parseRecord(line: string): JournalRecord | null {
  try {
    const value = JSON.parse(line) as Partial<JournalRecord> | null;
    const sound =
      value?.v === 1 && typeof value.id === 'string' && typeof value.event === 'string' && Number.isFinite(value.at);
    return sound ? (value as JournalRecord) : null;
  } catch {
    return null;
  }
}
