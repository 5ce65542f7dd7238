/**
 * `demo`: agents' leftovers in every state, one real git checkout, and what the hook made of it.
 *
 * Contract: everything happens below one new temporary directory, which is removed at the end
 * unless `keep`. Exit 1 when what was seen is not what is promised.
 */
import { existsSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { COMMAND } from '../core/messages.ts';
import { shellWord } from '../core/text.ts';
import { findProgram, workingTreesAround } from '../io/program.ts';
import { type Answer, type Context, problem } from './context.ts';
import { openStage, type Stage } from './demo-stage.ts';

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
    stage = openStage(place, git, context.programFile);
    return await tell(context, stage, keep ? place : null);
  } finally {
    stage?.close();
    if (!keep) rmSync(place, { recursive: true, force: true });
  }
}

async function tell({ colors }: Context, stage: Stage, kept: string | null): Promise<Answer> {
  const lines: string[] = [];
  const heading = (text: string) => lines.push('', colors.bold(text));
  const shell = (text: string) => lines.push(colors.cyan(`$ ${text}`));
  heading('1. A shop, and what its agents left behind');
  shell('git worktree list');
  lines.push(shorten(stage, stage.git(['worktree', 'list'])));
  heading('2. Install the hook: it says what the next pass will do, and why');
  shell('npx reaper-hook install');
  lines.push(shorten(stage, stage.reaper(['install'])));
  heading('3. Work as usual. The hook starts a pass in the background and git returns at once');
  shell('git checkout next');
  const startedMs = Date.now();
  lines.push(
    shorten(stage, stage.git(['checkout', '-q', 'next'])),
    colors.dim(`(git was back after ${Date.now() - startedMs} ms)`),
  );
  const gone = await until(() => GOES.every((name) => !existsSync(stage.path(name))));
  heading('4. The next checkout shows what happened, in one line, with the undo');
  shell('git checkout main');
  await until(() => existsSync(join(stage.root, '.git', 'reaper', 'report')));
  lines.push(shorten(stage, stage.gitBoth(['checkout', 'main'])));
  shell('npx reaper-hook status');
  lines.push(shorten(stage, stage.reaper(['status'])));
  heading('5. Nothing is deleted: bring one back');
  shell('npx reaper-hook restore agent/add-plums');
  lines.push(shorten(stage, stage.reaper(['restore', 'agent/add-plums'])));
  shell('git -C worktrees/add-plums log --oneline -2');
  lines.push(stage.git(['log', '--oneline', '-2'], stage.path('add-plums')).trimEnd());
  const stayed = STAYS.every((name) => existsSync(stage.path(name)));
  const isTrue = gone && stayed && existsSync(join(stage.path('add-plums'), 'plums.txt'));
  lines.push('', verdictOn(isTrue, gone, stayed));
  if (kept !== null) lines.push(`the repository is at ${join(kept, 'shop')}`);
  return { exit: isTrue ? 0 : 1, text: lines.join('\n').trimStart(), json: { version: 1, asPromised: isTrue } };
}

function verdictOn(isTrue: boolean, gone: boolean, stayed: boolean): string {
  if (isTrue)
    return `as promised: ${GOES.length} finished worktrees went, ${STAYS.length} that hold work, a secret, a lock or a process stayed, and one came back whole`;
  return `not as promised: ${gone ? '' : 'something finished is still there; '}${stayed ? '' : 'something that had to stay is gone'}`;
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
