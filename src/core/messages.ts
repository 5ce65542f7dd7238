/**
 * Every sentence the program says about its work, in one place.
 *
 * Contract: pure. Each sentence says what, because of which fact, and the next command with the
 * undo; names from outside pass through `printable`. No period after an id.
 */
import type { Entry } from './entry.ts';
import type { Reason, ReasonCode, Verdict } from './model.ts';
import { bytes, plural, printable, remaining } from './text.ts';

export const COMMAND = 'npx reaper-hook';

/** A text with the command that works on this machine instead. */
export const asCalled = (text: string, command: string): string =>
  command === COMMAND ? text : text.replaceAll(COMMAND, command);

const CODE_WORDS: Readonly<Record<ReasonCode, string>> = {
  unmanaged: 'not managed',
  main: 'main worktree',
  current: 'in use here',
  'not-own': 'not its own directory',
  missing: 'directory missing',
  'too-young': 'used recently',
  'future-mtime': 'clock in doubt',
  locked: 'locked',
  'owner-alive': 'owner alive',
  'owner-unknown': 'owner unknown',
  'owner-grace': 'owner just gone',
  claimed: 'claimed',
  rule: 'kept by a rule',
  operation: 'operation in progress',
  'nested-worktree': 'worktree inside',
  'worktree-refs': 'refs of its own',
  'not-landed': 'not landed',
  'landing-unknown': 'landing unknown',
  'empty-too-young': 'empty, still young',
  submodules: 'submodules',
  'hidden-changes': 'hidden edits',
  changes: 'uncommitted changes',
  untracked: 'untracked files',
  'ignored-precious': 'ignored files',
  'nested-repository': 'repository inside',
  'mount-inside': 'mount inside',
  occupied: 'in use',
  'cross-device': 'other file system',
  'out-of-time': 'not reached in time',
  limit: 'not in this pass',
  unknown: 'could not be checked',
};

/** A reason in a few words, for a table. */
export const reasonWords = (code: ReasonCode): string => CODE_WORDS[code];

/** A reason in full. */
export const reasonSentence = ({ code, detail }: Reason): string => `${reasonWords(code)}: ${printable(detail)}`;

/** Why a candidate may go, in words. */
export function groundWords(verdict: Extract<Verdict, { verdict: 'reclaim' }>): string {
  const { ground, evidence } = verdict;
  if (ground === 'stale') return 'left behind: nobody uses it';
  if (ground === 'empty') return `never used: on ${shortRef(evidence?.ref)} with no commit of its own`;
  if (evidence === null) return 'landed';
  const into = `in ${shortRef(evidence.ref)}`;
  const by = `${evidence.commit.slice(0, 10)}`;
  switch (evidence.how) {
    case 'ancestor':
      return `landed: its commit is ${into}`;
    case 'adds-nothing':
      return `landed: merging it would add nothing, ${into}`;
    case 'replayed':
      return `landed: replayed as ${by} ${into}`;
    case 'patches':
      return `landed: every commit has its equal ${into}, last ${by}`;
  }
}

export const shortRef = (ref: string | undefined): string =>
  printable((ref ?? 'the base').replace(/^refs\/(heads|remotes)\//, ''));

/** The undo of a reclaim. */
export const undo = (id: string): string => `${COMMAND} restore ${id}`;

export interface PassSummary {
  readonly reclaimed: readonly Entry[];
  /** Bytes given back at once, by purging ballast and trees whose time had come. */
  readonly freedBytes: number;
  /** Trees that went before their time, because of quarantine.max or quarantine.minFree. */
  readonly purgedEarly?: number;
  readonly attention: readonly string[];
}

/** What the next hook prints: nothing, or at most three lines. */
export function hookReport({ reclaimed, freedBytes, attention, purgedEarly = 0 }: PassSummary): string[] {
  const lines: string[] = [];
  if (reclaimed.length > 0) {
    const freed = freedBytes > 0 ? `, ${bytes(freedBytes)} freed` : '';
    const [first] = reclaimed;
    const back = reclaimed.length === 1 && first !== undefined ? undo(first.id) : `${COMMAND} log`;
    lines.push(`reaper: ${reclaimedWords(reclaimed)} -> quarantine${freed}; undo: ${back}`);
    if (reclaimed.length > 1) lines.push(`reaper: ${idList(reclaimed)}`);
  }
  if (purgedEarly > 0)
    lines.push(
      `reaper: ${plural(purgedEarly, 'tree')} purged early for space, restorable from their commits: ${COMMAND} log`,
    );
  if (attention.length > 0)
    lines.push(
      `reaper: ${plural(attention.length, 'idle worktree holds', 'idle worktrees hold')} work; look: ${COMMAND} status`,
    );
  return lines.slice(0, MOST_LINES);
}

/** A checkout's own output must stay in sight. */
const MOST_LINES = 3;

/** `2 landed worktrees, 1 staging entry`. */
export function reclaimedWords(entries: readonly Entry[]): string {
  const count = (test: (entry: Entry) => boolean) => entries.filter(test).length;
  const groups: [number, string, string][] = [
    [count(({ kind, ground }) => kind === 'worktree' && ground === 'landed'), 'landed worktree', 'landed worktrees'],
    [count(({ kind, ground }) => kind === 'worktree' && ground === 'empty'), 'unused worktree', 'unused worktrees'],
    [
      count(({ kind }) => kind === 'registration'),
      'registration without a directory',
      'registrations without a directory',
    ],
    [count(({ kind }) => kind === 'staging'), 'stale staging entry', 'stale staging entries'],
  ];
  return groups
    .filter(([number]) => number > 0)
    .map(([number, one, many]) => plural(number, one, many))
    .join(', ');
}

/** Ids that fit one line of a terminal; `log` has them all. */
const LISTED_IDS = 4;

function idList(entries: readonly Entry[]): string {
  const ids = entries
    .slice(0, LISTED_IDS)
    .map(({ id }) => id)
    .join(', ');
  const more = entries.length - LISTED_IDS;
  return more > 0 ? `${ids} and ${more} more` : ids;
}

/** One note after a pass that failed; the hook stays quiet for a day after it. */
export const failureReport = (why: string): string =>
  `reaper: the last pass failed (${printable(why)}); nothing was lost; details: ${COMMAND} doctor`;

export const configReport = (problems: number): string =>
  `reaper: ${plural(problems, 'mistake')} in the configuration, so nothing is reclaimed; see: ${COMMAND} doctor`;

/** Said at the first Ctrl-C. */
export const STOPPING =
  'stopping after what is being done; Ctrl-C again to stop at once (the next pass finishes or takes back what was begun)';

/** Said wherever a pass only looks: what it says would go does not go by itself. */
export const ONLY_REPORTS = 'mode is "report": nothing is ever reclaimed; to change that: git config reaper.mode reap';

/** When a wait is over and it is looked at again, for a table; that is not to say that it goes then. */
export const untilWords = (untilMs: number, nowMs: number): string => `again in ${remaining(untilMs - nowMs)}`;
