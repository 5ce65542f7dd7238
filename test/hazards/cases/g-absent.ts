/** G. Failing open: registrations whose directory is absent, and going on in spite of trouble. */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { layout } from '../../../src/core/layout.ts';
import { DAY } from '../../support/repo.ts';
import { type Because, family, type Hazard } from '../hazard.ts';
import { failing } from '../machines.ts';
import { claim, onePass } from '../ours.ts';
import type { Stage } from '../stage.ts';

const { keeps, reclaims } = family('G');

/** Deletes a worktree by hand, beside something that shows its volume to be there; answers its registration. */
function deleted(stage: Stage, path: string): string {
  const registration = stage.registration(path);
  rmSync(path, { recursive: true, force: true });
  stage.put(join(path, '../something-else'));
  return registration;
}

/** Registrations whose directory is absent. */
const absent = (because: Because, name: string, make: (stage: Stage) => string, incident?: string): Hazard =>
  keeps(name, { because, ...(incident === undefined ? {} : { incident }) }, (stage) => {
    const path = make(stage);
    return { survives: [deleted(stage, path)] };
  });

export const ABSENT: readonly Hazard[] = [
  keeps(
    'a bystander on a volume that is not mounted',
    { because: 'missing', incident: 'worktrunk #3650, BenchBox #1640' },
    (stage) => {
      const done = stage.landed();
      const volume = join(stage.place, 'volume');
      const away = stage.landed('away', join(volume, 'agent-away'));
      const registration = stage.registration(away);
      return {
        survives: [registration],
        goes: [done],
        lastly: () => renameSync(volume, join(stage.place, 'unplugged')),
      };
    },
  ),
  keeps('a person’s absent registration beside a landed worktree', { because: 'not a candidate' }, (stage) => {
    const done = stage.landed();
    const mine = join(stage.place, 'mine');
    stage.git(['worktree', 'add', '-q', '-b', 'feature/mine', mine]);
    const registration = stage.registration(mine);
    rmSync(mine, { recursive: true });
    return { survives: [registration], goes: [done] };
  }),
  keeps(
    'the registration of a worktree whose parent directory is an empty mount point',
    { because: 'missing' },
    (stage) => {
      const path = stage.landed();
      const registration = stage.registration(path);
      rmSync(path, { recursive: true });
      return { survives: [registration] };
    },
  ),
  keeps('the registration of a deleted worktree that somebody claims', { because: 'claimed' }, async (stage) => {
    const path = stage.landed();
    const registration = deleted(stage, path);
    await claim(stage, path);
    return { survives: [registration] };
  }),
  keeps('the registration of a deleted worktree in which the caller still stands', { because: 'current' }, (stage) => {
    const path = stage.landed();
    return { survives: [deleted(stage, path)], from: path };
  }),
  keeps('the registration of a worktree that was deleted a moment ago', { because: 'too-young' }, (stage) => {
    const path = stage.landed();
    return { survives: [deleted(stage, path)], ageMs: 0 };
  }),
  keeps(
    'the registration of a worktree that was deleted three days ago, and may come back',
    { because: 'too-young' },
    (stage) => {
      const path = stage.fresh();
      return { survives: [deleted(stage, path)], ageMs: 3 * DAY };
    },
  ),
  keeps(
    'the registration of an empty worktree, which is to wait for two months',
    { because: 'empty-too-young' },
    (stage) => {
      const path = stage.fresh();
      stage.config('reaper.emptyIdle', '60d');
      return { survives: [deleted(stage, path)] };
    },
  ),
  absent('not-landed', 'the registration of a deleted worktree whose commits nobody else has', (stage) =>
    stage.unlanded(),
  ),
  absent('changes', 'the registration of a deleted worktree with a change in its index', (stage) => {
    const path = stage.landed();
    stage.put(join(path, 'staged.txt'));
    stage.git(['add', '.'], path);
    return path;
  }),
  absent('operation', 'the registration of a deleted worktree in the middle of a merge', (stage) => {
    const path = stage.landed();
    stage.put(join(stage.registration(path), 'MERGE_HEAD'), `${stage.git(['rev-parse', 'main'])}\n`);
    return path;
  }),
  absent('worktree-refs', 'the registration of a deleted worktree with refs of its own', (stage) => {
    const path = stage.landed();
    stage.git(['update-ref', 'refs/worktree/aside', 'HEAD'], path);
    return path;
  }),
  absent('locked', 'the registration of a deleted worktree that is locked', (stage) => {
    const path = stage.landed();
    stage.git(['worktree', 'lock', path]);
    return path;
  }),
  absent('submodules', 'the registration of a deleted worktree that holds repositories of submodules', (stage) => {
    const path = stage.landed();
    mkdirSync(join(stage.registration(path), 'modules/lib'), { recursive: true });
    return path;
  }),
];

/** One thing that cannot be told is no reason to keep everything else. */
export const OTHERS_GO_ON: readonly Hazard[] = [
  reclaims('the registration of a landed worktree that somebody deleted', (stage) => {
    const path = stage.landed();
    return { goes: [deleted(stage, path)] };
  }),
  reclaims('a landed worktree beside one that is damaged', (stage) => {
    const [path, damaged] = [stage.landed('good'), stage.landed('bad')];
    stage.put(join(stage.registration(damaged), 'index'), 'not an index\n');
    return { goes: [path], survives: [damaged] };
  }),
  reclaims('a landed worktree beside a branch that was lost with the power', (stage) => {
    const path = stage.landed();
    stage.put(join(stage.commonDir, 'refs/heads/agent/broken'), '');
    return { goes: [path] };
  }),
  reclaims('a landed worktree beside one whose HEAD was lost with the power', (stage) => {
    const [path, damaged] = [stage.landed('good'), stage.landed('bad')];
    stage.put(join(stage.registration(damaged), 'HEAD'), '');
    return { goes: [path], survives: [join(damaged, 'bad.txt')] };
  }),
  reclaims('a landed worktree, although what earlier passes remembered is damaged', (stage) => {
    const path = stage.landed();
    stage.put(layout(stage.commonDir).state, '{"version": 1, "dead');
    return { goes: [path] };
  }),
  reclaims('a landed worktree in spite of old warnings that git gives about its configuration', async (stage) => {
    const path = stage.landed();
    stage.put(join(stage.commonDir, 'info/grafts'), '');
    await onePass(stage, { machine: (io) => failing(io, 'rename', 'EPERM', (from) => from === path) });
    assert.ok(existsSync(path));
    return { goes: [path] };
  }),
];
