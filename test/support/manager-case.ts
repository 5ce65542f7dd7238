/** Real hook managers, run as their users run them; a test that needs an absent one is skipped, by name. */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { findProgram } from '../../src/io/program.ts';
import type { InstallCase } from './install-case.ts';
import { PROJECT, type Ran } from './program.ts';

/** husky is the project's own; the others are installed by `npm ci --prefix .ci/tools`, out of its way. */
const BINS = ['node_modules/.bin', '.ci/tools/node_modules/.bin'].map((directory) => join(PROJECT, directory));

const inBins = (name: string): string | null =>
  BINS.map((bin) => join(bin, name)).find((path) => existsSync(path)) ?? null;

/** True where the tool is here: among the installed packages, or on PATH. */
export const has = (tool: string): boolean => inBins(tool) !== null || findProgram(tool) !== null;

/** Runs a tool in a worktree, with a HOME of its own. */
export function tool(here: InstallCase, command: readonly string[], cwd = here.repo.root, env = {}): Ran {
  const [name = '', ...args] = command;
  const ran = spawnSync(inBins(name) ?? name, args, {
    cwd,
    env: here.repo.env({
      CI: '',
      PATH: [...BINS, process.env.PATH].join(':'),
      XDG_CACHE_HOME: join(here.repo.home, '.cache'),
      ...env,
    }),
    encoding: 'utf8',
    timeout: 60_000,
  });
  return { code: ran.status, stdout: ran.stdout, stderr: ran.stderr };
}

/** The hooks that reached us, by name, one for each. */
export const events = (here: InstallCase): string[] => here.runs().map((args) => args[2] ?? '');

/** Everything that install may touch, as text by path. */
export function textOf(path: string): string | null {
  return existsSync(path) ? readFileSync(path, 'utf8') : null;
}

/** A checkout and a merge, each of which a hook sees. */
export function checkoutAndMerge(here: InstallCase): void {
  const { repo } = here;
  repo.git(['checkout', '-q', '-B', 'topic']);
  repo.commit('topic.txt', `${Math.random()}`);
  repo.git(['checkout', '-q', 'main']);
  repo.git(['merge', '-q', '--no-edit', 'topic']);
}
