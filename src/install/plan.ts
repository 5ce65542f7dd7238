/**
 * What to do with one hook file: decided on what was read, carried out elsewhere.
 *
 * Contract: pure. A plan either holds the whole new text and mode of the file, or says why the file
 * is left alone and what can be added to it by hand.
 */
import { insertBlock, removeBlock } from './block.ts';
import { type HookFile, isUntouched, type ReadFile } from './hookfile.ts';
import { lineFor, type Manager, managerSnippet, snippetPlace } from './managers.ts';
import * as say from './messages.ts';
import { FRAMES, type HookName, type Style } from './names.ts';

/** What was done about one hook. */
export interface HookOutcome {
  readonly hook: HookName;
  /** Null when git looks nowhere that may be written to. */
  readonly path: string | null;
  readonly action:
    | 'created'
    | 'upgraded'
    | 'block-added'
    | 'block-upgraded'
    | 'unchanged'
    | 'entrusted'
    | 'configured'
    | 'left';
  /** What was found there, when it was left. */
  readonly found: string | null;
  readonly why: string | null;
  /** What to add by hand, and to which file. */
  readonly add: { readonly to: string; readonly text: string } | null;
}

export interface Plan {
  readonly outcome: HookOutcome;
  readonly file: HookFile;
  readonly style: Style;
  readonly write: { readonly text: string; readonly mode: number } | null;
  /** A file of our own that another manager's entry takes the place of. */
  readonly remove?: true;
}

interface Place {
  readonly hook: HookName;
  readonly path: string;
  readonly file: HookFile;
  /** The body of the block that belongs there. */
  readonly body: string;
  readonly style: Style;
  /** Managers whose configuration runs the hook, each with the command that puts its own hooks in place. */
  readonly entrusted?: ReadonlyMap<Manager, string>;
  /** Managers whose configuration was found, each with its file's name. */
  readonly files?: ReadonlyMap<Manager, string>;
  /** Whether to go behind git-lfs's own text, which was asked for by name. */
  readonly chain?: boolean;
}

/** git-lfs compares this much of a hook with its own text, and leaves alone what stands behind it. */
const COMPARED_BY_GIT_LFS = 1024;

/** Git runs only executable files; husky reads its files, as any text. */
const MODE: Record<Style, number> = { git: 0o755, husky: 0o644 };

/** Decides about one hook file. */
export function planHook(place: Place): Plan {
  const { file, path, style } = place;
  const entrusted = entrust(place);
  if (entrusted !== null) return entrusted;
  switch (file.kind) {
    case 'absent':
      return write(place, 'created', insertOrThrow(FRAMES[style], place.body), MODE[style]);
    case 'own':
    case 'block':
      return planUpgrade(place, file);
    case 'damaged':
      return leave(place, 'our markers without their partners', say.damagedBlock(path), null);
    case 'shell':
      return planInsertion(place, file);
    case 'foreign': {
      if (place.chain === true && file.file !== null) return planChain(place, file.file, file.manager);
      if (file.manager === null) return leave(place, file.found, 'it is not ours to edit', file.interpreter);
      const to = place.files?.get(file.manager) ?? snippetPlace(file.manager, path);
      const add = { to, text: managerSnippet(file.manager, place.hook, to) };
      const why =
        file.manager === 'git-lfs' ? say.extendsGitLfs : `${file.manager} writes it, and would write it again`;
      return withoutWriting(place, { action: 'left', found: file.found, why, add });
    }
  }
}

/** The slot of a manager that runs the hook is the manager's: an empty one it fills when it installs itself. */
function entrust(place: Place): Plan | null {
  const { file, entrusted = new Map<Manager, string>(), hook, path, style } = place;
  const [first] = entrusted;
  if (first === undefined) return null;
  const runs = (manager: Manager, next: string | null): Plan => {
    const why = next === null ? null : say.runsAfter(manager, next);
    const outcome = { hook, path, action: 'entrusted' as const, found: manager, why, add: null };
    return { outcome, file, style, write: null, ...(file.kind === 'own' ? { remove: true as const } : {}) };
  };
  if (file.kind === 'absent' || (file.kind === 'own' && isUntouched(file.block, place.body))) return runs(...first);
  const isTheirs = file.kind === 'foreign' && file.manager !== null && entrusted.has(file.manager);
  return isTheirs && file.manager !== null ? runs(file.manager, null) : null;
}

function planChain(place: Place, { text, mode }: ReadFile, manager: Manager | null): Plan {
  if (manager !== 'git-lfs' && manager !== 'git-annex') return planHook({ ...place, chain: false });
  const inserted = insertBlock(text, place.body, manager === 'git-lfs' ? COMPARED_BY_GIT_LFS : 0);
  if (!inserted.ok) return leave(place, `${manager}'s own hook`, say.unfinishedScript, null);
  return write(place, 'block-added', inserted.text, mode);
}

function planUpgrade(place: Place, file: Extract<HookFile, { kind: 'own' | 'block' }>): Plan {
  const { body, path, style } = place;
  if (!isUntouched(file.block, body)) return leave(place, 'our block, edited', say.editedBlock(path), null);
  const text = file.kind === 'own' ? insertOrThrow(removeBlock(file.text), body) : insertOrThrow(file.text, body);
  const runs = style === 'husky' || file.executable;
  if (file.kind === 'block' && !runs) return leave(place, 'our block, switched off', say.notExecutable(path), null);
  if (text === file.text && runs)
    return withoutWriting(place, { action: 'unchanged', found: null, why: null, add: null });
  const mode = runs ? file.mode : file.mode | 0o111;
  return write(place, file.kind === 'own' ? 'upgraded' : 'block-upgraded', text, mode);
}

function planInsertion(place: Place, file: Extract<HookFile, { kind: 'shell' }>): Plan {
  if (place.style === 'git' && !file.executable)
    return leave(place, 'a script that is switched off', say.notExecutable(place.path), null);
  const inserted = insertBlock(file.text, place.body);
  if (!inserted.ok) return leave(place, 'a shell script', say.unfinishedScript, null);
  return write(place, 'block-added', inserted.text, file.mode);
}

function write(place: Place, action: HookOutcome['action'], text: string, mode: number): Plan {
  const { hook, path, file, style } = place;
  return { outcome: { hook, path, action, found: null, why: null, add: null }, file, style, write: { text, mode } };
}

function leave(place: Place, found: string, why: string, interpreter: string | null): Plan {
  const add = { to: place.path, text: `${lineFor(interpreter, place.hook)}\n` };
  return withoutWriting(place, { action: 'left', found, why, add });
}

function withoutWriting(place: Place, outcome: Omit<HookOutcome, 'hook' | 'path'>): Plan {
  const { hook, path, file, style } = place;
  return { outcome: { hook, path, ...outcome }, file, style, write: null };
}

/** For texts that are known to take a block. */
function insertOrThrow(text: string, body: string): string {
  const inserted = insertBlock(text, body);
  if (!inserted.ok) throw new Error(`a block could not be put into a text of our own: ${inserted.why}`);
  return inserted.text;
}
