/**
 * Where git looks for hooks in this repository, and whether they may be put there.
 *
 * Contract: reads only. A path that this repository's own configuration names is followed; one from
 * the user's or the system's configuration serves other repositories too and is refused.
 * Failure direction: a configuration that cannot be read is a refusal, never the default place.
 */
import { basename, dirname, isAbsolute, join, resolve } from 'node:path';
import type { Io } from '../io/ports.ts';
import { HOOK_NAMES, type HookName, type Style } from './names.ts';

/** The repository that a command works in, as its caller resolved it. */
export interface Repo {
  /** Absolute path of the common directory. */
  readonly commonDir: string;
  /** Absolute path of this worktree's git directory. */
  readonly gitDir: string;
  /** Absolute path of this worktree's root; null in a bare repository. */
  readonly topLevel: string | null;
  readonly isBare: boolean;
}

export type HooksPlace =
  | { readonly kind: 'default'; readonly dir: string; readonly style: Style }
  | {
      /** `local`: any directory; `husky`: the directory of the files that husky's shims run. */
      readonly kind: 'local' | 'husky';
      readonly dir: string;
      readonly style: Style;
      /** core.hooksPath as configured. */
      readonly value: string;
      readonly scope: 'local' | 'worktree';
      /** True when every worktree has a directory of its own by that name, or none. */
      readonly relative: boolean;
    }
  | {
      readonly kind: 'refused';
      /** `disabled`: it names no directory, whoever says so; a person's way to switch hooks off. */
      readonly why: 'global' | 'disabled' | 'bare' | 'unreadable';
      /** core.hooksPath as configured, or git's words when it could not be read. */
      readonly value: string;
      /** The configuration file, when one is known. */
      readonly origin: string;
      readonly scope: string;
    };

/** Finds the directory whose files git (or husky, which git runs) will run. */
export async function findHooksPlace(io: Io, repo: Repo): Promise<HooksPlace> {
  const setting = await hooksPathSetting(io, repo);
  const byDefault = { kind: 'default', dir: `${repo.commonDir}/hooks`, style: 'git' } as const;
  if (setting === null) return byDefault;
  if ('kind' in setting) return setting;
  const { scope, origin, value } = setting;
  const refuse = (why: 'global' | 'disabled' | 'bare') => ({ kind: 'refused', why, value, origin, scope }) as const;
  if (value === '') return refuse('disabled');
  const relative = !isAbsolute(value);
  const isOfRepository = scope === 'local' || scope === 'worktree';
  if (relative && repo.topLevel === null) return refuse(isOfRepository ? 'bare' : 'global');
  const configured = resolve(repo.topLevel ?? '/', value);
  const info = await io.disk.stat(configured);
  if (info.ok && info.value.kind !== 'directory') return refuse('disabled');
  if (!isOfRepository) return refuse('global');
  if (!info.ok && info.code !== 'ENOENT') return refuse('disabled');
  if (await isSamePlace(io, configured, byDefault.dir)) return byDefault;
  if (await isHusky(io, configured))
    return { kind: 'husky', dir: dirname(configured), style: 'husky', value, scope, relative };
  return { kind: 'local', dir: configured, style: 'git', value, scope, relative };
}

/** The path of a hook's file in a place that was not refused. */
export const hookPath = (place: { readonly dir: string }, hook: HookName): string => join(place.dir, hook);

/** Every place where a block of ours may have been put by an earlier installation. */
export function usualHookPaths(repo: Repo, place: HooksPlace): string[] {
  const dirs = [`${repo.commonDir}/hooks`, ...(place.kind === 'refused' ? [] : [place.dir])];
  // Other managers move a file that is in their way aside, under these names.
  const names = HOOK_NAMES.flatMap((hook) => [hook, `${hook}.old`, `${hook}.legacy`]);
  return [...new Set(dirs)].flatMap((dir) => names.map((name) => join(dir, name)));
}

/** Worktrees (their roots) in which a relative core.hooksPath leads nowhere, so that no hook runs. */
export async function worktreesWithout(io: Io, place: HooksPlace, worktrees: readonly string[]): Promise<string[]> {
  if (place.kind === 'default' || place.kind === 'refused' || !place.relative) return [];
  const without: string[] = [];
  for (const root of worktrees) {
    const runs = await Promise.all(
      HOOK_NAMES.map(async (hook) => (await io.disk.stat(join(root, place.value, hook))).ok),
    );
    if (!runs.includes(true)) without.push(root);
  }
  return without;
}

/** Roots of all worktrees, the main one first unless bare; null when git cannot tell. */
export async function worktreeRoots(io: Io, repo: Repo): Promise<string[] | null> {
  const answer = await io.git.run({
    args: ['worktree', 'list', '--porcelain', '-z'],
    cwd: repo.commonDir,
    gitDir: repo.commonDir,
  });
  if (!answer.ok) return null;
  const entries = answer.stdout.split('\0\0').map((entry) => entry.split('\0'));
  return entries
    .filter((lines) => !lines.some((line) => line === 'bare' || line.startsWith('prunable')))
    .flatMap((lines) =>
      lines.filter((line) => line.startsWith('worktree ')).map((line) => line.slice('worktree '.length)),
    );
}

/** The working tree of this repository that holds `path`, links resolved; null when none does, or git cannot tell. */
export async function treeAround(io: Io, repo: Repo, path: string): Promise<string | null> {
  const directory = await io.disk.realpath(dirname(path));
  if (!directory.ok) return null;
  for (const root of (await worktreeRoots(io, repo)) ?? []) {
    const real = await io.disk.realpath(root);
    if (real.ok && `${directory.value}/`.startsWith(`${real.value}/`)) return root;
  }
  return null;
}

type Setting = { scope: string; origin: string; value: string };

async function hooksPathSetting(
  io: Io,
  repo: Repo,
): Promise<Setting | null | Extract<HooksPlace, { kind: 'refused' }>> {
  const answer = await io.git.run({
    args: ['config', '--show-scope', '--show-origin', '--null', '--type=path', '--get-all', 'core.hooksPath'],
    cwd: repo.commonDir,
    gitDir: repo.gitDir,
    okCodes: [1],
    hooks: true,
  });
  if (!answer.ok) return { kind: 'refused', why: 'unreadable', value: answer.why, origin: '', scope: '' };
  const fields = answer.stdout.split('\0');
  const [scope, origin, value] = fields.slice(-4, -1);
  if (scope === undefined || origin === undefined || value === undefined) return null;
  return { scope, origin: origin.replace(/^file:/, ''), value };
}

/** husky 9 keeps generated shims in `_`, all of which hand over to `_/h`; the user's files lie beside it. */
async function isHusky(io: Io, configured: string): Promise<boolean> {
  if (basename(configured) !== '_') return false;
  if (basename(dirname(configured)) === '.husky') return true;
  return (await io.disk.stat(join(configured, 'h'))).ok;
}

async function isSamePlace(io: Io, one: string, other: string): Promise<boolean> {
  const [first, second] = await Promise.all([io.disk.realpath(one), io.disk.realpath(other)]);
  if (first.ok && second.ok) return first.value === second.value;
  return resolve(one) === resolve(other);
}
