import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type Candidate,
  type Fact,
  type FactName,
  type Facts,
  known,
  type ReasonCode,
  unknown,
} from '../../src/core/model.ts';
import { decide, factsInOrder, MISSING_RULES, rulesFor, STAGING_RULES, WORKTREE_RULES } from '../../src/core/policy.ts';
import {
  ALL_CLEAR,
  EVIDENCE,
  HOUR_MS,
  MISSING,
  MISSING_CLEAR,
  NOW,
  POLICY,
  STAGING,
  WORKTREE,
  withFact,
} from '../support/candidates.ts';

const owner = (liveness: 'alive' | 'dead' | 'unknown', deadSinceMs: number | null = null) =>
  ({ label: 'claude agent fix (pid 7)', pid: 7, liveness, why: 'seen', deadSinceMs }) as const;

type Row = readonly [name: string, fact: FactName, value: Fact<unknown>, code: ReasonCode, rule: string];

/** One fact changed against the all-clear; every rule of the table is named by at least one row. */
const WORKTREE_ROWS: readonly Row[] = [
  ['its branch and path are not managed', 'managed', known(null), 'unmanaged', 'managed'],
  ['it is the main worktree', 'own', known('main'), 'main', 'own'],
  ['it is the bare repository', 'own', known('bare'), 'main', 'own'],
  ['it is where the command was started', 'own', known('current'), 'current', 'own'],
  ['directory and registration do not name each other', 'own', known({ notOwn: 'names another' }), 'not-own', 'own'],
  ['its directory is gone', 'present', known('missing'), 'missing', 'present'],
  ['it was used a moment ago', 'idle', known({ lastActivityMs: NOW - 1 }), 'too-young', 'idle'],
  ['its last activity lies in the future', 'idle', known({ lastActivityMs: NOW + HOUR_MS }), 'future-mtime', 'idle'],
  ['its last activity is not a time', 'idle', known({ lastActivityMs: Number.NaN }), 'unknown', 'idle'],
  ['it is locked for a reason not understood', 'lock', known({ reason: 'mine', owner: null }), 'locked', 'lock'],
  ['it is locked without a reason', 'lock', known({ reason: '', owner: null }), 'locked', 'lock'],
  ['its lock names a live owner', 'lock', known({ reason: 'r', owner: owner('alive') }), 'owner-alive', 'lock'],
  [
    'its lock names an owner that cannot be judged',
    'lock',
    known({ reason: 'r', owner: owner('unknown') }),
    'owner-unknown',
    'lock',
  ],
  [
    'its owner was first seen dead just now',
    'lock',
    known({ reason: 'r', owner: owner('dead') }),
    'owner-grace',
    'lock',
  ],
  [
    'its owner died within the grace',
    'lock',
    known({ reason: 'r', owner: owner('dead', NOW - 60_000) }),
    'owner-grace',
    'lock',
  ],
  [
    'it is claimed',
    'claim',
    known({ label: 'x', liveness: 'alive', why: 'runs', leaseUntilMs: null }),
    'claimed',
    'claim',
  ],
  [
    'its claim cannot be judged',
    'claim',
    known({ label: 'x', liveness: 'unknown', why: 'elsewhere', leaseUntilMs: NOW + 1 }),
    'claimed',
    'claim',
  ],
  ['the agent that made it lives', 'maker', known(owner('alive')), 'owner-alive', 'maker'],
  ['a rebase is in progress', 'operation', known('rebase'), 'operation', 'operation'],
  ['another worktree lives inside', 'nested', known('/repo/.worktrees/fix/x'), 'nested-worktree', 'nested'],
  ['it has refs of its own', 'refs', known(['refs/worktree/keep']), 'worktree-refs', 'refs'],
  ['its commits have not landed', 'landed', known({ landed: false, why: 'not in the base' }), 'not-landed', 'landed'],
  ['a submodule is initialised', 'submodules', known(['lib']), 'submodules', 'submodules'],
  ['an edit is hidden from status', 'hidden', known(['a.txt']), 'hidden-changes', 'hidden'],
  ['a tracked file is changed', 'changes', known({ tracked: ['a.txt'], untracked: [] }), 'changes', 'changes'],
  ['a file is untracked', 'changes', known({ tracked: [], untracked: ['b.txt'] }), 'untracked', 'untracked'],
  [
    'an ignored file cannot be rebuilt',
    'ignored',
    known({ ballast: [], weak: [], precious: ['.env'], nested: [] }),
    'ignored-precious',
    'ignored-precious',
  ],
  [
    'a repository hides in ignored content',
    'ignored',
    known({ ballast: [], weak: [], precious: [], nested: ['x'] }),
    'nested-repository',
    'ignored-nested',
  ],
  ['something is mounted inside', 'mounts', known(['/repo/.worktrees/fix/mnt']), 'mount-inside', 'mounts'],
  ['a process works inside', 'occupied', known([{ pid: 7, command: 'node', how: 'cwd' }]), 'occupied', 'occupied'],
];

const EMPTY = known({ landed: true, ground: 'empty', evidence: EVIDENCE } as const);

describe('a worktree', () => {
  it('is reclaimed when every veto is known to be absent, and says its ground and evidence', () => {
    expect(decide(WORKTREE, ALL_CLEAR, POLICY, NOW)).toEqual({
      verdict: 'reclaim',
      ground: 'landed',
      evidence: EVIDENCE,
    });
  });

  it.each(WORKTREE_ROWS)('is kept when %s', (_name, fact, value, code) => {
    const decision = decide(WORKTREE, withFact(ALL_CLEAR, fact, value), POLICY, NOW);
    expect(decision.verdict).not.toBe('reclaim');
    expect(decision).toMatchObject({ reasons: [{ code }] });
  });

  it.each(factsInOrder(WORKTREE))('is kept when "%s" is not known, and says what could not be read', (fact) => {
    const decision = decide(WORKTREE, withFact(ALL_CLEAR, fact, unknown('permission denied')), POLICY, NOW);
    expect(decision).toMatchObject({
      verdict: expect.stringMatching(/keep|attention/),
      reasons: [{ detail: 'permission denied' }],
    });
  });

  it.each(factsInOrder(WORKTREE))('is not decided before "%s" was asked', (fact) => {
    const facts = Object.fromEntries(Object.entries(ALL_CLEAR).filter(([name]) => name !== fact));
    expect(decide(WORKTREE, facts, POLICY, NOW)).toEqual({ verdict: 'ask', fact });
  });

  it('waits until its idle threshold is over, and not a millisecond less', () => {
    const at = (lastActivityMs: number) =>
      decide(WORKTREE, withFact(ALL_CLEAR, 'idle', known({ lastActivityMs })), POLICY, NOW);
    expect(at(NOW - POLICY.idleMs + 1)).toMatchObject({ verdict: 'wait', untilMs: NOW + 1 });
    expect(at(NOW - POLICY.idleMs)).toMatchObject({ verdict: 'reclaim' });
  });

  it('that never had a commit of its own waits longer than one that landed', () => {
    const young = withFact(ALL_CLEAR, 'idle', known({ lastActivityMs: NOW - 2 * HOUR_MS }));
    expect(decide(WORKTREE, young, POLICY, NOW)).toMatchObject({ verdict: 'reclaim' });
    expect(decide(WORKTREE, withFact(young, 'landed', EMPTY), POLICY, NOW)).toMatchObject({
      verdict: 'wait',
      reasons: [{ code: 'empty-too-young' }],
      untilMs: NOW + 22 * HOUR_MS,
    });
    expect(decide(WORKTREE, withFact(ALL_CLEAR, 'landed', EMPTY), POLICY, NOW)).toMatchObject({ ground: 'empty' });
  });

  it('with a dead owner goes after the grace, or at once when the grace is 0', () => {
    const lock = (deadSinceMs: number | null) =>
      withFact(ALL_CLEAR, 'lock', known({ reason: 'r', owner: owner('dead', deadSinceMs) }));
    expect(decide(WORKTREE, lock(NOW - POLICY.ownerGraceMs), POLICY, NOW)).toMatchObject({ verdict: 'reclaim' });
    expect(decide(WORKTREE, lock(null), { ...POLICY, ownerGraceMs: 0 }, NOW)).toMatchObject({ verdict: 'reclaim' });
  });

  it('with a dead claim goes, with a lease waits for its end', () => {
    const claim = (liveness: string, leaseUntilMs: number | null, deadSinceMs: number | null = null) =>
      withFact(ALL_CLEAR, 'claim', known({ label: 'x', liveness, why: 'w', leaseUntilMs, deadSinceMs }));
    const { ownerGraceMs } = POLICY;
    expect(decide(WORKTREE, claim('dead', null, NOW - ownerGraceMs), POLICY, NOW)).toMatchObject({
      verdict: 'reclaim',
    });
    expect(decide(WORKTREE, claim('dead', null), { ...POLICY, ownerGraceMs: 0 }, NOW)).toMatchObject({
      verdict: 'reclaim',
    });
    expect(decide(WORKTREE, claim('dead', null), POLICY, NOW)).toMatchObject({
      verdict: 'wait',
      reasons: [{ code: 'owner-grace' }],
      untilMs: NOW + ownerGraceMs,
    });
    expect(decide(WORKTREE, claim('alive', NOW + 5), POLICY, NOW)).toMatchObject({ verdict: 'wait', untilMs: NOW + 5 });
  });

  it('that is idle, ownerless and holds work asks for attention, and never more than that', () => {
    const dirty = withFact(ALL_CLEAR, 'changes', known({ tracked: ['a'], untracked: [] }));
    expect(decide(WORKTREE, dirty, POLICY, NOW)).toMatchObject({
      verdict: 'attention',
      reasons: [{ code: 'changes' }],
    });
    const recent = withFact(dirty, 'idle', known({ lastActivityMs: NOW - 2 * HOUR_MS }));
    expect(decide(WORKTREE, recent, POLICY, NOW)).toMatchObject({ verdict: 'keep' });
    const age = withFact(dirty, 'idle', known({ lastActivityMs: 0 }));
    expect(decide(WORKTREE, age, POLICY, NOW)).toMatchObject({ verdict: 'attention' });
  });

  it('is kept on a known veto without asking for anything that comes before it', () => {
    expect(decide(WORKTREE, { occupied: known([{ pid: 1, command: 'x', how: 'cwd' }]) }, POLICY, NOW)).toMatchObject({
      verdict: 'keep',
    });
  });
});

describe('a registration whose directory is gone', () => {
  it('is reclaimed when its parent is there and nothing would be lost', () => {
    expect(decide(MISSING, MISSING_CLEAR, POLICY, NOW)).toMatchObject({ verdict: 'reclaim', ground: 'landed' });
  });

  it.each<Row>([
    ['its parent directory is gone too', 'present', known('elsewhere'), 'missing', 'present'],
    ['the directory came back', 'present', known('present'), 'unknown', 'present'],
    ['something is staged in its index', 'changes', known({ tracked: ['a'], untracked: [] }), 'changes', 'staged'],
    ['it has submodules', 'submodules', known(['modules/lib']), 'submodules', 'submodules'],
    ['it is locked', 'lock', known({ reason: '', owner: null }), 'locked', 'lock'],
    [
      'it was used within a week',
      'idle',
      known({ lastActivityMs: NOW - 6 * 24 * HOUR_MS }),
      'too-young',
      'missing-idle',
    ],
    [
      'it is claimed',
      'claim',
      known({ label: 'x', liveness: 'alive', why: 'w', leaseUntilMs: null }),
      'claimed',
      'claim',
    ],
    ['a rebase is in progress', 'operation', known('rebase'), 'operation', 'operation'],
    ['it has refs of its own', 'refs', known(['refs/worktree/a']), 'worktree-refs', 'refs'],
    ['its commits have not landed', 'landed', known({ landed: false, why: '' }), 'not-landed', 'landed'],
    ['it is not managed', 'managed', known(null), 'unmanaged', 'managed'],
    ['its registration is not its own', 'own', known({ notOwn: 'x' }), 'not-own', 'own'],
  ])('is kept when %s', (_name, fact, value, code) => {
    const idle =
      code === 'empty-too-young'
        ? withFact(MISSING_CLEAR, 'idle', known({ lastActivityMs: NOW - 2 * HOUR_MS }))
        : MISSING_CLEAR;
    expect(decide(MISSING, withFact(idle, fact, value), POLICY, NOW)).toMatchObject({ reasons: [{ code }] });
  });
});

describe('a staging entry', () => {
  it('is reclaimed when it is old, its process dead and nothing objects', () => {
    expect(decide(STAGING, ALL_CLEAR, POLICY, NOW)).toEqual({ verdict: 'reclaim', ground: 'stale', evidence: null });
  });

  it.each<Row>([
    ['its process lives', 'owner', known(owner('alive')), 'owner-alive', 'owner'],
    ['its process cannot be judged', 'owner', known(owner('unknown')), 'owner-unknown', 'owner'],
    ['git tracks it', 'tracked', known('tracked by git'), 'not-own', 'tracked'],
    ['it is reached through a link', 'own', known({ notOwn: 'a symbolic link on the way' }), 'not-own', 'own'],
    [
      'it is claimed',
      'claim',
      known({ label: 'x', liveness: 'alive', why: 'w', leaseUntilMs: null }),
      'claimed',
      'claim',
    ],
    ['a repository is inside', 'nested', known('/repo/x/.git'), 'nested-repository', 'nested'],
    ['it was written to within its age', 'idle', known({ lastActivityMs: NOW - 23 * HOUR_MS }), 'too-young', 'idle'],
    ['a rule of the user keeps it', 'rules', known('attach.json is younger than 5m'), 'rule', 'rules'],
    ['something is mounted inside', 'mounts', known(['/m']), 'mount-inside', 'mounts'],
    [
      'a file in it is open',
      'occupied',
      known([{ pid: 9, command: 'tail', how: 'open-file' }]),
      'occupied',
      'occupied',
    ],
  ])('is kept when %s', (_name, fact, value, code) => {
    expect(decide(STAGING, withFact(ALL_CLEAR, fact, value), POLICY, NOW)).toMatchObject({ reasons: [{ code }] });
  });
});

describe('the tables', () => {
  const cases: readonly (readonly [string, Candidate, Facts])[] = [
    ['worktree', WORKTREE, ALL_CLEAR],
    ['missing', MISSING, MISSING_CLEAR],
    ['staging', STAGING, ALL_CLEAR],
  ];

  it('name every rule of the worktree table in a row of this file', () => {
    const covered = new Set([...WORKTREE_ROWS.map((row) => row[4]), 'empty-idle']);
    expect(WORKTREE_RULES.map(({ name }) => name).filter((name) => !covered.has(name))).toEqual([]);
  });

  it.each(WORKTREE_ROWS)('would reclaim when %s, if that rule were switched off', (_name, fact, value, _code, rule) => {
    const without = WORKTREE_RULES.filter(({ name }) => name !== rule);
    const decision = decide(WORKTREE, withFact(ALL_CLEAR, fact, value), POLICY, NOW, without);
    const stillAsked = without.some((each) => each.fact === fact);
    if (rule === 'landed' || stillAsked) expect(decision.verdict).not.toBe('ask');
    else expect(decision.verdict).toBe('reclaim');
  });

  it('never say reclaim with less than all their facts', () => {
    for (const [, candidate, facts] of cases) {
      const names = factsInOrder(candidate);
      fc.assert(
        fc.property(fc.subarray(names, { maxLength: names.length - 1 }), (present) => {
          const some = Object.fromEntries(present.map((name) => [name, facts[name]]));
          expect(decide(candidate, some, POLICY, NOW).verdict).not.toBe('reclaim');
        }),
        { seed: 1, numRuns: 200 },
      );
    }
  });

  it('never say reclaim when any of their facts is unknown', () => {
    for (const [, candidate, facts] of cases) {
      const names = factsInOrder(candidate);
      fc.assert(
        fc.property(fc.subarray(names, { minLength: 1 }), (failing) => {
          const worse = failing.reduce<Facts>((sum, name) => withFact(sum, name, unknown('EIO')), facts);
          expect(decide(candidate, worse, POLICY, NOW).verdict).not.toBe('reclaim');
        }),
        { seed: 2, numRuns: 200 },
      );
    }
  });

  it('never turn age into a reason: older alone changes no keep into a reclaim', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...WORKTREE_ROWS.filter((row) => row[1] !== 'idle')),
        fc.integer({ min: 1, max: 1e12 }),
        (row, older) => {
          const [, fact, value, code] = row;
          fc.pre(code !== 'owner-grace' && code !== 'claimed');
          const facts = withFact(
            withFact(ALL_CLEAR, fact, value),
            'idle',
            known({ lastActivityMs: NOW - 48 * HOUR_MS - older }),
          );
          expect(decide(WORKTREE, facts, POLICY, NOW).verdict).not.toBe('reclaim');
        },
      ),
      { seed: 3, numRuns: 300 },
    );
  });

  it('are chosen by what the candidate is', () => {
    expect(rulesFor(WORKTREE)).toBe(WORKTREE_RULES);
    expect(rulesFor(MISSING)).toBe(MISSING_RULES);
    expect(rulesFor(STAGING)).toBe(STAGING_RULES);
  });
});
