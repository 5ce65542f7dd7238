/**
 * The command by which a person can start this program here: what every "next:" and "undo:" names.
 *
 * Contract: reads only. Sentences name it as `npx reaper-hook`; the rim puts in its place what works on this machine.
 * Failure direction: where nothing better is known, the installed copy is named, which is always there.
 */
import { existsSync, realpathSync } from 'node:fs';
import { COMMAND } from '../core/messages.ts';
import { shellWord } from '../core/text.ts';
import type { InstallRecord } from '../install/record.ts';
import { findProgram, workingTreesAround } from '../io/program.ts';

/** The command's name on PATH after `npm install --global`. */
const NAME = 'reaper-hook';

/**
 * How to start `programFile` again; null when it was started as a file, from a checkout for instance.
 *
 * @param onPath the real path of what `reaper-hook` on PATH is, or null
 */
export function commandFor(programFile: string, onPath: string | null): string | null {
  if (onPath === programFile) return NAME;
  // In npx's cache, or among a project's dependencies: both are where npx looks.
  return /[\\/]node_modules[\\/]reaper-hook[\\/]/.test(programFile) ? COMMAND : null;
}

/** The same, on this machine; entries of PATH inside the repository do not count. */
export function commandHere(programFile: string, cwd = process.cwd()): string | null {
  const found = findProgram(NAME, workingTreesAround(cwd));
  return commandFor(realOf(programFile) ?? programFile, found === null ? null : realOf(found));
}

/** What the hook names: the command that installed it while that is there, else its own copy, if that may be started. */
export function commandOfHook(record: InstallRecord | null, ownCopy: string | null): string {
  const { command, source } = record ?? {};
  if (command !== undefined && source !== undefined && existsSync(source)) return command;
  return ownCopy === null ? COMMAND : `node ${shellWord(ownCopy)}`;
}

function realOf(path: string): string | null {
  try {
    return realpathSync(path);
  } catch {
    return null;
  }
}
