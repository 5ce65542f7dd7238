/** A file that another program has leased, as file servers do: the kernel waits for them, and time goes on. */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { disk } from '../../src/io/disk.ts';
import { swift } from '../../src/io/swift.ts';

const LEASE = `
import fcntl, os, signal, sys, time
signal.signal(signal.SIGIO, signal.SIG_IGN)
file = os.open(sys.argv[1], os.O_RDWR)
fcntl.fcntl(file, fcntl.F_SETLEASE, fcntl.F_WRLCK)
print('held', flush=True)
time.sleep(1.5)
os.close(file)
`;

const hasPython = (() => {
  try {
    execFileSync('python3', ['-c', 'import fcntl; fcntl.F_SETLEASE'], { stdio: 'ignore' });
    return process.platform === 'linux';
  } catch {
    return false;
  }
})();

it.skipIf(!hasPython)('does not hold up the timers that end a pass (needs python3)', async () => {
  const path = join(mkdtempSync(join(process.env.REAPER_TEST_SANDBOX ?? tmpdir(), 'lease-')), 'journal');
  writeFileSync(path, 'first\n');
  const holder = spawn('python3', ['-c', LEASE, path]);
  await once(holder.stdout, 'data');
  let turns = 0;
  const timer = setInterval(() => turns++, 20);
  const appended = await swift(disk).appendLine(path, 'second');
  clearInterval(timer);
  expect(appended.ok).toBe(true);
  expect(readFileSync(path, 'utf8')).toBe('first\nsecond\n');
  expect(turns).toBeGreaterThan(10);
});
