/**
 * What lies where a hook of ours would go, and whose it is.
 *
 * Contract: reads only. Nothing is called ours that does not carry our block, and nothing is called
 * a shell script that git (or husky) would not run with a Bourne shell.
 * Failure direction: links, directories, binaries, unreadable or undecodable files and the files
 * of other hook managers are `foreign`: named, and never written to.
 */
import type { DiskReader } from '../io/ports.ts';
import { bodyOf, type FoundBlock, findBlock, removeBlock } from './block.ts';
import { type Manager, managerOf } from './managers.ts';
import { FRAMES, type Style } from './names.ts';

/** A hook file is a short script; a larger one is not worth holding in memory to add ten lines. */
const MAX_HOOK_BYTES = 256 * 1024;

export interface ReadFile {
  readonly text: string;
  /** Permission bits. */
  readonly mode: number;
  readonly executable: boolean;
}

export type HookFile =
  | { readonly kind: 'absent' }
  /** All of it is ours. */
  | ({ readonly kind: 'own'; readonly block: FoundBlock } & ReadFile)
  /** Somebody else's script with our block in it. */
  | ({ readonly kind: 'block'; readonly block: FoundBlock } & ReadFile)
  /** Our markers, but not as a pair. */
  | ({ readonly kind: 'damaged' } & ReadFile)
  /** Somebody else's shell script, without our block. */
  | ({ readonly kind: 'shell'; readonly crlf: boolean } & ReadFile)
  | {
      readonly kind: 'foreign';
      /** What was found, as a noun: `a symbolic link to ../x`, `git-lfs's own hook`. */
      readonly found: string;
      readonly manager: Manager | null;
      readonly interpreter: string | null;
      /** The file as it was read, where it is a manager's text. */
      readonly file: ReadFile | null;
    };

/** Reads and sorts the hook file at `path`. */
export async function readHookFile(disk: DiskReader, path: string, style: Style): Promise<HookFile> {
  const info = await disk.lstat(path);
  if (!info.ok) return info.code === 'ENOENT' ? { kind: 'absent' } : foreign(`something unreadable (${info.why})`);
  if (info.value.kind === 'symlink') {
    const target = await disk.readlink(path);
    return foreign(`a symbolic link to ${target.ok ? target.value : 'a place that cannot be read'}`);
  }
  if (info.value.kind !== 'file')
    return foreign(info.value.kind === 'directory' ? 'a directory' : 'not a regular file');
  const text = await disk.readText(path, MAX_HOOK_BYTES);
  if (!text.ok) return foreign(`a file that could not be read (${text.why})`);
  const executable = (info.value.mode & 0o111) !== 0;
  return sortText({ text: text.value, mode: info.value.mode & 0o7777, executable }, style);
}

/** Whether the block in a file may be replaced or taken out: its text is one that was written by us. */
export function isUntouched(block: FoundBlock, body: string | null): boolean {
  return block.intact || block.body === body;
}

/** The block's body in a template file of `hooks/`, or why there is none. */
export async function readTemplate(disk: DiskReader, path: string): Promise<{ body: string } | { why: string }> {
  const text = await disk.readText(path, MAX_HOOK_BYTES);
  if (!text.ok) return { why: text.why };
  const body = bodyOf(text.value);
  return body === null ? { why: `${path} has no marked block` } : { body };
}

function sortText(file: ReadFile, style: Style): HookFile {
  const { text } = file;
  if (text.includes('\0')) return foreign('a binary program');
  if (text.includes('\uFFFD')) return foreign('a file that is not UTF-8 text');
  const found = findBlock(text);
  if (found.state === 'damaged') return { kind: 'damaged', ...file };
  if (found.state === 'found') {
    const isOwn = Object.values(FRAMES).includes(removeBlock(text) as never);
    return { kind: isOwn ? 'own' : 'block', block: found.block, ...file };
  }
  const manager = managerOf(text);
  if (manager !== null) return { kind: 'foreign', found: `${manager}'s own hook`, manager, interpreter: null, file };
  const interpreter = interpreterOf(text);
  if (interpreter === null && !isRunByShell(text, style)) return foreign('a file without an interpreter line');
  if (interpreter !== null && !/^(sh|bash|dash|ash|zsh|ksh|ksh93|mksh|busybox)$/.test(interpreter))
    return { kind: 'foreign', found: `a ${interpreter} script`, manager: null, interpreter, file: null };
  return { kind: 'shell', crlf: /\r\n/.test(text), ...file };
}

/** The program's name in the `#!` line, looked for behind env(1); null without such a line. */
function interpreterOf(text: string): string | null {
  const line = /^#!\s*(.*?)\s*(?:\r?\n|$)/.exec(text)?.[1];
  if (line === undefined) return null;
  const words = line.split(/\s+/);
  const first = baseName(words[0] ?? '');
  if (first !== 'env') return first;
  return baseName(words.slice(1).find((word) => !word.startsWith('-') && !word.includes('=')) ?? '');
}

/** husky hands its files to sh; git does so only with a file the kernel refuses, which may be anything. */
const isRunByShell = (text: string, style: Style): boolean =>
  style === 'husky' || text.split('\n').every((line) => /^\s*(#|$)/.test(line));

const baseName = (path: string): string => path.slice(path.lastIndexOf('/') + 1).replace(/\.exe$/i, '');

const foreign = (found: string): HookFile => ({
  kind: 'foreign',
  found,
  manager: null,
  interpreter: null,
  file: null,
});
