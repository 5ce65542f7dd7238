/** Reclaiming against `git worktree remove`: until it is gone, and until the bytes are back. */
import { spawn } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { median, ms, row, start, times } from './measure.mjs';
import { addLanded, fill, leaveAlone, makeRepo, put, treeOf } from './stage.mjs';

/** Rows for one large worktree. */
export async function large(stage, { tracked, ignored, rounds }) {
  const root = makeRepo(stage, 'large', { files: tracked });
  // However busy the machine is, both are to come to their end.
  stage.git(['config', 'reaper.budget', '60s'], root);
  const took = { gone: [], back: [], git: [] };
  for (let round = 0; round < rounds; round++) {
    // Alternately, so that neither always finds the caches warm.
    for (const who of round % 2 === 0 ? ['ours', 'git'] : ['git', 'ours']) {
      const [name] = addLanded(stage, root, 1, `${who}${round}-`);
      addModules(treeOf(root, name), ignored);
      leaveAlone(stage, root, name);
      await settle(stage);
      if (who === 'git') {
        const startMs = performance.now();
        start('git', ['worktree', 'remove', treeOf(root, name)], { cwd: root, env: stage.env });
        took.git.push(performance.now() - startMs);
      } else {
        const { goneMs, backMs } = await reclaim(stage, root, name);
        took.gone.push(goneMs);
        took.back.push(backMs);
      }
    }
  }
  const gone = median(took.gone);
  const back = median(took.back);
  const git = median(took.git);
  const what = `reclaim, ${tracked} tracked + ${ignored} ignored files`;
  return [
    row(
      `${what}: gone`,
      '`git worktree remove`',
      '10x faster',
      `${ms(gone)} against ${ms(git)}: ${times(git / gone)} faster`,
      git / gone >= 10,
    ),
    row(
      `${what}: bytes back`,
      '`git worktree remove`',
      'up to 1.5x its time',
      `${ms(back)} against ${ms(git)}: ${times(back / git)}`,
      back <= 1.5 * git,
    ),
  ];
}

/**
 * It stands for what was left alone for days. That has long been written out: a file that never reached the disk is
 * removed without it. When directories last changed cannot be set back, but waited for.
 */
async function settle(stage) {
  stage.sh('sync', '/');
  await new Promise((resolve) => setTimeout(resolve, 2_200));
}

function addModules(tree, count) {
  put(join(tree, 'node_modules', '.package-lock.json'), '{}\n');
  for (let each = 0; each < count / 500; each++) fill(join(tree, 'node_modules', `package-${each}`), 500);
}

/** Milliseconds from the start of the program until the registration is away, and until the ballast is. */
async function reclaim(stage, root, name) {
  const admin = join(root, '.git', 'worktrees', name);
  const startMs = performance.now();
  const child = spawn(process.execPath, [stage.program, 'run', '--hook', 'bench', '--from', root], {
    cwd: '/',
    env: stage.env,
    stdio: 'ignore',
  });
  const ended = new Promise((resolve) => child.on('exit', resolve));
  let goneMs = null;
  let isOver = false;
  ended.then(() => {
    isOver = true;
  });
  while (!isOver && goneMs === null) {
    if (!existsSync(admin)) goneMs = performance.now() - startMs;
    else await new Promise((resolve) => setTimeout(resolve, 1));
  }
  await ended;
  if (goneMs === null && existsSync(admin))
    throw new Error(`${name} was not reclaimed: ${stage.reaper(['why', `agent/${name}`], root)}`);
  // A pass that ran out of time goes on at the next checkout; here at once.
  for (let again = 0; again < 20 && hasBallast(root); again++)
    start(process.execPath, [stage.program, 'run', '--hook', 'bench', '--from', root], { cwd: '/', env: stage.env });
  return { goneMs: goneMs ?? performance.now() - startMs, backMs: performance.now() - startMs };
}

const hasBallast = (root) => {
  const quarantine = join(root, '.git', 'reaper', 'quarantine');
  return readdirSync(quarantine).some((id) => existsSync(join(quarantine, id, 'ballast')));
};

/** A row for many small worktrees. */
export async function many(stage, { count, rounds }) {
  const took = { ours: [], git: [] };
  for (let round = 0; round < rounds; round++) {
    for (const who of round % 2 === 0 ? ['ours', 'git'] : ['git', 'ours']) {
      const root = makeRepo(stage, `many-${who}${round}`);
      const names = addLanded(stage, root, count);
      put(
        join(stage.place, 'remove.sh'),
        names.map((name) => `git worktree remove '${treeOf(root, name)}'`).join('\n'),
      );
      await settle(stage);
      const startMs = performance.now();
      if (who === 'git') start('sh', [join(stage.place, 'remove.sh')], { cwd: root, env: stage.env });
      else
        start(process.execPath, [stage.program, 'run', '--limit', String(count), '--repo', root], {
          cwd: '/',
          env: stage.env,
        });
      took[who].push(performance.now() - startMs);
      const left = names.filter((name) => existsSync(treeOf(root, name)));
      if (left.length > 0) throw new Error(`${left.length} of ${count} were not reclaimed by ${who}`);
    }
  }
  const [ours, git] = [median(took.ours), median(took.git)];
  return [
    row(
      `reclaim of ${count} small worktrees`,
      'a loop of `git worktree remove`',
      'not slower',
      `${ms(ours)} against ${ms(git)}: ${times(ours / git)}`,
      ours <= git,
    ),
  ];
}
