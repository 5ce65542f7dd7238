/**
 * Birth certificates: which agent made a worktree, as the hook wrote it down.
 *
 * Contract: pure. The hook records the nearest ancestors of git as the kernel shows them; which of them is an
 * agent is decided here, so that the list of names can be configured.
 * Failure direction: a line that is not understood is left out. A process that is not known to be an agent
 * owns nothing; one that is taken for an agent by mistake only keeps more.
 */
import { parsePid } from './owners.ts';

/** Agents that make worktrees, by the name of their program. */
export const KNOWN_AGENTS: readonly string[] = [
  'claude',
  'codex',
  'cursor-agent',
  'opencode',
  'gemini',
  'aider',
  'amp',
  'goose',
  'copilot',
];

/** An agent runs git through a shell or two, seldom through a wrapper: its hook is five or six steps away. */
export const MAKER_HOPS = 8;

/** The kernel cuts a process's short name here. */
const SHORT_NAME_LENGTH = 15;

/** What the hook writes first. */
const HEADER = 'reaper-hook maker 1';

export interface Ancestor {
  readonly pid: number;
  readonly command: string;
  /** Kernel ticks from boot to its start. */
  readonly startTicks: number | null;
  readonly args: readonly string[];
}

export interface Certificate {
  readonly host: string;
  readonly bootId: string;
  readonly pidNamespace: string;
  /** Nearest first. */
  readonly ancestors: readonly Ancestor[];
}

/** Reads a birth certificate; null when the text is not one. */
export function parseCertificate(text: string): Certificate | null {
  const [header, ...lines] = text.split('\n');
  if (header !== HEADER) return null;
  const value = (name: string) => lines.find((line) => line.startsWith(`${name} `))?.slice(name.length + 1) ?? '';
  const ancestors: Ancestor[] = [];
  for (const line of lines) {
    const last = ancestors.at(-1);
    if (line.startsWith('stat ')) ancestors.push(...parseAncestor(line.slice('stat '.length)));
    else if (line.startsWith('args\t') && last !== undefined)
      ancestors[ancestors.length - 1] = { ...last, args: line.split('\t').slice(1) };
  }
  return { host: value('host'), bootId: value('boot'), pidNamespace: value('pidns'), ancestors };
}

/** A line of `/proc/PID/stat`; the command may hold spaces and parentheses. */
function parseAncestor(stat: string): Ancestor[] {
  const [open, close] = [stat.indexOf('('), stat.lastIndexOf(')')];
  const pid = parsePid(stat.slice(0, open).trim());
  if (pid === null || open < 0 || close < open) return [];
  const ticks = Number(stat.slice(close + 2).split(' ')[19]);
  const startTicks = Number.isSafeInteger(ticks) && ticks > 0 ? ticks : null;
  return [{ pid, command: stat.slice(open + 1, close), startTicks, args: [] }];
}

/** The nearest ancestor that is an agent, and its name; or null. */
export function makerIn(
  { ancestors }: Certificate,
  names: readonly string[],
): { readonly name: string; readonly ancestor: Ancestor } | null {
  for (const ancestor of ancestors) {
    const name = programIn(ancestor, names);
    if (name !== null) return { name, ancestor };
  }
  return null;
}

/**
 * Which of `names` a process is: by its short name, by its program, or by the script that an interpreter runs.
 *
 * @param process what the kernel shows; without arguments only the short name counts
 */
export function programIn(
  process: { readonly command: string; readonly args: readonly string[] },
  names: readonly string[],
): string | null {
  const [program = '', ...rest] = process.args;
  const script = isInterpreter(baseName(program)) ? (rest.find((arg) => !arg.startsWith('-')) ?? '') : '';
  const isCalled = (name: string) =>
    process.command === name.slice(0, SHORT_NAME_LENGTH) ||
    bare(program) === name ||
    bare(script) === name ||
    isPackage(script, name);
  return names.find((name) => name !== '' && isCalled(name)) ?? null;
}

const baseName = (path: string): string => path.slice(path.lastIndexOf('/') + 1);

const bare = (path: string): string => baseName(path).replace(/\.(?:[cm]?js|ts|py|exe)$/, '');

const isInterpreter = (name: string): boolean =>
  /^(?:node|nodejs|bun|deno|tsx|npx|pnpm|python[\d.]*|pypy[\d.]*|uv|sh|bash|dash|env)$/.test(name);

/** `.../node_modules/@vendor/claude-code/cli.js` is `claude`. */
function isPackage(script: string, name: string): boolean {
  const parts = /\/node_modules\/(?:@[^/]+\/)?([^/]+)\//.exec(script);
  return parts !== null && [name, `${name}-cli`, `${name}-code`].includes(parts[1] ?? '');
}
