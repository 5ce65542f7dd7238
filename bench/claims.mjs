/** What claims cost a pass: the same repository with one of them, with a thousand, and with a thousand that are new. */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { ms, row, sideBySide, start } from './measure.mjs';
import { addLanded, makeRepo, put, treeOf } from './stage.mjs';

const DAY_MS = 86_400_000;

const hash = (text, length) => createHash('sha256').update(text).digest('hex').slice(0, length);

/** A row for a pass that looks at one claimed, idle worktree among `count` claims. */
export async function claims(stage, { count, rounds }) {
  const root = makeRepo(stage, 'claims');
  stage.git(['config', 'reaper.mode', 'report'], root);
  const [name] = addLanded(stage, root, 1);
  const folder = join(root, '.git', 'reaper', 'claims');
  const [one, many] = [`${folder}-one`, `${folder}-many`];
  for (let index = 0; index < count; index++) {
    const path = index === 0 ? treeOf(root, name) : treeOf(root, `claimed-${index}`);
    mkdirSync(path, { recursive: true });
    for (const place of index === 0 ? [one, many] : [many]) putClaim(place, path, `lane ${index}`);
  }
  const pass = () =>
    start(process.execPath, [stage.program, 'run', '--hook', 'bench', '--from', root], { cwd: '/', env: stage.env });
  const remembered = join(root, '.git', 'reaper', 'claimed.json');
  const move = (from, to) => {
    if (existsSync(from)) renameSync(from, to);
  };
  /** With what an earlier pass over the same claims remembers of them, unless they are new. */
  const withThose = (place, areNew) => ({
    before: () => {
      renameSync(place, folder);
      if (!areNew) move(`${place}.json`, remembered);
    },
    run: pass,
    after: () => {
      renameSync(folder, place);
      if (areNew) rmSync(remembered, { force: true });
      else move(remembered, `${place}.json`);
    },
  });
  const cases = { one: withThose(one), many: withThose(many), fresh: withThose(many, true) };
  const found = await sideBySide(cases, rounds);
  const [cost, first] = [found.many - found.one, found.fresh - found.one];
  const detail = `${ms(cost)} (${ms(found.many)} against ${ms(found.one)}); the first time ${ms(first)}`;
  return [row(`pass, ${count} claims`, 'the same with one', 'adds under 20 ms', detail, cost < 20)];
}

function putClaim(folder, path, owner) {
  const nowMs = Date.now();
  const times = { createdMs: nowMs, heartbeatMs: nowMs, ttlMs: DAY_MS };
  const text = JSON.stringify({ version: 1, path, owner, ...times, process: null }, null, 2);
  put(join(folder, `${hash(path, 32)}.${hash(owner, 16)}.json`), `${text}\n`);
}
