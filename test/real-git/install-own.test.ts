/** Installing where nothing is in the way, upgrading, and taking it all back. */
import { createHash } from 'node:crypto';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { describeInstall, describeUninstall } from '../../src/install/describe.ts';
import { HOOK_NAMES } from '../../src/install/names.ts';
import { HOOKS_SOURCE, QUICK } from '../support/hook-case.ts';
import { installCase } from '../support/install-case.ts';
import { DEAD_PID } from '../support/pids.ts';
import { makeRepo, repoAt, sandbox, snapshot } from '../support/repo.ts';

const modeOf = (path: string) => (lstatSync(path).mode & 0o7777).toString(8);
const actionsOf = (report: { hooks: readonly { action: string }[] }) => report.hooks.map(({ action }) => action);

describe('install in a plain repository', () => {
  it('writes the three hooks, which git then runs, in linked worktrees too', async () => {
    const here = installCase();
    const report = await here.install();
    expect(report).toMatchObject({
      refusal: null,
      program: 'installed',
      previousVersion: null,
      complete: true,
      notes: [],
    });
    expect(actionsOf(report)).toEqual(['created', 'created', 'created']);
    here.checkout('one');
    const linked = here.repo.worktree('agent/two');
    here.checkout('three', linked);
    expect(here.runs().map((args) => args.slice(0, 5))).toEqual([
      ['run', '--hook', 'post-checkout', '--from', here.repo.root],
      ['run', '--hook', 'post-checkout', '--from', linked],
      ['run', '--hook', 'post-checkout', '--from', linked],
    ]);
  });

  it('keeps what is ours private, and makes hooks that git can run', async () => {
    const here = installCase();
    await here.install();
    expect([here.root, join(here.root, 'bin')].map(modeOf)).toEqual(['700', '700']);
    expect(readdirSync(join(here.root, 'bin')).sort()).toEqual(['node', 'quick.cjs', 'reaper-hook.mjs', 'reaper.sh']);
    for (const name of ['bin/node', 'bin/quick.cjs', 'bin/reaper-hook.mjs', 'bin/reaper.sh', 'installed.json'])
      expect(modeOf(join(here.root, name))).toBe('600');
    for (const hook of HOOK_NAMES) expect(modeOf(join(here.hooks, hook))).toBe('755');
    expect(readFileSync(join(here.root, 'bin', 'node'), 'utf8')).toBe(`${process.execPath}\n`);
  });

  it('records what it installed', async () => {
    const here = installCase();
    await here.install({ program: '// a program\n', version: '1.2.3' });
    const record = JSON.parse(readFileSync(join(here.root, 'installed.json'), 'utf8'));
    expect(record).toMatchObject({
      version: '1.2.3',
      nodePath: process.execPath,
      sha256: createHash('sha256').update(`quick.cjs\0${QUICK}\0reaper-hook.mjs\0// a program\n\0`).digest('hex'),
    });
    expect(record.changes.map(({ path }: { path: string }) => path)).toEqual(
      expect.arrayContaining(HOOK_NAMES.map((hook) => join(here.hooks, hook))),
    );
  });

  it('changes nothing the second time', async () => {
    const here = installCase();
    await here.install();
    const before = snapshot(here.repo.commonDir, (path) => path === 'reaper/installed.json');
    const report = await here.install();
    expect(report).toMatchObject({ program: 'unchanged', previousVersion: '1.0.0', complete: true });
    expect(actionsOf(report)).toEqual(['unchanged', 'unchanged', 'unchanged']);
    expect(snapshot(here.repo.commonDir, (path) => path === 'reaper/installed.json')).toEqual(before);
  });

  it('upgrades the program and its hooks, and tries again what had failed', async () => {
    const here = installCase();
    const older = join(sandbox(), 'hooks');
    for (const name of ['reaper.sh', ...HOOK_NAMES])
      here.put(
        join(older, name),
        readFileSync(join(HOOKS_SOURCE, name), 'utf8').replace('# Gives back', '# Once gave back'),
      );
    await here.install({ hooksSource: older, version: '0.9.0' });
    writeFileSync(join(here.root, 'failure'), 'out of memory');
    const report = await here.install({ program: '// newer\n' });
    expect(report).toMatchObject({ program: 'upgraded', previousVersion: '0.9.0' });
    expect(actionsOf(report)).toEqual(['upgraded', 'upgraded', 'upgraded']);
    expect(readFileSync(join(here.hooks, 'post-merge'), 'utf8')).toContain('# Gives back');
    expect(readFileSync(join(here.root, 'bin', 'reaper-hook.mjs'), 'utf8')).toBe('// newer\n');
    expect(existsSync(join(here.root, 'failure'))).toBe(false);
  });

  it('mends a hook of ours that was made non-executable or public files that should be private', async () => {
    const here = installCase();
    await here.install();
    here.put(join(here.hooks, 'post-merge'), readFileSync(join(here.hooks, 'post-merge')), 0o644);
    here.put(join(here.root, 'bin', 'reaper.sh'), readFileSync(join(here.root, 'bin', 'reaper.sh')), 0o666);
    expect(actionsOf(await here.install())).toEqual(['unchanged', 'upgraded', 'unchanged']);
    expect(modeOf(join(here.hooks, 'post-merge'))).toBe('755');
    expect(modeOf(join(here.root, 'bin', 'reaper.sh'))).toBe('600');
  });

  it('makes the hooks directory where there is none, as git makes it, and takes it away again', async () => {
    const here = installCase();
    rmSync(here.hooks, { recursive: true });
    const before = snapshot(here.repo.commonDir);
    await here.install();
    expect(modeOf(here.hooks)).toBe('755');
    await here.uninstall();
    expect(snapshot(here.repo.commonDir)).toEqual(before);
  });

  it('works in a bare repository, a submodule and with a separate git directory', async () => {
    const origin = makeRepo();
    const bare = join(sandbox(), 'bare.git');
    origin.git(['clone', '-q', '--bare', origin.root, bare]);
    const inBare = installCase(repoAt(bare, origin.home, bare), null);
    expect((await inBare.install()).complete).toBe(true);
    const linked = join(sandbox(), 'linked');
    origin.git(['worktree', 'add', '-q', linked, 'main'], bare);
    expect(inBare.runs()).toHaveLength(1);

    const outer = makeRepo('outer');
    outer.git(['-c', 'protocol.file.allow=always', 'submodule', '--quiet', 'add', origin.root, 'inner']);
    const inner = installCase(repoAt(join(outer.root, 'inner'), outer.home, join(outer.commonDir, 'modules', 'inner')));
    expect((await inner.install()).complete).toBe(true);
    inner.checkout('topic');
    expect(inner.runs()).toHaveLength(1);
    expect(existsSync(join(outer.commonDir, 'reaper'))).toBe(false);
  });

  it.each(['a b', 'new\nline', 'quo\'te"d', '-dash', '$HOME'])('works in a repository called %j', async (name) => {
    const here = installCase(makeRepo(name));
    expect((await here.install()).complete).toBe(true);
    here.checkout('topic');
    expect(here.runs()).toHaveLength(1);
    await here.uninstall();
    expect(readdirSync(here.hooks).filter((file) => !file.endsWith('.sample'))).toEqual([]);
  });
});

describe('install refuses', () => {
  it.each([
    ['the state directory', 'reaper'],
    ['its program directory', 'reaper/bin'],
  ])('a symbolic link planted as %s, and writes nothing through it', async (_what, name) => {
    const here = installCase();
    const target = sandbox();
    if (name !== 'reaper') mkdirSync(here.root);
    symlinkSync(target, join(here.repo.commonDir, name));
    const report = await here.install();
    expect(report.refusal).toContain(`${join(here.repo.commonDir, name)} is a symbolic link`);
    expect(report).toMatchObject({ complete: false, hooks: [], program: null });
    expect(readdirSync(target).filter((file) => file !== 'foreground')).toEqual([]);
    expect(existsSync(join(here.hooks, 'post-checkout'))).toBe(false);
    expect(describeInstall(report).join('\n')).toMatch(/^nothing was installed: /);
    expect((await here.uninstall()).refusal).toContain('symbolic link');
  });

  it('to install half of itself: a missing template or program leaves everything as it was', async () => {
    const here = installCase();
    const before = snapshot(here.repo.commonDir);
    const report = await here.install({ hooksSource: sandbox() });
    expect(report.refusal).toContain('reaper.sh');
    expect(snapshot(here.repo.commonDir)).toEqual(before);
  });
});

describe('uninstall', () => {
  it('leaves the common directory as it was', async () => {
    const here = installCase();
    const isGits = (path: string) => path === 'index' || path.startsWith('logs/');
    const before = snapshot(here.repo.commonDir, isGits);
    await here.install();
    here.repo.git(['checkout', '-q', '--detach']);
    rmSync(join(here.root, 'runs.jsonl'));
    const cut = [
      `claimed.json.7.${DEAD_PID}.tmp`,
      `state.json.${DEAD_PID}.tmp`,
      `bin/reaper-hook.mjs.7.${DEAD_PID}.tmp`,
    ];
    const told = [
      'allowed.json',
      'stamp',
      'due',
      'report',
      'failure',
      'report.123',
      'failure.4',
      'probe.5',
      'makers.6',
    ];
    for (const name of ['claimed.json', ...told, ...cut]) writeFileSync(join(here.root, name), '');
    const report = await here.uninstall();
    expect(report).toMatchObject({ refusal: null, programRemoved: true, left: [], quarantined: [] });
    expect(report.hooks.map(({ action }) => action)).toEqual(['removed', 'removed', 'removed']);
    here.repo.git(['checkout', '-q', 'main']);
    expect(snapshot(here.repo.commonDir, isGits)).toEqual(before);
  });

  it('keeps quarantine, journal and state, and says how to restore', async () => {
    const here = installCase();
    await here.install();
    here.put(join(here.root, 'journal.jsonl'), '{}\n', 0o600);
    here.put(join(here.root, 'quarantine', 'agent-x-1', 'entry.json'), '{}\n', 0o600);
    const report = await here.uninstall();
    expect(report.quarantined).toEqual(['agent-x-1']);
    expect(describeUninstall(report).join('\n')).toContain('npx reaper-hook restore');
    expect(Object.keys(snapshot(here.root)).sort()).toEqual([
      'journal.jsonl',
      'quarantine',
      'quarantine/agent-x-1',
      'quarantine/agent-x-1/entry.json',
    ]);
  });

  it('keeps what others added to a file of ours', async () => {
    const here = installCase();
    await here.install();
    const path = join(here.hooks, 'post-checkout');
    here.put(path, `${readFileSync(path, 'utf8')}echo "a new line of theirs"\n`);
    const report = await here.uninstall();
    expect(report.hooks).toContainEqual({ path, action: 'restored' });
    expect(readFileSync(path, 'utf8')).toBe('#!/bin/sh\necho "a new line of theirs"\n');
    expect(modeOf(path)).toBe('755');
  });

  it('leaves a block that was edited by hand, says so, and what stays does nothing', async () => {
    const here = installCase();
    await here.install();
    const path = join(here.hooks, 'post-checkout');
    const edited = readFileSync(path, 'utf8').replace('reaper_hook_before=$?', 'reaper_hook_before=$?; echo mine >&2');
    here.put(path, edited);
    const again = await here.install({ program: '// newer\n' });
    expect(again.hooks[0]).toMatchObject({ action: 'left', why: expect.stringContaining('changed by hand') });
    const report = await here.uninstall();
    expect(report.left).toEqual([{ path, why: expect.stringContaining('changed by hand') }]);
    expect(readFileSync(path, 'utf8')).toBe(edited);
    expect(here.checkout('topic')).toBe('');
    expect(existsSync(here.root)).toBe(false);
  });

  it('takes back an installation that was cut short, and one whose record is lost', async () => {
    const here = installCase();
    await here.install();
    rmSync(join(here.hooks, 'post-merge'));
    writeFileSync(join(here.root, 'installed.json'), '{"format":1,"chan');
    await here.uninstall();
    expect(readdirSync(here.hooks).filter((file) => !file.endsWith('.sample'))).toEqual([]);
    expect(existsSync(here.root)).toBe(false);
  });

  it('says so when nothing is installed', async () => {
    const here = installCase();
    expect(describeUninstall(await here.uninstall())).toEqual(['nothing was installed here']);
  });
});
