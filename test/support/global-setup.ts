/** Every test file gets a HOME of its own, made below this one run's directory, removed at the end. */
import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export default function setup() {
  const sandbox = realpathSync(mkdtempSync(join(tmpdir(), 'reaper-test-')));
  process.env.REAPER_TEST_SANDBOX = sandbox;
  return () => {
    if (process.env.REAPER_TEST_KEEP === undefined) rmSync(sandbox, { recursive: true, force: true });
  };
}
