/** B. Work that status does not show: hidden by configuration, by the index, or by being ignored. */
import { chmodSync, renameSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DAY } from '../../support/repo.ts';
import { family, type Hazard } from '../hazard.ts';
import { dateBack, type Stage } from '../stage.ts';

const { keeps } = family('B');
const untracked = { because: 'untracked' } as const;
const changed = { because: 'changes' } as const;
const ignored = { because: 'ignored-precious' } as const;
const hidden = { because: 'hidden-changes' } as const;
const nested = { because: 'nested-repository' } as const;

/** An untracked file, and a setting that keeps `git status` from showing it. */
const unseen = (set: (stage: Stage, path: string) => void) => (stage: Stage) => {
  const path = stage.landed();
  stage.put(join(path, 'notes.md'));
  set(stage, path);
  return { survives: [path] };
};

/** A tracked file that was edited behind a flag of the index. */
const edited = (flag: string) => (stage: Stage) => {
  const path = stage.landed();
  stage.git(['update-index', flag, 'README.md'], path);
  stage.put(join(path, 'README.md'), 'edited\n');
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

/** What a filter of the user strips from a file before git looks at it: the outputs of a notebook, say. */
export function filtered(stage: Stage): string {
  stage.userConfig('filter.strip.clean', 'sed /^output/d');
  stage.userConfig('filter.strip.smudge', 'cat');
  stage.commit(stage.root, '.gitattributes', '*.ipynb filter=strip\n');
  stage.commit(stage.root, 'work.ipynb', 'code\n');
  return stage.landed();
}

/** What is there was added a month ago, long after it was written: the index and the disk agree. */
function added(stage: Stage, path: string): void {
  dateBack(path, 40 * DAY);
  stage.git(['add', '--all'], path);
  dateBack(stage.commonDir, 30 * DAY);
}

/** Work behind flags and shapes of the index. */
export const BEHIND_THE_INDEX: readonly Hazard[] = [
  keeps('an edit of a file marked assume-unchanged', hidden, edited('--assume-unchanged')),
  keeps('an edit of a file marked skip-worktree', hidden, edited('--skip-worktree')),
  keeps('an edited file outside the cone of a sparse checkout', changed, (stage) => {
    const path = sparse(stage);
    stage.put(join(path, 'outside/file'), 'edited\n');
    return { survives: [path] };
  }),
  keeps('an edited file outside the cone where git was told to expect files there', hidden, (stage) => {
    const path = sparse(stage);
    stage.config('sparse.expectFilesOutsideOfPatterns', 'true');
    stage.put(join(path, 'outside/file'), 'edited\n');
    return { survives: [path] };
  }),
  keeps('an untracked file inside a directory that a sparse index folds up', untracked, (stage) => {
    const path = sparse(stage, '--sparse-index');
    stage.put(join(path, 'outside/notes.md'));
    return { survives: [path] };
  }),
  keeps('a file added with intent to add', changed, (stage) => {
    const path = stage.landed();
    stage.put(join(path, 'planned.txt'));
    stage.git(['add', '-N', 'planned.txt'], path);
    return { survives: [path] };
  }),
  keeps('a file that is staged and gone from the directory', changed, (stage) => {
    const path = stage.landed();
    stage.put(join(path, 'staged.txt'));
    stage.git(['add', 'staged.txt'], path);
    rmSync(join(path, 'staged.txt'));
    return { survives: [path] };
  }),
  keeps('a staged change in a split index', changed, (stage) => {
    const path = stage.landed();
    stage.git(['update-index', '--split-index'], path);
    stage.put(join(path, 'staged.txt'));
    stage.git(['add', 'staged.txt'], path);
    return { survives: [path] };
  }),
  keeps('an untracked file whose name is not UTF-8', untracked, (stage) => {
    const path = stage.landed();
    writeFileSync(Buffer.concat([Buffer.from(`${path}/caf`), Buffer.from([0xe9])]), 'irreplaceable\n');
    return { survives: [path] };
  }),
  keeps('an untracked symbolic link that leads nowhere', untracked, (stage) => {
    const path = stage.landed();
    symlinkSync('/nowhere/in/particular', join(path, 'link'));
    return { survives: [path] };
  }),
];

/** Work that is ignored, and the only copy. */
export const IGNORED: readonly Hazard[] = [
  ...(
    [
      ['.env', '.env'],
      ['a database', 'app.sqlite'],
      ['notes', 'notes.local.md'],
      ['a key in a directory', 'keys/id_ed25519'],
      ['an agent’s memory', '.claude/settings.local.json'],
    ] as const
  ).map(([what, file]) =>
    keeps(`the only copy of ${what}, which is ignored`, ignored, (stage) => {
      const path = stage.landed();
      stage.ignore(file.split('/')[0] ?? file);
      stage.put(join(path, file));
      return { survives: [path] };
    }),
  ),
  ...['dist/.env', 'node_modules/.env.local', 'build/data.db', '.venv/secrets.json'].map((file) =>
    keeps(`${file}, put where only a tool writes`, ignored, (stage) => {
      const path = stage.landed();
      stage.ignore(file.split('/')[0] ?? '');
      stage.put(join(path, 'node_modules/.package-lock.json'), '{}\n');
      stage.put(join(path, '.venv/pyvenv.cfg'), '\n');
      stage.ignore('node_modules', '.venv');
      stage.put(join(path, file));
      return { survives: [path] };
    }),
  ),
  keeps('a loose file beside the packages in node_modules', ignored, (stage) => {
    const path = stage.landed();
    stage.ignore('node_modules');
    stage.put(join(path, 'node_modules/.package-lock.json'), '{}\n');
    stage.put(join(path, 'node_modules/TODO.md'));
    return { survives: [path] };
  }),
  keeps('an ignored directory called build in which git tracks a file', ignored, (stage) => {
    const path = stage.fresh();
    stage.ignore('build/*', '!build/kept.txt');
    stage.commit(path, 'build/kept.txt');
    stage.git(['merge', '-q', '--ff-only', 'agent/done']);
    stage.put(join(path, 'build/by-hand.txt'));
    return { survives: [path] };
  }),
  keeps('an ignored plain file that is called target', ignored, (stage) => {
    const path = stage.landed();
    stage.ignore('target');
    stage.put(join(path, 'target'));
    return { survives: [path] };
  }),
  keeps('an ignored directory whose CACHEDIR.TAG does not hold the signature', ignored, (stage) => {
    const path = stage.landed();
    stage.ignore('results');
    stage.put(join(path, 'results/CACHEDIR.TAG'), 'cache\n');
    return { survives: [path] };
  }),
  keeps('an ignored nested repository with its only commit', ignored, (stage) => {
    const path = stage.landed();
    stage.ignore('experiment');
    repository(stage, join(path, 'experiment'));
    return { survives: [path] };
  }),
  keeps('a repository that was cloned into node_modules', nested, (stage) => {
    const path = stage.landed();
    stage.ignore('node_modules');
    stage.put(join(path, 'node_modules/.package-lock.json'), '{}\n');
    repository(stage, join(path, 'node_modules/@scope/library'));
    return { survives: [path] };
  }),
  keeps('a bare repository inside an ignored build directory', nested, (stage) => {
    const path = stage.landed();
    stage.ignore('build');
    stage.git(['init', '-q', '--bare', join(path, 'build/mirror.git')]);
    return { survives: [path] };
  }),
  keeps('a worktree of another repository inside a tagged cache', nested, (stage) => {
    const path = stage.landed();
    const other = join(stage.place, 'other');
    repository(stage, other);
    stage.ignore('.cache');
    stage.put(join(path, '.cache/CACHEDIR.TAG'), SIGNATURE);
    stage.git(['worktree', 'add', '-q', '--detach', join(path, '.cache/checkout')], other);
    return { survives: [path] };
  }),
  keeps('a repository whose files an outer repository tracks as well', nested, (stage) => {
    const path = stage.fresh();
    stage.commit(path, 'library/tracked.txt');
    stage.git(['merge', '-q', '--ff-only', 'agent/done']);
    repository(stage, join(path, 'library'));
    stage.git(['rm', '-q', '--cached', '--ignore-unmatch', 'library/only.txt'], path);
    rmSync(join(path, 'library/only.txt'));
    return { survives: [path] };
  }),
  keeps('a patch that pnpm lets a person make inside of node_modules', ignored, (stage) => {
    const path = stage.landed();
    stage.ignore('node_modules');
    stage.put(join(path, 'node_modules/.modules.yaml'), '{}\n');
    stage.put(join(path, 'node_modules/.pnpm_patches/left-pad@1.0.0/index.js'));
    return { survives: [path] };
  }),
  keeps('a Mercurial repository inside an ignored build directory', nested, (stage) => {
    const path = stage.landed();
    stage.ignore('build');
    stage.put(join(path, 'build/library/.hg/store/data'));
    return { survives: [path] };
  }),
];

export const SIGNATURE = 'Signature: 8a477f597d28d172789f06886806bc55\n';

/** A worktree that landed, with a sparse checkout that leaves `outside/` out. */
export function sparse(stage: Stage, ...options: string[]): string {
  const path = stage.fresh();
  stage.put(join(path, 'outside/file'), 'tracked\n');
  stage.put(join(path, 'inside/file'), 'tracked\n');
  stage.git(['add', '.'], path);
  stage.git(['commit', '-q', '-m', 'two directories'], path);
  stage.git(['merge', '-q', '--ff-only', 'agent/done']);
  stage.git(['sparse-checkout', 'set', '--cone', ...options, 'inside'], path);
  return path;
}

/** A repository of its own with one commit that is nowhere else. */
export function repository(stage: Stage, path: string): void {
  stage.git(['init', '-q', '-b', 'main', path]);
  stage.commit(path, 'only.txt');
}

/** A worktree that landed with a submodule `lib`, initialised. */
export function withSubmodule(stage: Stage, isInitialised = true): string {
  const library = join(stage.place, 'library');
  repository(stage, library);
  const path = stage.fresh();
  stage.git(['-c', 'protocol.file.allow=always', 'submodule', '--quiet', 'add', library, 'lib'], path);
  stage.git(['commit', '-q', '-m', 'a submodule'], path);
  stage.git(['merge', '-q', '--ff-only', 'agent/done']);
  if (!isInitialised) {
    stage.git(['submodule', '--quiet', 'deinit', '--all'], path);
    rmSync(join(stage.registration(path), 'modules'), { recursive: true });
  }
  return path;
}

