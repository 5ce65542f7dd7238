/**
 * A repository with the real hook files and a program that only records how it was started.
 *
 * Contract: with `foreground`, a hook has done all it does when git returns, so that "starts
 * nothing" can be asserted without waiting; detached runs are polled for, with a bound.
 */
import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bodyOf, insertBlock } from '../../src/install/block.ts';
import { FRAMES, HOOK_NAMES, type HookName } from '../../src/install/names.ts';
import { findProgram } from '../../src/io/program.ts';
import { DAY, type TestRepo } from './repo.ts';

export const HOOKS_SOURCE = fileURLToPath(new URL('../../hooks', import.meta.url));

/** Shells that are here, with the interpreter line that starts each. */
export const SHELLS: readonly (readonly [name: string, shebang: string])[] = [
  'dash',
  'busybox',
  'bash',
  'zsh',
  'ksh',
  'mksh',
]
  .map((name) => [name, findProgram(name)] as const)
  .flatMap(
    ([name, path]) =>
      (path === null ? [] : [[name, name === 'busybox' ? `#!${path} sh` : `#!${path}`]]) as [string, string][],
  );

/** How the program was started. */
export interface Run {
  readonly pid: number;
  readonly session: number;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  /** Where each open descriptor of the program led. */
  readonly descriptors: Readonly<Record<string, string>>;
}

export interface HookCase {
  readonly repo: TestRepo;
  /** `<common-dir>/reaper`. */
  readonly root: string;
  runs(): Run[];
  /** Runs git and returns its status and stderr; never throws. */
  git(args: string[], cwd?: string, env?: Record<string, string>): { status: number; stderr: string };
  /** Sets the instant a file of the protocol carries. */
  date(name: 'stamp' | 'failure' | 'due' | 'foreground', fromNowMs?: number): void;
  report(text: string): void;
  /** What the program does, as the body of an ES module. */
  program(source: string): void;
}

/** What the hook starts; ours first asks whether there may be something to do. */
export const QUICK = "import(require('node:url').pathToFileURL(__dirname + '/reaper-hook.mjs').href);\n";

/** A program that writes down how it was started. */
export const RECORDING = `
import { appendFileSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
const root = new URL('..', import.meta.url).pathname;
const descriptors = {};
for (const name of readdirSync('/proc/self/fd')) {
  try { descriptors[name] = readlinkSync('/proc/self/fd/' + name); } catch {}
}
const session = Number(readFileSync('/proc/self/stat', 'utf8').split(') ')[1].split(' ')[3]);
const run = { pid: process.pid, session, args: process.argv.slice(2), cwd: process.cwd(), env: process.env, descriptors };
appendFileSync(decodeURIComponent(root) + 'runs.jsonl', JSON.stringify(run) + '\\n');
`;

/** Puts the hooks into `commonDir`, as install would, without install. */
export function hookCase(repo: TestRepo, options: { shebang?: string; foreground?: boolean } = {}): HookCase {
  const root = join(repo.commonDir, 'reaper');
  mkdirSync(join(root, 'bin'), { recursive: true });
  writeFileSync(join(root, 'bin', 'reaper.sh'), readFileSync(join(HOOKS_SOURCE, 'reaper.sh')));
  writeFileSync(join(root, 'bin', 'node'), `${process.execPath}\n`);
  for (const hook of HOOK_NAMES) writeHook(repo.commonDir, hook, ownHook(hook, options.shebang));
  const file = (name: string) => join(root, name);
  const here: HookCase = {
    repo,
    root,
    runs() {
      if (!existsSync(file('runs.jsonl'))) return [];
      const lines = readFileSync(file('runs.jsonl'), 'utf8').split('\n').slice(0, -1);
      return lines.map((line) => JSON.parse(line) as Run);
    },
    git(args, cwd = repo.root, env = {}) {
      try {
        const stdio = ['ignore', 'ignore', 'pipe'] as const;
        const stderr = execFileSync('sh', ['-c', 'exec git "$@" 2>&1 >/dev/null', 'sh', ...args], {
          cwd,
          env: repo.env(env),
          stdio: [stdio[0], 'pipe', 'ignore'],
          encoding: 'utf8',
        });
        return { status: 0, stderr };
      } catch (error) {
        const { status, stdout } = error as { status: number | null; stdout: string };
        return { status: status ?? -1, stderr: stdout };
      }
    },
    date(name, fromNowMs = 0) {
      if (!existsSync(file(name))) writeFileSync(file(name), '');
      const at = new Date(Date.now() + fromNowMs);
      utimesSync(file(name), at, at);
    },
    report: (text) => writeFileSync(file('report'), text),
    program: (source) => {
      writeFileSync(file('bin/reaper-hook.mjs'), `${RECORDING}\n${source}`);
      writeFileSync(file('bin/quick.cjs'), QUICK);
    },
  };
  here.program('');
  if (options.foreground !== false) here.date('foreground');
  return here;
}

/** A hook file as install writes it, for another interpreter when asked. */
export function ownHook(hook: HookName, shebang = '#!/bin/sh'): string {
  return withBlock(FRAMES.git, hook).replace('#!/bin/sh', shebang);
}

/** `text` with the block of `hook` in it. */
export function withBlock(text: string, hook: HookName): string {
  const body = bodyOf(readFileSync(join(HOOKS_SOURCE, hook), 'utf8'));
  if (body === null) throw new Error(`hooks/${hook} has no block`);
  const inserted = insertBlock(text, body);
  if (!inserted.ok) throw new Error(inserted.why);
  return inserted.text;
}

/** Writes an executable hook file into a common directory. */
export function writeHook(commonDir: string, hook: HookName, text: string, mode = 0o755): string {
  const path = join(commonDir, 'hooks', hook);
  mkdirSync(dirname(path), { recursive: true });
  rmSync(path, { force: true });
  writeFileSync(path, text);
  chmodSync(path, mode);
  return path;
}

export const append = (path: string, text: string): void => appendFileSync(path, text);

/** The protocol's "not for another day". */
export const TOMORROW = DAY;

/** True while a process is there and not a zombie. */
export function isAlive(pid: number): boolean {
  try {
    return !/^\d+ \(.*\) [ZX] /s.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}
