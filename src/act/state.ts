/**
 * The ledger on disk, and the three small files the hook's shell reads.
 *
 * Contract: written atomically; read with suspicion. Failure direction: an unreadable ledger is
 * set aside under another name and an empty one takes its place, which only makes things wait.
 */
import type { Layout } from '../core/layout.ts';
import { EMPTY_LEDGER, type Ledger, parseLedger } from '../core/ledger.ts';
import type { Rest } from '../core/rest.ts';
import { printable } from '../core/text.ts';
import type { DiskReader } from '../io/ports.ts';
import { type Actor, type Done, outcome } from './context.ts';

/** A ledger with a full landing cache stays below this. */
const MAX_LEDGER_BYTES = 16 * 1024 * 1024;

/** Reads the ledger; `setAside` names the damaged file, if there was one. */
export async function loadLedger(
  actor: Pick<Actor, 'io' | 'layout'>,
): Promise<{ ledger: Ledger; damaged: string | null }> {
  const text = await actor.io.disk.readText(actor.layout.state, MAX_LEDGER_BYTES);
  if (!text.ok) return { ledger: EMPTY_LEDGER, damaged: text.code === 'ENOENT' ? null : text.why };
  const ledger = parseLedger(text.value);
  return ledger === null ? { ledger: EMPTY_LEDGER, damaged: 'it is not a ledger' } : { ledger, damaged: null };
}

/** Moves a damaged ledger out of the way, so that it can be looked at. */
export async function setLedgerAside({ io, layout }: Actor): Promise<void> {
  await io.disk.rename(layout.state, `${layout.state}.damaged-${io.clock.nowMs()}`);
}

export async function saveLedger({ io, layout }: Actor, ledger: Ledger): Promise<Done> {
  return outcome(await io.disk.writeFile(layout.state, JSON.stringify(ledger)), 'writing the ledger');
}

/** Tells the hook's shell when to start the next pass: the stamp's mtime. */
export async function scheduleNext({ io, layout }: Actor, atMs: number, detach: boolean): Promise<void> {
  const { disk } = io;
  if (detach) await disk.removeFile(layout.foreground);
  else await disk.writeFile(layout.foreground, '');
  const there = await disk.lstat(layout.stamp);
  if (!there.ok || there.value.kind !== 'file') await disk.writeFile(layout.stamp, '');
  await disk.setModified(layout.stamp, atMs);
}

/** Whether git waits for the pass that runs now, whatever the settings say by now; also where that cannot be told. */
export async function isAwaited(disk: DiskReader, { foreground }: Layout): Promise<boolean> {
  const info = await disk.lstat(foreground);
  return info.ok || info.code !== 'ENOENT';
}

/** Asks for another pass as soon as possible: something happened while this one could not look. */
export async function askAgain({ io, layout }: Actor): Promise<void> {
  await io.disk.writeFile(layout.due, '');
}

/** What was asked for up to now is what this pass is about to look at. */
export async function takeRequest({ io, layout }: Actor): Promise<void> {
  await io.disk.removeFile(layout.due);
}

/** Leaves the note that lets the next pass go back to sleep; without one it has to look. */
export async function leaveRest({ io, layout }: Actor, rest: Rest | null): Promise<void> {
  if (rest === null) await io.disk.removeFile(layout.rest);
  else await io.disk.writeFile(layout.rest, JSON.stringify(rest));
}

/** Leaves lines for the next hook to print. Whatever they name, none of them can speak to a terminal. */
export async function leaveReport({ io, layout }: Actor, lines: readonly string[]): Promise<void> {
  if (lines.length === 0) return;
  await io.disk.writeFile(layout.report, `${lines.map(printable).join('\n')}\n`);
}

/** A day, as for git's gc.log: a failing pass must not fail at every checkout. */
const BACK_OFF_MS = 24 * 3_600_000;

/** Notes a failed pass; hooks stay quiet until the note's mtime has passed. */
export async function noteFailure({ io, layout }: Actor, why: string): Promise<void> {
  await io.disk.writeFile(layout.failure, `${new Date(io.clock.nowMs()).toISOString()} ${why}\n`);
  await io.disk.setModified(layout.failure, io.clock.nowMs() + BACK_OFF_MS);
}

/** A pass that ran through ends the back-off. */
export async function clearFailure({ io, layout }: Actor): Promise<void> {
  await io.disk.removeFile(layout.failure);
}
