/**
 * The landing proofs: is every commit of this branch in a base, and by which evidence?
 *
 * Contract: reads history alone, through a private view of its objects; writes nothing to the
 * repository, starts no program of the user's, never touches the network. What was found is
 * remembered by object ids in a plain object that the caller keeps; an unchanged pair of head and
 * base starts no process.
 * Failure direction: not landed only when every base was judged to the end; whatever could not be
 * read, or hit a bound, is unknown, by name.
 */
import { type Base, LIMITS, type Limits, type Proof, type Question } from '../../core/landing.ts';
import { type Fact, known, type Oid, unknown } from '../../core/model.ts';
import type { Disk, GitPort } from '../../io/ports.ts';
import { type CachedOpen, type CachedProof, createMemory, type LandingCache, type Memory } from './cache.ts';
import { judge } from './judge.ts';
import { createMerger } from './merge.ts';
import { landedMessages } from './messages.ts';
import type { Outcome } from './outcome.ts';
import type { LineChanges } from './search.ts';
import { openView } from './view.ts';

export type { Base, Proof, Question } from '../../core/landing.ts';
export type { LandingCache } from './cache.ts';

export interface LandingsOptions {
  readonly io: { readonly git: GitPort; readonly disk: Disk };
  /** The repository or a worktree's administrative directory; its objects are the common directory's. */
  readonly gitDir: string;
  readonly cwd: string;
  /** Absolute path of the common directory. */
  readonly commonDir: string;
  /** What `cache()` gave in an earlier run; anything else counts as empty. */
  readonly cache?: unknown;
  readonly limits?: Partial<Limits>;
  /** Looked at between git calls; when true, what is left is unknown. */
  readonly isOutOfTime?: () => boolean;
}

export interface Landings {
  /** All at once, which shares most processes. Keys are made by `questionKey`. */
  prove(questions: readonly Question[], bases: readonly Base[]): Promise<Map<string, Fact<Proof>>>;
  /** One of them; after `prove` of the same it starts no process. */
  proveOne(head: Oid, branch: string | null, bases: readonly Base[]): Promise<Fact<Proof>>;
  /** JSON to keep for the next run. */
  cache(): LandingCache;
}

export const questionKey = ({ head, branch }: Question): string => `${head} ${branch ?? ''}`;

export function createLandings(options: LandingsOptions): Landings {
  const limits: Limits = { ...LIMITS, ...options.limits };
  const memory = createMemory(options.cache, limits.remembered);
  const prove: Landings['prove'] = (questions, bases) => proveAll({ ...options, limits, memory }, questions, bases);
  return {
    prove,
    async proveOne(head, branch, bases) {
      const question = { head, branch };
      return (await prove([question], bases)).get(questionKey(question)) ?? unknown(landedMessages.noBase());
    },
    cache: () => memory.saved(),
  };
}

interface Proving extends LandingsOptions {
  readonly limits: Limits;
  readonly memory: Memory;
}

/** What was found out about one head against one base commit. */
type Finding =
  | { readonly kind: 'proven'; readonly proof: CachedProof }
  | { readonly kind: 'open'; readonly open: CachedOpen }
  | { readonly kind: 'unread'; readonly why: string };

async function proveAll(proving: Proving, questions: readonly Question[], bases: readonly Base[]) {
  const asked = questions.map((question) => ({ question, bases: basesFor(question, bases) }));
  const findings = new Map<string, Finding>();
  const judged = [...new Set(bases.map(({ oid }) => oid))].slice(0, proving.limits.bases);
  const pending = judged.map((oid) => {
    const heads = asked.filter(({ question, bases: own }) => {
      const key = findingKey(question.head, oid);
      if (!isOid(question.head)) return false;
      const finding = own.some((base) => base.oid === oid) ? recalled(proving.memory, question.head, oid) : null;
      if (finding !== null) findings.set(key, finding);
      return finding === null && own.some((base) => base.oid === oid);
    });
    return { oid, heads: [...new Set(heads.map(({ question }) => question.head))] };
  });
  await judgePending(proving, pending, { bases, findings });
  return new Map(
    asked.map(({ question, bases: own }) => [
      questionKey(question),
      answer(proving.limits, question.head, own, findings),
    ]),
  );
}

const isOid = (text: string): boolean => /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(text);

const findingKey = (head: Oid, base: Oid): string => `${head} ${base}`;

/**
 * The bases that may judge a branch: never its own ref or the copies of it that remotes have.
 * Measured against itself, every branch has landed.
 */
export function basesFor({ branch }: Question, bases: readonly Base[]): Base[] {
  if (branch === null) return [...bases];
  return bases.filter(
    ({ ref }) => ref !== `refs/heads/${branch}` && !(ref.startsWith('refs/remotes/') && ref.endsWith(`/${branch}`)),
  );
}

/** What is remembered of exactly this head and this base commit, when nothing is left to look at. */
function recalled(memory: Memory, head: Oid, base: Oid): Finding | null {
  const proof = memory.proof(head);
  if (proof?.at === base) return { kind: 'proven', proof };
  const open = memory.open(head).find(({ at, code }) => at === base && code !== 'partial');
  return open === undefined ? null : { kind: 'open', open };
}

interface Found {
  readonly bases: readonly Base[];
  readonly findings: Map<string, Finding>;
}

interface Pending {
  readonly oid: Oid;
  readonly heads: readonly Oid[];
}

/** Branches judged together: what was found of one slice is kept when time runs out in the next. */
const SLICE = 200;

/** Judges base by base; a head that one base proves is not asked about at the next. */
async function judgePending(proving: Proving, pending: readonly Pending[], { bases, findings }: Found): Promise<void> {
  const proven = new Set([...findings.values()].flatMap((each) => (each.kind === 'proven' ? [each.proof.head] : [])));
  if (pending.every(({ heads }) => heads.every((head) => proven.has(head)))) return;
  const { io, commonDir, limits, memory } = proving;
  const isOutOfTime = proving.isOutOfTime ?? (() => false);
  const view = await openView({ io, commonDir, oidLength: pending[0]?.oid.length ?? 0, isOutOfTime });
  const lines = new Map<Oid, LineChanges>();
  try {
    for (const { oid, heads } of pending) {
      const left = heads.filter((head) => !proven.has(head));
      const ref = bases.find((base) => base.oid === oid)?.ref ?? oid;
      for (let at = 0; at < left.length; at += SLICE) {
        const slice = left.slice(at, at + SLICE);
        const outcomes = view.known
          ? await judge({ view: view.value, base: oid, ref, limits, memory, lines }, createMerger(view.value), slice)
          : new Map<Oid, Outcome>();
        for (const head of slice) {
          const why = view.known ? landedMessages.unread('no answer') : view.why;
          const outcome = outcomes.get(head) ?? { kind: 'unread', why };
          findings.set(findingKey(head, oid), outcome);
          if (outcome.kind === 'proven') proven.add(head);
        }
      }
    }
  } finally {
    if (view.known) await view.value.close();
  }
}

/** The first base that proves it, else what is not known, else why it has not landed. */
function answer(
  limits: Limits,
  head: Oid,
  bases: readonly Base[],
  findings: ReadonlyMap<string, Finding>,
): Fact<Proof> {
  if (!isOid(head)) return unknown(landedMessages.notACommit(head));
  const found = bases.map((base) => ({ base, finding: findings.get(findingKey(head, base.oid)) }));
  for (const { base, finding } of found) {
    if (finding?.kind !== 'proven') continue;
    const { how, commit } = finding.proof;
    return known({ landed: true, evidence: { how, ref: base.ref, oid: base.oid, commit } });
  }
  let why: string | null = null;
  for (const { base, finding } of found) {
    if (finding === undefined) return unknown(landedMessages.limit.bases(limits.bases));
    if (finding.kind !== 'open') return unknown(finding.kind === 'unread' ? finding.why : '');
    const { isKnown, sentence } = sentenceOf(finding.open, base.ref);
    if (!isKnown) return unknown(sentence);
    why ??= sentence;
  }
  return why === null ? unknown(landedMessages.onlyItself()) : known({ landed: false, why });
}

function sentenceOf({ code, detail }: CachedOpen, ref: string): { isKnown: boolean; sentence: string } {
  if (code === 'adds') return { isKnown: true, sentence: landedMessages.adds(ref, detail) };
  if (code === 'cancels') return { isKnown: true, sentence: landedMessages.cancels(ref) };
  if (code === 'conflict') return { isKnown: false, sentence: landedMessages.conflict(ref, detail) };
  if (code === 'unrelated') return { isKnown: false, sentence: landedMessages.unrelated(ref) };
  return { isKnown: false, sentence: detail[0] ?? landedMessages.outOfTime() };
}
