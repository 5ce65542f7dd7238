/**
 * Which repository this is: the one call that lets git discover, and its consequences.
 *
 * Contract: discovery runs in `cwd` without `--git-dir`, so git's own `safe.directory` rule
 * decides whether another user's repository may be used at all.
 * Failure direction: anything that cannot be established is an error value, never a guess.
 */
import type { GitPort, Io } from '../io/ports.ts';

export interface Repository {
  /** Absolute, symbolic links resolved. */
  readonly commonDir: string;
  /** The git directory of the worktree we stand in. */
  readonly gitDir: string;
  /** Root of the worktree we stand in, or null in a bare repository or inside `.git`. */
  readonly topLevel: string | null;
  readonly isBare: boolean;
}

export type Discovery =
  | { readonly ok: true; readonly value: Repository }
  | { readonly ok: false; readonly why: string };

/** `git merge-tree --write-tree`, on which the landing proofs rest, came with this version. */
export const OLDEST_GIT = [2, 38] as const;

/** Finds the repository that `cwd` belongs to. Errors are git's own first line. */
export async function discover(io: Pick<Io, 'git' | 'disk'>, cwd: string): Promise<Discovery> {
  const [common, gitDir, topLevel, bare] =
    (await askAtOnce(io.git, cwd)) ??
    (await Promise.all([
      ask(io.git, cwd, '--path-format=absolute', '--git-common-dir'),
      ask(io.git, cwd, '--absolute-git-dir'),
      ask(io.git, cwd, '--show-toplevel'),
      ask(io.git, cwd, '--is-bare-repository'),
    ]));
  if (!common.ok) return common;
  if (!gitDir.ok) return gitDir;
  const commonDir = await io.disk.realpath(common.value);
  if (!commonDir.ok) return { ok: false, why: commonDir.why };
  return {
    ok: true,
    value: {
      commonDir: commonDir.value,
      gitDir: gitDir.value,
      topLevel: topLevel.ok && topLevel.value !== '' ? topLevel.value : null,
      isBare: bare.ok && bare.value === 'true',
    },
  };
}

/** git's version as numbers, or why it is not known. */
export async function gitVersion(
  git: GitPort,
  cwd: string,
): Promise<{ ok: true; value: number[] } | { ok: false; why: string }> {
  const answer = await git.run({ args: ['version'], cwd });
  if (!answer.ok) return { ok: false, why: answer.why };
  const digits = /(\d+)\.(\d+)(?:\.(\d+))?/.exec(answer.stdout);
  if (digits === null) return { ok: false, why: `git version said ${JSON.stringify(answer.stdout.trim())}` };
  return { ok: true, value: digits.slice(1).map((part) => Number(part ?? 0)) };
}

/** True when `version` can do all that the proofs need. */
export function isGitNewEnough([major = 0, minor = 0]: readonly number[]): boolean {
  const [oldestMajor, oldestMinor] = OLDEST_GIT;
  return major > oldestMajor || (major === oldestMajor && minor >= oldestMinor);
}

type Asked = { readonly ok: true; readonly value: string } | { readonly ok: false; readonly why: string };
type Four = readonly [Asked, Asked, Asked, Asked];

/** All four in one process, when there is a work tree and no path holds a newline; else null. */
async function askAtOnce(git: GitPort, cwd: string): Promise<Four | null> {
  const what = [
    '--path-format=absolute',
    '--git-common-dir',
    '--absolute-git-dir',
    '--show-toplevel',
    '--is-bare-repository',
  ];
  const answer = await git.run({ args: ['rev-parse', ...what], cwd });
  const lines = answer.ok ? answer.stdout.split('\n') : [];
  const [common, gitDir, topLevel, bare, end] = lines;
  if (lines.length !== 5 || end !== '' || common === undefined || gitDir === undefined) return null;
  const said = (value: string): Asked => ({ ok: true, value });
  return [said(common), said(gitDir), said(topLevel ?? ''), said(bare ?? '')];
}

/** One value a call: a path may hold a newline, so only the last one is git's. */
async function ask(git: GitPort, cwd: string, ...what: string[]): Promise<Asked> {
  const answer = await git.run({ args: ['rev-parse', ...what], cwd });
  return answer.ok ? { ok: true, value: answer.stdout.replace(/\n$/, '') } : { ok: false, why: answer.why };
}
