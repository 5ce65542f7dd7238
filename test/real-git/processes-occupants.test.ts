import { spawnSync } from 'node:child_process';
import { mkdirSync, readlinkSync, realpathSync, renameSync, rmdirSync, statSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Occupant } from '../../src/core/model.ts';
import { occupants, scanProcesses } from '../../src/observe/processes.ts';
import { elsewhere, end, endAll, STAY, STAY_TOLD, waitFor } from '../support/children.ts';
import { sandbox } from '../support/repo.ts';

let place: string;
let tree: string;

beforeEach(() => {
  place = realpathSync(sandbox());
  tree = join(place, 'agent-fix');
  mkdirSync(join(tree, 'sub'), { recursive: true });
  mkdirSync(join(place, 'agent-fix-2'));
  mkdirSync(join(place, 'far/away'), { recursive: true });
});

afterEach(endAll);

async function inside(path = tree, alsoKnownAs: string[] = []): Promise<readonly Occupant[]> {
  const table = await scanProcesses({ self: process.pid });
  if (!table.known) throw new Error(table.why);
  const { dev, ino } = statSync(path);
  const found = await occupants(table.value, { path, alsoKnownAs, dev, ino });
  if (!found.known) throw new Error(found.why);
  return found.value;
}

const canChroot =
  process.getuid?.() === 0 && spawnSync('perl', ['-e', 'chroot("/") or exit 1'], { stdio: 'ignore' }).status === 0;

describe('a directory that nobody is in', () => {
  it('has no occupants, whoever is beside or above it', async () => {
    elsewhere(STAY, { cwd: join(place, 'agent-fix-2') });
    elsewhere(STAY, { cwd: place });
    elsewhere(STAY_TOLD, { cwd: place, args: [`${tree}-2/file`, 'agent-fix-2', place] });
    expect(await inside()).toEqual([]);
  });

  it('has none once its process has ended', async () => {
    const pid = elsewhere(STAY, { cwd: tree });
    expect(await inside()).toMatchObject([{ pid }]);
    end(pid);
    expect(await inside()).toEqual([]);
  });
});

describe('a process is noticed', () => {
  it('by its working directory', async () => {
    const pid = elsewhere(STAY, { cwd: tree });
    expect(await inside()).toEqual([{ pid, command: 'sleep', how: 'cwd' }]);
  });

  it('by its working directory below', async () => {
    const pid = elsewhere(STAY, { cwd: join(tree, 'sub') });
    expect(await inside()).toMatchObject([{ pid, how: 'cwd' }]);
  });

  it('by a working directory below that was deleted', async () => {
    const pid = elsewhere(STAY, { cwd: join(tree, 'sub') });
    rmdirSync(join(tree, 'sub'));
    expect(await inside()).toMatchObject([{ pid, how: 'cwd' }]);
  });

  it('by its working directory after the directory was renamed', async () => {
    const pid = elsewhere(STAY, { cwd: tree });
    const moved = join(place, 'quarantined');
    renameSync(tree, moved);
    expect(await inside(moved, [tree])).toMatchObject([{ pid, how: 'cwd' }]);
  });

  it('by its working directory when it was entered through a symbolic link', async () => {
    const link = join(place, 'link');
    symlinkSync(tree, link);
    const pid = elsewhere(STAY, { cwd: link });
    expect(await inside()).toMatchObject([{ pid, how: 'cwd' }]);
    expect(await inside(link)).toMatchObject([{ pid, how: 'cwd' }]);
  });

  it.skipIf(!canChroot)('by its root directory (needs root and perl)', async () => {
    const script = `exec perl -e '$| = 1; chroot "agent-fix" or die; print "ready\\n"; sleep 600'`;
    const pid = elsewhere(script, { cwd: place });
    expect(await inside()).toMatchObject([{ pid, how: 'root' }]);
  });

  it.each([
    ['file', 'exec 7>log'],
    ['file that was deleted', 'exec 7>log; rm log'],
    ['file below', 'exec 7>sub/log'],
    ['directory', 'exec 7<.'],
  ])('by an open %s', async (_name, open) => {
    const pid = elsewhere(`${open}; cd /; ${STAY}`, { cwd: tree });
    expect(await inside()).toEqual([{ pid, command: 'sleep', how: 'open-file' }]);
  });

  it('by the program that it runs', async () => {
    const program = join(tree, 'sub/tool');
    spawnSync('cp', [spawnSync('sh', ['-c', 'command -v sleep'], { encoding: 'utf8' }).stdout.trim(), program]);
    const pid = elsewhere('PATH=$PWD/sub; cd /; echo ready; exec tool 600', { cwd: tree });
    waitFor(
      () => readlinkSync(`/proc/${pid}/exe`) === program,
      () => 'the program to run',
    );
    expect(await inside()).toEqual([{ pid, command: 'tool', how: 'exe' }]);
  });

  it.each([
    ['that is its path', (path: string) => path],
    ['that lies below', (path: string) => `${path}/sub/file.js`],
    ['with an option before it', (path: string) => `--worktree=${path}`],
    ['in a URL', (path: string) => `file://${path}/x`],
    ['in a line of shell', (path: string) => `cd '${path}' && make`],
    ['from its working directory', () => '../../agent-fix/sub'],
  ])('by an argument %s', async (_name, spell) => {
    const pid = elsewhere(STAY_TOLD, { cwd: join(place, 'far/away'), args: [spell(tree)] });
    expect(await inside()).toMatchObject([{ pid, how: 'argument' }]);
  });

  it('by an argument that leads through a symbolic link', async () => {
    const link = join(place, 'far/away/link');
    symlinkSync(place, link);
    const pid = elsewhere(STAY_TOLD, { args: [join(link, 'agent-fix', 'sub')] });
    expect(await inside()).toMatchObject([{ pid, how: 'argument' }]);
  });

  it('by an argument with the name that the directory had before it was moved', async () => {
    const pid = elsewhere(STAY_TOLD, { args: [tree] });
    const moved = join(place, 'quarantined');
    renameSync(tree, moved);
    expect(await inside(moved, [tree])).toMatchObject([{ pid, how: 'argument' }]);
    expect(await inside(moved)).toEqual([]);
  });

  it('by a socket that it bound inside', async () => {
    const listen = `require('net').createServer().listen(process.env.AT, () => console.log('ready'))`;
    const wrap = ['env', `AT=${join(tree, 's.sock')}`, process.execPath, '-e', listen];
    const pid = elsewhere('', { wrap });
    expect(await inside()).toMatchObject([{ pid, how: 'socket' }]);
  });

  it('in a directory whose name holds spaces, newlines and other alphabets', async () => {
    const odd = join(place, ' a\nb (deleted) ü "x"');
    mkdirSync(odd);
    const standing = elsewhere(STAY, { cwd: odd });
    expect(await inside(odd)).toMatchObject([{ pid: standing, how: 'cwd' }]);
    end(standing);
    const told = elsewhere(STAY_TOLD, { args: [odd] });
    expect(await inside(odd)).toMatchObject([{ pid: told, how: 'argument' }]);
    end(told);
    const open = elsewhere(`exec 7>f; cd /; ${STAY}`, { cwd: odd });
    expect(await inside(odd)).toMatchObject([{ pid: open, how: 'open-file' }]);
  });
});
