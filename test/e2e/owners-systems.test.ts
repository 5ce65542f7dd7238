/** Five systems that clean up after themselves with private code, each expressed with configuration or the library. */
import { existsSync, mkdirSync, readdirSync, utimesSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { type CandidateRow, type ClaimProvider, createReaper, type RunDocument } from '../../src/index.ts';
import { elsewhere, end, endAll, STAY, STAY_TOLD, toBeEnded } from '../support/children.ts';
import { eventually } from '../support/eventually.ts';
import { PROGRAM, reaper, reaperJson, shell } from '../support/program.ts';
import { backdate, backdateTree, DAY, HOUR, makeRepo, script, type TestRepo } from '../support/repo.ts';

const { Database } = createRequire(import.meta.url)('node-sqlite3-wasm');

const home = process.env['HOME'];
const configHome = process.env['XDG_CONFIG_HOME'];

afterEach(() => {
  endAll();
  process.env['HOME'] = home;
  if (configHome === undefined) delete process.env['XDG_CONFIG_HOME'];
  else process.env['XDG_CONFIG_HOME'] = configHome;
});

/** The library asks the machine for the home directory. */
function atHome(repo: TestRepo): void {
  process.env['HOME'] = repo.home;
  process.env['XDG_CONFIG_HOME'] = join(repo.home, '.config');
}

const userFile = (repo: TestRepo, document: object): void => {
  const path = join(repo.home, '.config/reaper-hook/config.json');
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, JSON.stringify(document));
};

/** A process id that was given out and is free again. */
const deadPid = (): number => {
  const pid = elsewhere(STAY);
  end(pid);
  return pid;
};

const rowOf = (document: { candidates: readonly CandidateRow[] }, path: string): CandidateRow => {
  const row = document.candidates.find((each) => each.path === path);
  if (row === undefined) throw new Error(`${path} is no candidate`);
  return row;
};

describe('staging directories of a composer', () => {
  it('go when they are old and their process is gone, stay while it lives, and are never spoken of again', () => {
    const repo = makeRepo();
    const at = (name: string) => join(repo.root, name);
    repo.write('.gitignore', '.agent-config/\n.orchestrator-state/\n.reaperrc\n');
    const staging = ['.agent-config/pack-compose.staging-{pid}', '.agent-config/staged*.diff'];
    repo.write('.reaperrc', JSON.stringify({ staging: staging.map((path) => ({ path, age: '24h' })) }));
    expect(reaper(repo, ['allow', '--yes']).code).toBe(0);
    const alive = elsewhere(STAY);
    const gone = deadPid();
    const old = repo.write(`.agent-config/pack-compose.staging-${gone}/out.json`, '{}');
    const used = repo.write(`.agent-config/pack-compose.staging-${alive}/out.json`, '{}');
    const diff = repo.write('.agent-config/staged-1.diff', 'x');
    const young = repo.write('.agent-config/staged-2.diff', 'x');
    // The live process is older than its entry's last write, however long ago that was told to be.
    for (const path of [dirname(old), diff]) backdateTree(path, 3 * DAY);
    const done = reaper(repo, ['run']);
    expect(done.code).toBe(0);
    expect([old, used, diff, young].map((path) => existsSync(path))).toEqual([false, true, false, true]);
    const again = reaper(repo, ['run']);
    expect(again).toMatchObject({ code: 0, stderr: '' });
    expect(again.stdout).not.toContain(String(gone));
    expect(again.stdout).toContain('nothing reclaimed');
    expect(existsSync(at('.agent-config'))).toBe(true);
  });

  it('have session files beside them, whose dead go at once if configured so', () => {
    const repo = makeRepo();
    repo.write('.gitignore', '.orchestrator-state/\n');
    repo.git(['config', 'reaper.stagingAge', '0']);
    const before = reaper(repo, ['run']);
    expect(before).toMatchObject({ code: 0, stderr: '' });
    mkdirSync(join(repo.root, '.orchestrator-state'));
    expect(reaper(repo, ['run'])).toMatchObject({ code: 0, stderr: '' });
    const [gone, alive, recycled] = [deadPid(), elsewhere(STAY), elsewhere(STAY)];
    const file = (name: string | number) => repo.write(`.orchestrator-state/active-session-${name}`, '');
    const [first, second, third] = [file(gone), file(alive), file(recycled)];
    const others = ['0', '-1', '007', 'x', '99999999999'].map(file);
    // Written an hour before the process of that number started.
    utimesSync(third, new Date(Date.now() - HOUR), new Date(Date.now() - HOUR));
    expect(reaper(repo, ['run']).code).toBe(0);
    expect([first, second, third].map((path) => existsSync(path))).toEqual([false, true, false]);
    expect(others.every((path) => existsSync(path))).toBe(true);
  });
});

describe('orphan processes', () => {
  it('are shown by status and doctor with guidance, and never ended', () => {
    const repo = makeRepo();
    userFile(repo, { orphans: [{ match: 'orchestrator/dist/server.js', ancestor: 'test-agent' }] });
    const lost = elsewhere(STAY_TOLD, { args: ['/opt/orchestrator/dist/server.js'] });
    const agent = script(join(dirname(repo.root), 'test-agent'), `#!/bin/sh\n"$@" &\necho "child $!"\nwait\n`);
    const parent = elsewhere(`"$0.sh" >/dev/null 2>&1 & ${STAY}`, { args: [agent] });
    const kept = elsewhere(
      `exec ${agent} ${process.execPath} -e 'console.log("ready"); setInterval(() => 0, 1e6)' -- "$@"`,
      {
        args: ['/opt/orchestrator/dist/server.js'],
      },
    );
    const removed = repo.worktree('agent/removed');
    const stranded = elsewhere(STAY, { cwd: removed });
    repo.git(['worktree', 'remove', removed]);
    const pids = (document: { orphanProcesses: { pid: number }[] }) => document.orphanProcesses.map(({ pid }) => pid);
    const status = reaperJson(repo, ['status']);
    const child = childOf(kept);
    expect(pids(status)).toContain(lost);
    expect(pids(status)).not.toContain(child);
    expect(status.orphanProcesses.find(({ pid }: { pid: number }) => pid === lost).why).toContain('test-agent');
    const shown = [reaper(repo, ['status']).stdout, reaper(repo, ['doctor']).stdout];
    for (const text of shown) expect(text).toContain(`ps -fp ${lost}`);
    for (const pid of [lost, child, stranded, parent]) expect(() => process.kill(pid, 0)).not.toThrow();
  });
});

describe('session worktrees of a host with a database', () => {
  it('follow its rows, wait for rows still to come, and survive a database that fails', async () => {
    const repo = makeRepo();
    atHome(repo);
    repo.git(['config', 'reaper.paths', '.host/sessions/sess-*']);
    repo.git(['config', 'reaper.idle', '1s']);
    repo.git(['config', 'reaper.emptyIdle', '1s']);
    repo.git(['config', 'reaper.ownerGrace', '0']);
    const session = (name: string) => repo.worktree(`host/${name}`, join(repo.root, `.host/sessions/sess-${name}`));
    const [active, ended, unknown, fresh] = ['active', 'ended', 'unknown', 'fresh'].map(session) as [
      string,
      string,
      string,
      string,
    ];
    for (const path of [active, ended, unknown]) backdate(repo, path, 3 * HOUR);
    backdate(repo, fresh, HOUR / 2);
    const database = new Database(join(repo.root, '.host/host.db'));
    database.run('CREATE TABLE sessions (path TEXT, id TEXT, status TEXT)');
    const add = (path: string, id: string, status: string) =>
      database.run('INSERT INTO sessions VALUES (?, ?, ?)', [path, id, status]);
    add(active, 'a1', 'active');
    add(ended, 'e1', 'done');
    let failing: (() => never) | null = null;
    const rows: ClaimProvider = {
      name: 'sessions',
      covers: ['.host/sessions/sess-*'],
      timeoutMs: 200,
      claims: async () => {
        failing?.();
        const found = database.all('SELECT path, id, status FROM sessions') as Record<string, string>[];
        return found.map(({ path = '', id = '', status }) => ({
          path,
          owner: `session ${id}`,
          alive: status === 'active',
        }));
      },
    };
    failing = () => {
      throw new Error('database is locked');
    };
    const kept = await createReaper({ repo: repo.root, claims: [rows] }).run();
    expect(rowOf(kept, ended).reasons[0]).toMatchObject({ code: 'owner-unknown' });
    const never = createReaper({ repo: repo.root, claims: [{ ...rows, claims: () => new Promise(() => undefined) }] });
    expect(rowOf(await never.run(), ended).reasons[0]?.code).toBe('owner-unknown');
    expect([active, ended, unknown, fresh].every((path) => existsSync(path))).toBe(true);

    failing = null;
    const passes: RunDocument[] = [];
    const host = createReaper({ repo: repo.root, claims: [rows], everyMs: 10, onPass: (pass) => passes.push(pass) });
    host.start();
    host.start();
    // Of a busy machine's passes, some hear nothing from the database in time, and keep everything.
    await eventually('what has ended is gone', () => !existsSync(ended) && !existsSync(unknown));
    await eventually('a pass came to its end', () => passes.at(-1)?.pass.complete === true);
    await host.stop();
    const count = passes.length;
    const last = passes.at(-1) as RunDocument;
    expect([active, ended, unknown, fresh].map((path) => existsSync(path))).toEqual([true, false, false, true]);
    expect(rowOf(last, active)).toMatchObject({ owner: { label: 'session a1', liveness: 'alive' } });
    expect(rowOf(last, fresh).reasons[0]).toMatchObject({ code: 'claimed' });
    expect(passes).toHaveLength(count);
    database.close();
  });
});

describe('team directories outside the repository', () => {
  const rules = [
    { files: 'attach-*.json', fresherThan: '5m' },
    { files: 'workers/*.json', pidAlive: '/pid' },
    { files: 'tasks/*.json', jsonEquals: { pointer: '/status', values: ['in_progress'] } },
  ];

  it('go when old and when no declared rule keeps them; the repository cannot ask for it', () => {
    const repo = makeRepo();
    const teams = join(repo.home, '.pi/agent/teams');
    const team = (name: string, files: Record<string, object>) => {
      const path = join(teams, name);
      mkdirSync(path, { recursive: true });
      for (const [file, content] of Object.entries(files)) {
        mkdirSync(dirname(join(path, file)), { recursive: true });
        writeFileSync(join(path, file), JSON.stringify(content));
      }
      backdateTree(path, 3 * DAY);
      return path;
    };
    const alive = elsewhere(STAY);
    const over = team('over', {
      'workers/1.json': { pid: deadPid() },
      'tasks/1.json': { status: 'done' },
      'attach-1.json': {},
    });
    const working = team('working', { 'workers/1.json': { pid: alive } });
    utimesSync(join(working, 'workers/1.json'), new Date(), new Date());
    const busy = team('busy', { 'tasks/1.json': { status: 'in_progress' } });
    const broken = team('broken', { 'tasks/1.json': {} });
    writeFileSync(join(broken, 'tasks/1.json'), '{');
    backdateTree(broken, 3 * DAY);
    const current = team('current', {});
    const young = team('young', {});
    utimesSync(young, new Date(), new Date());
    const all = [over, working, busy, broken, current, young];

    repo.write('.reaperrc', JSON.stringify({ directories: [{ path: '~/.pi/agent/teams/*' }] }));
    const refused = reaper(repo, ['run']);
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain('directories');
    repo.write('.reaperrc', '');
    expect(reaper(repo, ['run']).code).toBe(0);
    expect(all.every((path) => existsSync(path))).toBe(true);

    userFile(repo, { directories: [{ path: '~/.pi/agent/teams/*', age: '24h', keepIf: rules }] });
    const dry = reaper(repo, ['--repo', repo.root, 'run', '--dry-run'], current);
    expect(dry.stdout).toContain('1 candidate of 6 would be reclaimed');
    const done = reaperJson(repo, ['--repo', repo.root, 'run'], current);
    expect(all.filter((path) => !existsSync(path))).toEqual([over]);
    expect(rowOf(done, current).reasons[0]).toMatchObject({ code: 'current' });
    expect(rowOf(done, busy).reasons[0]).toMatchObject({ code: 'rule' });
    expect(rowOf(done, broken).reasons[0]).toMatchObject({ code: 'unknown' });
    expect(readdirSync(teams)).toHaveLength(5);
    expect(reaper(repo, ['restore', over]).code).toBe(0);
    expect(existsSync(join(over, 'tasks/1.json'))).toBe(true);
  });

  it('and worktrees are given back at the end of a session, if nobody else claims them and nothing would be lost', () => {
    const repo = makeRepo();
    const mine = repo.worktree('agent/mine');
    const dirty = repo.worktree('agent/dirty');
    const shared = repo.worktree('agent/shared');
    repo.write('notes.txt', 'x', dirty);
    const program = `"${process.execPath}" "${PROGRAM}"`;
    for (const path of [mine, dirty, shared])
      expect(
        shell(repo, `${program} claim --owner me --pid $$ && ${program} release --owner me --reap`, path).code,
      ).toBe(0);
    expect(existsSync(mine)).toBe(false);
    expect(existsSync(dirty)).toBe(true);
    expect(existsSync(shared)).toBe(false);
    const claimed = repo.worktree('agent/claimed');
    expect(reaper(repo, ['claim', '--owner', 'somebody', '--worktree', claimed]).code).toBe(0);
    const kept = shell(repo, `${program} release --owner me --reap --json`, claimed);
    expect(JSON.parse(kept.stdout)).toMatchObject({ outcome: null, reasons: [{ code: 'claimed' }] });
    const used = repo.worktree('agent/used');
    elsewhere(STAY, { cwd: used });
    expect(shell(repo, `${program} release --reap --json`, used).stdout).toContain('occupied');
    expect(existsSync(claimed) && existsSync(used)).toBe(true);
  });
});

describe('disk and claims', () => {
  it('are reconciled both ways', () => {
    const repo = makeRepo();
    repo.git(['config', 'reaper.idle', '1s']);
    const outer = repo.worktree('agent/outer');
    const alive = elsewhere(STAY);
    const claim = (path: string, owner: string, pid: number) =>
      expect(reaper(repo, ['claim', '--worktree', path, '--owner', owner, '--pid', String(pid)], outer).code).toBe(0);
    // Claimed from another linked worktree, it is claimed for the whole repository.
    const nested = repo.worktree('agent/nested', join(outer, 'deep/nested'));
    claim(nested, 'lane', alive);
    const doomed = elsewhere(STAY);
    const landed = repo.worktree('agent/landed');
    repo.commit('a.txt', 'a\n', landed);
    repo.git(['merge', '-q', '--no-ff', '--no-edit', 'agent/landed']);
    claim(landed, 'mortal', doomed);
    const unlanded = repo.worktree('agent/unlanded');
    repo.commit('b.txt', 'b\n', unlanded);
    claim(unlanded, 'mortal', doomed);
    const [goneAlive, goneDead] = ['agent/x', 'agent/y'].map((branch) => repo.worktree(branch)) as [string, string];
    claim(goneAlive, 'living', alive);
    claim(goneDead, 'mortal', doomed);
    for (const path of [goneAlive, goneDead]) repo.git(['worktree', 'remove', path]);
    for (const path of [outer, nested, landed, unlanded]) backdate(repo, path, 3 * DAY);
    end(doomed);

    repo.git(['config', 'reaper.mode', 'report']);
    expect(reaperJson(repo, ['run']).missingClaims).toHaveLength(2);
    expect(readdirSync(join(repo.commonDir, 'reaper/claims'))).toHaveLength(5);
    repo.git(['config', '--unset', 'reaper.mode']);

    const first = reaperJson(repo, ['run']);
    expect(rowOf(first, nested)).toMatchObject({ verdict: 'keep', reasons: [{ code: 'claimed' }] });
    expect(rowOf(first, landed)).toMatchObject({ verdict: 'wait', reasons: [{ code: 'owner-grace' }] });
    const missing = Object.fromEntries(
      first.missingClaims.map((row: { path: string; liveness: string; released: boolean }) => [row.path, row]),
    );
    expect(missing[goneAlive]).toMatchObject({ liveness: 'alive', released: false });
    expect(missing[goneDead]).toMatchObject({ liveness: 'dead', released: true });
    expect(reaperJson(repo, ['status']).missingClaims).toHaveLength(1);

    repo.git(['config', 'reaper.ownerGrace', '0']);
    const second = reaperJson(repo, ['run']);
    expect(existsSync(landed)).toBe(false);
    expect(rowOf(second, unlanded)).toMatchObject({ verdict: 'attention', owner: { liveness: 'dead' } });
    expect(existsSync(unlanded)).toBe(true);
    expect(reaper(repo, ['why', 'agent/unlanded']).stdout).toMatch(
      /owner: mortal \(pid \d+\), by a claim, made .*\n {2}gone: (?:no such process|it has exited)/,
    );
  });
});

function childOf(pid: number): number {
  const found = shell(makeRepo(), `ps -o pid= --ppid ${pid}`).stdout.trim().split('\n').map(Number);
  return toBeEnded(found[0] ?? 0);
}
