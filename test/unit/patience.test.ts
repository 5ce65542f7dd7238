/** A wait that is given up says what was waited for. */
import { expect, test } from 'vitest';
import type { Io } from '../../src/io/ports.ts';
import { REAL } from '../support/machine.ts';
import { patient } from '../support/patience.ts';

const STUCK: Io = { ...REAL, git: { run: () => new Promise(() => undefined) } };

test('names the call that has no answer, and none that had one', async () => {
  const { io, waitFor } = patient(STUCK, 50);
  const work = async () => {
    await io.disk.lstat('/');
    return io.git.run({ args: ['status'], cwd: '/' });
  };
  const failure = (await waitFor(work()).catch((error: Error) => error)) as Error;
  expect(failure.message).toMatch(/^no end within 50 ms/);
  expect(failure.message).toContain('status');
  expect(failure.message).not.toContain('lstat');
});

test('hands on what comes to its end', async () => {
  const { io, waitFor } = patient(REAL);
  expect(await waitFor(io.disk.lstat('/'))).toMatchObject({ ok: true });
});
