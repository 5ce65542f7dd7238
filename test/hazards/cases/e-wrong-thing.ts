/** E. Wrong thing: paths that lead elsewhere, names that break scripts, and patterns that reach too far. */
import { spawnSync } from 'node:child_process';
import { cpSync, linkSync, mkdirSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { onePass } from '../ours.ts';
import { DAY } from '../../support/repo.ts';
import { family, type Hazard } from '../hazard.ts';
import { at } from '../machines.ts';
import { NEEDS_MOUNT, type Stage } from '../stage.ts';
import { repository } from './b-hidden-work.ts';
import { deadPid } from './owners.ts';

const { keeps, reclaims } = family('E');
const notOwn = { because: 'not-own' } as const;
const mounted = { because: 'mount-inside', impossible: NEEDS_MOUNT } as const;
const notOurs = { because: 'not a candidate' } as const;

/** Directories that are no longer what the registration means. */
export const TAKEN_OVER: readonly Hazard[] = [
  keeps('another repository at the registered path', { ...notOwn, incident: 'worktrunk #3785' }, (stage) => {
    const path = stage.landed();
    rmSync(path, { recursive: true });
    repository(stage, path);
    return { survives: [path] };
  }),
  keeps('another worktree at the registered path', { ...notOwn, incident: 'worktrunk #3808' }, (stage) => {
    const [one, other] = [stage.landed('one'), stage.unlanded('other')];
    const aside = join(stage.place, 'aside');
    renameSync(one, aside);
    renameSync(other, one);
    renameSync(aside, other);
    return { survives: [one, other] };
  }),
  keeps('a worktree of another repository at the registered path', notOwn, (stage) => {
    const path = stage.landed();
    const other = join(stage.place, 'other');
    repository(stage, other);
    rmSync(path, { recursive: true });
    stage.git(['worktree', 'add', '-q', '--detach', path], other);
    return { survives: [path] };
  }),
  keeps('a plain directory at the registered path, without a .git', notOwn, (stage) => {
    const path = stage.landed();
    rmSync(join(path, '.git'));
    return { survives: [path] };
  }),
  keeps('a plain file at the registered path', notOwn, (stage) => {
    const path = stage.landed();
    rmSync(path, { recursive: true });
    stage.put(path);
    return { survives: [path] };
  }),
  keeps('a worktree whose .git is a link to a file elsewhere', notOwn, (stage) => {
    const path = stage.landed();
    renameSync(join(path, '.git'), join(stage.place, 'dot-git'));
    symlinkSync(join(stage.place, 'dot-git'), join(path, '.git'));
    return { survives: [join(path, 'done.txt'), path].toReversed() };
  }),
  keeps('a worktree whose .git says something that git does not understand', notOwn, (stage) => {
    const path = stage.landed();
    stage.put(join(path, '.git'), 'nothing of the kind\n');
    return { survives: [path] };
  }),
  keeps('a worktree whose .git names a registration that is gone', notOwn, (stage) => {
    const path = stage.landed();
    stage.put(join(path, '.git'), `gitdir: ${stage.commonDir}/worktrees/gone\n`);
    return { survives: [path] };
  }),
  keeps('a directory that two registrations claim', notOwn, (stage) => {
    const path = stage.landed();
    cpSync(stage.registration(path), join(stage.commonDir, 'worktrees/twin'), { recursive: true });
    return { survives: [path] };
  }),
  keeps('a link at the registered path that leads to a person’s directory', notOwn, (stage) => {
    const path = stage.landed();
    const mine = join(stage.place, 'mine');
    renameSync(path, mine);
    symlinkSync(mine, path);
    return { survives: [path, mine] };
  }),
  keeps('a worktree whose parent directory became a link', notOwn, (stage) => {
    const path = stage.landed();
    const bigger = join(stage.place, 'bigger-disk');
    renameSync(join(stage.place, 'wt'), bigger);
    symlinkSync(bigger, join(stage.place, 'wt'));
    return { survives: [path, join(bigger, 'agent-done')] };
  }),
  keeps('a directory that was bind-mounted inside', mounted, (stage) => {
    const path = stage.landed();
    const mine = join(stage.place, 'mine');
    stage.put(join(mine, 'irreplaceable.txt'));
    stage.ignore('node_modules');
    mkdirSync(join(path, 'node_modules/data'), { recursive: true });
    stage.put(join(path, 'node_modules/.package-lock.json'), '{}\n');
    return { survives: [path, mine], lastly: () => stage.mount('--bind', mine, join(path, 'node_modules/data')) };
  }),
  keeps('another file system mounted inside', mounted, (stage) => {
    const path = stage.landed();
    mkdirSync(join(path, 'empty'));
    return { survives: [join(path, 'done.txt'), path].toReversed(), lastly: () => stage.mount('-t', 'tmpfs', 'none', join(path, 'empty')) };
  }),
];

/** Names that a script takes for something else. */
const NAMES = ['with space', '-rf', 'new\nline', 'quote"\'', 'back\\slash', '$(touch pwned)', 'ünïcode', '*', 'ends in newline\n'];

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
  keeps('unlanded work, with GIT_DIR of a landed worktree inherited from the hook', { because: 'not-landed', incident: 'worktrunk #4082' }, (stage) => {
    const path = stage.unlanded();
    const other = stage.landed('other');
    stage.git(['worktree', 'lock', other]);
    return { survives: [path, other], env: { GIT_DIR: stage.registration(other), GIT_WORK_TREE: other } };
  }),
  keeps('staged work, with GIT_INDEX_FILE inherited from the hook', { because: 'changes', incident: 'prek #2505' }, (stage) => {
    const path = stage.landed();
    stage.put(join(path, 'staged.txt'));
    const clean = join(stage.place, 'clean-index');
    cpSync(join(stage.registration(path), 'index'), clean);
    stage.git(['add', '.'], path);
    return { survives: [path], env: { GIT_INDEX_FILE: clean } };
  }),
  keeps('an untracked file, with a setting inherited that hides it', { because: 'untracked' }, (stage) => {
    const path = stage.landed();
    stage.put(join(path, 'notes.md'));
    return { survives: [path], env: { ...LEAKED, GIT_CONFIG_PARAMETERS: "'status.showUntrackedFiles=no'" } };
  }),
];

/** Where leftovers are looked for: `pack-compose.staging-<what>` in `.agent-config`. */
const leftover = (stage: Stage, name: string): string => join(stage.root, '.agent-config', `pack-compose.staging-${name}`);

export const STAGING: readonly Hazard[] = [
  ...['0', '-1', '007', '99999999999', '12x', '{pid}', '', ' 12', '٣'].map((pid) =>
    keeps(`a leftover whose process id is ${JSON.stringify(pid)}`, notOurs, (stage) => {
      stage.put(join(leftover(stage, pid), 'data'));
      return { survives: [leftover(stage, pid)] };
    }),
  ),
  keeps('a leftover that is a link to the home directory', notOurs, (stage) => {
    stage.put(join(stage.repo.home, 'documents/thesis.txt'));
    mkdirSync(join(stage.root, '.agent-config'));
    const link = leftover(stage, String(deadPid()));
    symlinkSync(stage.repo.home, link);
    return { survives: [link, join(stage.repo.home, 'documents')] };
  }),
  keeps('a leftover below a directory that is a link to a person’s own', notOurs, (stage) => {
    const mine = join(stage.place, 'mine');
    const name = `pack-compose.staging-${deadPid()}`;
    stage.put(join(mine, name, 'data'));
    symlinkSync(mine, join(stage.root, '.agent-config'));
    return { survives: [join(mine, name)] };
  }),
  keeps('a leftover that git tracks', notOwn, (stage) => {
    const name = `.agent-config/pack-compose.staging-${deadPid()}/data`;
    stage.commit(stage.root, name);
    return { survives: [join(stage.root, name, '..')] };
  }),
  keeps('a leftover in another repository that lies inside', notOwn, (stage) => {
    const path = leftover(stage, String(deadPid()));
    repository(stage, join(stage.root, '.agent-config'));
    stage.put(join(path, 'data'));
    return { survives: [path] };
  }),
  keeps('a leftover that is a repository', { because: 'nested-repository' }, (stage) => {
    const path = leftover(stage, String(deadPid()));
    repository(stage, path);
    return { survives: [path] };
  }),
  keeps('a worktree that is a file system of its own', mounted, (stage) => {
    const path = stage.at('done');
    mkdirSync(path, { recursive: true });
    stage.mount('-t', 'tmpfs', 'none', path);
    stage.landed();
    return { survives: [join(path, 'done.txt'), path].toReversed() };
  }),
  keeps('a leftover into which something is mounted', mounted, (stage) => {
    const path = leftover(stage, String(deadPid()));
    mkdirSync(join(path, 'data'), { recursive: true });
    const mine = stage.put(join(stage.place, 'mine/irreplaceable.txt')).replace(/\/[^/]*$/, '');
    return { survives: [path, mine], lastly: () => stage.mount('--bind', mine, join(path, 'data')) };
  }),
  keeps('a leftover that a pattern without a process id names, younger than a day', { because: 'too-young' }, (stage) => {
    stage.config('reaper.staging', 'tmp/build-*');
    const path = join(stage.root, 'tmp/build-7');
    stage.put(join(path, 'data'));
    return { survives: [path], ageMs: DAY / 2 };
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

