/** A. Looks finished, is not: bases that are not what they seem, and what did land. */
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { family, type Hazard } from '../hazard.ts';
import { onePass } from '../ours.ts';

const { keeps, reclaims } = family('A');
const notLanded = { because: 'not-landed' } as const;
const unsure = { because: 'landing-unknown' } as const;

/** Bases that are not what they seem. */
export const WRONG_BASE: readonly Hazard[] = [
  keeps('a branch that landed upstream, seen from a base that was not fetched since', notLanded, (stage) => {
    const origin = stage.origin();
    const path = stage.unlanded();
    stage.git(['push', '-q', origin, 'agent/done:main'], path);
    return { survives: [path] };
  }),
  keeps('a branch whose landing was rewound, after a pass had seen it landed', notLanded, async (stage) => {
    const path = stage.squashed();
    stage.git(['worktree', 'lock', '--reason', 'not yet', path]);
    await onePass(stage);
    stage.git(['worktree', 'unlock', path]);
    stage.git(['reset', '-q', '--hard', 'HEAD~1']);
    return { survives: [path] };
  }),
  keeps('a branch measured against a repository without any base', unsure, (stage) => {
    const path = stage.landed();
    stage.git(['checkout', '-q', '--detach']);
    stage.git(['branch', '-q', '-m', 'main', 'agent/renamed']);
    return { survives: [path] };
  }),
  keeps('a branch of an unrelated history', unsure, (stage) => {
    const path = stage.fresh();
    stage.git(['checkout', '-q', '--orphan', 'agent/rewrite'], path);
    stage.git(['commit', '-q', '-m', 'a new beginning'], path);
    return { survives: [path] };
  }),
  keeps('a branch whose history is cut off in a shallow clone', unsure, (stage) => {
    stage.commit(stage.root, 'second.txt');
    const path = stage.unlanded();
    const base = stage.commit(stage.root, 'third.txt');
    writeFileSync(join(stage.commonDir, 'shallow'), `${base}\n`);
    return { survives: [path] };
  }),
  keeps('a branch with an object missing, as in a partial clone', unsure, (stage) => {
    const path = stage.unlanded();
    stage.commit(stage.root, 'meanwhile.txt');
    const tree = stage.git(['rev-parse', 'agent/done^{tree}']);
    rmSync(join(stage.commonDir, 'objects', tree.slice(0, 2), tree.slice(2)));
    return { survives: [path] };
  }),
  keeps(
    'a branch that is zero commits ahead of the HEAD somebody stands on',
    { ...notLanded, incident: 'claude-code #35862' },
    (stage) => {
      const path = stage.unlanded();
      stage.git(['checkout', '-q', '-b', 'integration', 'agent/done']);
      return { survives: [path] };
    },
  ),
  keeps('a branch that is its own default branch on the remote', notLanded, (stage) => {
    stage.origin();
    const path = stage.unlanded();
    stage.git(['push', '-q', 'origin', 'agent/done'], path);
    stage.git(['remote', 'set-head', 'origin', 'agent/done']);
    return { survives: [path] };
  }),
  keeps('a branch whose remote copy is covered by the configured bases', notLanded, (stage) => {
    stage.origin();
    const path = stage.unlanded();
    stage.git(['push', '-q', 'origin', 'agent/done'], path);
    stage.config('reaper.base', 'origin/*');
    return { survives: [path] };
  }),
  keeps('a branch that init.defaultBranch names', notLanded, (stage) => {
    const path = stage.unlanded();
    stage.userConfig('init.defaultBranch', 'agent/done');
    return { survives: [path] };
  }),
  keeps('a branch that main is only another name for', unsure, (stage) => {
    const path = stage.unlanded();
    stage.git(['checkout', '-q', '--detach']);
    stage.git(['symbolic-ref', 'refs/heads/main', 'refs/heads/agent/done']);
    return { survives: [path] };
  }),
  keeps('a branch that a replace ref shows as merged', notLanded, (stage) => {
    const path = stage.unlanded();
    const forged = stage.git(['commit-tree', 'main^{tree}', '-p', 'main', '-p', 'agent/done', '-m', 'forged']);
    stage.git(['replace', 'main', forged]);
    return { survives: [path] };
  }),
  keeps('a branch that a graft shows as merged', notLanded, (stage) => {
    const path = stage.unlanded();
    stage.put(
      join(stage.commonDir, 'info/grafts'),
      `${stage.git(['rev-parse', 'main'])} ${stage.git(['rev-parse', 'agent/done'])}\n`,
    );
    return { survives: [path] };
  }),
  keeps('a branch that an attribute would merge away', notLanded, (stage) => {
    const lines = (first: string, last: string) => `${[first, 2, 3, 4, 5, 6, 7, 8, last].join('\n')}\n`;
    stage.commit(stage.root, 'lines.txt', lines('1', '9'));
    const path = stage.fresh();
    stage.commit(path, 'lines.txt', lines('by the agent', '9'));
    stage.config('merge.ours.driver', 'true');
    stage.put(join(stage.commonDir, 'info/attributes'), '* merge=ours\n');
    stage.commit(stage.root, 'lines.txt', lines('1', 'by somebody else'));
    return { survives: [path] };
  }),
];

/** What did land, or was never used, and has to go. */
export const LANDED: readonly Hazard[] = [
  reclaims('a branch that was fast-forwarded into main', (stage) => ({ goes: [stage.landed()] })),
  reclaims('a branch that was merged with a merge commit', (stage) => {
    const path = stage.unlanded();
    stage.commit(stage.root, 'meanwhile.txt');
    stage.git(['merge', '-q', '--no-edit', 'agent/done']);
    return { goes: [path] };
  }),
  reclaims('a branch that was squashed, and main has moved its file elsewhere since', (stage) => {
    const path = stage.squashed();
    stage.git(['mv', 'done.txt', 'moved.txt']);
    stage.git(['commit', '-q', '-m', 'move']);
    return { goes: [path] };
  }),
  reclaims('a branch that landed, was reverted, and landed again', (stage) => {
    const path = stage.squashed();
    stage.git(['revert', '--no-edit', 'HEAD']);
    stage.git(['revert', '--no-edit', 'HEAD']);
    return { goes: [path] };
  }),
  reclaims('a branch that was merged, and of which main took one of two files back', (stage) => {
    const path = stage.unlanded();
    stage.commit(path, 'second.txt');
    stage.commit(stage.root, 'meanwhile.txt');
    stage.git(['merge', '-q', '--no-edit', 'agent/done']);
    stage.git(['rm', '-q', 'done.txt']);
    stage.git(['commit', '-q', '-m', 'not that one']);
    return { goes: [path] };
  }),
  reclaims('a branch that was squashed, and main has moved on over the same file', (stage) => {
    const path = stage.squashed();
    stage.commit(stage.root, 'done.txt', 'done\nand changed since\n');
    return { goes: [path] };
  }),
  reclaims('a branch of two commits that were replayed one by one', (stage) => {
    const path = stage.unlanded();
    stage.commit(path, 'second.txt');
    stage.commit(stage.root, 'meanwhile.txt');
    stage.git(['cherry-pick', 'main..agent/done']);
    return { goes: [path] };
  }),
  reclaims('a branch that landed in origin/main and not yet in main', (stage) => {
    stage.origin();
    const path = stage.unlanded();
    stage.git(['push', '-q', 'origin', 'agent/done:main'], path);
    return { goes: [path] };
  }),
  reclaims('a squashed branch that was brought up to date, with an empty commit on top', (stage) => {
    const path = stage.squashed();
    stage.git(['merge', '-q', '--no-edit', 'main'], path);
    stage.git(['commit', '-q', '--allow-empty', '-m', 'run the checks again'], path);
    return { goes: [path] };
  }),
  reclaims('a squashed branch that was reset to main, what it left behind being proven', (stage) => {
    const path = stage.squashed();
    stage.git(['reset', '-q', '--hard', 'main'], path);
    return { goes: [path] };
  }),
  reclaims('a landed branch whose first version was amended away', (stage) => {
    const path = stage.unlanded();
    stage.put(join(path, 'done.txt'), 'better\n');
    stage.git(['commit', '-q', '-a', '--amend', '--no-edit'], path);
    stage.git(['merge', '-q', '--ff-only', 'agent/done']);
    return { goes: [path] };
  }),
  reclaims('a worktree that nobody ever used, a month later', (stage) => ({ goes: [stage.fresh()] })),
  reclaims('a detached worktree on the base that nobody ever used', (stage) => ({ goes: [stage.detached()] })),
];
