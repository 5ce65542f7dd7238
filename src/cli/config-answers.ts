/** How a configuration in error, or one not yet allowed, is told at the terminal. */
import type { LoadedConfig } from '../config/load.ts';
import type { ScopeChange } from '../config/trust.ts';
import { COMMAND } from '../core/messages.ts';
import type { Settings } from '../core/settings.ts';
import { plural, printable } from '../core/text.ts';
import { type Answer, JSON_VERSION } from './context.ts';

/** Where the settings come from; a person's own count either way. */
export const sourceWords = (source: string | null): string =>
  source ?? 'no file: built-in defaults, and what git config reaper.* says';

/** Every mistake, and that nothing is reclaimed until they are mended. */
export function configProblem(config: LoadedConfig): Answer {
  const errors = config.ok ? [] : config.errors;
  return {
    exit: 1,
    notes: [
      `reaper-hook: ${plural(errors.length, 'mistake')} in the configuration; nothing is reclaimed until mended`,
      ...errors.map(({ message }) => `  ${printable(message)}`),
    ],
    json: {
      version: JSON_VERSION,
      error: { code: 'config', message: 'the configuration is in error', hint: null },
      errors,
    },
  };
}

/** Notes, and what waits for approval. */
export function configNotes(config: LoadedConfig): string[] {
  if (!config.ok) return [];
  const notes = config.notes.map((note) => `note: ${printable(note)}`);
  if (config.withheld.length === 0) return notes;
  return [
    ...notes,
    'note: the configuration asks for more than is approved on this machine; not in effect:',
    ...config.withheld.flatMap(changeLines),
    ...(managesNothing(config.settings) ? ['  until then no worktree is managed: no approved pattern is left'] : []),
    `  to approve: ${COMMAND} allow`,
  ];
}

/** A list that replaces the approved one leaves only what both have in effect: nothing, where they share nothing. */
const managesNothing = ({ worktrees }: Settings): boolean =>
  [...worktrees.branches, ...worktrees.paths].every((pattern) => pattern.startsWith('!'));

/** One line for each thing added or removed. */
export function changeLines({ key, added, removed }: ScopeChange): string[] {
  return [
    ...added.map((value) => `  + ${key}: ${printable(value)}`),
    ...removed.map((value) => `  - ${key}: ${printable(value)}`),
  ];
}
