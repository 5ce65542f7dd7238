/** When the hook starts a pass and when it does not, in every shell that is here. */
import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { type HookCase, hookCase, SHELLS, TOMORROW } from '../support/hook-case.ts';
import { makeRepo, script } from '../support/repo.ts';

const hooksOf = (hook: HookCase) => hook.runs().map(({ args }) => args[2]);

it('is tried in the shells that git users have as sh', () => {
  expect(SHELLS.map(([name]) => name)).toEqual(expect.arrayContaining(['dash', 'busybox', 'bash']));
});

describe.each(SHELLS)('in %s', (_name, shebang) => {
  let hook: HookCase;
  beforeEach(() => {
    hook = hookCase(makeRepo(), { shebang });
    hook.repo.git(['branch', 'other']);
  });

  it('starts a pass when none has ever run', () => {
    expect(hook.git(['checkout', '-q', 'other'])).toEqual({ status: 0, stderr: '' });
    expect(hook.runs()).toHaveLength(1);
    expect(hook.runs()[0]).toMatchObject({
      args: ['run', '--hook', 'post-checkout', '--from', hook.repo.root],
      cwd: '/',
    });
  });

  it('starts none while the stamp lies in the future, and one when it has passed', () => {
    hook.date('stamp', TOMORROW);
    hook.git(['checkout', '-q', 'other']);
    expect(hook.runs()).toEqual([]);
    hook.date('stamp', -2000);
    hook.git(['checkout', '-q', 'main']);
    expect(hooksOf(hook)).toEqual(['post-checkout']);
  });

  it('starts one when something was marked as due, whatever the stamp says', () => {
    hook.date('stamp', TOMORROW);
    hook.date('due');
    hook.git(['checkout', '-q', 'other']);
    expect(hooksOf(hook)).toEqual(['post-checkout']);
  });

  it('starts none for a checkout of files', () => {
    hook.git(['checkout', 'HEAD', '--', 'README.md']);
    hook.git(['restore', '-s', 'other', 'README.md']);
    expect(hook.runs()).toEqual([]);
  });

  it('starts none when switched off or in CI, and one when CI says it is none', () => {
    hook.git(['checkout', '-q', 'other'], hook.repo.root, { REAPER_HOOK: '0' });
    hook.git(['checkout', '-q', 'main'], hook.repo.root, { CI: 'true' });
    hook.git(['checkout', '-q', 'other'], hook.repo.root, { CI: '1' });
    expect(hook.runs()).toEqual([]);
    hook.git(['checkout', '-q', 'main'], hook.repo.root, { CI: 'false' });
    expect(hook.runs()).toHaveLength(1);
  });

  it('starts one after a merge, and none after a squash, which has committed nothing yet', () => {
    const { repo } = hook;
    repo.git(['checkout', '-q', 'other'], repo.root, { env: repo.env({ REAPER_HOOK: '0' }) });
    repo.commit('a.txt', 'a\n');
    repo.git(['checkout', '-q', 'main'], repo.root, { env: repo.env({ REAPER_HOOK: '0' }) });
    hook.date('stamp', TOMORROW);
    hook.git(['merge', '-q', '--squash', 'other']);
    expect(hook.runs()).toEqual([]);
    repo.git(['reset', '-q', '--hard']);
    expect(hook.git(['merge', '-q', '--no-edit', 'other']).status).toBe(0);
    expect(hooksOf(hook)).toEqual(['post-merge']);
  });

  it('starts one at the end of a rebase and none in the middle of it', () => {
    const { repo } = hook;
    const quiet = { env: repo.env({ REAPER_HOOK: '0' }) };
    repo.commit('m.txt', 'm\n');
    repo.git(['checkout', '-q', 'other'], repo.root, quiet);
    repo.commit('o.txt', 'o\n');
    expect(hook.git(['rebase', '-q', 'main']).status).toBe(0);
    expect(hooksOf(hook)).toEqual(['post-rewrite']);
    hook.git(['commit', '-q', '--amend', '-m', 'again']);
    expect(hook.runs()).toHaveLength(1);
  });

  it('starts none while a rebase has stopped or a bisect goes on', () => {
    const { repo } = hook;
    const first = repo.git(['rev-parse', 'HEAD']);
    for (const name of ['1', '2', '3', '4']) repo.commit(`${name}.txt`, name);
    repo.git(['bisect', 'start', '-q', 'HEAD', first], repo.root, { env: repo.env({ REAPER_HOOK: '0' }) });
    expect(existsSync(join(repo.commonDir, 'BISECT_LOG'))).toBe(true);
    hook.git(['bisect', 'good']);
    hook.git(['checkout', '-q', 'other']);
    expect(hook.runs()).toEqual([]);
    repo.git(['bisect', 'reset'], repo.root, { env: repo.env({ REAPER_HOOK: '0' }) });
    mkdirSync(join(repo.commonDir, 'rebase-apply'));
    hook.git(['checkout', '-q', 'other']);
    expect(hook.runs()).toEqual([]);
  });

  it('stays away while a failure is recent, even after a merge', () => {
    hook.date('failure', TOMORROW);
    hook.date('due');
    hook.git(['checkout', '-q', 'other']);
    hook.repo.commit('a.txt', 'a\n');
    hook.git(['checkout', '-q', 'main']);
    hook.git(['merge', '-q', 'other']);
    expect(hook.runs()).toEqual([]);
    hook.date('failure', -2000);
    hook.git(['checkout', '-q', 'other']);
    expect(hook.runs()).toHaveLength(1);
  });

  it('tells the program about the worktree that git has just made', () => {
    const linked = hook.repo.worktree('agent/new');
    expect(hook.runs().map(({ args }) => args)).toEqual([
      ['run', '--hook', 'post-checkout', '--from', linked, '--created'],
    ]);
    hook.git(['checkout', '-q', 'other'], linked);
    expect(hook.runs()[1]?.args).toEqual(['run', '--hook', 'post-checkout', '--from', linked]);
  });

  it("hands nothing of git's on to the program, nor what node would load or write", () => {
    const linked = hook.repo.worktree('agent/new');
    rmSync(join(hook.root, 'runs.jsonl'));
    hook.git(['-c', 'some.key=value', 'checkout', '-q', 'other'], linked, {
      NODE_OPTIONS: '--no-warnings',
      NODE_PATH: linked,
      NODE_V8_COVERAGE: join(linked, 'coverage'),
      NODE_EXTRA_CA_CERTS: '/dev/null',
      GIT_NAMESPACE: 'x',
    });
    const local = hook.repo.git(['rev-parse', '--local-env-vars']).split('\n');
    const seen = Object.keys(hook.runs()[0]?.env ?? {});
    expect(seen).toContain('HOME');
    expect(
      seen.filter(
        (name) => local.includes(name) || /^(NODE_(OPTIONS|PATH|V8_COVERAGE|EXTRA_CA_CERTS)|GIT_NAMESPACE)$/.test(name),
      ),
    ).toEqual([]);
  });

  it('prints what the last pass left, once, and at most three lines of it', () => {
    hook.date('stamp', TOMORROW);
    hook.report('one %s \\n\n  two\nthree\nfour\n');
    expect(hook.git(['checkout', '-q', 'other'])).toEqual({ status: 0, stderr: 'one %s \\n\n  two\nthree\n' });
    expect(hook.git(['checkout', '-q', 'main'])).toEqual({ status: 0, stderr: '' });
    expect(readdirSync(hook.root).filter((name) => name.startsWith('report'))).toEqual([]);
    expect(hook.runs()).toEqual([]);
  });

  it('prints what the pass says at once when it runs in the foreground', () => {
    hook.program(`
      import { writeFileSync } from 'node:fs';
      console.log('to stdout');
      writeFileSync(decodeURIComponent(root) + 'report', 'reclaimed 1 worktree');
    `);
    expect(hook.git(['checkout', '-q', 'other'])).toEqual({ status: 0, stderr: 'to stdout\nreclaimed 1 worktree\n' });
  });

  it('leaves a dated note when the program cannot run, says so once, and does not try again', () => {
    hook.program('process.exit(3);');
    expect(hook.git(['checkout', '-q', 'other']).status).toBe(0);
    expect(readFileSync(join(hook.root, 'failure'), 'utf8')).toContain('status 3');
    const aheadMs = statSync(join(hook.root, 'failure')).mtimeMs - Date.now();
    expect(aheadMs).toBeGreaterThan(TOMORROW - 120_000);
    expect(aheadMs).toBeLessThan(TOMORROW + 120_000);
    expect(hook.git(['checkout', '-q', 'main']).stderr).toBe('');
    expect(hook.runs()).toHaveLength(1);
  });

  it("keeps the program's own note, and writes none for a pass that was stopped from outside", () => {
    hook.program('process.kill(process.pid, "SIGTERM");');
    expect(hook.git(['checkout', '-q', 'other']).status).toBe(0);
    expect(existsSync(join(hook.root, 'failure'))).toBe(false);
    hook.program(`
      import { utimesSync, writeFileSync } from 'node:fs';
      writeFileSync(decodeURIComponent(root) + 'failure', 'disk full');
      utimesSync(decodeURIComponent(root) + 'failure', Date.now() / 1000 + 900, Date.now() / 1000 + 900);
      process.exit(1);
    `);
    expect(hook.git(['checkout', '-q', 'main'])).toEqual({ status: 0, stderr: '' });
    expect(readFileSync(join(hook.root, 'failure'), 'utf8')).toBe('disk full');
  });

  it.each([
    ['the program', ['bin/reaper-hook.mjs']],
    ['what it starts', ['bin/quick.cjs']],
    ['the shell part', ['bin/reaper.sh']],
    ['everything', ['bin']],
  ])('is silent when %s is missing', (_what, gone) => {
    for (const name of gone) rmSync(join(hook.root, name), { recursive: true });
    expect(hook.git(['checkout', '-q', 'other'])).toEqual({ status: 0, stderr: '' });
  });

  // Only root may make a device, and a link to one would be no file of ours.
  it.skipIf(process.getuid?.() !== 0)(
    'starts one when nothing can be written any more because the disk is full',
    () => {
      execFileSync('mknod', [join(hook.root, 'now'), 'c', '1', '7']);
      expect(hook.git(['checkout', '-q', 'other'])).toEqual({ status: 0, stderr: '' });
      expect(hook.runs()).toHaveLength(1);
    },
  );

  it('is silent when the present time cannot be had from a file', () => {
    mkdirSync(join(hook.root, 'now'));
    expect(hook.git(['checkout', '-q', 'other'])).toEqual({ status: 0, stderr: '' });
    expect(hook.runs()).toEqual([]);
  });

  it('finds node on PATH when the recorded one is gone, but never in the checked-out files', () => {
    const { root, env } = hook.repo;
    const trap = '#!/bin/sh\necho trapped >&2\n';
    script(join(root, 'tools', 'node'), trap);
    script(join(root, 'node_modules', '.bin', 'node'), trap);
    script(join(root, 'node_modules', '.bin', 'mv'), trap);
    writeFileSync(join(hook.root, 'bin', 'node'), '/nowhere/node\n');
    const PATH = ['node_modules/.bin', '.', '', join(root, 'tools'), join(root, 'node_modules/.bin'), env().PATH].join(
      ':',
    );
    hook.report('said');
    expect(hook.git(['checkout', '-q', 'other'], root, { PATH })).toEqual({ status: 0, stderr: 'said\n' });
    expect(hook.runs()).toHaveLength(1);
    expect(hook.runs()[0]?.env.PATH).not.toContain(root);
  });

  it('finds no program in any other working tree of the repository either, through whatever link', () => {
    const { root, env } = hook.repo;
    const linked = hook.repo.worktree('agent/x');
    rmSync(join(hook.root, 'runs.jsonl'), { force: true });
    const bait = (...way: string[]) => {
      for (const name of ['node', 'mv', 'setsid', 'rm']) script(join(...way, name), '#!/bin/sh\necho trapped >&2\n');
      return join(...way);
    };
    const traps = [bait(root, 'tools'), bait(linked, 'deep/er/bin'), bait(linked, 'node_modules/.bin'), bait(linked)];
    const link = join(hook.repo.home, 'link');
    symlinkSync(traps[1] ?? '', link);
    writeFileSync(join(hook.root, 'bin', 'node'), `${join(traps[1] ?? '', 'node')}\n`);
    const PATH = [...traps, link, `${root}/../wt/agent-x`, 'tools', '', env().PATH].join(':');
    for (const cwd of [root, linked]) {
      hook.report('said');
      hook.date('stamp', -2000);
      expect(hook.git(['checkout', '-q', '-B', `b${cwd.length}`], cwd, { PATH })).toEqual({
        status: 0,
        stderr: 'said\n',
      });
    }
    expect(hook.runs().map(({ env }) => env.PATH?.split(':').some((each) => each.includes('agent-x')))).toEqual([
      false,
      false,
    ]);
  });

  it('finds programs in other repositories, and beside this one', () => {
    const { home, env } = hook.repo;
    const other = join(home, 'tool-manager');
    execFileSync('git', ['init', '-q', other], { env: env() });
    const bin = join(other, 'bin');
    script(join(bin, 'node'), `#!/bin/sh\nexec '${process.execPath}' "$@"\n`);
    rmSync(join(hook.root, 'bin', 'node'));
    expect(hook.git(['checkout', '-q', 'other'], hook.repo.root, { PATH: `${bin}:/usr/bin:/bin` })).toMatchObject({
      status: 0,
    });
    expect(hook.runs()[0]?.env.PATH).toContain(bin);
  });

  it('is silent, and touches nothing, when there is no node', () => {
    rmSync(join(hook.root, 'bin', 'node'));
    const bin = join(hook.repo.home, 'bin');
    const git = hook.repo.git(['--exec-path']);
    for (const name of ['sh', 'mv', 'rm']) script(join(bin, name), `#!/bin/sh\nexec /bin/${name} "$@"\n`);
    const before = readdirSync(hook.root).sort();
    expect(hook.git(['checkout', '-q', 'other'], hook.repo.root, { PATH: `${bin}:${git}` })).toEqual({
      status: 0,
      stderr: '',
    });
    expect(readdirSync(hook.root).sort()).toEqual([...before, 'now'].sort());
  });
});
