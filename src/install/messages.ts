/** The sentences of installing and uninstalling: what, why, next. Pure. */
import { COMMAND } from '../core/messages.ts';
import type { HookName } from './names.ts';
import type { HooksPlace } from './place.ts';

export const unreadableSource = (path: string, why: string): string => `${path}: ${why}`;

export const notExecutable = (path: string): string =>
  `it is not executable, so git does not run it, and making it executable would also start what is in it. Next: chmod +x ${quoted(path)} and run install again, if it is meant to run`;

export const editedBlock = (path: string): string =>
  `the lines between its reaper-hook markers were changed by hand, and are left as they are. Next: delete them from ${path}, markers included, and run install again`;

export const entryEdited = (why: string): string =>
  `${why}. Next: delete the reaper-hook entry from it; until then it does nothing, because the program is gone`;

export const damagedBlock = (path: string): string =>
  `its reaper-hook markers do not pair, so what is ours in it cannot be told. Next: delete our lines from ${path} and run install again`;

export const unfinishedScript = 'it ends in the middle of a statement (a trailing backslash)';

export const notEdited = 'it is code, or of a kind that cannot be added to without rewriting it';

export const runsAfter = (manager: string, next: string): string =>
  `git runs ${manager} for it once its hooks are in place. Next: ${next}`;

export const chainable = (manager: string): string =>
  `git 2.54 and later can run the hook beside ${manager}: run install again after upgrading git. Until then "npx reaper-hook install --chain" adds it behind ${manager}'s own text, in the same file`;

export const besideGlobal =
  'git 2.54 and later can run the hook beside those of that directory: run install again after upgrading git';

export const nodeInTree = (path: string, root: string): string =>
  `node at ${path} lies in the working tree ${root}, where a branch decides what it is; the hook starts another node from PATH, or none. Next: run install with a node from elsewhere`;

export const changedMeanwhile = 'it changed while it was being looked at. Next: run install again';

export const extendsGitLfs =
  'git-lfs updates its hooks only while they hold exactly its own text. Once the line is added, run "git lfs update --manual" after upgrading git-lfs';

/** Why no hook file is written when core.hooksPath does not allow it. */
export function refusedPlace(place: Extract<HooksPlace, { kind: 'refused' }>): string {
  const where = place.origin === '' ? '' : ` in ${place.origin}`;
  switch (place.why) {
    case 'global':
      return `core.hooksPath=${place.value} is set${where} (${place.scope}), so git runs the hooks of that directory in every repository, and none of this one's own`;
    case 'disabled':
      return `core.hooksPath=${place.value}${where} names no directory, so git runs no hooks here at all`;
    case 'bare':
      return `core.hooksPath=${place.value}${where} is relative to each worktree, and this repository is bare`;
    case 'unreadable':
      return `git could not say where it looks for hooks: ${place.value}`;
  }
}

/** What can be done about it; the first that applies is the least intrusive. */
export function placeAlternatives(place: Extract<HooksPlace, { kind: 'refused' }>, commonDir: string): string[] {
  const { why, value, origin, scope } = place;
  const ownHooks = `let this repository use its own hooks directory: git config --local core.hooksPath ${quoted(`${commonDir}/hooks`)}, then ${COMMAND} install`;
  if (why === 'global')
    return [
      `${ownHooks}. The hooks in ${value} do not run here from then on`,
      `or add the lines above to the hooks in ${value}; it is silent in repositories without reaper-hook`,
    ];
  if (why === 'disabled' && (scope === 'local' || scope === 'worktree'))
    return [
      `let git run hooks here again: git config --file ${quoted(origin)} --unset-all core.hooksPath, then ${COMMAND} install`,
    ];
  if (why === 'disabled') return [ownHooks];
  if (place.why === 'bare') return ['run install in one of its worktrees'];
  return ['mend the configuration, then install again'];
}

export const huskyNotHere = (shims: string): string =>
  `husky has not been set up in this worktree (${shims} has no hooks), so git runs nothing here yet. Next: npx husky`;

export const nothingRunsIn = (value: string, roots: readonly string[]): string =>
  `core.hooksPath=${value} is relative and leads nowhere in ${roots.join(', ')}: git runs no hooks there. Next: install husky (or make that directory) in each of them`;

export const toBeCommitted = (dir: string): string =>
  `${dir} lies in the working tree: commit the hook files, so that other worktrees and clones have them too. They do nothing where reaper-hook is not installed`;

export const sharedDirectory = (dir: string): string =>
  `${dir} lies outside this repository; whoever else uses it gets the block too, which is silent where reaper-hook is not installed`;

export const carriageReturns = (path: string): string =>
  `${path} has lines that end in CRLF, which most shells cannot run; they were left as they are`;

export const managerConfigured = (manager: string, file: string, hook: HookName): string =>
  `${manager} is configured here (${file}) and may replace ${hook} when it installs its own hooks. What lasts is an entry in its configuration, which "npx reaper-hook install --write" adds:`;

/** @param ids of what is in quarantine, at least one */
export function stillOurs(ids: readonly string[]): string {
  const [first = ''] = ids;
  const others = ids.length > 1 ? ` (npx reaper-hook status has all ${ids.length} ids)` : '';
  return `${ids.length === 1 ? '1 entry stays' : `${ids.length} entries stay`} in quarantine, and nothing purges ${ids.length === 1 ? 'it' : 'them'} any more. Next: npx reaper-hook restore ${first} brings it back, npx reaper-hook purge --now ${first} removes its files${others}`;
}

export const pinsStay =
  'the journal and the refs under refs/reaper/ stay; "git for-each-ref refs/reaper" lists the commits they keep';

/** A path as a shell word. */
export const quoted = (path: string): string =>
  /^[\w@%+=:,./-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;
