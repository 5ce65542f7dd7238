/** The README's terminal picture shows what the program prints. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { PROJECT } from '../support/program.ts';
import { environment, sandbox } from '../support/repo.ts';

const canDrawTerminals = spawnSync('script', ['--version'], { stdio: 'ignore' }).error === undefined;

describe('bench/status.svg', () => {
  it.skipIf(!canDrawTerminals)(
    'is what status prints in the staged repository (needs script)',
    () => {
      const place = sandbox();
      const ran = spawnSync(process.execPath, [join(PROJECT, 'bench/picture.mjs'), '--check'], {
        env: environment(place, { TMPDIR: place }),
        encoding: 'utf8',
        timeout: 110_000,
      });
      expect(ran.stderr).toBe('');
      expect(ran.status).toBe(0);
    },
    120_000,
  );
});
