/** How long a pass may take where others keep the processors busy. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { BY_THE_CLOCK, isOver, leftOf, type TimeBox } from '../../src/core/timebox.ts';
import { killOwnChildren } from '../../src/io/children.ts';
import { createGit } from '../../src/io/git.ts';
import { parseSchedstat } from '../../src/io/slowdown.ts';
import { sandbox } from '../support/repo.ts';

const box = (slowdown: () => number): TimeBox => ({ startedMs: 1_000, budgetMs: 200, slowdown });

describe('a time box', () => {
  it('is as long as its budget with a processor to spare', () => {
    expect([999, 1_199, 1_200, 5_000].map((nowMs) => isOver(box(BY_THE_CLOCK), nowMs))).toEqual([
      false,
      false,
      true,
      true,
    ]);
    expect(leftOf(box(BY_THE_CLOCK), 1_050)).toBe(150);
  });

  it('is as much longer as everything takes', () => {
    const tenth = box(() => 10);
    expect([1_200, 2_999, 3_000].map((nowMs) => isOver(tenth, nowMs))).toEqual([false, false, true]);
    expect(leftOf(tenth, 1_050)).toBe(1_950);
  });

  it('asks how slow the machine is only when it would be over otherwise', () => {
    const never = box(() => {
      throw new Error('asked');
    });
    expect(isOver(never, 1_199)).toBe(false);
    expect(() => isOver(never, 1_200)).toThrow('asked');
  });

  it('without a limit is never over', () => {
    expect(isOver({ ...box(() => 3), budgetMs: Number.POSITIVE_INFINITY }, Number.MAX_SAFE_INTEGER)).toBe(false);
  });
});

it.each([
  ['78000000 312000000 40\n', 5],
  ['78000000 0 40\n', 1],
  ['0 0 1\n', 1],
  ['0 5000 1\n', 1],
  ['', 1],
  ['of another kind', 1],
])('the kernel says by %j that things take %d times as long', (text, times) => {
  expect(parseSchedstat(text)).toBe(times);
});

it('git is waited for until a deadline that moves meanwhile', async () => {
  const binary = join(sandbox(), 'git');
  writeFileSync(binary, '#!/bin/sh\nsleep 0.3\n', { mode: 0o755 });
  const answer = (movedTo: number) => {
    const startMs = Date.now();
    const deadlineMs = () => startMs + (Date.now() - startMs < 20 ? 30 : movedTo);
    return createGit({ binary, deadlineMs, nowMs: Date.now }).run({ args: ['version'], cwd: '/' });
  };
  expect(await answer(30)).toMatchObject({ ok: false, outOfTime: true });
  expect(await answer(60_000)).toMatchObject({ ok: true });
});

it('git is not waited for any longer because the clock was set back', async () => {
  const binary = join(sandbox(), 'git');
  writeFileSync(binary, '#!/bin/sh\nexec sleep 5\n', { mode: 0o755 });
  const startMs = Date.now();
  const nowMs = () => (Date.now() - startMs < 20 ? Date.now() : Date.now() - 10_000);
  const git = createGit({ binary, deadlineMs: () => startMs + 100, nowMs });
  const answer = await git.run({ args: ['version'], cwd: '/' });
  killOwnChildren();
  expect(answer).toMatchObject({ ok: false, outOfTime: true });
});
