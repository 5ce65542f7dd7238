/**
 * Our own cleaner: one live pass on the real machine, and the way back.
 *
 * Contract: the pass is the one that the hook and `run` start. What the case changes about the
 * machine, its environment and where the caller stands is changed for the pass only.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { writeClaim } from '../../src/act/claims.ts';
import { layout } from '../../src/core/layout.ts';
import { createMachine } from '../../src/io/machine.ts';
import type { Io } from '../../src/io/ports.ts';
import { findProgram } from '../../src/io/program.ts';
import { type PassReport, runPass } from '../../src/pass.ts';
import { restoreByName } from '../../src/restoring.ts';
import { openWorkspace, type Workspace } from '../../src/workspace.ts';
import { DAY } from '../support/repo.ts';
import type { Cleaner } from './cleaners.ts';
import type { Because, Hazard, Scene } from './hazard.ts';
import { Killed, onRename } from './machines.ts';
import type { Stage } from './stage.ts';

export const ours: Cleaner = {
  name: 'ours',
  async clean(stage, scene, moment) {
    const reports: (PassReport | null)[] = [];
    for (let pass = 0; pass < (scene.passes ?? 1); pass++) reports.push(await onePass(stage, scene, moment));
    const last = reports.at(-1) ?? null;
    return last === null ? null : { ...last, reclaimed: reports.flatMap((each) => each?.reclaimed ?? []) };
  },
};

/** One pass over the stage; null when none began. */
export async function onePass(
  stage: Stage,
  scene: Scene = {},
  moment: () => void = () => {},
): Promise<PassReport | null> {
  const machine = scene.machine?.(realMachine(stage), moment) ?? realMachine(stage);
  const io = onRename(machine, (from) => [...(scene.survives ?? []), ...(scene.goes ?? [])].includes(from), {
    before: moment,
  });
  return inEnvironment(stage, scene.env ?? {}, async () => {
    const workspace = await open(stage, io, standing(scene));
    if (workspace === null) return null;
    const budgetMs = scene.budgetMs ?? Number.POSITIVE_INFINITY;
    const options = { dryRun: false, budgetMs, limit: 100, announce: false };
    const from = standing(scene) === undefined ? (scene.from ?? null) : workspace.from;
    const passed = await runPass(workspace, { ...options, from }).catch(throughDeath);
    return passed?.ok === true ? passed.report : null;
  });
}

/** Where the caller stands, unless that directory is gone. */
const standing = ({ from }: Scene): string | undefined => (from !== undefined && existsSync(from) ? from : undefined);

/** A pass that was killed leaves no report. */
function throughDeath(error: unknown): null {
  if (error instanceof Killed) return null;
  throw error;
}

/** Brings everything back that a pass reclaimed, the last first. */
export async function restoreAll(
  stage: Stage,
  { from }: Scene,
  report: PassReport,
): Promise<{ ballast: readonly string[]; problems: readonly string[] }> {
  const ballast = report.reclaimed.flatMap(({ entry }) => entry.ballast);
  if (report.reclaimed.length === 0) return { ballast, problems: [] };
  const problems = await inEnvironment(stage, {}, async () => {
    const found: string[] = [];
    for (const { entry } of report.reclaimed.toReversed()) {
      const workspace = await open(
        stage,
        realMachine(stage),
        from !== undefined && existsSync(from) ? from : undefined,
      );
      if (workspace === null) return ['the repository could not be opened for the way back'];
      const restored = await restoreByName(workspace, entry.id, { to: null, detach: false });
      if (!restored.ok) found.push(`not restored: ${restored.why}`);
    }
    return found;
  });
  return { ballast, problems };
}

/** The first oracle: what the pass said about each path. */
export function verdictProblems(
  hazard: Hazard,
  scene: Scene,
  report: PassReport | null,
  kept: readonly string[],
): string[] {
  const [first] = scene.survives ?? [];
  const problems: string[] = [];
  if (hazard.kind === 'keeps' && first !== undefined) {
    const because = becauseOf(first, report);
    if (because !== hazard.because)
      problems.push(`kept because of ${because}, not ${hazard.because}: ${told(first, report)}`);
  }
  for (const path of hazard.kind === 'reclaims' ? (scene.goes ?? []) : []) {
    const result = report === null ? undefined : resultOf(path, report);
    const isReclaimed = result?.outcome === 'reclaimed' || (scene.passes !== undefined && !kept.includes(path));
    if (!isReclaimed) problems.push(`not reclaimed: ${told(path, report)}`);
  }
  return problems;
}

const adminOf = (candidate: PassReport['results'][number]['inquiry']['candidate']): string =>
  candidate.kind === 'worktree' ? candidate.adminDir : '';

const resultOf = (path: string, report: PassReport) =>
  report.results.find(({ inquiry: { candidate } }) => candidate.path === path || adminOf(candidate) === path);

function becauseOf(path: string, report: PassReport | null): Because | 'nothing' {
  if (report === null) return 'no pass';
  const result = resultOf(path, report);
  if (result === undefined) return 'not a candidate';
  if (result.outcome === 'failed') return 'failed';
  if (result.outcome === 'reclaimed') return 'nothing';
  return result.reasons[0]?.code ?? 'nothing';
}

function told(path: string, report: PassReport | null): string {
  if (report === null) return 'no pass';
  const result = resultOf(path, report);
  if (result === undefined)
    return `candidates: ${report.results.map(({ inquiry }) => inquiry.candidate.path).join(', ')}`;
  return JSON.stringify({ outcome: result.outcome, error: result.error, reasons: result.reasons });
}

export function realMachine(stage: Stage): Io {
  const real = findProgram('git');
  if (real === null) throw new Error('git is not on PATH');
  return createMachine(stage.impostorAt === null ? real : join(stage.impostorAt, 'git'));
}

/** The repository as the program opens it; null when it refuses to. */
export async function open(stage: Stage, io: Io, from = stage.root): Promise<Workspace | null> {
  const opened = await openWorkspace({ cwd: from, home: stage.repo.home, io });
  return opened.ok ? opened.value : null;
}

/** Runs `work` with this stage's HOME and what else the caller passes down. */
export async function inEnvironment<T>(
  { repo }: Stage,
  more: Readonly<Record<string, string>>,
  work: () => Promise<T>,
): Promise<T> {
  const before = { ...process.env };
  Object.assign(process.env, { HOME: repo.home, XDG_CONFIG_HOME: join(repo.home, '.config') }, more);
  try {
    return await work();
  } finally {
    for (const name of Object.keys(process.env)) if (!(name in before)) delete process.env[name];
    Object.assign(process.env, before);
  }
}

/** Claims a path, for a day unless said; bound to `pid`, or to its lease alone. */
export async function claim(stage: Stage, path: string, pid: number | null = null, ttlMs = DAY): Promise<void> {
  const io = realMachine(stage);
  const written = await writeClaim({ io, layout: layout(stage.commonDir) }, { path, owner: 'an agent', pid, ttlMs });
  if (!written.ok) throw new Error(written.why);
}
