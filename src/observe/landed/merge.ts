/**
 * Merges as git would make them, many in one process, none of them kept.
 *
 * Contract: `git merge-tree --write-tree` of two commits, in order. From git 2.39 a whole batch is
 * fed to one process; where that is refused, each pair gets its own. git picks the merge base.
 * Failure direction: a merge that git cannot make is `failed` with git's words, and only that one:
 * the batch goes on behind it.
 */
import type { Oid } from '../../core/model.ts';
import { turns } from '../../io/turns.ts';
import { landedMessages } from './messages.ts';
import type { View } from './view.ts';

/** Two commits; `ours` may be an ancestor expression such as `<oid>~3`. */
export interface MergePair {
  readonly ours: string;
  readonly theirs: Oid;
}

export type Merged =
  | { readonly kind: 'clean'; readonly tree: Oid }
  | { readonly kind: 'conflict'; readonly paths: readonly string[] }
  | { readonly kind: 'failed'; readonly why: string };

export interface Merger {
  /** The outcome of each pair, in order. */
  merge(pairs: readonly MergePair[]): Promise<readonly Merged[]>;
}

/** Between batches the time limit is looked at: 32 merges take 50 to 100 ms. */
const BATCH = 32;

/** Batches at one time: merging keeps a processor busy, and most machines have two. */
const AT_ONCE = 2;

/** git's status for an option it does not know. */
const USAGE = 129;
/** git's status for giving up; what it printed before is still good. */
const FATAL = 128;

const OPTIONS = ['--write-tree', '--no-messages', '--name-only'];

export function createMerger(view: View): Merger {
  let hasStdin = true;

  async function merge(pairs: readonly MergePair[]): Promise<readonly Merged[]> {
    const inTurn = turns(AT_ONCE);
    const batches: Promise<readonly Merged[]>[] = [];
    // As even as can be, so that none is waited for alone.
    const size = Math.ceil(pairs.length / Math.ceil(pairs.length / BATCH));
    for (let at = 0; at < pairs.length; at += size) {
      const batch = pairs.slice(at, at + size);
      batches.push(inTurn(() => mergeBatch(batch)));
    }
    return (await Promise.all(batches)).flat();
  }

  async function mergeBatch(pairs: readonly MergePair[]): Promise<readonly Merged[]> {
    const merged: Merged[] = [];
    while (merged.length < pairs.length) {
      const rest = pairs.slice(merged.length);
      const done = hasStdin && rest.length > 1 ? await together(rest) : [];
      merged.push(...done);
      const next = rest[done.length];
      if (next !== undefined) merged.push(await alone(next));
    }
    return merged;
  }

  /** The outcomes up to the first pair that git could not merge. */
  async function together(pairs: readonly MergePair[]): Promise<Merged[]> {
    const input = pairs.map(({ ours, theirs }) => `${ours} ${theirs}\n`).join('');
    const answer = await view.run(['merge-tree', ...OPTIONS, '--stdin'], input, [FATAL]);
    if (!answer.ok) {
      if (answer.code === USAGE) hasStdin = false;
      return [];
    }
    return parseBatch(answer.stdout).slice(0, pairs.length);
  }

  async function alone({ ours, theirs }: MergePair): Promise<Merged> {
    const answer = await view.run(['merge-tree', ...OPTIONS, '-z', ours, theirs], undefined, [1]);
    if (!answer.ok) {
      const why = answer.outOfTime === true ? landedMessages.outOfTime() : landedMessages.unread(answer.why);
      return { kind: 'failed', why };
    }
    const [tree = '', ...paths] = answer.stdout.split('\0');
    if (!isOid(tree)) return { kind: 'failed', why: landedMessages.unread('git merge-tree named no tree') };
    if ((answer.code ?? 0) === 0) return { kind: 'clean', tree };
    return { kind: 'conflict', paths: paths.filter((path) => path !== '') };
  }

  return { merge };
}

/** Records of `<status> NUL <tree> NUL (<path> NUL)* NUL`, where status 1 is clean and 0 a conflict. */
export function parseBatch(stdout: string): Merged[] {
  const tokens = stdout.split('\0');
  const merged: Merged[] = [];
  for (let at = 0; at + 3 < tokens.length; ) {
    const status = tokens[at++];
    const tree = tokens[at++] ?? '';
    const paths: string[] = [];
    while (at < tokens.length && tokens[at] !== '') paths.push(tokens[at++] ?? '');
    if (at >= tokens.length - 1 || !isOid(tree) || (status !== '0' && status !== '1')) return merged;
    at++;
    if (status === '1' && paths.length > 0) return merged;
    merged.push(status === '1' ? { kind: 'clean', tree } : { kind: 'conflict', paths });
  }
  return merged;
}

const isOid = (text: string): boolean => /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(text);
