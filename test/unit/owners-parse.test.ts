import { describe, expect, it } from 'vitest';
import { parseLocalDate, parseLockReason, parsePid } from '../../src/core/owners.ts';

const nobody = { startedMs: null, host: null, atMs: null };

describe('a lock reason', () => {
  it.each([
    ['claude agent agent-ab12 (pid 4242)', 'claude agent agent-ab12 (pid 4242)', 4242],
    ['claude session fix the login (pid 7)', 'claude session fix the login (pid 7)', 7],
    ['openclaw pid=99', 'openclaw (pid 99)', 99],
    ['claude agent a (pid 1)', 'claude agent a (pid 1)', 1],
  ])('names the owner in %j', (reason, label, pid) => {
    expect(parseLockReason(reason)).toEqual({ ...nobody, label, pid });
  });

  it('names the start of the process, in local time', () => {
    const parsed = parseLockReason('claude agent fix (pid 4242 start Thu Jul 30 23:10:13 2026)');
    expect(parsed).toEqual({
      ...nobody,
      label: 'claude agent fix (pid 4242)',
      pid: 4242,
      startedMs: new Date(2026, 6, 30, 23, 10, 13).getTime(),
    });
  });

  it('is understood without its start when the date is in a form that is not', () => {
    const parsed = parseLockReason('claude agent fix (pid 4242 start jeu. 30 juil. 2026)');
    expect(parsed).toMatchObject({ pid: 4242, startedMs: null });
  });

  it.each([
    ['1769900000', 1_769_900_000_000],
    ['1769900000123', 1_769_900_000_123],
    ['2026-02-01T00:00:00Z', Date.UTC(2026, 1, 1)],
    ['2026-02-01T02:00:00+02:00', Date.UTC(2026, 1, 1)],
    ['2026-02-01T00:00:00', null],
    ['yesterday', null],
    ['17699000001234567', null],
  ])('with fields says when it was taken: ts=%s', (ts, atMs) => {
    const parsed = parseLockReason(`orchestrator lane 3 pid=12 session=ab host=box ts=${ts}`);
    expect(parsed).toEqual({ label: 'orchestrator lane 3 (pid 12)', pid: 12, startedMs: null, host: 'box', atMs });
  });

  it('with fields may name them in another order', () => {
    expect(parseLockReason('x pid=12 host=box ts=1769900000 session=ab')).toMatchObject({ pid: 12, host: 'box' });
  });

  it.each([
    '',
    'initializing',
    'do not delete, claude agent x (pid 3)',
    'claude agent x (pid 3), and also mine',
    'claude agent x (pid 0)',
    'claude agent x (pid -1)',
    'claude agent x (pid 007)',
    'claude agent x (pid 99999999999)',
    'claude agent x (pid 2147483648)',
    'claude agent x (pid N)',
    'claude agent (pid 3)',
    'claude agent x (pid 3)\nkeep this one',
    'claude session a (copy) (pid 3)',
    'openclaw pid=3 and counting',
    'other pid=3',
    'other pid=3 session=a host=b',
    'other pid=3 session=a host=b ts=1 boot=c',
    'other pid=3 host=a host=b ts=1769900000',
    'on a portable device',
  ])('is not understood: %j', (reason) => {
    expect(parseLockReason(reason)).toBeNull();
  });

  it('cannot speak to a terminal through its label', () => {
    const label = parseLockReason('claude agent \x1b[2Jx (pid 3)')?.label ?? '';
    expect(label).toContain('(pid 3)');
    expect(label).not.toContain('\x1b');
  });
});

describe('a local date', () => {
  it.each(['Thu Jul 30 23:10:13 2026', 'Sun Mar  1 00:00:00 2026', 'Sun Mar 1 00:00:00 2026'])('is %j', (text) => {
    expect(parseLocalDate(text)).not.toBeNull();
  });

  it.each([
    'Fri Jul 30 23:10:13 2026',
    'Thu Feb 30 23:10:13 2026',
    'Thu Jul 30 24:10:13 2026',
    'Thu Jul 30 23:10:13 UTC 2026',
    'Thu Jul 30 23:10 2026',
    '2026-07-30 23:10:13',
    '',
  ])('is not %j', (text) => {
    expect(parseLocalDate(text)).toBeNull();
  });
});

describe('a process id', () => {
  it.each(['1', '42', '4194304', '2147483647'])('is %j', (text) => {
    expect(parsePid(text)).toBe(Number(text));
  });

  it.each(['', '0', '-1', '007', '1.5', '1e3', ' 1', '2147483648', '99999999999', 'NaN'])('is not %j', (text) => {
    expect(parsePid(text)).toBeNull();
  });
});
