/**
 * From the name of a fact to the code that observes it.
 *
 * Contract: one function per fact and kind of candidate.
 * Failure direction: a fact that a kind of candidate does not have is unknown.
 */
import { join } from 'node:path';
import { deadSince, keyOf, ownerKey } from '../core/ledger.ts';
import { KNOWN_AGENTS } from '../core/makers.ts';
import {
  type Candidate,
  type Fact,
  type FactName,
  type FactTypes,
  known,
  type Lock,
  type StagingCandidate,
  unknown,
  type WorktreeCandidate,
} from '../core/model.ts';
import { clockWasSet, parseLockReason } from '../core/owners.ts';
import { threatToPins } from '../core/refspecs.ts';
import { lastActivity, operationInProgress } from './activity.ts';
import { claimOn } from './claim-on.ts';
import { directoryOwn } from './directories.ts';
import { establishGround } from './ground.ts';
import { hiddenEdits, initialisedSubmodules } from './hidden.ts';
import { sortIgnored } from './ignored.ts';
import type { Probe } from './investigate.ts';
import { makerOf } from './makers.ts';
import { ownerNow } from './owner.ts';
import { occupants } from './processes.ts';
import { unnamedGrace } from './providers.ts';
import { placeOf, type Readings } from './readings.ts';
import { keptByRule } from './rules.ts';
import { stagingIdle, stagingNested, stagingOwn, stagingOwner, stagingTracked } from './staging.ts';
import { managedBy, placeOf as patternPlace, type View } from './view.ts';
import { identity, nestedWorktree, presence, worktreeRefs } from './worktrees.ts';

/** A view before its probe is attached. */
export type Seen = Omit<View, 'probe'>;

type Observe<C> = { readonly [N in FactName]?: (seen: Seen, candidate: C, at: string) => Promise<Fact<FactTypes[N]>> };

/** The probe of a view. */
export function createProbe(seen: Seen): Probe {
  const worktree = worktreeProbes(seen.readings);
  return async (candidate, fact, at) => {
    const observe =
      candidate.kind === 'worktree'
        ? (worktree[fact] as ((...args: unknown[]) => Promise<Fact<unknown>>) | undefined)
        : (STAGING_PROBES[fact] as ((...args: unknown[]) => Promise<Fact<unknown>>) | undefined);
    if (observe === undefined) return unknown(`"${fact}" has no meaning for a ${candidate.kind}`);
    return observe(seen, candidate, at);
  };
}

const worktreeProbes = (shared: Readings): Observe<WorktreeCandidate> => ({
  managed: async (seen, candidate) => known(managedBy(candidate, seen.source)),
  own: ({ source }, candidate, at) => identity(source.io.disk, candidate, source.layout.commonDir, source.from, at),
  present: async ({ source, unseen }, candidate, at) => {
    // A container may show the repository and not the directories beside it.
    const why = candidate.isMissing ? (await unseen())(source.layout.commonDir) : null;
    return why === null ? presence(source.io.disk, at) : unknown(why);
  },
  idle: ({ source }, candidate, at) => lastActivity(source.io.disk, candidate, source.layout.commonDir, at),
  lock: (seen, candidate) => lockOf(seen, candidate),
  maker: async ({ source }, candidate) => {
    const names = source.settings.user?.makers ?? KNOWN_AGENTS;
    const maker = await makerOf({ ...source, names, clockWasSet: wasClockSet(source) }, candidate);
    const isAsking = maker.known && maker.value?.pid != null && source.askers?.has(maker.value.pid) === true;
    return isAsking ? known(null) : maker;
  },
  claim: (seen, candidate, at) => claimOf(seen, candidate, at),
  operation: ({ source }, candidate) => operationInProgress(source.io.disk, candidate.adminDir),
  nested: async ({ worktrees }, candidate, at) =>
    known(nestedWorktree(candidate, worktrees) ?? nestedWorktree({ ...candidate, path: at }, worktrees)),
  refs: async ({ source, memory }, candidate) => {
    const configured = await memory.shared();
    if (!configured.known) return configured;
    const threat = threatToPins(configured.value.fetches);
    return threat === null ? worktreeRefs(source.io, candidate.adminDir) : unknown(threat);
  },
  landed: ({ source, prove }, candidate) => establishGround(source.io, candidate, source.layout.commonDir, prove),
  submodules: async ({ source }, candidate, at) => {
    if (candidate.isMissing) return modulesOnly(source.io.disk, candidate);
    const index = await shared.index(candidate, at);
    return index.known ? initialisedSubmodules(source.io.disk, index.value, placeOf(candidate, at)) : index;
  },
  hidden: async ({ source }, candidate, at) => {
    const index = await shared.index(candidate, at);
    return index.known ? hiddenEdits(source.io, index.value, placeOf(candidate, at)) : index;
  },
  changes: async (seen, candidate, at) => {
    if (candidate.isMissing) return stagedOnly(seen, candidate);
    const status = await shared.status(candidate, at);
    return status.known ? known(status.value.changes) : status;
  },
  ignored: async ({ source, memory }, candidate, at) => {
    const [status, index] = [await shared.status(candidate, at), await shared.index(candidate, at)];
    if (!status.known) return status;
    if (!index.known) return index;
    const names = source.settings.worktrees.rebuildable;
    return sortIgnored(source.io.disk, at, status.value.ignored, index.value, names, memory.walks(candidate.adminDir));
  },
  mounts: ({ mounts }, _candidate, at) => mounts.inside(at),
  occupied: (seen, candidate, at) => occupiedBy(seen, candidate, at),
});

const STAGING_PROBES: Observe<StagingCandidate> = {
  own: async (seen, candidate, at) => {
    const { io, from } = seen.source;
    if (candidate.keepIf === undefined) return stagingOwn(io, candidate, at);
    if (seen.source.askers !== undefined) return directoryOwn(io, candidate, [from], at);
    const table = await seen.processes();
    const places = table.known ? table.value.view.places(table.value.self) : null;
    if (places === null || !places.ok) return unknown('where this program stands is not known');
    return directoryOwn(io, candidate, [from, places.value.cwd], at);
  },
  owner: async ({ source }, candidate, at) =>
    candidate.pid !== null && source.askers?.has(candidate.pid) === true
      ? known(null)
      : stagingOwner(source.io, candidate, at, wasClockSet(source)),
  // A directory outside the repository lies in no repository at all, which `own` has made sure of.
  tracked: async ({ source, worktrees }, candidate) =>
    candidate.keepIf === undefined
      ? stagingTracked(source.io, candidate, worktrees, source.layout.commonDir)
      : known(null),
  rules: async ({ source }, candidate, at) =>
    candidate.keepIf === undefined ? known(null) : keptByRule(source.io, at, candidate.keepIf, wasClockSet(source)),
  claim: (seen, candidate, at) => claimOf(seen, candidate, at),
  nested: ({ source, worktrees }, candidate, at) => stagingNested(source.io, candidate, at, worktrees),
  idle: ({ source }, _candidate, at) => stagingIdle(source.io, at),
  mounts: ({ mounts }, _candidate, at) => mounts.inside(at),
  occupied: (seen, candidate, at) => occupiedBy(seen, candidate, at),
};

async function claimOf({ source, claims }: Seen, candidate: Candidate, at: string): Promise<Fact<FactTypes['claim']>> {
  const records = await claims();
  if (!records.known) return records;
  const { io, ledger, providers = [] } = source;
  const found = await claimOn(io, candidate.path, records.value);
  if (!found.known) return found;
  const claim = found.value;
  if (claim !== null && claim.liveness !== 'dead') return found;
  const grace = await unnamedGrace(io, providers, patternPlace(source), { candidate, at });
  if (claim === null || grace !== null) return known(grace);
  const since = deadSince(ledger, ownerKey(candidate, 'claim', claim.label), true, io.clock.nowMs());
  return known({ ...claim, deadSinceMs: since });
}

/** The lock as its file says it, with the owner it names judged against the living. */
async function lockOf({ source }: Seen, candidate: WorktreeCandidate): Promise<Fact<Lock | null>> {
  if (candidate.locked === null) return known(null);
  const named = parseLockReason(candidate.locked);
  if (named === null) return known({ reason: candidate.locked, owner: null });
  const file = await source.io.disk.lstat(join(candidate.adminDir, 'locked'));
  const recordedMs = file.ok ? Math.max(file.value.mtimeMs, named.atMs ?? 0) : null;
  const { liveness, why } = ownerNow(source.io, { ...named, recordedMs }, wasClockSet(source));
  const since = deadSince(source.ledger, keyOf(candidate), liveness === 'dead', source.io.clock.nowMs());
  const owner = { label: named.label, pid: named.pid, liveness, why, deadSinceMs: since, sinceMs: recordedMs };
  return known({ reason: candidate.locked, owner });
}

const wasClockSet = ({ ledger, io }: Seen['source']): boolean =>
  ledger.boot !== null && clockWasSet(ledger.boot, io.processes.host);

async function occupiedBy(seen: Seen, candidate: Candidate, at: string): Promise<Fact<FactTypes['occupied']>> {
  const table = await seen.processes();
  if (!table.known) return unknown(`the processes could not be listed: ${table.why}`);
  const info = await seen.source.io.disk.lstat(at);
  if (!info.ok) return unknown(`it could not be looked at: ${info.why}`);
  const alsoKnownAs = at === candidate.path ? [] : [candidate.path];
  return occupants(table.value, { path: at, alsoKnownAs, dev: info.value.dev, ino: info.value.ino });
}

/** With the directory gone, what its index holds beyond HEAD is all that could be lost. */
async function stagedOnly({ source }: Seen, candidate: WorktreeCandidate): Promise<Fact<FactTypes['changes']>> {
  const args = ['diff-index', '--cached', '--name-only', '-z', '--ignore-submodules=none', '--no-ext-diff', 'HEAD'];
  const call = {
    args,
    cwd: source.layout.commonDir,
    gitDir: candidate.adminDir,
    workTree: source.layout.root,
    strict: true,
  };
  const answer = await source.io.git.run(call);
  if (!answer.ok) return unknown(`its index could not be read: ${answer.why}`);
  return known({ tracked: answer.stdout.split('\0').filter((path) => path !== ''), untracked: [] });
}

async function modulesOnly(disk: Seen['source']['io']['disk'], candidate: WorktreeCandidate): Promise<Fact<string[]>> {
  const modules = await disk.list(join(candidate.adminDir, 'modules'));
  if (!modules.ok)
    return modules.code === 'ENOENT' ? known([]) : unknown(`its submodules could not be read: ${modules.why}`);
  return known(modules.value.map(({ name }) => `modules/${name}`));
}
