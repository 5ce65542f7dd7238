/**
 * Who a lock, a claim or a file name belongs to, and whether that process still lives.
 *
 * Contract: pure; what was seen of the process is handed in.
 * Failure direction: a text that is not understood has no owner (and keeps). `dead` is said only of
 * a process that does not exist, of a zombie, or when the number now belongs to a process that
 * started after the record was made. EPERM is alive; another machine, boot or PID namespace is
 * unknown; a start time that cannot be compared is ignored.
 */
import type { Liveness } from './model.ts';
import { printable } from './text.ts';

/** pid_t is a signed 32-bit integer on every supported system; anything larger is not a process id. */
const LARGEST_PID = 2 ** 31 - 1;

/** Two readings of one start time differ by their clocks' grain: a second in text, a tick in the kernel. */
const START_TOLERANCE_MS = 2_000;

/** A file's time comes from its file system's clock, on a network share another machine's. */
const FILE_TIME_TOLERANCE_MS = 60_000;

/** Zones lie between UTC-12 and UTC+14: two of them are at most 26 hours apart ... */
const LARGEST_ZONE_SHIFT_MS = 26 * 3_600_000;

/** ... and every zone in use is a whole number of quarter hours from UTC. */
const ZONE_STEP_MS = 15 * 60_000;

/** What a lock's reason says about its owner. Times are epoch milliseconds. */
export interface LockOwner {
  /** How messages name it: `claude agent fix-login (pid 4242)`. */
  readonly label: string;
  readonly pid: number;
  /** When the process started, by the lock's own account; null when not said or not understood. */
  readonly startedMs: number | null;
  readonly host: string | null;
  /** When the lock says it was taken; null when not said or not understood. */
  readonly atMs: number | null;
}

/**
 * Reads the owner out of a lock's reason, or null when the reason is not one of the understood forms:
 * `claude agent <id> (pid N[ start <date>])`, `claude session <name> (pid N[ start <date>])`,
 * `openclaw pid=N`, `<anything> pid=N session=... host=... ts=...`.
 */
export function parseLockReason(reason: string): LockOwner | null {
  return parseClaude(reason) ?? parseOpenClaw(reason) ?? parseFields(reason);
}

/** A process id as text: decimal, positive, without leading zeros, and within `pid_t`; else null. */
export function parsePid(text: string): number | null {
  const pid = /^[1-9]\d{0,9}$/.test(text) ? Number(text) : null;
  return pid !== null && pid <= LARGEST_PID ? pid : null;
}

function parseClaude(reason: string): LockOwner | null {
  const parts = /^(claude (?:agent \S+|session [^()\n]+)) \(pid (\d+)(?: start ([^()\n]+))?\)$/.exec(reason);
  const pid = parsePid(parts?.[2] ?? '');
  if (parts === null || pid === null) return null;
  const startedMs = parts[3] === undefined ? null : parseLocalDate(parts[3]);
  return { label: labelled(parts[1] ?? '', pid), pid, startedMs, host: null, atMs: null };
}

function parseOpenClaw(reason: string): LockOwner | null {
  const pid = parsePid(/^openclaw pid=(\d+)$/.exec(reason)?.[1] ?? '');
  return pid === null ? null : { label: labelled('openclaw', pid), pid, startedMs: null, host: null, atMs: null };
}

/** All three fields are asked for, each once: a text that only resembles this form is not understood. */
function parseFields(reason: string): LockOwner | null {
  const parts = /^([^\n]*?)\s*\bpid=(\d+)((?: [a-z]+=\S+){3})$/.exec(reason);
  const pid = parsePid(parts?.[2] ?? '');
  if (parts === null || pid === null) return null;
  const fields = new Map((parts[3] ?? '').trim().split(' ').map(splitField));
  const [host, at] = [fields.get('host'), fields.get('ts')];
  if (!fields.has('session') || host === undefined || at === undefined) return null;
  return { label: labelled(parts[1] ?? '', pid), pid, startedMs: null, host, atMs: parseInstant(at) };
}

function splitField(field: string): [string, string] {
  const equals = field.indexOf('=');
  return [field.slice(0, equals), field.slice(equals + 1)];
}

const labelled = (name: string, pid: number): string => `${name === '' ? 'a process' : printable(name)} (pid ${pid})`;

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];

/**
 * Reads `Thu Jul 30 23:10:13 2026`, as ps prints a start time: local, without its zone. Null for anything
 * else, also for a date that does not exist. The zone is made good for in `isLater`.
 */
export function parseLocalDate(text: string): number | null {
  const parts = /^([A-Z][a-z]{2}) ([A-Z][a-z]{2}) {1,2}(\d{1,2}) (\d{2}):(\d{2}):(\d{2}) (\d{4})$/.exec(text.trim());
  if (parts === null) return null;
  const [day, hour, minute, second, year] = [parts[3], parts[4], parts[5], parts[6], parts[7]].map(Number);
  const month = MONTHS.indexOf(parts[2] ?? '');
  if (day === undefined || hour === undefined || minute === undefined || second === undefined) return null;
  if (year === undefined || month < 0 || hour > 23 || minute > 59 || second > 60) return null;
  const date = new Date(year, month, day, hour, minute, second);
  const exists = date.getMonth() === month && date.getDate() === day && DAYS[date.getDay()] === parts[1];
  return exists ? date.getTime() : null;
}

/** Reads epoch seconds, epoch milliseconds, or an ISO instant that names its zone. */
function parseInstant(text: string): number | null {
  if (/^\d{10}(\.\d+)?$/.test(text)) return Math.round(Number(text) * 1000);
  if (/^\d{13}$/.test(text)) return Number(text);
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)$/.test(text)) return null;
  const instant = Date.parse(text);
  return Number.isNaN(instant) ? null : instant;
}

/** What was written down about a process. Times are epoch milliseconds; null is "not recorded". */
export interface OwnerRecord {
  readonly pid: number;
  readonly startedMs: number | null;
  /** Kernel ticks from boot to the process's start: immune to a clock that is set. */
  readonly startTicks?: number | null;
  /** When the record was made: the process was there then. */
  readonly recordedMs: number | null;
  readonly host: string | null;
  readonly bootId: string | null;
  readonly pidNamespace: string | null;
}

/** What is seen of that process now. */
export interface Sighting {
  /** `kill(pid, 0)`: `alive` for success and EPERM, `dead` for ESRCH only. */
  readonly signal: Liveness;
  readonly process: {
    readonly zombie: boolean;
    readonly startedMs: number | null;
    readonly startTicks?: number | null;
  } | null;
  readonly here: Place;
  /** True when the clock was set since the record may have been made (`clockWasSet`): wall times are not compared. */
  readonly clockWasSet?: boolean;
}

/** A machine, boot and PID namespace; empty strings where unknown. */
export interface Place {
  readonly name: string;
  readonly bootId: string;
  readonly pidNamespace: string;
}

export interface Judgement {
  readonly liveness: Liveness;
  /** In words, what it rests on. */
  readonly why: string;
}

/** Whether the recorded process lives. */
export function judge(record: OwnerRecord, seen: Sighting): Judgement {
  const elsewhere = isElsewhere(record, seen.here);
  if (elsewhere !== null) return { liveness: 'unknown', why: elsewhere };
  if (parsePid(String(record.pid)) === null) return { liveness: 'unknown', why: 'not a process id' };
  if (seen.signal === 'dead') return { liveness: 'dead', why: 'no such process' };
  if (seen.signal === 'unknown') return { liveness: 'unknown', why: 'whether it lives could not be asked' };
  if (seen.process === null) return { liveness: 'alive', why: 'running' };
  if (seen.process.zombie) return { liveness: 'dead', why: 'it has exited' };
  if (isAnother(record, seen)) return { liveness: 'dead', why: 'its number now belongs to a process started later' };
  return { liveness: 'alive', why: 'running' };
}

/**
 * True when the boot time computed from the kernel's counters moved within one boot: the wall clock was set,
 * as happens to a virtual machine that was paused, and every process seems to have started at another time.
 */
export function clockWasSet(
  earlier: { readonly bootId: string; readonly bootTimeMs: number | null },
  here: { readonly bootId: string; readonly bootTimeMs?: number | null },
): boolean {
  if (earlier.bootId === '' || earlier.bootId !== here.bootId || earlier.bootTimeMs === null) return false;
  return here.bootTimeMs == null || Math.abs(here.bootTimeMs - earlier.bootTimeMs) > START_TOLERANCE_MS;
}

/**
 * Why the record is not about this place, or null. Another boot is not taken for a death: machines and
 * containers that share a disk often share a name too, and each has its own boot.
 */
function isElsewhere(record: OwnerRecord, here: Place): string | null {
  if (record.host !== null && record.host !== here.name) return `it runs on another host (${record.host})`;
  if (differs(record.bootId, here.bootId)) return 'it was recorded in another boot, or on another machine of this name';
  if (differs(record.pidNamespace, here.pidNamespace)) return 'it was recorded in another PID namespace';
  return null;
}

/** A recorded place that cannot be compared, because this one is not known, is a different place. */
const differs = (recorded: string | null, here: string): boolean =>
  recorded !== null && recorded !== '' && recorded !== here;

/** True when the number was given to a process that started after the recorded one. */
function isAnother(record: OwnerRecord, { process, clockWasSet: wasSet }: Sighting): boolean {
  if (process === null || process.startedMs === null || wasSet === true) return false;
  if (hasSameTicks(record, process.startTicks ?? null)) return false;
  const afterRecord = record.recordedMs !== null && process.startedMs - record.recordedMs > FILE_TIME_TOLERANCE_MS;
  if (record.startedMs === null) return afterRecord;
  const lateMs = process.startedMs - record.startedMs;
  if (lateMs <= START_TOLERANCE_MS) return false;
  return isZoneShift(lateMs) ? afterRecord : true;
}

function hasSameTicks(record: OwnerRecord, ticks: number | null): boolean {
  const recorded = record.startTicks ?? null;
  return recorded !== null && ticks !== null && record.bootId !== null && record.bootId !== '' && ticks <= recorded;
}

/** A local time read in another zone, or across a change to or from summer time, is off by whole quarter hours. */
function isZoneShift(lateMs: number): boolean {
  if (lateMs > LARGEST_ZONE_SHIFT_MS + START_TOLERANCE_MS) return false;
  const offGridMs = lateMs % ZONE_STEP_MS;
  return Math.min(offGridMs, ZONE_STEP_MS - offGridMs) <= START_TOLERANCE_MS;
}
