/**
 * The configuration as the program uses it: validated, floors applied, scope approved.
 *
 * Contract: data and defaults only. All durations are milliseconds, all globs are as in gitignore.
 */

import { KNOWN_AGENTS } from './makers.ts';
import type { KeepRule } from './model.ts';

export interface Settings {
  readonly mode: 'reap' | 'report';
  readonly worktrees: {
    readonly branches: readonly string[];
    readonly paths: readonly string[];
    /** Extra base refs or patterns; empty for the default branch alone (`auto`). */
    readonly base: readonly string[];
    readonly idleMs: number;
    readonly emptyIdleMs: number;
    readonly ownerGraceMs: number;
    /** How often a worktree that needs attention is mentioned; 0 for every pass. */
    readonly remindMs: number;
    readonly rebuildable: readonly string[];
    readonly branch: 'keep' | 'merged' | 'landed';
  };
  readonly staging: readonly StagingPattern[];
  readonly quarantine: {
    readonly keepMs: number;
    readonly forgetMs: number;
    /** Bytes above which the oldest files are purged before their time; null for no limit. */
    readonly maxBytes: number | null;
    /** Free bytes of the file system below which the same happens; null for none. */
    readonly minFreeBytes: number | null;
  };
  readonly pass: {
    readonly budgetMs: number;
    readonly everyMs: number;
    readonly limit: number;
    readonly detach: boolean;
  };
  /** What only a person's own file can say; absent where there is none. */
  readonly user?: UserOnly;
}

/** Settings that no repository can bring along. */
export interface UserOnly {
  readonly directories: readonly DirectoryPattern[];
  readonly orphans: readonly OrphanPattern[];
  /** Programs whose worktrees belong to them. */
  readonly makers: readonly string[];
}

/** Directories outside the repository that a tool of the user's leaves behind. */
export interface DirectoryPattern {
  /** From `/` or `~/`; its last segment may hold wildcards. */
  readonly path: string;
  readonly ageMs: number;
  readonly keepIf: readonly KeepRule[];
}

/** Processes that should have a parent of some name. */
export interface OrphanPattern {
  /** A path, or the end of one, among a process's arguments. */
  readonly match: string;
  /** Programs one of which should be among its nearest ancestors. */
  readonly ancestors: readonly string[];
}

export const NO_USER_FILE: UserOnly = { directories: [], orphans: [], makers: KNOWN_AGENTS };

export interface StagingPattern {
  /** Relative to each worktree's root, `{pid}` standing for a process id, `*` for part of a name. */
  readonly path: string;
  readonly ageMs: number;
}

const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** What a staging pattern gets that names no age. */
export const DEFAULT_STAGING_AGE_MS = DAY_MS;

export const DEFAULTS: Settings = {
  mode: 'reap',
  worktrees: {
    branches: ['agent/*'],
    paths: [],
    base: [],
    idleMs: HOUR_MS,
    emptyIdleMs: DAY_MS,
    ownerGraceMs: 30 * MINUTE_MS,
    remindMs: 7 * DAY_MS,
    rebuildable: [
      'node_modules',
      '.venv',
      'venv',
      '__pycache__',
      'target',
      'dist',
      'build',
      'out',
      '.next',
      '.nuxt',
      '.turbo',
      '.cache',
      '.parcel-cache',
      '.pytest_cache',
      '.mypy_cache',
      '.ruff_cache',
      '.tox',
      '.gradle',
      'coverage',
      '.svelte-kit',
    ],
    branch: 'merged',
  },
  staging: [
    { path: '.agent-config/pack-compose.staging-{pid}', ageMs: DAY_MS },
    { path: '.orchestrator-state/active-session-{pid}', ageMs: DAY_MS },
  ],
  quarantine: { keepMs: 7 * DAY_MS, forgetMs: 90 * DAY_MS, maxBytes: null, minFreeBytes: null },
  pass: { budgetMs: 2 * SECOND_MS, everyMs: 10 * MINUTE_MS, limit: 20, detach: true },
};

/** Below these a repository's file cannot go; `git config reaper.*` and a person at a terminal can. */
export const FLOORS = {
  idleMs: 10 * MINUTE_MS,
  emptyIdleMs: HOUR_MS,
  ownerGraceMs: 0,
  stagingAgeMs: HOUR_MS,
  /** A pattern without `{pid}` has no owner to ask about, so only age speaks for it. */
  stagingAgeWithoutPidMs: DAY_MS,
  quarantineKeepMs: DAY_MS,
  /** A pass that cannot even list worktrees would look like a reaper that works. */
  budgetMs: 100,
  /** A pass on every checkout would be felt. */
  everyMs: MINUTE_MS,
  limit: 1,
} as const;

/** Above these a repository's file cannot go; `git config reaper.*` can. */
export const CEILINGS = {
  /** Ten years: more is a slip of the keyboard. */
  ageMs: 3650 * DAY_MS,
  /** A longer pass belongs to a person at a terminal. */
  budgetMs: MINUTE_MS,
  /** With `detach: false` the git command waits for the pass. */
  foregroundBudgetMs: 5 * SECOND_MS,
  /** A file must not switch the reaper off unnoticed; `mode: report` does it in the open. */
  everyMs: 7 * DAY_MS,
  limit: 1000,
} as const;
