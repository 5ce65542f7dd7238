/**
 * Ends the wait for something that does not come to its end, and says what it was waiting for.
 *
 * Contract: the calls through `io` are those of the machine; a wait that is given up fails with the calls that
 * had no answer and with the programs that were still running. Only time in which this process ran counts: a
 * machine that was stopped for a while, as virtual ones are, has its answers when it goes on.
 */
import { spawnSync } from 'node:child_process';
import type { Io } from '../../src/io/ports.ts';
import { interpose } from './faults.ts';

/** A command of a test's world takes a tenth of a second; on the slowest of machines, a hundred times that. */
const LIMIT_MS = 120_000;

/** The limit is counted in so many ticks: all that fall due while this process is stopped count as a single one. */
const TICKS = 100;

const SHOWN_LENGTH = 300;

export interface Patience {
  readonly io: Io;
  readonly waitFor: <T>(work: Promise<T>) => Promise<T>;
}

/** @param limitMs only tests of this very function wait shorter */
export function patient(machine: Io, limitMs: number = LIMIT_MS): Patience {
  const underWay = new Set<string>();
  const io = interpose(machine, async ({ name, args }, proceed) => {
    const call = `${name} ${JSON.stringify(args).slice(0, SHOWN_LENGTH)}`;
    underWay.add(call);
    try {
      return await proceed();
    } finally {
      underWay.delete(call);
    }
  });
  const waitFor = async <T>(work: Promise<T>): Promise<T> => {
    let ticks = 0;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_resolve, reject) => {
      timer = setInterval(() => {
        if (++ticks === TICKS) reject(new Error(lateness(limitMs, [...underWay])));
      }, limitMs / TICKS);
    });
    try {
      return await Promise.race([work, late]);
    } finally {
      clearInterval(timer);
    }
  };
  return { io, waitFor };
}

function lateness(limitMs: number, calls: readonly string[]): string {
  const { stdout } = spawnSync('ps', ['-o', 'pid,stat,wchan:20,etime,args', '--ppid', String(process.pid)], {
    encoding: 'utf8',
  });
  return [`no end within ${limitMs} ms; without an answer:`, ...calls, 'still running:', stdout ?? ''].join('\n');
}
