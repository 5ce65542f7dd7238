/**
 * What the library offers: its options, calls and errors, as a host's author reads them.
 *
 * Contract: types and one error class. All durations are milliseconds, as their names say; instants in documents
 * are ISO 8601, those in claims epoch milliseconds.
 */
import type { ClaimData } from './core/claims.ts';
import type { Candidate, Fact, FactName, Verdict } from './core/model.ts';
import type { OwnerRow, RunDocument, StatusDocument } from './documents.ts';
import type { LandedRow } from './observe/landed/report.ts';
import type { ClaimProvider } from './observe/providers.ts';
import type { Progress } from './pass.ts';
import type { RestoredByName } from './restoring.ts';

export interface ReaperOptions {
  /** Any directory of the repository, absolute or relative to the current directory; default: that directory. */
  readonly repo?: string;
  /** Further sources of claims, such as rows of a database; asked before each pass and again before each reclaim. */
  readonly claims?: readonly ClaimProvider[];
  /** Milliseconds from the end of a pass to the next one after `start()`; default ten minutes. */
  readonly everyMs?: number;
  /** What each pass after `start()` did. */
  readonly onPass?: (document: RunDocument) => void;
  /** What went wrong in a pass after `start()`, or in `onPass`; another pass at work is no error. */
  readonly onError?: (error: unknown) => void;
}

export interface CallOptions {
  /**
   * Ends the call early. What was not decided by then is kept: `run` answers with what it did and
   * `pass.complete` false; everything else rejects with the signal's reason. A restore or a claim that has
   * begun to write is carried through.
   */
  readonly signal?: AbortSignal;
}

export interface LookOptions extends CallOptions {
  /** Called for each candidate as it is looked at; what it throws rejects the call. */
  readonly onProgress?: (progress: Progress) => void;
}

export interface RunOptions extends LookOptions {
  /** Decide everything, touch nothing. */
  readonly dryRun?: boolean;
  /** Milliseconds for the whole pass; default: `pass.budget` of the configuration. */
  readonly budgetMs?: number;
  /** Most reclaims; default: `pass.limit` of the configuration. */
  readonly limit?: number;
}

export interface RestoreOptions extends CallOptions {
  /** Where to put it instead of where it was, absolute or relative to the repository that was named. */
  readonly to?: string;
  /** Restore with a detached HEAD, for when its branch is in use. */
  readonly detach?: boolean;
}

export interface LandedOptions extends CallOptions {
  /** Refs to judge against instead of the default branch and `worktrees.base`. */
  readonly base?: readonly string[];
}

/** Which claim: one path and one owner have one. */
export interface ClaimName extends CallOptions {
  /** Worktree or directory, absolute or relative to the repository that was named; it may be yet to come. */
  readonly path: string;
  /** How messages name the owner, at most 200 visible characters. */
  readonly owner: string;
}

export interface ClaimOptions extends ClaimName {
  /** The process that the claim ends with; without one it ends with its lease. */
  readonly pid?: number;
  /** Milliseconds from the last heartbeat to the end of the lease, 1,000 to 30 days; default 12 hours. */
  readonly ttlMs?: number;
}

export interface WhyDocument {
  readonly version: number;
  readonly candidate: Candidate;
  /** In the order they were asked for. */
  readonly facts: readonly { readonly fact: FactName; readonly ms: number; readonly answer: Fact<unknown> }[];
  readonly owner: OwnerRow | null;
  readonly verdict: Verdict;
}

/**
 * A reaper of one repository. Every call opens the repository afresh, so that settings and worktrees are today's.
 *
 * Every call rejects with a `ReaperError` when it could not be carried out at all; what concerns one candidate is
 * part of the answer. Nothing is printed, and the caller's process is left as it is.
 */
export interface Reaper {
  /** What goes, what waits, what is kept and why, what is in quarantine. Touches nothing. */
  status(options?: LookOptions): Promise<StatusDocument>;
  /** One pass, as the hook runs it. Rejects with `busy` while another one is at work on this repository. */
  run(options?: RunOptions): Promise<RunDocument>;
  /** The facts behind one decision, by branch, path or registration; null when no worktree or staging entry is called that. */
  why(name: string, options?: CallOptions): Promise<WhyDocument | null>;
  /** Puts back what an id, a branch or a path names. A refusal is a value: `ok` false, with the problem and why. */
  restore(name: string, options?: RestoreOptions): Promise<RestoredByName>;
  /** Says that a path, and all inside it, is in use. Rejects with `claim` when that could not be written: it is not held then. */
  claim(options: ClaimOptions): Promise<ClaimData>;
  /** Lets a claim's lease run anew; null when there is no such claim. */
  heartbeat(options: ClaimName): Promise<ClaimData | null>;
  /** Ends a claim; false when there was none. */
  release(options: ClaimName): Promise<boolean>;
  /** Whether revisions have landed, and which commit proves it; all local branches when `revs` is absent. */
  landed(revs?: readonly string[], options?: LandedOptions): Promise<readonly LandedRow[]>;
  /** Begins a series of passes, the first one `everyMs` from now. Its timer keeps no process alive; a second start has no effect. */
  start(): void;
  /** Ends the series, and answers once a pass that is under way has come to its end. */
  stop(): Promise<void>;
}

/**
 * Why a call could not be carried out at all: no git, one older than 2.38, no repository there, its worktrees could
 * not be listed, mistakes in the configuration, another pass at work, something could not be read or written, no
 * base to judge against, or a claim that could not be made.
 */
export type ReaperErrorCode =
  | 'no-git'
  | 'old-git'
  | 'no-repository'
  | 'no-list'
  | 'config'
  | 'busy'
  | 'unreadable'
  | 'unwritable'
  | 'no-base'
  | 'claim';

/** Branch on `code`; `message` is for people. */
export class ReaperError extends Error {
  constructor(
    readonly code: ReaperErrorCode,
    message: string,
  ) {
    super(message);
    this.name = 'ReaperError';
  }
}
