/**
 * What a branch may change by itself, and what needs approval on this machine.
 *
 * Contract: scope is what decides *whether* something may go (patterns, base, names, branch
 * deletion, mode); `allowed.json` holds what was approved. An unapproved change narrows at once and
 * never widens. Ages and budgets are not scope: floors hold them.
 * Failure direction: an approval that is absent or unreadable approves the built-in defaults only.
 *
 * Why lists of patterns are safe: the last pattern that covers a name decides. Taking a positive
 * pattern out, or putting a negation in, anywhere, can only turn "managed" into "not managed".
 * So the effective list is always one that the approved list becomes by those two steps.
 */
import * as v from 'valibot';
import type { Layout } from '../core/layout.ts';
import { DEFAULTS, type Settings } from '../core/settings.ts';
import type { DiskReader } from '../io/ports.ts';
import type { UserValues } from './keys.ts';
import * as messages from './messages.ts';
import { APPROVAL_SCHEMA } from './schema.ts';

/** What decides whether something may be reclaimed at all. */
export interface Scope {
  readonly mode: Settings['mode'];
  readonly branches: readonly string[];
  readonly paths: readonly string[];
  readonly base: readonly string[];
  /** The staging patterns, without their ages. */
  readonly staging: readonly string[];
  readonly rebuildable: readonly string[];
  /** Which branches are deleted with their worktree. */
  readonly branch: Settings['worktrees']['branch'];
}

/** How one part of the scope differs from another: in words, to be shown. */
export interface ScopeChange {
  /** The key in the file: `worktrees.branches`. */
  readonly key: string;
  readonly added: readonly string[];
  readonly removed: readonly string[];
}

/** From what takes least to what takes most. */
const MODES: readonly Scope['mode'][] = ['report', 'reap'];
const BRANCH_DELETIONS: readonly Scope['branch'][] = ['keep', 'merged', 'landed'];

const FILE_KEYS: Record<keyof Scope, string> = {
  mode: 'mode',
  branches: 'worktrees.branches',
  paths: 'worktrees.paths',
  base: 'worktrees.base',
  staging: 'staging',
  rebuildable: 'worktrees.rebuildable',
  branch: 'worktrees.branch',
};

/** What may happen: the part of `proposed` that `allowed` covers. Never wider than either. */
export function effectiveScope(proposed: Scope, allowed: Scope): Scope {
  return {
    mode: lesser(MODES, proposed.mode, allowed.mode),
    branches: narrowed(proposed.branches, allowed.branches),
    paths: narrowed(proposed.paths, allowed.paths),
    base: common(proposed.base, allowed.base),
    staging: common(proposed.staging, allowed.staging),
    rebuildable: common(proposed.rebuildable, allowed.rebuildable),
    branch: lesser(BRANCH_DELETIONS, proposed.branch, allowed.branch),
  };
}

const common = (proposed: readonly string[], allowed: readonly string[]): readonly string[] =>
  proposed.filter((each) => allowed.includes(each));

/** A word that is not in the order counts as the least. */
function lesser<T>(order: readonly T[], one: T, other: T): T {
  return order[Math.max(0, Math.min(order.indexOf(one), order.indexOf(other)))] as T;
}

const isNegation = (pattern: string): boolean => pattern.startsWith('!');

/**
 * The proposal without its unapproved positive patterns, when that is a narrowing of the approved
 * list. Otherwise (a negation went, or moved before what it takes out): the positive patterns that
 * both have, and after them every negation of either.
 */
function narrowed(proposed: readonly string[], allowed: readonly string[]): readonly string[] {
  const approved = proposed.filter((pattern) => isNegation(pattern) || allowed.includes(pattern));
  if (isNarrowing(approved, allowed)) return approved;
  const positives = approved.filter((pattern) => !isNegation(pattern));
  return [...new Set([...positives, ...allowed.filter(isNegation), ...proposed.filter(isNegation)])];
}

/**
 * Whether `from` becomes `to` by taking out positive patterns and putting in negations: walking
 * both at once, every negation of `from` and every positive of `to` must meet its equal, in order.
 * `reachable` holds the lengths of `to` that can stand against what was walked of `from` so far.
 */
function isNarrowing(to: readonly string[], from: readonly string[]): boolean {
  let reachable = withInsertions(new Set([0]), to);
  for (const pattern of from) {
    const next = new Set(isNegation(pattern) ? [] : reachable);
    for (const length of reachable) if (to[length] === pattern) next.add(length + 1);
    reachable = withInsertions(next, to);
  }
  return reachable.has(to.length);
}

function withInsertions(lengths: Set<number>, to: readonly string[]): Set<number> {
  for (const length of lengths) if (length < to.length && isNegation(to[length] ?? '')) lengths.add(length + 1);
  return lengths;
}

/** What `proposed` has and lacks against `allowed`, key by key; only keys that differ. */
export function differences(proposed: Scope, allowed: Scope): ScopeChange[] {
  const keys = Object.keys(FILE_KEYS) as (keyof Scope)[];
  return keys.flatMap((key) => {
    const one = listed(proposed[key]);
    const other = listed(allowed[key]);
    const change = { key: FILE_KEYS[key], added: without(one, other), removed: without(other, one) };
    if (change.added.length > 0 || change.removed.length > 0) return [change];
    const isOrdered = one.some(isNegation) && one.join('\n') !== other.join('\n');
    return isOrdered ? [{ ...change, added: [`another order: ${one.join(', ')}`] }] : [];
  });
}

const listed = (value: string | readonly string[]): readonly string[] => (typeof value === 'string' ? [value] : value);

const without = (list: readonly string[], other: readonly string[]): readonly string[] =>
  list.filter((each) => !other.includes(each));

/** The scope of complete settings. */
export function scopeOf({ mode, worktrees, staging }: Settings): Scope {
  const { branches, paths, base, rebuildable, branch } = worktrees;
  return { mode, branches, paths, base, staging: staging.map(({ path }) => path), rebuildable, branch };
}

/** The settings with another scope; a staging pattern keeps the age it has. */
export function withScope(settings: Settings, scope: Scope): Settings {
  const { mode, branches, paths, base, staging, rebuildable, branch } = scope;
  return {
    ...settings,
    mode,
    worktrees: { ...settings.worktrees, branches, paths, base, rebuildable, branch },
    staging: settings.staging.filter(({ path }) => staging.includes(path)),
  };
}

/** What git config says itself counts as approved: no branch can write it. */
export function allowedWithUser(allowed: Scope, user: Partial<UserValues>): Scope {
  return {
    mode: user.mode ?? allowed.mode,
    branches: user['worktrees.branches'] ?? allowed.branches,
    paths: user['worktrees.paths'] ?? allowed.paths,
    base: user['worktrees.base'] ?? allowed.base,
    staging: user.staging?.map(({ path }) => path) ?? allowed.staging,
    rebuildable: user['worktrees.rebuildable'] ?? allowed.rebuildable,
    branch: user['worktrees.branch'] ?? allowed.branch,
  };
}

/** What is approved on a machine where nobody approved anything. */
export const BUILT_IN_SCOPE: Scope = scopeOf(DEFAULTS);

/** The text of `allowed.json` that approves `scope`. */
export function approvalFile(scope: Scope): string {
  return `${JSON.stringify({ version: 1, scope }, null, 2)}\n`;
}

/** Whether anybody approved anything yet, and whether it can still be read. */
export type Approval = 'none' | 'recorded' | 'lost';

/** Reads what was approved here; the note says why it could not be used. */
export async function readApproval(
  disk: DiskReader,
  layout: Layout,
): Promise<{ readonly allowed: Scope; readonly approval: Approval; readonly note: string | null }> {
  const text = await disk.readText(layout.allowed);
  const isAbsent = !text.ok && text.code === 'ENOENT' && !(await disk.lstat(layout.allowed)).ok;
  if (isAbsent) return { allowed: BUILT_IN_SCOPE, approval: 'none', note: null };
  const why = text.ok ? null : text.why;
  const scope = text.ok ? parseApproval(text.value) : null;
  if (scope !== null) return { allowed: scope, approval: 'recorded', note: null };
  return {
    allowed: BUILT_IN_SCOPE,
    approval: 'lost',
    note: messages.approvalUnreadable(layout.allowed, why ?? 'it is damaged'),
  };
}

function parseApproval(text: string): Scope | null {
  try {
    const result = v.safeParse(APPROVAL_SCHEMA, JSON.parse(text));
    return result.success ? result.output.scope : null;
  } catch {
    return null;
  }
}
