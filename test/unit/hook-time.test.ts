/** How long the pass that a hook starts may take, and when it is ended. */
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { type HookTime, hookTime } from '../../src/cli/hook-time.ts';

const START = Date.UTC(2026, 6, 30, 12);
const TIMES_SLOWER = 10;
const ended = vi.fn();
const end = (): never => ended() as never;
const lasts = ({ deadlineMs }: HookTime) => deadlineMs() - START;

beforeEach(() => {
  vi.useFakeTimers({ now: START });
  ended.mockClear();
});
afterEach(() => {
  vi.useRealTimers();
});

const begun = (isAwaited: boolean, budgetMs: number, mostMs: number) => {
  const time = hookTime(START, isAwaited, end, () => TIMES_SLOWER);
  time.begin(budgetMs, mostMs);
  return time;
};

it('is as much longer in the background as everything takes, and by the clock where git waits', () => {
  expect(lasts(hookTime(START, false, end, () => TIMES_SLOWER))).toBe(20_000);
  expect(lasts(hookTime(START, false, end, () => 99))).toBe(32_000);
  expect(lasts(hookTime(START, true, end, () => TIMES_SLOWER))).toBe(2_000);
});

it('is what it was begun with, up to the most that was said', () => {
  expect(lasts(begun(false, 2_000, 32_000))).toBe(20_000);
  expect(lasts(begun(false, 8_000, 32_000))).toBe(32_000);
  expect(lasts(begun(false, 250, 250))).toBe(250);
  expect(lasts(begun(true, 2_000, 2_000))).toBe(2_000);
});

it('is longer while something is being moved, and while the record is written', () => {
  const time = begun(false, 250, 250);
  for (const phase of ['moving', 'recording'] as const) {
    time.enter(phase);
    expect(lasts(time)).toBe(3_250);
    time.enter('looking');
    expect(lasts(time)).toBe(250);
  }
});

it.each([
  ['in its opening', () => hookTime(START, true, end, () => TIMES_SLOWER), 2_120],
  ['in the background, on a busy machine', () => begun(false, 2_000, 32_000), 21_200],
  ['with a budget of its own', () => begun(false, 250, 250), 370],
])('what outlives it %s is ended', (_when, start, atMs) => {
  start();
  vi.advanceTimersByTime(atMs - 1);
  expect(ended).not.toHaveBeenCalled();
  vi.advanceTimersByTime(1);
  expect(ended).toHaveBeenCalled();
});

it('what comes back from moving after its time is not ended before it has written its record', () => {
  const time = begun(false, 250, 250);
  time.enter('moving');
  vi.advanceTimersByTime(2_000);
  time.enter('looking');
  time.enter('recording');
  vi.advanceTimersByTime(1_369);
  expect(ended).not.toHaveBeenCalled();
  vi.advanceTimersByTime(1);
  expect(ended).toHaveBeenCalled();
});
