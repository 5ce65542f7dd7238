/**
 * Takes every guard of the landing proofs away, one after the other, and shows which test notices.
 *
 * Contract: the sources stay as they are; the edit is made where vitest reads them. A guard whose text
 * is no longer there, or that no test misses, ends this with status 1. `node test/mutation/landed.mjs
 * WORD` tries only the guards whose name holds the word; a second argument, the name of a test file,
 * lets that one alone notice: `landed-property` shows what random histories would find by themselves.
 * `--some` tries one in three: those that `REAPER_TEST_SEED` comes by, a pinned one without it;
 * `REAPER_TEST_FULL=1` makes that all again.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startVitest } from 'vitest/node';
import { GUARDS } from './guards.mjs';

const PROJECT = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');
const ALL = ['test/real-git/landed-', 'test/unit/landing-'];
const isSample = process.argv.includes('--some') && (process.env.REAPER_TEST_FULL ?? '') === '';
const seed = Number(process.env.REAPER_TEST_SEED ?? 20_261_121);
const STRIDE = 3;
const [word = '', alone = ''] = process.argv.slice(2).filter((each) => each !== '--some');
const chosen = GUARDS.filter(({ name }, index) => name.includes(word) && (!isSample || (index + seed) % STRIDE === 0));

const survivors = [];
for (const guard of chosen) {
  const stale = guard.edits.find(([file, from]) => sourceOf(file).split(from).length !== 2);
  if (stale !== undefined) {
    survivors.push(`${guard.name}: src/${stale[0]} does not hold its text exactly once: ${stale[1]}`);
    continue;
  }
  const noticed =
    alone === ''
      ? ((await firstFailure(guard, guard.tests, guard.first)) ?? (await firstFailure(guard, ALL, '')))
      : await firstFailure(guard, [alone], '');
  console.log(
    `${noticed === null ? 'NOTHING' : 'noticed'}  ${guard.name}${noticed === null ? '' : `\n         by: ${noticed}`}`,
  );
  if (noticed === null) survivors.push(`${guard.name}: no test misses it`);
}
for (const survivor of survivors) console.error(survivor);
console.log(
  `\n${chosen.length} of ${GUARDS.length} guards${isSample ? ` (chosen by seed ${seed})` : ''}, ${survivors.length} of them not noticed when they are gone.`,
);
process.exit(survivors.length > 0 ? 1 : 0);

function sourceOf(file) {
  return readFileSync(join(PROJECT, 'src', file), 'utf8');
}

/** The name of a test that fails without the guard, or null. */
async function firstFailure({ edits }, tests, names) {
  const cut = {
    name: 'take the guard away',
    enforce: 'pre',
    transform(code, id) {
      const own = edits.filter(([file]) => id.split('?')[0] === join(PROJECT, 'src', file));
      return own.length === 0 ? undefined : own.reduce((text, [, from, to]) => text.replace(from, () => to), code);
    },
  };
  const run = await startVitest(
    'test',
    tests,
    {
      ...{ config: false, root: PROJECT, watch: false, pool: 'forks', maxWorkers: 2, bail: 1 },
      ...{ testTimeout: 240_000, hookTimeout: 60_000, reporters: [{}] },
      ...(names === '' ? {} : { testNamePattern: names }),
      include: ['test/real-git/**/*.test.ts', 'test/unit/**/*.test.ts'],
      exclude: alone === '' ? ['test/real-git/landed-property.test.ts'] : [],
      globalSetup: ['test/support/global-setup.ts'],
    },
    { plugins: [cut] },
  );
  const modules = run.state.getTestModules();
  const failed = modules.flatMap((module) => [...module.children.allTests('failed')]);
  const broken = modules.filter((module) => module.state() === 'failed' && failed.length === 0);
  await run.close();
  process.exitCode = 0;
  if (broken.length > 0)
    throw new Error(`${broken[0].relativeModuleId} does not load: ${broken[0].errors()[0]?.message}`);
  return failed[0]?.fullName ?? null;
}
