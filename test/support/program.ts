/** The built program, run as a person or git would run it. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { eventually } from './eventually.ts';
import type { TestRepo } from './repo.ts';

export const PROJECT = resolve(import.meta.dirname, '../..');

/** What `npm run build` makes; `npm test` builds first. */
export const PROGRAM = resolve(PROJECT, 'dist/cli.js');

export interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the program in `cwd`. */
export function reaper(
  repo: TestRepo,
  args: readonly string[],
  cwd = repo.root,
  env: Record<string, string> = {},
): Ran {
  if (!existsSync(PROGRAM)) throw new Error(`${PROGRAM} is missing: npm run build`);
  const ran = spawnSync(process.execPath, [PROGRAM, ...args], {
    cwd,
    env: repo.env(env),
    encoding: 'utf8',
    input: '',
    timeout: 60_000,
  });
  return { code: ran.status, stdout: ran.stdout, stderr: ran.stderr };
}

/** The same, with `--json` parsed. */
// biome-ignore lint/suspicious/noExplicitAny: documents are asserted on, key by key
export function reaperJson(repo: TestRepo, args: readonly string[], cwd = repo.root): any {
  const ran = reaper(repo, [...args, '--json'], cwd);
  try {
    return JSON.parse(ran.stdout);
  } catch {
    throw new Error(`no JSON from ${args.join(' ')}: ${ran.stdout}${ran.stderr}`);
  }
}

/** Runs a shell command in `cwd` with the repository's environment. */
export function shell(repo: TestRepo, command: string, cwd = repo.root, env: Record<string, string> = {}): Ran {
  const ran = spawnSync('sh', ['-c', command], { cwd, env: repo.env(env), encoding: 'utf8', timeout: 60_000 });
  return { code: ran.status, stdout: ran.stdout, stderr: ran.stderr };
}

/** Waits until no pass is running: its lock is gone and its stamp is newer than `sinceMs`. */
export async function passEnded(repo: TestRepo): Promise<void> {
  await eventually(
    'the pass ended',
    () => existsSync(`${repo.commonDir}/reaper/state.json`) && !existsSync(`${repo.commonDir}/reaper/lock`),
  );
}
