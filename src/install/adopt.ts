/**
 * Which entries make another manager run the hook, and which of its files takes them.
 *
 * Contract: reads only. An entry is the same text in every clone, holds no path of this machine
 * and does nothing where reaper-hook is not installed.
 * Failure direction: a file that is code, a link, or not of the usual shape is not edited; the
 * snippet to add by hand is given instead.
 */
import type { DiskReader } from '../io/ports.ts';
import { type Addition, addEntries, MAX_CONFIG_BYTES, takeOut } from './edits.ts';
import { lefthookArgs, type Manager, managerSnippet, preCommitEntry, shellLine } from './managers.ts';
import * as say from './messages.ts';
import { HOOK_NAMES, type HookName } from './names.ts';

export interface Adoption {
  readonly manager: Manager;
  /** Absolute path of the manager's configuration. */
  readonly path: string;
  /** `written`: its entries were added. `unchanged`: they are there. `left`: see `why`. */
  readonly action: 'written' | 'unchanged' | 'left';
  readonly why: string | null;
  /** The manager's own command that puts its hooks in place, or the snippet when it was left. */
  readonly next: string;
  readonly write: { readonly text: string; readonly mode: number; readonly pieces: readonly string[] } | null;
}

/** What has to be added to the configuration of one manager found in `root`. */
export async function adopt(
  disk: DiskReader,
  root: string,
  { manager, file }: { readonly manager: Manager; readonly file: string },
): Promise<Adoption> {
  const path = `${root}/${file}`;
  const left = (why: string): Adoption => {
    const snippets = [...new Set(HOOK_NAMES.map((hook) => managerSnippet(manager, hook, file)))];
    return { manager, path, action: 'left', why, next: `add to ${file}:\n${snippets.join('')}`, write: null };
  };
  const additions = additionsFor(manager);
  if (additions === null) return left(say.notEdited);
  const style = /\.ya?ml$/.test(file) ? 'yaml' : file.endsWith('.json') ? 'json' : null;
  if (style === null) return left(say.notEdited);
  const info = await disk.lstat(path);
  if (!info.ok || info.value.kind !== 'file') return left(info.ok ? `it is a ${info.value.kind}` : info.why);
  const text = await disk.readText(path, MAX_CONFIG_BYTES);
  if (!text.ok) return left(text.why);
  if (/[\uFFFD\0]/.test(text.value)) return left('it is not UTF-8 text');
  const isStandalone = manager === 'simple-git-hooks' && file !== 'package.json';
  const edit = addEntries(text.value, isStandalone ? additions.map(unwrapped) : additions, style);
  if (!edit.ok) return left(edit.why);
  const next = NEXT[manager] ?? '';
  if (edit.pieces.length === 0) return { manager, path, action: 'unchanged', why: null, next, write: null };
  const write = { text: edit.text, mode: info.value.mode & 0o7777, pieces: edit.pieces };
  return { manager, path, action: 'written', why: null, next, write };
}

/** The text of a manager's configuration without what `adopt` put in; null where nothing of it is there. */
export function withoutAdoption(text: string, pieces: readonly string[]): { text: string } | { why: string } | null {
  if (!text.includes('reaper/bin/reaper.sh')) return null;
  const edit = takeOut(text, pieces);
  return edit.ok ? { text: edit.text } : { why: edit.why };
}

const unwrapped = ({ path, ...rest }: Addition): Addition => ({ ...rest, path: path.slice(1) });

const HOOK_TYPES = HOOK_NAMES.map((hook) => `--hook-type ${hook}`).join(' ');

/** Until this has run, git does not run the manager for these hooks. */
const NEXT: Partial<Record<Manager, string>> = {
  lefthook: 'npx lefthook install',
  'pre-commit': `pre-commit install ${HOOK_TYPES}`,
  prek: `prek install ${HOOK_TYPES}`,
  'simple-git-hooks': 'npx simple-git-hooks',
};

function additionsFor(manager: Manager): Addition[] | null {
  switch (manager) {
    case 'lefthook':
      return HOOK_NAMES.map((hook: HookName) => ({
        path: [hook, 'commands', 'reaper-hook'],
        value: { run: shellLine(hook, lefthookArgs(hook)) },
      }));
    case 'pre-commit':
    case 'prek':
      return [{ path: ['repos'], append: true, value: preCommitEntry() }];
    case 'simple-git-hooks':
      return HOOK_NAMES.map((hook) => ({ path: ['simple-git-hooks', hook], value: shellLine(hook) }));
    default:
      return null;
  }
}
