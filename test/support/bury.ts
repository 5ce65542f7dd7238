/** Makes a run that was killed in this process one of a process that is no more. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DEAD_PID } from './pids.ts';
import type { TestRepo } from './repo.ts';

/** A lock left by a dead pass names this living process: its number becomes that of a dead one. */
export function buryHolder(repo: TestRepo): void {
  const path = join(repo.commonDir, 'reaper/lock');
  if (!existsSync(path)) return;
  try {
    writeFileSync(path, JSON.stringify({ ...JSON.parse(readFileSync(path, 'utf8')), pid: DEAD_PID }));
  } catch {
    // Cut in half: it names nobody.
  }
}
