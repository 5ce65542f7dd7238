/**
 * Which commits HEAD reaches through each other, for many worktrees in one reading.
 *
 * Contract: reads the commits that are named and no others.
 * Failure direction: a commit that could not be read leads nowhere, so that less counts as reached.
 */
import type { Oid } from '../core/model.ts';
import type { Io } from '../io/ports.ts';

export type Parents = ReadonlyMap<Oid, readonly Oid[]>;

/** The parents of each of `commits` that is there. */
export async function readParents(
  { git }: Pick<Io, 'git'>,
  commonDir: string,
  commits: Iterable<Oid>,
): Promise<Parents> {
  const input = [...new Set(commits)].map((oid) => `${oid}\n`).join('');
  if (input === '') return new Map();
  const args = ['rev-list', '--no-walk=unsorted', '--parents', '--ignore-missing', '--stdin'];
  const answer = await git.run({ args, input, cwd: commonDir, gitDir: commonDir, strict: true });
  const lines = answer.ok ? answer.stdout.split('\n').slice(0, -1) : [];
  return new Map(
    lines.flatMap((line) => {
      const [commit, ...parents] = line.split(' ');
      return commit !== undefined && [commit, ...parents].every(isOid) ? [[commit, parents] as const] : [];
    }),
  );
}

/** Those of `commits` to which no chain of known parents leads from `head`. */
export function unreached(head: Oid, commits: readonly Oid[], parents: Parents): Oid[] {
  const reached = new Set([head]);
  for (const commit of reached) for (const parent of parents.get(commit) ?? []) reached.add(parent);
  return commits.filter((commit) => !reached.has(commit));
}

const isOid = (text: string): boolean => /^([0-9a-f]{40}|[0-9a-f]{64})$/.test(text);
