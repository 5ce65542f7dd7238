/**
 * `landed` for the command line and the library: which bases, which revisions, what is proven.
 *
 * Contract: revisions and bases are named as git names them in the worktree the caller stands in.
 * Bases that are named replace the configured ones and the default branch. Reads what passes found,
 * and writes nothing.
 * Failure direction: a base that names nothing ends it; a revision that names nothing is a row.
 */
import { loadLedger } from './act/state.ts';
import type { Fact } from './core/model.ts';
import { known } from './core/model.ts';
import { DEFAULTS } from './core/settings.ts';
import { namedBases, resolveBases } from './observe/base.ts';
import { type LandedRow, landedReport } from './observe/landed/report.ts';
import type { Workspace } from './workspace.ts';

export interface LandedWish {
  /** Absent: all local branches. */
  readonly revs?: readonly string[];
  /** Absent or empty: the default branch and `worktrees.base`. */
  readonly base?: readonly string[];
  readonly isOutOfTime?: () => boolean;
}

export async function landedRows(workspace: Workspace, wish: LandedWish): Promise<Fact<readonly LandedRow[]>> {
  const { io, layout, repository, settings } = workspace;
  const { commonDir } = layout;
  const place = { gitDir: repository.gitDir, cwd: commonDir };
  const configured = (settings ?? DEFAULTS).worktrees.base;
  const bases =
    wish.base !== undefined && wish.base.length > 0
      ? await namedBases({ git: io.git, ...place, names: wish.base })
      : await resolveBases({ git: io.git, ...place, configured, managedBranches: () => false });
  if (!bases.known) return bases;
  const { ledger } = await loadLedger({ io, layout });
  const { revs = null, isOutOfTime } = wish;
  const asked = { io, ...place, commonDir, revs, bases: bases.value, cache: ledger.landings };
  return known(await landedReport(isOutOfTime === undefined ? asked : { ...asked, isOutOfTime }));
}
