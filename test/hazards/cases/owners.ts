/** Owners that cases give to worktrees and leftovers. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { processes } from '../../../src/io/processes.ts';

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
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8').trimEnd().replace(/\(.*\)/s, '(claude)');
  return `reaper-hook maker 1\nhost ${name}\nboot ${bootId}\npidns ${pidNamespace}\nstat ${stat}\nargs\t/usr/bin/claude\n`;
}
