/**
 * `why`: the dialogue of facts about one candidate.
 *
 * Contract: the same questions as a pass, for one thing; nothing is touched. A worktree that is not managed
 * can be asked about too.
 */
import { resolve } from 'node:path';
import { loadLedger } from './act/state.ts';
import type { Candidate, Fact, WorktreeCandidate } from './core/model.ts';
import { unknown } from './core/model.ts';
import { policyOf, withEveryClaim } from './deciding.ts';
import { type Inquiry, investigate } from './observe/investigate.ts';
import { openView, type View, type ViewSource } from './observe/view.ts';
import type { Workspace } from './workspace.ts';

export interface Explained {
  readonly candidate: Candidate;
  readonly inquiry: Inquiry;
  readonly view: View;
}

/** Investigates what `name` names: a branch, a path, a registration, a staging entry; null when nothing does. */
export async function explain(
  workspace: Workspace,
  name: string,
  callers: Pick<ViewSource, 'providers'> = {},
  isOutOfTime: () => boolean = () => false,
): Promise<Fact<Explained | null>> {
  const { io, layout, settings } = workspace;
  if (settings === null) return unknown('the configuration is in error');
  const { ledger } = await loadLedger({ io, layout });
  const opened = await openView({
    io,
    layout,
    mainRoot: workspace.mainRoot,
    home: workspace.home,
    settings,
    ledger,
    from: workspace.from,
    isOutOfTime,
    ...callers,
  });
  if (!opened.known) return opened;
  const view = opened.value;
  const candidate = findCandidate(view, workspace, name);
  if (candidate === null) return { known: true, value: null };
  const how = { probe: view.probe, policy: policyOf(settings), nowMs: io.clock.nowMs, isOutOfTime, thorough: true };
  const inquiry = await withEveryClaim(view, await investigate(candidate, how), how);
  return { known: true, value: { candidate, inquiry, view } };
}

/** By branch, by path, by the name of the registration; worktrees that are not managed too. */
function findCandidate(view: View, workspace: Workspace, name: string): Candidate | null {
  const path = resolve(workspace.from, name);
  const matches = (each: WorktreeCandidate) =>
    each.branch === name || each.path === path || (each.id === name && !each.isMain);
  const staging = view.candidates.find((each) => each.kind === 'staging' && (each.path === path || each.id === name));
  return staging ?? view.worktrees.find(matches) ?? null;
}
