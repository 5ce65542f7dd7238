/** B. Work that status does not show: operations in progress, commits without a ref, and the balance. */
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { family, type Hazard } from '../hazard.ts';
import type { Stage } from '../stage.ts';
import { filtered, SIGNATURE, sparse, withSubmodule } from './props.ts';

const { keeps, reclaims } = family('B');
const operation = { because: 'operation' } as const;

/** A landed worktree, brought in by its path too, with two sides that conflict in README.md. */
function divided(stage: Stage): string {
  const path = stage.landed();
  stage.config('reaper.paths', '../wt/*');
  stage.git(['branch', 'side', 'main~1']);
  const elsewhere = join(stage.place, 'elsewhere');
  stage.git(['worktree', 'add', '-q', elsewhere, 'side']);
  stage.commit(elsewhere, 'README.md', 'the other side\n');
  stage.git(['worktree', 'remove', elsewhere]);
  return path;
}

/** Operations that stopped with a clean tree. */
export const IN_PROGRESS: readonly Hazard[] = [
  keeps('a rebase that stopped to edit, with a clean tree', operation, (stage) => {
    const path = divided(stage);
    stage.git(['-c', 'sequence.editor=sed -i s/^pick/edit/', 'rebase', '-q', '-i', 'HEAD~1'], path);
    return { survives: [path] };
  }),
  keeps('a rebase that holds uncommitted work in its autostash', operation, (stage) => {
    const path = divided(stage);
    stage.put(join(path, 'README.md'), 'uncommitted\n');
    stage.git(['-c', 'sequence.editor=sed -i s/^pick/edit/', 'rebase', '-q', '-i', '--autostash', 'HEAD~1'], path);
    return { survives: [path] };
  }),
  keeps('a merge that was resolved and not committed, and left the tree as it was', operation, (stage) => {
    const path = divided(stage);
    stage.git(['merge', '-q', '--no-commit', '-s', 'ours', 'side'], path);
    return { survives: [path] };
  }),
  keeps('a merge whose autostash holds the work', operation, (stage) => {
    const path = divided(stage);
    stage.put(join(path, 'done.txt'), 'uncommitted\n');
    stage.git(['merge', '-q', '--no-commit', '--autostash', '-s', 'ours', 'side'], path);
    return { survives: [path] };
  }),
  keeps('a cherry-pick that conflicted and was resolved to nothing', operation, (stage) => {
    const path = divided(stage);
    stage.commit(path, 'README.md', 'this side\n');
    stage.git(['merge', '-q', '--ff-only', 'agent/done']);
    stage.tries(['cherry-pick', 'side'], path);
    stage.git(['checkout', '-q', '--ours', '.'], path);
    stage.git(['add', '.'], path);
    return { survives: [path] };
  }),
  keeps('a series of cherry-picks that stopped in the middle', operation, (stage) => {
    const path = divided(stage);
    stage.commit(path, 'README.md', 'this side\n');
    stage.git(['merge', '-q', '--ff-only', 'agent/done']);
    stage.tries(['cherry-pick', 'side', 'main~1'], path);
    stage.git(['checkout', '-q', '--ours', '.'], path);
    stage.git(['add', '.'], path);
    rmSync(join(stage.registration(path), 'CHERRY_PICK_HEAD'));
    return { survives: [path] };
  }),
  keeps('a revert that was resolved to nothing', operation, (stage) => {
    const path = stage.landed();
    stage.commit(path, 'done.txt', 'changed since\n');
    stage.git(['merge', '-q', '--ff-only', 'agent/done']);
    stage.tries(['revert', '--no-edit', 'HEAD~1'], path);
    stage.git(['checkout', '-q', 'HEAD', '--', 'done.txt'], path);
    return { survives: [path] };
  }),
  keeps('mailed patches of which the first did not apply', operation, (stage) => {
    const path = stage.landed();
    const patch = stage.put(
      join(stage.place, 'patch'),
      'From a\nFrom: A <a@example.invalid>\nSubject: x\n\n---\n a | 1 +\n\ndiff --git a/a b/a\n--- a/a\n+++ b/a\n@@ -1 +1 @@\n-x\n+y\n',
    );
    stage.tries(['am', '-q', patch], path);
    return { survives: [path] };
  }),
  keeps('a bisection between two answers', operation, (stage) => {
    const path = stage.landed();
    stage.config('reaper.paths', '../wt/*');
    stage.git(['bisect', 'start'], path);
    return { survives: [path] };
  }),
  keeps('a merge of notes that conflicted', operation, (stage) => {
    const path = stage.landed();
    stage.git(['notes', 'add', '-m', 'one'], path);
    stage.git(['notes', '--ref', 'other', 'add', '-m', 'other'], path);
    stage.tries(['notes', 'merge', '--strategy', 'manual', 'other'], path);
    return { survives: [path] };
  }),
  keeps('a squash that was begun here and not committed', operation, (stage) => {
    const path = stage.landed();
    stage.git(['branch', 'idea', 'main']);
    stage.unlanded('idea-work');
    stage.git(['merge', '-q', '--squash', 'agent/idea-work'], path);
    stage.git(['reset', '-q', '--hard'], path);
    stage.put(join(stage.registration(path), 'SQUASH_MSG'), 'what was to be said\n');
    return { survives: [path] };
  }),
  keeps('an index.lock: git at work, or killed in the middle of it', operation, (stage) => {
    const path = stage.landed();
    stage.put(join(stage.registration(path), 'index.lock'), '');
    return { survives: [path] };
  }),
];

/** Commits that no branch holds. */
export const WITHOUT_A_REF: readonly Hazard[] = [
  keeps('a detached commit that no ref has', { because: 'not-landed' }, (stage) => {
    const path = stage.detached();
    stage.commit(path);
    return { survives: [path] };
  }),
  keeps('a commit that only refs/worktree holds', { because: 'worktree-refs' }, (stage) => {
    const path = stage.landed();
    const commit = stage.git(['commit-tree', 'HEAD^{tree}', '-m', 'kept aside'], path);
    stage.git(['update-ref', 'refs/worktree/aside', commit], path);
    return { survives: [path] };
  }),
  keeps('the good and bad commits of a bisection whose log is gone', { because: 'worktree-refs' }, (stage) => {
    const path = stage.landed();
    stage.git(['update-ref', 'refs/bisect/bad', 'HEAD'], path);
    return { survives: [path] };
  }),
];

/** Clean worktrees as they really look: what a tool can make again is no reason to keep one. */
export const REBUILDABLE: readonly Hazard[] = [
  reclaims('a landed worktree with node_modules, dist, a tagged target, .venv and __pycache__', (stage) => {
    const path = stage.landed();
    stage.ignore('node_modules', 'dist', 'target', '__pycache__');
    stage.put(join(path, 'node_modules/.package-lock.json'), '{}\n');
    stage.put(join(path, 'node_modules/left-pad/index.js'), 'module.exports = 1\n');
    stage.put(join(path, 'node_modules/credentials/index.js'), 'module.exports = 1\n');
    stage.put(join(path, 'dist/index.js'), 'built\n');
    stage.put(join(path, 'target/CACHEDIR.TAG'), SIGNATURE);
    stage.put(join(path, 'target/debug/app'), 'built\n');
    stage.put(join(path, '.venv/.gitignore'), '*\n');
    stage.put(join(path, '.venv/pyvenv.cfg'), 'home = /usr\n');
    stage.put(join(path, 'src/__pycache__/a.pyc'), 'compiled\n');
    return { goes: [path] };
  }),
  reclaims('a landed worktree whose node_modules is a link to the main one', (stage) => {
    const path = stage.landed();
    stage.ignore('node_modules');
    const shared = join(stage.root, 'node_modules');
    stage.put(join(shared, 'left-pad/index.js'), 'module.exports = 1\n');
    symlinkSync(shared, join(path, 'node_modules'));
    return { goes: [path], survives: [shared] };
  }),
  reclaims('a landed worktree with a tagged cache that ignores itself', (stage) => {
    const path = stage.landed();
    stage.put(join(path, '.somecache/.gitignore'), '*\n');
    stage.put(join(path, '.somecache/CACHEDIR.TAG'), SIGNATURE);
    stage.put(join(path, '.somecache/v1/entry'), 'cached\n');
    return { goes: [path] };
  }),
  reclaims('a landed worktree with packages that are read-only', (stage) => {
    const path = stage.landed();
    stage.ignore('node_modules');
    stage.put(join(path, 'node_modules/.modules.yaml'), '{}\n');
    stage.put(join(path, 'node_modules/left-pad/index.js'), 'module.exports = 1\n');
    chmodSync(join(path, 'node_modules/left-pad/index.js'), 0o444);
    chmodSync(join(path, 'node_modules/left-pad'), 0o555);
    return { goes: [path] };
  }),
  reclaims('a landed worktree with an untracked cache, a file system monitor and a split index', (stage) => {
    const path = stage.landed();
    stage.config('feature.manyFiles', 'true');
    stage.config('core.untrackedCache', 'true');
    stage.config('core.fsmonitor', 'true');
    stage.git(['-c', 'core.fsmonitor=false', 'update-index', '--split-index', '--untracked-cache'], path);
    return { goes: [path] };
  }),
  reclaims('a landed worktree with a sparse checkout and a sparse index', (stage) => ({
    goes: [sparse(stage, '--sparse-index')],
  })),
  reclaims('a landed worktree with a submodule that was never initialised', (stage) => ({
    goes: [withSubmodule(stage, false)],
  })),
  reclaims('a landed worktree whose lines end in CRLF, as core.autocrlf asks', (stage) => {
    stage.config('core.autocrlf', 'true');
    stage.config('core.safecrlf', 'warn');
    return { goes: [stage.landed()] };
  }),
  reclaims('a landed worktree whose files a filter leaves as they are', (stage) => ({ goes: [filtered(stage)] })),
  reclaims('a landed worktree in which a stash was made, and the stash stays', (stage) => {
    const path = stage.landed();
    stage.put(join(path, 'README.md'), 'for later\n');
    stage.git(['stash', '-q'], path);
    return { goes: [path] };
  }),
  reclaims('a landed worktree with empty directories and a FIFO that nobody holds', (stage) => {
    const path = stage.landed();
    mkdirSync(join(path, 'empty/deep'), { recursive: true });
    execFileSync('mkfifo', [join(path, 'pipe')]);
    return { goes: [path] };
  }),
  reclaims('a landed worktree of a repository with SHA-256 object names', (stage) => {
    rmSync(stage.commonDir, { recursive: true });
    stage.git(['init', '-q', '-b', 'main', '--object-format=sha256']);
    stage.commit(stage.root, 'README.md', 'hello\n');
    return { goes: [stage.squashed()] };
  }),
];
