/**
 * `release --reap`: a session that ends gives back its own worktree or directory.
 *
 * Contract: a pass over that one path. Its ages and the caller's own processes do not count, since the caller
 * says that it is done; every other veto does, and so do other claims and locks. The configured scope holds.
 * Failure direction: whatever cannot be established keeps it for a later pass.
 */
import { KNOWN_AGENTS, MAKER_HOPS, programIn } from './core/makers.ts';
import type { DirectoryPattern } from './core/settings.ts';
import { ancestors, type ProcessTable, scanProcesses } from './observe/processes.ts';
import { type Passed, runPass } from './pass.ts';
import type { Workspace } from './workspace.ts';

/**
 * Reclaims `path` if nothing but the caller was in its way.
 *
 * @param claimedPids processes that the released claims were bound to
 */
export async function reapOwn(workspace: Workspace, path: string, claimedPids: readonly number[]): Promise<Passed> {
  const { io, settings } = workspace;
  if (settings === null) return { ok: false, problem: 'config', why: 'the configuration is in error' };
  const { worktrees, staging, user } = settings;
  const atOnce = (pattern: DirectoryPattern): DirectoryPattern => ({ ...pattern, ageMs: 0 });
  const table = await scanProcesses({ self: io.processes.self, disk: io.disk });
  const agents = settings.user?.makers ?? KNOWN_AGENTS;
  const askers = table.known ? askersAmong(table.value, claimedPids, agents) : new Set<number>();
  const own: Workspace = {
    ...workspace,
    settings: {
      ...settings,
      worktrees: { ...worktrees, idleMs: 0, emptyIdleMs: 0, ownerGraceMs: 0 },
      staging: staging.map((pattern) => ({ ...pattern, ageMs: 0 })),
      ...(user === undefined ? {} : { user: { ...user, directories: user.directories.map(atOnce) } }),
    },
  };
  return runPass(own, {
    dryRun: false,
    budgetMs: Number.POSITIVE_INFINITY,
    limit: 1,
    from: null,
    announce: false,
    only: path,
    callers: { askers },
  });
}

/**
 * This program, and the caller's ancestors as far as the session: the process its claim was bound to, else the nearest agent,
 * else all that are near. Whoever stands above the session did not ask for this.
 */
export function askersAmong(
  table: ProcessTable,
  claimedPids: readonly number[],
  agents: readonly string[],
): ReadonlySet<number> {
  const chain = ancestors(table.self, table, MAKER_HOPS);
  const claimed = chain.findIndex((pid) => claimedPids.includes(pid));
  const agent = chain.findIndex((pid) => {
    const [seen, args] = [table.view.describe(pid), table.view.args(pid)];
    return seen.ok && args.ok && programIn({ command: seen.value.command, args: args.value }, agents) !== null;
  });
  const session = claimed >= 0 ? claimed : agent;
  return new Set([table.self, ...(session >= 0 ? chain.slice(0, session + 1) : chain)]);
}
