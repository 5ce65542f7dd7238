/**
 * The other ways to clean up, as people write them.
 *
 * Contract: each is given the worktrees that are ours to look at (`agent/*`, and what the case
 * manages by its path), and the same moment between looking and acting.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, lstatSync, readdirSync, rmSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import type { PassReport } from '../../src/pass.ts';
import { DAY } from '../support/repo.ts';
import type { Scene } from './hazard.ts';
import type { Stage } from './stage.ts';

export interface Cleaner {
  readonly name: string;
  readonly clean: (stage: Stage, scene: Scene, moment: () => void) => Promise<PassReport | null>;
}

/** Everything older than this goes when age decides. */
const WEEK_MS = 7 * DAY;

/** `git worktree remove` for every agent's worktree, and git refuses what it can see. */
export const plainRemove: Cleaner = { name: 'git worktree remove', clean: removing([]) };

/** The same, not to be refused. */
export const forcedRemove: Cleaner = { name: 'git worktree remove --force', clean: removing(['--force']) };

/** `find -mtime +7` and `rm -rf`, over worktrees and leftovers. */
export const byAge: Cleaner = {
  name: 'by age: rm -rf after a week',
  async clean(stage, _scene, moment) {
    const worktrees = worktreesOf(stage);
    const old = [...worktrees, ...leftovers(stage)].filter(isOld);
    moment();
    for (const path of old) removeAll(path);
    return null;
  },
};

export const OTHERS: readonly Cleaner[] = [plainRemove, forcedRemove, byAge];

/** As `rm -rf` does: on past what cannot be removed. */
function removeAll(path: string): void {
  try {
    rmSync(path, { recursive: true, force: true });
  } catch {}
}

function removing(flags: readonly string[]): Cleaner['clean'] {
  return async (stage, scene, moment) => {
    const worktrees = worktreesOf(stage);
    moment();
    for (const path of worktrees)
      spawnSync('git', ['worktree', 'remove', ...flags, '--', path], {
        cwd: scene.from !== undefined && existsSync(scene.from) ? scene.from : placeToStand(stage),
        env: environmentOf(stage, scene),
        stdio: 'ignore',
      });
    return null;
  };
}

/** A directory of the repository, bare or not. */
export const placeToStand = (stage: Stage): string =>
  existsSync(join(stage.root, '.git')) ? stage.root : stage.commonDir;

const environmentOf = (stage: Stage, scene: Scene): Record<string, string> => ({
  ...stage.repo.env({ ...scene.env }),
  ...(stage.impostorAt === null ? {} : { PATH: `${stage.impostorAt}${delimiter}${process.env.PATH}` }),
});

/** Linked worktrees of agents, by branch, and the detached ones where paths are managed. */
function worktreesOf(stage: Stage): string[] {
  const cwd = placeToStand(stage);
  const options = {
    cwd,
    env: stage.repo.env(),
    encoding: 'utf8' as const,
    stdio: ['ignore', 'pipe', 'ignore'] as const,
  };
  const list = spawnSync('git', ['worktree', 'list', '--porcelain', '-z'], {
    ...options,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const byPath = spawnSync('git', ['config', '--get-all', 'reaper.paths'], {
    ...options,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const areDetachedManaged = byPath.stdout.trim() !== '';
  return list.stdout
    .split('\0\0')
    .slice(1)
    .map((block) => block.split('\0'))
    .filter((lines) =>
      lines.some((line) => /^branch refs\/heads\/agent\//.test(line) || (areDetachedManaged && line === 'detached')),
    )
    .flatMap((lines) =>
      lines.flatMap((line) => (line.startsWith('worktree ') ? [line.slice('worktree '.length)] : [])),
    );
}

/** Per-process leftovers in every worktree, as a script would name them. */
function leftovers(stage: Stage): string[] {
  const roots = [stage.root, ...worktreesOf(stage)];
  return roots.flatMap((root) =>
    [
      ['.agent-config', 'pack-compose.staging-'],
      ['.orchestrator-state', 'active-session-'],
    ].flatMap(([directory = '', prefix = '']) => {
      const at = join(root, directory);
      return existsSync(at) ? readdirSync(at).flatMap((name) => (name.startsWith(prefix) ? [join(at, name)] : [])) : [];
    }),
  );
}

function isOld(path: string): boolean {
  const info = lstatSync(path, { throwIfNoEntry: false });
  return info !== undefined && Date.now() - info.mtimeMs > WEEK_MS;
}
