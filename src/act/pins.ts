/**
 * Pins: refs under `refs/reaper/` that keep a quarantined worktree's commits from being collected.
 *
 * Contract: a pin holds HEAD, every commit of its reflogs, and the blobs that only its index names. It is made
 * before anything moves, and goes last.
 * Failure direction: a pin that cannot be made stops the reclaim.
 */
import { PIN_NAMESPACE } from '../core/layout.ts';
import type { Oid } from '../core/model.ts';
import type { GitAnswer } from '../io/ports.ts';
import { type Actor, type Done, failed, onRepository, outcome } from './context.ts';

/** More abandoned tips than this in one reflog: the newest are held by their own descendants' pins. */
const MAX_PARENTS = 500;

/** The commit that holds `head`, those of `commits` that it does not reach, and `blobs`; not pinned yet. */
export async function pinFor(
  actor: Actor,
  head: Oid,
  commits: readonly Oid[],
  blobs: readonly Oid[],
): Promise<Done<Oid>> {
  const tips = await abandonedTips(actor, head, commits);
  if (!tips.ok) return tips;
  const tree = await treeOf(actor, blobs);
  if (!tree.ok) return tree;
  if (tips.value.length === 0 && tree.value === null) return { ok: true, value: head };
  return gather(actor, tree.value ?? `${head}^{tree}`, [head, ...tips.value]);
}

/** Pins what `pinFor` answered. */
export async function pin(actor: Actor, id: string, oid: Oid): Promise<Done> {
  const command = `create ${PIN_NAMESPACE}${id} ${oid}`;
  const created = await (actor.updateRef?.(command) ?? updateRefs(actor, [command]));
  return created.ok ? created : failed(`pinning its commits: ${created.why}`);
}

/** Removes the pin, if there is one. */
export async function unpin(actor: Actor, id: string): Promise<Done> {
  const present = await pinnedAt(actor, id);
  if (!present.ok) return present;
  if (present.value === null) return { ok: true, value: undefined };
  return updateRefs(actor, [`delete ${PIN_NAMESPACE}${id} ${present.value}`]);
}

/** What the pin of `id` points at, or null. */
export const pinnedAt = (actor: Actor, id: string): Promise<Done<Oid | null>> =>
  valueOfRef(actor, `${PIN_NAMESPACE}${id}`, 'objectname');

/** One property of exactly this ref (a pattern also matches the refs below it); null when there is no such ref. */
export async function readRef(actor: Actor, ref: string, property: string): Promise<Done<string | null>> {
  const args = ['for-each-ref', `--format=%(refname)%00%(${property})%00`, ref];
  const answer = await onRepository(actor, { args, strict: true });
  if (!answer.ok) return failed(`reading ${ref}: ${answer.why}`);
  const [name, value, ...rest] = answer.stdout.split('\0');
  if (answer.stdout !== '' && rest.length === 0) return failed(`reading ${ref}: git for-each-ref ended before its end`);
  return { ok: true, value: name === ref ? (value ?? null) : null };
}

/** The same, with null also for an empty value. */
export async function valueOfRef(actor: Actor, ref: string, property: string): Promise<Done<string | null>> {
  const answer = await readRef(actor, ref, property);
  return answer.ok && answer.value === '' ? { ok: true, value: null } : answer;
}

/** One transaction on refs; all or nothing. */
export async function updateRefs(actor: Actor, commands: readonly string[]): Promise<Done> {
  const input = ['start', ...commands, 'prepare', 'commit', ''].join('\n');
  const answer = await onRepository(actor, { args: ['update-ref', '--no-deref', '--stdin'], input });
  if (!answer.ok) return outcome(answer, 'updating refs');
  return answer.stdout.includes('commit: ok')
    ? { ok: true, value: undefined }
    : failed('git did not confirm the update of refs');
}

/**
 * Commits that HEAD does not reach, without those that another of them reaches. That a branch or a
 * remote-tracking ref reaches them now is no help: it may be deleted tomorrow.
 */
async function abandonedTips(actor: Actor, head: Oid, commits: readonly Oid[]): Promise<Done<Oid[]>> {
  const others = commits.filter((oid) => oid !== head);
  if (others.length === 0) return { ok: true, value: [] };
  const listed = await listCommits(actor, head, others);
  if (!listed.ok) return listed;
  const parents = new Set(listed.value.flatMap((line) => line.slice(1)));
  const tips = listed.value.map(([oid]) => oid ?? '').filter((oid) => oid !== head && !parents.has(oid));
  if (tips.length > MAX_PARENTS) return failed(`its reflog holds more than ${MAX_PARENTS} abandoned commits`);
  return { ok: true, value: tips };
}

/**
 * HEAD, and what it does not reach, each with its parents. A commit that is left out is lost one day, so the
 * list is counted, and HEAD is asked for too: an answer without it is not the whole answer.
 */
async function listCommits(actor: Actor, head: Oid, others: readonly Oid[]): Promise<Done<string[][]>> {
  const input = [head, ...others, `${head}^!`, ''].join('\n');
  const args = ['rev-list', '--ignore-missing', '--stdin'];
  const answer = await onRepository(actor, { args: [...args, '--parents'], input });
  if (!answer.ok) return failed(`listing the commits of its reflog: ${answer.why}`);
  const counted = await onRepository(actor, { args: [...args, '--count'], input });
  if (!counted.ok) return failed(`counting the commits of its reflog: ${counted.why}`);
  const lines = answer.stdout.split('\n').slice(0, -1);
  const commits = lines.map((line) => line.split(' '));
  const isSound = commits.flat().every((oid) => oid.length === head.length && /^[0-9a-f]+$/.test(oid));
  const isWhole = counted.stdout === `${lines.length}\n` && commits.some(([oid]) => oid === head);
  return isSound && isWhole
    ? { ok: true, value: commits }
    : failed('listing the commits of its reflog: git rev-list ended before its end');
}

/** One commit that has them all as parents, so that one ref holds them. */
async function gather(actor: Actor, tree: string, commits: readonly Oid[]): Promise<Done<Oid>> {
  const args = ['commit-tree', tree, ...commits.flatMap((oid) => ['-p', oid])];
  return made(await onRepository(actor, { args, input: 'Held by reaper-hook for restore\n' }), 'gathering its commits');
}

/** A tree of those blobs that are there, each by its own id; null where none is. What is gone cannot be held. */
async function treeOf(actor: Actor, blobs: readonly Oid[]): Promise<Done<Oid | null>> {
  if (blobs.length === 0) return { ok: true, value: null };
  const input = blobs.map((oid) => `${oid}\n`).join('');
  const looked = await onRepository(actor, { args: ['cat-file', '--batch-check=%(objectname) %(objecttype)'], input });
  if (!looked.ok) return failed(`looking for what its index names: ${looked.why}`);
  const lines = looked.stdout.split('\n').slice(0, -1);
  const isWhole = lines.length === blobs.length && lines.every((line, index) => line.startsWith(`${blobs[index]} `));
  if (!isWhole) return failed('looking for what its index names: git cat-file ended before its end');
  const present = blobs.filter((oid, index) => lines[index] === `${oid} blob`);
  if (present.length === 0) return { ok: true, value: null };
  const records = present.map((oid) => `100644 blob ${oid}\t${oid}\0`).join('');
  return made(await onRepository(actor, { args: ['mktree', '-z'], input: records }), 'gathering what its index names');
}

/** The id of the object that git says it wrote. */
function made(answer: GitAnswer, what: string): Done<Oid> {
  const oid = answer.ok ? answer.stdout.trim() : '';
  return /^[0-9a-f]{40,64}$/.test(oid)
    ? { ok: true, value: oid }
    : failed(`${what}: ${answer.ok ? answer.stdout : answer.why}`);
}
