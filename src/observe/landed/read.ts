/**
 * What git says about commits, read in few processes: reachability, graphs, changes.
 *
 * Contract: plumbing and explicit options only, object ids only (never a name that a branch could
 * choose), output parsed by position. Every answer is a `Fact`.
 * Failure direction: output of an unexpected shape is unknown, as is anything git could not read.
 */
import type { Change, CommitRecord } from '../../core/landing.ts';
import { type Fact, known, type Oid, unknown } from '../../core/model.ts';
import type { GitPort } from '../../io/ports.ts';
import { landedMessages } from './messages.ts';
import type { View } from './view.ts';

/** Arguments of one process: 500 ids are 20 kB, far below every system's limit. */
const IDS_PER_CALL = 500;

const RAW = ['--raw', '-r', '-z', '--no-abbrev', '--no-renames', '--no-color', '--no-ext-diff', '--no-textconv'];

/** The commit that a revision of a person's names, in the repository itself; null when it names none. */
export async function commitOf(
  { git, gitDir, cwd }: { readonly git: GitPort; readonly gitDir: string; readonly cwd: string },
  rev: string,
): Promise<Oid | null> {
  if (rev === '' || rev.startsWith('-') || /[\0\n]/.test(rev)) return null;
  const args = ['rev-parse', '--verify', '--quiet', `${rev}^{commit}`];
  const answer = await git.run({ args, cwd, gitDir, okCodes: [1] });
  const oid = answer.ok ? answer.stdout.trim() : '';
  return /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(oid) ? oid : null;
}

/** Of `oids`, those that are commits in this repository. */
export async function presentCommits(view: View, oids: readonly Oid[]): Promise<Fact<ReadonlySet<Oid>>> {
  const answer = await view.run(['cat-file', '--batch-check=%(objectname) %(objecttype)'], lines(oids));
  if (!answer.ok) return unread(answer);
  const present = new Set<Oid>();
  for (const line of answer.stdout.split('\n')) {
    const [oid = '', type] = line.split(' ');
    if (type === 'commit') present.add(oid);
  }
  return known(present);
}

/** Tree ids of commits, which may be named as `<oid>~1`; one that cannot be read, or whose tree is not there, is absent. */
export async function treesOf(view: View, commits: readonly Oid[]): Promise<Fact<ReadonlyMap<Oid, Oid>>> {
  if (commits.length === 0) return known(new Map());
  const input = lines(commits.map((oid) => `${oid}^{tree}`));
  const answer = await view.run(['cat-file', '--batch-check=%(objectname) %(objecttype)'], input);
  if (!answer.ok) return unread(answer);
  const trees = new Map<Oid, Oid>();
  for (const [index, line] of answer.stdout.split('\n').entries()) {
    const [oid = '', type] = line.split(' ');
    const commit = commits[index];
    if (type === 'tree' && commit !== undefined) trees.set(commit, oid);
  }
  return known(trees);
}

/**
 * What is reachable from `tips` and not from `without`, children first; null when over `max`.
 *
 * A list that ends too early would make commits look like part of the base. So its edge is read as
 * well: each parent has to be in the list or beyond the edge.
 */
export async function graphOf(
  view: View,
  tips: readonly Oid[],
  without: readonly Oid[],
  max: number,
): Promise<Fact<Map<Oid, readonly Oid[]> | null>> {
  const args = ['rev-list', '--topo-order', '--parents', '--boundary', `--max-count=${max + 1}`, '--stdin'];
  const answer = await view.run(args, lines([...tips, ...without.map((oid) => `^${oid}`)]));
  if (!answer.ok) return unread(answer);
  const graph = new Map<Oid, readonly Oid[]>();
  const edge = new Set<Oid>();
  for (const line of answer.stdout.split('\n')) {
    if (line === '') continue;
    const [oid = '', ...parents] = line.split(' ');
    if (oid.startsWith('-')) edge.add(oid.slice(1));
    else graph.set(oid, parents);
  }
  if (graph.size > max) return known(null);
  for (const parents of graph.values())
    if (!parents.every((oid) => graph.has(oid) || edge.has(oid))) return unknown(landedMessages.cutShort('rev-list'));
  return known(graph);
}

/**
 * Whether `base` reaches each of `oids`. git names what no other one reaches, so that a whole answer
 * is the base alone, and an answer that was cut short is none.
 */
export async function areReached(view: View, base: Oid, oids: readonly Oid[]): Promise<Fact<boolean>> {
  for (let at = 0; at < oids.length; at += IDS_PER_CALL) {
    const answer = await view.run(['merge-base', '--independent', base, ...oids.slice(at, at + IDS_PER_CALL)]);
    if (!answer.ok) return unread(answer);
    if (answer.stdout !== `${base}\n`) return known(false);
  }
  return known(true);
}

/** Whether `base` reaches none of `oids`, of which none reaches another. An answer that was cut short is no. */
export async function areUnreached(view: View, base: Oid, oids: readonly Oid[]): Promise<Fact<boolean>> {
  for (let at = 0; at < oids.length; at += IDS_PER_CALL) {
    const some = oids.slice(at, at + IDS_PER_CALL);
    const answer = await view.run(['merge-base', '--independent', base, ...some]);
    if (!answer.ok) return unread(answer);
    if (answer.stdout.split('\n').length - 1 < some.length + 1) return known(false);
  }
  return known(true);
}

/** One commit that all of `points` descend from, or null. */
export async function commonAncestor(view: View, points: readonly Oid[]): Promise<Fact<Oid | null>> {
  let common = points[0] ?? null;
  for (let at = 1; at < points.length && common !== null; at += IDS_PER_CALL) {
    const some = points.slice(at, at + IDS_PER_CALL);
    const answer = await view.run(['merge-base', '--octopus', common, ...some], undefined, [1]);
    if (!answer.ok) return unread(answer);
    common = answer.stdout.trim() || null;
  }
  return known(common);
}

/** Every commit of a range, with what it changed against its first parent, newest first. */
export async function recordsOf(view: View, tip: Oid, without: readonly Oid[]): Promise<Fact<readonly CommitRecord[]>> {
  const args = ['log', ...RAW, '--no-show-signature', '--no-notes', '--diff-merges=first-parent', '--format=%H %T %P'];
  const answer = await view.run([...args, '--stdin'], lines([tip, ...without.map((oid) => `^${oid}`)]));
  if (!answer.ok) return unread(answer);
  const records: CommitRecord[] = [];
  let changes: Change[] = [];
  const isRead = eachToken(answer.stdout, {
    header(text) {
      const [oid = '', tree = '', ...parents] = text.split(' ').filter((word) => word !== '');
      changes = [];
      records.push({ oid, tree, parents, changes });
    },
    change: (change) => changes.push(change),
  });
  return isRead ? known(records) : unknown(landedMessages.unread('the output of git log has an unknown shape'));
}

/** Two commits to compare; `from` null compares with nothing, as for a root commit. */
export interface Pair {
  readonly from: Oid | null;
  readonly to: Oid;
}

/** What each pair changes, in order; the same pair is asked about once: a lone commit is the whole of its branch. */
export async function changesOf(view: View, pairs: readonly Pair[]): Promise<Fact<readonly (readonly Change[])[]>> {
  const [first] = pairs;
  if (first === undefined) return known([]);
  const args = ['diff-tree', '--stdin', ...RAW, '--always', '--root'];
  const asked = [...new Set(pairs.map(pairLine))];
  // The last pair differs in nothing; its header marks the end, since a shorter list of changes would look whole.
  const answer = await view.run(args, lines([...asked, pairLine({ from: first.to, to: first.to })]));
  if (!answer.ok) return unread(answer);
  const all: Change[][] = [];
  const isRead = eachToken(answer.stdout, {
    header: () => all.push([]),
    change: (change) => all.at(-1)?.push(change),
  });
  if (!isRead || all.length !== asked.length + 1)
    return unknown(landedMessages.unread('the output of git diff-tree has an unknown shape'));
  const changes = new Map(asked.map((line, index) => [line, all[index] ?? []]));
  return known(pairs.map((pair) => changes.get(pairLine(pair)) ?? []));
}

/** The patch of each pair, as text with `context` lines around each change, in order. */
export async function patchesOf(view: View, pairs: readonly Pair[], context: number): Promise<Fact<readonly string[]>> {
  if (pairs.length === 0) return known([]);
  const shape = [
    '-p',
    `-U${context}`,
    '--inter-hunk-context=0',
    '--full-index',
    '--submodule=short',
    '--diff-algorithm=myers',
  ];
  const plain = ['--no-renames', '--no-color', '--no-ext-diff', '--no-textconv', '--src-prefix=a/', '--dst-prefix=b/'];
  const args = ['diff-tree', '--stdin', '-r', '--always', '--root', ...shape, ...plain];
  const answer = await view.run(args, lines(pairs.map(pairLine)));
  if (!answer.ok) return unread(answer);
  const patches = answer.stdout.split(/(?:^|(?<=\n))[0-9a-f]{40,64}\n/).slice(1);
  if (patches.length === pairs.length) return known(patches);
  return unknown(landedMessages.unread('the output of git diff-tree has an unknown shape'));
}

const pairLine = ({ from, to }: Pair): string => (from === null ? to : `${to} ${from}`);

interface TokenReader {
  readonly header: (text: string) => void;
  readonly change: (change: Change) => void;
}

/** Walks `--raw -z` output: a token with a colon in front is followed by its path, all others are headers. */
function eachToken(stdout: string, reader: TokenReader): boolean {
  const tokens = stdout.split('\0');
  for (let at = 0; at < tokens.length; at++) {
    const token = (tokens[at] ?? '').replace(/^\n/, '');
    if (token === '') continue;
    if (!token.startsWith(':')) {
      if (!/^[0-9a-f]{40}/.test(token)) return false;
      reader.header(token);
      continue;
    }
    const [oldMode = '', newMode = '', oldOid = '', newOid = ''] = token.slice(1).split(' ');
    const path = tokens[++at];
    if (path === undefined || newOid === '') return false;
    reader.change({ path, before: `${oldMode}:${oldOid}`, after: `${newMode}:${newOid}` });
  }
  return true;
}

const lines = (items: readonly string[]): string => items.map((item) => `${item}\n`).join('');

const unread = (answer: { readonly why: string; readonly outOfTime?: boolean }): Fact<never> =>
  unknown(answer.outOfTime === true ? landedMessages.outOfTime() : landedMessages.unread(answer.why));
