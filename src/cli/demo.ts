/**
 * `demo`: agents' leftovers in every state, one real git checkout, and what the hook made of it.
 *
 * Contract: everything happens below one new temporary directory, which is removed at the end
 * unless `keep`. Exit 1 when what was seen is not what is promised.
 */
import { createHash } from 'node:crypto';
import { existsSync, lstatSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { COMMAND } from '../core/messages.ts';
import { bytes, shellWord } from '../core/text.ts';
import type { StatusDocument } from '../documents.ts';
import { findProgram, workingTreesAround } from '../io/program.ts';
import { type Answer, type Context, JSON_VERSION, problem } from './context.ts';
import { openStage, type Stage, type Terminal } from './demo-stage.ts';

/** The pass takes well under a second here; a loaded machine gets more. */
const PASS_TIMEOUT_MS = 20_000;
const POLL_MS = 50;

/** What must be gone after the checkout, and what must not. */
const GOES = ['add-pears', 'add-plums', 'fix-sign', 'never-used'];
const STAYS = ['half-done', 'dirty', 'live', 'has-secret', 'locked', 'just-made'];

export async function demo(context: Context, keep: boolean): Promise<Answer> {
  const git = findProgram('git', workingTreesAround(process.cwd()));
  if (git === null) return problem('no-git', 'git was not found on PATH', 'install git 2.38 or newer');
  const place = realpathSync(mkdtempSync(join(tmpdir(), 'reaper-demo-')));
  let stage: Stage | null = null;
  try {
    return await context.progress('the demo', async (say) => {
      say('making a shop, and what its agents left behind');
      stage = openStage(place, git, context.programFile, terminalOf(context));
      return tell(context, stage, keep ? place : null, say);
    });
  } finally {
    (stage as Stage | null)?.close();
    if (!keep) rmSync(place, { recursive: true, force: true });
  }
}

/** What the demo runs prints as if it ran at the terminal of whoever watches. */
function terminalOf({ width, colors }: Context): Terminal {
  const isColored = colors.bold('x') !== 'x';
  const env = width === null ? {} : { REAPER_TERMINAL: String(width) };
  return { env: { ...env, ...(isColored ? {} : { NO_COLOR: '1' }) } };
}

async function tell(
  { colors }: Context,
  stage: Stage,
  kept: string | null,
  say: (text: string) => void,
): Promise<Answer> {
  const lines: string[] = [];
  const chapter = (text: string) => {
    say(text);
    lines.push('', colors.bold(text));
  };
  const show = (command: string, printed: string) => {
    const text = shorten(stage, printed);
    lines.push(colors.cyan(`$ ${command}`), ...(text === '' ? [] : [text]));
  };
  chapter('1. A shop, and what its agents left behind');
  show('git worktree list', stage.git(['worktree', 'list']));
  const before = held(stage);
  const plums = fingerprint(stage.path('add-plums'));
  chapter('2. Install the hook: it says what the next pass will do, and why');
  show('npx reaper-hook install', stage.reaper(['install']));
  chapter('3. Work as usual: the hook starts a pass in the background, git does not wait for it');
  const startedMs = Date.now();
  show('git checkout next', stage.git(['checkout', '-q', 'next']));
  lines.push(colors.dim(`(git was back after ${Date.now() - startedMs} ms)`));
  const gone = await until(() => GOES.every((name) => !existsSync(stage.path(name))));
  chapter('4. The next checkout says what happened, with the undo');
  await until(() => existsSync(join(stage.root, '.git', 'reaper', 'report')));
  show('git checkout main', stage.gitBoth(['checkout', 'main']));
  chapter('5. What is left, and why');
  show('npx reaper-hook status', stage.reaper(['status']));
  const after = held(stage);
  const stayed = STAYS.every((name) => existsSync(stage.path(name)));
  chapter('6. Nothing was deleted: bring one back');
  show('npx reaper-hook restore agent/add-plums', stage.reaper(['restore', 'agent/add-plums']));
  show('git -C worktrees/add-plums log --oneline -2', stage.git(['log', '--oneline', '-2'], stage.path('add-plums')));
  const isWhole = fingerprint(stage.path('add-plums')) === plums;
  const isTrue = gone && stayed && isWhole;
  lines.push(
    colors.dim(`(every file, the index and HEAD ${isWhole ? 'are' : 'are NOT'} what they were: ${plums.slice(0, 12)})`),
    '',
    verdictOn({ gone, stayed, isWhole }),
    `agents' worktrees: ${bytes(before.inUse)} before, ${bytes(after.inUse)} after; ${bytes(after.quarantine)} wait in quarantine`,
    kept === null
      ? "in a repository of one's own: npx reaper-hook install"
      : `the repository is at ${join(kept, 'shop')}`,
  );
  const text = lines.join('\n').trimStart();
  return { exit: isTrue ? 0 : 1, text, json: { version: JSON_VERSION, asPromised: isTrue, before, after } };
}

/** Bytes of all worktrees but the main one, and of quarantine, as status tells them. */
function held(stage: Stage): { inUse: number; quarantine: number } {
  const { candidates, quarantine } = JSON.parse(stage.reaper(['status', '--json'], false)) as StatusDocument;
  const sum = (rows: readonly { readonly bytes: number | null }[]) =>
    rows.reduce((all, row) => all + (row.bytes ?? 0), 0);
  return { inUse: sum(candidates), quarantine: sum(quarantine) };
}

/** One number for everything in a worktree but what can be built again. */
function fingerprint(root: string): string {
  const hash = createHash('sha256');
  const admin = readFileSync(join(root, '.git'), 'utf8').replace('gitdir: ', '').trim();
  for (const name of ['HEAD', 'index']) hash.update(readFileSync(join(admin, name)));
  for (const path of readdirSync(root, { recursive: true, encoding: 'utf8' }).sort()) {
    const full = join(root, path);
    if (!path.startsWith('node_modules') && lstatSync(full).isFile())
      hash.update(`${path}\0`).update(readFileSync(full));
  }
  return hash.digest('hex');
}

function verdictOn({ gone, stayed, isWhole }: { gone: boolean; stayed: boolean; isWhole: boolean }): string {
  if (gone && stayed && isWhole)
    return `as promised: ${GOES.length} finished worktrees went, ${STAYS.length} that hold work, a secret, a lock or a process stayed, and one came back whole`;
  const wrong = [
    gone ? '' : 'something finished is still there',
    stayed ? '' : 'something that had to stay is gone',
    isWhole ? '' : 'what came back is not what went',
  ];
  return `not as promised: ${wrong.filter((part) => part !== '').join('; ')}`;
}

/** Paths below the throwaway directory, as short as a person would write them. */
function shorten(stage: Stage, text: string): string {
  const place = stage.root.slice(0, stage.root.lastIndexOf('/'));
  const ownCopy = `node ${shellWord(join(stage.root, '.git', 'reaper', 'bin', 'reaper-hook.mjs'))}`;
  return text.replaceAll(ownCopy, COMMAND).replaceAll(`${place}/`, '').trimEnd();
}

async function until(isTrue: () => boolean): Promise<boolean> {
  const endMs = Date.now() + PASS_TIMEOUT_MS;
  while (!isTrue()) {
    if (Date.now() > endMs) return false;
    await sleep(POLL_MS);
  }
  return true;
}
