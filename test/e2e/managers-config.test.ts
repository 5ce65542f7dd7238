/**
 * Hooks in git's own configuration, with a real git that runs them (2.54 and later): the one on PATH, or the
 * one that REAPER_TEST_GIT names; skipped, by name, where neither is.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { inspectHooks, probeHooks } from '../../src/install/inspect.ts';
import { gitVersion, isSince } from '../support/git-version.ts';
import { type InstallCase, installCase } from '../support/install-case.ts';
import { checkoutAndMerge, events, has, textOf, tool } from '../support/manager-case.ts';
import { reaper } from '../support/program.ts';

const LFS = '#!/bin/sh\ngit lfs post-checkout "$@"\n';
const SECTIONS = ['hook.reaper-post-checkout', 'hook.reaper-post-merge', 'hook.reaper-post-rewrite'];

let here: InstallCase;
const config = () => readFileSync(join(here.repo.commonDir, 'config'), 'utf8');
const install = () => here.install({ io: here.machine });
const states = async () =>
  (await inspectHooks({ io: here.machine, repo: here.at })).hooks.map(({ state, found }) => [state, found]);
const probes = (...worktrees: string[]) => probeHooks({ io: here.machine, repo: here.at, worktrees });

/** The user's own directory of hooks, which serves every repository: no file may be written there. */
function shared(): string {
  const directory = join(here.repo.home, 'hooks');
  here.put(join(directory, 'post-checkout'), `#!/bin/sh\necho theirs >>'${here.repo.home}/theirs'\n`);
  here.repo.git(['config', '--global', 'core.hooksPath', directory]);
  return directory;
}

beforeEach(() => {
  here = installCase();
});

describe.skipIf(!isSince(54))(`hooks in git's configuration, with ${gitVersion} (needs 2.54: REAPER_TEST_GIT)`, () => {
  it('run for checkout and merge, in linked worktrees too, beside those of a shared directory, and leave no trace', async () => {
    shared();
    const linked = here.repo.worktree('agent/one');
    const before = config();
    expect(await install()).toMatchObject({ complete: true, notes: [] });
    expect(await install()).toMatchObject({ complete: true });
    expect(config().match(/\[hook /g)).toHaveLength(3);
    checkoutAndMerge(here);
    expect(events(here)).toEqual(['post-checkout', 'post-checkout', 'post-merge']);
    here.repo.git(['checkout', '-q', '-b', 'x'], linked);
    expect(events(here)).toHaveLength(4);
    expect(readFileSync(join(here.repo.home, 'theirs'), 'utf8').split('\n')).toHaveLength(5);
    expect(await probes(here.repo.root, linked)).toMatchObject([{ reached: true }, { reached: true }]);
    expect(await states()).toEqual(Array(3).fill(['config', null]));
    expect(await here.uninstall()).toMatchObject({ settings: SECTIONS, left: [] });
    expect(config()).toBe(before);
    here.repo.git(['checkout', '-q', 'topic']);
    expect(events(here)).toHaveLength(4);
  });

  it('see a rebase that ends, and give git no error when the program is gone', async () => {
    shared();
    await install();
    here.repo.git(['checkout', '-q', '-b', 'topic']);
    here.repo.commit('topic.txt', 'topic');
    here.repo.git(['checkout', '-q', 'main']);
    here.repo.commit('main.txt', 'main');
    here.repo.git(['checkout', '-q', 'topic']);
    here.repo.git(['rebase', '-q', 'main']);
    expect(events(here).at(-1)).toBe('post-rewrite');
    const ran = events(here).length;
    tool(here, ['rm', '-rf', here.root]);
    expect(tool(here, ['git', 'checkout', '-q', 'main'])).toMatchObject({ code: 0, stdout: '', stderr: '' });
    expect(tool(here, ['git', 'worktree', 'add', '-q', '../w'])).toMatchObject({ code: 0, stderr: '' });
    expect(events(here)).toHaveLength(0);
    expect(ran).toBeGreaterThan(3);
  });

  it.skipIf(!has('git-lfs'))("run beside git-lfs's own files, whose commands go on working", async () => {
    const lfs = (...args: string[]) => tool(here, ['git', 'lfs', ...args]).code;
    expect(lfs('install', '--local')).toBe(0);
    const theirs = textOf(join(here.hooks, 'post-checkout'));
    const report = await install();
    expect(report.hooks.map(({ action }) => action)).toEqual(['configured', 'configured', 'created']);
    checkoutAndMerge(here);
    expect(events(here)).toEqual(['post-checkout', 'post-checkout', 'post-merge']);
    expect(textOf(join(here.hooks, 'post-checkout'))).toBe(theirs);
    expect([lfs('install', '--local'), lfs('update'), lfs('uninstall', '--local')]).toEqual([0, 0, 0]);
    expect(here.repo.git(['checkout', '-q', '-b', 'after'])).toBe('');
    expect(events(here)).toHaveLength(4);
    await here.uninstall();
    expect(config()).not.toContain('[hook');
    expect(existsSync(join(here.hooks, 'post-rewrite'))).toBe(false);
  });

  it.each([
    ['hook.reaper-post-checkout.enabled', 'post-checkout'],
    ['hook.post-merge.enabled', 'post-merge'],
  ])('that %s switches off are found to be off, with what to do', async (key, hook) => {
    shared();
    expect(reaper(here.repo, ['install'])).toMatchObject({ code: 0 });
    expect(reaper(here.repo, ['doctor'])).toMatchObject({ code: 0 });
    here.repo.git(['config', key, 'false']);
    expect(await states()).toContainEqual(['switched-off', key]);
    const said = reaper(here.repo, ['doctor']);
    expect(said.code).toBe(1);
    expect(said.stdout).toContain(`${hook}: switched off in git's configuration (${key})`);
    expect(said.stdout).toContain(`git config ${key} true`);
    here.repo.git(['config', key, 'true']);
    expect(reaper(here.repo, ['doctor'])).toMatchObject({ code: 0 });
  });

  it('of other people are not run by what a pass asks of git', async () => {
    const trace = join(here.repo.home, 'trace');
    for (const event of ['reference-transaction', 'post-index-change']) {
      here.repo.git(['config', `hook.spy-${event}.command`, `echo ${event} >>'${trace}'; :`]);
      here.repo.git(['config', `hook.spy-${event}.event`, event]);
    }
    here.repo.git(['update-ref', 'refs/heads/seen', 'HEAD']);
    expect(readFileSync(trace, 'utf8')).toContain('reference-transaction');
    tool(here, ['rm', trace]);
    const run = (args: string[]) =>
      here.machine.git.run({ args, cwd: here.repo.commonDir, gitDir: here.repo.commonDir });
    expect(await run(['update-ref', 'refs/heads/unseen', 'HEAD'])).toMatchObject({ ok: true });
    expect(await run(['read-tree', 'HEAD'])).toMatchObject({ ok: true });
    expect(existsSync(trace)).toBe(false);
  });

  it('are the ones that a printed pair of commands would have made', async () => {
    here.put(join(here.hooks, 'post-checkout'), LFS);
    await install();
    expect(here.repo.git(['hook', 'list', 'post-checkout'])).toBe('reaper-post-checkout\nhook from hookdir');
  });
});
