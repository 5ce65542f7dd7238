/** A pass whose git never answers. */

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { ms, row, sideBySide } from './measure.mjs';
import { addLanded, makeRepo, put, runHook, treeOf } from './stage.mjs';

/** A row for a budget of 250 ms, with a git that hangs when it is asked for refs or to move one. */
export async function hangingGit(stage, { rounds }) {
  const root = makeRepo(stage, 'hang');
  stage.git(['config', 'reaper.budget', '250ms'], root);
  const names = addLanded(stage, root, 3);
  const real = stage.sh('command -v git', '/').trim();
  const bin = join(stage.place, 'hanging');
  put(
    join(bin, 'git'),
    `#!/bin/sh\ncase "$*" in *" for-each-ref "* | *" update-ref "*) exec sleep 60 ;; esac\nexec '${real}' "$@"\n`,
  );
  stage.sh(`chmod +x '${bin}/git'`, '/');
  const env = { ...stage.env, PATH: `${bin}:${stage.env.PATH}` };
  const found = await sideBySide({ pass: { run: () => runHook(stage, root, stage.program, env) } }, rounds);
  const isWhole = names.every((name) => existsSync(join(treeOf(root, name), '.git')));
  return [
    row(
      'budget 250 ms, a git that hangs',
      '',
      'ends within 400 ms, nothing half-done',
      `${ms(found.pass)}, ${isWhole ? 'nothing moved' : 'something moved'}`,
      found.pass < 400 && isWhole,
    ),
  ];
}
