/** B. Work that status does not show: behind the index, or ignored. */
import { rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { family, type Hazard } from '../hazard.ts';
import type { Stage } from '../stage.ts';
import { repository, SIGNATURE, sparse } from './props.ts';

const { keeps } = family('B');
const untracked = { because: 'untracked' } as const;
const changed = { because: 'changes' } as const;
const ignored = { because: 'ignored-precious' } as const;
const hidden = { because: 'hidden-changes' } as const;
const nested = { because: 'nested-repository' } as const;

/** A tracked file that was edited behind a flag of the index. */
const edited = (flag: string) => (stage: Stage) => {
  const path = stage.landed();
  stage.git(['update-index', flag, 'README.md'], path);
  stage.put(join(path, 'README.md'), 'edited\n');
  return { survives: [path] };
};

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
