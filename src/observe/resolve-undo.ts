/**
 * What an index keeps of conflicts that were resolved, for `git checkout -m` to bring back.
 *
 * Contract: git's own answer. It counts these blobs as reachable while the worktree is registered, and complains of
 * every one that is missing; nothing else needs to name them, not even a commit of the worktree.
 * Failure direction: an answer that is not understood is unknown.
 */
import { type Fact, known, type Oid, unknown } from '../core/model.ts';
import type { GitCall, Io } from '../io/ports.ts';

const RECORD = /^(\d{6}) ([0-9a-f]{40}|[0-9a-f]{64}) [123]\t[\s\S]+$/;

/** A submodule's commit is not an object of this repository. */
const GITLINK = '160000';

/** The blobs, each once. */
export async function resolvedBlobs({ git }: Pick<Io, 'git'>, where: Omit<GitCall, 'args'>): Promise<Fact<Oid[]>> {
  const answer = await git.run({ ...where, args: ['ls-files', '--resolve-undo', '-z'], strict: true });
  if (!answer.ok) return unknown(`the conflicts that were resolved in it could not be listed: ${answer.why}`);
  if (answer.stdout !== '' && !answer.stdout.endsWith('\0')) return unknown('git ls-files ended before its end');
  const blobs = new Set<Oid>();
  for (const record of answer.stdout.split('\0').slice(0, -1)) {
    const [, mode, oid] = RECORD.exec(record) ?? [];
    if (oid === undefined) return unknown('git ls-files printed a record that is not understood');
    if (mode !== GITLINK) blobs.add(oid);
  }
  return known([...blobs]);
}
