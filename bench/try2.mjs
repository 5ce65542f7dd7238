import * as c from './checkout.mjs';
import * as r from './reclaim.mjs';
import { addLanded, makeRepo, openStage } from './stage.mjs';

const stage = openStage();
if (process.env.PROGRAM) stage.program = process.env.PROGRAM;
if (process.env.EXTRA) stage.env.PATH = `${process.env.EXTRA}:${stage.env.PATH}`;
const show = (x) =>
  console.log(
    [x]
      .flat()
      .map((r) => `${r.what} | ${r.against} | ${r.measured} | ${r.isMet}`)
      .join('\n'),
  );
const want = process.argv[2] ?? 'cdlm';
try {
  if (want.includes('c')) show(await c.checkouts(stage, { rounds: 7, files: 200 }));
  if (want.includes('d')) {
    const root = makeRepo(stage, 'due', { files: 20 });
    show(await c.dueCheckout(stage, { rounds: 9, root }));
  }
  if (want.includes('l')) show(await r.large(stage, { tracked: 2000, ignored: 50000, rounds: 2 }));
  if (want.includes('m')) show(await r.many(stage, { count: 100, rounds: 1 }));
} finally {
  if (!process.env.KEEP) stage.close();
  else console.log(stage.place);
}
