/**
 * What doctor asks: is everything in place, and would git really run it?
 *
 * Contract: `inspectHooks` reads only. `probeHooks` runs the hook through git, as a checkout would,
 * with REAPER_PROBE set, so that our part writes one line to a file and starts nothing; the commands
 * of others in the same hook file do run, which is why only post-checkout is fired unless asked.
 * Failure direction: a hook that did not leave its line was not reached.
 */
import { resolve } from 'node:path';
import { layout } from '../core/layout.ts';
import type { Io } from '../io/ports.ts';
import { configuredHooks } from './confighooks.ts';
import { readHookFile } from './hookfile.ts';
import { configuredManagers, type Manager } from './managers.ts';
import { HOOK_NAMES, type HookName } from './names.ts';
import { findHooksPlace, type HooksPlace, hookPath, type Repo, treeAround } from './place.ts';
import { installedFingerprint, nodeFile } from './program.ts';
import { type InstallRecord, readRecord } from './record.ts';

export interface HookState {
  readonly hook: HookName;
  readonly path: string | null;
  /**
   * `config`: named in git's configuration (2.54 and later), `switched-off` there. `managed`: run by another manager.
   * `foreign`: somebody else's, without our block.
   */
  readonly state: 'own' | 'block' | 'edited' | 'damaged' | 'foreign' | 'absent' | 'config' | 'switched-off' | 'managed';
  /** Null where there is no file. husky's files need not be. */
  readonly executable: boolean | null;
  /** For `foreign`, what it is; for `switched-off`, the key that does it. */
  readonly found: string | null;
}

export interface HookInspection {
  readonly place: HooksPlace;
  readonly hooks: readonly HookState[];
  readonly record: InstallRecord | null;
  /** `matches`: null when there is no record to compare with. */
  readonly program: { readonly path: string; readonly present: boolean; readonly matches: boolean | null };
  readonly shell: { readonly path: string; readonly present: boolean };
  /** `inTree`: the working tree it lies in, whose content a branch decides; then the hook does not start it. */
  readonly node: { readonly path: string | null; readonly usable: boolean; readonly inTree: string | null };
  /** Epoch milliseconds until which no pass is started because one failed, or null. */
  readonly pausedUntilMs: number | null;
  readonly managers: readonly { readonly manager: Manager; readonly file: string }[];
}

export interface Probe {
  readonly worktree: string;
  readonly hook: HookName;
  readonly reached: boolean;
  /** What was seen instead, when it was not reached. */
  readonly why: string | null;
}

/** Looks at everything that has to be in place for a hook to start a pass. */
export async function inspectHooks(args: { readonly io: Io; readonly repo: Repo }): Promise<HookInspection> {
  const { io, repo } = args;
  const paths = layout(repo.commonDir);
  const place = await findHooksPlace(io, repo);
  const record = await readRecord(io.disk, paths.installed);
  const present = await installedFingerprint(io.disk, paths);
  const node = await io.disk.readText(nodeFile(paths));
  const nodePath = node.ok ? (node.value.split('\n', 1)[0] ?? '') : null;
  const failure = await io.disk.lstat(paths.failure);
  const managers = repo.topLevel === null ? [] : await configuredManagers(io.disk, repo.topLevel);
  const isManaged = await hasEntry(io, repo, managers);
  const configured = await configuredHooks(io, repo);
  const hooks: HookState[] = [];
  for (const hook of HOOK_NAMES) {
    const state = await stateOf(io, place, hook, configured);
    const isOpen = state.state === 'absent' || state.state === 'foreign';
    hooks.push(isOpen && isManaged ? { ...state, state: 'managed' } : state);
  }
  return {
    place,
    hooks,
    record,
    program: {
      path: paths.program,
      present: present !== null,
      matches: present !== null && record !== null ? present === record.sha256 : null,
    },
    shell: { path: paths.shell, present: (await io.disk.stat(paths.shell)).ok },
    node: {
      path: nodePath,
      usable: nodePath !== null && (await isExecutable(io, nodePath)),
      inTree: nodePath === null ? null : await treeAround(io, repo, nodePath),
    },
    pausedUntilMs: failure.ok && failure.value.mtimeMs > io.clock.nowMs() ? failure.value.mtimeMs : null,
    managers,
  };
}

/**
 * Fires hooks through git in each of `worktrees` and tells which of them reached our part.
 *
 * @param worktrees absolute roots of worktrees of this repository
 */
export async function probeHooks(args: {
  readonly io: Io;
  readonly repo: Repo;
  readonly worktrees: readonly string[];
  readonly hooks?: readonly HookName[];
}): Promise<Probe[]> {
  const { io, repo, worktrees, hooks = ['post-checkout'] } = args;
  const probes: Probe[] = [];
  for (const worktree of worktrees) {
    for (const hook of hooks) probes.push(await probe(io, repo, worktree, hook));
  }
  return probes;
}

async function probe(io: Io, repo: Repo, worktree: string, hook: HookName): Promise<Probe> {
  const { root } = layout(repo.commonDir);
  const file = `${root}/probe.${io.processes.self}`;
  const missed = (why: string): Probe => ({ worktree, hook, reached: false, why });
  const made = await io.disk.writeFile(file, '');
  if (!made.ok) return missed(made.why);
  const head = await io.git.run({ args: ['rev-parse', '--verify', '--end-of-options', 'HEAD'], cwd: worktree });
  const oid = head.ok ? head.stdout.trim() : '0'.repeat(40);
  const hookArgs = { 'post-checkout': [oid, oid, '1'], 'post-merge': ['0'], 'post-rewrite': ['rebase'] }[hook];
  const args = ['hook', 'run', hook, '--', ...hookArgs];
  const answer = await io.git.run({ args, cwd: worktree, hooks: true, env: { REAPER_PROBE: file } });
  const line = await io.disk.readText(file);
  await io.disk.removeFile(file);
  const place = line.ok ? placeIn(line.value, hook) : null;
  if (place === null) return missed(answer.ok ? 'git ran the hook, and our part of it was not reached' : answer.why);
  const ran = await io.disk.realpath(resolve(worktree, place));
  const expected = await io.disk.realpath(root);
  if (!ran.ok || !expected.ok || ran.value !== expected.value)
    return missed(`the hook of another repository was reached: ${place}`);
  return { worktree, hook, reached: true, why: null };
}

/** The directory named by the first line that was left; it may hold spaces and newlines itself. */
function placeIn(text: string, hook: HookName): string | null {
  if (!text.startsWith(`${hook} `)) return null;
  const [first = ''] = text.slice(hook.length + 1).split(`\n${hook} `, 1);
  return first.replace(/\n$/, '');
}

async function stateOf(
  io: Io,
  place: HooksPlace,
  hook: HookName,
  configured: Awaited<ReturnType<typeof configuredHooks>>,
): Promise<HookState> {
  const setting = configured.get(hook);
  const none = { hook, path: null, state: 'absent', executable: null, found: null } as const;
  /** What git's configuration says where the file, if any, does not run ours. */
  const otherwise = (state: HookState): HookState => {
    if (setting === undefined) return state;
    return { ...state, state: setting.off === null ? 'config' : 'switched-off', found: setting.off };
  };
  if (place.kind === 'refused') return otherwise(none);
  const path = hookPath(place, hook);
  const file = await readHookFile(io.disk, path, place.style);
  if (file.kind === 'absent') return otherwise({ ...none, path });
  if (file.kind === 'foreign') return otherwise({ hook, path, state: 'foreign', executable: null, found: file.found });
  const { executable } = file;
  if (file.kind === 'shell') return otherwise({ hook, path, state: 'foreign', executable, found: 'a shell script' });
  if (file.kind === 'damaged') return { hook, path, state: 'damaged', executable, found: null };
  return { hook, path, state: file.block.intact ? file.kind : 'edited', executable, found: null };
}

/** Whether one of the managers' configurations names our shell part. */
async function hasEntry(io: Io, { topLevel }: Repo, managers: HookInspection['managers']): Promise<boolean> {
  for (const { file } of managers) {
    const text = await io.disk.readText(`${topLevel}/${file}`);
    if (text.ok && text.value.includes('reaper/bin/reaper.sh')) return true;
  }
  return false;
}

async function isExecutable(io: Io, path: string): Promise<boolean> {
  const info = await io.disk.stat(path);
  return info.ok && info.value.kind === 'file' && (info.value.mode & 0o111) !== 0;
}
