/** Corpora of real branches: opened from bundles into throw-away bare repositories. */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Base, Question } from '../../src/core/landing.ts';
import { createMachine } from '../../src/io/machine.ts';
import type { GitCall } from '../../src/io/ports.ts';
import { findProgram } from '../../src/io/program.ts';
import { createLandings } from '../../src/observe/landed/index.ts';

export interface Corpus {
  readonly name: string;
  /** A bare repository. */
  readonly gitDir: string;
  readonly bases: readonly Base[];
  readonly branches: readonly Branch[];
}

export interface Branch {
  readonly question: Question;
  /** How its landing is marked in the truth file, or null. */
  readonly marked: string | null;
}

interface Truth {
  readonly base: string;
  readonly branches: readonly { readonly branch: string; readonly marked: string | null }[];
}

export function openCorpora(folder: string, place: string): Corpus[] {
  const names = readdirSync(folder).flatMap((file) =>
    file.endsWith('.bundle') ? [file.slice(0, -'.bundle'.length)] : [],
  );
  return names.sort().map((name) => openCorpus(folder, place, name));
}

function openCorpus(folder: string, place: string, name: string): Corpus {
  const gitDir = join(place, `${name}.git`);
  execFileSync('git', ['clone', '-q', '--bare', join(folder, `${name}.bundle`), gitDir]);
  const truth = JSON.parse(readFileSync(join(folder, `${name}.truth.json`), 'utf8')) as Truth;
  const refs = new Map<string, string>();
  for (const line of git(gitDir, ['for-each-ref', '--format=%(refname) %(objectname)']).split('\n')) {
    const [ref = '', oid = ''] = line.split(' ');
    refs.set(ref, oid);
  }
  const base = `refs/heads/${truth.base}`;
  const branches = truth.branches.map(({ branch, marked }) => {
    const head = refs.get(`refs/heads/${branch}`);
    if (head === undefined) throw new Error(`${name} has no branch ${branch}`);
    return { question: { head, branch }, marked };
  });
  return { name, gitDir, bases: [{ ref: base, oid: refs.get(base) ?? '' }], branches };
}

/** Trimmed output of git; throws when it fails. */
export function git(gitDir: string, args: readonly string[], input?: string): string {
  return execFileSync('git', ['--git-dir', gitDir, ...args], {
    encoding: 'utf8',
    maxBuffer: 2 ** 30,
    stdio: ['pipe', 'pipe', 'ignore'],
    ...(input === undefined ? {} : { input }),
  }).trimEnd();
}

/** Like `git`, but null when it fails. */
export function tryGit(gitDir: string, args: readonly string[], input?: string): string | null {
  try {
    return git(gitDir, args, input);
  } catch {
    return null;
  }
}

/** Landing proofs on the real machine, with a count of git processes. */
export function landingsOf(gitDir: string, cache?: unknown) {
  const binary = findProgram('git');
  if (binary === null) throw new Error('git is not on PATH');
  const machine = createMachine(binary);
  let processes = 0;
  const counting = {
    run(call: GitCall) {
      processes++;
      return machine.git.run(call);
    },
  };
  const io = { git: counting, disk: machine.disk };
  const landings = createLandings({ io, gitDir, cwd: gitDir, commonDir: gitDir, cache });
  return { landings, processes: () => processes };
}

export const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;

/** Columns padded to their widest cell; numbers to the right. */
export function table(rows: readonly (readonly (string | number)[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => String(row[column] ?? '').length)));
  const cell = (value: string | number, column: number) =>
    typeof value === 'number' ? String(value).padStart(widths[column] ?? 0) : value.padEnd(widths[column] ?? 0);
  return rows.map((row) => row.map(cell).join('  ').trimEnd()).join('\n');
}
