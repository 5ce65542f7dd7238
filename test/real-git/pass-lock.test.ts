/** The lock of a pass while its holder works for long: it stays young, and its loss ends the work. */
import { existsSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { acquireLock, type PassLock } from '../../src/act/lock.ts';
import { removeTree } from '../../src/act/remove.ts';
import { layout } from '../../src/core/layout.ts';
import type { Io } from '../../src/io/ports.ts';
import { REAL } from '../support/machine.ts';
import { HOUR, makeRepo, type TestRepo } from '../support/repo.ts';

const MINUTE = 60_000;

let repo: TestRepo;
let clock: { ms: number };
let io: Io;

beforeEach(() => {
  repo = makeRepo();
  clock = { ms: Date.now() };
  io = { ...REAL, clock: { nowMs: () => clock.ms } };
});

async function taken(machine: Io = io): Promise<PassLock> {
  const acquired = await acquireLock(machine, layout(repo.commonDir), 'one');
  if (!acquired.ok) throw new Error(acquired.why);
  return acquired.lock;
}

const file = () => layout(repo.commonDir).lock;

/** Another machine or container that shares the disk. */
const elsewhere = (): Io => ({
  ...io,
  processes: { ...io.processes, host: { ...io.processes.host, name: 'elsewhere', bootId: 'another' } },
});

describe('the lock of a pass that works for long', () => {
  it('is kept young, so that another machine does not take it over', async () => {
    const lock = await taken();
    for (let minutes = 0; minutes < 180; minutes += 2) {
      clock.ms += 2 * MINUTE;
      expect(lock.isSure()).toBe(true);
      await vi.waitFor(() => {
        expect(lock.isSure()).toBe(true);
        expect(statSync(file()).mtimeMs).toBeCloseTo(clock.ms, -2);
      });
    }
    expect((await acquireLock(elsewhere(), layout(repo.commonDir), 'two')).ok).toBe(false);
    await lock.release();
    expect(existsSync(file())).toBe(false);
  });

  it('is sure no longer after a silence in which it may have been taken over', async () => {
    const lock = await taken();
    clock.ms += HOUR;
    expect(lock.isSure()).toBe(false);
    await vi.waitFor(() => expect(lock.isSure()).toBe(true));
  });

  it('is sure no longer once it is somebody else’s, and touches nothing of theirs', async () => {
    const lock = await taken();
    writeFileSync(file(), 'theirs');
    const then = new Date(clock.ms - HOUR);
    utimesSync(file(), then, then);
    clock.ms += 2 * MINUTE;
    await vi.waitFor(() => expect(lock.isSure()).toBe(false));
    clock.ms += MINUTE;
    expect(lock.isSure()).toBe(false);
    expect(statSync(file()).mtimeMs).toBeCloseTo(then.getTime(), -1);
    await lock.release();
    expect(existsSync(file())).toBe(true);
  });

  it('ends a removal between two slices when it is lost', async () => {
    const lock = await taken();
    const root = join(repo.commonDir, 'reaper/doomed');
    for (let n = 0; n < 400; n++) repo.write(`${n % 10}/${n}`, 'x', root);
    let slices = 0;
    const isOutOfTime = () => {
      if (++slices === 3) writeFileSync(file(), 'theirs');
      clock.ms += 2 * MINUTE;
      return !lock.isSure();
    };
    const removal = await removeTree(io.disk, root, isOutOfTime);
    expect(removal.state).toBe('unfinished');
    expect(existsSync(root)).toBe(true);
  });
});
