import { mkdirSync, realpathSync, statSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findProgram } from '../../src/io/program.ts';
import { occupants, orphanProcesses, scanProcesses } from '../../src/observe/processes.ts';
import { elsewhere, endAll, STAY, STAY_TOLD } from '../support/children.ts';
import { sandbox, script } from '../support/repo.ts';

let tree: string;

beforeEach(() => {
  tree = join(realpathSync(sandbox()), 'agent-ü-fix');
  mkdirSync(join(tree, 'sub'), { recursive: true });
});

afterEach(endAll);

const withoutProc = (more: object = {}) => scanProcesses({ self: process.pid, procRoot: '/nowhere', ...more });

async function inside(path = tree) {
  const table = await withoutProc();
  if (!table.known) throw new Error(table.why);
  const { dev, ino } = statSync(path);
  return occupants(table.value, { path, dev, ino });
}

const hasLsof = findProgram('lsof') !== null && findProgram('ps') !== null;

describe.skipIf(!hasLsof)('without /proc a process is noticed (needs lsof and ps)', () => {
  it('by its working directory', async () => {
    const pid = elsewhere(STAY, { cwd: join(tree, 'sub') });
    expect(await inside()).toEqual({ known: true, value: [{ pid, command: 'sleep', how: 'cwd' }] });
  });

  it('when it is asked for by the name of a symbolic link', async () => {
    const link = join(tree, '../link');
    symlinkSync(tree, link);
    const pid = elsewhere(STAY, { cwd: tree });
    expect(await inside(link)).toMatchObject({ value: [{ pid, how: 'cwd' }] });
  });

  it('by an open file', async () => {
    const pid = elsewhere(`exec 7>log; cd /; ${STAY}`, { cwd: tree });
    expect(await inside()).toMatchObject({ value: [{ pid, how: 'open-file' }] });
  });

  it('by an argument', async () => {
    const pid = elsewhere(STAY_TOLD, { args: [`--cwd=${tree}`] });
    expect(await inside()).toMatchObject({ value: [{ pid, how: 'argument' }] });
  });

  it('by a socket that it bound inside', async () => {
    const listen = `require('net').createServer().listen(process.env.AT, () => console.log('ready'))`;
    const pid = elsewhere('', { wrap: ['env', `AT=${join(tree, 's.sock')}`, process.execPath, '-e', listen] });
    expect(await inside()).toMatchObject({ value: [{ pid, how: 'socket' }] });
  });

  it('and nobody else is', async () => {
    elsewhere(STAY, { cwd: join(tree, '..') });
    expect(await inside()).toEqual({ known: true, value: [] });
  });

  it('when its working directory was deleted', async () => {
    const pid = elsewhere('rmdir "$PWD"; echo ready; exec sleep 600', { cwd: join(tree, 'sub') });
    const table = await withoutProc();
    expect(table.known && orphanProcesses(table.value, [tree])).toMatchObject([{ pid }]);
  });
});

describe('without /proc nothing is known', () => {
  const directory = (lsof: string): string => {
    const bin = sandbox('bin-');
    script(join(bin, 'lsof'), `#!/bin/sh\n${lsof}\n`);
    script(join(bin, 'ps'), '#!/bin/sh\nexec /bin/ps "$@"\n');
    return bin;
  };

  it.each([
    ['fails', 'exit 2'],
    ['fails after half an answer', 'printf "p1\\0R0\\0cinit\\0\\n"; exit 1'],
    ['prints nothing', 'exit 0'],
    ['shows others, and not this process', 'printf "p1\\0R0\\0cinit\\0\\nfcwd\\0tDIR\\0n/\\0\\n"'],
    ['is killed', 'kill -9 $$'],
  ])('when lsof %s', async (_name, lsof) => {
    expect(await withoutProc({ programDirectories: directory(lsof) })).toMatchObject({ known: false });
  });

  it('when lsof does not answer in time', async () => {
    const table = await withoutProc({ programDirectories: directory('exec sleep 20'), lsofTimeoutMs: 200 });
    expect(table).toMatchObject({ known: false, why: expect.stringContaining('in time') });
  });
});
