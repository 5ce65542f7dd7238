/**
 * Puts the program into the common directory, and the hooks where git will run them.
 *
 * Contract: idempotent; every file is replaced as a whole; what is written outside
 * `<common-dir>/reaper` is a file of our own, or one sealed block in a shell script, with mode, line
 * ends and every other byte kept. Never sets core.hooksPath. Says what it did to each hook.
 * Failure direction: whatever is not understood is left alone and reported with the line to add.
 *
 * Why this order: sources are read before anything is written; the program is in place before a
 * hook can start it; the record of changes is on disk before the first change.
 */
import { dirname, join } from 'node:path';
import { layout } from '../core/layout.ts';
import type { Io } from '../io/ports.ts';
import { type Adoption, adopt } from './adopt.ts';
import { runsConfigHooks, writeConfigHook } from './confighooks.ts';
import { readHookFile } from './hookfile.ts';
import { configuredManagers, lineFor, type Manager } from './managers.ts';
import * as say from './messages.ts';
import { HOOK_NAMES } from './names.ts';
import { notesOn } from './notes.ts';
import { findHooksPlace, type HooksPlace, hookPath, type Repo, treeAround } from './place.ts';
import { type HookOutcome, type Plan, planHook } from './plan.ts';
import { fingerprint, type ProgramAction, placeProgram, readSources, refusalOf, type Sources } from './program.ts';
import { type Change, mergeChanges, readRecord, recordText } from './record.ts';

export interface InstallArgs {
  readonly io: Io;
  readonly repo: Repo;
  /** Absolute path of the running self-contained bundle. */
  readonly programFile: string;
  /** Directory of the hook templates and reaper.sh. */
  readonly hooksSource: string;
  /** Absolute path of node. */
  readonly nodePath: string;
  readonly version: string;
  /** The command that a person starts the program by, where one is known. */
  readonly command?: string;
  /** Add entries to the configuration of the hook managers that are set up here. */
  readonly write?: boolean;
  /** Go behind git-lfs's and git-annex's own text, in their files. */
  readonly chain?: boolean;
}

export interface InstallReport {
  /** Why nothing at all was installed, or null. */
  readonly refusal: string | null;
  readonly program: ProgramAction | null;
  readonly programPath: string;
  /** The version that was there before, or null. */
  readonly previousVersion: string | null;
  readonly place: HooksPlace | null;
  readonly hooks: readonly HookOutcome[];
  /** What was done to other managers' configuration, where that was asked for. */
  readonly adoptions: readonly Adoption[];
  /** Sentences about what limits the hooks' reach, and what would lift it. */
  readonly notes: readonly string[];
  /** True when git will run every hook of ours. */
  readonly complete: boolean;
}

/** Installs, or upgrades what is installed. */
export async function install(args: InstallArgs): Promise<InstallReport> {
  const { io, repo } = args;
  const paths = layout(repo.commonDir);
  const refused = (refusal: string) => nothing(paths.program, refusal);
  const obstacle = await refusalOf(io.disk, paths);
  if (obstacle !== null) return refused(obstacle);
  const read = await readSources(io.disk, args.programFile, args.hooksSource);
  if (!read.ok) return refused(read.why);
  const place = await findHooksPlace(io, repo);
  const earlier = await readRecord(io.disk, paths.installed);
  const placed = await placeProgram(io.disk, paths, read.sources, args.nodePath);
  if (!placed.ok) return refused(placed.why);
  const planned = place.kind === 'refused' || args.write !== true ? [] : await adoptAll(io, repo);
  const plans = place.kind === 'refused' ? [] : await planAll(args, place, read.sources, planned);
  const changes = mergeChanges(earlier?.changes ?? [], [...(await changesOf(io, place, plans)), ...edits(planned)]);
  const recorded = await io.disk.writeFile(paths.installed, recordText({ ...recordOf(args, read.sources), changes }));
  if (!recorded.ok) return refused(say.unreadableSource(paths.installed, recorded.why));
  const adoptions = await writeAdoptions(io, planned);
  const done = place.kind === 'refused' ? leftAll(place) : await applyAll(io, place, plans);
  const hooks = await configure(io, repo, place, done, plans);
  // Whoever installs wants it to be tried again.
  await io.disk.removeFile(paths.failure);
  return {
    refusal: null,
    program: placed.action,
    programPath: paths.program,
    previousVersion: earlier?.version ?? null,
    place,
    hooks,
    adoptions,
    notes: [...(await nodeNote(args)), ...(await notesOn(io, repo, place, plans, adoptions, hooks))],
    complete: hooks.every(({ action }) => action !== 'left') && adoptions.every(({ action }) => action !== 'left'),
  };
}

async function nodeNote({ io, repo, nodePath }: InstallArgs): Promise<string[]> {
  const tree = await treeAround(io, repo, nodePath);
  return tree === null ? [] : [say.nodeInTree(nodePath, tree)];
}

async function adoptAll(io: Io, repo: Repo): Promise<Adoption[]> {
  const { topLevel } = repo;
  if (topLevel === null) return [];
  const found = await configuredManagers(io.disk, topLevel);
  return Promise.all(found.map((each) => adopt(io.disk, topLevel, each)));
}

const edits = (adoptions: readonly Adoption[]): Change[] =>
  adoptions.flatMap(({ path, write }) =>
    write === null ? [] : [{ kind: 'config' as const, path, pieces: write.pieces }],
  );

async function writeAdoptions(io: Io, adoptions: readonly Adoption[]): Promise<Adoption[]> {
  const done: Adoption[] = [];
  for (const adoption of adoptions) {
    const { path, write } = adoption;
    const written = write === null ? { ok: true as const } : await io.disk.writeFile(path, write.text, write.mode);
    done.push(written.ok ? adoption : { ...adoption, action: 'left', why: written.why });
  }
  return done;
}

async function planAll(
  { io, repo, chain = false }: InstallArgs,
  place: Exclude<HooksPlace, { kind: 'refused' }>,
  sources: Sources,
  adoptions: readonly Adoption[],
): Promise<Plan[]> {
  const plans: Plan[] = [];
  const adopted = adoptions.filter(({ action }) => action !== 'left');
  const entrusted = new Map<Manager, string>(adopted.map(({ manager, next }) => [manager, next]));
  // prek runs pre-commit's configuration too.
  const preCommit = entrusted.get('pre-commit');
  if (preCommit !== undefined && !entrusted.has('prek')) entrusted.set('prek', preCommit);
  const configured = repo.topLevel === null ? [] : await configuredManagers(io.disk, repo.topLevel);
  const files = new Map<Manager, string>(configured.map(({ manager, file }) => [manager, file]));
  for (const hook of HOOK_NAMES) {
    const path = hookPath(place, hook);
    const file = await readHookFile(io.disk, path, place.style);
    const body = sources.bodies[hook];
    plans.push(planHook({ hook, path, file, body, style: place.style, entrusted, files, chain }));
  }
  return plans;
}

async function changesOf(io: Io, place: HooksPlace, plans: readonly Plan[]): Promise<Change[]> {
  const writes = plans.filter(({ write }) => write !== null);
  if (place.kind === 'refused' || writes.length === 0) return [];
  const hooks = writes.map(({ outcome }) => ({ kind: 'hook' as const, path: outcome.path ?? '' }));
  return [...(await missingDirectories(io, place.dir)), ...hooks];
}

/** The directories that will have to be made, outermost first. */
async function missingDirectories(io: Io, dir: string): Promise<Change[]> {
  if ((await io.disk.lstat(dir)).ok || dirname(dir) === dir) return [];
  return [...(await missingDirectories(io, dirname(dir))), { kind: 'directory', path: dir }];
}

function recordOf(args: InstallArgs, sources: Sources) {
  const { version, nodePath, io, programFile, command } = args;
  const at = new Date(io.clock.nowMs()).toISOString();
  return {
    format: 1 as const,
    version,
    sha256: fingerprint(sources.program),
    at,
    nodePath,
    ...(command === undefined ? {} : { command, source: programFile }),
  };
}

async function applyAll(io: Io, place: { dir: string }, plans: readonly Plan[]): Promise<HookOutcome[]> {
  const outcomes: HookOutcome[] = [];
  for (const plan of plans) outcomes.push(await apply(io, place.dir, plan));
  return outcomes;
}

/** Looks once more before it writes: an editor or another installer may have been faster. */
async function apply(io: Io, dir: string, { outcome, file, write, style, remove }: Plan): Promise<HookOutcome> {
  if (outcome.path === null || (write === null && remove !== true)) return outcome;
  const failed = (why: string): HookOutcome => ({ ...outcome, action: 'left', why });
  const now = await readHookFile(io.disk, outcome.path, style);
  if (now.kind !== file.kind || ('text' in now && 'text' in file && now.text !== file.text))
    return failed(say.changedMeanwhile);
  if (write === null) {
    const removed = await io.disk.removeFile(outcome.path);
    return removed.ok ? outcome : failed(removed.why);
  }
  if (!(await io.disk.stat(dir)).ok) {
    const made = await io.disk.makeDir(dir);
    // As git makes it: git warns about hooks it may not look at, and in a shared repository others run it too.
    if (!made.ok || !(await io.disk.chmod(dir, 0o755)).ok) return failed(made.ok ? dir : made.why);
  }
  const written = await io.disk.writeFile(outcome.path, write.text, write.mode);
  return written.ok ? outcome : failed(written.why);
}

/**
 * What no file could take goes into git's own configuration, where git is new enough to run it from
 * there: beside another manager's file, and beside the hooks of a directory that serves other repositories.
 */
async function configure(
  io: Io,
  repo: Repo,
  place: HooksPlace,
  hooks: readonly HookOutcome[],
  plans: readonly Plan[],
): Promise<HookOutcome[]> {
  const isBeside = ({ hook, action }: HookOutcome) =>
    action === 'left' &&
    (place.kind === 'refused'
      ? place.why === 'global'
      : plans.some(({ outcome, file }) => outcome.hook === hook && file.kind === 'foreign'));
  if (!hooks.some(isBeside) || !(await runsConfigHooks(io, repo))) return [...hooks];
  const outcomes: HookOutcome[] = [];
  for (const outcome of hooks) {
    const written = isBeside(outcome) ? await writeConfigHook(io, repo, outcome.hook) : null;
    if (written?.ok === true) outcomes.push({ ...outcome, action: 'configured', why: null, add: null });
    else outcomes.push(outcome);
  }
  return outcomes;
}

function leftAll(place: Extract<HooksPlace, { kind: 'refused' }>): HookOutcome[] {
  return HOOK_NAMES.map((hook) => ({
    hook,
    path: null,
    action: 'left',
    found: `core.hooksPath=${place.value}`,
    why: say.refusedPlace(place),
    // Where git runs no hooks at all, no line in a file would be run either.
    add: place.why === 'global' ? { to: join(place.value, hook), text: lineFor(null, hook) } : null,
  }));
}

function nothing(programPath: string, refusal: string): InstallReport {
  const none = {
    program: null,
    previousVersion: null,
    place: null,
    hooks: [],
    adoptions: [],
    notes: [],
    complete: false,
  };
  return { refusal, programPath, ...none };
}
