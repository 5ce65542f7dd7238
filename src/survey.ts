/**
 * What `status`, `install` and `run` show besides verdicts: sizes, quarantine, strays, orphans.
 *
 * Contract: reads only; bounded by the time a person is willing to wait.
 */
import { join } from 'node:path';
import { readEntries } from './act/entries.ts';
import type { Entry } from './core/entry.ts';
import type { Candidate } from './core/model.ts';
import { matchPath } from './core/patterns.ts';
import type { Extras } from './documents.ts';
import { type OrphanProcess, orphanProcesses } from './observe/processes.ts';
import { sizeOf } from './observe/size.ts';
import type { PassReport } from './pass.ts';
import type { Workspace } from './workspace.ts';

/** A person waits this long for sizes; what is not measured by then shows none. */
const SIZING_MS = 5_000;

/** Gathers what a pass does not need to know. */
export async function survey(
  workspace: Workspace,
  report: PassReport,
  say: (text: string) => void = () => undefined,
): Promise<Extras & { unreadable: readonly string[] }> {
  const { io, layout } = workspace;
  const { entries, unreadable } = await readEntries({ io, layout });
  const untilMs = io.clock.nowMs() + SIZING_MS;
  const isOutOfTime = () => io.clock.nowMs() > untilMs;
  const sizes = await measureCandidates(workspace, report, isOutOfTime, say);
  return {
    entries: await measureEntries(workspace, entries, isOutOfTime),
    unreadable,
    sizes,
    strays: await findStrays(workspace),
    orphanProcesses: await orphans(workspace, report),
  };
}

/** Sizes of what goes and of what someone should look at; the rest is nobody's disk to win. */
async function measureCandidates(
  workspace: Workspace,
  report: PassReport,
  isOutOfTime: () => boolean,
  say: (text: string) => void,
): Promise<Map<Candidate, number | null>> {
  const sizes = new Map<Candidate, number | null>();
  for (const { inquiry, outcome } of report.results) {
    const { candidate, verdict } = inquiry;
    if (outcome === 'reclaimed' || (verdict.verdict !== 'reclaim' && verdict.verdict !== 'attention')) continue;
    if (candidate.kind === 'worktree' && candidate.isMissing) continue;
    say(`measuring ${candidate.path}`);
    sizes.set(candidate, await sizeOf(workspace.io.disk, candidate.path, isOutOfTime));
  }
  return sizes;
}

async function measureEntries(
  { io }: Workspace,
  entries: readonly Entry[],
  isOutOfTime: () => boolean,
): Promise<Entry[]> {
  const measured: Entry[] = [];
  for (const entry of entries) {
    const place = entry.tree === null ? null : entry.tree.slice(0, entry.tree.lastIndexOf('/'));
    measured.push(place === null ? entry : { ...entry, bytes: await sizeOf(io.disk, place, isOutOfTime) });
  }
  return measured;
}

/** Directories under a managed path that no worktree is registered for: reported, never touched. */
async function findStrays({ io, worktrees, settings, mainRoot, home }: Workspace): Promise<string[]> {
  if (settings === null || mainRoot === null) return [];
  const registered = new Set(worktrees.map(({ path }) => path));
  const strays: string[] = [];
  for (const pattern of settings.worktrees.paths) {
    const parent = literalParent(pattern, mainRoot, home);
    if (parent === null) continue;
    const listing = await io.disk.list(parent);
    if (!listing.ok) continue;
    for (const { name, kind } of listing.value) {
      const path = join(parent, name);
      const matches = matchPath(path, settings.worktrees.paths, { root: mainRoot, home }) !== null;
      if (kind === 'directory' && matches && !registered.has(path)) strays.push(path);
    }
  }
  return [...new Set(strays)];
}

/** The directory before a pattern's last segment, when it holds no wildcard. */
function literalParent(pattern: string, root: string, home: string): string | null {
  const trimmed = pattern.replace(/^!/, '').replace(/\/$/, '');
  const cut = trimmed.lastIndexOf('/');
  const parent = cut < 0 ? '' : trimmed.slice(0, cut);
  if (/[*?[\]]/.test(parent)) return null;
  if (parent.startsWith('~/')) return join(home, parent.slice(2));
  return parent.startsWith('/') ? parent : join(root, parent);
}

async function orphans({ worktrees }: Workspace, { view }: PassReport): Promise<readonly OrphanProcess[]> {
  const table = await view?.processes();
  if (table?.known !== true) return [];
  return orphanProcesses(
    table.value,
    worktrees.map(({ path }) => path),
  );
}
