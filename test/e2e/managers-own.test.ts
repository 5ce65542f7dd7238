/** git-lfs and husky, whose files are extended; git 2.54's configuration hooks, where no file may be. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { type InstallCase, installCase, withGitVersion } from '../support/install-case.ts';
import { checkoutAndMerge, events, has, textOf, tool } from '../support/manager-case.ts';

let here: InstallCase;
const hook = (name: string) => join(here.hooks, name);

beforeEach(() => {
  here = installCase();
});

describe.skipIf(!has('git-lfs'))('git-lfs', () => {
  const lfs = (...args: string[]) => tool(here, ['git', 'lfs', ...args]);

  it('keeps its files: without a flag they are not touched, and its commands work', async () => {
    expect(lfs('install', '--local').code).toBe(0);
    const before = textOf(hook('post-checkout'));
    const report = await here.install();
    expect(report.hooks.map(({ action }) => action)).toEqual(['left', 'left', 'created']);
    expect(report.notes.join('\n')).toContain('install --chain');
    expect(textOf(hook('post-checkout'))).toBe(before);
    for (const command of [['install', '--local'], ['update'], ['uninstall', '--local']])
      expect(lfs(...command).code).toBe(0);
  });

  it('with --chain runs first, then ours; its install and update work and leave it so', async () => {
    expect(lfs('install', '--local').code).toBe(0);
    const before = textOf(hook('post-checkout'));
    expect(await here.install({ chain: true })).toMatchObject({ complete: true });
    expect(await here.install()).toMatchObject({ complete: true });
    for (const command of [['install', '--local'], ['update']]) expect(lfs(...command).code).toBe(0);
    checkoutAndMerge(here);
    expect(events(here)).toEqual(['post-checkout', 'post-checkout', 'post-merge']);
    await here.uninstall();
    expect(textOf(hook('post-checkout'))).toBe(before);
    expect(lfs('uninstall', '--local').code).toBe(0);
    expect(textOf(hook('post-checkout'))).toBeNull();
  });

  it('that uninstalls first takes its files with what was behind them, and ours ends well', async () => {
    lfs('install', '--local');
    await here.install({ chain: true });
    expect(lfs('uninstall', '--local').code).toBe(0);
    expect(await here.uninstall()).toMatchObject({ refusal: null, left: [] });
  });
});

describe('git 2.54', () => {
  const modern = () => withGitVersion(here.machine, '2.54.0');
  const LFS = '#!/bin/sh\ngit lfs post-checkout "$@"\n';

  it('runs the hook from its configuration beside a file that belongs to git-lfs', async () => {
    here.put(hook('post-checkout'), LFS);
    const before = readFileSync(join(here.repo.commonDir, 'config'), 'utf8');
    const report = await here.install({ io: modern() });
    expect(report).toMatchObject({
      complete: true,
      hooks: [{ action: 'configured' }, { action: 'created' }, { action: 'created' }],
    });
    const lines = readFileSync(join(here.repo.commonDir, 'config'), 'utf8').slice(before.length).trimEnd().split('\n');
    expect(lines.map((line) => line.trim().split(' ')[0])).toEqual(['[hook', 'command', 'event']);
    const command = here.repo.git(['config', 'hook.reaper-post-checkout.command']);
    expect(tool(here, ['sh', '-c', `${command} "$@"`, 'sh', 'a', 'b', '1'])).toMatchObject({ code: 0, stderr: '' });
    expect(events(here)).toEqual(['post-checkout']);
    expect(await here.install({ io: modern() })).toMatchObject({ complete: true });
    expect(await here.uninstall()).toMatchObject({ settings: ['hook.reaper-post-checkout'] });
    expect(readFileSync(join(here.repo.commonDir, 'config'), 'utf8')).toBe(before);
    expect(tool(here, ['sh', '-c', `${command} "$@"`, 'sh', 'a', 'b', '1'])).toMatchObject({
      code: 0,
      stdout: '',
      stderr: '',
    });
    expect(textOf(hook('post-checkout'))).toBe(LFS);
  });

  it('runs it beside the hooks of a directory that serves other repositories', async () => {
    here.repo.git(['config', '--global', 'core.hooksPath', join(here.repo.home, 'hooks')]);
    const report = await here.install({ io: modern() });
    expect(report.hooks.map(({ action }) => action)).toEqual(Array(3).fill('configured'));
    expect(report.notes).toEqual([]);
    await here.uninstall();
  });

  it.each(['--local', '--global'])('does not go around hooks that were switched off (%s)', async (scope) => {
    here.repo.git(['config', scope, 'core.hooksPath', '/dev/null']);
    expect(await here.install({ io: modern() })).toMatchObject({ complete: false });
    expect(readFileSync(join(here.repo.commonDir, 'config'), 'utf8')).not.toContain('reaper-post');
  });
});

describe.skipIf(!has('husky'))('husky', () => {
  it('runs the block in its own files, keeps it when it sets itself up again, and gets its files back', async () => {
    here.put(join(here.repo.root, '.husky/post-merge'), 'echo merged\n', 0o644);
    expect(tool(here, ['husky']).code).toBe(0);
    expect(await here.install()).toMatchObject({ complete: true, place: { kind: 'husky' } });
    expect(tool(here, ['husky']).code).toBe(0);
    checkoutAndMerge(here);
    expect(events(here)).toEqual(['post-checkout', 'post-checkout', 'post-merge']);
    await here.uninstall();
    expect(textOf(join(here.repo.root, '.husky/post-merge'))).toBe('echo merged\n');
    expect(textOf(join(here.repo.root, '.husky/post-checkout'))).toBeNull();
  });

  it('runs nothing in a linked worktree without it, which install names', async () => {
    tool(here, ['husky']);
    const linked = here.repo.worktree('agent/one');
    expect((await here.install()).notes.join('\n')).toContain(linked);
    here.repo.git(['checkout', '-q', '--detach'], linked);
    expect(events(here)).toEqual([]);
  });
});
