/**
 * What one pass sees: the candidates, and a probe for every fact that can be asked about them.
 *
 * Contract: everything shared between candidates (worktree list, bases, claims, process scan,
 * mount table) is read once, on first use. `renew` gives a view with the perishable parts read
 * again, for the second look. Nothing is written.
 * Failure direction: a shared part that cannot be read makes the facts that rest on it unknown.
 */

import { MAX_CLAIMED_BYTES, parseClaimed } from '../core/claimed-paths.ts';
import type { Proof } from '../core/landing.ts';
import type { Layout } from '../core/layout.ts';
import type { Ledger } from '../core/ledger.ts';
import { type Candidate, type Fact, known, unknown, type WorktreeCandidate } from '../core/model.ts';
import { matchBranch, matchPath } from '../core/patterns.ts';
import type { Settings } from '../core/settings.ts';
import type { DiskReader, Io } from '../io/ports.ts';
import { type Base, resolveBases } from './base.ts';
import { type ClaimRecord, listClaims, readClaims } from './claims.ts';
import { findDirectories } from './directories.ts';
import type { Probe } from './investigate.ts';
import { createLandings, type Landings, type Question } from './landed/index.ts';
import { createMountReader, type MountReader } from './mounts.ts';
import { once } from './once.ts';
import { type Unseen, unseenUsers } from './outlook.ts';
import { createProbe } from './probe.ts';
import { type ProcessTable, scanProcesses } from './processes.ts';
import { askProviders, type ClaimProvider } from './providers.ts';
import { createMemory, createReadings, type Memory, type Readings } from './readings.ts';
import { findStaging } from './staging.ts';
import { listWorktrees, presence } from './worktrees.ts';

export interface ViewSource {
  readonly io: Io;
  readonly layout: Layout;
  readonly mainRoot: string | null;
  readonly home: string;
  readonly settings: Settings;
  readonly ledger: Ledger;
  /** The directory the program was started from, or null. */
  readonly from: string | null;
  readonly isOutOfTime: () => boolean;
  /** Sources of claims besides files; asked again for every second look. */
  readonly providers?: readonly ClaimProvider[];
  /** The disk that staging entries are looked for on, when that is to be remembered. */
  readonly searched?: Pick<DiskReader, 'lstat' | 'list'>;
  /** Processes that asked for this pass and are not in its way. */
  readonly askers?: ReadonlySet<number>;
}

export interface View {
  readonly source: ViewSource;
  readonly worktrees: readonly WorktreeCandidate[];
  readonly candidates: readonly Candidate[];
  readonly bases: Fact<readonly Base[]>;
  readonly landings: Landings;
  /** Proves one commit against the bases. */
  readonly prove: (head: string, branch: string | null) => Promise<Fact<Proof>>;
  /** Proves the HEADs of many candidates in one go; `prove` then finds them answered. */
  readonly prepare: (candidates: readonly Candidate[]) => Promise<void>;
  /** In a first look, those that an earlier pass remembers are read when they matter. */
  readonly claims: () => Promise<Fact<readonly ClaimRecord[]>>;
  /** The same with every file read: nothing goes without it. */
  readonly everyClaim: () => Promise<Fact<readonly ClaimRecord[]>>;
  readonly processes: () => Promise<Fact<ProcessTable>>;
  readonly mounts: MountReader;
  /** Who may use a path without being among the processes. */
  readonly unseen: () => Promise<Unseen>;
  /** What one look leaves to the next one of the same pass. */
  readonly memory: Memory;
  /** What was read of each worktree in this look. */
  readonly readings: Readings;
  readonly probe: Probe;
  /** What could not be looked for, in words. */
  readonly problems: readonly string[];
}

/** Looks at the repository: candidates and bases now, everything else when asked for. */
export async function openView(source: ViewSource, listed?: readonly WorktreeCandidate[]): Promise<Fact<View>> {
  const { io, layout, settings } = source;
  const listing = listed === undefined ? await listWorktrees(io, layout.commonDir) : known(listed);
  if (!listing.known) return listing;
  const worktrees = await markMissing(io, listing.value);
  // Whoever gives back what is its own need not wait for it to be old.
  const floor = source.askers === undefined ? {} : { floorMs: 0 };
  const searched = { ...io.disk, ...source.searched };
  const readers = claimReaders(source);
  const [bases, staging, directories] = await Promise.all([
    resolveBases({
      git: io.git,
      gitDir: layout.commonDir,
      cwd: layout.commonDir,
      configured: settings.worktrees.base,
      managedBranches: (name) => matchBranch(name, settings.worktrees.branches) !== null,
    }),
    findStaging({
      io: { disk: searched },
      worktrees: worktrees.filter(isInhabited),
      patterns: settings.staging,
      ...floor,
    }),
    findDirectories(searched, settings.user?.directories ?? [], source.home, floor.floorMs),
    // Every look needs them; they are read while git answers.
    readers.claims(),
  ]);
  const landings = createLandings({
    io,
    gitDir: layout.commonDir,
    cwd: layout.commonDir,
    commonDir: layout.commonDir,
    cache: source.ledger.landings,
    isOutOfTime: source.isOutOfTime,
  });
  const problems = [...staging.problems, ...directories.problems].map(({ pattern, why }) => `${pattern}: ${why}`);
  const managed = worktrees.filter((each) => isCandidate(each, source));
  const candidates = [...managed, ...staging.entries, ...directories.entries];
  const memory = createMemory(io, layout.commonDir);
  return known(assemble(source, { worktrees, candidates, bases, landings, memory, problems }, readers));
}

type Lasting = Pick<View, 'worktrees' | 'candidates' | 'bases' | 'landings' | 'memory' | 'problems'>;

function assemble(source: ViewSource, lasting: Lasting, claims: Pick<View, 'claims' | 'everyClaim'>): View {
  const { io } = source;
  const unseen = once(() => unseenUsers(io, source.layout.commonDir));
  const view: Omit<View, 'probe'> = {
    source,
    ...lasting,
    prove: async (head, branch) => {
      if (!lasting.bases.known) return unknown(lasting.bases.why);
      return lasting.landings.proveOne(head, branch, lasting.bases.value);
    },
    prepare: async (candidates) => {
      const questions = candidates.flatMap(questionOf);
      if (questions.length === 0) return;
      const { memory, landings, bases } = lasting;
      // The proofs take longest, and so begin first.
      await Promise.all([
        bases.known ? landings.prove(questions, bases.value) : null,
        memory.readTrees(questions.map(({ head }) => head)),
        memory.shared(),
      ]);
    },
    ...claims,
    readings: createReadings(io, lasting.memory),
    processes: once(() => scanOthers(source, unseen)),
    unseen,
    mounts: createMountReader(io.disk),
  };
  return { ...view, probe: createProbe(view) };
}

type ClaimReader = View['claims'];

/** Claims in files and those of the providers, which are asked once for both. */
function claimReaders(source: ViewSource): Pick<View, 'claims' | 'everyClaim'> {
  const { io, layout, providers = [] } = source;
  const provided = once(() => askProviders(io, providers, placeOf(source)));
  const withProvided = async (reading: ReturnType<ClaimReader>): ReturnType<ClaimReader> => {
    const [files, rows] = await Promise.all([reading, provided()]);
    return files.known ? known([...files.value, ...rows]) : files;
  };
  const everyClaim = once(() => withProvided(readClaims(io, layout)));
  const claims = once(async () => {
    const text = await io.disk.readText(layout.claimed, MAX_CLAIMED_BYTES);
    return text.ok ? withProvided(listClaims(io, layout, parseClaimed(text.value))) : everyClaim();
  });
  return { claims, everyClaim };
}

/** What relative patterns start from. */
export const placeOf = ({ mainRoot, home }: Pick<ViewSource, 'mainRoot' | 'home'>) => ({ root: mainRoot ?? '/', home });

async function scanOthers({ io, askers }: ViewSource, unseen: View['unseen']): Promise<Fact<ProcessTable>> {
  const table = await scanProcesses({ self: io.processes.self, disk: io.disk });
  if (!table.known) return table;
  return known({ ...table.value, unseen: await unseen(), ...(askers === undefined ? {} : { askers }) });
}

/** The same view with worktrees, claims, processes and mounts read again; proofs rest on oids and stay. */
export async function renew(view: View): Promise<Fact<View>> {
  const { io, layout } = view.source;
  const listing = await listWorktrees(io, layout.commonDir);
  if (!listing.known) return listing;
  const { everyClaim } = claimReaders(view.source);
  return known(assemble(view.source, { ...view, worktrees: listing.value }, { claims: everyClaim, everyClaim }));
}

const questionOf = (candidate: Candidate): Question[] =>
  candidate.kind === 'worktree' && candidate.head !== null ? [{ head: candidate.head, branch: candidate.branch }] : [];

/** Only what a pattern brings in is a candidate; the rest is not even mentioned. */
function isCandidate(worktree: WorktreeCandidate, source: ViewSource): boolean {
  return !worktree.isMain && !worktree.isBare && managedBy(worktree, source) !== null;
}

/** The pattern that makes a worktree managed, or null. */
export function managedBy(
  worktree: WorktreeCandidate,
  source: Pick<ViewSource, 'settings' | 'mainRoot' | 'home'>,
): string | null {
  const { branches, paths } = source.settings.worktrees;
  const byBranch = worktree.branch === null ? null : matchBranch(worktree.branch, branches);
  if (byBranch !== null) return byBranch;
  return source.mainRoot === null && !paths.some((path) => /^[/~]/.test(path))
    ? null
    : matchPath(worktree.path, paths, { root: source.mainRoot ?? '/', home: source.home });
}

async function markMissing(io: Io, worktrees: readonly WorktreeCandidate[]): Promise<WorktreeCandidate[]> {
  return Promise.all(
    worktrees.map(async (worktree) => {
      const state = await presence(io.disk, worktree.path);
      return { ...worktree, isMissing: state.known && state.value !== 'present' };
    }),
  );
}

const isInhabited = (worktree: WorktreeCandidate): boolean => !worktree.isBare && !worktree.isMissing;
