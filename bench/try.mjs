import * as p from './passes.mjs';
import { openStage } from './stage.mjs';

const stage = openStage();
if (process.env.PROGRAM) stage.program = process.env.PROGRAM;
try {
  const idle = await p.idlePasses(stage, { counts: [10, 100, 1000], rounds: 5 });
  console.log(idle.rows.map((r) => r.what + ' ' + r.measured + ' ' + r.isMet).join('\n'));
  console.log(p.countGit(stage, idle.root, ['run', '--dry-run']));
  console.log(p.memory(stage, idle.root, 1000));
  console.log(await p.warmPass(stage, { count: 200, rounds: 3 }));
  console.log(await p.staging(stage, { entries: 5000, dead: 50, rounds: 3 }));
} finally {
  if (!process.env.KEEP) stage.close();
  else console.log(stage.place);
}
