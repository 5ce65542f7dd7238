/**
 * Runs a bench of the landing proofs: `node bench/landed/run.mjs accuracy|speed|growth [FOLDER]`.
 *
 * FOLDER holds corpora: `<name>.bundle` with refs `main` and `agent/*`, and `<name>.truth.json` of
 * the form `{base, branches: [{branch, marked, commit}]}`. `growth` makes its own repositories.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const [bench = '', folder = ''] = process.argv.slice(2);
const needsFolder = bench !== 'growth';
if (!['accuracy', 'speed', 'growth'].includes(bench) || (needsFolder && folder === '')) {
  console.error('usage: node bench/landed/run.mjs accuracy|speed|growth [FOLDER]');
  process.exit(2);
}
const place = mkdtempSync(join(tmpdir(), 'landed-bench-'));
try {
  const outfile = join(place, 'bench.mjs');
  await build({
    entryPoints: [fileURLToPath(new URL(`./${bench}.ts`, import.meta.url))],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
    logLevel: 'error',
  });
  const { run } = await import(pathToFileURL(outfile).href);
  process.exitCode = (await run(folder, place)) ? 0 : 1;
} finally {
  rmSync(place, { recursive: true });
}
