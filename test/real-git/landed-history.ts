/** Random histories, made commit by commit without a work tree, and an oracle that reads them back. */
import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import type { LandedRepo } from './landed-support.ts';

const BRANCHES = ['main', 'agent/a', 'agent/b', 'agent/c'] as const;
const FILES = ['x', 'y', 'z'] as const;
const LINES = 12;

type Edit = Extract<Step, { kind: 'edit' }>;
type Merge = Extract<Step, { kind: 'merge' }>;
interface Landing {
  readonly kind: 'squash' | 'rebase' | 'scatter';
  readonly from: number;
  readonly isEvil: boolean;
}
interface Pick {
  readonly kind: 'pick' | 'revert';
  readonly from: number;
  readonly to: number;
  readonly back: number;
}

export type Step =
  | {
      readonly kind: 'edit';
      readonly branch: number;
      readonly file: number;
      readonly line: number;
      readonly how: number;
    }
  | { readonly kind: 'merge'; readonly from: number; readonly to: number; readonly isEvil: boolean }
  | Landing
  | Pick;

const branch = fc.nat(BRANCHES.length - 1);
const agent = fc.integer({ min: 1, max: BRANCHES.length - 1 });
const edit = fc.record({
  kind: fc.constant('edit' as const),
  branch,
  file: fc.nat(FILES.length - 1),
  line: fc.nat(LINES - 1),
  how: fc.nat(5),
});
const rarely = fc.nat(5).map((at) => at === 0);

/** Mostly edits, so that branches have something to land. */
export const histories = fc.array(
  fc.oneof(
    { weight: 6, arbitrary: edit },
    {
      weight: 2,
      arbitrary: fc.record({ kind: fc.constant('merge' as const), from: branch, to: branch, isEvil: rarely }),
    },
    { weight: 3, arbitrary: fc.record({ kind: fc.constant('squash' as const), from: agent, isEvil: rarely }) },
    {
      weight: 1,
      arbitrary: fc.record({ kind: fc.constant('rebase' as const), from: agent, isEvil: fc.constant(false) }),
    },
    {
      weight: 1,
      arbitrary: fc.record({ kind: fc.constant('scatter' as const), from: agent, isEvil: fc.constant(false) }),
    },
    {
      weight: 3,
      arbitrary: fc.record({
        kind: fc.constantFrom('pick' as const, 'revert' as const),
        from: branch,
        to: fc.oneof(fc.constant(0), branch),
        back: fc.nat(2),
      }),
    },
  ),
  { minLength: 8, maxLength: 22 },
);

export interface History {
  readonly tips: ReadonlyMap<string, string>;
  /** Heads that were squashed or rebased onto main, changing it, with nothing edited on the way. */
  readonly landed: ReadonlySet<string>;
  /** Carries out one step; what git cannot do cleanly is left out. */
  step(step: Step): void;
  /** Lines, as `path line`, of a commit's tree. */
  linesOf(commits: readonly string[]): Set<string>;
  git(args: readonly string[], input?: string): string;
}

export function newHistory(repo: LandedRepo): History {
  const git = (args: readonly string[], input?: string): string =>
    execFileSync('git', ['--git-dir', repo.commonDir, ...args], {
      encoding: 'utf8',
      env: repo.env(),
      stdio: ['pipe', 'pipe', 'ignore'],
      ...(input === undefined ? {} : { input }),
    }).trimEnd();
  const tryGit = (args: readonly string[]): string | null => {
    try {
      return git(args);
    } catch {
      return null;
    }
  };
  let counter = 0;
  const tips = new Map<string, string>();
  const landed = new Set<string>();
  const tree = (commit: string) => git(['rev-parse', `${commit}^{tree}`]);
  const commit = (of: string, parents: readonly string[]) =>
    git(['commit-tree', of, ...parents.flatMap((each) => ['-p', each]), '-m', `${++counter}`]);
  const read = (of: string, file: string) => tryGit(['cat-file', 'blob', `${of}:${file}`])?.split('\n') ?? [];
  const write = (of: string, file: string, lines: readonly string[]) => {
    const blob = git(['hash-object', '-w', '--stdin'], lines.map((line) => `${line}\n`).join(''));
    const others = git(['ls-tree', of])
      .split('\n')
      .filter((line) => line !== '' && !line.endsWith(`\t${file}`));
    return git(['mktree'], [...others, `100644 blob ${blob}\t${file}`].map((line) => `${line}\n`).join(''));
  };
  const merge = (ours: string, theirs: string) => tryGit(['merge-tree', '--write-tree', ours, theirs]);
  /** The three-way merge of trees that cherry-pick and revert make. */
  const apply = (base: string, ours: string, theirs: string) => {
    const root = commit(tree(base), []);
    return merge(commit(tree(ours), [root]), commit(tree(theirs), [root]));
  };
  const evil = (of: string) => {
    const lines = read(of, 'x');
    return write(of, 'x', [...lines.slice(0, 2), `evil ${++counter}`, ...lines.slice(3)]);
  };
  const move = (name: string, to: string) => {
    tips.set(name, to);
    git(['update-ref', `refs/heads/${name}`, to]);
  };

  const start = commit(
    FILES.reduce(
      (of, file) =>
        write(
          of,
          file,
          Array.from({ length: LINES }, (_, at) => `${file} ${at}`),
        ),
      git(['mktree'], ''),
    ),
    [],
  );
  for (const name of BRANCHES) move(name, start);

  const steps = {
    edit({ branch: at, file: name, line, how }: Edit) {
      const tip = tips.get(BRANCHES[at] ?? '') ?? start;
      const file = FILES[name] ?? 'x';
      const lines = read(tip, file);
      // Replacing is likeliest; some edits repeat an old line, take one out, or write what others write too.
      const text = how === 4 ? `${file} ${line}` : how === 5 ? `common ${line}` : `${file} new ${++counter}`;
      const next = how === 3 ? lines.toSpliced(line, 1) : lines.toSpliced(line, how === 2 ? 0 : 1, text);
      const of = write(tip, file, next);
      if (of !== tree(tip)) move(BRANCHES[at] ?? '', commit(of, [tip]));
    },
    merge({ from, to, isEvil }: Merge) {
      const ours = tips.get(BRANCHES[to] ?? '') ?? start;
      const theirs = tips.get(BRANCHES[from] ?? '') ?? start;
      if (ours === theirs || tryGit(['merge-base', '--is-ancestor', theirs, ours]) !== null) return;
      const of = merge(ours, theirs);
      if (of !== null) move(BRANCHES[to] ?? '', commit(isEvil ? evil(of) : of, [ours, theirs]));
    },
    squash({ from, isEvil }: Landing) {
      const main = tips.get('main') ?? start;
      const head = tips.get(BRANCHES[from] ?? '') ?? start;
      const of = merge(main, head);
      if (of === null || of === tree(main)) return;
      move('main', commit(isEvil ? evil(of) : of, [main]));
      if (!isEvil) landed.add(head);
    },
    rebase({ from }: Landing) {
      let main = tips.get('main') ?? start;
      const head = tips.get(BRANCHES[from] ?? '') ?? start;
      const own = git(['rev-list', '--reverse', '--topo-order', '--no-merges', `${main}..${head}`]).split('\n');
      if (git(['rev-list', '--merges', `${main}..${head}`]) !== '') return;
      for (const each of own) {
        const of = each === '' ? null : apply(`${each}~1`, main, each);
        if (of === null || of === tree(main)) return;
        main = commit(of, [main]);
      }
      move('main', main);
      landed.add(head);
    },
    /** Newest first, each rewritten on main at once: only patch by patch can it be told that they landed. */
    scatter({ from }: Landing) {
      const own = git(['rev-list', '--no-merges', `main..${tips.get(BRANCHES[from] ?? '') ?? start}`]).split('\n');
      for (const each of own) {
        const main = tips.get('main') ?? start;
        const of = each === '' ? null : apply(`${each}~1`, main, each);
        if (of === null || of === tree(main)) continue;
        const picked = commit(of, [main]);
        const files = git(['diff', '--name-only', main, picked]).split('\n');
        const rewritten = files.reduce((next, file) => write(next, file, [`rewritten ${++counter}`]), of);
        move('main', commit(tree(main), [commit(rewritten, [picked])]));
      }
    },
    pick({ kind, from, to, back }: Pick) {
      const target = BRANCHES[to] ?? '';
      const onto = tips.get(target) ?? start;
      const picked = tryGit(['rev-parse', '--verify', '-q', `${tips.get(BRANCHES[from] ?? '') ?? start}~${back}`]);
      if (picked === null || git(['rev-list', '--parents', '-1', picked]).split(' ').length !== 2) return;
      const of = kind === 'pick' ? apply(`${picked}~1`, onto, picked) : apply(picked, onto, `${picked}~1`);
      if (of !== null && of !== tree(onto)) move(target, commit(of, [onto]));
    },
  };

  return {
    tips,
    landed,
    git,
    step(step) {
      if (step.kind === 'edit') steps.edit(step);
      else if (step.kind === 'merge') steps.merge(step);
      else if (step.kind === 'squash') steps.squash(step);
      else if (step.kind === 'rebase') steps.rebase(step);
      else if (step.kind === 'scatter') steps.scatter(step);
      else if (step.kind === 'pick' || step.kind === 'revert') steps.pick(step);
    },
    linesOf(commits) {
      const lines = new Set<string>();
      for (const file of FILES) {
        const text = git(['cat-file', '--batch=%(objecttype)'], commits.map((each) => `${each}:${file}\n`).join(''));
        for (const line of text.split('\n')) lines.add(`${file} ${line}`);
      }
      return lines;
    },
  };
}
