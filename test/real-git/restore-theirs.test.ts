/** A restore that is cut off once its files are back: from there on HEAD and branch are their owner's. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import {
  adminOf,
  later,
  leftovers,
  REAL,
  type Rich,
  refAt,
  richCase,
  textOr,
  unreachable,
} from '../support/crash-case.ts';
import { diskFailure, faulty } from '../support/faults.ts';
import { HOUR } from '../support/repo.ts';

const NO_UNLOCK = faulty(REAL, ({ name, args }) =>
  name === 'removeFile' && String(args[0]).endsWith('/locked') ? diskFailure('EIO') : null,
);
const NO_JOURNAL = faulty(REAL, ({ name, args }) =>
  name === 'appendLine' && String(args[1]).includes('"restored"') ? diskFailure('ENOSPC') : null,
);

let rich: Rich;
let id: string;
let commits: string[];
const inFix = (...args: string[]): string => rich.at.repo.git(args, rich.fix);
const head = (): string | null => textOr(join(adminOf(rich.at.repo, rich.fix), 'HEAD'));

beforeEach(async () => {
  rich = await richCase({ alone: true });
  commits = rich.at.repo.git(['rev-list', '--all', '--reflog']).split('\n');
  expect((await rich.at.pass(REAL)).ok).toBe(true);
  id = (await rich.at.entries())[0]?.id ?? '';
});

describe('while its lock is still on', () => {
  async function locked(detach: boolean): Promise<void> {
    expect(await rich.at.restore(NO_UNLOCK, id, { detach })).toMatchObject({ ok: false });
  }

  const deeds: [what: string, detach: boolean, act: () => void][] = [
    [
      'detaches HEAD and takes the branch elsewhere',
      false,
      () => {
        inFix('checkout', '-q', '--detach');
        rich.at.repo.git(['worktree', 'add', '-q', join(rich.fix, '../other'), 'agent/fix']);
      },
    ],
    [
      'detaches HEAD and moves the branch',
      false,
      () => {
        inFix('checkout', '-q', '--detach');
        rich.at.repo.git(['branch', '-f', 'agent/fix', 'main']);
      },
    ],
    [
      'goes on with a branch of their own',
      true,
      () => {
        inFix('switch', '-q', '-c', 'mine/new');
        rich.at.repo.commit('more.txt', 'more\n', rich.fix);
      },
    ],
    ['goes on with its branch', false, () => void rich.at.repo.commit('more.txt', 'more\n', rich.fix)],
  ];

  it.each(deeds)(
    'somebody who %s finds it so after the next pass, and after another restore',
    async (_what, detach, act) => {
      for (const again of ['pass', 'restore', 'restore --detach']) {
        rich.at.keep();
        await locked(detach);
        act();
        const theirs = head();
        if (again === 'pass') await rich.at.pass(later(REAL, HOUR), { limit: 0 });
        else expect(await rich.at.restore(REAL, id, { detach: again !== 'restore' })).toMatchObject({ ok: true });
        expect([again, head()]).toEqual([again, theirs]);
        expect([again, inFix('status', '--porcelain')]).toEqual([again, '']);
        expect(existsSync(join(adminOf(rich.at.repo, rich.fix), 'locked'))).toBe(false);
        expect(unreachable(rich.at.repo, commits)).toEqual([]);
        rich.at.reset();
      }
    },
  );
});

it('what a detached restore left behind stays when the next is asked for with the branch, its worktree being gone', async () => {
  const { at, fix } = rich;
  expect(await at.restore(NO_JOURNAL, id, { detach: true })).toMatchObject({ ok: false });
  at.repo.git(['worktree', 'remove', '--force', fix]);
  expect(await at.restore(REAL, id)).toMatchObject({ ok: false, problem: 'gone', why: expect.stringContaining(fix) });
  expect([existsSync(fix), refAt(at.repo, 'agent/fix')]).toEqual([false, null]);
  expect(unreachable(at.repo, commits)).toEqual([]);
  expect(leftovers(at.repo).pins).toContain(`refs/reaper/${id}`);
});
