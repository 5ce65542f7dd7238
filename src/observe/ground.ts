/**
 * The landed fact: is everything this worktree committed in the base, or did it never commit?
 *
 * Contract: combines the landing proof of HEAD with what the reflogs say of its own commits.
 * - No commit of its own and HEAD on the base: ground `empty`. On the base alone proves nothing.
 * - HEAD proven, and its newest own commit is HEAD, reachable from a ref, or proven as well: `landed`.
 * - Where no reflog was kept, ORIG_HEAD stands for the newest own commit.
 * - The newest own commit was left behind (a reset, say) and is proven nowhere: not landed.
 * Failure direction: a reflog or a proof that cannot be had is unknown.
 */
import type { Proof } from '../core/landing.ts';
import { type Fact, known, type Landing, type Oid, unknown, type WorktreeCandidate } from '../core/model.ts';
import { ownCommits } from '../core/reflog.ts';
import type { Io } from '../io/ports.ts';
import { type Reflogs, readReflogs } from './reflogs.ts';

export type Prove = (head: Oid, branch: string | null) => Promise<Fact<Proof>>;

export async function establishGround(
  io: Pick<Io, 'git' | 'disk'>,
  candidate: WorktreeCandidate,
  commonDir: string,
  prove: Prove,
): Promise<Fact<Landing>> {
  const { head, branch } = candidate;
  if (head === null) return known({ landed: false, why: 'HEAD names no commit yet' });
  const reflogs = await readReflogs(io.disk, candidate, commonDir);
  if (!reflogs.known) return reflogs;
  const proof = await prove(head, branch);
  if (!proof.known) return proof;
  if (!proof.value.landed) return known(proof.value);
  const { evidence } = proof.value;
  const landed: Fact<Landing> = known({ landed: true, ground: 'landed', evidence });
  const own = newestOwnCommit(reflogs.value);
  if (own !== null) return own === head ? landed : leftBehind(io, commonDir, own, candidate, landed, prove);
  const empty: Fact<Landing> =
    evidence.how === 'ancestor' ? known({ landed: true, ground: 'empty', evidence }) : landed;
  const { origHead } = reflogs.value;
  return origHead === null || origHead === head ? empty : leftBehind(io, commonDir, origHead, candidate, empty, prove);
}

function newestOwnCommit({ head, branch }: Reflogs): Oid | null {
  const own = ownCommits([...head, ...branch].sort((one, other) => one.at - other.at));
  return own[0] ?? null;
}

/** HEAD has moved away from the newest commit made here: is that one safe elsewhere? */
async function leftBehind(
  io: Pick<Io, 'git'>,
  commonDir: string,
  own: Oid,
  candidate: WorktreeCandidate,
  safe: Fact<Landing>,
  prove: Prove,
): Promise<Fact<Landing>> {
  const reachable = await isReachable(io, commonDir, own, candidate.head ?? own);
  if (!reachable.known) return reachable;
  if (reachable.value) return safe;
  const proof = await prove(own, candidate.branch);
  if (!proof.known) return unknown(`commit ${own.slice(0, 10)}, which HEAD left behind: ${proof.why}`);
  if (proof.value.landed) return safe;
  return known({
    landed: false,
    why: `commit ${own.slice(0, 10)} was made here and left behind; only the reflog holds it`,
  });
}

/** True when a branch, tag, remote-tracking ref or `head` reaches `commit`. */
async function isReachable(io: Pick<Io, 'git'>, commonDir: string, commit: Oid, head: Oid): Promise<Fact<boolean>> {
  const args = ['rev-list', '--max-count=1', commit, '--not', head, '--branches', '--tags', '--remotes'];
  const answer = await io.git.run({ args, cwd: commonDir, gitDir: commonDir, strict: true });
  return answer.ok
    ? known(answer.stdout.trim() === '')
    : unknown(`reachability of ${commit.slice(0, 10)}: ${answer.why}`);
}
