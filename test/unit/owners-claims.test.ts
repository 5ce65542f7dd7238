import { describe, expect, it } from 'vitest';
import {
  type ClaimData,
  covers,
  formatClaim,
  ownerProblem,
  parseClaim,
  standing,
  ttlProblem,
} from '../../src/core/claims.ts';

const NOW = Date.UTC(2026, 6, 30, 12);
const HOUR = 3_600_000;

const PROCESS = {
  pid: 4242,
  startedMs: NOW - HOUR,
  startTicks: 12,
  recordedMs: NOW,
  host: 'box',
  bootId: 'b',
  pidNamespace: 'n',
};
const LEASE: ClaimData = {
  version: 1,
  path: '/r/wt',
  owner: 'lane 3',
  createdMs: NOW,
  heartbeatMs: NOW,
  ttlMs: HOUR,
  process: null,
};
const BOUND: ClaimData = { ...LEASE, process: PROCESS };

describe('a claim bound to its lease', () => {
  it('stands while the lease runs', () => {
    expect(standing(LEASE, null, NOW + HOUR - 1)).toMatchObject({ label: 'lane 3', leaseUntilMs: NOW + HOUR });
  });

  it('lapses with it', () => {
    expect(standing(LEASE, null, NOW + HOUR)).toBeNull();
  });

  it('runs anew from its heartbeat', () => {
    expect(standing({ ...LEASE, heartbeatMs: NOW + HOUR }, null, NOW + HOUR)).not.toBeNull();
  });

  it('stands when its heartbeat lies in the future, as after a clock was set back', () => {
    expect(standing({ ...LEASE, heartbeatMs: NOW + 9 * HOUR }, null, NOW)).not.toBeNull();
  });
});

describe('a claim bound to a process', () => {
  it('stands after its lease while the process lives', () => {
    const judged = { liveness: 'alive', why: 'running' } as const;
    expect(standing(BOUND, judged, NOW + 9 * HOUR)).toMatchObject({ liveness: 'alive', leaseUntilMs: null });
  });

  it('has a dead owner once the process has ended, though its lease runs', () => {
    expect(standing(BOUND, { liveness: 'dead', why: 'no such process' }, NOW)).toMatchObject({
      liveness: 'dead',
      leaseUntilMs: null,
    });
  });

  it('stands until its lease ends when nothing can be told of the process', () => {
    const judged = { liveness: 'unknown', why: 'another host' } as const;
    expect(standing(BOUND, judged, NOW)).toMatchObject({ liveness: 'unknown', leaseUntilMs: NOW + HOUR });
    expect(standing(BOUND, judged, NOW + HOUR)).toBeNull();
    expect(standing(BOUND, null, NOW)).not.toBeNull();
  });
});

describe('a claim covers', () => {
  it.each([
    ['its path', '/r/wt', true],
    ['what lies in it', '/r/wt/a/b', true],
    ['what it lies in', '/r', true],
    ['not its neighbour', '/r/wt-2', false],
    ['not its cousin', '/q/wt', false],
  ])('%s', (_name, path, isCovered) => {
    expect(covers(['/r/wt'], [path])).toBe(isCovered);
  });
});

describe('the text of a claim', () => {
  it('is read back as it was written', () => {
    expect(parseClaim(formatClaim(BOUND))).toEqual(BOUND);
    expect(parseClaim(formatClaim(LEASE))).toEqual(LEASE);
  });

  it.each([
    ['empty', ''],
    ['half written', formatClaim(BOUND).slice(0, 40)],
    ['null', 'null'],
    ['of a later version', formatClaim({ ...LEASE, version: 2 as never })],
    ['on a relative path', formatClaim({ ...LEASE, path: 'wt' })],
    ['without an owner', formatClaim({ ...LEASE, owner: ' ' })],
    ['without a lease', formatClaim({ ...LEASE, ttlMs: undefined as never })],
    ['without a word on its process', JSON.stringify({ ...LEASE, process: undefined })],
    ['with a process that is none', formatClaim({ ...LEASE, process: { pid: '1' } as never })],
  ])('is not a claim when it is %s', (_name, text) => {
    expect(parseClaim(text)).toBeNull();
  });
});

describe('a wish for a claim', () => {
  it('is refused for a name that could speak to a terminal, and for a lease without end', () => {
    expect(ownerProblem('lane \x1b[2J')).not.toBeNull();
    expect(ownerProblem('x'.repeat(201))).not.toBeNull();
    expect(ttlProblem(0)).not.toBeNull();
    expect(ttlProblem(Number.POSITIVE_INFINITY)).not.toBeNull();
    expect(ttlProblem(365 * 24 * HOUR)).not.toBeNull();
  });

  it('is granted for a plain name and a few hours', () => {
    expect(ownerProblem('codex: lane 3 (äöü)')).toBeNull();
    expect(ttlProblem(2 * HOUR)).toBeNull();
  });
});
