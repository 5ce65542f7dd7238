/**
 * The landed fact: is everything this worktree committed in the base, or did it never commit?
 *
 * Contract: combines the landing proof of HEAD with what the reflogs say of its own commits.
 * - No commit of its own and HEAD on the base: ground `empty`. On the base alone proves nothing.
 * - HEAD proven, and every own commit that HEAD moved away from is reachable from a ref, or proven as
 *   well: `landed`.
 * - What the base took back again (a revert) is not landed.
 * - Where no reflog was kept, ORIG_HEAD stands for the newest own commit.
 * - An own commit was left behind (by a reset, say) and is proven nowhere: not landed. What an amend
 *   or a rebase replaced is pinned, not proven.
 * Failure direction: a reflog or a proof that cannot be had is unknown.
 */
import type { Proof } from '../core/landing.ts';
import { type Fact, known, type Landing, type Oid, unknown, type WorktreeCandidate } from '../core/model.ts';
import { leftBehind, newestOwn } from '../core/reflog.ts';
import type { Io } from '../io/ports.ts';
import { readReflogs } from './reflogs.ts';
import { takenBack } from './reverted.ts';

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
  const newest = [reflogs.value.head, reflogs.value.branch].map(newestOwn).filter((oid) => oid !== null);
  const isEmpty = newest.length === 0 && evidence.how === 'ancestor';
  const back = isEmpty ? known(null) : await takenBack(io, commonDir, { head, evidence });
  if (!back.known) return back;
  if (back.value !== null) return known({ landed: false, why: back.value });
  const safe: Fact<Landing> = known({ landed: true, ground: isEmpty ? 'empty' : 'landed', evidence });
  const moved = [reflogs.value.head, reflogs.value.branch].flatMap(leftBehind);
  const left = new Set([...(newest.length === 0 ? [reflogs.value.origHead] : newest), ...moved]);
  const commits = [...left].filter((oid): oid is Oid => oid !== null && oid !== head);
  return commits.length === 0 ? safe : proveLeft({ io, commonDir, candidate, commits, safe, prove });
}

/** More resets than this in one reflog: somebody should look. */
const MAX_LEFT = 100;

/** HEAD has moved away from commits made here: is each of them safe elsewhere? */
async function proveLeft(asked: {
  io: Pick<Io, 'git'>;
  commonDir: string;
  candidate: WorktreeCandidate;
  commits: readonly Oid[];
  safe: Fact<Landing>;
  prove: Prove;
}): Promise<Fact<Landing>> {
  const { candidate, commits } = asked;
  if (commits.length > MAX_LEFT) return unknown(`its reflog left more than ${MAX_LEFT} commits behind`);
  const unreachable = await withoutRef(asked.io, asked.commonDir, commits, candidate.head ?? '');
  if (!unreachable.known) return unreachable;
  for (const commit of unreachable.value) {
    const short = commit.slice(0, 10);
    const proof = await asked.prove(commit, candidate.branch);
    if (!proof.known) return unknown(`commit ${short}, which HEAD left behind: ${proof.why}`);
    if (!proof.value.landed)
      return known({ landed: false, why: `commit ${short} was made here and left behind; only the reflog holds it` });
  }
  return asked.safe;
}

/** Those of `commits` that neither `head` nor a branch, tag or remote-tracking ref reaches. */
async function withoutRef(
  io: Pick<Io, 'git'>,
  commonDir: string,
  commits: readonly Oid[],
  head: Oid,
): Promise<Fact<Oid[]>> {
  const args = ['rev-list', '--stdin', '--not', '--branches', '--tags', '--remotes'];
  const input = [...commits, `^${head}`, ''].join('\n');
  const answer = await io.git.run({ args, input, cwd: commonDir, gitDir: commonDir, strict: true });
  if (!answer.ok) return unknown(`what its reflog left behind could not be read: ${answer.why}`);
  const found = new Set(answer.stdout.split('\n'));
  return known(commits.filter((oid) => found.has(oid)));
}
