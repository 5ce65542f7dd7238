/** How many programs run at one time. */
import { expect, it } from 'vitest';
import { turns } from '../../src/io/turns.ts';

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
