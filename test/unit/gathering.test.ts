/** Work that several need at the same point is done once, after the last of them has come. */
import { describe, expect, test } from 'vitest';
import { gathering } from '../../src/gathering.ts';

function staged(count: number) {
  let times = 0;
  const gathered = gathering(count, async () => ++times);
  return { members: Array.from({ length: count }, gathered.member), times: () => times };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

describe('what several gather for', () => {
  test('begins when all have come, and answers every one of them', async () => {
    const { members, times } = staged(3);
    const first = members.slice(0, 2).map(({ arrive }) => arrive());
    await turn();
    expect(times()).toBe(0);
    expect(await Promise.all([...first, members[2]?.arrive()])).toEqual([1, 1, 1]);
  });

  test('begins when those who have not come have left', async () => {
    const { members, times } = staged(3);
    members[0]?.leave();
    const here = members[1]?.arrive();
    await turn();
    expect(times()).toBe(0);
    members[2]?.leave();
    expect(await here).toBe(1);
  });

  test('counts nobody twice', async () => {
    const { members, times } = staged(2);
    void members[0]?.arrive();
    members[0]?.leave();
    members[0]?.leave();
    await turn();
    expect(times()).toBe(0);
  });

  test('is not done when nobody is left to do it for', async () => {
    const { members, times } = staged(2);
    for (const { leave } of members) leave();
    await turn();
    expect(times()).toBe(0);
  });
});
