/** The library as it is published: from the packed tarball, in a process of its own. */
import { execFileSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { PROJECT } from '../support/program.ts';
import { backdate, DAY, environment, makeRepo, sandbox, type TestRepo } from '../support/repo.ts';

let consumer: string;

beforeAll(() => {
  const home = sandbox('home-');
  consumer = sandbox('consumer-');
  const npm = (args: string[], cwd: string) =>
    execFileSync('npm', args, { cwd, env: environment(home), encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  const packed = JSON.parse(npm(['pack', '--json', '--ignore-scripts', '--pack-destination', consumer], PROJECT));
  writeFileSync(join(consumer, 'package.json'), '{"name":"consumer","private":true,"type":"module"}\n');
  npm(['install', '--offline', '--no-audit', '--no-fund', join(consumer, packed[0].filename)], consumer);
});

/** Runs a module that has `reaper`, `repo` and `createReaper`; its `answer` is what it printed, and all of it. */
function use(repo: TestRepo, body: string): Record<string, unknown> {
  const text = `import { createReaper, ReaperError } from 'reaper-hook';
    const repo = process.argv[2];
    const reaper = createReaper({ repo });
    const before = process.cwd();
    const answer = {};
    ${body}
    if (process.cwd() !== before) throw new Error('moved');
    console.log(JSON.stringify(answer));`;
  const file = join(consumer, 'use.mjs');
  writeFileSync(file, text);
  const said = execFileSync(process.execPath, [file, repo.root], { cwd: consumer, env: repo.env(), encoding: 'utf8' });
  return JSON.parse(said);
}

function landedRepo(): { repo: TestRepo; done: string } {
  const repo = makeRepo();
  const done = repo.worktree('agent/done');
  repo.commit('a.txt', 'a\n', done);
  repo.git(['merge', '-q', '--no-ff', '--no-edit', 'agent/done']);
  backdate(repo, done, 2 * DAY);
  return { repo, done };
}

describe('the packed library', () => {
  it('answers status, why and landed, runs, and restores', () => {
    const { repo, done } = landedRepo();
    const answer = use(
      repo,
      `answer.verdict = (await reaper.status()).candidates[0].verdict;
       answer.why = (await reaper.why('agent/done')).verdict.ground;
       answer.nobody = await reaper.why('agent/none');
       answer.landed = (await reaper.landed(['agent/done']))[0].landed;
       const seen = [];
       answer.outcome = (await reaper.run({ onProgress: (each) => seen.push(each) })).candidates[0].outcome;
       answer.progress = seen.length > 0;
       answer.restored = (await reaper.restore('agent/done')).ok;`,
    );
    expect(answer).toEqual({
      verdict: 'reclaim',
      why: 'landed',
      nobody: null,
      landed: true,
      outcome: 'reclaimed',
      progress: true,
      restored: true,
    });
    expect(existsSync(done)).toBe(true);
  });

  it('claims, renews and releases, and a claim made before the second look is seen by it', () => {
    const { repo, done } = landedRepo();
    const answer = use(
      repo,
      `const path = ${JSON.stringify(done)};
       await reaper.claim({ path, owner: 'me', ttlMs: 60000 });
       answer.claimed = (await reaper.run()).candidates[0].reasons[0].code;
       answer.renewed = (await reaper.heartbeat({ path, owner: 'me' })).owner;
       answer.nobodys = await reaper.heartbeat({ path, owner: 'you' });
       answer.released = [await reaper.release({ path, owner: 'me' }), await reaper.release({ path, owner: 'me' })];
       try { await reaper.claim({ path, owner: '' }); } catch (error) { answer.refused = error instanceof ReaperError && error.code; }
       let asked = 0;
       const late = createReaper({ repo, claims: [{ name: 'late', graceMs: 0,
         claims: () => (asked++ === 0 ? [] : [{ path, owner: 'late', alive: true }]) }] });
       const [row] = (await late.run()).candidates;
       answer.late = [row.outcome, row.reasons[0].code, asked];`,
    );
    expect(answer).toEqual({
      claimed: 'claimed',
      renewed: 'me',
      nobodys: null,
      released: [true, false],
      refused: 'claim',
      late: ['refused', 'claimed', 2],
    });
    expect(existsSync(done)).toBe(true);
  });

  it('can be ended by a signal: what was not decided is kept', () => {
    const { repo, done } = landedRepo();
    const answer = use(
      repo,
      `const over = AbortSignal.abort(new Error('enough'));
       for (const call of [() => reaper.status({ signal: over }), () => reaper.run({ signal: over }),
         () => reaper.why('agent/done', { signal: over }), () => reaper.landed([], { signal: over })])
         try { await call(); } catch (error) { answer.said = (answer.said ?? '') + error.message + ';'; }
       const controller = new AbortController();
       const report = await reaper.run({ signal: controller.signal, onProgress: () => controller.abort() });
       answer.complete = report.pass.complete;
       answer.code = report.candidates[0].reasons[0].code;`,
    );
    expect(answer).toEqual({ said: 'enough;enough;enough;enough;', complete: false, code: 'out-of-time' });
    expect(existsSync(done)).toBe(true);
  });

  it('runs now and then without keeping the process alive', () => {
    const { repo } = landedRepo();
    expect(use(repo, `createReaper({ repo, everyMs: 60_000 }).start();`)).toEqual({});
  });
});
