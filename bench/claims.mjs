/** What claims cost a pass: the same repository with one of them and with a thousand. */
import { createHash } from 'node:crypto';
import { mkdirSync, renameSync } from 'node:fs';
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
  const withThose = (place) => ({
    before: () => renameSync(place, folder),
    run: pass,
    after: () => renameSync(folder, place),
  });
  const found = await sideBySide({ one: withThose(one), many: withThose(many) }, rounds);
  const detail = `${ms(found.many - found.one)} (${ms(found.many)} against ${ms(found.one)})`;
  return [row(`pass, ${count} claims`, 'the same with one', 'adds under 20 ms', detail, found.many - found.one < 20)];
}

function putClaim(folder, path, owner) {
  const nowMs = Date.now();
  const times = { createdMs: nowMs, heartbeatMs: nowMs, ttlMs: DAY_MS };
  const text = JSON.stringify({ version: 1, path, owner, ...times, process: null }, null, 2);
  put(join(folder, `${hash(path, 32)}.${hash(owner, 16)}.json`), `${text}\n`);
}
