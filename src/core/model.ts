/**
 * The nouns of the program: candidates, facts, verdicts, entries.
 *
 * Contract: plain data. No behaviour, no I/O, no clock, nothing of Node's.
 * Failure direction: a fact that could not be established is `known: false` with the
 * reason, a fact that was not asked for is absent; neither ever allows a reclaim.
 */

/** One thing observed about a candidate: either its value, or why it could not be read. */
export type Fact<T> = { readonly known: true; readonly value: T } | { readonly known: false; readonly why: string };

export const known = <T>(value: T): Fact<T> => ({ known: true, value });
export const unknown = (why: string): Fact<never> => ({ known: false, why });

/** An object id as git prints it: 40 (SHA-1) or 64 (SHA-256) lowercase hex digits. */
export type Oid = string;

/** A linked worktree, as `git worktree list` and its administrative directory describe it. */
export interface WorktreeCandidate {
  readonly kind: 'worktree';
  /** The name of its registration under `<common-dir>/worktrees/`; `''` for the main worktree. */
  readonly id: string;
  /** Absolute path of the working tree's root, as registered. */
  readonly path: string;
  /** Absolute path of `<common-dir>/worktrees/<id>`. */
  readonly adminDir: string;
  /** Short branch name (`agent/fix`), or null when HEAD is detached. */
  readonly branch: string | null;
  /** The commit HEAD names, or null on an unborn branch. */
  readonly head: Oid | null;
  /** The lock's reason (`''` when none was given), or null when not locked. */
  readonly locked: string | null;
  readonly isMain: boolean;
  readonly isBare: boolean;
  /** True when the directory is gone and only the registration is left. */
  readonly isMissing: boolean;
}

/** A per-process leftover whose name matches a `staging` pattern. */
export interface StagingCandidate {
  readonly kind: 'staging';
  /** Stable name for messages and cursors: the path relative to `worktree`. */
  readonly id: string;
  readonly path: string;
  /** The worktree root the pattern was applied to. */
  readonly worktree: string;
  readonly pattern: string;
  /** Milliseconds an entry must have been untouched before it may go. */
  readonly ageMs: number;
  /** The process id in its name, or null for a pattern without `{pid}`. */
  readonly pid: number | null;
  /** Present for a directory outside the repository, from the user's own configuration: what keeps it. */
  readonly keepIf?: readonly KeepRule[];
}

/** One declarative rule about files inside a directory: when it holds, the directory stays. */
export interface KeepRule {
  /** Relative to the directory, `*` and `?` standing for parts of a name. */
  readonly files: string;
  readonly test:
    | { readonly kind: 'fresher-than'; readonly ageMs: number }
    | { readonly kind: 'pid-alive'; readonly pointer: string }
    | { readonly kind: 'json-equals'; readonly pointer: string; readonly values: readonly JsonScalar[] };
}

export type JsonScalar = string | number | boolean | null;

export type Candidate = WorktreeCandidate | StagingCandidate;

/** Whether a process lives. `unknown` is an answer, and it keeps. */
export type Liveness = 'alive' | 'dead' | 'unknown';

/** Who a candidate belongs to, and whether they are still there. */
export interface Owner {
  /** How messages name it: `claude agent fix-login (pid 4242)`. */
  readonly label: string;
  readonly pid: number | null;
  readonly liveness: Liveness;
  /** In words, what the liveness rests on: `no such process`, `started later than the record`. */
  readonly why: string;
  /** Epoch milliseconds at which a pass first saw it dead without interruption, or null. */
  readonly deadSinceMs: number | null;
  /** Epoch milliseconds since which it owns the candidate, where that is known. */
  readonly sinceMs?: number | null;
}

/** The lock git keeps on a worktree, and the owner its reason names when we understand it. */
export interface Lock {
  readonly reason: string;
  readonly owner: Owner | null;
}

/** A file (or a provider's row) by which a tool says "mine, alive". */
export interface Claim {
  /** How messages name it: `lane 3 (pid 4242)`. */
  readonly label: string;
  /** The owner's own name, by which the claim is released; absent where no file can be released. */
  readonly owner?: string;
  /** The path it was made for, which may lie above or below the candidate's. */
  readonly path?: string;
  /** The process it is bound to, where there is one. */
  readonly pid?: number | null;
  /** The provider that answered it; absent for a claim from a file. */
  readonly via?: string;
  readonly liveness: Liveness;
  readonly why: string;
  /** Epoch milliseconds until which the lease runs, or null for a claim bound to its process only. */
  readonly leaseUntilMs: number | null;
  /** Epoch milliseconds at which it was made, where that is known. */
  readonly sinceMs?: number | null;
  /** Epoch milliseconds at which a pass first saw its owner dead without interruption, or null. */
  readonly deadSinceMs?: number | null;
}

/** How a branch was proven to be in the base, and by which commits. */
export interface Evidence {
  readonly how: 'ancestor' | 'adds-nothing' | 'replayed' | 'patches';
  /** Full name of the base ref: `refs/remotes/origin/main`. */
  readonly ref: string;
  /** What the base ref pointed at when the proof was made. */
  readonly oid: Oid;
  /** The commit on the base that proves it (for `replayed`, the squash or the last replayed commit). */
  readonly commit: Oid;
}

/** The answer of the landing ladder for one commit. `null` as `landed` never occurs: unknown is a Fact. */
export type Landing =
  | { readonly landed: true; readonly ground: Ground; readonly evidence: Evidence }
  | { readonly landed: false; readonly why: string };

/** `empty`: never had a commit of its own. `landed`: its commits are proven to be in the base. */
export type Ground = 'empty' | 'landed';

/** What `git status` and the index say about uncommitted work. Paths are relative to the root. */
export interface Changes {
  readonly tracked: readonly string[];
  readonly untracked: readonly string[];
}

/** Ignored content, sorted by what may happen to it. Paths are relative to the root. */
export interface Ignored {
  /** Rebuildable by name and mark: purged first. */
  readonly ballast: readonly string[];
  /** Rebuildable by name alone: stays with the quarantined tree. */
  readonly weak: readonly string[];
  /** Anything else: keeps the worktree. */
  readonly precious: readonly string[];
  /** Repositories or worktrees inside ignored content: keep the worktree. */
  readonly nested: readonly string[];
}

/** A process that uses a directory, and how it was noticed. */
export interface Occupant {
  readonly pid: number;
  readonly command: string;
  readonly how: 'cwd' | 'root' | 'exe' | 'open-file' | 'argument' | 'socket' | 'mount';
}

/** Why the directory and its registration are, or are not, the pair we may move. */
export type Ownness = 'linked' | 'main' | 'current' | 'bare' | { readonly notOwn: string };

/** Every fact that can be asked about a candidate. The policy's tables give their order. */
export interface FactTypes {
  /** The managed pattern that brought it in, or null. */
  readonly managed: string | null;
  readonly own: Ownness;
  /** `elsewhere`: the parent directory is absent too, as on an unmounted volume. */
  readonly present: 'present' | 'missing' | 'elsewhere';
  /** Epoch milliseconds of the newest sign of activity. */
  readonly idle: { readonly lastActivityMs: number };
  readonly lock: Lock | null;
  /** The process named by a staging entry's file name. */
  readonly owner: Owner | null;
  /** The agent that made an unlocked worktree, as its birth certificate names it; null when nobody is known. */
  readonly maker: Owner | null;
  readonly claim: Claim | null;
  /** The operation in progress (`rebase`), or null. */
  readonly operation: string | null;
  /** Path of a registered worktree inside, or null. */
  readonly nested: string | null;
  /** Names of per-worktree refs. */
  readonly refs: readonly string[];
  readonly landed: Landing;
  readonly submodules: readonly string[];
  readonly hidden: readonly string[];
  readonly changes: Changes;
  readonly ignored: Ignored;
  readonly mounts: readonly string[];
  readonly occupied: readonly Occupant[];
  /** A staging entry that git tracks, or that is reached through a symbolic link. */
  readonly tracked: string | null;
  /** The `keepIf` rule that keeps a directory outside the repository, and what it saw; null when none does. */
  readonly rules: string | null;
}

export type FactName = keyof FactTypes;
export type Facts = { readonly [N in FactName]?: Fact<FactTypes[N]> };

/** Stable, kebab-case reason codes; part of the JSON contract. */
export const REASON_CODES = [
  'unmanaged',
  'main',
  'current',
  'not-own',
  'missing',
  'too-young',
  'future-mtime',
  'locked',
  'owner-alive',
  'owner-unknown',
  'owner-grace',
  'claimed',
  'rule',
  'operation',
  'nested-worktree',
  'worktree-refs',
  'not-landed',
  'landing-unknown',
  'empty-too-young',
  'submodules',
  'hidden-changes',
  'changes',
  'untracked',
  'ignored-precious',
  'nested-repository',
  'mount-inside',
  'occupied',
  'cross-device',
  'out-of-time',
  'limit',
  'unknown',
] as const;
export type ReasonCode = (typeof REASON_CODES)[number];

export interface Reason {
  readonly code: ReasonCode;
  /** In words, what was seen: a path, a pid, a pattern. */
  readonly detail: string;
}

/** What is to happen to a candidate. */
export type Verdict =
  | { readonly verdict: 'keep'; readonly reasons: readonly Reason[] }
  | { readonly verdict: 'wait'; readonly reasons: readonly Reason[]; readonly untilMs: number }
  | { readonly verdict: 'attention'; readonly reasons: readonly Reason[] }
  | { readonly verdict: 'reclaim'; readonly ground: Ground | 'stale'; readonly evidence: Evidence | null };

/** `decide` either has a verdict, or names the cheapest fact it still needs. */
export type Decision = Verdict | { readonly verdict: 'ask'; readonly fact: FactName };

/** What `decide` needs to know of the configuration. All durations in milliseconds. */
export interface Policy {
  readonly idleMs: number;
  readonly emptyIdleMs: number;
  readonly ownerGraceMs: number;
}
