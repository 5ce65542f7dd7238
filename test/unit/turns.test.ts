/** How many programs run at one time. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { createGit } from '../../src/io/git.ts';
import { turns } from '../../src/io/turns.ts';
import { sandbox } from '../support/repo.ts';

it('lets so many begin at one time, the others in the order in which they came, also after one that failed', async () => {
  const inTurn = turns(2);
  const begun: number[] = [];
  const ends: (() => void)[] = [];
  let [underWay, most] = [0, 0];
  const works = [...Array(6).keys()].map((nth) =>
    inTurn(async () => {
      begun.push(nth);
      most = Math.max(most, ++underWay);
      await new Promise<void>((resolve) => ends.push(resolve));
      underWay--;
      if (nth === 1) throw new Error('failed');
      return nth;
    }).catch((error: Error) => error.message),
  );
  for (let ended = 0; ended < 6; ended++) {
    await new Promise((resolve) => setImmediate(resolve));
    ends.shift()?.();
  }
  expect(await Promise.all(works)).toEqual([0, 'failed', 2, 3, 4, 5]);
  expect([begun, most]).toEqual([[0, 1, 2, 3, 4, 5], 2]);
});

it('of git there are at most eight, however many are asked for', async () => {
  const [binary, log] = [join(sandbox(), 'git'), join(sandbox(), 'log')];
  writeFileSync(binary, `#!/bin/sh\necho 1 >>'${log}'\nsleep 0.1\necho -1 >>'${log}'\n`, { mode: 0o755 });
  const git = createGit({ binary, deadlineMs: () => Number.POSITIVE_INFINITY, nowMs: Date.now });
  await Promise.all(Array.from({ length: 24 }, () => git.run({ args: ['version'], cwd: '/' })));
  let underWay = 0;
  const counts = readFileSync(log, 'utf8')
    .trim()
    .split('\n')
    .map((step) => (underWay += Number(step)));
  expect(counts).toHaveLength(48);
  expect(Math.max(...counts)).toBeLessThanOrEqual(8);
});
