#!/usr/bin/env node
/**
 * argv -> one command -> one answer; the only place that prints and exits.
 *
 * Contract: stdout carries the answer (text, or JSON with --json), stderr the narration. Exit 0
 * done, 1 could not, 2 usage. `run --hook` is git's: it prints nothing and always exits 0.
 */
import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { fileURLToPath } from 'node:url';
import pc from 'picocolors';
import { type Answer, type Context, type GlobalOptions, JSON_VERSION } from './cli/context.ts';
import { hookRun } from './cli/hook-run.ts';
import { createProgram } from './cli/program.ts';
import { withProgress } from './cli/progress.ts';
import { forTerminal, jsonForTerminal } from './core/text.ts';

declare const REAPER_VERSION: string;

const programFile = fileURLToPath(import.meta.url);

function contextFor(global: GlobalOptions): Context {
  const isTerminal = process.stdout.isTTY === true;
  const isInteractive = process.stdin.isTTY === true && process.stderr.isTTY === true;
  return {
    global,
    colors: pc.createColors(global.color && isTerminal && pc.isColorSupported),
    width: isTerminal ? Math.max(process.stdout.columns ?? 80, 60) : null,
    isInteractive,
    programFile,
    hooksSource: resolve(dirname(programFile), '../hooks'),
    version: REAPER_VERSION,
    progress: (text, work) => withProgress(text, work, process.stderr.isTTY === true && !global.quiet && !global.json),
    confirm: async (question) => isInteractive && !global.json && confirm(question),
  };
}

async function confirm(question: string): Promise<boolean> {
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

function print(answer: Answer, global: GlobalOptions): void {
  const colors = global.color && process.stdout.isTTY === true && pc.isColorSupported;
  for (const note of answer.notes ?? []) process.stderr.write(`${forTerminal(note, { colors })}\n`);
  if (global.json)
    process.stdout.write(`${jsonForTerminal(JSON.stringify(answer.json ?? { version: JSON_VERSION }, null, 2))}\n`);
  else if (answer.text !== undefined && answer.text !== '')
    process.stdout.write(`${forTerminal(answer.text, { colors })}\n`);
}

async function main(): Promise<void> {
  const program = createProgram({
    version: REAPER_VERSION,
    answer: async (global, command) => {
      const answer = await command(contextFor(global));
      print(answer, global);
      process.exitCode = answer.exit;
    },
    hookRun: (from) => hookRun({ from, programFile }),
    readStdin: () => readFileSync(0, 'utf8'),
  });
  await program.parseAsync(process.argv);
}

/** A reader that went away (`| head`) is no error. */
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  process.exit(error.code === 'EPIPE' ? 0 : 1);
});

const isHook = process.argv[2] === 'run' && process.argv.includes('--hook');

main().catch((error: unknown) => {
  if (isHook) process.exit(0);
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  process.stderr.write(`reaper-hook: a bug: ${text}\nnothing was deleted; please report this\n`);
  process.exit(1);
});
