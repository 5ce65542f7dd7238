/** Owners that cases give to worktrees and leftovers. */
import { spawnSync } from 'node:child_process';
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
