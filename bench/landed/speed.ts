/**
 * What the proofs cost: cold, warm, and after ten new base commits, a branch.
 *
 * Every run is one process's worth of work, with what an earlier run left on disk read again first;
 * the median of several runs is shown.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { type Corpus, git, landingsOf, median, openCorpora, table } from './corpus.ts';

const RUNS = 5;
const NEW_COMMITS = 10;

/** Prints the table; false when a figure is above its bound. */
export async function run(folder: string, place: string): Promise<boolean> {
  const rows: (string | number)[][] = [
    ['corpus', 'branches', 'cold ms', 'processes', 'warm ms', 'processes', '+10 ms', 'processes', 'cache kB', 'MB'],
  ];
  let isGood = true;
  for (const corpus of openCorpora(folder, place)) {
    const { row, isGood: isCorpusGood } = await measure(corpus);
    rows.push(row);
    isGood &&= isCorpusGood;
  }
  console.log(table(rows));
  console.log(`\nmedian of ${RUNS} runs, milliseconds a branch, git processes in all;`);
  console.log('MB: memory at its highest, of a fresh process that judges all branches cold.');
  return isGood;
}

/** Run by a process of its own: judges all branches cold, and prints its memory in megabytes. */
export async function judgeOnce(text: string): Promise<void> {
  const { gitDir, questions, bases } = JSON.parse(text) as Pick<Corpus, 'gitDir' | 'bases'> & {
    readonly questions: Corpus['branches'][number]['question'][];
  };
  await landingsOf(gitDir).landings.prove(questions, bases);
  console.log(Math.round(process.resourceUsage().maxRSS / 1024));
}

function memoryOf({ gitDir, bases, branches }: Corpus): number {
  const spec = JSON.stringify({ gitDir, bases, questions: branches.map(({ question }) => question) });
  const code = `import(${JSON.stringify(import.meta.url)}).then((bench) => bench.judgeOnce(${JSON.stringify(spec)}))`;
  return Number(execFileSync(process.execPath, ['--input-type=module'], { input: code, encoding: 'utf8' }));
}

async function measure(corpus: Corpus) {
  const questions = corpus.branches.map(({ question }) => question);
  const [base] = corpus.bases;
  if (base === undefined) throw new Error('no base');
  const older = { ref: base.ref, oid: git(corpus.gitDir, ['rev-parse', `${base.oid}~${NEW_COMMITS}`]) };
  const file = `${corpus.gitDir}.cache`;
  const timed = async (bases: typeof corpus.bases, cache: unknown) => {
    writeFileSync(file, JSON.stringify(cache));
    const startMs = performance.now();
    const { landings, processes } = landingsOf(corpus.gitDir, JSON.parse(readFileSync(file, 'utf8')));
    await landings.prove(questions, bases);
    return { ms: (performance.now() - startMs) / questions.length, processes: processes(), cache: landings.cache() };
  };
  const repeat = async (bases: typeof corpus.bases, cache: unknown) => {
    const runs = [];
    for (let at = 0; at < RUNS; at++) runs.push(await timed(bases, cache));
    const last = runs[RUNS - 1] ?? runs[0];
    return { ms: median(runs.map(({ ms }) => ms)), processes: last?.processes ?? 0, cache: last?.cache };
  };
  const cold = await repeat(corpus.bases, null);
  const warm = await repeat(corpus.bases, cold.cache);
  const before = await timed([older], null);
  const moved = await repeat(corpus.bases, before.cache);
  const size = JSON.stringify(cold.cache).length / 1024;
  const ms = [cold, warm, moved].flatMap((each) => [each.ms.toFixed(2), each.processes]);
  const memory = memoryOf(corpus);
  const row = [corpus.name, questions.length, ...ms, Math.round(size), memory];
  return { row, isGood: cold.ms < 15 && warm.ms < 1 && moved.ms < 3 && memory < 150 };
}
