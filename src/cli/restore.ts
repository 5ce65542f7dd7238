/** `restore`: puts something back from quarantine, and says what of it is gone. */
import { resolve } from 'node:path';
import { COMMAND } from '../core/messages.ts';
import { duration, printable, shellPath, shellWord } from '../core/text.ts';
import { entryRow } from '../documents.ts';
import { type RestoredByName, restoreByName } from '../restoring.ts';
import { type Answer, type Context, JSON_VERSION, problem, ready } from './context.ts';

export interface RestoreOptions {
  readonly to?: string;
  readonly detach?: boolean;
}

export async function restoreCommand(context: Context, name: string, options: RestoreOptions): Promise<Answer> {
  const opened = await ready(context);
  if (!opened.ok) return opened.answer;
  const workspace = opened.value;
  const to = options.to === undefined ? null : resolve(workspace.from, options.to);
  const result = await restoreByName(workspace, name, { to, detach: options.detach === true });
  if (!result.ok) return problem(result.problem, printable(result.why), alternative(result));
  const { entry, path, leftBranch } = result;
  const head = (entry.head ?? '').slice(0, 10);
  const notes = [
    ...(result.ballastGone ? ['rebuildable directories (such as node_modules) were purged; install them again'] : []),
    ...(result.rebuilt ? ['its files were checked out from its commit; ignored files are gone'] : []),
    ...(leftBranch === null
      ? []
      : [
          `the branch ${printable(leftBranch)} was ${entry.deletedBranchAt === null ? 'left as it is' : 'not made again'}; to go on from here: git -C ${shellWord(path)} switch -c <new-branch>`,
        ]),
    ...(result.stillPinned === null
      ? []
      : [
          `commits that nothing else may hold now are kept until they are forgotten, and listed by: git log ${result.stillPinned}`,
        ]),
    result.claimedMs === null
      ? 'it could not be claimed, so the next pass may reclaim it again'
      : `it is kept for ${duration(result.claimedMs)}; to end that: ${COMMAND} release --worktree ${shellPath(path, workspace.home)}`,
  ];
  return {
    exit: 0,
    text: `restored ${printable(entry.branch ?? entry.path)} at ${printable(path)}${leftBranch === null ? '' : `, detached at ${head}`}`,
    json: {
      version: JSON_VERSION,
      restored: entryRow(entry),
      path,
      rebuilt: result.rebuilt,
      ballastGone: result.ballastGone,
      leftBranch,
    },
    notes: context.global.quiet ? [] : notes.map((note) => `note: ${note}`),
  };
}

function alternative({ problem: trouble, entry, at }: Extract<RestoredByName, { ok: false }>): string | null {
  if (at !== undefined) return `${COMMAND} why ${shellWord(at)}`;
  if (entry === null) return `${COMMAND} status`;
  if (trouble === 'in-place') return `${COMMAND} run`;
  if (trouble === 'path-taken') return `${COMMAND} restore ${entry.id} --to ${shellWord(`${entry.path}-restored`)}`;
  if (trouble === 'branch-taken') return `${COMMAND} restore ${entry.id} --detach`;
  return trouble === 'busy' ? 'wait for it to end, then repeat the command' : null;
}
