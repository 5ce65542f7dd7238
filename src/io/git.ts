/**
 * The only place that starts git, through simple-git.
 *
 * Contract: `git.run` never throws. It answers with stdout, or with why there is none; a call
 * that is cut short by the deadline or by git's death is an answer too.
 * Failure direction: exit codes other than 0 (or those named in `okCodes`) are failures even
 * when git printed nothing; with `strict`, so is anything on stderr, because git reports
 * unreadable directories there and exits 0.
 *
 * What the settings are for:
 * - `completion.onExit: false`: an answer counts as complete only when git's pipe was closed;
 *   the default gives up 50 ms after exit and can truncate a long list of changes.
 * - GIT_* of the hook are stripped by simple-git; the few set here are named in `ENVIRONMENT`.
 * - `--git-dir` and `--work-tree` are always explicit, so nothing is ever discovered from cwd.
 */
import { isAbsolute } from 'node:path';
import { GitError, simpleGit } from 'simple-git';
import type { GitAnswer, GitCall, GitPort } from './ports.ts';
import { turns } from './turns.ts';

/** Settings of the user that would hide work, start programs or reach the network. */
const SAFE_CONFIG = [
  'core.fsmonitor=false',
  'core.untrackedCache=false',
  'core.checkStat=default',
  'core.trustctime=true',
  'core.ignoreCase=false',
  'core.fileMode=true',
  'core.symlinks=true',
  'protocol.allow=never',
  'gc.auto=0',
  'maintenance.auto=false',
  'advice.graftFileDeprecated=false',
];

/** The second and third: those named in git's configuration, which it runs from 2.54 on; these are what our calls set off. */
const NO_HOOKS = [
  'core.hooksPath=/dev/null',
  'hook.reference-transaction.enabled=false',
  'hook.post-index-change.enabled=false',
];

const GLOBAL_OPTIONS = ['--no-optional-locks', '--no-replace-objects', '--no-pager'];
const LITERAL = ['--literal-pathspecs'];

const ENVIRONMENT: Record<string, string> = {
  // From 2.54 git runs hooks named in its configuration, which core.hooksPath does not switch off.
  REAPER_HOOK: '0',
  GIT_NO_LAZY_FETCH: '1',
  // Stronger than protocol.<name>.allow, which a user may have set to always.
  GIT_ALLOW_PROTOCOL: 'none',
  GIT_LFS_SKIP_SMUDGE: '1',
  GIT_GRAFT_FILE: '/dev/null/none',
  GIT_TERMINAL_PROMPT: '0',
  LC_ALL: 'C',
  LANGUAGE: 'C',
};

/** Where the user keeps their settings, when not in the usual places: without them git would judge by others. */
const USER_FILES = ['GIT_CONFIG_GLOBAL', 'GIT_CONFIG_SYSTEM', 'GIT_CONFIG_NOSYSTEM'];

class GitExit extends GitError {
  constructor(
    readonly code: number,
    readonly stdout: string,
    readonly stderr: string,
  ) {
    super(undefined, stderr);
  }
}

export interface GitOptions {
  /** Absolute path of the git program. */
  readonly binary: string;
  /** Epoch milliseconds after which no call is waited for any longer. */
  readonly deadlineMs: () => number;
  readonly nowMs: () => number;
}

/** Makes the port through which everything else asks git. */
export function createGit(options: GitOptions): GitPort {
  const { binary, deadlineMs, nowMs } = options;
  const inTurn = turns(MOST_AT_ONCE);
  return {
    run: (call) => {
      // Whoever asked may have been answered that there was no time left for it.
      const begin = async () => (nowMs() < deadlineMs() ? start(call, binary) : late(call));
      return bounded(inTurn(begin), call, options);
    },
  };
}

/** Each takes memory, processes and open files of the user's; a machine that is asked for more refuses all of them. */
const MOST_AT_ONCE = 8;

const late = ({ args }: GitCall): GitAnswer => ({
  ok: false,
  code: null,
  why: `git ${args[0]} did not answer in time`,
  stderr: '',
  outOfTime: true,
});

async function start(call: GitCall, binary: string): Promise<GitAnswer> {
  try {
    const git = simpleGit({
      baseDir: call.cwd,
      binary,
      trimmed: false,
      config: [...SAFE_CONFIG, ...(call.hooks === true ? [] : NO_HOOKS), ...(call.config ?? [])],
      completion: { onClose: true, onExit: false },
      allowEnvironment: [...Object.keys(ENVIRONMENT), ...USER_FILES],
      unsafe: {
        allowUnsafeFsMonitor: true,
        allowUnsafeHooksPath: true,
        allowUnsafeProtocolOverride: true,
        allowUnsafeConfigPaths: true,
        allowUnsafeCustomBinary: true,
        allowUnsafeMergeDriver: true,
        allowUnsafeDiffExternal: true,
        allowUnsafeDiffTextConv: true,
        allowUnsafeFilter: true,
        allowUnsafeTemplateDir: true,
      },
      ...(call.input === undefined ? {} : { input: () => call.input }),
      errors: (error, result) => failure(call, error, result),
    });
    git.env({ ...cleanEnvironment(), ...ENVIRONMENT, ...call.env });
    git.outputHandler((_command, stdout) => skipSilenceDelay(stdout));
    return { ok: true, stdout: await git.raw([...globalOptions(call), ...location(call), ...call.args]) };
  } catch (error) {
    if (error instanceof GitExit) {
      if (call.okCodes?.includes(error.code) === true && !(call.strict === true && error.stderr !== ''))
        return { ok: true, stdout: error.stdout, code: error.code };
      return {
        ok: false,
        code: error.code,
        why: firstLine(error.stderr) || `git ${call.args[0]} ended with ${error.code}`,
        stderr: error.stderr,
      };
    }
    const message = error instanceof Error ? error.message : String(error);
    return { ok: false, code: null, why: firstLine(message) || 'git could not be started', stderr: message };
  }
}

const globalOptions = ({ magicPaths }: GitCall): string[] =>
  magicPaths === true ? GLOBAL_OPTIONS : [...GLOBAL_OPTIONS, ...LITERAL];

/** Above this, simple-git means that it did not start git at all. */
const MAX_EXIT_CODE = 255;

/** simple-git's own error for a failed command is replaced: it has neither exit code nor separate streams. */
function failure(
  call: GitCall,
  error: Buffer | Error | undefined,
  result: { exitCode: number; stdErr: Buffer[]; stdOut: Buffer[] },
): Buffer | Error | undefined {
  const wasNotRun = result.exitCode <= 0 || result.exitCode > MAX_EXIT_CODE;
  if (error !== undefined && !Buffer.isBuffer(error) && wasNotRun) return error;
  const stderr = Buffer.concat(result.stdErr).toString('utf8');
  if (result.exitCode === 0 && !(call.strict === true && stderr !== '')) return undefined;
  return new GitExit(result.exitCode, Buffer.concat(result.stdOut).toString('utf8'), stderr);
}

/** Where git is to work: always said, never discovered (but for the one call that discovers). */
function location(call: GitCall): string[] {
  if (call.gitDir === undefined) return [];
  const workTree = call.workTree === undefined ? [] : [`--work-tree=${call.workTree}`];
  return [`--git-dir=${call.gitDir}`, ...workTree];
}

/**
 * simple-git waits 50 ms for late output after a command that printed nothing. An empty chunk
 * counts as output, and since completion is bound to the closed pipe nothing can be missed.
 */
function skipSilenceDelay(stdout: NodeJS.ReadableStream): void {
  setImmediate(() => stdout.emit('data', Buffer.alloc(0)));
}

function cleanEnvironment(): Record<string, string> {
  const kept = Object.entries(process.env).filter(
    ([name, value = '']) =>
      !/^(git_|editor$|visual$|pager$|ssh_askpass$|prefix$)/i.test(name) ||
      (USER_FILES.includes(name) && (isAbsolute(value) || /^[01]?$/.test(value))),
  );
  return Object.fromEntries(kept) as Record<string, string>;
}

async function bounded(answer: Promise<GitAnswer>, call: GitCall, options: GitOptions): Promise<GitAnswer> {
  let deadlineMs = options.deadlineMs();
  if (!Number.isFinite(deadlineMs)) return answer;
  let timer: NodeJS.Timeout | undefined;
  const giveUp = new Promise<GitAnswer>((resolve) => {
    // The deadline may have moved meanwhile; that the clock was set is no reason to wait longer.
    const wait = (ms: number) => {
      timer = setTimeout(() => {
        const moreMs = options.deadlineMs() - deadlineMs;
        deadlineMs += moreMs;
        if (moreMs > 0) wait(moreMs);
        else resolve(late(call));
      }, ms);
    };
    wait(Math.max(0, deadlineMs - options.nowMs()));
  });
  try {
    return await Promise.race([answer, giveUp]);
  } finally {
    clearTimeout(timer);
  }
}

const firstLine = (text: string): string => text.trim().split('\n', 1)[0] ?? '';
