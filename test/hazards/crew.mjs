/**
 * The processes that try cases out, for run.mjs and mutate.mjs.
 *
 * Contract: bundles worker.ts into a directory of its own below the system's temporary one, starts
 * one process per core, hands out work in order, and removes everything at the end.
 */
import { fork } from 'node:child_process';
import { mkdtempSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';

export const HERE = dirname(fileURLToPath(import.meta.url));
export const PROJECT = join(HERE, '../..');

/** A case that takes longer than this hangs. */
const PATIENCE_MS = 60_000;

/** Starts the crew; `ask` answers with what a worker said, `dismiss` ends it. */
export async function assemble() {
  const place = realpathSync(mkdtempSync(join(tmpdir(), 'reaper-hazards-')));
  const bundle = join(place, 'worker.mjs');
  await build({
    entryPoints: [join(HERE, 'worker.ts')],
    outfile: bundle,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    logLevel: 'error',
    banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
    plugins: [keepPlaces],
  });
  const workers = Array.from({ length: Math.max(2, availableParallelism()) }, () => startWorker(bundle, place));
  const idle = [...workers];
  const waiting = [];
  const ask = async (question) => {
    const worker = idle.pop() ?? (await new Promise((resolve) => waiting.push(resolve)));
    try {
      return await worker.ask(question);
    } finally {
      const next = waiting.shift();
      if (next === undefined) idle.push(worker);
      else next(worker);
    }
  };
  const dismiss = () => {
    for (const worker of workers) worker.end();
    rmSync(place, { recursive: true, force: true });
  };
  return { ask, dismiss };
}

/** Sources that look for files beside themselves still find them when they are bundled. */
const keepPlaces = {
  name: 'keep places',
  setup({ onLoad }) {
    onLoad({ filter: /\/(src|test)\/.*\.ts$/ }, ({ path }) => ({
      loader: 'ts',
      contents: readFileSync(path, 'utf8')
        .replaceAll('import.meta.url', JSON.stringify(pathToFileURL(path).href))
        .replaceAll('import.meta.dirname', JSON.stringify(dirname(path))),
    }));
  },
};

function startWorker(bundle, place) {
  const worker = fork(bundle, { cwd: PROJECT, env: { ...process.env, REAPER_TEST_SANDBOX: place } });
  const ask = (question) =>
    new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`no answer to ${JSON.stringify(question)}`)), PATIENCE_MS);
      worker.once('message', ({ value, error }) => {
        clearTimeout(timer);
        if (error === undefined) resolve(value);
        else reject(new Error(error));
      });
      worker.send(question);
    });
  return { ask, end: () => worker.kill() };
}

/** A markdown table. */
export const table = (rows) =>
  [rows[0], rows[0].map(() => '---'), ...rows.slice(1)].map((row) => `| ${row.join(' | ')} |`).join('\n');
