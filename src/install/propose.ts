/**
 * A first `.reaperrc`, from what is in the repository: which agents' worktrees and branches are there.
 *
 * Contract: pure. Only patterns of the table below are proposed, and only those that something here
 * matches, next to the default; so no name from outside gets into the file.
 */
import { matchBranch, matchPath } from '../core/patterns.ts';
import { plural } from '../core/text.ts';

interface Habit {
  readonly agent: string;
  readonly branches: readonly string[];
  readonly paths: readonly string[];
}

/** Where agents put worktrees, and what they call branches. */
const HABITS: readonly Habit[] = [
  { agent: 'Claude Code', branches: ['worktree-*', 'claude/*'], paths: ['.claude/worktrees/*'] },
  { agent: 'Codex', branches: ['codex/*'], paths: ['~/.codex/worktrees/*/*'] },
  { agent: 'Cursor', branches: ['cursor/*'], paths: ['~/.cursor/worktrees/*/*'] },
  { agent: 'vibe-kanban', branches: ['vk/*'], paths: ['/var/tmp/vibe-kanban/worktrees/*'] },
  { agent: 'opencode', branches: ['opencode/*'], paths: ['~/.local/share/opencode/worktree/*/*'] },
  { agent: 'OpenClaw', branches: ['openclaw/*'], paths: ['~/.openclaw/worktrees/*/*'] },
  { agent: 'claude-squad', branches: [], paths: ['~/.claude-squad/worktrees/*'] },
  { agent: 'Conductor', branches: [], paths: ['~/conductor/workspaces/*/*'] },
  { agent: 'Superset', branches: [], paths: ['~/.superset/worktrees/*/*'] },
  { agent: 'emdash', branches: ['emdash/*'], paths: [] },
  { agent: 'Gas Town', branches: ['polecat/*'], paths: [] },
  { agent: 'Copilot', branches: ['copilot-worktree-*'], paths: [] },
  {
    agent: 'home-made',
    branches: ['agent/*/*'],
    paths: ['.agent-worktrees/*', '.worktrees/*', '.sdd/worktrees/*'],
  },
];

/** Directories of the main worktree in which agents make worktrees: one that is there is a habit too. */
export const HABITUAL_FOLDERS = HABITS.flatMap(({ paths }) => paths)
  .filter((path) => path.startsWith('.'))
  .map((path) => path.replace(/\/\*$/, ''));

const DEFAULT_BRANCHES = 'agent/*';

export interface Seen {
  /** Linked worktrees. */
  readonly worktrees: readonly { readonly path: string; readonly branch: string | null }[];
  /** Short names of local branches. */
  readonly branches: readonly string[];
  /** Those of `HABITUAL_FOLDERS` that are there. */
  readonly folders: readonly string[];
  /** Root of the main worktree. */
  readonly root: string;
  readonly home: string;
}

export interface Proposal {
  /** The text of `.reaperrc`. */
  readonly text: string;
  /** The patterns it goes beyond the default with. */
  readonly added: readonly string[];
  /** Linked worktrees that none of its patterns covers. */
  readonly uncovered: Seen['worktrees'];
}

/** Proposes a configuration. */
export function propose(seen: Seen): Proposal {
  const branches = HABITS.flatMap(({ agent, branches: patterns }) =>
    patterns.flatMap((pattern) => line(pattern, agent, branchesLike(seen, pattern), 'branch')),
  );
  const paths = HABITS.flatMap(({ agent, paths: patterns }) =>
    patterns.flatMap((pattern) => {
      const isFolder = seen.folders.some((folder) => pattern === `${folder}/*`);
      return line(pattern, agent, worktreesAt(seen, pattern), 'worktree', isFolder);
    }),
  );
  const own = branchesLike(seen, DEFAULT_BRANCHES);
  const text = [
    '# Written by "reaper-hook init" from what is in this repository; every key is explained in the README of reaper-hook',
    'worktrees:',
    '  branches:',
    `    - "${DEFAULT_BRANCHES}" # the default${own > 0 ? `: ${plural(own, 'branch', 'branches')}` : ''}`,
    ...branches.map(({ text: each }) => each),
    ...(paths.length > 0 ? ['  paths:', ...paths.map(({ text: each }) => each)] : []),
    '',
  ].join('\n');
  const names = [DEFAULT_BRANCHES, ...branches.map(({ pattern }) => pattern)];
  const places = paths.map(({ pattern }) => pattern);
  const isCovered = ({ path, branch }: Seen['worktrees'][number]) =>
    (branch !== null && matchBranch(branch, names) !== null) || matchPath(path, places, seen) !== null;
  return {
    text,
    added: [...names.slice(1), ...places],
    uncovered: seen.worktrees.filter((worktree) => !isCovered(worktree)),
  };
}

function line(pattern: string, agent: string, count: number, noun: string, isFolder = false) {
  if (count === 0 && !isFolder) return [];
  const what = count === 0 ? 'its folder is here' : plural(count, noun, noun === 'branch' ? 'branches' : 'worktrees');
  return [{ pattern, text: `    - "${pattern}" # ${agent}: ${what}` }];
}

const branchesLike = ({ branches }: Seen, pattern: string): number =>
  branches.filter((branch) => matchBranch(branch, [pattern]) !== null).length;

const worktreesAt = (seen: Seen, pattern: string): number =>
  seen.worktrees.filter(({ path }) => matchPath(path, [pattern], seen) !== null).length;
