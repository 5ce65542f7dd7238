#!/usr/bin/env node
/**
 * argv -> one command -> one answer; the only place that prints and exits.
 *
 * Contract: stdout carries the answer (text, or JSON with --json), stderr the narration. Exit 0
 * done, 1 could not, 2 usage. `run --hook` is git's: it prints nothing and always exits 0.
 */
import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import pc from 'picocolors';
import type { Answer, Context, GlobalOptions } from './cli/context.ts';
import { asCalled, COMMAND, STOPPING } from './core/messages.ts';
import { forTerminal, jsonForTerminal } from './core/text.ts';
import { JSON_VERSION } from './core/version.ts';

declare const REAPER_VERSION: string;

const programFile = fileURLToPath(import.meta.url);

/** Columns of the terminal that shows stdout, or null; the demo shows the output of others on its own terminal. */
function columnsOfTerminal(): number | null {
  const relayed = Number(process.env['REAPER_TERMINAL'] ?? Number.NaN);
  if (Number.isInteger(relayed)) return relayed;
  return process.stdout.isTTY === true ? (process.stdout.columns ?? 80) : null;
}

function hasColors({ color }: GlobalOptions): boolean {
  const isRelayed = process.env['REAPER_TERMINAL'] !== undefined && !process.env['NO_COLOR'];
  return color && columnsOfTerminal() !== null && (isRelayed || pc.isColorSupported);
}

/** Below this a terminal has to wrap. */
const NARROWEST = 40;

function contextFor(global: GlobalOptions, command: string): Context {
  const columns = columnsOfTerminal();
  const isInteractive = process.stdin.isTTY === true && process.stderr.isTTY === true;
  return {
    global,
    colors: pc.createColors(hasColors(global)),
    width: columns === null ? null : Math.max(columns, NARROWEST),
    isInteractive,
    programFile,
    hooksSource: resolve(dirname(programFile), '../hooks'),
    version: REAPER_VERSION,
    command,
    interruptible,
    progress: async (text, work) => {
      const { withProgress } = await import('./cli/progress.ts');
      return withProgress(text, work, process.stderr.isTTY === true && !global.quiet && !global.json);
    },
    confirm: async (question) => isInteractive && !global.json && confirm(question),
  };
}

/** The first Ctrl-C lets what is being done be finished; the second ends at once, and the next pass mends that. */
function interruptible(): () => boolean {
  let isInterrupted = false;
  process.on('SIGINT', () => {
    if (isInterrupted) process.exit(INTERRUPTED);
    isInterrupted = true;
    process.stderr.write(`\n${STOPPING}\n`);
  });
  return () => isInterrupted;
}

/** As a shell reports a program that Ctrl-C ended. */
const INTERRUPTED = 130;

async function confirm(question: string): Promise<boolean> {
  const { createInterface } = await import('node:readline/promises');
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const reply = await terminal.question(`${forTerminal(question, { colors: false })} [y/N] `);
    return /^y(es)?$/i.test(reply.trim());
  } catch {
    return false;
  } finally {
    terminal.close();
  }
}

function print(answer: Answer, global: GlobalOptions, command: string): void {
  const colors = hasColors(global);
  const shown = (text: string) => `${forTerminal(asCalled(text, command), { colors })}\n`;
  for (const note of answer.notes ?? []) process.stderr.write(shown(note));
  if (global.json)
    process.stdout.write(`${jsonForTerminal(JSON.stringify(answer.json ?? { version: JSON_VERSION }, null, 2))}\n`);
  else if (answer.text !== undefined && answer.text !== '') process.stdout.write(shown(answer.text));
}

async function main(): Promise<void> {
  // Loaded without the parser and all commands: git's user is not to feel it.
  const hookRun = async (from: string) =>
    (await import('./cli/hook-run.ts')).hookRun({ from, programFile, version: REAPER_VERSION });
  if (isHook) return hookRun(fromOption(process.argv) ?? process.cwd());
  const { createProgram } = await import('./cli/program.ts');
  const { withoutVainHelp } = await import('./cli/arguments.ts');
  const program = createProgram({
    version: REAPER_VERSION,
    answer: async (global, command) => {
      const { commandHere } = await import('./cli/called.ts');
      const context = contextFor(global, commandHere(programFile) ?? COMMAND);
      const answer = await command(context);
      print(answer, global, context.command);
      process.exitCode = answer.exit;
    },
    hookRun,
    readStdin: () => readFileSync(0, 'utf8'),
  });
  await program.parseAsync(withoutVainHelp(program, process.argv));
}

/** A reader that went away (`| head`) is no error. */
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  process.exit(error.code === 'EPIPE' ? 0 : 1);
});

/** What git's hook says about where it ran. */
function fromOption(argv: readonly string[]): string | undefined {
  const at = argv.indexOf('--from');
  return at < 0 ? undefined : argv[at + 1];
}

const isHook = process.argv[2] === 'run' && process.argv.includes('--hook');

main().catch((error: unknown) => {
  if (isHook) process.exit(0);
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  process.stderr.write(`reaper-hook: a bug: ${text}\nnothing was deleted; please report this\n`);
  process.exit(1);
});
