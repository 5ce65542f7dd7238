/** The real machine as one `Io`: what the command line and the library hand down. */

import { disk } from './disk.ts';
import { createGit } from './git.ts';
import type { Io } from './ports.ts';
import { createCensus, processes } from './processes.ts';
import { swift } from './swift.ts';

/**
 * @param gitBinary absolute path of git
 * @param deadlineMs epoch milliseconds after which no git call is waited for; Infinity for none
 */
export function createMachine(gitBinary: string, deadlineMs: () => number = () => Number.POSITIVE_INFINITY): Io {
  const clock = { nowMs: () => Date.now() };
  return {
    git: createGit({ binary: gitBinary, deadlineMs, nowMs: clock.nowMs }),
    disk: swift(disk),
    processes: { ...processes, namesakes: createCensus() },
    clock,
  };
}
