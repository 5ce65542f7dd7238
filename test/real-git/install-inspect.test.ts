/** What doctor is told: is it all there, and does git really run it? */
import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { inspectHooks, probeHooks } from '../../src/install/inspect.ts';
import { configHookCommands } from '../../src/install/managers.ts';
import { HOOK_NAMES } from '../../src/install/names.ts';
import type { GitPort } from '../../src/io/ports.ts';
import { type InstallCase, installCase } from '../support/install-case.ts';
import { makeRepo, sandbox, snapshot } from '../support/repo.ts';

const inspect = (here: InstallCase) => inspectHooks({ io: here.io, repo: here.at });
const probe = (here: InstallCase, worktrees = [here.repo.root], hooks = HOOK_NAMES.slice(0, 1)) =>
  probeHooks({ io: here.io, repo: here.at, worktrees, hooks });

describe('inspectHooks', () => {
  it('finds nothing where nothing was installed', async () => {
    const here = installCase();
    expect(await inspect(here)).toMatchObject({
      place: { kind: 'default' },
      record: null,
      program: { present: false, matches: null },
      shell: { present: false },
      node: { path: null, usable: false },
      pausedUntilMs: null,
      hooks: HOOK_NAMES.map((hook) => ({ hook, state: 'absent', executable: null })),
    });
  });

  it('finds everything in place after an installation, and changes nothing', async () => {
    const here = installCase();
    here.put(join(here.hooks, 'post-merge'), '#!/bin/sh\n');
    await here.install();
    const before = snapshot(here.repo.commonDir);
    expect(await inspect(here)).toMatchObject({
      record: { version: '1.0.0' },
      program: { present: true, matches: true },
      shell: { present: true },
      node: { path: process.execPath, usable: true },
      hooks: [{ state: 'own', executable: true }, { state: 'block' }, { state: 'own' }],
    });
    expect(snapshot(here.repo.commonDir)).toEqual(before);
  });

  it('notices a changed program, a vanished node, a hook switched off, edited, or replaced', async () => {
    const here = installCase();
    await here.install();
    writeFileSync(join(here.root, 'bin', 'reaper-hook.mjs'), '// something else\n');
    writeFileSync(join(here.root, 'bin', 'node'), '/nowhere/node\n');
    const own = join(here.hooks, 'post-checkout');
    here.put(own, '#!/usr/bin/env python3\n');
    here.put(join(here.hooks, 'post-merge'), '#!/bin/sh\n# >>> reaper-hook >>>\n', 0o644);
    const report = await inspect(here);
    expect(report.program).toMatchObject({ present: true, matches: false });
    expect(report.node).toEqual({ path: '/nowhere/node', usable: false, inTree: null });
    expect(report.hooks).toMatchObject([
      { state: 'foreign', found: 'a python3 script' },
      { state: 'damaged', executable: false },
      { state: 'own' },
    ]);
  });

  it('tells until when a failure keeps passes away', async () => {
    const here = installCase();
    await here.install({ program: 'process.exit(1);\n' });
    here.checkout('topic');
    const { pausedUntilMs } = await inspect(here);
    expect(pausedUntilMs).toBeGreaterThan(Date.now());
  });

  it('knows hooks of git’s configuration, where git is new enough to run them', async () => {
    const here = installCase();
    await here.install();
    rmSync(join(here.hooks, 'post-merge'));
    for (const command of configHookCommands(['post-merge'])) {
      const [key = '', value = ''] = /^git config (\S+) '?(.*?)'?$/.exec(command)?.slice(1) ?? [];
      here.repo.git(['config', key, value]);
    }
    const git = (version: string): GitPort => ({
      run: async (call) => {
        if (call.args[0] === 'version') return { ok: true, stdout: version };
        if (call.args[1] !== 'list') return here.io.git.run(call);
        return { ok: true, stdout: call.args[2] === 'post-merge' ? 'reaper-post-merge\n' : '' };
      },
    });
    const stateWith = async (version: string) =>
      (await inspectHooks({ io: { ...here.io, git: git(version) }, repo: here.at })).hooks[1]?.state;
    expect(await stateWith('git version 2.39.5')).toBe('absent');
    expect(await stateWith('git version 2.54.0')).toBe('config');
  });
});

describe('probeHooks', () => {
  it('proves that git runs the hook in every worktree, starts no pass and leaves no trace', async () => {
    const here = installCase();
    await here.install();
    const linked = here.repo.worktree('agent/x', join(sandbox(), 'linked one'));
    rmSync(join(here.root, 'runs.jsonl'));
    const before = readdirSync(here.root).sort();
    const probes = await probe(here, [here.repo.root, linked], [...HOOK_NAMES]);
    expect(probes).toHaveLength(6);
    expect(probes.every(({ reached, why }) => reached && why === null)).toBe(true);
    expect(here.runs()).toEqual([]);
    expect(readdirSync(here.root).sort()).toEqual(before);
  });

  it.each(['new\nline', '-dash', 'a b'])('works in a repository called %j', async (name) => {
    const here = installCase(makeRepo(name));
    await here.install();
    expect(await probe(here)).toEqual([{ worktree: here.repo.root, hook: 'post-checkout', reached: true, why: null }]);
  });

  it('finds out about a hook that is missing, not executable, left early, or switched off by the user', async () => {
    const here = installCase();
    const path = here.put(join(here.hooks, 'post-checkout'), '#!/bin/sh\nexit 0; :\necho never\n');
    await here.install();
    const reached = async () => (await probe(here))[0];
    expect(await reached()).toMatchObject({ reached: false, why: expect.stringContaining('not reached') });
    here.put(path, '#!/bin/sh\n', 0o644);
    expect(await reached()).toMatchObject({ reached: false });
    rmSync(path);
    expect(await reached()).toMatchObject({ reached: false, why: expect.stringContaining('post-checkout') });
    await here.install();
    expect(await reached()).toMatchObject({ reached: true });
    here.repo.git(['config', '--global', 'core.hooksPath', '/dev/null']);
    expect(await reached()).toMatchObject({ reached: false });
  });

  it('is not taken in by the hook of another repository', async () => {
    const here = installCase();
    await here.install();
    const shared = join(here.repo.commonDir, 'hooks');
    const other = installCase();
    await other.install();
    other.repo.git(['config', 'core.hooksPath', shared]);
    expect(await probe(other)).toMatchObject([{ reached: true }]);
    const wrong = await probeHooks({ io: other.io, repo: other.at, worktrees: [here.repo.root] });
    expect(wrong).toMatchObject([{ reached: false, why: expect.stringContaining('another repository') }]);
  });
});
