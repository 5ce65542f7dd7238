/**
 * What `reaper-hook landed` tells: for each revision, whether it has landed and what proves it.
 *
 * Contract: where no revisions are asked about, all local branches. A revision is only ever an operand: one that
 * begins with a dash is not found rather than obeyed.
 * Failure direction: what names no commit, or cannot be judged, is `landed: null` with the reason.
 */
import type { Base } from '../../core/landing.ts';
import { type Evidence, type Fact, known, type Oid, unknown } from '../../core/model.ts';
import {
  createLandings,
  type LandingCache,
  type LandingsOptions,
  type Proof,
  type Question,
  questionKey,
} from './index.ts';
import { landedMessages } from './messages.ts';
import { commitOf } from './read.ts';

export interface LandedRow {
  readonly rev: string;
  readonly oid: Oid | null;
  readonly landed: boolean | null;
  readonly evidence: Evidence | null;
  readonly reason: string | null;
}

export interface LandedReportOptions extends LandingsOptions {
  /** Null for all local branches. */
  readonly revs: readonly string[] | null;
  readonly bases: readonly Base[];
  /** Gets what was found, to be kept for the next run. */
  readonly onCache?: (cache: LandingCache) => void;
}

const HEADS = 'refs/heads/';
const REMOTES = 'refs/remotes/';

/** A revision, and the commit and branch it names. */
interface Named {
  readonly rev: string;
  readonly question: Question | null;
  readonly why: string;
}

export async function landedReport(options: LandedReportOptions): Promise<LandedRow[]> {
  const refs = await shortRefs(options);
  if (!refs.known) return [{ rev: HEADS, oid: null, landed: null, evidence: null, reason: refs.why }];
  const named = options.revs === null ? allBranches(refs.value) : await nameAll(options, options.revs, refs.value);
  const landings = createLandings(options);
  const questions = named.flatMap(({ question }) => (question === null ? [] : [question]));
  const proofs =
    questions.length === 0 ? new Map<string, Fact<Proof>>() : await landings.prove(questions, options.bases);
  options.onCache?.(landings.cache());
  return named.map((each) => rowOf(each, each.question === null ? undefined : proofs.get(questionKey(each.question))));
}

/** A ref by the short name people use for it: `agent/x`, `origin/agent/x`. */
interface ShortRef {
  readonly oid: Oid;
  readonly branch: string;
  readonly isLocal: boolean;
}

async function shortRefs({ io, gitDir, cwd }: LandedReportOptions): Promise<Fact<ReadonlyMap<string, ShortRef>>> {
  const args = ['for-each-ref', '--format=%(objectname) %(refname)', HEADS, REMOTES];
  const answer = await io.git.run({ args, cwd, gitDir });
  if (!answer.ok) return unknown(landedMessages.unread(answer.why));
  const refs = new Map<string, ShortRef>();
  for (const line of answer.stdout.split('\n')) {
    const [oid = '', ref = ''] = line.split(' ');
    if (ref === '') continue;
    const isLocal = ref.startsWith(HEADS);
    const short = ref.slice((isLocal ? HEADS : REMOTES).length);
    const branch = isLocal ? short : short.slice(short.indexOf('/') + 1);
    if (isLocal || !refs.has(short)) refs.set(short, { oid, branch, isLocal });
  }
  return known(refs);
}

function allBranches(refs: ReadonlyMap<string, ShortRef>): Named[] {
  return [...refs].flatMap(([rev, { oid, branch, isLocal }]) =>
    isLocal ? [{ rev, question: { head: oid, branch }, why: '' }] : [],
  );
}

/** A name of a branch keeps that branch's own refs out of the bases; so do its longer names. */
async function nameAll(
  options: LandedReportOptions,
  revs: readonly string[],
  refs: ReadonlyMap<string, ShortRef>,
): Promise<Named[]> {
  const named: Named[] = [];
  for (const rev of revs) {
    const ref = refs.get(rev) ?? refs.get(rev.replace(/^(?:refs\/)?(?:heads|remotes)\//, ''));
    const head = ref?.oid ?? (await commitOf({ git: options.io.git, gitDir: options.gitDir, cwd: options.cwd }, rev));
    const question = head === null ? null : { head, branch: ref?.branch ?? null };
    named.push({ rev, question, why: landedMessages.unknownRevision(rev) });
  }
  return named;
}

function rowOf({ rev, question, why }: Named, proof: Fact<Proof> | undefined): LandedRow {
  const row = { rev, oid: question?.head ?? null, landed: null, evidence: null, reason: why };
  if (proof === undefined) return row;
  if (!proof.known) return { ...row, reason: proof.why };
  if (!proof.value.landed) return { ...row, landed: false, reason: proof.value.why };
  return { ...row, landed: true, evidence: proof.value.evidence, reason: null };
}
