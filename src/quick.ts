/**
 * What the hook starts: the one question that most passes end with, before the program is loaded.
 *
 * Contract: `quick.cjs run --hook NAME --from PATH`. When the last pass noted that nothing can come due, and
 * everything it looked at still looks the same, the next pass is put off and that is all. Otherwise the whole
 * program is loaded and runs as if it had been started itself.
 * Failure direction: no note, or any doubt about it, loads the program. Nothing is decided here but to wait.
 */
import { lstatSync, lutimesSync, readFileSync, unlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseRest, type Rest, stillHolds } from './core/rest.ts';
import { stampAt, surroundings } from './io/watching.ts';

declare const REAPER_VERSION: string;

/** The longest note there is: a thousand worktrees with a few patterns each. */
const MAX_NOTE_BYTES = 4 * 1024 * 1024;

const bin = dirname(__filename);
const state = dirname(bin);
const rest = noted();
if (rest === null) void import(pathToFileURL(join(bin, 'reaper-hook.mjs')).href);
else sleepOn(rest);

/** The last pass's note, if it is this user's and all of it is still so. */
function noted(): Rest | null {
  try {
    if (lstatSync(state).uid !== process.geteuid?.()) return null;
    const text = readFileSync(join(state, 'rest'), 'utf8');
    const note = text.length > MAX_NOTE_BYTES ? null : parseRest(text);
    const now = { program: REAPER_VERSION, nowMs: Date.now(), surroundings: surroundings(), stamp: stampAt };
    return note !== null && stillHolds(note, now) ? note : null;
  } catch {
    return null;
  }
}

/** The hook's shell starts nothing more before the stamp's time; what was asked for has been looked at. */
function sleepOn({ untilMs, everyMs }: Rest): void {
  const nextMs = Math.min(untilMs, Date.now() + everyMs);
  for (const step of [
    () => lutimesSync(join(state, 'stamp'), new Date(), new Date(nextMs)),
    // Asked first: making the error of a file that is not there takes as long as all the rest.
    () => lstatSync(join(state, 'due'), { throwIfNoEntry: false }) && unlinkSync(join(state, 'due')),
  ])
    try {
      step();
    } catch {
      // The next hook asks again, and gets the same answer.
    }
}
