/** The owner's story in words, and which of several waits is told. */
import { describe, expect, it } from 'vitest';
import { type Claim, known, type Owner, type Ownness, type WorktreeCandidate } from '../../src/core/model.ts';
import { goneWords, ownerStory, type Told } from '../../src/core/owner-words.ts';
import { decide, decidingFact } from '../../src/core/policy.ts';

const NOW = Date.UTC(2026, 6, 30, 12);
const HOUR = 3_600_000;
const MINUTE = 60_000;
const GRACE = 30 * MINUTE;

const OWNER: Owner = {
  label: 'claude agent fix (pid 7)',
  pid: 7,
  liveness: 'dead',
  why: 'no such process',
  deadSinceMs: NOW - 10 * MINUTE,
  sinceMs: NOW - 3 * HOUR,
};
const CLAIM: Claim = {
  label: 'lane 3',
  owner: 'lane 3',
  path: '/r/wt',
  liveness: 'unknown',
  why: 'its lease runs',
  leaseUntilMs: NOW + 2 * HOUR,
  sinceMs: NOW - HOUR,
};

const story = (by: Told['by'], who: Partial<Owner> | Partial<Claim>, wish: Partial<Told> = {}) => {
  const all = { ...(by === 'claim' ? CLAIM : OWNER), ...who } as Owner | Claim;
  return ownerStory({ by, who: all, path: '/r/wt', ownerGraceMs: GRACE, nowMs: NOW, ...wish });
};

describe('the story of an owner', () => {
  it('that is gone says since when it was seen so, and how long its grace runs', () => {
    expect(story('lock', {})).toEqual([
      'owner: claude agent fix (pid 7), by its lock, taken 3h ago',
      '  gone: no such process; first seen so 10m ago; its grace of 30m ends in 20m, and begins anew if it is seen alive',
    ]);
  });

  it('that no pass has seen gone claims no time', () => {
    const [, state] = story('maker', { deadSinceMs: null });
    expect(state).toBe(
      '  gone: no such process; no pass has seen that yet, so its grace of 30m begins with the next one',
    );
    expect(state).not.toContain('0s');
  });

  it('that was first seen gone a moment ago says so', () => {
    expect(story('lock', { deadSinceMs: NOW - 200 })[1]).toContain('first seen so just now');
  });

  it('whose grace is over, or that has none, says so', () => {
    expect(story('lock', { deadSinceMs: NOW - HOUR })[1]).toContain(
      'first seen so 1h ago, so its grace of 30m is over',
    );
    expect(story('lock', {}, { ownerGraceMs: 0 })[1]).toContain('no grace is set (worktrees.ownerGrace)');
    expect(story('name', {})[1]).toBe('  gone: no such process; its age decides');
  });

  it.each([
    ['lock', {}, 'it ends with that process, or with: git worktree unlock /r/wt'],
    ['maker', {}, 'it ends with that process'],
    ['name', {}, 'it ends with that process'],
    [
      'claim',
      { pid: 9 },
      "it ends with that process, or with: npx reaper-hook release --worktree /r/wt --owner 'lane 3'",
    ],
    ['claim', { via: 'sessions' }, 'it ends when sessions says so'],
  ] as const)('that lives, known by its %s, says what would end it', (by, who, change) => {
    const lines = story(by, { ...who, liveness: 'alive', why: 'running', deadSinceMs: null });
    expect(lines[1]).toBe('  alive: running; kept as long as that is so');
    expect(lines[2]).toBe(`  ${change}`);
  });

  it('who claimed it for a time says how long, and how to release it, where it was claimed', () => {
    expect(story('claim', { path: '/r' })).toEqual([
      'owner: lane 3, by a claim on /r, made 1h ago',
      '  kept for 2h more: its lease runs, and each heartbeat begins it anew',
      "  to end it: npx reaper-hook release --worktree /r --owner 'lane 3'",
    ]);
  });

  it('about whom nothing can be told says why, and how long that counts', () => {
    const claim = { pid: 9, why: 'it was recorded in another PID namespace; its lease runs' };
    expect(story('claim', claim)[1]).toBe(
      '  not known to be alive or gone: it was recorded in another PID namespace; its lease runs; kept for 2h more',
    );
    const lock = { liveness: 'unknown', why: 'it runs on another host (x)' } as const;
    expect(story('lock', lock)[1]).toBe('  not known to be alive or gone: it runs on another host (x); kept');
  });

  it('cannot speak to a terminal', () => {
    const text = story('claim', { label: 'x\u001b[2J', owner: 'x\u001b[2J', why: '\u202e', path: '/\u001b' }).join(
      '\n',
    );
    expect(text).not.toMatch(/[\u001b\u202e]/);
  });
});

describe('what is neither here nor in quarantine', () => {
  it('was restored, or forgotten', () => {
    expect(goneWords({ name: 'a-1', state: 'restored', agoMs: HOUR, at: '/r/wt' })).toBe(
      'a-1 was restored 1h ago, at /r/wt: it is not in quarantine any more',
    );
    expect(goneWords({ name: 'a-1', state: 'forgotten', agoMs: HOUR })).toContain('forgotten 1h ago');
    expect(goneWords({ name: 's-1', state: 'forgotten', agoMs: HOUR, kind: 'staging' })).toBe(
      's-1 was purged 1h ago: its files were all there was of it',
    );
  });
});

describe('of several vetoes', () => {
  const candidate: WorktreeCandidate = {
    kind: 'worktree',
    id: 'wt',
    path: '/r/wt',
    adminDir: '/r/.git/worktrees/wt',
    branch: 'agent/x',
    head: 'a'.repeat(40),
    locked: null,
    isMain: false,
    isBare: false,
    isMissing: false,
  };
  const policy = { idleMs: HOUR, emptyIdleMs: 24 * HOUR, ownerGraceMs: GRACE };
  const young = {
    managed: known('agent/*'),
    own: known<Ownness>('linked'),
    present: known<'present'>('present'),
    idle: known({ lastActivityMs: NOW - 20 * MINUTE }),
  } as const;

  it('a wait gives way to one that lasts longer', () => {
    const facts = { ...young, lock: known(null), maker: known(null), claim: known(CLAIM) };
    expect(decide(candidate, young, policy, NOW)).toMatchObject({ untilMs: NOW + 40 * MINUTE });
    expect(decide(candidate, facts, policy, NOW)).toMatchObject({
      verdict: 'wait',
      untilMs: NOW + 2 * HOUR,
      reasons: [{ code: 'claimed' }],
    });
    expect(decidingFact(candidate, facts, policy, NOW)).toBe('claim');
  });

  it('a wait stands against one that ends sooner', () => {
    const claim = known({ ...CLAIM, leaseUntilMs: NOW + MINUTE });
    expect(decide(candidate, { ...young, claim }, policy, NOW)).toMatchObject({ reasons: [{ code: 'too-young' }] });
  });

  it('a wait gives way to one without an end', () => {
    const lock = known({ reason: 'mine', owner: null });
    expect(decide(candidate, { ...young, lock }, policy, NOW)).toMatchObject({
      verdict: 'keep',
      reasons: [{ code: 'locked' }],
    });
  });

  it('one without an end stands, whatever comes after it', () => {
    const facts = { ...young, idle: known({ lastActivityMs: NOW + HOUR }), claim: known(CLAIM) };
    expect(decide(candidate, facts, policy, NOW)).toMatchObject({ reasons: [{ code: 'future-mtime' }] });
    expect(decidingFact(candidate, facts, policy, NOW)).toBe('idle');
  });
});
