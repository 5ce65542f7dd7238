/**
 * What limits the reach of the hooks that were put in place: other managers, relative paths, shared
 * directories. Contract: reads only; sentences, the exact snippet following where there is one.
 */
import { isAbsolute, join, relative } from 'node:path';
import type { Io } from '../io/ports.ts';
import type { Adoption } from './adopt.ts';
import { configuredManagers, managerSnippet } from './managers.ts';
import * as say from './messages.ts';
import { HOOK_NAMES } from './names.ts';
import { type HooksPlace, type Repo, worktreeRoots, worktreesWithout } from './place.ts';
import type { HookOutcome, Plan } from './plan.ts';

/** Every sentence that applies; none when git runs the hooks everywhere. */
export async function notesOn(
  io: Io,
  repo: Repo,
  place: HooksPlace,
  plans: readonly Plan[],
  adoptions: readonly Adoption[],
  hooks: readonly HookOutcome[],
): Promise<string[]> {
  const isLeft = hooks.some(({ action }) => action === 'left');
  if (place.kind === 'refused' && !isLeft) return [];
  if (place.kind === 'refused')
    return [...say.placeAlternatives(place, repo.commonDir), ...(place.why === 'global' ? [say.besideGlobal] : [])];
  const chainable = plans.filter(({ outcome, file }) =>
    hooks.some(({ hook, action }) => hook === outcome.hook && action === 'left' && isChainable(file)),
  );
  const [first] = chainable;
  return [
    ...(first?.file.kind === 'foreign' ? [say.chainable(first.file.manager ?? '')] : []),
    ...(await onReach(io, repo, place)),
    ...plans.flatMap(({ file, outcome }) =>
      file.kind === 'shell' && file.crlf ? [say.carriageReturns(outcome.path ?? '')] : [],
    ),
    ...(adoptions.length > 0 ? [] : await onManagers(io, repo, plans)),
  ];
}

const isChainable = (file: Plan['file']): boolean =>
  file.kind === 'foreign' && (file.manager === 'git-lfs' || file.manager === 'git-annex');

async function onReach(io: Io, repo: Repo, place: Exclude<HooksPlace, { kind: 'refused' }>): Promise<string[]> {
  const notes: string[] = [];
  const [dir, root, common] = await Promise.all([
    real(io, place.dir),
    real(io, repo.topLevel ?? repo.commonDir),
    real(io, repo.commonDir),
  ]);
  if (!isBelow(dir, common)) notes.push(isBelow(dir, root) ? say.toBeCommitted(dir) : say.sharedDirectory(dir));
  if (place.kind === 'default') return notes;
  const roots = await worktreeRoots(io, repo);
  const without = await worktreesWithout(io, place, roots ?? []);
  const here = without.find((root) => root === repo.topLevel);
  if (place.kind === 'husky' && here !== undefined) notes.push(say.huskyNotHere(join(here, place.value)));
  const elsewhere = without.filter((root) => root !== here);
  if (elsewhere.length > 0) notes.push(say.nothingRunsIn(place.value, elsewhere));
  return notes;
}

/** A manager whose slot was empty so far will fill it one day; its own file is left to the plan to report. */
async function onManagers(io: Io, repo: Repo, plans: readonly Plan[]): Promise<string[]> {
  if (repo.topLevel === null) return [];
  const configured = await configuredManagers(io.disk, repo.topLevel);
  const hook = HOOK_NAMES.find((name) => plans.some(({ outcome, write }) => outcome.hook === name && write !== null));
  if (hook === undefined) return [];
  return configured.map(
    ({ manager, file }) => `${say.managerConfigured(manager, file, hook)}\n${managerSnippet(manager, hook, file)}`,
  );
}

/** With links resolved: a hooks directory is often a link into the working tree. */
async function real(io: Io, path: string): Promise<string> {
  const answer = await io.disk.realpath(path);
  return answer.ok ? answer.value : path;
}

function isBelow(path: string, directory: string): boolean {
  const way = relative(directory, path);
  return way !== '' && !way.startsWith('..') && !isAbsolute(way);
}
