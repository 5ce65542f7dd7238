import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, realpathSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { buildSync } from 'esbuild';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { processes } from '../../src/io/processes.ts';
import { ownerNow } from '../../src/observe/owner.ts';
import {
  ancestors,
  occupants,
  orphanProcesses,
  type ProcessTable,
  scanProcesses,
} from '../../src/observe/processes.ts';
import {
  canBecomeNobody,
  canUnshare,
  elsewhere,
  end,
  endAll,
  STAY,
  STAY_TOLD,
  toBeEnded,
  waitFor,
} from '../support/children.ts';
import { sandbox } from '../support/repo.ts';

let tree: string;

beforeEach(() => {
  tree = join(realpathSync(sandbox()), 'agent-fix');
  mkdirSync(tree);
});

afterEach(endAll);

async function scan(): Promise<ProcessTable> {
  const table = await scanProcesses({ self: process.pid });
  if (!table.known) throw new Error(table.why);
  return table.value;
}

const target = () => ({ path: tree, dev: statSync(tree).dev, ino: statSync(tree).ino });

describe('a scan', () => {
  it('counts what a host of the library started, for that may be the agents whose worktrees these are', async () => {
    const child = spawn('sleep', ['600'], { cwd: tree, stdio: 'ignore' });
    try {
      expect(await occupants(await scan(), target())).toMatchObject({ value: [{ pid: child.pid, how: 'cwd' }] });
    } finally {
      child.kill('SIGKILL');
    }
  });

  it('leaves out the git that this program itself started', async () => {
    const options = ['--no-optional-locks', '--no-replace-objects', '--literal-pathspecs'];
    const child = spawn('sh', ['-c', 'while :; do sleep 1; done', 'git', ...options], {
      cwd: tree,
      stdio: 'ignore',
      detached: true,
    });
    const { pid } = child;
    if (pid === undefined) throw new Error('sh did not start');
    try {
      expect(await occupants(await scan(), target())).toEqual({ known: true, value: [] });
    } finally {
      process.kill(-pid, 'SIGKILL');
    }
  });

  it('counts a process that runs with an activated virtual environment of the tree', async () => {
    const child = spawn('sleep', ['600'], { cwd: '/', stdio: 'ignore', env: { VIRTUAL_ENV: join(tree, '.venv') } });
    try {
      expect(await occupants(await scan(), target())).toMatchObject({ value: [{ pid: child.pid, how: 'open-file' }] });
    } finally {
      child.kill('SIGKILL');
    }
  });

  it('counts the shell that this program was started from', async () => {
    const bundle = bundled(`
      import { occupants, scanProcesses } from './src/observe/processes.ts';
      const table = await scanProcesses({ self: process.pid });
      console.log(JSON.stringify(await occupants(table.value, ${JSON.stringify(target())})));`);
    const run = spawnSync(
      'sh',
      ['-c', `cd "$1"; (cd / && exec "$2" --input-type=module -); :`, 'sh', tree, process.execPath],
      {
        input: bundle,
        encoding: 'utf8',
      },
    );
    expect(JSON.parse(run.stdout)).toMatchObject({ known: true, value: [{ command: 'sh', how: 'cwd' }] });
  });

  it('does not take the arguments of what launched this program for another use, when they ask for the same', async () => {
    const bundle = join(sandbox(), 'look.mjs');
    bundled(
      `import { occupants, scanProcesses } from './src/observe/processes.ts';
      const table = await scanProcesses({ self: process.pid });
      console.log(JSON.stringify(await occupants(table.value, ${JSON.stringify(target())})));`,
      bundle,
    );
    const launch = (args: string) =>
      JSON.parse(
        spawnSync('sh', ['-c', `"${process.execPath}" "${bundle}" ${args}; : ${tree}`], { encoding: 'utf8' }).stdout,
      );
    expect(launch(`why ${tree}`)).toEqual({ known: true, value: [] });
    expect(launch('run')).toMatchObject({ known: true, value: [{ how: 'argument' }] });
  });

  it('names the parents of a process, nearest first', async () => {
    expect(ancestors(process.pid, await scan())).toEqual(expect.arrayContaining([process.ppid, 1]));
    expect(ancestors(process.pid, await scan(), 1)).toEqual([process.ppid]);
  });

  it('remembers what it saw, so that one pass sees one state', async () => {
    const pid = elsewhere(STAY, { cwd: tree });
    const table = await scan();
    expect(await occupants(table, target())).toMatchObject({ value: [{ pid }] });
    end(pid);
    expect(await occupants(table, target())).toMatchObject({ value: [{ pid }] });
    expect(await occupants(await scan(), target())).toMatchObject({ value: [] });
  });

  it('is unknown when /proc shows other processes than ours', async () => {
    const table = await scanProcesses({ self: 4_000_000 });
    expect(table).toMatchObject({ known: false, why: expect.stringContaining('another PID namespace') });
  });

  it('reports a process whose working directory was deleted, and leaves it alone', async () => {
    const pid = elsewhere(STAY, { cwd: tree });
    rmSync(tree, { recursive: true });
    const found = orphanProcesses(await scan(), [join(tree, '..')]);
    expect(found).toEqual([{ pid, command: 'sleep', why: `its working directory was deleted: ${tree}` }]);
    expect(orphanProcesses(await scan(), [`${tree}-2`])).toEqual([]);
    expect(processes.signal0(pid)).toBe('alive');
  });

  it.skipIf(!canBecomeNobody)('counts what another user hides, and still reads its arguments (needs root)', () => {
    const hidden = elsewhere(STAY, { cwd: tree });
    const told = elsewhere(STAY_TOLD, { args: [tree] });
    const answer = asNobody(`
      import { occupants, scanProcesses, unreadable } from './src/observe/processes.ts';
      const table = await scanProcesses({ self: process.pid });
      const disk = { realpath: async (path) => ({ ok: true, value: path }), stat: async () => ({ ok: false, code: 'EACCES' }) };
      const found = await occupants({ ...table.value, disk }, ${JSON.stringify(target())});
      console.log(JSON.stringify({ found, unreadable: unreadable(table.value) }));`);
    expect(answer.found).toMatchObject({ known: true, value: [{ pid: told, how: 'argument' }] });
    expect(answer.unreadable).toBeGreaterThan(1);
    expect(processes.signal0(hidden)).toBe('alive');
  });
});

describe.skipIf(!canBecomeNobody || !canUnshare)("another user's container (needs root and unshare -m)", () => {
  it('that has the directory mounted is noticed, though it may not be looked into', () => {
    const wrap = ['env', `FROM=${tree}`, 'unshare', '-m'];
    const pid = elsewhere(`mount --bind "$FROM" /mnt; ${STAY}`, { wrap });
    const answer = asNobody(`
      import { occupants, scanProcesses } from './src/observe/processes.ts';
      const table = await scanProcesses({ self: process.pid });
      const disk = { realpath: async (path) => ({ ok: true, value: path }), stat: async () => ({ ok: false, code: 'EACCES' }) };
      const found = await occupants({ ...table.value, disk }, ${JSON.stringify(target())});
      console.log(JSON.stringify(found));`);
    expect(answer).toEqual({ known: true, value: [{ pid, command: 'sleep', how: 'mount' }] });
  });
});

describe('an owner', () => {
  const named = (pid: number, recordedMs: number | null = null) => ({ pid, startedMs: null, host: null, recordedMs });

  it('that runs is alive, and dead once it has ended', () => {
    const pid = elsewhere(STAY);
    expect(ownerNow({ processes }, named(pid, Date.now()))).toMatchObject({ liveness: 'alive' });
    end(pid);
    expect(ownerNow({ processes }, named(pid, Date.now()))).toMatchObject({ liveness: 'dead' });
  });

  it('that was there once, and was collected, is dead', () => {
    const { pid } = spawnSync('true');
    expect(ownerNow({ processes }, named(pid, Date.now()))).toEqual({ liveness: 'dead', why: 'no such process' });
  });

  it('whose number was given to a process that started after the record is dead', () => {
    const pid = elsewhere(STAY);
    expect(ownerNow({ processes }, named(pid, Date.now() - 3_600_000))).toMatchObject({ liveness: 'dead' });
  });

  it('that is a zombie is dead', () => {
    const parent = elsewhere('sleep 600 & echo "ready $!"; exec sleep 600');
    const child = toBeEnded(Number(readFileSync(`/proc/${parent}/task/${parent}/children`, 'utf8').trim()));
    expect(ownerNow({ processes }, named(child))).toMatchObject({ liveness: 'alive' });
    process.kill(child, 'SIGKILL');
    waitFor(
      () => / Z /.test(readFileSync(`/proc/${child}/stat`, 'utf8')),
      () => 'a zombie',
    );
    expect(processes.signal0(child)).toBe('alive');
    expect(ownerNow({ processes }, named(child))).toEqual({ liveness: 'dead', why: 'it has exited' });
  });

  it('that was recorded with its own start, as ps prints it, is alive', () => {
    const pid = elsewhere(STAY);
    const lstart = spawnSync('ps', ['-o', 'lstart=', '-p', String(pid)], {
      encoding: 'utf8',
      env: { LC_ALL: 'C', PATH: process.env.PATH },
    });
    const startedMs = Date.parse(lstart.stdout.trim());
    expect(ownerNow({ processes }, { ...named(pid), startedMs })).toMatchObject({ liveness: 'alive' });
    const earlier = startedMs - 7 * 60_000;
    expect(ownerNow({ processes }, { ...named(pid), startedMs: earlier })).toMatchObject({ liveness: 'dead' });
  });

  it.skipIf(!canBecomeNobody)('of another user is alive: EPERM is not a death (needs root)', () => {
    const pid = elsewhere(STAY);
    const answer = asNobody(`
      import { processes } from './src/io/processes.ts';
      import { ownerNow } from './src/observe/owner.ts';
      let code = null;
      try { process.kill(${pid}, 0) } catch (error) { code = error.code }
      console.log(JSON.stringify({ code, owner: ownerNow({ processes }, ${JSON.stringify(named(pid))}) }));`);
    expect(answer).toMatchObject({ code: 'EPERM', owner: { liveness: 'alive' } });
  });
});

/** One file of JavaScript, for a node that another user or shell starts. */
function bundled(contents: string, outfile?: string): string {
  const built = buildSync({
    stdin: { contents, resolveDir: process.cwd(), loader: 'ts' },
    bundle: true,
    platform: 'node',
    format: 'esm',
    write: outfile !== undefined,
    ...(outfile === undefined ? {} : { outfile }),
  });
  return built.outputFiles?.[0]?.text ?? '';
}

function asNobody(contents: string) {
  const run = spawnSync(
    'setpriv',
    ['--reuid=65534', '--regid=65534', '--clear-groups', process.execPath, '--input-type=module', '-'],
    {
      input: bundled(contents),
      cwd: '/',
      encoding: 'utf8',
    },
  );
  if (run.status !== 0) throw new Error(run.stderr);
  return JSON.parse(run.stdout);
}
