/**
 * The copy of the program that the hook runs, under `<common-dir>/reaper/bin`.
 *
 * Contract: outside every working tree, so neither a branch nor a package manager can change it;
 * private to the user; each file replaced as a whole.
 * Failure direction: a link or anything else planted where a directory of ours belongs is refused,
 * never followed.
 */
import { createHash } from 'node:crypto';
import type { Layout } from '../core/layout.ts';
import { placeObstacle } from '../io/ownplace.ts';
import type { Disk } from '../io/ports.ts';
import { readTemplate } from './hookfile.ts';
import { unreadableSource } from './messages.ts';
import { HOOK_NAMES, type HookName } from './names.ts';

/** The bundle is under one megabyte; ten leaves room, and bounds what is held in memory. */
export const MAX_PROGRAM_BYTES = 10 * 1024 * 1024;

const PRIVATE_DIRECTORY = 0o700;

export interface Sources {
  readonly program: string;
  readonly shell: string;
  /** The body of the block of each hook. */
  readonly bodies: Readonly<Record<HookName, string>>;
}

export type ProgramAction = 'installed' | 'upgraded' | 'unchanged';

/** Why nothing may be written under `<common-dir>/reaper`, or null. */
export async function refusalOf(disk: Disk, paths: Layout): Promise<string | null> {
  return placeObstacle(disk, paths.root);
}

/** Reads everything that is to be copied, before anything is written. */
export async function readSources(
  disk: Disk,
  programFile: string,
  hooksSource: string,
): Promise<{ ok: true; sources: Sources } | { ok: false; why: string }> {
  const program = await disk.readText(programFile, MAX_PROGRAM_BYTES);
  if (!program.ok) return { ok: false, why: unreadableSource(programFile, program.why) };
  const shell = await disk.readText(`${hooksSource}/reaper.sh`);
  if (!shell.ok) return { ok: false, why: unreadableSource(`${hooksSource}/reaper.sh`, shell.why) };
  const bodies: Partial<Record<HookName, string>> = {};
  for (const hook of HOOK_NAMES) {
    const template = await readTemplate(disk, `${hooksSource}/${hook}`);
    if ('why' in template) return { ok: false, why: unreadableSource(`${hooksSource}/${hook}`, template.why) };
    bodies[hook] = template.body;
  }
  return { ok: true, sources: { program: program.value, shell: shell.value, bodies: bodies as Sources['bodies'] } };
}

/** Puts the program, its shell part and the name of node in place. */
export async function placeProgram(
  disk: Disk,
  paths: Layout,
  sources: Sources,
  nodePath: string,
): Promise<{ ok: true; action: ProgramAction } | { ok: false; why: string }> {
  for (const directory of [paths.root, paths.bin]) {
    const made = await disk.makeDir(directory);
    const kept = made.ok ? await disk.chmod(directory, PRIVATE_DIRECTORY) : made;
    if (!kept.ok) return { ok: false, why: unreadableSource(directory, kept.why) };
  }
  const files = [
    [paths.program, sources.program],
    [paths.shell, sources.shell],
    [nodeFile(paths), `${nodePath}\n`],
  ] as const;
  const before = await disk.readText(paths.program, MAX_PROGRAM_BYTES);
  let changed = false;
  for (const [path, text] of files) {
    const there = await disk.readText(path, MAX_PROGRAM_BYTES);
    if (there.ok && there.value === text && (await isPrivate(disk, path))) continue;
    const written = await disk.writeFile(path, text);
    if (!written.ok) return { ok: false, why: unreadableSource(path, written.why) };
    changed = true;
  }
  if (!before.ok) return { ok: true, action: 'installed' };
  return { ok: true, action: changed ? 'upgraded' : 'unchanged' };
}

/** The file whose first line is the absolute path of node. */
export const nodeFile = (paths: Layout): string => `${paths.bin}/node`;

export const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

async function isPrivate(disk: Disk, path: string): Promise<boolean> {
  const info = await disk.lstat(path);
  return info.ok && info.value.kind === 'file' && (info.value.mode & 0o077) === 0;
}
