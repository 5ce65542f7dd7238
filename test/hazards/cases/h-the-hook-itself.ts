/** H. Turned against its user: the hook that runs on every checkout. */
import assert from 'node:assert/strict';
import { chmodSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { probeHooks } from '../../../src/install/inspect.ts';
import { eventually } from '../../support/eventually.ts';
import { type HookCase, hookCase } from '../../support/hook-case.ts';
import { family, type Hazard, type Scene } from '../hazard.ts';
import { inEnvironment, realMachine } from '../ours.ts';
import type { Stage } from '../stage.ts';

const { holds } = family('H');

/** A branch `other` to check out, with the hook in place. */
function hooked(stage: Stage, options: Parameters<typeof hookCase>[1] = {}): HookCase {
  stage.git(['branch', 'other']);
  return hookCase(stage.repo, options);
}

/** What a program does to its user, and a checkout that must not notice. */
const unnoticed = (program: string) => (stage: Stage) => {
  const hook = hooked(stage, { foreground: false });
  hook.program(program);
  const afterwards = async () => {
    const startedMs = Date.now();
    assert.deepEqual(hook.git(['checkout', '-q', 'other']), { status: 0, stderr: '' });
    assert.ok(Date.now() - startedMs < 5_000, 'git came back at once');
    const [run] = await eventually('the pass', () => hook.runs().length === 1 && hook.runs());
    if (run !== undefined) stage.remember(run.pid);
  };
  return { afterwards };
};

/** Files that a branch would have to bring to be run in our place. */
const IMPOSTORS = [
  'reaper/bin/quick.cjs',
  'reaper/bin/reaper-hook.mjs',
  'reaper/bin/reaper.sh',
  'reaper/bin/node',
  'bin/node',
  'node',
  'node_modules/.bin/reaper-hook',
  'node_modules/reaper-hook/dist/cli.js',
  'commondir',
  'HEAD',
  'config',
];

const programStays =
  (where: (stage: Stage, hook: HookCase) => string) =>
  (stage: Stage): Scene => {
    const mark = join(stage.place, 'was-run');
    const hook = hooked(stage);
    stage.git(['-c', 'core.hooksPath=/dev/null', 'checkout', '-q', 'other']);
    for (const name of IMPOSTORS) chmodSync(stage.put(join(stage.root, name), `#!/bin/sh\ntouch ${mark}\n`), 0o755);
    stage.git(['add', '--all', '--force']);
    stage.git(['commit', '-q', '-m', 'impostors']);
    stage.git(['-c', 'core.hooksPath=/dev/null', 'checkout', '-q', 'main']);
    const afterwards = () => {
      const cwd = where(stage, hook);
      const before = hook.runs().length;
      assert.equal(hook.git(['checkout', '-q', '--ignore-other-worktrees', 'other'], cwd).status, 0);
      assert.equal(hook.runs().length, before + 1, 'the installed program was started');
      assert.equal(existsSync(mark), false, 'nothing of the branch was started');
    };
    return { afterwards };
  };

export const THE_HOOK: readonly Hazard[] = [
  holds(
    'a branch that brings programs of our names along starts none of them when it is checked out',
    programStays((stage) => stage.root),
  ),
  holds(
    'a branch that brings programs of our names along starts none of them in a linked worktree',
    programStays((stage) => stage.fresh('linked')),
  ),
  holds('a pass that fails lets git succeed, and says nothing', unnoticed('process.exit(3);')),
  holds('a pass that hangs lets git go on at once', unnoticed('setInterval(() => 0, 1e6);')),
  holds(
    'a pass that prints prints nothing into git',
    unnoticed('console.log("out".repeat(1e5)); console.error("err");'),
  ),
  holds('a program that is gone lets git succeed, and says nothing', (stage) => {
    const hook = hooked(stage);
    stage.put(join(hook.root, 'bin/node'), '/nowhere/node\n');
    const afterwards = () => assert.deepEqual(hook.git(['checkout', '-q', 'other']), { status: 0, stderr: '' });
    return { afterwards };
  }),
  holds('a pass that failed is told of once, and then not tried at every checkout', (stage) => {
    const hook = hooked(stage, { foreground: false });
    hook.program('throw new Error("broken");');
    const afterwards = async () => {
      hook.git(['checkout', '-q', 'other']);
      await eventually('the note for the next hook', () => existsSync(join(hook.root, 'report')));
      assert.match(hook.git(['checkout', '-q', 'main']).stderr, /the last pass could not run/);
      assert.deepEqual(hook.git(['checkout', '-q', 'other']), { status: 0, stderr: '' });
      assert.equal(hook.runs().length, 1);
    };
    return { afterwards };
  }),
  holds(
    'a hook that git would never run is found out',
    (stage) => {
      hooked(stage);
      stage.config('core.hooksPath', '.husky/_');
      const afterwards = () =>
        inEnvironment(stage, {}, async () => {
          const { commonDir, root } = stage;
          const repo = { commonDir, gitDir: commonDir, topLevel: root, isBare: false };
          const [probe] = await probeHooks({ io: realMachine(stage), repo, worktrees: [root] });
          assert.equal(probe?.reached, false);
          assert.ok(probe?.why, 'and the reason is told');
        });
      return { afterwards };
    },
    { incident: 'prosper #1735' },
  ),
  holds('a hook that git does run is found to be reached', (stage) => {
    const hook = hooked(stage);
    const afterwards = () =>
      inEnvironment(stage, {}, async () => {
        const { commonDir, root } = stage;
        const repo = { commonDir, gitDir: commonDir, topLevel: root, isBare: false };
        const [probe] = await probeHooks({ io: realMachine(stage), repo, worktrees: [root] });
        assert.deepEqual([probe?.reached, hook.runs().length], [true, 0]);
        assert.ok(readFileSync(join(commonDir, 'hooks/post-checkout'), 'utf8').includes('reaper'));
      });
    return { afterwards };
  }),
];
