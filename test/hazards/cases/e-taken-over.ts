/** E. Wrong thing: directories that are no longer what they were, and leftovers that are none. */
import { cpSync, mkdirSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { DAY } from '../../support/repo.ts';
import { family, type Hazard } from '../hazard.ts';
import { NEEDS_MOUNT, type Stage } from '../stage.ts';
import { deadPid, repository } from './props.ts';

const { keeps } = family('E');
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
    return {
      survives: [join(path, 'done.txt'), path].toReversed(),
      lastly: () => stage.mount('-t', 'tmpfs', 'none', join(path, 'empty')),
    };
  }),
];

/** Where leftovers are looked for: `pack-compose.staging-<what>` in `.agent-config`. */
const leftover = (stage: Stage, name: string): string =>
  join(stage.root, '.agent-config', `pack-compose.staging-${name}`);

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
  keeps(
    'a leftover that a pattern without a process id names, younger than a day',
    { because: 'too-young' },
    (stage) => {
      stage.config('reaper.staging', 'tmp/build-*');
      const path = join(stage.root, 'tmp/build-7');
      stage.put(join(path, 'data'));
      return { survives: [path], ageMs: DAY / 2 };
    },
  ),
];
