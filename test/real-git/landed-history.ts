/** Random histories, made commit by commit without a work tree, and an oracle that reads them back. */
import fc from 'fast-check';
import { objectsOf, type Tree } from './landed-objects.ts';
import type { LandedRepo } from './landed-support.ts';

const BRANCHES = ['main', 'agent/a', 'agent/b', 'agent/c'] as const;
/** Two files of lines that differ, and one of equal blocks. */
const FILES = ['x', 'y', 'z'] as const;
const LINES = 12;
const BLOCK = ['begin', '  same', 'end'];
const BLOCKS = 5;
const EXTRAS = ['binary', 'symlink', 'gitlink'] as const;
const MODES = { binary: '100644', symlink: '120000', gitlink: '160000' } as const;
const MOVED = '.moved';

const branch = fc.nat(BRANCHES.length - 1);
const agent = fc.integer({ min: 1, max: BRANCHES.length - 1 });
const file = fc.nat(FILES.length - 1);
const rarely = fc.nat(5).map((at) => at === 0);
const one = <K extends string, T extends object>(
  kind: K,
  weight: number,
  more: { [N in keyof T]: fc.Arbitrary<T[N]> },
) => ({
  weight,
  arbitrary: fc.record({ kind: fc.constant(kind), ...more }) as unknown as fc.Arbitrary<
    { readonly kind: K } & Readonly<T>
  >,
});

/** What can happen, each with its likelihood: mostly edits, so that branches have something to land. */
const ACTS = [
  one('edit', 9, { branch, file: fc.nat(1), line: fc.nat(LINES - 1), how: fc.nat(5) }),
  one('block', 3, { branch, block: fc.nat(BLOCKS - 1), how: fc.nat(3) }),
  one('rename', 1, { branch, file }),
  one('mode', 1, { branch, file }),
  one('delete', 1, { branch, file: fc.constant(1) }),
  one('extra', 3, { branch, extra: fc.nat(EXTRAS.length - 1), value: fc.nat(4) }),
  one('empty', 1, { branch }),
  one('merge', 3, { from: branch, to: branch, isEvil: rarely }),
  one('squash', 5, { from: agent, isEvil: rarely }),
  one('rebase', 2, { from: agent }),
  one('scatter', 2, { from: agent }),
  one('pick', 3, { from: branch, to: fc.oneof(fc.constant(0), branch), back: fc.nat(2) }),
  one('revert', 3, { from: branch, to: fc.oneof(fc.constant(0), branch), back: fc.nat(2) }),
] as const;

export type Step = (typeof ACTS)[number]['arbitrary'] extends fc.Arbitrary<infer S> ? S : never;
type Act<K> = Extract<Step, { kind: K }>;

export interface Plan {
  /** Commits are not dated in the order in which they were made. */
  readonly datesLie: boolean;
  readonly steps: readonly Step[];
}

export const plans: fc.Arbitrary<Plan> = fc.record({
  datesLie: fc.boolean(),
  steps: fc.array(fc.oneof(...(ACTS as readonly { weight: number; arbitrary: fc.Arbitrary<Step> }[])), {
    minLength: 12,
    maxLength: 34,
  }),
});

export interface History {
  readonly tips: ReadonlyMap<string, string>;
  /** Heads that were squashed or rebased onto main, changing it, with nothing edited on the way; and main before and after that. */
  readonly landed: ReadonlyMap<string, { readonly before: string; readonly after: string }>;
  /** Heads whose commits were picked one by one, and are asked about for that. */
  readonly scattered: ReadonlySet<string>;
  /** How often each act changed something, and what extras did. */
  readonly acts: ReadonlyMap<string, number>;
  /** Carries out one step; what git cannot do cleanly is left out. */
  step(step: Step): void;
  /** All that a person could miss of the trees of these commits: lines, contents, modes and names. */
  contentsOf(commits: readonly string[]): Set<string>;
  reachable(commit: string): string[];
}

export function newHistory(repo: LandedRepo, datesLie: boolean): History {
  const objects = objectsOf(repo.commonDir);
  const tips = new Map<string, string>();
  const landed = new Map<string, { before: string; after: string }>();
  const scattered = new Set<string>();
  const acts = new Map<string, number>();
  let counter = 0;

  const tipOf = (at: number) => tips.get(BRANCHES[at] ?? '') ?? start;
  const treeOf = (commit: string) => objects.treeOf(commit);
  const commit = (tree: string, parents: readonly string[]) => {
    counter++;
    const seconds = 1_767_225_600 + (datesLie ? (counter * 7_919) % 1_000 : counter) * 60;
    return objects.commit({ tree, parents, message: `${counter}`, seconds });
  };
  const move = (at: number, to: string, act: string) => {
    tips.set(BRANCHES[at] ?? '', to);
    acts.set(act, (acts.get(act) ?? 0) + 1);
  };
  const merge = (ours: string, theirs: string): string | null => {
    try {
      return repo.git(['merge-tree', '--write-tree', '--no-messages', ours, theirs]);
    } catch {
      return null;
    }
  };
  /** The three-way merge of trees that cherry-pick and revert make. */
  const apply = (base: string, ours: string, theirs: string) => {
    const root = commit(treeOf(base), []);
    return merge(commit(treeOf(ours), [root]), commit(treeOf(theirs), [root]));
  };
  const put = (tree: string, path: string, entry: { mode: string; oid: string } | null) => {
    const entries = new Map(objects.entries(tree));
    if (entry === null) entries.delete(path);
    else entries.set(path, entry);
    return objects.tree(entries);
  };
  const textBlob = (lines: readonly string[]) => objects.blob(lines.map((line) => `${line}\n`).join(''));
  /** A file under its own name or the one it was renamed to. */
  const find = (tree: Tree, name: string) => {
    const path = tree.has(name) ? name : name + MOVED;
    const entry = tree.get(path);
    return entry === undefined ? null : { path, ...entry, lines: objects.text(entry.oid).split('\n').slice(0, -1) };
  };
  /** Changes the lines of a file where it is; the tree stays as it is when it is not there. */
  const rewrite = (tree: string, name: string, change: (lines: readonly string[]) => readonly string[]) => {
    const found = find(objects.entries(tree), name);
    if (found === null) return tree;
    return put(tree, found.path, { mode: found.mode, oid: textBlob(change(found.lines)) });
  };
  /** Commits a tree on a branch, when it is another one. */
  const advance = (at: number, tree: string, act: string) => {
    const tip = tipOf(at);
    if (tree !== treeOf(tip)) move(at, commit(tree, [tip]), act);
  };
  const evil = (tree: string) => rewrite(tree, 'x', (lines) => lines.toSpliced(2, 1, `evil ${++counter}`));
  const ownOf = (head: string) => {
    const main = new Set(objects.reachable(tipOf(0)));
    return objects.reachable(head).filter((each) => !main.has(each));
  };

  const steps: { [K in Step['kind']]: (step: Act<K>) => void } = {
    edit({ branch: at, file: index, line, how }) {
      const name = FILES[index] ?? 'x';
      // Replacing is likeliest; some edits repeat an old line, take one out, or write what others write too.
      const text = how === 4 ? `${name} ${line}` : how === 5 ? `common ${line}` : `${name} new ${++counter}`;
      const change = (lines: readonly string[]) =>
        how === 3 ? lines.toSpliced(line, 1) : lines.toSpliced(line, how === 2 ? 0 : 1, text);
      advance(at, rewrite(treeOf(tipOf(at)), name, change), 'edit');
    },
    block({ branch: at, block, how }) {
      const change = (lines: readonly string[]) => {
        const start = block * BLOCK.length;
        if (how === 0) return lines.toSpliced(start, 0, ...BLOCK);
        if (how === 1) return lines.toSpliced(start, BLOCK.length);
        return lines.toSpliced(start + 1, 1, how === 2 ? '  other' : `  block ${++counter}`);
      };
      advance(at, rewrite(treeOf(tipOf(at)), 'z', change), 'block');
    },
    rename({ branch: at, file: index }) {
      const tree = treeOf(tipOf(at));
      const found = find(objects.entries(tree), FILES[index] ?? 'x');
      if (found === null) return;
      const to = found.path.endsWith(MOVED) ? found.path.slice(0, -MOVED.length) : found.path + MOVED;
      advance(at, put(put(tree, found.path, null), to, found), 'rename');
    },
    mode({ branch: at, file: index }) {
      const tree = treeOf(tipOf(at));
      const found = find(objects.entries(tree), FILES[index] ?? 'x');
      const mode = found?.mode === '100644' ? '100755' : '100644';
      if (found !== null) advance(at, put(tree, found.path, { mode, oid: found.oid }), 'mode');
    },
    delete({ branch: at, file: index }) {
      const tree = treeOf(tipOf(at));
      const found = find(objects.entries(tree), FILES[index] ?? 'y');
      if (found !== null) advance(at, put(tree, found.path, null), 'delete');
    },
    extra({ branch: at, extra, value }) {
      const name = EXTRAS[extra] ?? 'binary';
      // Some are what others have too, or had before.
      const what = value < 2 ? value : `${name} ${++counter}`;
      const oid = objects.blob(name === 'binary' ? `\0\n${what}\n` : `${what}`);
      advance(at, put(treeOf(tipOf(at)), name, { mode: MODES[name], oid }), name);
    },
    empty: ({ branch: at }) => move(at, commit(treeOf(tipOf(at)), [tipOf(at)]), 'empty'),
    merge({ from, to, isEvil }) {
      const [ours, theirs] = [tipOf(to), tipOf(from)];
      if (objects.reachable(ours).includes(theirs)) return;
      const tree = merge(ours, theirs);
      if (tree !== null) move(to, commit(isEvil ? evil(tree) : tree, [ours, theirs]), isEvil ? 'evil merge' : 'merge');
    },
    squash({ from, isEvil }) {
      const head = tipOf(from);
      const tree = merge(tipOf(0), head);
      if (tree === null || tree === treeOf(tipOf(0))) return;
      const before = tipOf(0);
      move(0, commit(isEvil ? evil(tree) : tree, [before]), isEvil ? 'evil squash' : 'squash');
      if (!isEvil) landed.set(head, { before, after: tipOf(0) });
    },
    rebase({ from }) {
      const own = ownOf(tipOf(from));
      if (own.length === 0 || own.some((each) => objects.parentsOf(each).length !== 1)) return;
      let main = tipOf(0);
      for (const each of own.toReversed()) {
        const tree = apply(objects.parentsOf(each)[0] ?? '', main, each);
        if (tree === null || tree === treeOf(main)) return;
        main = commit(tree, [main]);
      }
      landed.set(tipOf(from), { before: tipOf(0), after: main });
      move(0, main, 'rebase');
    },
    /** Newest first, each rewritten on main at once: only patch by patch can it be told that they landed. */
    scatter({ from }) {
      scattered.add(tipOf(from));
      for (const each of ownOf(tipOf(from)).filter((own) => objects.parentsOf(own).length === 1)) {
        const main = tipOf(0);
        const tree = apply(objects.parentsOf(each)[0] ?? '', main, each);
        if (tree === null || tree === treeOf(main)) continue;
        const picked = commit(tree, [main]);
        const before = objects.entries(treeOf(main));
        const entries = new Map(objects.entries(tree));
        for (const [path, { oid }] of entries)
          if (before.get(path)?.oid !== oid)
            entries.set(path, { mode: '100644', oid: textBlob([`rewritten ${++counter}`]) });
        move(0, commit(treeOf(main), [commit(objects.tree(entries), [picked])]), 'scatter');
      }
    },
    pick: ({ from, to, back }) => pick(from, to, back, 'pick'),
    revert: ({ from, to, back }) => pick(from, to, back, 'revert'),
  };

  function pick(from: number, to: number, back: number, how: 'pick' | 'revert'): void {
    let picked = tipOf(from);
    for (let at = 0; at < back; at++) picked = objects.parentsOf(picked)[0] ?? picked;
    const [parent, ...more] = objects.parentsOf(picked);
    if (parent === undefined || more.length > 0) return;
    const tree = how === 'pick' ? apply(parent, tipOf(to), picked) : apply(picked, tipOf(to), parent);
    if (tree !== null) advance(to, tree, how);
  }

  const numbered = (name: string) => Array.from({ length: LINES }, (_, at) => `${name} ${at}`);
  const blocks = Array.from({ length: BLOCKS }, () => BLOCK).flat();
  const files = new Map([
    ['x', { mode: '100644', oid: textBlob(numbered('x')) }],
    ['y', { mode: '100644', oid: textBlob(numbered('y')) }],
    ['z', { mode: '100644', oid: textBlob(blocks) }],
  ]);
  const start = commit(objects.tree(files), []);
  for (const name of BRANCHES) tips.set(name, start);

  return {
    tips,
    landed,
    scattered,
    acts,
    step: (step) => (steps[step.kind] as (step: Step) => void)(step),
    reachable: objects.reachable,
    contentsOf(commits) {
      const contents = new Set<string>();
      for (const tree of new Set(commits.map(treeOf)))
        for (const [path, { mode, oid }] of objects.entries(tree)) {
          const isExtra = (EXTRAS as readonly string[]).includes(path);
          contents.add(`name ${path}`).add(`mode ${mode} ${path.replace(MOVED, '')}`);
          if (isExtra) contents.add(`${path} ${oid}`);
          else for (const line of objects.text(oid).split('\n')) contents.add(`line ${line}`);
        }
      return contents;
    },
  };
}
