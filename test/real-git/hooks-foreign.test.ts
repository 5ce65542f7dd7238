/** Our block in somebody else's hook changes nothing about it. */
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { append, type HookCase, hookCase, SHELLS, withBlock, writeHook } from '../support/hook-case.ts';
import { makeRepo } from '../support/repo.ts';

describe.each(SHELLS)('in a %s script', (name, shebang) => {
  let hook: HookCase;
  beforeEach(() => {
    hook = hookCase(makeRepo());
    hook.repo.git(['branch', 'other']);
  });

  /** Runs a checkout with `script` as hook, first as it was written, then with our block in it. */
  const bothWays = (script: string) => {
    const { commonDir } = hook.repo;
    append(join(hook.root, 'now'), '');
    writeHook(commonDir, 'post-checkout', `${shebang}\n${script}`);
    const before = hook.git(['checkout', '-q', 'other']);
    writeHook(commonDir, 'post-checkout', withBlock(`${shebang}\n${script}`, 'post-checkout'));
    hook.git(['-c', 'core.hooksPath=/dev/null', 'checkout', '-q', 'main']);
    const after = hook.git(['checkout', '-q', 'other']);
    return { before, after, runs: hook.runs().length };
  };

  it.each([
    ['strict settings', 'set -eu\necho "$#:$3"\n'],
    ['a last exit with a status', 'set -eu\necho said\nexit 7\n'],
    ['a last exit with the status before it', 'false\nexit $?\n'],
    ['a last command that fails', 'echo said\nfalse\n'],
    ['a last list that fails, under -e', 'set -e\nfalse && true\n'],
    ['a list that fails before a last exec, under -e', 'set -e\nfalse && true\nexec echo after\n'],
    ['a last exec', 'exec printf "%s\\n" "$@" said\n'],
    ['an exit trap', 'trap \'echo "left with $?"\' EXIT\nset -eu\n(exit 3) || :\n'],
    ['no clobbering and no globbing', 'set -Cf\necho said\n'],
    ['an odd separator', 'IFS=-.:/\nset -eu\necho said\n'],
    ['an odd working directory afterwards', 'echo said\ncd / && pwd\nexit 0\n'],
    ['no end on its last line', 'echo said\necho again'],
    ['a closed stderr', 'exec 2>&-\n'],
  ])('with %s', (_what, script) => {
    const { before, after, runs } = bothWays(script);
    expect(after).toEqual(before);
    expect(runs).toBe(/cd \//.test(script) ? 0 : 1);
  });

  it('leaves its variables, arguments, settings and current status alone', () => {
    const text = withBlock(
      `${shebang}\nset -eu\nname=value; file=f; line=l; root=r; status=7; IFS=,\n`.replace(
        'status=7; ',
        name === 'zsh' ? '' : 'status=7; ',
      ),
      'post-checkout',
    );
    const probe = 'echo "$?|$name$file$line$root|$IFS|$#|$3|$-|$PWD|$PATH" >&2\n';
    writeHook(hook.repo.commonDir, 'post-checkout', text + probe);
    const withOurs = hook.git(['checkout', '-q', 'other']);
    rmSync(join(hook.root, 'bin', 'reaper.sh'));
    const withoutOurs = hook.git(['checkout', '-q', 'main']);
    expect(withOurs).toEqual(withoutOurs);
    expect(hook.runs()).toHaveLength(1);
  });

  it('is told everything about a new worktree, whatever separates words there', () => {
    const text = withBlock(`${shebang}\nIFS=-\n`, 'post-checkout');
    writeHook(hook.repo.commonDir, 'post-checkout', text);
    hook.repo.worktree('agent/x');
    expect(hook.runs()[0]?.args).toContain('--created');
  });

  it('does not end it when everything of ours fails', () => {
    hook.program('process.exit(9);');
    rmSync(join(hook.root, 'bin', 'node'));
    writeHook(
      hook.repo.commonDir,
      'post-checkout',
      `${withBlock(`${shebang}\nset -eu\n`, 'post-checkout')}echo "still here" >&2\n`,
    );
    const { status, stderr } = hook.git(['checkout', '-q', 'other']);
    expect(status).toBe(0);
    expect(stderr).toMatch(/^reaper-hook: the last pass could not run.*\nstill here\n$/);
    rmSync(hook.root, { recursive: true });
    expect(hook.git(['checkout', '-q', 'main'])).toEqual({ status: 0, stderr: 'still here\n' });
    expect(existsSync(hook.root)).toBe(false);
  });
});

it('leaves the list that git hands to post-rewrite for the script to read', () => {
  const hook = hookCase(makeRepo());
  hook.repo.git(['branch', 'other']);
  hook.repo.commit('m.txt', 'm');
  hook.repo.git(['checkout', '-q', 'other'], hook.repo.root, { env: hook.repo.env({ REAPER_HOOK: '0' }) });
  hook.repo.commit('o.txt', 'o');
  const block = withBlock('#!/bin/sh\n', 'post-rewrite');
  writeHook(hook.repo.commonDir, 'post-rewrite', `${block}read -r old new && echo "rewrote one" >&2\n`);
  expect(hook.git(['rebase', '-q', 'main'])).toEqual({ status: 0, stderr: 'rewrote one\n' });
  expect(hook.runs().map(({ args }) => args[2])).toEqual(['post-rewrite']);
});
