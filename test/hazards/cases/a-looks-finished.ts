/** A. Looks finished, is not: clean, old and quiet, and yet not in any base. */
import { join } from 'node:path';
import { HOUR } from '../../support/repo.ts';
import { family, type Hazard } from '../hazard.ts';
import { onePass } from '../ours.ts';

const { keeps } = family('A');
const notLanded = { because: 'not-landed' } as const;

/** Worktrees whose commits no base has. */
export const NOT_LANDED: readonly Hazard[] = [
  keeps(
    'a worktree added a moment ago: clean, on the base, with no commit of its own',
    {
      because: 'too-young',
      incident: 'kendex #923, soleur #5454, ModularPipelines #4642, trusty-tools #5661',
    },
    (stage) => ({ survives: [stage.fresh()], ageMs: 0 }),
  ),
  keeps('a worktree added two hours ago that has no commit yet', { because: 'empty-too-young' }, (stage) => ({
    survives: [stage.fresh()],
    ageMs: 2 * HOUR,
  })),
  keeps(
    'commits that were made after the branch was merged',
    { ...notLanded, incident: 'git-worktree-runner #167' },
    (stage) => {
      const path = stage.landed();
      stage.commit(path, 'more.txt');
      return { survives: [path] };
    },
  ),
  keeps(
    'an old merged branch name that was used again for new work',
    { ...notLanded, incident: 'loom #5031' },
    (stage) => {
      const old = stage.landed('task');
      stage.git(['worktree', 'remove', old]);
      stage.git(['branch', '-q', '-d', 'agent/task']);
      const path = stage.fresh('task');
      stage.commit(path, 'second.txt');
      return { survives: [path] };
    },
  ),
  keeps('a branch whose upstream is gone', { ...notLanded, incident: 'claude-plugins-official #5665' }, (stage) => {
    stage.origin();
    const path = stage.unlanded();
    stage.git(['push', '-q', '-u', 'origin', 'agent/done'], path);
    stage.git(['push', '-q', 'origin', '--delete', 'agent/done'], path);
    stage.git(['fetch', '-q', '--prune', 'origin']);
    return { survives: [path] };
  }),
  keeps('a branch that was pushed, and only pushed', notLanded, (stage) => {
    stage.origin();
    const path = stage.unlanded();
    stage.git(['push', '-q', '-u', 'origin', 'agent/done'], path);
    return { survives: [path] };
  }),
  keeps('content that exists only in a merge commit', notLanded, (stage) => {
    const path = stage.fresh();
    stage.commit(stage.root, 'other.txt');
    stage.git(['merge', '-q', '--no-ff', '--no-commit', 'main'], path);
    stage.put(join(path, 'only-in-the-merge.txt'));
    stage.git(['add', '.'], path);
    stage.git(['commit', '-q', '--no-edit', '--allow-empty'], path);
    return { survives: [path] };
  }),
  keeps('a branch that was squashed into the index of main and never committed', notLanded, (stage) => {
    const path = stage.unlanded();
    stage.git(['merge', '-q', '--squash', 'agent/done']);
    return { survives: [path] };
  }),
  keeps('a branch that landed by a merge and was reverted', notLanded, (stage) => {
    const path = stage.unlanded();
    stage.commit(stage.root, 'meanwhile.txt');
    stage.git(['merge', '-q', '--no-edit', 'agent/done']);
    stage.git(['revert', '--no-edit', '-m', '1', 'HEAD']);
    return { survives: [path] };
  }),
  keeps('a branch that landed as a squash and was reverted', notLanded, (stage) => {
    const path = stage.squashed();
    stage.git(['revert', '--no-edit', 'HEAD']);
    return { survives: [path] };
  }),
  keeps('a branch that was fast-forwarded and reverted, long after a pass saw it landed', notLanded, async (stage) => {
    const path = stage.landed();
    stage.git(['worktree', 'lock', path]);
    await onePass(stage);
    stage.git(['worktree', 'unlock', path]);
    stage.git(['revert', '--no-edit', 'HEAD']);
    return { survives: [path] };
  }),
  keeps('a branch of which only the first commit landed', notLanded, (stage) => {
    const path = stage.landed();
    stage.commit(path, 'second.txt');
    stage.commit(stage.root, 'meanwhile.txt');
    return { survives: [path] };
  }),
  keeps('a branch that landed only in another agent branch', notLanded, (stage) => {
    const path = stage.unlanded();
    const lead = stage.fresh('lead');
    stage.git(['merge', '-q', '--ff-only', 'agent/done'], lead);
    return { survives: [path, lead] };
  }),
  keeps('a branch that landed in a release branch nobody named as a base', notLanded, (stage) => {
    const path = stage.unlanded();
    stage.git(['branch', 'release', 'agent/done']);
    return { survives: [path] };
  }),
  keeps('commits that only a tag names', notLanded, (stage) => {
    const path = stage.unlanded();
    stage.git(['tag', 'v1', 'agent/done']);
    return { survives: [path] };
  }),
  keeps('a squash that the reviewer changed on its way in', { because: 'landing-unknown' }, (stage) => {
    const path = stage.unlanded();
    stage.git(['merge', '-q', '--squash', 'agent/done']);
    stage.put(join(stage.root, 'done.txt'), 'what the reviewer made of it\n');
    stage.git(['add', '.']);
    stage.git(['commit', '-q', '-m', 'squash, changed']);
    return { survives: [path] };
  }),
  keeps('a commit that changes a file’s mode and nothing else', notLanded, (stage) => {
    const path = stage.fresh();
    stage.git(['update-index', '--chmod=+x', 'README.md'], path);
    stage.git(['commit', '-q', '-m', 'executable'], path);
    stage.git(['checkout', '-q', '--', '.'], path);
    return { survives: [path] };
  }),
  keeps('a commit whose message is all it holds', notLanded, (stage) => {
    const path = stage.fresh();
    stage.git(['commit', '-q', '--allow-empty', '-m', 'what was found out in three hours'], path);
    return { survives: [path] };
  }),
  keeps('commits that take each other back', notLanded, (stage) => {
    const path = stage.unlanded();
    stage.git(['revert', '--no-edit', 'HEAD'], path);
    return { survives: [path] };
  }),
  keeps('a commit that a hard reset left behind, which only the reflog holds', notLanded, (stage) => {
    const path = stage.unlanded();
    stage.git(['reset', '-q', '--hard', 'main'], path);
    return { survives: [path] };
  }),
  keeps('an older commit that a reset left behind, before another one landed', notLanded, (stage) => {
    const path = stage.unlanded();
    stage.git(['reset', '-q', '--hard', 'main'], path);
    stage.commit(path, 'second.txt');
    stage.git(['merge', '-q', '--ff-only', 'agent/done']);
    return { survives: [path] };
  }),
  keeps('a commit that a hard reset left behind where no reflog is kept', notLanded, (stage) => {
    stage.config('core.logAllRefUpdates', 'false');
    const path = stage.unlanded();
    stage.git(['reset', '-q', '--hard', 'main'], path);
    return { survives: [path] };
  }),
  keeps('commits made here on a second branch that was deleted since', notLanded, (stage) => {
    const path = stage.fresh();
    stage.git(['checkout', '-q', '-b', 'trial'], path);
    stage.commit(path, 'trial.txt');
    stage.git(['checkout', '-q', 'agent/done'], path);
    stage.git(['branch', '-q', '-D', 'trial'], path);
    return { survives: [path] };
  }),
  keeps('an unborn branch with everything still staged', notLanded, (stage) => {
    const path = stage.fresh();
    stage.git(['checkout', '-q', '--orphan', 'agent/rewrite'], path);
    return { survives: [path] };
  }),
];
