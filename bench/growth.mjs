/** How the work grows: with the files of a worktree, and with the commits of the base since a branch left it. */
import { execFileSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { sideBySide, start } from './measure.mjs';
import { addLanded, installed, makeRepo, treeOf } from './stage.mjs';

/** A pass that vets one landed, clean worktree with every check, against `git status` in it. */
export async function byFiles(stage, { counts, rounds }) {
  const points = [];
  for (const files of counts) {
    const root = makeRepo(stage, `files-${files}`, { files });
    stage.git(['config', 'reaper.mode', 'report'], root);
    const [name] = addLanded(stage, root, 1);
    const { pass, forget } = await installed(stage, root);
    const status = () => start('git', ['status', '--porcelain'], { cwd: treeOf(root, name), env: stage.env });
    const found = await sideBySide({ pass: { before: forget, run: pass }, status: { run: status } }, rounds);
    points.push({ x: files, ours: found.pass, theirs: found.status });
  }
  return points;
}

/** Commits of the base after the branch's squash, which is its twentieth. */
const SQUASH_AT = 20;

/** `landed` for one squashed branch with nothing remembered, against `git cherry`. */
export async function byCommits(stage, { counts, rounds }) {
  const points = [];
  for (const commits of counts) {
    const root = makeRepo(stage, `base-${commits}`);
    execFileSync('git', ['fast-import', '--quiet'], { cwd: root, env: stage.env, input: history(commits) });
    const run = (file, args) => start(file, args, { cwd: root, env: stage.env });
    const found = await sideBySide(
      {
        landed: {
          before: () => rmSync(join(root, '.git', 'reaper', 'state.json'), { force: true }),
          run: () => run(process.execPath, [stage.program, 'landed', 'agent/squashed', '--base', 'line']),
        },
        cherry: { run: () => run('git', ['cherry', 'line', 'agent/squashed']) },
      },
      rounds,
    );
    points.push({ x: commits, ours: found.landed, theirs: found.cherry });
  }
  return points;
}

/** One file a commit; the branch's two commits come into the line as one. */
function history(commits) {
  const stream = [];
  const commit = (ref, from, changes) => {
    stream.push(`commit ${ref}\ncommitter B <b@example.invalid> ${1_700_000_000 + stream.length} +0000\ndata 0\n`);
    if (from !== null) stream.push(`from ${from}\n`);
    for (const [path, text] of changes) stream.push(`M 100644 inline ${path}\ndata ${text.length}\n${text}\n`);
    stream.push('\n');
  };
  const own = [
    ['own-a.txt', 'one\n'],
    ['own-b.txt', 'two\n'],
  ];
  commit('refs/heads/line', null, [['f0.txt', 'first\n']]);
  commit('refs/heads/agent/squashed', 'refs/heads/line', [own[0]]);
  commit('refs/heads/agent/squashed', null, [own[1]]);
  for (let index = 1; index <= commits; index++)
    commit('refs/heads/line', null, index === SQUASH_AT ? own : [[`f${index % 200}.txt`, `${index}\n`]]);
  return stream.join('');
}
