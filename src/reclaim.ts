/**
 * From a verdict to what `quarantine` needs: the note, the place, and the second look.
 *
 * Contract: reads only. The second look is the first one again: the same `investigate`, on a
 * view read afresh, at the place the tree lies now; besides, the registration must still name
 * the same branch and commit.
 * Failure direction: no place on the worktree's own file system is a reason, never a copy.
 */
import { randomBytes } from 'node:crypto';
import { basename, dirname, join } from 'node:path';
import type { Actor } from './act/context.ts';
import type { PassLock } from './act/lock.ts';
import type { Reclaim } from './act/quarantine.ts';
import { ENTRY_VERSION, type Entry, entryId, ourLock } from './core/entry.ts';
import { keyOf } from './core/ledger.ts';
import { groundWords } from './core/messages.ts';
import {
  type Candidate,
  type Fact,
  type Facts,
  known,
  type Policy,
  type Reason,
  type Verdict,
  type WorktreeCandidate,
} from './core/model.ts';
import { matchBranch } from './core/patterns.ts';
import { reflogCommits } from './core/reflog.ts';
import type { Settings } from './core/settings.ts';
import type { Io } from './io/ports.ts';
import { readParents, unreached } from './observe/ancestry.ts';
import { type Inquiry, proceed } from './observe/investigate.ts';
import { readReflogs } from './observe/reflogs.ts';
import { resolvedBlobs } from './observe/resolve-undo.ts';
import type { View } from './observe/view.ts';

/** Name of the quarantine beside worktrees on another file system. */
const BESIDE = '.reaper-quarantine';

export interface PlanRequest {
  readonly actor: Actor;
  readonly view: View;
  readonly inquiry: Inquiry;
  readonly settings: Settings;
  readonly policy: Policy;
  readonly lock: PassLock;
  /** The repository as it is once the trees are moved, for everyone who goes side by side. */
  readonly lookAfresh: () => Promise<Fact<View>>;
  /** Few at one time: each holds the names of all its files while it is looked at. */
  readonly inTurn: (look: () => Promise<Inquiry>) => Promise<Inquiry>;
}

export type Planned = { readonly ok: true; readonly value: Reclaim } | { readonly ok: false; readonly reason: Reason };

/** Prepares the reclaims of candidates whose verdict is `reclaim`, in their order. */
export async function planReclaims(requests: readonly PlanRequest[]): Promise<Planned[]> {
  const read = await Promise.all(
    requests.map(async (request) => {
      const [commits, blobs] = await Promise.all([commitsToPin(request), blobsToPin(request)]);
      return { request, commits, blobs };
    }),
  );
  const [first] = requests;
  if (first === undefined) return [];
  const { io, layout } = first.actor;
  const named = read.flatMap(({ request, commits }) => [...headOf(request), ...(commits.ok ? commits.value : [])]);
  const parents = await readParents(io, layout.commonDir, named);
  return Promise.all(
    read.map(async ({ request, commits, blobs }) => {
      if (!commits.ok) return commits;
      if (!blobs.known) return refuse('unknown', blobs.why);
      const [head] = headOf(request);
      return planReclaim(request, head === undefined ? [] : unreached(head, commits.value, parents), blobs.value);
    }),
  );
}

const headOf = ({ inquiry: { candidate } }: PlanRequest): string[] =>
  candidate.kind === 'worktree' && candidate.head !== null ? [candidate.head] : [];

/**
 * @param commits those of its reflogs that HEAD is not known to reach
 * @param blobs what its index keeps of resolved conflicts
 */
async function planReclaim(
  request: PlanRequest,
  commits: readonly string[],
  blobs: readonly string[],
): Promise<Planned> {
  const { actor, inquiry, settings, lock, view } = request;
  const { candidate, verdict } = inquiry;
  if (verdict.verdict !== 'reclaim') return refuse('unknown', 'no verdict to reclaim');
  const name = candidate.kind === 'worktree' ? (candidate.branch ?? candidate.id) : basename(candidate.path);
  const id = entryId(name, randomBytes(4).toString('hex'));
  const place = await placeFor(actor, candidate, id);
  if (!place.ok) return place;
  const nowMs = actor.io.clock.nowMs();
  const bytes = view.source.ledger.sizes[keyOf(candidate)]?.bytes ?? null;
  const entry = entryFor({ id, candidate, verdict, tree: place.value, settings, nowMs, bytes });
  return {
    ok: true,
    value: {
      entry,
      adminDir: candidate.kind === 'worktree' ? candidate.adminDir : null,
      reflogCommits: commits,
      indexBlobs: blobs,
      secondLook: (at) => lookAgain(request, entry, at),
      deleteBranch: mayDeleteBranch(candidate, verdict, view, settings),
      stillOurs: lock.isHeld,
    },
  };
}

function entryFor(from: {
  id: string;
  candidate: Candidate;
  verdict: Extract<Verdict, { verdict: 'reclaim' }>;
  tree: string | null;
  settings: Settings;
  nowMs: number;
  bytes: number | null;
}): Entry {
  const { id, candidate, verdict, tree, settings, nowMs, bytes } = from;
  const worktree = candidate.kind === 'worktree' ? candidate : null;
  return {
    version: ENTRY_VERSION,
    id,
    kind: worktree === null ? 'staging' : worktree.isMissing ? 'registration' : 'worktree',
    phase: 'intent',
    path: candidate.path,
    tree,
    registration: worktree?.id ?? null,
    branch: worktree?.branch ?? null,
    head: worktree?.head ?? null,
    pin: null,
    deletedBranchAt: null,
    lockText: worktree?.locked ?? null,
    ground: verdict.ground,
    evidence: verdict.evidence,
    because: groundWords(verdict),
    ballast: [],
    atMs: nowMs,
    keepUntilMs: nowMs + settings.quarantine.keepMs,
    forgetAtMs: nowMs + settings.quarantine.forgetMs,
    bytes,
    unverified: false,
    restoreTo: null,
    rebuild: false,
    detach: false,
  };
}

/**
 * Where the tree will lie: below the common directory when that is on the same file system,
 * else in a sibling directory of the worktree.
 */
async function placeFor(
  { io, layout }: Actor,
  candidate: Candidate,
  id: string,
): Promise<{ ok: true; value: string | null } | { ok: false; reason: Reason }> {
  if (candidate.kind === 'worktree' && candidate.isMissing) return { ok: true, value: null };
  const parent = dirname(candidate.path);
  const [own, beside, common] = await Promise.all([
    io.disk.lstat(candidate.path),
    io.disk.lstat(parent),
    io.disk.lstat(layout.commonDir),
  ]);
  if (!own.ok || !beside.ok || !common.ok) return refuse('unknown', 'its file system could not be told');
  if (own.value.dev === common.value.dev) return { ok: true, value: layout.entry(id).tree };
  if (own.value.dev !== beside.value.dev) return refuse('cross-device', 'it is a file system of its own');
  const place = join(parent, BESIDE);
  const unsafe = await besideProblem(io.disk, place, layout.commonDir);
  return unsafe === null ? { ok: true, value: join(place, id, 'tree') } : refuse('cross-device', unsafe);
}

/** Why the directory beside a worktree on another file system cannot be used, or null. */
async function besideProblem(disk: Io['disk'], place: string, commonDir: string): Promise<string | null> {
  for (let above = dirname(place); above !== dirname(above); above = dirname(above)) {
    const repository = await disk.lstat(join(above, '.git'));
    if (repository.ok)
      return `its own file system has no place for it outside ${above}, where git clean would delete it`;
    if (repository.code !== 'ENOENT') return `${above} could not be looked at: ${repository.why}`;
  }
  const [present, common] = await Promise.all([disk.lstat(place), disk.lstat(commonDir)]);
  if (!present.ok) return present.code === 'ENOENT' ? null : present.why;
  const isOurs = present.value.kind === 'directory' && common.ok && present.value.uid === common.value.uid;
  return isOurs && (present.value.mode & 0o077) === 0 ? null : `${place} is not this user's own, private directory`;
}

/** The commits of its reflogs; git's own zero ids left out. */
async function commitsToPin({
  actor,
  inquiry: { candidate },
}: PlanRequest): Promise<{ ok: true; value: string[] } | { ok: false; reason: Reason }> {
  if (candidate.kind !== 'worktree') return { ok: true, value: [] };
  const reflogs = await readReflogs(actor.io.disk, candidate, actor.layout.commonDir);
  if (!reflogs.known) return refuse('unknown', reflogs.why);
  const { head, branch, origHead } = reflogs.value;
  return { ok: true, value: [...reflogCommits([...head, ...branch]), ...(origHead === null ? [] : [origHead])] };
}

/** What its index keeps of resolved conflicts; git is not asked where the first look saw that it keeps nothing. */
async function blobsToPin({ actor, view, inquiry: { candidate } }: PlanRequest): Promise<Fact<string[]>> {
  if (candidate.kind !== 'worktree' || view.memory.resolved.get(candidate.adminDir) === false) return known([]);
  const { commonDir, root } = actor.layout;
  return resolvedBlobs(actor.io, { cwd: commonDir, gitDir: candidate.adminDir, workTree: root });
}

/** Looks at the moved tree with facts read afresh. */
async function lookAgain(
  request: PlanRequest,
  entry: Entry,
  at: string,
): Promise<{ verdict: Verdict; ballast: readonly string[] }> {
  const { actor, inquiry, policy, view } = request;
  const { io } = actor;
  const fresh = await request.lookAfresh();
  if (!fresh.known) return { verdict: keep(fresh.why), ballast: [] };
  const candidate = sameCandidate(inquiry.candidate, fresh.value.worktrees, entry);
  if (candidate === null) return { verdict: keep('it changed between the two looks'), ballast: [] };
  // The process scan comes first: whoever is not inside now cannot come in by the old path any more, so
  // nobody writes between the status that follows and the end.
  const occupied = (await fresh.value.probe(candidate, 'occupied', at)) as NonNullable<Facts['occupied']>;
  const how = { probe: fresh.value.probe, policy, nowMs: io.clock.nowMs, isOutOfTime: view.source.isOutOfTime, at };
  const again = await request.inTurn(async () => {
    const inquiry = (await proceed({ candidate, verdict: null, facts: { occupied }, asked: [] }, how, null)) as Inquiry;
    fresh.value.readings.forget(at);
    return inquiry;
  });
  const ignored = again.facts.ignored;
  return { verdict: again.verdict, ballast: ignored?.known === true ? ignored.value.ballast : [] };
}

/** The candidate as the registration describes it now, or null when it is no longer what was judged. */
function sameCandidate(before: Candidate, worktrees: readonly WorktreeCandidate[], entry: Entry): Candidate | null {
  if (before.kind === 'staging') return before;
  const now = worktrees.find(({ id, isMain }) => !isMain && id === before.id);
  if (now === undefined || now.path !== before.path) return null;
  if (now.head !== before.head || now.branch !== before.branch) return null;
  if (now.locked !== ourLock(entry.id)) return null;
  return { ...now, locked: before.locked, isMissing: before.isMissing };
}

/** `merged`: git's own rule for `branch -d`. A branch outside the managed patterns, or a base, stays. */
function mayDeleteBranch(candidate: Candidate, verdict: Verdict, { bases }: View, { worktrees }: Settings): boolean {
  if (candidate.kind !== 'worktree' || candidate.branch === null || verdict.verdict !== 'reclaim') return false;
  if (candidate.isMissing) return false;
  if (worktrees.branch === 'keep' || matchBranch(candidate.branch, worktrees.branches) === null) return false;
  const ref = `refs/heads/${candidate.branch}`;
  if (!bases.known || bases.value.some((base) => base.ref === ref)) return false;
  return worktrees.branch === 'landed' || verdict.evidence?.how === 'ancestor';
}

const keep = (detail: string): Verdict => ({ verdict: 'keep', reasons: [{ code: 'unknown', detail }] });

const refuse = (code: Reason['code'], detail: string): { ok: false; reason: Reason } => ({
  ok: false,
  reason: { code, detail },
});
