/**
 * What is remembered from run to run, as plain JSON that the caller keeps.
 *
 * Contract: every entry speaks of object ids only, so it stays true whatever refs do. A proof
 * holds for each base that `at` is reachable from. An open entry says how far the base's
 * first-parent line has been looked at, and what was found.
 * Failure direction: anything that is not exactly of this shape is forgotten, all of it, and the
 * work is done again. Nothing but a proof can answer "landed".
 */
import type { Evidence, Oid } from '../../core/model.ts';

/** Changes with the meaning of what is kept, and with what counts as a proof. */
const VERSION = 4;

export interface LandingCache {
  readonly version: typeof VERSION;
  /** Least recently used first. */
  readonly proofs: readonly CachedProof[];
  readonly open: readonly CachedOpen[];
}

export interface CachedProof {
  readonly head: Oid;
  readonly how: Evidence['how'];
  /** The proving commit, in the history of `at`. */
  readonly commit: Oid;
  /** The base commit the proof was made against. */
  readonly at: Oid;
}

/** `again`: nothing but that the search has to begin anew. */
export const OPEN_CODES = ['adds', 'cancels', 'conflict', 'unrelated', 'limit', 'partial', 'again'] as const;

export interface CachedOpen {
  readonly head: Oid;
  /** The commit on the base's first-parent line up to which everything has been looked at. */
  readonly at: Oid;
  /** Names the branch's own commits and where they stand on the base; changes when either does. */
  readonly own: string;
  readonly mergeBases: readonly Oid[];
  /** First-parent commits between the merge base and `at`. */
  readonly behind: number;
  /** Some paths that the branch changes and the base up to `at` has not touched. */
  readonly untouched: readonly string[];
  /** Some lines, `<number> <path>`, that the branch changes and no base commit up to `at` has. */
  readonly unheld: readonly string[];
  /** An own commit, then base commits that change the same paths. */
  readonly likes: readonly (readonly Oid[])[];
  /** Own commits that more base commits up to `at` look like than are in `likes`. */
  readonly overflowed: readonly Oid[];
  /** The search has begun anew because of them, which happens once. */
  readonly isSecond: boolean;
  readonly code: (typeof OPEN_CODES)[number];
  /** Paths, or the sentence of a limit. */
  readonly detail: readonly string[];
}

/** The lists of an entry of which nothing was looked at. */
export const BLANK = {
  mergeBases: [],
  behind: 0,
  untouched: [],
  unheld: [],
  likes: [],
  overflowed: [],
  detail: [],
  isSecond: false,
} as const;

/** Three paths are named in a sentence; eight let the base touch some and still leave a witness. */
const KEPT_PATHS = 8;
/** Longer paths would make the file grow; another path will do. */
const KEPT_PATH_LENGTH = 200;

/** The few paths, or lines with their paths, worth keeping. */
export const keptPaths = (paths: Iterable<string>): string[] =>
  [...paths].filter((path) => path.length <= KEPT_PATH_LENGTH).slice(0, KEPT_PATHS);

export const EMPTY_CACHE: LandingCache = { version: VERSION, proofs: [], open: [] };

/** Reads back what `Memory.saved` gave, or an empty cache. */
export function readCache(value: unknown): LandingCache {
  if (!isRecord(value) || value['version'] !== VERSION) return EMPTY_CACHE;
  const { proofs, open } = value;
  if (!Array.isArray(proofs) || !Array.isArray(open)) return EMPTY_CACHE;
  return proofs.every(isProof) && open.every(isOpen) ? { version: VERSION, proofs, open } : EMPTY_CACHE;
}

/** The cache while it is in use. */
export interface Memory {
  proof(head: Oid): CachedProof | null;
  open(head: Oid): readonly CachedOpen[];
  keepProof(proof: CachedProof): void;
  /** Replaces what is open for the same head at the same place, or that `instead` names. */
  keepOpen(open: CachedOpen, instead: Oid | null): void;
  saved(): LandingCache;
}

/** As many as bases are judged in one run; older places are of bases that moved on. */
const PLACES_PER_HEAD = 16;

export function createMemory(value: unknown, remembered: number): Memory {
  const cache = readCache(value);
  const proofs = new Map(cache.proofs.map((each) => [each.head, each]));
  const opens = new Map<Oid, readonly CachedOpen[]>();
  for (const each of cache.open) opens.set(each.head, [...(opens.get(each.head) ?? []), each]);
  return {
    proof: (head) => used(proofs, head) ?? null,
    open: (head) => used(opens, head) ?? [],
    keepProof(proof) {
      opens.delete(proof.head);
      renew(proofs, proof.head, proof);
    },
    keepOpen(open, instead) {
      const others = (opens.get(open.head) ?? []).filter(({ at }) => at !== open.at && at !== instead);
      renew(opens, open.head, [...others, open].slice(-PLACES_PER_HEAD));
    },
    saved: () => ({
      version: VERSION,
      proofs: [...proofs.values()].slice(-remembered),
      open: [...opens.values()].slice(-remembered).flat(),
    }),
  };
}

/** Moves an entry that is looked up to the end, so that the least recently used come first. */
function used<T>(map: Map<Oid, T>, head: Oid): T | undefined {
  const value = map.get(head);
  if (value !== undefined) renew(map, head, value);
  return value;
}

function renew<T>(map: Map<Oid, T>, head: Oid, value: T): void {
  map.delete(head);
  map.set(head, value);
}

const HOWS: readonly unknown[] = ['ancestor', 'adds-nothing', 'replayed', 'patches'] satisfies Evidence['how'][];

function isProof(value: unknown): value is CachedProof {
  if (!isRecord(value)) return false;
  return isOid(value['head']) && isOid(value['commit']) && isOid(value['at']) && HOWS.includes(value['how']);
}

function isOpen(value: unknown): value is CachedOpen {
  if (!isRecord(value)) return false;
  const { head, at, own, mergeBases, behind, untouched, unheld, likes, overflowed, isSecond, code, detail } = value;
  const isPlace = isOid(head) && isOid(at) && typeof own === 'string' && isListOf(mergeBases, isOid);
  const isCount = Number.isSafeInteger(behind) && (behind as number) >= 0;
  const areLists = [untouched, unheld, detail].every((list) => isListOf(list, isString));
  const areLikes =
    isListOf(likes, (each) => isListOf(each, isOid)) && isListOf(overflowed, isOid) && typeof isSecond === 'boolean';
  return isPlace && isCount && areLists && areLikes && (OPEN_CODES as readonly unknown[]).includes(code);
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;
const isString = (value: unknown): value is string => typeof value === 'string';
const isOid = (value: unknown): value is Oid =>
  typeof value === 'string' && /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(value);
const isListOf = (value: unknown, isItem: (item: unknown) => boolean): boolean =>
  Array.isArray(value) && value.every(isItem);
