/**
 * The keys of the configuration, in the file and in git config, and the values they hold.
 *
 * Contract: one table; the schema, git config, floors and the example are checked against it.
 */
import type { Settings, StagingPattern } from '../core/settings.ts';

/** Every value by the dotted name of its key in the file. Durations are milliseconds. */
export interface Values {
  readonly mode: Settings['mode'];
  readonly 'worktrees.branches': readonly string[];
  readonly 'worktrees.paths': readonly string[];
  /** Without `auto`: the default branch always counts. */
  readonly 'worktrees.base': readonly string[];
  readonly 'worktrees.idle': number;
  readonly 'worktrees.emptyIdle': number;
  readonly 'worktrees.ownerGrace': number;
  readonly 'worktrees.remind': number;
  readonly 'worktrees.rebuildable': readonly string[];
  readonly 'worktrees.branch': Settings['worktrees']['branch'];
  readonly staging: readonly StagingPattern[];
  readonly 'quarantine.keep': number;
  readonly 'quarantine.forget': number;
  /** Bytes; null for no limit. */
  readonly 'quarantine.max': number | null;
  readonly 'quarantine.minFree': number | null;
  readonly 'pass.budget': number;
  readonly 'pass.every': number;
  readonly 'pass.limit': number;
  readonly 'pass.detach': boolean;
}

export type Key = keyof Values;

/** What `git config` may set beyond the keys of the file. */
export interface UserValues extends Values {
  /** The age of every staging entry. */
  readonly stagingAge: number;
}

/** How a text of git config becomes a value: a list collects every line, an empty line clears it. */
export type Kind = 'text' | 'list' | 'count' | 'switch';

export interface KeySpec {
  /** Dotted name in the file. */
  readonly file: keyof UserValues;
  /** The name after `reaper.`; git does not tell upper from lower case here. */
  readonly git: string;
  readonly kind: Kind;
}

export const KEYS: readonly KeySpec[] = [
  { file: 'mode', git: 'mode', kind: 'text' },
  { file: 'worktrees.branches', git: 'branches', kind: 'list' },
  { file: 'worktrees.paths', git: 'paths', kind: 'list' },
  { file: 'worktrees.base', git: 'base', kind: 'list' },
  { file: 'worktrees.idle', git: 'idle', kind: 'text' },
  { file: 'worktrees.emptyIdle', git: 'emptyIdle', kind: 'text' },
  { file: 'worktrees.ownerGrace', git: 'ownerGrace', kind: 'text' },
  { file: 'worktrees.remind', git: 'remind', kind: 'text' },
  { file: 'worktrees.rebuildable', git: 'rebuildable', kind: 'list' },
  { file: 'worktrees.branch', git: 'branch', kind: 'text' },
  { file: 'staging', git: 'staging', kind: 'list' },
  { file: 'stagingAge', git: 'stagingAge', kind: 'text' },
  { file: 'quarantine.keep', git: 'keep', kind: 'text' },
  { file: 'quarantine.forget', git: 'forget', kind: 'text' },
  { file: 'quarantine.max', git: 'max', kind: 'text' },
  { file: 'quarantine.minFree', git: 'minFree', kind: 'text' },
  { file: 'pass.budget', git: 'budget', kind: 'text' },
  { file: 'pass.every', git: 'every', kind: 'text' },
  { file: 'pass.limit', git: 'limit', kind: 'count' },
  { file: 'pass.detach', git: 'detach', kind: 'switch' },
];

/** The values of a complete configuration. */
export function valuesOf(settings: Settings): Values {
  const { worktrees, quarantine, pass } = settings;
  return {
    mode: settings.mode,
    'worktrees.branches': worktrees.branches,
    'worktrees.paths': worktrees.paths,
    'worktrees.base': worktrees.base,
    'worktrees.idle': worktrees.idleMs,
    'worktrees.emptyIdle': worktrees.emptyIdleMs,
    'worktrees.ownerGrace': worktrees.ownerGraceMs,
    'worktrees.remind': worktrees.remindMs,
    'worktrees.rebuildable': worktrees.rebuildable,
    'worktrees.branch': worktrees.branch,
    staging: settings.staging,
    'quarantine.keep': quarantine.keepMs,
    'quarantine.forget': quarantine.forgetMs,
    'quarantine.max': quarantine.maxBytes,
    'quarantine.minFree': quarantine.minFreeBytes,
    'pass.budget': pass.budgetMs,
    'pass.every': pass.everyMs,
    'pass.limit': pass.limit,
    'pass.detach': pass.detach,
  };
}

/** The inverse of `valuesOf`. */
export function settingsOf(values: Values): Settings {
  return {
    mode: values.mode,
    worktrees: {
      branches: values['worktrees.branches'],
      paths: values['worktrees.paths'],
      base: values['worktrees.base'],
      idleMs: values['worktrees.idle'],
      emptyIdleMs: values['worktrees.emptyIdle'],
      ownerGraceMs: values['worktrees.ownerGrace'],
      remindMs: values['worktrees.remind'],
      rebuildable: values['worktrees.rebuildable'],
      branch: values['worktrees.branch'],
    },
    staging: values.staging,
    quarantine: {
      keepMs: values['quarantine.keep'],
      forgetMs: values['quarantine.forget'],
      maxBytes: values['quarantine.max'],
      minFreeBytes: values['quarantine.minFree'],
    },
    pass: {
      budgetMs: values['pass.budget'],
      everyMs: values['pass.every'],
      limit: values['pass.limit'],
      detach: values['pass.detach'],
    },
  };
}
