/**
 * Whether every commit of a branch was picked into a base, made out by plain git alone.
 *
 * Contract: an oracle, with nothing of the program's. Each own commit that changes something needs a
 * base commit of its own whose tree is what picking the own commit onto its parent gives; each merge
 * of the branch has to be what merging its parents gives.
 */

/** Runs git, trimmed; throws when it fails. */
export type Git = (args: string[]) => string;

export function isPickedInto(git: Git, base: string, head: string): boolean {
  const list = (...args: string[]) =>
    git(['rev-list', ...args])
      .split('\n')
      .filter((line) => line !== '');
  const tree = (rev: string) => git(['rev-parse', `${rev}^{tree}`]);
  // Where dates lie, git names commits of the base as those of the head alone, unless it reads both to the end.
  const [ofBase, ofHead] = [new Set(list(base)), new Set(list(head))];
  for (const merge of list('--merges', head).filter((each) => !ofBase.has(each))) {
    const [, ...parents] = git(['rev-list', '--parents', '-1', merge]).split(' ');
    if (parents.length !== 2 || mergeOf(git, parents[0] ?? '', parents[1] ?? '') !== tree(merge)) return false;
  }
  const paths = (commit: string) => git(['diff-tree', '-r', '--no-commit-id', '--name-only', '--root', commit]);
  const own = list('--no-merges', head).filter((each) => !ofBase.has(each) && paths(each) !== '');
  const theirs = list('--no-merges', base).filter((each) => !ofHead.has(each));
  const byPaths = new Map<string, string[]>();
  for (const each of theirs) byPaths.set(paths(each), [...(byPaths.get(paths(each)) ?? []), each]);
  const twins = own.map((each) => (byPaths.get(paths(each)) ?? []).filter((other) => isPick(git, each, other)));
  return own.length > 0 && canPairUp(twins, new Set());
}

function isPick(git: Git, own: string, twin: string): boolean {
  const commit = (rev: string, ...parents: string[]) =>
    git(['commit-tree', `${rev}^{tree}`, ...parents.flatMap((each) => ['-p', each]), '-m', rev]);
  try {
    const from = commit(`${own}^`);
    return mergeOf(git, commit(`${twin}^`, from), commit(own, from)) === git(['rev-parse', `${twin}^{tree}`]);
  } catch {
    return false;
  }
}

function mergeOf(git: Git, ours: string, theirs: string): string | null {
  try {
    return git(['merge-tree', '--write-tree', ours, theirs]);
  } catch {
    return null;
  }
}

function canPairUp([twins, ...others]: readonly string[][], taken: ReadonlySet<string>): boolean {
  if (twins === undefined) return true;
  return twins.some((twin) => !taken.has(twin) && canPairUp(others, new Set([...taken, twin])));
}
