/** E. Wrong thing: names and inherited settings that mislead, and the right thing in odd places. */
import { spawnSync } from 'node:child_process';
import { cpSync, linkSync, mkdirSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { DAY } from '../../support/repo.ts';
import { family, type Hazard } from '../hazard.ts';
import { at } from '../machines.ts';
import { onePass } from '../ours.ts';
import { NEEDS_MOUNT } from '../stage.ts';
import { repository } from './props.ts';

const { keeps, reclaims } = family('E');

/** Names that a script takes for something else. */
const NAMES = [
  'with space',
  '-rf',
  'new\nline',
  'quote"\'',
  'back\\slash',
  '$(touch pwned)',
  'ünïcode',
  '*',
  'ends in newline\n',
];

const LEAKED = {
  GIT_OPTIONAL_LOCKS: '1',
  GIT_CONFIG_COUNT: '1',
  GIT_CONFIG_KEY_0: 'status.showUntrackedFiles',
  GIT_CONFIG_VALUE_0: 'no',
};

export const NAMED: readonly Hazard[] = [
  ...NAMES.map((name) =>
    keeps(`an untracked file in a worktree called ${JSON.stringify(name)}`, { because: 'untracked' }, (stage) => {
      const path = stage.landed('done', join(stage.place, 'wt', name));
      stage.put(join(path, 'notes.md'));
      return { survives: [path] };
    }),
  ),
  keeps('a worktree whose path is not UTF-8', { because: 'unknown' }, (stage) => {
    const script = 'p=$(printf "$1/wt/caf\\351"); mkdir -p "$1/wt"; git worktree add -q -b agent/done "$p" main';
    spawnSync('sh', ['-c', script, 'sh', stage.place], { cwd: stage.root, env: stage.repo.env() });
    return { survives: [join(stage.place, 'wt/caf\ufffd'), join(stage.place, 'wt')] };
  }),
  keeps(
    'unlanded work, with GIT_DIR of a landed worktree inherited from the hook',
    { because: 'not-landed', incident: 'worktrunk #4082' },
    (stage) => {
      const path = stage.unlanded();
      const other = stage.landed('other');
      stage.git(['worktree', 'lock', other]);
      return { survives: [path, other], env: { GIT_DIR: stage.registration(other), GIT_WORK_TREE: other } };
    },
  ),
  keeps(
    'staged work, with GIT_INDEX_FILE inherited from the hook',
    { because: 'changes', incident: 'prek #2505' },
    (stage) => {
      const path = stage.landed();
      stage.put(join(path, 'staged.txt'));
      const clean = join(stage.place, 'clean-index');
      cpSync(join(stage.registration(path), 'index'), clean);
      stage.git(['add', '.'], path);
      return { survives: [path], env: { GIT_INDEX_FILE: clean } };
    },
  ),
  keeps('an untracked file, with a setting inherited that hides it', { because: 'untracked' }, (stage) => {
    const path = stage.landed();
    stage.put(join(path, 'notes.md'));
    return { survives: [path], env: { ...LEAKED, GIT_CONFIG_PARAMETERS: "'status.showUntrackedFiles=no'" } };
  }),
];

/** The right thing under an odd name, or in an odd repository. */
export const RIGHT_THING: readonly Hazard[] = [
  ...NAMES.map((name) =>
    reclaims(`a landed worktree called ${JSON.stringify(name)}`, (stage) => ({
      goes: [stage.landed('done', join(stage.place, 'wt', name))],
    })),
  ),
  reclaims('a landed worktree, and nothing that links in its packages lead to', (stage) => {
    const path = stage.landed();
    const [mine, store] = [join(stage.place, 'mine'), join(stage.place, 'store')];
    stage.ignore('node_modules');
    stage.put(join(mine, 'irreplaceable.txt'));
    stage.put(join(store, 'index.js'));
    stage.put(join(path, 'node_modules/.modules.yaml'), '{}\n');
    symlinkSync(mine, join(path, 'node_modules/mine'));
    mkdirSync(join(path, 'node_modules/left-pad'));
    linkSync(join(store, 'index.js'), join(path, 'node_modules/left-pad/index.js'));
    return { goes: [path], survives: [mine, store] };
  }),
  reclaims('a landed worktree with linked packages, which stay when its time in quarantine is over', (stage) => {
    const path = stage.landed();
    const shared = join(stage.root, 'node_modules');
    stage.ignore('node_modules');
    stage.put(join(shared, 'left-pad/index.js'));
    symlinkSync(shared, join(path, 'node_modules'));
    const afterwards = async () => void (await onePass(stage, { machine: (io) => at(io, 100 * DAY) }));
    return { goes: [path], survives: [shared], restores: false, afterwards };
  }),
  reclaims('a landed worktree that lies inside the main one, ignored', (stage) => {
    stage.ignore('.claude');
    return { goes: [stage.landed('done', join(stage.root, '.claude/worktrees/done'))] };
  }),
  reclaims('a landed worktree that lies inside the main one, and is not ignored', (stage) => ({
    goes: [stage.landed('done', join(stage.root, '.worktrees/done'))],
  })),
  reclaims('a landed worktree whose repository keeps its git directory elsewhere', (stage) => {
    stage.git(['init', '-q', '--separate-git-dir', join(stage.place, 'elsewhere.git')]);
    return { goes: [stage.landed()] };
  }),
  reclaims('a landed worktree on a branch that is no branch for git', (stage) => {
    const path = stage.detached();
    stage.git(['update-ref', 'refs/agents/done', 'HEAD'], path);
    stage.git(['symbolic-ref', 'HEAD', 'refs/agents/done'], path);
    stage.commit(path);
    stage.git(['merge', '-q', '--ff-only', 'refs/agents/done']);
    return { goes: [path] };
  }),
  reclaims(
    'a landed worktree on another file system, into a quarantine beside it',
    (stage) => {
      mkdirSync(join(stage.place, 'wt'));
      stage.mount('-t', 'tmpfs', 'none', join(stage.place, 'wt'));
      return { goes: [stage.landed()] };
    },
    { impossible: NEEDS_MOUNT },
  ),
  reclaims('a landed worktree of a bare repository', (stage) => {
    const path = stage.landed();
    stage.config('core.bare', 'true');
    rmSync(join(stage.root, 'README.md'));
    return { goes: [path] };
  }),
  reclaims('a landed worktree of a submodule', (stage) => {
    const library = join(stage.place, 'library');
    repository(stage, library);
    stage.git(['-c', 'protocol.file.allow=always', 'submodule', '--quiet', 'add', library, 'lib']);
    const lib = join(stage.root, 'lib');
    const path = join(stage.place, 'wt/lib');
    stage.git(['worktree', 'add', '-q', '-b', 'agent/lib', path, 'main'], lib);
    stage.commit(path, 'lib.txt');
    stage.git(['merge', '-q', '--ff-only', 'agent/lib'], lib);
    return { goes: [path], from: lib };
  }),
  reclaims('one of two worktrees on the same branch, and the branch stays with the other', (stage) => {
    const path = stage.landed();
    const twin = join(stage.place, 'wt/twin');
    stage.git(['worktree', 'add', '-q', '--force', twin, 'agent/done']);
    stage.put(join(twin, 'uncommitted.txt'));
    return { goes: [path], survives: [twin, join(stage.commonDir, 'refs/heads/agent/done')], restores: false };
  }),
  reclaims('a landed worktree whose objects another clone borrows, and the clone stays whole', (stage) => {
    const path = stage.squashed();
    stage.config('reaper.branch', 'landed');
    const clone = join(stage.place, 'clone');
    stage.git(['clone', '-q', '--shared', '-b', 'agent/done', stage.root, clone], stage.place);
    const afterwards = () => {
      stage.git(['gc', '-q', '--prune=now']);
      stage.git(['fsck', '--full'], clone);
    };
    return { goes: [path], survives: [join(clone, 'done.txt')], afterwards };
  }),
  reclaims('a leftover that a pattern without a process id names, a month old', (stage) => {
    stage.config('reaper.staging', 'tmp/build-*');
    const path = join(stage.root, 'tmp/build-7');
    stage.put(join(path, 'data'));
    return { goes: [path] };
  }),
];
