/**
 * `keepIf`: whether one of a directory's declarative rules keeps it.
 *
 * Contract: reads only, follows no symbolic link, bounded. The answer is what keeps the directory, in words.
 * Failure direction: a file that a rule is about and that cannot be read or understood makes the fact unknown,
 * which keeps. A file that lacks the value a rule asks about says nothing.
 */
import { join, relative } from 'node:path';
import { valuesAt } from '../core/jsonpointer.ts';
import { type Fact, type KeepRule, known, unknown } from '../core/model.ts';
import { parsePid } from '../core/owners.ts';
import { matchSegment } from '../core/patterns.ts';
import { duration } from '../core/text.ts';
import type { FileInfo, Io } from '../io/ports.ts';
import { ownerNow } from './owner.ts';

/** A directory of tasks holds some hundred files; with more than this the rule cannot be answered in a pass. */
const MAX_FILES = 2_000;

/** State files are a few KiB. */
const MAX_BYTES = 1024 * 1024;

interface Seen {
  readonly path: string;
  readonly info: FileInfo;
}

type Machine = Pick<Io, 'disk' | 'processes' | 'clock'>;

/**
 * What keeps the directory at `at`, or null when no rule does.
 *
 * @param clockWasSet whether wall times of processes prove nothing
 */
export async function keptByRule(
  io: Machine,
  at: string,
  rules: readonly KeepRule[],
  clockWasSet = false,
): Promise<Fact<string | null>> {
  for (const rule of rules) {
    const files = await filesFor(io, at, rule.files.split('/'));
    if (!files.known) return files;
    for (const file of files.value) {
      const held = await holds(io, file, rule.test, clockWasSet);
      const name = relative(at, file.path);
      if (!held.known) return unknown(`${name}: ${held.why}`);
      if (held.value !== null) return known(`${name} ${held.value}`);
    }
  }
  return known(null);
}

/** The regular files a rule is about. */
async function filesFor({ disk }: Machine, at: string, segments: readonly string[]): Promise<Fact<Seen[]>> {
  let places = [at];
  for (const [index, segment] of segments.entries()) {
    const next: Seen[] = [];
    for (const place of places) {
      const listing = await disk.list(place);
      if (!listing.ok && (listing.code === 'ENOENT' || listing.code === 'ENOTDIR') && place !== at) continue;
      if (!listing.ok) return unknown(`${place} could not be listed: ${listing.why}`);
      for (const { name } of listing.value) {
        if (!isCalled(segment, name)) continue;
        const path = join(place, name);
        const info = await disk.lstat(path);
        if (!info.ok) return unknown(`${path} could not be looked at: ${info.why}`);
        if (info.value.kind === 'symlink') return unknown(`${path} is a symbolic link, which is not followed`);
        next.push({ path, info: info.value });
      }
      if (next.length > MAX_FILES) return unknown(`more than ${MAX_FILES} files match ${segments.join('/')}`);
    }
    if (index === segments.length - 1) return known(next.filter(({ info }) => info.kind === 'file'));
    places = next.filter(({ info }) => info.kind === 'directory').map(({ path }) => path);
  }
  return known([]);
}

const isCalled = (segment: string, name: string): boolean =>
  matchSegment({ literal: null, before: segment, hasPid: false, after: '' }, name).matches;

async function holds(
  io: Machine,
  { path, info }: Seen,
  test: KeepRule['test'],
  clockWasSet: boolean,
): Promise<Fact<string | null>> {
  if (test.kind === 'fresher-than') {
    const ageMs = io.clock.nowMs() - info.mtimeMs;
    return known(ageMs < test.ageMs ? `is fresher than ${duration(test.ageMs)}` : null);
  }
  const text = await io.disk.readText(path, MAX_BYTES);
  if (!text.ok) return unknown(`it could not be read: ${text.why}`);
  const document = parse(text.value);
  if (document === undefined) return unknown('it is not JSON');
  const values = valuesAt(document, test.pointer);
  if (values === null) return unknown(`${test.pointer} leads to too many values`);
  if (test.kind === 'json-equals') {
    const equal = values.find((value) => test.values.some((wanted) => wanted === value));
    return known(equal === undefined ? null : `has ${test.pointer} = ${JSON.stringify(equal)}`);
  }
  return anyAlive(io, values, info.mtimeMs, clockWasSet);
}

/** A process that started after the file was last written is another one of that number. */
function anyAlive(
  io: Machine,
  values: readonly unknown[],
  recordedMs: number,
  clockWasSet: boolean,
): Fact<string | null> {
  for (const value of values) {
    if (value === null) continue;
    if (typeof value !== 'number' && typeof value !== 'string') return unknown('its process id is not a number');
    if (Number(value) <= 0) continue;
    const pid = parsePid(String(value));
    if (pid === null) return unknown(`its process id is ${JSON.stringify(value)}`);
    const { liveness, why } = ownerNow(io, { pid, startedMs: null, recordedMs, host: null }, clockWasSet);
    if (liveness === 'unknown') return unknown(`process ${pid}: ${why}`);
    if (liveness === 'alive') return known(`names process ${pid}, which is running`);
  }
  return known(null);
}

/** `undefined` when the text is not JSON: no document has that value. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
