/**
 * What every command is given, and what it gives back.
 *
 * Contract: a command returns an `Answer`; only `cli.ts` prints and exits. `text` and `json` are
 * two views of the same facts; narration goes to stderr.
 */
import type pc from 'picocolors';
import { JSON_VERSION } from '../core/version.ts';
import type { Io } from '../io/ports.ts';
import { type Opened, openWorkspace, type Workspace } from '../workspace.ts';

export interface GlobalOptions {
  readonly repo: string;
  readonly json: boolean;
  readonly quiet: boolean;
  readonly color: boolean;
}

export interface Context {
  readonly global: GlobalOptions;
  readonly colors: ReturnType<typeof pc.createColors>;
  /** Columns of the terminal, or null when stdout is not one: then nothing is cut. */
  readonly width: number | null;
  /** True when a person is at stdin and stderr. */
  readonly isInteractive: boolean;
  /** The bundle that is running: what `install` copies. */
  readonly programFile: string;
  readonly hooksSource: string;
  readonly version: string;
  /** The command that starts this program here; what every sentence names. */
  readonly command: string;
  /** From here on Ctrl-C asks to stop; the answer says whether it did. */
  readonly interruptible: () => () => boolean;
  /** Shows progress on stderr when the terminal has one and it takes longer than half a second. */
  readonly progress: <T>(text: string, work: (say: (text: string) => void) => Promise<T>) => Promise<T>;
  /** Asks a yes/no question at the terminal; false where nobody can answer. */
  readonly confirm: (question: string) => Promise<boolean>;
}

export { JSON_VERSION };

/** 0 done, 1 could not, 2 usage. */
export type ExitCode = 0 | 1 | 2;

export interface Answer {
  readonly exit: ExitCode;
  /** For a person, on stdout. */
  readonly text?: string;
  /** For a program, on stdout with `--json`. */
  readonly json?: unknown;
  /** Narration, on stderr. */
  readonly notes?: readonly string[];
}

/** A refusal with what to do next. */
export function problem(code: string, message: string, hint: string | null = null): Answer {
  return {
    exit: 1,
    notes: [`reaper-hook: ${message}`, ...(hint === null ? [] : [`  next: ${hint}`])],
    json: { version: JSON_VERSION, error: { code, message, hint } },
  };
}

/** A misuse of the command line. */
export const usage = (message: string, hint: string): Answer => ({ ...problem('usage', message, hint), exit: 2 });

export type Ready = { readonly ok: true; readonly value: Workspace } | { readonly ok: false; readonly answer: Answer };

/** Opens the repository, or answers with what is in the way. */
export async function ready(context: Context, options: { deadlineMs?: () => number; io?: Io } = {}): Promise<Ready> {
  const opened = await openWorkspace({ cwd: context.global.repo, ...options });
  return opened.ok ? opened : { ok: false, answer: unopened(opened, context.global.repo) };
}

function unopened(opened: Extract<Opened, { ok: false }>, repo: string): Answer {
  switch (opened.problem) {
    case 'no-git':
      return problem(
        'no-git',
        `git could not be started: ${opened.why}`,
        'install git 2.38 or newer, or add it to PATH',
      );
    case 'old-git':
      return problem('old-git', opened.why, 'upgrade git; until then nothing is reclaimed');
    case 'no-repository':
      return problem(
        'no-repository',
        `${repo} is not in a git repository: ${opened.why}`,
        'reaper-hook --repo PATH ...',
      );
    case 'no-list':
      return problem('no-list', `the worktrees could not be listed: ${opened.why}`, 'git worktree list');
  }
}
