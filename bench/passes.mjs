/** Passes that find nothing old enough, passes that vet what has landed, staging entries, memory. */
import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { ms, row, sideBySide, start, times } from './measure.mjs';
import { addLanded, addYoung, installed, makeRepo, put, setTimes } from './stage.mjs';

const HOUR_MS = 3_600_000;
/** A number that no process has: above the kernel's largest. */
const DEAD_PID = 4_194_400;

/** Rows for passes over worktrees of which none is old enough. */
export async function idlePasses(stage, { counts, rounds }) {
  const rows = [];
  const points = [];
  const root = makeRepo(stage, 'young');
  let present = 0;
  for (const count of counts) {
    addYoung(stage, root, count - present, 'w', present);
    present = count;
    const { pass, forget } = await installed(stage, root);
    const found = await sideBySide(
      {
        node: { run: () => start(process.execPath, ['-e', '0'], { cwd: '/', env: stage.env }) },
        list: { run: () => start('git', ['worktree', 'list', '--porcelain'], { cwd: root, env: stage.env }) },
        pass: { run: pass },
        // Last of a round, so that it leaves the note that the next one rests on.
        anew: { before: forget, run: pass },
      },
      rounds,
    );
    const bound = found.node + 2 * found.list;
    const detail = `${ms(found.pass)}; node ${ms(found.node)}, list ${ms(found.list)}: bound ${ms(bound)}`;
    rows.push(
      row(
        `pass, ${count} worktrees, none old enough`,
        '`git worktree list`',
        "under node's start + 2x",
        detail,
        found.pass < bound,
      ),
      row('the same, looking anew (twice a day, or when something changed)', '', '', ms(found.anew), null),
    );
    points.push({ x: count, ours: found.anew, theirs: found.list });
  }
  const calls = countGit(stage, root, ['run', '--quiet']).length;
  const most = counts.at(-1);
  rows.push(row(`git processes of a pass over ${most}`, '', 'not one a worktree', `${calls}`, calls < most / 10));
  return { rows, points, root };
}

/** How many git processes a pass starts, by a git on PATH that counts. */
function countGit(stage, root, args) {
  const bin = join(stage.place, 'counting');
  const log = join(stage.place, 'git-calls');
  mkdirSync(bin, { recursive: true });
  const real = stage.sh('command -v git', '/').trim();
  put(log, '');
  put(join(bin, 'git'), `#!/bin/sh\necho "$*" >>'${log}'\nexec '${real}' "$@"\n`);
  stage.sh(`chmod +x '${bin}/git'`, '/');
  const env = { ...stage.env, PATH: `${bin}:${stage.env.PATH}` };
  start(process.execPath, [stage.program, ...args, '--repo', root], { cwd: '/', env });
  return stage.sh(`cat '${log}'`, '/').split('\n').filter(Boolean);
}

/** Rows for vetting landed, clean worktrees a second time, where passes only report what may go. */
export async function warmPass(stage, { count, rounds }) {
  const root = makeRepo(stage, 'landed', { files: 200 });
  stage.git(['config', 'reaper.mode', 'report'], root);
  const names = addLanded(stage, root, count);
  const loop = names.map((name) => `git -C '../wt/${name}' status --porcelain`).join('\n');
  put(join(stage.place, 'loop.sh'), loop);
  // What git writes into an index when it is first asked would wake the pass.
  start('sh', [join(stage.place, 'loop.sh')], { cwd: root, env: stage.env });
  const { pass, forget } = await installed(stage, root);
  const found = await sideBySide(
    {
      loop: { run: () => start('sh', [join(stage.place, 'loop.sh')], { cwd: root, env: stage.env }) },
      pass: { run: pass },
      anew: { before: forget, run: pass },
    },
    rounds,
  );
  const against = (took) => `${ms(took)} against ${ms(found.loop)}: ${times(took / found.loop)}`;
  return [
    row(
      `pass, ${count} landed and clean, warm`,
      'a loop of `git status`',
      'under 0.5x',
      against(found.pass),
      found.pass < found.loop / 2,
    ),
    row('the same, every check made anew', 'a loop of `git status`', '', against(found.anew), null),
  ];
}

/** Rows for staging entries. */
export async function staging(stage, { entries, dead, rounds }) {
  const root = makeRepo(stage, 'staging');
  stage.git(['config', 'reaper.mode', 'report'], root);
  for (let index = 0; index < entries; index++) {
    const isDead = index < dead;
    const path = join(root, '.agent-config', isDead ? `pack-compose.staging-${DEAD_PID + index}` : `other-${index}`);
    put(join(path, 'staged.diff'), 'x\n');
    setTimes(path, 48 * HOUR_MS);
  }
  const everything = ['-newermt', '2000-01-01'];
  const { pass, forget } = await installed(stage, root);
  const found = await sideBySide(
    {
      find: { run: () => start('find', [join(root, '.agent-config'), ...everything], { cwd: root, env: stage.env }) },
      pass: { run: pass },
      anew: { before: forget, run: pass },
    },
    rounds,
  );
  const against = (took) => `${ms(took)} against ${ms(found.find)}: ${times(took / found.find)}`;
  return [
    row(
      `staging: ${entries} entries, ${dead} dead`,
      '`find` over them',
      'under 3x',
      against(found.pass),
      found.pass < 3 * found.find,
    ),
    row('the same, every check made anew', '`find` over them', '', against(found.anew), null),
  ];
}

/** A row for the memory of a pass over many worktrees. */
export function memory(stage, root, count) {
  const ran = spawnSync(
    'sh',
    [
      '-c',
      `ulimit -c 0; exec /usr/bin/env time -f %M '${process.execPath}' '${stage.program}' run --dry-run --repo '${root}' >/dev/null`,
    ],
    { env: stage.env, encoding: 'utf8' },
  );
  const kilobytes = Number(/(\d+)\s*$/.exec(ran.stderr)?.[1] ?? Number.NaN);
  if (!Number.isFinite(kilobytes))
    return row(`memory, ${count} worktrees`, '', 'under 120 MB', 'skipped: time(1) is not installed', null);
  const megabytes = kilobytes / 1024;
  return row(`memory, ${count} worktrees`, '', 'under 120 MB', `${Math.round(megabytes)} MB`, megabytes < 120);
}
