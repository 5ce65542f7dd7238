/**
 * The model for hours: `npm run soak -- [runs] [seed]`.
 *
 * Contract: prints a line every hundred runs, the counters at the end; on a failure the seed and path that
 * replay it, and exits 1. Bundled first, because node runs no TypeScript of its own.
 */
import { mkdtempSync, rmSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const runs = Number(process.argv[2] ?? 5_000);
const seed = Number(process.argv[3] ?? Date.now() % 2 ** 31);
const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');

const place = mkdtempSync(join(hasRoom('/dev/shm') ? '/dev/shm' : tmpdir(), 'reaper-soak-'));
process.env.REAPER_TEST_SANDBOX = place;
process.on('exit', () => rmSync(place, { recursive: true, force: true }));
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => process.exit(130));

const bundle = join(place, 'model.mjs');
await build({
  entryPoints: [join(root, 'test/model/soak.ts')],
  outfile: bundle,
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node20',
  absWorkingDir: root,
  logLevel: 'error',
  banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
});
const { soak } = await import(pathToFileURL(bundle).href);
process.exitCode = (await soak(runs, seed)) ? 0 : 1;

function hasRoom(path) {
  try {
    const { bavail, bsize } = statfsSync(path);
    return bavail * bsize > 1024 ** 3;
  } catch {
    return false;
  }
}
