/** F. Between the check and the act: passes that are cut off, and passes that are not. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Io } from '../../../src/io/ports.ts';
import { DAY } from '../../support/repo.ts';
import { family, type Hazard, type Scene } from '../hazard.ts';
import { failing, Killed, onRename } from '../machines.ts';
import { onePass } from '../ours.ts';
import { dateBack } from '../stage.ts';

const { keeps, reclaims } = family('F');

/** Refusals of the machine in the middle of it. */
const refusing = (name: string, code: string, call: 'rename' | 'createFile' | 'appendLine', part: string) =>
  keeps(name, { because: 'failed' }, (stage) => {
    const path = stage.landed();
    return { survives: [path], machine: (io) => failing(io, call, code, (one, two) => `${one} ${two}`.includes(part)) };
  });

export const CUT_OFF: readonly Hazard[] = [
  refusing('a worktree whose note finds the disk full', 'ENOSPC', 'createFile', 'entry.json'),
  refusing('a worktree whose intent cannot be written down', 'ENOSPC', 'appendLine', 'journal'),
  refusing('a worktree on a read-only file system', 'EROFS', 'rename', '/tree'),
  refusing('a worktree that may not be moved', 'EACCES', 'rename', '/tree'),
  refusing('a worktree whose quarantine turned out to be on another device', 'EXDEV', 'rename', '/tree'),
  refusing('a worktree whose registration may not be moved', 'EPERM', 'rename', '/admin'),
  keeps(
    'a worktree whose files are of tomorrow, because the clock was set back',
    { because: 'future-mtime' },
    (stage) => ({
      survives: [stage.landed()],
      ageMs: -DAY,
    }),
  ),
  keeps(
    'a worktree with work in it, whose pass was killed after the first rename',
    { because: 'untracked' },
    (stage) => {
      const path = stage.landed();
      const between = () => {
        stage.put(join(path, 'notes.md'));
        dateBack(path, 30 * DAY);
      };
      return { survives: [path], between, machine: killedOnce(path), passes: 3 };
    },
  ),
];

/** Dies right after the tree was moved, and lets every later pass through. */
function killedOnce(path: string): NonNullable<Scene['machine']> {
  let isDead = false;
  return (io, moment) => ({
    ...io,
    disk: {
      ...io.disk,
      rename: async (from, to) => {
        if (from !== path || isDead) return io.disk.rename(from, to);
        moment();
        isDead = true;
        await io.disk.rename(from, to);
        throw new Killed();
      },
    },
  });
}

/** The commits of these tests are older than any reflog is kept. */
const KEEP_REFLOGS = ['-c', 'gc.reflogExpire=never', '-c', 'gc.reflogExpireUnreachable=never'];

export const UNDISTURBED: readonly Hazard[] = [
  reclaims('a landed worktree while git prunes and collects garbage around it', (stage) => {
    const path = stage.landed();
    const machine = (io: Io) =>
      onRename(io, (from) => from === path, {
        after: () => {
          stage.git(['worktree', 'prune', '--expire', 'now']);
          stage.git([...KEEP_REFLOGS, 'gc', '-q', '--prune=now']);
        },
      });
    return { goes: [path], machine };
  }),
  reclaims('a landed worktree while another one is added', (stage) => {
    const path = stage.landed();
    const machine = (io: Io) => onRename(io, (from) => from === path, { after: () => void stage.fresh('next') });
    const afterwards = () => assert.ok(existsSync(join(stage.at('next'), '.git')), 'the new one is there');
    return { goes: [path], machine, afterwards };
  }),
  reclaims('a landed worktree once, when two passes run at the same time', async (stage) => {
    const path = stage.landed();
    let second: Promise<unknown> | null = null;
    const machine = (io: Io): Io => ({
      ...io,
      disk: {
        ...io.disk,
        rename: async (from, to) => {
          if (from === path) second ??= onePass(stage);
          await second;
          return io.disk.rename(from, to);
        },
      },
    });
    const afterwards = async () => assert.equal(await second, null, 'the second pass finds the first at work');
    return { goes: [path], machine, afterwards };
  }),
  reclaims('a landed worktree whose pass was killed after the first rename', (stage) => {
    const path = stage.landed();
    return { goes: [path], machine: killedOnce(path), passes: 3 };
  }),
];
