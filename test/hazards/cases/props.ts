/** What several families put on the stage: repositories inside, odd checkouts, owners that are gone. */

import { spawnSync } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { processes } from '../../../src/io/processes.ts';
import type { Stage } from '../stage.ts';

export const SIGNATURE = 'Signature: 8a477f597d28d172789f06886806bc55\n';

/** A worktree that landed, with a sparse checkout that leaves `outside/` out. */
export function sparse(stage: Stage, ...options: string[]): string {
  const path = stage.fresh();
  stage.put(join(path, 'outside/file'), 'tracked\n');
  stage.put(join(path, 'inside/file'), 'tracked\n');
  stage.git(['add', '.'], path);
  stage.git(['commit', '-q', '-m', 'two directories'], path);
  stage.git(['merge', '-q', '--ff-only', 'agent/done']);
  stage.git(['sparse-checkout', 'set', '--cone', ...options, 'inside'], path);
  return path;
}

/** A repository of its own with one commit that is nowhere else. */
export function repository(stage: Stage, path: string): void {
  stage.git(['init', '-q', '-b', 'main', path]);
  stage.commit(path, 'only.txt');
}

/** A worktree that landed with a submodule `lib`, initialised. */
export function withSubmodule(stage: Stage, isInitialised = true): string {
  const library = join(stage.place, 'library');
  repository(stage, library);
  const path = stage.fresh();
  stage.git(['-c', 'protocol.file.allow=always', 'submodule', '--quiet', 'add', library, 'lib'], path);
  stage.git(['commit', '-q', '-m', 'a submodule'], path);
  stage.git(['merge', '-q', '--ff-only', 'agent/done']);
  if (!isInitialised) {
    stage.git(['submodule', '--quiet', 'deinit', '--all'], path);
    rmSync(join(stage.registration(path), 'modules'), { recursive: true });
  }
  return path;
}

/** What a filter of the user strips from a file before git looks at it: the outputs of a notebook, say. */
export function filtered(stage: Stage): string {
  stage.userConfig('filter.strip.clean', 'sed /^output/d');
  stage.userConfig('filter.strip.smudge', 'cat');
  stage.commit(stage.root, '.gitattributes', '*.ipynb filter=strip\n');
  stage.commit(stage.root, 'work.ipynb', 'code\n');
  return stage.landed();
}

/** The number of a process that has just ended. */
export function deadPid(): number {
  const { pid } = spawnSync('true');
  return pid;
}

const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** When a process started, as ps prints it, shifted. */
export function startDate(pid: number, shiftMs = 0): string {
  const seen = processes.read(pid);
  if (!seen.ok || seen.value.startedMs === null) throw new Error(`process ${pid} has no start time`);
  const at = new Date(seen.value.startedMs + shiftMs);
  const two = (value: number) => String(value).padStart(2, '0');
  const time = [at.getHours(), at.getMinutes(), at.getSeconds()].map(two).join(':');
  return `${DAYS[at.getDay()]} ${MONTHS[at.getMonth()]} ${at.getDate()} ${time} ${at.getFullYear()}`;
}

/** What the hook writes down of the agent that adds a worktree, as it stands in the process table. */
export function certificate(pid: number): string {
  const { name, bootId, pidNamespace } = processes.host;
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .trimEnd()
    .replace(/\(.*\)/s, '(claude)');
  return `reaper-hook maker 1\nhost ${name}\nboot ${bootId}\npidns ${pidNamespace}\nstat ${stat}\nargs\t/usr/bin/claude\n`;
}
