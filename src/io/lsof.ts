/**
 * All processes at once where there is no `/proc`: one `lsof` and one `ps`.
 *
 * Contract: both are looked for in the system's directories only, never through PATH, and killed
 * at the time limit. Names are decoded from the form in which lsof prints them.
 * Failure direction: a program that is missing, late, fails, or whose answer does not show this very
 * process with its working directory is an error; half an answer is never used.
 */
import { execFile } from 'node:child_process';
import type { DiskAnswer } from './ports.ts';
import type { Description, OpenFiles, Places, ProcessView } from './proctable.ts';
import { findProgram } from './program.ts';

/** A branch cannot put a program here. */
const SYSTEM_DIRECTORIES = '/usr/sbin:/usr/bin:/sbin:/bin:/usr/local/sbin:/usr/local/bin:/opt/homebrew/bin';

/** In the C locale ps replaces letters outside ASCII, and no path that has one would be found in an argument. */
const UTF8_LOCALE = process.platform === 'darwin' ? 'en_US.UTF-8' : 'C.UTF-8';

/** A desktop with thousands of processes and open files prints some 30 MB. */
const MAX_OUTPUT_BYTES = 128 * 1024 * 1024;

export interface LsofOptions {
  readonly self: number;
  /** Each of the two programs is killed after this. */
  readonly timeoutMs: number;
  readonly directories?: string;
}

/** Runs lsof and ps, and joins their answers. */
export async function viewLsof(options: LsofOptions): Promise<DiskAnswer<ProcessView>> {
  const [listing, processes] = await Promise.all([
    run('lsof', ['-nP', '-w', '-l', '-F', 'pRcftn0'], options),
    run('ps', ['-A', '-ww', '-o', 'pid=,ppid=,stat=,command='], options),
  ]);
  if (!listing.ok) return listing;
  if (!processes.ok) return processes;
  const files = parseLsof(listing.value);
  const described = parsePs(processes.value);
  if ((files.get(options.self)?.places.cwd ?? null) === null || !described.has(options.self))
    return { ok: false, code: 'EINVAL', why: 'lsof or ps does not show this process itself' };
  return { ok: true, value: viewOf(files, described) };
}

function viewOf(files: Map<number, LsofProcess>, described: Map<number, PsProcess>): ProcessView {
  const find = <T, U>(map: Map<number, T>, pid: number, value: (found: T) => U): DiskAnswer<U> => {
    const found = map.get(pid);
    return found === undefined
      ? { ok: false, code: described.has(pid) ? 'EACCES' : 'ESRCH', why: `process ${pid} was not shown` }
      : { ok: true, value: value(found) };
  };
  const sockets = [...files.values()].flatMap((each) => each.bound.map((path) => ({ inode: each.pid, path })));
  return {
    pids: [...new Set([...files.keys(), ...described.keys()])],
    describe: (pid) => find(described, pid, ({ description }) => description),
    places: (pid) => find(files, pid, ({ places }) => places),
    args: (pid) => find(described, pid, ({ commandLine }) => [commandLine]),
    openFiles: (pid) =>
      find(files, pid, ({ open, bound }): OpenFiles => ({ paths: open, sockets: bound.length > 0 ? [pid] : [] })),
    boundSockets: () => ({ ok: true, value: sockets }),
    mountNamespace: () => ({ ok: true, value: null }),
    mountinfo: () => ({ ok: true, value: '' }),
    doorTo: () => null,
  };
}

/** What lsof says of one process. `bound` are its Unix sockets' paths. */
export interface LsofProcess {
  readonly pid: number;
  readonly places: Places;
  readonly open: readonly string[];
  readonly bound: readonly string[];
}

/**
 * Parses `lsof -F pRcftn0`: records end in a newline, fields in NUL, each beginning with its letter.
 * A process record (`p`) is followed by its files (`f` descriptor, `t` type, `n` name).
 */
export function parseLsof(text: string): Map<number, LsofProcess> {
  const found = new Map<number, LsofProcess & { places: Places; open: string[]; bound: string[] }>();
  let pid = 0;
  for (const record of text.split('\0\n')) {
    const fields = new Map(record.split('\0').map((field) => [field.charAt(0), field.slice(1)]));
    const next = fields.get('p');
    if (next !== undefined) {
      pid = Number(next);
      found.set(pid, { pid, places: { cwd: null, root: null, exe: null }, open: [], bound: [] });
      continue;
    }
    const current = found.get(pid);
    const name = decodeName(fields.get('n') ?? '');
    if (current !== undefined && name.startsWith('/'))
      place(current, fields.get('f') ?? '', fields.get('t') ?? '', name);
  }
  return found;
}

function place(current: { places: Places; open: string[]; bound: string[] }, fd: string, type: string, name: string) {
  if (fd === 'cwd') current.places = { ...current.places, cwd: name };
  else if (fd === 'rtd') current.places = { ...current.places, root: name };
  else if (fd === 'txt' && current.places.exe === null) current.places = { ...current.places, exe: name };
  else if (type === 'unix') current.bound.push(name.replace(/ type=[A-Z]+( \(.*\))?$/, ''));
  else current.open.push(name);
}

const ESCAPES: Readonly<Record<string, number>> = { b: 8, f: 12, n: 10, r: 13, t: 9, '\\': 92 };

/** Undoes lsof's `\n`, `\\` and `\xNN`, the form of bytes that its locale cannot print. */
function decodeName(text: string): string {
  if (!text.includes('\\')) return text;
  const bytes: number[] = [];
  for (const [whole, hex, letter] of text.matchAll(/\\x([0-9a-f]{2})|\\([bfnrt\\])|[\s\S]/g)) {
    if (hex !== undefined) bytes.push(Number.parseInt(hex, 16));
    else if (letter !== undefined) bytes.push(ESCAPES[letter] ?? 0);
    else bytes.push(...Buffer.from(whole, 'utf8'));
  }
  return Buffer.from(bytes).toString('utf8');
}

/** What ps says of one process. It joins the arguments with spaces. */
export interface PsProcess {
  readonly description: Description;
  readonly commandLine: string;
}

/** Parses `ps -o pid=,ppid=,stat=,command=`. */
export function parsePs(text: string): Map<number, PsProcess> {
  const found = new Map<number, PsProcess>();
  for (const line of text.split('\n')) {
    const parts = /^\s*(\d+)\s+(\d+)\s+(\S+)\s*(.*)$/.exec(line);
    if (parts === null) continue;
    const [, pid, ppid, state = '', commandLine = ''] = parts;
    const command = (commandLine.split(' ', 1)[0] ?? '').replace(/^.*\//, '');
    found.set(Number(pid), {
      description: { ppid: Number(ppid), command, zombie: state.startsWith('Z'), kernelThread: false },
      commandLine,
    });
  }
  return found;
}

function run(name: string, args: string[], options: LsofOptions): Promise<DiskAnswer<string>> {
  const program = findProgram(name, [], options.directories ?? SYSTEM_DIRECTORIES);
  if (program === null) return Promise.resolve({ ok: false, code: 'ENOENT', why: `${name} is not installed` });
  const limits = { timeout: options.timeoutMs, killSignal: 'SIGKILL', maxBuffer: MAX_OUTPUT_BYTES } as const;
  return new Promise((resolve) => {
    execFile(
      program,
      args,
      { ...limits, cwd: '/', env: { LC_ALL: UTF8_LOCALE }, encoding: 'utf8' },
      (error, stdout) => {
        if (error === null) return resolve({ ok: true, value: stdout });
        if (error.killed === true)
          return resolve({ ok: false, code: 'ETIMEDOUT', why: `${name} did not answer in time` });
        // lsof exits 1 when anything at all could not be shown; the listing is then checked by its content.
        if (name === 'lsof' && error.code === 1 && stdout !== '') return resolve({ ok: true, value: stdout });
        return resolve({ ok: false, code: String(error.code ?? 'UNKNOWN'), why: `${name} failed` });
      },
    );
  });
}
