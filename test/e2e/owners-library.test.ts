/** The library as it is published: from the packed tarball, in a process of its own. */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
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

  it('heeds a signal in every call that has not begun to write', () => {
    const { repo } = landedRepo();
    const answer = use(
      repo,
      `const signal = AbortSignal.abort(new Error('enough'));
       const claim = { path: 'x', owner: 'me', signal };
       const calls = { status: () => reaper.status({ signal }), run: () => reaper.run({ signal }), why: () => reaper.why('x', { signal }),
         restore: () => reaper.restore('x', { signal }), landed: () => reaper.landed([], { signal }),
         claim: () => reaper.claim(claim), heartbeat: () => reaper.heartbeat(claim), release: () => reaper.release(claim) };
       for (const [name, call] of Object.entries(calls)) answer[name] = await call().then(() => 'went on', ({ message }) => message);`,
    );
    const calls = ['status', 'run', 'why', 'restore', 'landed', 'claim', 'heartbeat', 'release'];
    expect(answer).toEqual(Object.fromEntries(calls.map((name) => [name, 'enough'])));
    expect(existsSync(join(repo.commonDir, 'reaper/claims'))).toBe(false);
  });

  it('runs now and then without keeping the process alive', () => {
    const { repo } = landedRepo();
    expect(use(repo, `createReaper({ repo, everyMs: 60_000 }).start();`)).toEqual({});
  });

  it('runs now and then for a host that listens to nothing, and for one whose listeners throw', () => {
    const { repo, done } = landedRepo();
    use(
      repo,
      `const { existsSync } = await import('node:fs');
       const { setTimeout: sleep } = await import('node:timers/promises');
       const silent = createReaper({ repo, everyMs: 1 });
       silent.start();
       while (existsSync(${JSON.stringify(done)})) await sleep(20);
       await silent.stop();
       const told = [];
       const broken = createReaper({ repo, everyMs: 1, onPass: () => { throw new Error('host'); },
         onError: (error) => { told.push(error.message); throw error; } });
       broken.start();
       while (told.length < 2) await sleep(20);
       await broken.stop();
       answer.told = told[0];`,
    );
    expect(existsSync(done)).toBe(false);
  });

  it('serves two repositories side by side, and refuses a second pass on one of them', () => {
    const [one, other] = [landedRepo(), landedRepo()];
    const answer = use(
      one.repo,
      `const both = [reaper, createReaper({ repo: ${JSON.stringify(other.repo.root)} })];
       const documents = await Promise.all(both.map((each) => each.run({ budgetMs: 60_000 })));
       answer.outcomes = documents.map(({ candidates }) => candidates.map(({ path, outcome }) => [path, outcome]));
       const twice = await Promise.allSettled([reaper.run(), reaper.run()]);
       answer.twice = twice.map(({ status, reason }) => reason?.code ?? status).sort();
       const path = ${JSON.stringify(one.repo.root)};
       const claims = await Promise.all([...Array(20)].map(() => reaper.claim({ path, owner: 'me' })));
       answer.claims = new Set(claims.map(({ createdMs }) => createdMs)).size > 0;`,
    );
    expect(answer).toEqual({
      outcomes: [[[one.done, 'reclaimed']], [[other.done, 'reclaimed']]],
      twice: ['busy', 'fulfilled'],
      claims: true,
    });
  });

  it('fails with a code, and as a rejection: nothing throws at once, nothing is left unhandled', () => {
    const { repo } = landedRepo();
    repo.write('.reaperrc', 'mode: perhaps');
    const nowhere = JSON.stringify(sandbox());
    const answer = use(
      repo,
      `const code = (error) => (error instanceof ReaperError ? error.code : String(error));
       const other = createReaper({ repo: ${nowhere} });
       const gone = createReaper({ repo: '/nowhere/at/all' });
       answer.codes = await Promise.all([reaper.run(), reaper.status(), reaper.restore('x'), other.status(), gone.landed(),
         reaper.claim({ path: 'x', owner: 'me', ttlMs: 1 }), reaper.claim({ path: 'x', owner: 'me', pid: 0 })].map((call) => call.catch(code)));
       answer.claimed = (await reaper.claim({ path: 'x', owner: 'me' })).path.startsWith(repo);`,
    );
    const codes = ['config', 'config', 'config', 'no-repository', 'no-repository', 'claim', 'claim'];
    expect(answer).toEqual({ codes, claimed: true });
  });

  it('restores to a place that is named from the repository', () => {
    const { repo, done } = landedRepo();
    const answer = use(
      repo,
      `await reaper.run();
       answer.path = (await reaper.restore('agent/done', { to: '../elsewhere', detach: true })).path;
       answer.again = (await reaper.restore('agent/done')).problem;`,
    );
    expect(answer).toEqual({ path: join(repo.root, '../elsewhere'), again: 'no-entry' });
    expect(existsSync(done)).toBe(false);
  });
});

describe.each(['node16', 'bundler'])("the package's types, resolved as %s does", (resolution) => {
  it('describe what the library answers, in a strict consumer', () => {
    const folder = join(consumer, resolution);
    mkdirSync(folder);
    const [module, root] = [resolution === 'bundler' ? 'esnext' : resolution, join(PROJECT, 'node_modules/@types')];
    const strict = { strict: true, exactOptionalPropertyTypes: true, noUncheckedIndexedAccess: true };
    const how = { module, moduleResolution: resolution, target: 'es2022', types: ['node'], typeRoots: [root] };
    const compilerOptions = { ...strict, ...how, skipLibCheck: false, noEmit: true };
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['host.ts'] }));
    writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
    writeFileSync(join(folder, 'host.ts'), HOST);
    const tsc = join(PROJECT, 'node_modules/.bin/tsc');
    const ran = spawnSync(tsc, ['-p', folder], { cwd: folder, encoding: 'utf8' });
    expect(ran.stdout).toBe('');
    expect(ran.status).toBe(0);
  });
});

/** A host, as its author would write it. */
const HOST = `
import { type ClaimProvider, createReaper, REASON_CODES, type Reaper, ReaperError, type StatusDocument } from 'reaper-hook';

const claims: ClaimProvider = { name: 'rows', covers: ['sess-*'], claims: async (signal) => {
  signal.throwIfAborted();
  return [{ path: '/x', owner: 'a', alive: true }, { path: '/y', owner: 'b' }];
} };
const reaper: Reaper = createReaper({ repo: '.', claims: [claims], everyMs: 60_000,
  onPass: ({ pass, freedBytes }) => console.log(pass.complete, freedBytes), onError: console.error });
reaper.start();
const signal = AbortSignal.timeout(5_000);
try {
  const status: StatusDocument = await reaper.status({ signal, onProgress: ({ examined, total }) => console.log(examined / total) });
  for (const { owner, verdict, reasons } of status.candidates) {
    if (verdict === 'attention') console.log(owner?.label ?? 'nobody', owner?.since, reasons.map(({ code }) => REASON_CODES.indexOf(code)));
    // @ts-expect-error a verdict is one of four words
    if (verdict === 'perhaps') console.log();
  }
  const why = await reaper.why('agent/x');
  if (why?.verdict.verdict === 'wait') console.log(new Date(why.verdict.untilMs));
  const restored = await reaper.restore('agent/x', { to: 'here', detach: true });
  console.log(restored.ok ? restored.path : restored.problem);
  const [row] = await reaper.landed(['agent/x'], { base: ['develop'] });
  console.log(row?.landed, row?.evidence?.commit);
  const claim = await reaper.claim({ path: 'here', owner: 'me', pid: process.pid });
  console.log(claim.process?.startTicks, (await reaper.heartbeat({ path: 'here', owner: 'me' }))?.heartbeatMs);
  // @ts-expect-error a claim needs an owner
  await reaper.release({ path: 'here' });
} catch (error) {
  if (error instanceof ReaperError && error.code === 'busy') console.log('later');
  // @ts-expect-error not a code
  if (error instanceof ReaperError && error.code === 'bus') console.log();
}
await reaper.stop();
`;
