/**
 * The library's public face.
 *
 * Contract: no printing, no exit, no change of the caller's directory. Results are the same
 * documents that `--json` prints. Failures of the repository or configuration throw a
 * `ReaperError`; everything that concerns one candidate is a value.
 */
import { realpathSync } from 'node:fs';
import { runDocument, type StatusDocument, statusDocument } from './documents.ts';
import { type Passed, type PassReport, type Progress, runPass } from './pass.ts';
import { type RestoredByName, restoreByName } from './restoring.ts';
import { survey } from './survey.ts';
import { openWorkspace, type Workspace } from './workspace.ts';

export type {
  Candidate,
  Claim,
  Evidence,
  Fact,
  Facts,
  Ground,
  Owner,
  Reason,
  ReasonCode,
  Verdict,
} from './core/model.ts';
export { REASON_CODES } from './core/model.ts';
export type { RunDocument, StatusDocument } from './documents.ts';
export type { Progress } from './pass.ts';
export type { RestoredByName } from './restoring.ts';

export interface ReaperOptions {
  /** Any directory of the repository; default: the current directory. */
  readonly repo?: string;
}

export interface RunOptions {
  /** Decide everything, touch nothing. */
  readonly dryRun?: boolean;
  /** Milliseconds for the whole pass; default: `pass.budget` of the configuration. */
  readonly budgetMs?: number;
  /** Most reclaims; default: `pass.limit`. */
  readonly limit?: number;
  readonly onProgress?: (progress: Progress) => void;
}

export interface Reaper {
  /** What goes, what waits, what is kept and why. Touches nothing. */
  status(): Promise<StatusDocument>;
  /** One pass, as the hook runs it. */
  run(options?: RunOptions): Promise<ReturnType<typeof runDocument>>;
  /** Puts back what an id, branch or path names. Refusals are values with the problem. */
  restore(name: string, options?: { to?: string; detach?: boolean }): Promise<RestoredByName>;
}

/** Why a call could not be carried out at all. */
export class ReaperError extends Error {
  constructor(
    /** `no-git`, `old-git`, `no-repository`, `no-list`, `config`, `busy`, `unreadable` or `unwritable`. */
    readonly code: string,
    message: string,
  ) {
    super(message);
    this.name = 'ReaperError';
  }
}

/** Makes a reaper for one repository. Nothing is read until a method is called. */
export function createReaper(options: ReaperOptions = {}): Reaper {
  const repo = realpathSync(options.repo ?? process.cwd());
  return {
    status: async () => {
      const workspace = await open(repo);
      const report = await passed(workspace, { dryRun: true, budgetMs: Number.POSITIVE_INFINITY });
      return statusDocument(workspace, report, await survey(workspace, report));
    },
    run: async (wish = {}) => {
      const workspace = await open(repo);
      const report = await passed(workspace, wish);
      return runDocument(workspace, report, await survey(workspace, report));
    },
    restore: async (name, wish = {}) =>
      restoreByName(await open(repo), name, { to: wish.to ?? null, detach: wish.detach === true }),
  };
}

async function open(repo: string): Promise<Workspace> {
  const opened = await openWorkspace({ cwd: repo });
  if (!opened.ok) throw new ReaperError(opened.problem, opened.why);
  const { config } = opened.value;
  if (!config.ok) throw new ReaperError('config', config.errors.map(({ message }) => message).join('\n'));
  return opened.value;
}

async function passed(workspace: Workspace, wish: RunOptions): Promise<PassReport> {
  const configured = workspace.settings?.pass;
  const result: Passed = await runPass(workspace, {
    dryRun: wish.dryRun === true,
    budgetMs: wish.budgetMs ?? configured?.budgetMs ?? Number.POSITIVE_INFINITY,
    limit: wish.limit ?? configured?.limit ?? Number.POSITIVE_INFINITY,
    from: workspace.from,
    announce: false,
    ...(wish.onProgress === undefined ? {} : { onProgress: wish.onProgress }),
  });
  if (!result.ok) throw new ReaperError(result.problem, result.why);
  return result.report;
}
