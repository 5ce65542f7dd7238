/** Work that several need at the same point is done once, after the last of them has come. */
import { describe, expect, test } from 'vitest';
import { gathering, sharing } from '../../src/gathering.ts';

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

describe('what several share', () => {
  function begun() {
    const ends: (() => void)[] = [];
    const share = sharing(async () => {
      const nth = ends.length + 1;
      await new Promise<void>((resolve) => ends.push(resolve));
      return nth;
    });
    return { share, ends };
  }

  test('is done once for those who ask before it begins', async () => {
    const { share, ends } = begun();
    const both = [share(), share()];
    await turn();
    ends[0]?.();
    expect(await Promise.all(both)).toEqual([1, 1]);
  });

  test('is done again, once, for those who ask while it is under way', async () => {
    const { share, ends } = begun();
    const first = share();
    await turn();
    const later = [share(), share()];
    await turn();
    expect(ends).toHaveLength(1);
    ends[0]?.();
    expect(await first).toBe(1);
    await turn();
    ends[1]?.();
    expect(await Promise.all(later)).toEqual([2, 2]);
  });

  test('goes on after one that threw', async () => {
    let times = 0;
    const share = sharing(async () => {
      if (++times === 1) throw new Error('no');
      return times;
    });
    await expect(share()).rejects.toThrow('no');
    expect(await share()).toBe(2);
  });
});
