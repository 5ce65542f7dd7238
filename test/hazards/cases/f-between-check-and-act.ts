/** F. Between the check and the act: what comes after the look. */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, renameSync, symlinkSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import type { Io } from '../../../src/io/ports.ts';
import { STAY } from '../../support/children.ts';
import { DAY, HOUR } from '../../support/repo.ts';
import { type Because, family, type Hazard, type Scene } from '../hazard.ts';
import { at, onRename } from '../machines.ts';
import { claim, onePass } from '../ours.ts';
import { dateBack, NEEDS_MOUNT, type Stage } from '../stage.ts';
import { deadPid, repository } from './props.ts';

const { keeps } = family('F');

/** A landed worktree, and what happens to it once a cleaner has looked. */
const meanwhile = (event: (stage: Stage, path: string) => unknown) => (stage: Stage) => {
  const path = stage.landed();
  const between = () => {
    event(stage, path);
    dateBack(stage.place, 30 * DAY);
  };
  return { survives: [path], between };
};
const raced = (because: Because, name: string, event: (stage: Stage, path: string) => unknown, incident?: string) =>
  keeps(name, { because, ...(incident === undefined ? {} : { incident }) }, meanwhile(event));

/** Work that begins while the worktree is being moved. */
export const RACES: readonly Hazard[] = [
  raced(
    'untracked',
    'a file written just before the move',
    (stage, path) => stage.put(join(path, 'notes.md')),
    'claude-code 2.1.77',
  ),
  raced('changes', 'a tracked file edited just before the move', (stage, path) =>
    stage.put(join(path, 'README.md'), 'edited\n'),
  ),
  raced('changes', 'a change staged just before the move', (stage, path) => {
    stage.put(join(path, 'staged.txt'));
    stage.git(['add', '.'], path);
  }),
  raced(
    'unknown',
    'a commit made just before the move',
    (stage, path) => stage.commit(path, 'late.txt'),
    'worktrunk #3662',
  ),
  raced('unknown', 'a commit amended just before the move', (stage, path) =>
    stage.git(['commit', '-q', '--amend', '-m', 'said better'], path),
  ),
  raced('unknown', 'a branch checked out just before the move', (stage, path) =>
    stage.git(['checkout', '-q', '-b', 'agent/next'], path),
  ),
  raced('unknown', 'a branch renamed just before the move', (stage) =>
    stage.git(['branch', '-q', '-m', 'agent/done', 'feature/mine']),
  ),
  raced('ignored-precious', 'an .env written just before the move', (stage, path) => {
    stage.ignore('.env');
    stage.put(join(path, '.env'));
  }),
  raced('occupied', 'a process that entered just before the move', (stage, path) =>
    stage.somebody(STAY, { cwd: path }),
  ),
  raced('occupied', 'a process that was told of it just before the move', (stage, path) =>
    stage.somebody('exec 9<"$1"; echo ready; exec sleep 600', { args: [join(path, 'README.md')] }),
  ),
  raced('operation', 'a git command that was at work during the move', (stage, path) =>
    stage.put(join(stage.registration(path), 'index.lock'), ''),
  ),
  keeps('a worktree whose reflog expired while it was being moved', { because: 'too-young' }, (stage) => {
    const path = stage.landed();
    return { survives: [join(path, 'done.txt'), path].toReversed(), between: () => void stage.git(['gc', '-q']) };
  }),
  raced('nested-worktree', 'a worktree that was added inside just before the move', (stage, path) => {
    stage.ignore('.worktrees');
    stage.fresh('inner', join(path, '.worktrees/inner'));
  }),
  raced('not-own', 'a directory that was put in its place just before the move', (stage, path) => {
    renameSync(path, join(stage.place, 'aside'));
    repository(stage, path);
  }),
  raced('not-own', 'a person’s directory that its path came to lead to just before the move', (stage, path) => {
    renameSync(join(stage.place, 'wt'), join(stage.place, 'aside'));
    stage.put(join(stage.place, 'mine/agent-done/irreplaceable.txt'));
    symlinkSync(join(stage.place, 'mine'), join(stage.place, 'wt'));
    assert.ok(existsSync(path));
  }),
  raced('worktree-refs', 'a ref of its own that was made just before the move', (stage, path) => {
    const commit = stage.git(['commit-tree', 'HEAD^{tree}', '-m', 'kept aside'], path);
    stage.git(['update-ref', 'refs/worktree/aside', commit], path);
  }),
  keeps('a worktree that was claimed just before the move', { because: 'claimed' }, (stage) => {
    const path = stage.landed();
    const machine = (real: Io) => ({
      ...real,
      disk: {
        ...real.disk,
        rename: async (from: string, to: string) => {
          if (from === path) await claim(stage, path);
          return real.disk.rename(from, to);
        },
      },
    });
    return { survives: [path], machine };
  }),
  keeps('a worktree that was locked just before it was to be locked', { because: 'locked' }, (stage) => {
    const path = stage.landed();
    const between = () => stage.lock(path, 'mine');
    return { survives: [path], between, machine: (io, moment) => onLocking(io, moment) };
  }),
  keeps('a worktree that was moved elsewhere between the looks', { because: 'failed' }, (stage) => {
    const path = stage.landed();
    const moved = join(stage.place, 'moved');
    const between = () => void stage.git(['worktree', 'move', path, moved]);
    return { survives: [path, moved], between, machine: (io, moment) => onLocking(io, moment) };
  }),
  keeps('a mount that appeared just before the move', { because: 'mount-inside', impossible: NEEDS_MOUNT }, (stage) => {
    const path = stage.landed();
    const mine = join(stage.place, 'mine');
    stage.put(join(mine, 'irreplaceable.txt'));
    stage.ignore('node_modules');
    mkdirSync(join(path, 'node_modules/data'), { recursive: true });
    return { survives: [path, mine], between: () => stage.mount('--bind', mine, join(path, 'node_modules/data')) };
  }),
  keeps('a leftover into which somebody wrote just before the move', { because: 'too-young' }, (stage) => {
    const path = join(stage.root, '.agent-config', `pack-compose.staging-${deadPid()}`);
    stage.put(join(path, 'data'));
    return { survives: [path], between: () => void stage.put(join(path, 'more')) };
  }),
  keeps('what was put at the old path while the moved tree turned out to be in use', { because: 'failed' }, (stage) => {
    const path = stage.landed();
    const machine = (io: Io) =>
      onRename(io, (from) => from === path, {
        before: () => stage.put(join(path, 'notes.md')),
        after: () => repository(stage, path),
      });
    const afterwards = () => {
      const held = join(stage.commonDir, 'reaper/quarantine');
      const notes = readdirSync(held).map((id) => join(held, id, 'tree/notes.md'));
      assert.ok(
        notes.some((each) => existsSync(each)),
        'the moved tree is kept as it is',
      );
    };
    return { survives: [], goes: [], machine, afterwards, restores: false };
  }),
  keeps(
    'a quarantined tree that somebody still writes to, when its time is over',
    { because: 'not a candidate' },
    async (stage) => {
      const path = stage.landed();
      const later = (io: Io) => at(io, 100 * DAY);
      return quarantined(stage, path, (tree) => {
        const lastly = () => {
          const file = stage.put(join(tree, 'written-later.txt'));
          const moment = new Date(Date.now() + 3 * HOUR);
          utimesSync(file, moment, moment);
        };
        return { survives: [tree], lastly, machine: later };
      });
    },
  ),
  keeps(
    'a quarantined tree that somebody still stands in, when its time is over',
    { because: 'not a candidate' },
    async (stage) => {
      const path = stage.landed();
      return quarantined(stage, path, (tree) => ({
        survives: [tree],
        lastly: () => void stage.somebody(STAY, { cwd: tree }),
        machine: (io) => at(io, 100 * DAY),
      }));
    },
  ),
];

/** Something happens just before the registration is locked. */
const onLocking = (io: Io, event: () => void): Io => ({
  ...io,
  disk: {
    ...io.disk,
    createFile: async (file, text) => {
      if (file.endsWith('/locked')) event();
      return io.disk.createFile(file, text);
    },
  },
});

/** A scene that begins with `path` in quarantine. */
async function quarantined(stage: Stage, path: string, scene: (tree: string) => Scene): Promise<Scene> {
  const old = new Date(Date.now() - 30 * DAY);
  const logs = join(stage.commonDir, 'logs/refs/heads/agent/done');
  const registration = stage.registration(path);
  for (const each of [
    path,
    logs,
    ...['HEAD', 'index', 'logs/HEAD', 'ORIG_HEAD', 'COMMIT_EDITMSG'].map((name) => join(registration, name)),
  ])
    if (existsSync(each)) utimesSync(each, old, old);
  const report = await onePass(stage);
  const tree = report?.reclaimed[0]?.entry.tree;
  assert.ok(tree, 'it is in quarantine');
  return scene(tree);
}
