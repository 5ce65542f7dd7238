/**
 * The copy of the program that the hook runs, under `<common-dir>/reaper/bin`.
 *
 * Contract: outside every working tree, so neither a branch nor a package manager can change it;
 * private to the user; each file replaced as a whole.
 * Failure direction: a link or anything else planted where a directory of ours belongs is refused,
 * never followed.
 */
import { createHash } from 'node:crypto';
import { basename, dirname } from 'node:path';
import type { Layout } from '../core/layout.ts';
import { placeObstacle } from '../io/ownplace.ts';
import type { Disk, DiskReader } from '../io/ports.ts';
import { readTemplate } from './hookfile.ts';
import { unreadableSource } from './messages.ts';
import { HOOK_NAMES, type HookName } from './names.ts';

/** All of it is one megabyte; ten leaves room, and bounds what is held in memory. */
export const MAX_PROGRAM_BYTES = 10 * 1024 * 1024;

/** Lie beside the program, in the package and where it is installed. */
const QUICK = 'quick.cjs';
const PART = /^part-[A-Z0-9]{8}\.mjs$/;

/** The program's name where it is installed. */
const PROGRAM = 'reaper-hook.mjs';

const PRIVATE_DIRECTORY = 0o700;

export interface Sources {
  /** What runs, by the name it is installed under: what the hook starts, the program, and the program's parts. */
  readonly program: Readonly<Record<string, string>>;
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
  const program = await readProgram(disk, programFile);
  if (!program.ok) return program;
  const shell = await disk.readText(`${hooksSource}/reaper.sh`);
  if (!shell.ok) return { ok: false, why: unreadableSource(`${hooksSource}/reaper.sh`, shell.why) };
  const bodies: Partial<Record<HookName, string>> = {};
  for (const hook of HOOK_NAMES) {
    const template = await readTemplate(disk, `${hooksSource}/${hook}`);
    if ('why' in template) return { ok: false, why: unreadableSource(`${hooksSource}/${hook}`, template.why) };
    bodies[hook] = template.body;
  }
  const sources = { program: program.files, shell: shell.value, bodies: bodies as Sources['bodies'] };
  return { ok: true, sources };
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
    ...Object.entries(sources.program).map(([name, text]) => [`${paths.bin}/${name}`, text] as const),
    [paths.shell, sources.shell],
    [nodeFile(paths), `${forShell(nodePath)}\n`],
  ];
  const before = await disk.readText(paths.program, MAX_PROGRAM_BYTES);
  let changed = false;
  for (const [path, text] of files) {
    const there = await disk.readText(path, MAX_PROGRAM_BYTES);
    if (there.ok && there.value === text && (await isPrivate(disk, path))) continue;
    const written = await disk.writeFile(path, text);
    if (!written.ok) return { ok: false, why: unreadableSource(path, written.why) };
    changed = true;
  }
  changed = (await removeOthers(disk, paths, sources)) || changed;
  if (!before.ok) return { ok: true, action: 'installed' };
  return { ok: true, action: changed ? 'upgraded' : 'unchanged' };
}

/** A path of Windows as the sh that git brings along there takes it: with slashes. */
const forShell = (path: string): string => (/^[A-Za-z]:\\/.test(path) ? path.replaceAll('\\', '/') : path);

/** The file whose first line is the absolute path of node. */
export const nodeFile = (paths: Layout): string => `${paths.bin}/node`;

/** The SHA-256 that `install` records, in hexadecimal: of every file that runs, with its name. */
export function fingerprint(program: Sources['program']): string {
  const hash = createHash('sha256');
  for (const name of Object.keys(program).sort()) hash.update(`${name}\0${program[name]}\0`);
  return hash.digest('hex');
}

/** The fingerprint of what is installed; null when one of its files is missing or no file. */
export async function installedFingerprint(disk: DiskReader, paths: Layout): Promise<string | null> {
  const read = await readProgram(disk, paths.program);
  return read.ok ? fingerprint(read.files) : null;
}

/** The program and what lies beside it to be run with it. */
async function readProgram(
  disk: DiskReader,
  programFile: string,
): Promise<{ ok: true; files: Record<string, string> } | { ok: false; why: string }> {
  const from = dirname(programFile);
  const parts = await partsIn(disk, from);
  const files: Record<string, string> = {};
  // Parts first: what loads them is there only when they are.
  const names = [...parts, QUICK].map((each) => [each, each] as const);
  for (const [installed, name] of [...names, [PROGRAM, basename(programFile)] as const]) {
    const path = `${from}/${name}`;
    const info = await disk.lstat(path);
    const text = await disk.readText(path, MAX_PROGRAM_BYTES);
    if (!text.ok) return { ok: false, why: unreadableSource(path, text.why) };
    if (info.ok && info.value.kind !== 'file') return { ok: false, why: unreadableSource(path, 'it is not a file') };
    files[installed] = text.value;
  }
  return { ok: true, files };
}

/** Parts of an earlier version go; true when there were any. */
async function removeOthers(disk: Disk, { bin }: Layout, { program }: Sources): Promise<boolean> {
  let isAnyGone = false;
  for (const name of await partsIn(disk, bin)) {
    if (Object.hasOwn(program, name)) continue;
    isAnyGone = (await disk.removeFile(`${bin}/${name}`)).ok || isAnyGone;
  }
  return isAnyGone;
}

/** Names of the program's parts in a directory. */
export async function partsIn(disk: DiskReader, directory: string): Promise<string[]> {
  const listing = await disk.list(directory);
  return listing.ok ? listing.value.flatMap(({ name }) => (PART.test(name) ? [name] : [])) : [];
}

async function isPrivate(disk: Disk, path: string): Promise<boolean> {
  const info = await disk.lstat(path);
  return info.ok && info.value.kind === 'file' && (info.value.mode & 0o077) === 0;
}
