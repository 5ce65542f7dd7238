/**
 * Puts the sandbox of a test file that copies repositories a thousand times into memory, where there is room.
 *
 * Contract: imported before `repo.ts`, which reads where the sandbox is; removed when the file is through.
 * What it was before is then a second file system, for tests that need two.
 */
import { mkdtempSync, rmSync, statfsSync } from 'node:fs';
import { basename, join } from 'node:path';
import { afterAll } from 'vitest';

const MEMORY = '/dev/shm';

/** Containers often have 64 MB of it, which would run full. */
const ROOM_BYTES = 1024 * 1024 * 1024;

function hasRoom(): boolean {
  try {
    const { bavail, bsize } = statfsSync(MEMORY);
    return bavail * bsize > ROOM_BYTES;
  } catch {
    return false;
  }
}

const { REAPER_TEST_SANDBOX: slow, REAPER_TEST_KEEP } = process.env;

if (slow !== undefined && !slow.startsWith(MEMORY) && hasRoom()) {
  const swift = mkdtempSync(join(MEMORY, `${basename(slow)}-`));
  process.env.REAPER_TEST_SANDBOX = swift;
  process.env.REAPER_TEST_ELSEWHERE = slow;
  afterAll(() => {
    if (REAPER_TEST_KEEP === undefined) rmSync(swift, { recursive: true, force: true });
  });
}
