/**
 * What `status`, `install` and `run` show besides verdicts: sizes, quarantine, strays, orphans.
 *
 * Contract: reads only; bounded by the time a person is willing to wait.
 */
import { dirname, join } from 'node:path';
import { keyOf } from './core/ledger.ts';
import { isInside } from './core/paths.ts';
import { matchPath } from './core/patterns.ts';
import { bytes, duration } from './core/text.ts';
import type { Extras } from './documents.ts';
import { unparented } from './observe/orphans.ts';
import { type OrphanProcess, orphanProcesses, type ProcessTable } from './observe/processes.ts';
import type { PassReport } from './pass.ts';
import { entryKey, type MeasuringProgress, measure, type Sizes, type Thing, thingOf, thingOfEntry } from './sizing.ts';
import { heldEntries } from './whereabouts.ts';
import type { Workspace } from './workspace.ts';

/** A person waits this long for sizes; what is not measured by then shows none. */
const SIZING_MS = 5_000;

/** Gathers what a pass does not need to know. */
export async function survey(
  workspace: Workspace,
  report: PassReport,
  say: Say = () => undefined,
  isAborted: () => boolean = () => false,
): Promise<Extras & { unreadable: readonly string[] }> {
  const { io, layout } = workspace;
  const { entries, unreadable } = await heldEntries({ io, layout });
  const things = [...thingsLeft(report), ...entries.flatMap(thingOfEntry)];
  const measured = await measureFor(workspace, report, things, say, isAborted);
  return {
    entries: entries.map((entry) => ({
      ...entry,
      bytes: entry.phase === 'purged' ? 0 : (measured[entryKey(entry)]?.bytes ?? entry.bytes),
    })),
    unreadable,
    sizes: byCandidate(report, measured),
    strays: await findStrays(workspace),
    orphanProcesses: await orphans(workspace, report),
  };
}

type Say = (text: string) => void;

/** The sizes alone of the candidates that are where they were. */
export const sizesLeft = async (
  workspace: Workspace,
  report: PassReport,
  say: Say,
  isAborted: () => boolean,
): Promise<Extras['sizes']> =>
  byCandidate(report, await measureFor(workspace, report, thingsLeft(report), say, isAborted));

const thingsLeft = ({ results }: PassReport): Thing[] =>
  results.flatMap(({ inquiry, outcome }) => (outcome === 'reclaimed' ? [] : thingOf(inquiry.candidate)));

const byCandidate = ({ results }: PassReport, sizes: Sizes): Extras['sizes'] =>
  new Map(results.map(({ inquiry: { candidate } }) => [candidate, sizes[keyOf(candidate)]?.bytes ?? null]));

async function measureFor(
  { io }: Workspace,
  { ledger }: PassReport,
  things: readonly Thing[],
  say: Say,
  isAborted: () => boolean,
): Promise<Sizes> {
  const untilMs = io.clock.nowMs() + SIZING_MS;
  const isOutOfTime = () => isAborted() || io.clock.nowMs() > untilMs;
  return measure(things, ledger.sizes, { io, isOutOfTime, say: (progress) => say(measuringWords(progress)) });
}

/** What is being measured, how fast, and how long it may still take. */
export function measuringWords({ path, done, total, bytes: count, ms }: MeasuringProgress): string {
  const left =
    done > 0 && ms > 0 ? `, ${bytes((count / ms) * 1000)}/s, about ${duration((ms / done) * (total - done))} left` : '';
  return `measuring ${done + 1} of ${total}${left}: ${path}`;
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

async function orphans(workspace: Workspace, { view }: PassReport): Promise<readonly OrphanProcess[]> {
  const table = await view?.processes();
  return table?.known === true ? orphansAmong(workspace, table.value) : [];
}

/** Processes whose working directory was deleted, and those that lost the parent they should have. */
export function orphansAmong(
  { worktrees, mainRoot, layout, settings }: Workspace,
  table: ProcessTable,
): OrphanProcess[] {
  const paths = worktrees.map(({ path }) => path);
  // Worktrees that are gone lay beside those that are there, but not above the repository itself.
  const beside = paths.map((path) => dirname(path)).filter((path) => mainRoot === null || !isInside(mainRoot, path));
  const lost = orphanProcesses(table, [...paths, ...beside, layout.root]);
  const seen = new Set(lost.map(({ pid }) => pid));
  return [...lost, ...unparented(table, settings?.user?.orphans ?? []).filter(({ pid }) => !seen.has(pid))];
}
