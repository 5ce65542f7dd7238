/** Installing where core.hooksPath sends git elsewhere. It is followed or refused, never taken over. */
import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { describeInstall } from '../../src/install/describe.ts';
import { probeHooks } from '../../src/install/inspect.ts';
import { HOOK_NAMES } from '../../src/install/names.ts';
import { type InstallCase, installCase } from '../support/install-case.ts';
import { sandbox, snapshot } from '../support/repo.ts';

const configOf = (here: InstallCase) => readFileSync(join(here.repo.commonDir, 'config'), 'utf8');

describe('core.hooksPath of this repository', () => {
  it.each([
    ['inside it, relative', '.githooks'],
    ['inside it, two levels deep and not there yet', 'tools/git/hooks'],
  ])('is followed: %s', async (_what, value) => {
    const here = installCase();
    here.repo.git(['config', 'core.hooksPath', value]);
    const config = configOf(here);
    const report = await here.install();
    expect(report.place).toMatchObject({ kind: 'local', relative: true, scope: 'local' });
    expect(report.complete).toBe(true);
    expect(report.notes.join('\n')).toContain('commit the hook files');
    here.checkout('topic');
    expect(here.runs()).toHaveLength(1);
    expect(readdirSync(here.hooks).filter((name) => !name.endsWith('.sample'))).toEqual([]);
    await here.uninstall();
    expect(existsSync(join(here.repo.root, value.split('/')[0] ?? ''))).toBe(false);
    expect(configOf(here)).toBe(config);
  });

  it('is followed outside of it, with a word on who else is served', async () => {
    const here = installCase();
    const shared = sandbox();
    here.put(join(shared, 'post-merge'), '#!/bin/sh\necho shared\n');
    here.repo.git(['config', 'core.hooksPath', shared]);
    const report = await here.install();
    expect(report.notes).toEqual([expect.stringContaining('lies outside this repository')]);
    const other = installCase();
    other.repo.git(['config', 'core.hooksPath', shared]);
    expect(other.repo.git(['checkout', '-q', '-b', 'topic'])).toBe('');
    expect(existsSync(other.root)).toBe(false);
    process.env.HOME = here.repo.home;
    await here.uninstall();
    expect(snapshot(shared)).toEqual({ 'post-merge': expect.stringContaining('file 755') });
    expect(readFileSync(join(shared, 'post-merge'), 'utf8')).toBe('#!/bin/sh\necho shared\n');
  });

  it('is followed through ~, and recognised when it only says what git does anyway', async () => {
    const here = installCase();
    here.repo.git(['config', 'core.hooksPath', '~/my hooks']);
    expect((await here.install()).place).toMatchObject({ kind: 'local', dir: join(here.repo.home, 'my hooks') });
    await here.uninstall();
    here.repo.git(['config', 'core.hooksPath', here.hooks]);
    expect((await here.install()).place).toMatchObject({ kind: 'default' });
  });

  it('is followed when it belongs to one worktree only', async () => {
    const here = installCase();
    here.repo.git(['config', 'extensions.worktreeConfig', 'true']);
    here.repo.git(['config', '--worktree', 'core.hooksPath', '.mine']);
    const report = await here.install();
    expect(report.place).toMatchObject({ kind: 'local', scope: 'worktree', dir: join(here.repo.root, '.mine') });
  });

  it('that leads nowhere in linked worktrees is said to, by name', async () => {
    const here = installCase();
    const linked = here.repo.worktree('agent/x');
    here.repo.git(['config', 'core.hooksPath', '.githooks']);
    const report = await here.install();
    expect(report.notes.join('\n')).toContain(`leads nowhere in ${linked}`);
    const probes = await probeHooks({ io: here.io, repo: here.at, worktrees: [here.repo.root, linked] });
    expect(probes.map(({ worktree, reached }) => [worktree, reached])).toEqual([
      [here.repo.root, true],
      [linked, false],
    ]);
  });

  it.each([['/dev/null'], ['']])('that names no directory (%j) is refused: hooks are switched off', async (value) => {
    const here = installCase();
    here.repo.git(['config', 'core.hooksPath', value]);
    const report = await here.install();
    expect(report.place).toMatchObject({ kind: 'refused', why: 'disabled' });
    expect(report.hooks.every(({ action, add }) => action === 'left' && add === null)).toBe(true);
    expect(existsSync(join(here.hooks, 'post-checkout'))).toBe(false);
    const text = describeInstall(report).join('\n');
    expect(text).not.toContain('add to');
    expect(text).toContain('post-checkout, post-merge, post-rewrite: left alone: core.hooksPath=');
    const next = /git config --file \S+ --unset-all core\.hooksPath/.exec(text)?.[0] ?? 'false';
    execFileSync('sh', ['-c', next], { cwd: here.repo.root, env: here.repo.env() });
    expect(await here.install()).toMatchObject({ complete: true, place: { kind: 'default' } });
  });
});

describe("core.hooksPath of the user's configuration", () => {
  it('is refused, with what can be done, and nothing of it is touched', async () => {
    const here = installCase();
    const global = sandbox();
    here.put(join(global, 'post-checkout'), '#!/bin/sh\necho global\n');
    here.repo.git(['config', '--global', 'core.hooksPath', global]);
    const before = snapshot(global);
    const report = await here.install();
    expect(report.place).toMatchObject({ kind: 'refused', why: 'global', scope: 'global', value: global });
    expect(report.complete).toBe(false);
    expect(report.program).toBe('installed');
    const text = describeInstall(report).join('\n');
    expect(text).toContain(join(here.repo.home, '.gitconfig'));
    expect(text).toContain(`git config --local core.hooksPath ${here.hooks}`);
    expect(text).toContain(`next, add to ${join(global, 'post-checkout')}`);
    expect(snapshot(global)).toEqual(before);
    expect(existsSync(join(here.hooks, 'post-checkout'))).toBe(false);
    here.put(join(global, 'post-checkout'), `#!/bin/sh\n${report.hooks[0]?.add?.text}\n`);
    here.checkout('topic');
    expect(here.runs()).toHaveLength(1);
  });

  it('that names no directory switches hooks off, until the repository has a directory of its own', async () => {
    const here = installCase();
    here.repo.git(['config', '--global', 'core.hooksPath', '/dev/null']);
    const report = await here.install();
    expect(report.place).toMatchObject({ kind: 'refused', why: 'disabled', scope: 'global' });
    const text = describeInstall(report).join('\n');
    expect(text).not.toContain('add to');
    expect(text).not.toContain('the hooks in /dev/null');
    const next = /git config --local core\.hooksPath [^\s,]+/.exec(text)?.[0] ?? 'false';
    execFileSync('sh', ['-c', next], { cwd: here.repo.root, env: here.repo.env() });
    expect(await here.install()).toMatchObject({ complete: true, place: { kind: 'default' } });
  });

  it('gives way to the one of the repository', async () => {
    const here = installCase();
    here.repo.git(['config', '--global', 'core.hooksPath', sandbox()]);
    here.repo.git(['config', 'core.hooksPath', here.hooks]);
    expect(await here.install()).toMatchObject({ complete: true, place: { kind: 'default' } });
  });
});

describe('husky', () => {
  const husky = (here: InstallCase, directory = '.husky') => {
    here.put(join(here.repo.root, 'package.json'), '{"name":"x"}\n', 0o644);
    const module = dirname(createRequire(import.meta.url).resolve('husky'));
    const start = `import(${JSON.stringify(join(module, 'index.js'))}).then((husky) => husky.default(${JSON.stringify(directory)}))`;
    execFileSync(process.execPath, ['-e', start], { cwd: here.repo.root, env: here.repo.env() });
  };

  it('gets files of its own kind, beside its generated ones', async () => {
    const here = installCase();
    husky(here);
    here.put(join(here.repo.root, '.husky', 'post-merge'), 'echo theirs >&2\n', 0o644);
    const shims = snapshot(join(here.repo.root, '.husky', '_'));
    const report = await here.install();
    expect(report.place).toMatchObject({ kind: 'husky', dir: join(here.repo.root, '.husky') });
    expect(report.hooks.map(({ action }) => action)).toEqual(['created', 'block-added', 'created']);
    expect(snapshot(join(here.repo.root, '.husky', '_'))).toEqual(shims);
    expect(readFileSync(join(here.repo.root, '.husky', 'post-checkout'), 'utf8')).not.toContain('#!');
    here.checkout('topic');
    here.repo.commit('a', 'a');
    here.repo.git(['checkout', '-q', 'main']);
    here.repo.git(['merge', '-q', 'topic']);
    expect(here.runs().map((args) => args[2])).toEqual(['post-checkout', 'post-checkout', 'post-merge']);
    await here.uninstall();
    expect(snapshot(join(here.repo.root, '.husky'), (path) => path.startsWith('_'))).toEqual({
      'post-merge': `file 644 ${Buffer.from('echo theirs >&2\n').toString('base64')}`,
    });
    expect(here.repo.git(['config', 'core.hooksPath'])).toBe('.husky/_');
  });

  it('is known by its shims in any directory', async () => {
    const here = installCase();
    husky(here, 'config/hooks');
    expect((await here.install()).place).toMatchObject({ kind: 'husky', dir: join(here.repo.root, 'config/hooks') });
    here.checkout('topic');
    expect(here.runs()).toHaveLength(1);
  });

  it('does not run in linked worktrees where it was not installed: they are named', async () => {
    const here = installCase();
    husky(here);
    const linked = here.repo.worktree('agent/x');
    const report = await here.install();
    expect(report.notes.join('\n')).toContain(`leads nowhere in ${linked}`);
    here.checkout('elsewhere', linked);
    expect(here.runs()).toEqual([]);
  });

  it('that has not been set up yet is said to be', async () => {
    const here = installCase();
    here.repo.git(['config', 'core.hooksPath', '.husky/_']);
    const report = await here.install();
    expect(report.place).toMatchObject({ kind: 'husky' });
    expect(report.notes.join('\n')).toContain('npx husky');
  });
});

it('says so when the hooks directory is a link into the working tree', async () => {
  const here = installCase();
  rmSync(here.hooks, { recursive: true });
  mkdirSync(join(here.repo.root, 'githooks'));
  symlinkSync('../githooks', here.hooks);
  const report = await here.install();
  expect(report.notes).toEqual([expect.stringContaining(`${realpathSync(here.hooks)} lies in the working tree`)]);
  here.checkout('topic');
  expect(here.runs()).toHaveLength(1);
});

it('takes its blocks back from where they are, after core.hooksPath has moved on', async () => {
  const here = installCase();
  here.repo.git(['config', 'core.hooksPath', '.githooks']);
  here.put(join(here.repo.root, '.githooks', 'post-merge'), '#!/bin/sh\necho one\n');
  await here.install();
  here.repo.git(['config', '--unset', 'core.hooksPath']);
  await here.install();
  await here.uninstall();
  expect(readdirSync(join(here.repo.root, '.githooks'))).toEqual(['post-merge']);
  expect(readFileSync(join(here.repo.root, '.githooks', 'post-merge'), 'utf8')).toBe('#!/bin/sh\necho one\n');
  for (const hook of HOOK_NAMES) expect(existsSync(join(here.hooks, hook))).toBe(false);
});

it('goes on working when the repository is moved', async () => {
  const here = installCase();
  await here.install();
  const moved = join(sandbox(), 'moved');
  renameSync(here.repo.root, moved);
  execFileSync('git', ['checkout', '-q', '-b', 'topic'], { cwd: moved, env: here.repo.env() });
  expect(readFileSync(join(moved, '.git', 'reaper', 'runs.jsonl'), 'utf8')).toContain(JSON.stringify(moved));
});
