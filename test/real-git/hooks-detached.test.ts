/** A pass in the background holds nothing of the git command that started it. */
import { execFile, execFileSync } from 'node:child_process';
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findProgram } from '../../src/io/program.ts';
import { eventually } from '../support/eventually.ts';
import { type HookCase, hookCase, isAlive, SHELLS, TOMORROW, withBlock, writeHook } from '../support/hook-case.ts';
import { makeRepo, sandbox, script } from '../support/repo.ts';

/** Runs until the file `release` is there, at most twenty seconds. */
const HOLDING = `
  import { existsSync } from 'node:fs';
  const started = Date.now();
  const timer = setInterval(() => {
    if (existsSync(decodeURIComponent(root) + 'release') || Date.now() - started > 20000) clearInterval(timer);
  }, 20);
`;

/** Less than the program would hold on by itself; far more than git takes. */
const PROMPT_MS = 10_000;

describe.each(SHELLS)('in %s', (name, shebang) => {
  let hook: HookCase;
  beforeEach(() => {
    hook = hookCase(makeRepo(), { shebang, foreground: false });
    hook.repo.git(['branch', 'other']);
    hook.program(HOLDING);
  });
  afterEach(async () => {
    writeFileSync(join(hook.root, 'release'), '');
    for (const { pid } of hook.runs()) await eventually(`the end of process ${pid}`, () => !isAlive(pid));
  });

  it('lets a pipe that captures git end while the pass goes on', async () => {
    const out = execFileSync('sh', ['-c', 'git checkout other 2>&1 | cat'], {
      cwd: hook.repo.root,
      env: hook.repo.env(),
      encoding: 'utf8',
      timeout: PROMPT_MS,
    });
    expect(out).toBe("Switched to branch 'other'\n");
    const [run] = await eventually('the pass', () => hook.runs().length === 1 && hook.runs());
    expect(isAlive(run?.pid ?? 0)).toBe(true);
  });

  it('lets go of every other descriptor that git was given', async () => {
    execFileSync('sh', ['-c', '{ git checkout -q other 3>&1 7>&1 9>&1 >/dev/null 2>&1; } | cat'], {
      cwd: hook.repo.root,
      env: hook.repo.env(),
      timeout: PROMPT_MS,
    });
    const [run] = await eventually('the pass', () => hook.runs().length === 1 && hook.runs());
    expect([0, 1, 2].map((descriptor) => run?.descriptors[descriptor])).toEqual(Array(3).fill('/dev/null'));
  });

  it('puts the pass out of reach of Ctrl-C where there is setsid', async () => {
    if (findProgram('setsid') === null) return expect(process.platform).not.toBe('linux');
    hook.git(['checkout', '-q', 'other']);
    const [run] = await eventually('the pass', () => hook.runs().length === 1 && hook.runs());
    expect(run?.session).toBe(run?.pid);
  });

  it('does not make a foreign hook wait for the pass', async () => {
    const text = `${shebang}\n`;
    writeHook(hook.repo.commonDir, 'post-checkout', `${withBlock(text, 'post-checkout')}wait\necho "last $!" >&2\n`);
    const started = Date.now();
    // Some shells complain about $! when there has been no background job; then it is unset, as it should be.
    const { stderr } = hook.git(['checkout', '-q', 'other']);
    expect(Date.now() - started).toBeLessThan(PROMPT_MS);
    expect(stderr).toMatch(name === 'zsh' ? /^last 0?\n/ : /^last \n/);
    await eventually('the pass', () => hook.runs().length === 1);
  });
});

it('notes a program that dies in the background, and starts no other', async () => {
  const hook = hookCase(makeRepo(), { foreground: false });
  hook.repo.git(['branch', 'other']);
  hook.program('throw new Error("broken");');
  expect(hook.git(['checkout', '-q', 'other'])).toEqual({ status: 0, stderr: '' });
  await eventually('the note for the next hook', () => existsSync(join(hook.root, 'report')));
  const { status, stderr } = hook.git(['checkout', '-q', 'main']);
  expect(status).toBe(0);
  expect(stderr).toMatch(/^reaper-hook: the last pass could not run \(exit status 1\).*doctor\n$/);
  expect(hook.git(['checkout', '-q', 'other'])).toEqual({ status: 0, stderr: '' });
  expect(hook.runs()).toHaveLength(1);
});

it('survives hooks that overlap: every git command succeeds and the report is printed once', async () => {
  const hook = hookCase(makeRepo(), { foreground: false });
  hook.report('reclaimed one worktree\n');
  const run = promisify(execFile);
  const place = sandbox();
  const outputs = await Promise.all(
    ['a', 'b', 'c', 'd'].map((name) =>
      run('git', ['worktree', 'add', '-q', '-b', name, join(place, name)], {
        cwd: hook.repo.root,
        env: hook.repo.env(),
      }),
    ),
  );
  expect(outputs.map(({ stderr }) => stderr).join('')).toBe('reclaimed one worktree\n');
  await eventually('four passes', () => hook.runs().length === 4);
  expect(hook.runs().every(({ args }) => args.includes('--created'))).toBe(true);
  expect(readdirSync(hook.root).filter((name) => name.startsWith('report'))).toEqual([]);
});

it('prints a report once, even while the hook that prints it has not put it away yet', async () => {
  const hook = hookCase(makeRepo());
  hook.repo.git(['branch', 'other']);
  const linked = hook.repo.worktree('agent/x');
  hook.date('stamp', TOMORROW);
  hook.report('reclaimed one worktree\n');
  const bin = join(hook.repo.home, 'bin');
  const wait = 'n=0; while [ ! -e "$0.release" ] && [ $n -lt 400 ]; do sleep 0.05; n=$((n+1)); done';
  const rm = script(join(bin, 'rm'), `#!/bin/sh\n: >"$0.reached"\n${wait}\nexec /bin/rm "$@"\n`);
  const env = hook.repo.env({ PATH: `${bin}:${process.env.PATH}` });
  const first = promisify(execFile)('git', ['checkout', '-q', 'other'], { cwd: hook.repo.root, env });
  await eventually('the first hook', () => existsSync(`${rm}.reached`));
  expect(hook.git(['checkout', '-q', '--detach'], linked)).toEqual({ status: 0, stderr: '' });
  writeFileSync(`${rm}.release`, '');
  expect((await first).stderr).toBe('reclaimed one worktree\n');
});

it('runs a pass started by a hook in a worktree that git is just making', async () => {
  const hook = hookCase(makeRepo(), { foreground: false });
  hook.date('stamp', TOMORROW);
  hook.date('due');
  const linked = hook.repo.worktree('agent/x');
  const [run] = await eventually('the pass', () => hook.runs().length === 1 && hook.runs());
  expect(run).toMatchObject({ cwd: '/', args: expect.arrayContaining(['--from', linked, '--created']) });
});
