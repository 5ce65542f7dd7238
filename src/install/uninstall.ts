/**
 * Takes back what install did, and nothing else.
 *
 * Contract: every hook file becomes byte for byte what it was, whatever others wrote around our
 * block in the meantime; a file that was wholly ours goes, and so does the approval that install
 * gave. Quarantine, journal, state and the refs that keep commits stay: they are somebody's work.
 * Failure direction: a block that was edited by hand or lost a marker is left, and said so; what is
 * left of it does nothing once the program is gone.
 */
import { basename, dirname, join } from 'node:path';
import { type Layout, layout } from '../core/layout.ts';
import { parseTemporary } from '../core/temporary.ts';
import type { Io } from '../io/ports.ts';
import { writerIsGone } from '../io/processes.ts';
import { withoutAdoption } from './adopt.ts';
import { BEGIN, END, findBlock, removeBlock } from './block.ts';
import { removeConfigHooks } from './confighooks.ts';
import { MAX_CONFIG_BYTES } from './edits.ts';
import { readHookFile } from './hookfile.ts';
import * as say from './messages.ts';
import { FRAMES } from './names.ts';
import { findHooksPlace, type Repo, usualHookPaths } from './place.ts';
import { nodeFile, partsIn, refusalOf } from './program.ts';
import { readRecord } from './record.ts';

export interface UninstallReport {
  /** Why nothing was done, or null. */
  readonly refusal: string | null;
  readonly hooks: readonly { readonly path: string; readonly action: 'removed' | 'restored' }[];
  /** Sections taken out of the repository's git configuration. */
  readonly settings: readonly string[];
  /** What could not be taken back, and why. */
  readonly left: readonly { readonly path: string; readonly why: string }[];
  /** True when a program was there and is gone. */
  readonly programRemoved: boolean;
  /** Ids of the quarantine entries that stay. */
  readonly quarantined: readonly string[];
  readonly notes: readonly string[];
}

/** Uninstalls. What is not there any more counts as done. */
export async function uninstall(args: { readonly io: Io; readonly repo: Repo }): Promise<UninstallReport> {
  const { io, repo } = args;
  const { disk } = io;
  const paths = layout(repo.commonDir);
  const obstacle = await refusalOf(disk, paths);
  if (obstacle !== null) return { ...EMPTY, refusal: obstacle };
  const record = await readRecord(disk, paths.installed);
  const changes = record?.changes ?? [];
  const recorded = changes.filter(({ kind }) => kind === 'hook').map(({ path }) => path);
  const usual = usualHookPaths(repo, await findHooksPlace(io, repo));
  const hooks: { path: string; action: 'removed' | 'restored' }[] = [];
  const left: { path: string; why: string }[] = [];
  for (const path of new Set([...recorded, ...usual])) {
    const done = await takeBack(io, path);
    if (typeof done === 'object') left.push({ path, why: done.why });
    else if (done !== 'nothing') hooks.push({ path, action: done });
    await sweepBeside(io, path);
  }
  for (const { path, pieces = [] } of changes.filter(({ kind }) => kind === 'config')) {
    const done = await takeOutOf(io, path, pieces);
    if (typeof done === 'object') left.push({ path, why: done.why });
    else if (done !== 'nothing') hooks.push({ path, action: done });
    await sweepBeside(io, path);
  }
  const configured = await removeConfigHooks(io, repo);
  left.push(...configured.left);
  const had = (await disk.lstat(paths.program)).ok;
  const parts = (await partsIn(disk, paths.bin)).map((name) => `${paths.bin}/${name}`);
  const cut = [...(await leftovers(io, paths.root)), ...(await leftovers(io, paths.bin))];
  for (const path of [...filesOf(paths), ...parts, ...cut]) {
    const gone = await disk.removeFile(path);
    if (!gone.ok && gone.code !== 'ENOENT') left.push({ path, why: gone.why });
  }
  const directories = changes.filter(({ kind }) => kind === 'directory').map(({ path }) => path);
  // Not empty is an answer too: somebody else's files are in there.
  for (const path of [...directories.reverse(), paths.bin, paths.root]) await disk.removeEmptyDir(path);
  const entries = await disk.list(paths.quarantine);
  const quarantined = entries.ok ? entries.value.map(({ name }) => name) : [];
  const stays = (await disk.lstat(paths.root)).ok;
  const notes = [...(quarantined.length > 0 ? [say.stillOurs(quarantined)] : []), ...(stays ? [say.pinsStay] : [])];
  return {
    refusal: null,
    hooks,
    settings: configured.removed.map((hook) => `hook.reaper-${hook}`),
    left,
    programRemoved: had,
    quarantined,
    notes,
  };
}

/** What install wrote, and what only the hook and its program tell each other. */
function filesOf(paths: Layout): string[] {
  const { shell, program, quick, installed, allowed, due, stamp, rest, report, failure, foreground, claimed, root } =
    paths;
  return [
    shell,
    program,
    quick,
    rest,
    nodeFile(paths),
    installed,
    allowed,
    due,
    stamp,
    report,
    failure,
    `${root}/now`,
    foreground,
    claimed,
  ];
}

/** Files in a directory of ours that hooks, probes, passes and installs were killed over. */
async function leftovers({ disk, processes }: Io, directory: string): Promise<string[]> {
  const entries = await disk.list(directory);
  const names = entries.ok ? entries.value.map(({ name }) => name) : [];
  const isLeft = (name: string) => {
    const writer = parseTemporary(name)?.pid;
    return writer === undefined ? /^(report|failure|probe|makers)\.\d+$/.test(name) : writerIsGone(processes, writer);
  };
  return names.filter(isLeft).map((name) => `${directory}/${name}`);
}

/**
 * Removes what an install that was killed left beside a file that it was writing: `<name>.<n>.<pid>.tmp`, its
 * writer dead, and nothing in it that is not ours or in the file itself. Anything else may be somebody's copy.
 */
async function sweepBeside({ disk, processes }: Io, path: string): Promise<void> {
  const listing = await disk.list(dirname(path));
  const present = await disk.readText(path, MAX_CONFIG_BYTES);
  const known = [FRAMES.git, FRAMES.husky, present.ok ? present.value : ''];
  for (const { name, kind } of listing.ok ? listing.value : []) {
    const temporary = parseTemporary(name);
    if (kind !== 'file' || temporary?.target !== basename(path) || !writerIsGone(processes, temporary.pid)) continue;
    const cut = await disk.readText(join(dirname(path), name), MAX_CONFIG_BYTES);
    if (cut.ok && holdsNothingElse(cut.value, known)) await disk.removeFile(join(dirname(path), name));
  }
}

/** Whether a file cut short at any point is one of `known` with or without our block in it. */
function holdsNothingElse(cut: string, known: readonly string[]): boolean {
  const begin = cut.indexOf(BEGIN);
  if (begin < 0) {
    const last = cut.lastIndexOf('\n') + 1;
    const before = BEGIN.startsWith(cut.slice(last)) ? cut.slice(0, last) : cut;
    return known.some((text) => text.startsWith(before));
  }
  const found = findBlock(cut);
  const isIntact = found.state === 'found' && found.block.intact;
  const around = cut.slice(0, begin) + (isIntact ? cut.slice(found.block.end) : '');
  return (isIntact || isCutBlock(cut.slice(begin))) && known.some((text) => text.startsWith(around));
}

/** What begins like our block and carries no seal: but for the last line, which may be cut, each is one that only we write. */
function isCutBlock(text: string): boolean {
  const lines = text.split('\n').slice(0, -1);
  return lines.every((line) => (line.startsWith(END) ? OWN_END : OWN_LINE).test(line));
}

const OWN_LINE = /reaper|^\s*(?:fi|\}|# shellcheck source=\/dev\/null)$/i;
const OWN_END = /^# <<< reaper-hook <<<(?: [0-9a-f]*)?$/;

type Done = 'removed' | 'restored' | 'nothing' | { readonly why: string };

async function takeBack(io: Io, path: string): Promise<Done> {
  const file = await readHookFile(io.disk, path, 'husky');
  if (file.kind === 'damaged') return { why: say.damagedBlock(path) };
  if (file.kind !== 'own' && file.kind !== 'block') return 'nothing';
  if (!file.block.intact) return { why: say.editedBlock(path) };
  if (file.kind === 'own') {
    const removed = await io.disk.removeFile(path);
    return removed.ok ? 'removed' : { why: removed.why };
  }
  const written = await io.disk.writeFile(path, withoutFrame(removeBlock(file.text)), file.mode);
  return written.ok ? 'restored' : { why: written.why };
}

/** Another manager's configuration: what was put in comes out, whatever was written around it. */
async function takeOutOf(io: Io, path: string, pieces: readonly string[]): Promise<Done> {
  const info = await io.disk.lstat(path);
  const text = await io.disk.readText(path, MAX_CONFIG_BYTES);
  if (!info.ok || info.value.kind !== 'file') return 'nothing';
  if (!text.ok) return { why: text.why };
  const without = withoutAdoption(text.value, pieces);
  if (without === null) return 'nothing';
  if ('why' in without) return { why: say.entryEdited(without.why) };
  const written = await io.disk.writeFile(path, without.text, info.value.mode & 0o7777);
  return written.ok ? 'restored' : { why: written.why };
}

/** Of a file that was ours and to which others added, only their part stays. */
function withoutFrame(text: string): string {
  return text.startsWith(FRAMES.git) ? text.replace(FRAMES.husky, '') : text;
}

const EMPTY: UninstallReport = {
  refusal: null,
  hooks: [],
  settings: [],
  left: [],
  programRemoved: false,
  quarantined: [],
  notes: [],
};
