/** A hook with nothing to do starts no process: counted by the kernel. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { findProgram } from '../../src/io/program.ts';
import { type HookCase, hookCase, SHELLS, TOMORROW, withBlock, writeHook } from '../support/hook-case.ts';
import { makeRepo } from '../support/repo.ts';

const strace = findProgram('strace');
const ZERO = '0'.repeat(40);

/** How many processes and programs a hook starts, without the one that it is itself. */
function started(
  hook: HookCase,
  args: string[],
  options: { cwd?: string; env?: Record<string, string>; name?: string } = {},
) {
  const trace = join(hook.root, 'trace');
  const { cwd = hook.repo.root, env = {}, name = 'post-checkout' } = options;
  const path = join(hook.repo.commonDir, 'hooks', name);
  const calls = 'trace=clone,clone3,fork,vfork,execve';
  execFileSync(strace ?? 'strace', ['-f', '-qq', '-o', trace, '-e', calls, path, ...args], {
    cwd,
    env: hook.repo.env(env),
  });
  return (
    readFileSync(trace, 'utf8')
      .split('\n')
      .filter((line) => line !== '' && !/\+\+\+|---/.test(line)).length - 1
  );
}

describe.skipIf(strace === null).each(SHELLS)('in %s (needs strace)', (name, shebang) => {
  it('forks nothing while nothing is due, for whatever reason, and does fork when something is', () => {
    const hook = hookCase(makeRepo(), { shebang });
    const linked = hook.repo.worktree('agent/x');
    const branch = [ZERO.replace('0', '1'), ZERO, '1'];
    hook.date('stamp', TOMORROW);
    expect(started(hook, branch)).toBe(0);
    expect(started(hook, branch, { cwd: linked })).toBe(0);
    expect(
      started(hook, branch, { cwd: linked, env: { GIT_DIR: join(hook.repo.commonDir, 'worktrees', 'agent-x') } }),
    ).toBe(0);
    expect(started(hook, [ZERO, ZERO, '1'])).toBe(0);
    expect(started(hook, [ZERO, ZERO, '0'])).toBe(0);
    expect(started(hook, ['1'], { name: 'post-merge' })).toBe(0);
    expect(started(hook, ['amend'], { name: 'post-rewrite' })).toBe(0);
    hook.date('stamp', -2000);
    expect(started(hook, branch, { env: { REAPER_HOOK: '0' } })).toBe(0);
    expect(started(hook, branch, { env: { CI: '1' } })).toBe(0);
    // mksh has no printf of its own.
    const probe = { env: { REAPER_PROBE: join(hook.root, 'probe') } };
    expect(started(hook, branch, probe)).toBe(name === 'mksh' ? 2 : 0);
    hook.date('failure', TOMORROW);
    expect(started(hook, branch)).toBe(0);
    hook.date('failure', -2000);
    expect(started(hook, branch)).toBeGreaterThan(0);
  });

  it('forks nothing from inside a foreign hook either', () => {
    const hook = hookCase(makeRepo());
    hook.date('stamp', TOMORROW);
    writeHook(hook.repo.commonDir, 'post-checkout', withBlock(`${shebang}\nset -eu\nexit 0\n`, 'post-checkout'));
    expect(started(hook, [ZERO, ZERO, '1'])).toBe(0);
  });
});
