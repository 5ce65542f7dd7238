/** B. Work that status does not show: hidden by configuration. */
import { chmodSync, renameSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { DAY } from '../../support/repo.ts';
import { family, type Hazard } from '../hazard.ts';
import { dateBack, type Stage } from '../stage.ts';
import { filtered, repository, withSubmodule } from './props.ts';

const { keeps } = family('B');
const untracked = { because: 'untracked' } as const;
const changed = { because: 'changes' } as const;
const ignored = { because: 'ignored-precious' } as const;
const hidden = { because: 'hidden-changes' } as const;

/** An untracked file, and a setting that keeps `git status` from showing it. */
const unseen = (set: (stage: Stage, path: string) => void) => (stage: Stage) => {
  const path = stage.landed();
  stage.put(join(path, 'notes.md'));
  set(stage, path);
  return { survives: [path] };
};

/** Work behind the user's configuration. */
export const CONFIGURED_AWAY: readonly Hazard[] = [
  keeps(
    'an untracked file under status.showUntrackedFiles=no in the repository',
    untracked,
    unseen((stage) => stage.config('status.showUntrackedFiles', 'no')),
  ),
  keeps(
    'an untracked file under status.showUntrackedFiles=no of the user',
    untracked,
    unseen((stage) => stage.userConfig('status.showUntrackedFiles', 'no')),
  ),
  keeps(
    'an untracked file under status.showUntrackedFiles=no of this worktree alone',
    untracked,
    unseen((stage, path) => {
      stage.config('extensions.worktreeConfig', 'true');
      stage.git(['config', '--worktree', 'status.showUntrackedFiles', 'no'], path);
    }),
  ),
  keeps(
    'an untracked file that a worktree’s own core.worktree looks away from',
    untracked,
    unseen((stage, path) => {
      stage.config('extensions.worktreeConfig', 'true');
      const elsewhere = stage.fresh('elsewhere');
      stage.git(['config', '--worktree', 'core.worktree', elsewhere], path);
    }),
  ),
  keeps(
    'an untracked file beside the user’s core.excludesFile that ignores everything',
    ignored,
    unseen((stage) => stage.userConfig('core.excludesFile', stage.put(join(stage.repo.home, 'ignore'), '*\n'))),
  ),
  keeps(
    'an untracked file where info/exclude holds *',
    ignored,
    unseen((stage) => stage.ignore('*')),
  ),
  keeps(
    'an untracked file that its own .gitignore ignores, itself included',
    ignored,
    unseen((stage, path) => void stage.put(join(path, '.gitignore'), '*\n')),
  ),
  keeps('a submodule with unpushed commits and ignore=all', { because: 'submodules' }, (stage) => {
    const path = withSubmodule(stage);
    stage.config('submodule.lib.ignore', 'all');
    stage.commit(join(path, 'lib'), 'unpushed.txt');
    return { survives: [path] };
  }),
  keeps('a submodule that is clean, and may hold branches nobody else has', { because: 'submodules' }, (stage) => ({
    survives: [withSubmodule(stage)],
  })),
  keeps('a repository somebody added without .gitmodules', { because: 'submodules' }, (stage) => {
    const path = stage.fresh();
    repository(stage, join(path, 'vendored'));
    stage.git(['add', 'vendored'], path);
    stage.git(['commit', '-q', '-m', 'a gitlink'], path);
    stage.git(['merge', '-q', '--ff-only', 'agent/done']);
    return { survives: [path] };
  }),
  keeps('an edit that a lying fsmonitor keeps from git', changed, (stage) => {
    const path = stage.landed();
    const hook = stage.put(join(stage.place, 'monitor'), '#!/bin/sh\nprintf "token\\0"\n');
    chmodSync(hook, 0o755);
    stage.config('core.fsmonitor', hook);
    stage.git(['update-index', '--fsmonitor'], path);
    stage.git(['status'], path);
    return { survives: [path], lastly: () => void stage.put(join(path, 'README.md'), 'edited\n') };
  }),
  keeps('an untracked file that a stale untracked cache does not know of', untracked, (stage) => {
    const path = stage.landed();
    stage.config('core.untrackedCache', 'true');
    stage.config('core.trustctime', 'false');
    stage.put(join(path, 'tracked-dir/file'), 'tracked\n');
    stage.git(['add', '.'], path);
    stage.git(['commit', '-q', '-m', 'a directory'], path);
    stage.git(['merge', '-q', '--ff-only', 'agent/done']);
    return {
      survives: [path],
      lastly: () => {
        stage.git(['update-index', '--untracked-cache'], path);
        stage.git(['status'], path);
        stage.git(['status'], path);
        stage.put(join(path, 'tracked-dir/notes.md'));
        const at = new Date(Date.now() - 30 * DAY);
        utimesSync(join(path, 'tracked-dir'), at, at);
        dateBack(stage.commonDir, 30 * DAY);
      },
    };
  }),
  keeps('an edit of equal size and time, with core.checkStat=minimal', changed, (stage) => {
    const path = stage.landed();
    stage.config('core.checkStat', 'minimal');
    stage.config('core.trustctime', 'false');
    return {
      survives: [path],
      lastly: () => {
        const file = join(path, 'README.md');
        const at = new Date(Date.now() - 40 * DAY);
        utimesSync(file, at, at);
        stage.git(['update-index', '--refresh'], path);
        stage.put(`${file}.new`, 'HELLO\n');
        utimesSync(`${file}.new`, at, at);
        renameSync(`${file}.new`, file);
        dateBack(stage.commonDir, 30 * DAY);
        dateBack(join(path, '.git'), 30 * DAY);
        utimesSync(path, new Date(Date.now() - 30 * DAY), new Date(Date.now() - 30 * DAY));
      },
    };
  }),
  keeps('an untracked file whose name differs from a tracked one by case, with core.ignoreCase', untracked, (stage) => {
    const path = stage.landed();
    stage.config('core.ignoreCase', 'true');
    stage.put(join(path, 'readme.md'));
    return { survives: [path] };
  }),
  keeps('results that a clean filter strips before git sees them', changed, (stage) => {
    const path = filtered(stage);
    stage.put(join(path, 'work.ipynb'), 'code\noutput of a night\n');
    dateBack(path, 40 * DAY);
    return { survives: [path], lastly: () => added(stage, path) };
  }),
  keeps('an edit under core.ignoreStat, which makes git believe its index', hidden, (stage) => {
    const path = stage.landed();
    stage.config('core.ignoreStat', 'true');
    stage.commit(path, 'second.txt');
    stage.git(['merge', '-q', '--ff-only', 'agent/done']);
    stage.put(join(path, 'second.txt'), 'edited\n');
    return { survives: [path] };
  }),
];

/** What is there was added a month ago, long after it was written: the index and the disk agree. */
function added(stage: Stage, path: string): void {
  dateBack(path, 40 * DAY);
  stage.git(['add', '--all'], path);
  dateBack(stage.commonDir, 30 * DAY);
}
