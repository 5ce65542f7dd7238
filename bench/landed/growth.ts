/**
 * How the cost grows with the base's history and with the number of branches.
 *
 * The repositories are made here: files of 60 lines, base commits that change a line or two,
 * branches that add a file and change a line, six of ten squashed 20 base commits later.
 */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { git, landingsOf, table } from './corpus.ts';

const FILES = 400;
const LINES = 60;
const SQUASHED_LATER = 20;

interface Size {
  readonly commits: number;
  readonly branches: number;
}

const SIZES: readonly Size[] = [
  { commits: 1_000, branches: 10 },
  { commits: 1_000, branches: 100 },
  { commits: 1_000, branches: 1_000 },
  { commits: 5_000, branches: 100 },
  { commits: 20_000, branches: 100 },
];

export async function run(_folder: string, place: string): Promise<boolean> {
  const rows: (string | number)[][] = [
    [
      'base commits',
      'branches',
      'landed',
      'cold ms',
      'a branch',
      'warm ms',
      '+10 ms',
      'one new branch ms',
      'processes',
    ],
  ];
  for (const size of SIZES) rows.push(await measure(size, join(place, `${size.commits}-${size.branches}.git`)));
  console.log(table(rows));
  return true;
}

async function measure(size: Size, gitDir: string): Promise<(string | number)[]> {
  make(size, gitDir);
  const refs = git(gitDir, ['for-each-ref', '--format=%(refname:short) %(objectname)', 'refs/heads/agent']).split('\n');
  const questions = refs.map((line) => {
    const [branch = '', head = ''] = line.split(' ');
    return { branch, head };
  });
  const at = (rev: string) => [{ ref: 'refs/heads/main', oid: git(gitDir, ['rev-parse', rev]) }];
  const timed = async (asked: typeof questions, rev: string, cache: unknown) => {
    const { landings, processes } = landingsOf(gitDir, cache);
    const startMs = performance.now();
    const proofs = await landings.prove(asked, at(rev));
    return { ms: performance.now() - startMs, proofs, processes: processes(), cache: landings.cache() };
  };
  const cold = await timed(questions, 'main~10', null);
  const warm = await timed(questions, 'main~10', cold.cache);
  const moved = await timed(questions, 'main', cold.cache);
  const one = await timed(questions.slice(0, 1), 'main', null);
  const landed = [...cold.proofs.values()].filter((proof) => proof.known && proof.value.landed).length;
  const perBranch = (cold.ms / size.branches).toFixed(2);
  const ms = [warm.ms, moved.ms, one.ms].map((each) => each.toFixed(1));
  return [size.commits, size.branches, landed, Math.round(cold.ms), perBranch, ...ms, cold.processes];
}

/** One fast-import stream: the base line, and branches that leave it at even distances. */
function make({ commits, branches }: Size, gitDir: string): void {
  execFileSync('git', ['init', '-q', '--bare', '-b', 'main', gitDir]);
  const files = Array.from({ length: FILES }, (_, file) =>
    Array.from({ length: LINES }, (_, line) => `${file} ${line}`),
  );
  const out: string[] = [];
  let mark = 0;
  const commit = (ref: string, from: number | null, contents: Record<string, readonly string[]>): number => {
    const head = `commit ${ref}\nmark :${++mark}\ncommitter B <b@example.invalid> ${1_700_000_000 + mark} +0000\ndata 0\n`;
    const paths = Object.entries(contents).map(([path, lines]) => {
      const text = `${lines.join('\n')}\n`;
      return `M 100644 inline ${path}\ndata ${Buffer.byteLength(text)}\n${text}\n`;
    });
    out.push(head, from === null ? '' : `from :${from}\n`, ...paths, '\n');
    return mark;
  };
  const name = (file: number) => `src/${file % 20}/file-${file}.txt`;
  const edit = (file: number, line: number, text: string) => {
    const lines = files[file] ?? [];
    lines[line] = text;
    return { [name(file)]: lines };
  };
  let tip = commit('refs/heads/main', null, Object.fromEntries(files.map((lines, file) => [name(file), lines])));
  const due = new Map<number, () => void>();
  const every = Math.max(1, Math.floor((commits - 2 * SQUASHED_LATER) / branches));
  for (let at = 0; at < commits; at++) {
    const leaving = Math.floor(at / every);
    const perCommit = Math.ceil(branches / commits);
    for (let more = 0; more < perCommit && at % every === 0 && leaving * perCommit + more < branches; more++) {
      const id = leaving * perCommit + more;
      const file = (id * 7) % FILES;
      const line = id % LINES;
      const added = { [`feature/${id}.txt`]: [`feature ${id}`] };
      const before = files[file]?.[line] ?? '';
      commit(`refs/heads/agent/${id}`, tip, { ...added, ...edit(file, line, `branch ${id}`) });
      edit(file, line, before);
      if (id % 10 < 6)
        due.set(at + SQUASHED_LATER, () => {
          tip = commit('refs/heads/main', tip, { ...added, ...edit(file, line, `branch ${id}`) });
        });
    }
    due.get(at)?.();
    tip = commit('refs/heads/main', tip, edit((at * 13) % FILES, (at * 31) % LINES, `base ${at}`));
  }
  execFileSync('git', ['--git-dir', gitDir, 'fast-import', '--quiet', '--force'], { input: out.join('') });
}
