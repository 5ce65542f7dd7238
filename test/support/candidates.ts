/** Candidates and facts on which every veto is known to be absent; a test changes one. */
import {
  type Fact,
  type FactName,
  type Facts,
  known,
  type Policy,
  type StagingCandidate,
  type WorktreeCandidate,
} from '../../src/core/model.ts';

export const NOW = Date.parse('2026-06-01T12:00:00Z');
export const HOUR_MS = 3_600_000;

export const POLICY: Policy = { idleMs: HOUR_MS, emptyIdleMs: 24 * HOUR_MS, ownerGraceMs: HOUR_MS / 2 };

export const WORKTREE: WorktreeCandidate = {
  kind: 'worktree',
  id: 'fix',
  path: '/repo/.worktrees/fix',
  adminDir: '/repo/.git/worktrees/fix',
  branch: 'agent/fix',
  head: 'a'.repeat(40),
  locked: null,
  isMain: false,
  isBare: false,
  isMissing: false,
};

export const MISSING: WorktreeCandidate = { ...WORKTREE, isMissing: true };

export const STAGING: StagingCandidate = {
  kind: 'staging',
  id: '.agent-config/pack.staging-4242',
  path: '/repo/.agent-config/pack.staging-4242',
  worktree: '/repo',
  pattern: '.agent-config/pack.staging-{pid}',
  ageMs: 24 * HOUR_MS,
  pid: 4242,
};

export const EVIDENCE = {
  how: 'ancestor',
  ref: 'refs/heads/main',
  oid: 'b'.repeat(40),
  commit: 'a'.repeat(40),
} as const;

/** Every fact that any table can ask for, none of which objects. */
export const ALL_CLEAR: { readonly [N in FactName]: NonNullable<Facts[N]> } = {
  managed: known('agent/*'),
  own: known('linked'),
  present: known('present'),
  idle: known({ lastActivityMs: NOW - 48 * HOUR_MS }),
  lock: known(null),
  owner: known({ label: 'pid 4242', pid: 4242, liveness: 'dead', why: 'no such process', deadSinceMs: null }),
  maker: known(null),
  claim: known(null),
  operation: known(null),
  nested: known(null),
  refs: known([]),
  landed: known({ landed: true, ground: 'landed', evidence: EVIDENCE }),
  submodules: known([]),
  hidden: known([]),
  changes: known({ tracked: [], untracked: [] }),
  ignored: known({ ballast: ['node_modules'], weak: ['dist'], precious: [], nested: [] }),
  mounts: known([]),
  occupied: known([]),
  tracked: known(null),
  rules: known(null),
};

export const MISSING_CLEAR = {
  ...ALL_CLEAR,
  present: known('missing' as const),
  idle: known({ lastActivityMs: NOW - 8 * 24 * HOUR_MS }),
};

/** The same facts with one of them exchanged. */
export const withFact = (facts: Facts, name: FactName, fact: Fact<unknown>): Facts =>
  ({ ...facts, [name]: fact }) as Facts;
