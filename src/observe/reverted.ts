/**
 * Whether the base has taken back what a branch brought into it.
 *
 * Contract: reads trees only. What landed counts as taken back when the base now holds, at every path
 * that was changed by it, exactly what it held before, and none of what was brought is anywhere else.
 * Then the branch is where the work goes on: it looks finished and is not.
 * Failure direction: what cannot be read makes the answer unknown, and keeps.
 */
import { type Evidence, type Fact, known, type Oid, unknown } from '../core/model.ts';
import type { GitAnswer, Io } from '../io/ports.ts';

/** Most branches have something left in the base; these many paths show it without listing the whole tree. */
const PATHS_AT_FIRST = 100;

export interface Landed {
  readonly head: Oid;
  readonly evidence: Evidence;
}

interface Brought {
  readonly path: string;
  /** `<mode> <oid>`, or null where there was nothing. */
  readonly before: string | null;
  readonly after: string | null;
}

/** In words, what was taken back, or null. */
export async function takenBack(io: Pick<Io, 'git'>, commonDir: string, landed: Landed): Promise<Fact<string | null>> {
  const git = (args: readonly string[]) => io.git.run({ args, cwd: commonDir, gitDir: commonDir, strict: true });
  const { oid, ref } = landed.evidence;
  const brought = await whatItBrought(git, landed);
  if (!brought.known) return brought;
  if (brought.value.length === 0) return known(null);
  const first = brought.value.slice(0, PATHS_AT_FIRST);
  const some = await treeAt(git, ['ls-tree', '-z', '--full-tree', oid, '--', ...first.map(({ path }) => path)]);
  if (!some.known) return some;
  if (!first.every((each) => isAsBefore(each, some.value))) return known(null);
  const whole = await treeAt(git, ['ls-tree', '-z', '-r', '--full-tree', oid]);
  if (!whole.known) return whole;
  if (!brought.value.every((each) => isAsBefore(each, whole.value))) return known(null);
  const blobs = new Set(whole.value.values());
  const isMoved = brought.value.some(({ after }) => after !== null && blobs.has(after));
  return known(isMoved ? null : `it landed, and ${ref} has taken it back since: ${first[0]?.path}`);
}

type Git = (args: readonly string[]) => Promise<GitAnswer>;

const isAsBefore = ({ path, before }: Brought, tree: ReadonlyMap<string, string>): boolean =>
  (tree.get(path) ?? null) === before;

/** What the proving commit changed, or for a branch that was merged, the merge. */
async function whatItBrought(git: Git, { head, evidence }: Landed): Promise<Fact<Brought[]>> {
  const { how, oid, commit } = evidence;
  if (how === 'adds-nothing') {
    if (commit === oid) return known([]);
    const base = await git(['merge-base', commit, head]);
    if (!base.ok) return unknown(`where it branched off could not be read: ${base.why}`);
    return changesOf(git, ['--no-renames', base.stdout.trim(), head]);
  }
  const landing = how === 'ancestor' ? await broughtInBy(git, head, oid) : known(commit);
  if (!landing.known) return landing;
  if (landing.value === null) return known([]);
  return changesOf(git, ['--no-renames', '--root', '--no-commit-id', '--diff-merges=first-parent', landing.value]);
}

/** The merge on the base's first-parent line that brought `head` in; `head` itself when it lies on that line. */
async function broughtInBy(git: Git, head: Oid, base: Oid): Promise<Fact<Oid | null>> {
  if (head === base) return known(null);
  const args = ['rev-list', '--parents', '--first-parent', '--ancestry-path', base, `^${head}`];
  const answer = await git(args);
  if (!answer.ok) return unknown(`how it was merged could not be read: ${answer.why}`);
  const [merge, firstParent] = answer.stdout.trimEnd().split('\n').at(-1)?.split(' ') ?? [];
  if (merge === undefined || merge === '') return known(null);
  return known(firstParent === head ? head : merge);
}

async function changesOf(git: Git, what: readonly string[]): Promise<Fact<Brought[]>> {
  const answer = await git(['diff-tree', '-r', '-z', '--raw', '--no-ext-diff', ...what]);
  if (!answer.ok) return unknown(`what it brought in could not be read: ${answer.why}`);
  const fields = answer.stdout.split('\0');
  const brought: Brought[] = [];
  for (let at = 0; at + 1 < fields.length; at += 2) {
    const [, modeBefore, modeAfter, before, after] = /^:(\d+) (\d+) (\S+) (\S+) \w+$/.exec(fields[at] ?? '') ?? [];
    const path = fields[at + 1];
    if (path === undefined || before === undefined || after === undefined)
      return unknown('git diff-tree printed something that is not understood');
    brought.push({ path, before: entryOf(modeBefore, before), after: entryOf(modeAfter, after) });
  }
  return known(brought);
}

const entryOf = (mode: string | undefined, oid: string): string | null => (/^0+$/.test(oid) ? null : `${mode} ${oid}`);

async function treeAt(git: Git, args: readonly string[]): Promise<Fact<ReadonlyMap<string, string>>> {
  const answer = await git(args);
  if (!answer.ok) return unknown(`the base's files could not be read: ${answer.why}`);
  const tree = new Map<string, string>();
  for (const record of answer.stdout.split('\0')) {
    const [, mode, oid, path] = /^(\d+) \w+ (\S+)\t([\s\S]+)$/.exec(record) ?? [];
    if (path !== undefined) tree.set(path, `${mode} ${oid}`);
  }
  return known(tree);
}
