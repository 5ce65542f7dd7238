/**
 * Loads the configuration: the repository's file, git config, defaults, and what was approved.
 *
 * Contract: never throws, writes nothing, runs no code of the tree, reads the main worktree's root
 * and git's configuration only. Failure direction: one bad value anywhere and there are no
 * settings, so that nothing is reclaimed until it is mended.
 */
import type { Layout } from '../core/layout.ts';
import { NO_USER_FILE, type Settings } from '../core/settings.ts';
import type { Io } from '../io/ports.ts';
import { type FoundFile, readConfigFile } from './file.ts';
import { readUserSettings } from './git-settings.ts';
import * as messages from './messages.ts';
import { settle } from './settle.ts';
import { type Approval, readApproval, type Scope, type ScopeChange } from './trust.ts';
import { type ReadUserFile, readUserFile } from './user-file.ts';
import { type ConfigProblem, problemAbout, validate } from './validate.ts';

export type { Scope, ScopeChange } from './trust.ts';
export type { ConfigProblem } from './validate.ts';

export type LoadedConfig =
  | {
      readonly ok: true;
      /** What applies: floors held, scope cut to what is approved. */
      readonly settings: Settings;
      /** The file that counts: `.reaperrc`, or null when there is none. */
      readonly source: string | null;
      readonly notes: readonly string[];
      /** What is asked for and not in effect until it is approved. */
      readonly withheld: readonly ScopeChange[];
      /** The file's own wish, without git config: what `allow` approves. */
      readonly proposed: Settings;
      /** What is approved on this machine, without git config. */
      readonly allowed: Scope;
      readonly approval: Approval;
    }
  | { readonly ok: false; readonly errors: readonly ConfigProblem[]; readonly source: string | null };

export interface LoadArgs {
  readonly io: Io;
  /** Root of the main worktree, or null in a bare repository: git config and defaults only. */
  readonly root: string | null;
  /** Absolute path of the common directory. */
  readonly gitDir: string;
  /** Shortens paths in notes; nothing is searched there. */
  readonly home: string;
  /** Where the user's own file is looked for, in `reaper-hook/`; absent: there is none. */
  readonly configHome?: string;
  readonly layout: Layout;
  /** Every worktree's root: a file in one of them is a branch's, not the user's. */
  readonly worktreeRoots: readonly string[];
}

/** Loads and checks the configuration of one repository. */
export async function loadSettings(args: LoadArgs): Promise<LoadedConfig> {
  try {
    return await load(args);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return { ok: false, errors: [problemAbout('configuration', messages.unexpected(why))], source: null };
  }
}

const NO_OWN_FILE: ReadUserFile = { ok: true, value: NO_USER_FILE, source: null };

const NO_FILE: FoundFile = { ok: true, source: null, document: {}, notes: [] };

async function load(args: LoadArgs): Promise<LoadedConfig> {
  const { io, root, layout } = args;
  const { configHome } = args;
  const [found, user, approval, own] = await Promise.all([
    root === null ? NO_FILE : readConfigFile(io.disk, root),
    readUserSettings(args),
    readApproval(io.disk, layout),
    configHome === undefined ? NO_OWN_FILE : readUserFile(io.disk, configHome, args.worktreeRoots),
  ]);
  const { source } = found;
  const file = found.ok
    ? validate(found.document, { source: source ?? 'the defaults', level: 'file' })
    : { values: {}, problems: found.problems };
  const errors = [...file.problems, ...user.problems, ...(own.ok ? [] : own.problems)];
  if (errors.length > 0 || !found.ok || !own.ok) return { ok: false, errors, source };
  const layers = { file: file.values, source: source ?? 'the defaults', user: user.values, allowed: approval.allowed };
  const { settings, withheld, proposed, notes } = settle(layers);
  return {
    ok: true,
    settings: own.source === null ? settings : { ...settings, user: own.value },
    source,
    notes: [...found.notes, ...user.notes, ...(approval.note === null ? [] : [approval.note]), ...notes],
    withheld,
    proposed,
    allowed: approval.allowed,
    approval: approval.approval,
  };
}
