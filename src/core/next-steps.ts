/**
 * What a person would do next about a reason: the command that looks into it, or the one that changes it.
 *
 * Contract: pure. Nothing named here removes anything; paths come in as finished words of a shell command.
 */
import { isOurLock } from './entry.ts';
import { COMMAND } from './messages.ts';
import type { Claim, Reason } from './model.ts';
import { shellWord } from './text.ts';

export interface Place {
  /** The candidate's path as one word of a shell command. */
  readonly at: string;
  /** Short name of the base ref, `origin/main`. */
  readonly base: string;
  /** The claim that holds it, where one does. */
  readonly claim?: Claim | null;
  /** False where no option shortens the wait: for what a pattern's own age holds, and for a directory that is gone. */
  readonly isIdleOptional?: boolean;
}

/** The next command about `reason`; null when nothing that a person could type would change it. */
export function nextStep(
  { code, detail }: Reason,
  { at, base, claim = null, isIdleOptional = true }: Place,
): string | null {
  switch (code) {
    case 'changes':
    case 'untracked':
    case 'hidden-changes':
    case 'operation':
    case 'submodules':
      return `git -C ${at} status`;
    case 'ignored-precious':
    case 'nested-repository':
      return `git -C ${at} status --ignored`;
    case 'not-landed':
      return notLandedStep(detail, at, base);
    case 'landing-unknown':
      return `${COMMAND} landed`;
    case 'locked':
      return isOurLock(detail) ? `${COMMAND} run` : `git worktree unlock ${at}`;
    case 'claimed':
      return claim === null ? null : claimStep(claim, at);
    case 'worktree-refs':
      return `git -C ${at} for-each-ref refs/worktree refs/bisect refs/rewritten`;
    case 'missing':
    case 'not-own':
    case 'nested-worktree':
      return 'git worktree list';
    case 'occupied':
    case 'owner-alive':
    case 'owner-unknown':
      return processStep(detail);
    case 'mount-inside':
      return `findmnt --submounts ${at}`;
    case 'current':
      return 'cd to another worktree';
    case 'unmanaged':
      return 'its branch in worktrees.branches, or its place in worktrees.paths, of .reaperrc';
    case 'out-of-time':
    case 'limit':
      return `${COMMAND} run`;
    case 'too-young':
      return isIdleOptional ? `${COMMAND} run --idle 10m` : null;
    case 'empty-too-young':
      return `${COMMAND} run --empty-idle 1h`;
    case 'unknown':
      return `${COMMAND} doctor`;
    case 'main':
    case 'future-mtime':
    case 'owner-grace':
    case 'rule':
    case 'cross-device':
      return null;
  }
}

/** HEAD no longer leads to what it left behind. */
function notLandedStep(detail: string, at: string, base: string): string {
  const commit = /^commit ([0-9a-f]{10}) was made here and left behind/.exec(detail)?.[1];
  return commit === undefined
    ? `git -C ${at} log --oneline ${shellWord(base)}..HEAD`
    : `git -C ${at} show --stat ${commit}`;
}

/** A claim ends by its owner's name, which has to be given; while its owner lives, that is somebody to look at first. */
function claimStep({ liveness, pid = null, owner, path }: Claim, at: string): string | null {
  if (liveness === 'alive' && pid !== null) return `ps -fp ${pid}`;
  if (owner === undefined) return null;
  return `${COMMAND} release --worktree ${path === undefined ? at : shellWord(path)} --owner ${shellWord(owner)}`;
}

/** Who the process is; ending it is left to the person. */
function processStep(detail: string): string | null {
  const pid = /\b(?:pid|process) (\d{1,10})\b/.exec(detail)?.[1];
  return pid === undefined ? null : `ps -fp ${pid}`;
}

/** What the next command is good for, in words before it. */
export const stepWords = ({ code }: Reason): string =>
  code === 'too-young' || code === 'empty-too-young' ? 'sooner' : code === 'unmanaged' ? 'to manage it' : 'next';
