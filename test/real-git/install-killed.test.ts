/** An install that is killed at any step: git goes on working, uninstall takes back whatever there is, and install can be run again. */
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { HOOK_NAMES } from '../../src/install/names.ts';
import { mortal } from '../support/faults.ts';
import { type InstallCase, installCase, withGitVersion } from '../support/install-case.ts';
import { snapshot } from '../support/repo.ts';

/** No install has more effects than this; more means that it does not end. */
const MAX_STEPS = 60;

let here: InstallCase;
beforeEach(() => {
  here = installCase();
});

/** Everything that is not ours, but for half a write of somebody's own file, which might be a copy that they made. */
const others = () =>
  snapshot(
    here.repo.root,
    (path) =>
      path.startsWith('.git/reaper') || /^lefthook\.yml(\.\d+)+\.tmp$|^\.git\/(index|HEAD|logs|refs)/.test(path),
  );

async function killedAtEveryStep(changes: Parameters<InstallCase['install']>[0] = {}): Promise<number> {
  const before = others();
  const io = changes.io ?? here.io;
  for (let k = 1; k <= MAX_STEPS; k++)
    for (const moment of ['before', 'torn', 'after'] as const) {
      const machine = mortal(io, k, moment);
      const end = await machine.survive(here.install({ ...changes, io: machine.io }));
      if (end.died === null) {
        expect(end.value.complete).toBe(true);
        return k - 1;
      }
      here.repo.git(['checkout', '-q', '-B', 'scratch']);
      expect(await here.uninstall()).toMatchObject({ refusal: null, left: [] });
      expect(others(), `${moment} step ${k}, ${end.died}`).toEqual(before);
      expect(await here.install(changes)).toMatchObject({ complete: true });
      await here.uninstall();
      expect(others(), `again, ${moment} step ${k}`).toEqual(before);
      rmSync(here.root, { recursive: true, force: true });
    }
  throw new Error('install does not end');
}

describe('an install that is killed', () => {
  it('where no hooks are', async () => {
    expect(await killedAtEveryStep()).toBeGreaterThan(8);
  });

  it('beside the scripts of somebody else', async () => {
    for (const hook of HOOK_NAMES) here.put(join(here.hooks, hook), '#!/bin/sh\n:\r\nexec true "$@"', 0o750);
    expect(await killedAtEveryStep()).toBeGreaterThan(8);
  });

  it("in another manager's configuration", async () => {
    here.put(join(here.repo.root, 'lefthook.yml'), 'pre-push: {} # ours\n', 0o644);
    expect(await killedAtEveryStep({ write: true })).toBeGreaterThan(6);
  });

  it("in git's own configuration, in which an event is never without its command", async () => {
    const shared = join(here.repo.home, 'hooks');
    mkdirSync(shared);
    here.repo.git(['config', '--global', 'core.hooksPath', shared]);
    expect(await killedAtEveryStep({ io: withGitVersion(here.machine, '2.54.0') })).toBeGreaterThan(8);
  });
});

describe('uninstall leaves a file beside a hook that is named like a half-made write', () => {
  const DEAD = 4_194_301;
  const beside = (pid: number) => join(here.hooks, `post-checkout.${pid}.tmp`);

  it.each<readonly [string, number, (hook: string) => string]>([
    ['and holds a line of somebody else', DEAD, (hook) => `${hook}echo mine\n`],
    [
      'and begins with a line of somebody else',
      DEAD,
      (hook) => `#!/bin/sh\necho mine\n${hook.slice(hook.indexOf('\n') + 1)}`,
    ],
    ['and has nothing of ours', DEAD, () => 'a copy\n'],
    ['and has a line of somebody else in our block', DEAD, (hook) => hook.replace('reaper_hook() {', 'echo mine\n$&')],
    ['and has somebody’s words behind our block', DEAD, (hook) => `${hook.trimEnd()}; echo mine\n`],
    [
      'and ends with somebody’s line instead of the end of our block',
      DEAD,
      (hook) => `${hook.slice(0, hook.indexOf('\n', hook.indexOf('>>> reaper-hook')) + 1)}echo mine\n`,
    ],
    ['and whose writer is alive', process.ppid, () => ''],
  ])('%s', async (_what, pid, copy) => {
    expect(await here.install()).toMatchObject({ complete: true });
    const text = copy(readFileSync(join(here.hooks, 'post-checkout'), 'utf8'));
    here.put(beside(pid), text, 0o644);
    expect(await here.uninstall()).toMatchObject({ refusal: null });
    expect(readFileSync(beside(pid), 'utf8')).toBe(text);
  });

  it('but not one that holds our own text alone, as far as it got', async () => {
    expect(await here.install()).toMatchObject({ complete: true });
    const text = readFileSync(join(here.hooks, 'post-checkout'), 'utf8');
    const left = Array.from(text, (_character, at) => join(here.hooks, `post-checkout.${at}.${DEAD}.tmp`));
    for (const [at, path] of left.entries()) here.put(path, text.slice(0, at + 1), 0o644);
    await here.uninstall();
    expect(left.filter((path) => existsSync(path)).map((path) => readFileSync(path, 'utf8').slice(-40))).toEqual([]);
  });
});
