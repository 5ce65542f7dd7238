/** The tarball that would be published, packed beside the project, so that tests at the same time see no other package.json. */
import { execFileSync } from 'node:child_process';
import { cpSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PROJECT } from './program.ts';
import { environment, sandbox } from './repo.ts';

/** What npm needs to see: what is published, and what publishing calls. */
const NEEDED = [
  ...['package.json', 'README.md', 'LICENSE', '.ci'],
  ...JSON.parse(readFileSync(join(PROJECT, 'package.json'), 'utf8')).files,
] as string[];

/** Packs as `npm pack` does after building; answers the tarball's path and the directory it was made in. */
export function packed(home: string): { tarball: string; stage: string } {
  const stage = sandbox('stage-');
  const isWanted = (source: string) => !source.includes('node_modules');
  for (const name of NEEDED) cpSync(join(PROJECT, name), join(stage, name), { recursive: true, filter: isWanted });
  const run = (command: string, ...args: string[]) =>
    execFileSync(command, args, {
      cwd: stage,
      env: environment(home),
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
  run('node', '.ci/manifest.mjs', 'strip');
  const [{ filename }] = JSON.parse(run('npm', 'pack', '--json', '--ignore-scripts', '--pack-destination', stage));
  run('node', '.ci/manifest.mjs', 'restore');
  return { tarball: join(stage, filename), stage };
}
