import { lutimesSync, realpathSync, renameSync, symlinkSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { StagingCandidate } from '../../src/core/model.ts';
import { disk } from '../../src/io/disk.ts';
import { createMachine } from '../../src/io/machine.ts';
import type { DirEntry, Io } from '../../src/io/ports.ts';
import { findProgram } from '../../src/io/program.ts';
import {
  findStaging,
  stagingIdle,
  stagingNested,
  stagingOwn,
  stagingOwner,
  stagingTracked,
} from '../../src/observe/staging.ts';
import { listWorktrees } from '../../src/observe/worktrees.ts';
import { canUnshare, elsewhere, end, endAll, inContainer, STAY } from '../support/children.ts';
import { backdateTree, DAY, HOUR, makeRepo, sandbox, type TestRepo } from '../support/repo.ts';

const io: Io = createMachine(findProgram('git') ?? '');

let repo: TestRepo;
let root: string;

beforeEach(() => {
  repo = makeRepo();
  root = realpathSync(repo.root);
});

afterEach(endAll);

/** A number that no process has here, and that a process in a container can have. */
function free(): number {
  const numbers = Array.from({ length: 5_000 }, (_, step) => 20_000 + step);
  const number = numbers.find(
    (each) => io.processes.signal0(each) === 'dead' && io.processes.namesakes?.(each)?.length === 0,
  );
  if (number === undefined) throw new Error('every number is taken');
  return number;
}

/** Makes an entry with a file in it, and the candidate for it. */
async function entry(pid: number | string = 4242, worktree = root): Promise<StagingCandidate> {
  repo.write(`.agent/s-${pid}/file`, 'x', worktree);
  const patterns = [{ path: typeof pid === 'number' ? '.agent/s-{pid}' : `.agent/s-${pid}`, ageMs: DAY }];
  const found = await findStaging({ io, worktrees: [{ path: worktree }], patterns });
  const [candidate] = found.entries;
  if (candidate === undefined) throw new Error(JSON.stringify(found));
  return candidate;
}

describe('whether an entry is the worktree’s own', () => {
  it('is so for a plain directory', async () => {
    expect(await stagingOwn(io, await entry())).toEqual({ known: true, value: 'linked' });
  });

  it('is so where it lies now, after it was moved', async () => {
    const candidate = await entry();
    const at = join(sandbox(), 'tree');
    renameSync(candidate.path, at);
    expect(await stagingOwn(io, candidate, at)).toEqual({ known: true, value: 'linked' });
  });

  it('is not so when a symbolic link lies where it was moved to', async () => {
    const candidate = await entry();
    const at = join(sandbox(), 'tree');
    symlinkSync(candidate.path, at);
    expect(await stagingOwn(io, candidate, at)).toMatchObject({ value: { notOwn: expect.any(String) } });
  });

  it('is not so once a symbolic link stands on the way', async () => {
    const candidate = await entry();
    renameSync(join(root, '.agent'), join(root, 'agent-real'));
    symlinkSync('agent-real', join(root, '.agent'));
    expect(await stagingOwn(io, candidate)).toMatchObject({
      value: { notOwn: expect.stringContaining('symbolic link') },
    });
  });

  it('is not so once it is a symbolic link itself', async () => {
    const candidate = await entry();
    renameSync(candidate.path, join(root, 'elsewhere'));
    symlinkSync(join(root, 'elsewhere'), candidate.path);
    expect(await stagingOwn(io, candidate)).toMatchObject({ value: { notOwn: expect.any(String) } });
  });

  it('is not so inside a submodule or another repository on the way', async () => {
    const candidate = await entry();
    repo.git(['init', '-q', join(root, '.agent')]);
    expect(await stagingOwn(io, candidate)).toMatchObject({ value: { notOwn: expect.stringContaining('repository') } });
  });

  it('is not so for a path that is not inside its worktree', async () => {
    const candidate = await entry();
    const outside = { ...candidate, worktree: join(root, 'other') };
    expect(await stagingOwn(io, outside)).toMatchObject({ value: { notOwn: expect.any(String) } });
    expect(await stagingOwn(io, { ...candidate, worktree: candidate.path })).toMatchObject({
      value: { notOwn: expect.any(String) },
    });
  });

  it('is unknown when it is gone', async () => {
    const candidate = await entry();
    renameSync(candidate.path, join(root, 'gone'));
    expect(await stagingOwn(io, candidate)).toMatchObject({ known: false });
  });
});

describe('whether git tracks an entry', () => {
  const tracked = async (candidate: StagingCandidate) => {
    const worktrees = await listWorktrees(io, realpathSync(repo.commonDir));
    if (!worktrees.known) throw new Error(worktrees.why);
    return stagingTracked(io, candidate, worktrees.value, realpathSync(repo.commonDir));
  };

  it('is no for one that it does not know, and for an ignored one', async () => {
    const candidate = await entry();
    expect(await tracked(candidate)).toEqual({ known: true, value: null });
    repo.commit('.gitignore', '.agent/\n');
    expect(await tracked(candidate)).toEqual({ known: true, value: null });
  });

  it('is yes for a committed file inside, and for one that is only staged', async () => {
    const candidate = await entry();
    repo.git(['add', '-f', '.agent/s-4242/file']);
    expect(await tracked(candidate)).toMatchObject({ value: 'git tracks .agent/s-4242/file' });
    repo.git(['commit', '-q', '-m', 'x']);
    expect(await tracked(candidate)).toMatchObject({ value: expect.any(String) });
  });

  it('is yes for a file that is gone from the disk but not from the index', async () => {
    const candidate = await entry();
    repo.commit('.agent/s-4242/other', 'x');
    renameSync(candidate.path, join(root, 'moved'));
    expect(await tracked(candidate)).toMatchObject({ value: expect.any(String) });
  });

  it('is asked of the worktree that it lies in, and not of another', async () => {
    const tree = realpathSync(repo.worktree('agent/fix'));
    const there = await entry(4242, tree);
    const here = await entry();
    repo.commit('.agent/s-4242/file', 'y', tree);
    expect(await tracked(there)).toMatchObject({ value: expect.any(String) });
    expect(await tracked(here)).toEqual({ known: true, value: null });
  });

  it('is asked of names with wildcards in them literally', async () => {
    repo.commit('.agent/s-1/file', 'x');
    repo.write('.agent/s-[1]/file', 'x');
    const candidate = { ...(await entry()), path: join(root, '.agent/s-[1]') };
    expect(await tracked(candidate)).toEqual({ known: true, value: null });
  });

  it('is unknown when git cannot answer, or the worktree is not registered', async () => {
    const candidate = await entry();
    repo.write('.git/index', 'garbage');
    expect(await tracked(candidate)).toMatchObject({ known: false });
    expect(await tracked({ ...candidate, worktree: '/elsewhere' })).toMatchObject({ known: false });
  });
});

describe('the owner of an entry', () => {
  it('is alive while its process runs and the entry is newer', async () => {
    const pid = elsewhere(STAY);
    expect(await stagingOwner(io, await entry(pid))).toMatchObject({ value: { pid, liveness: 'alive' } });
  });

  it('is dead once its process has ended', async () => {
    const pid = elsewhere(STAY);
    const candidate = await entry(pid);
    end(pid);
    expect(await stagingOwner(io, candidate)).toMatchObject({ value: { liveness: 'dead' } });
  });

  it('is dead when the number was given to a process that started after the entry was last written', async () => {
    const pid = elsewhere(STAY);
    const candidate = await entry(pid);
    backdateTree(candidate.path, DAY);
    expect(await stagingOwner(io, candidate)).toMatchObject({ value: { liveness: 'dead' } });
  });

  it('is alive when only a part of the entry is older than the process', async () => {
    const pid = elsewhere(STAY);
    const candidate = await entry(pid);
    backdateTree(candidate.path, DAY);
    repo.write(`.agent/s-${pid}/deep/new`, 'x');
    utimesSync(candidate.path, 0, 0);
    expect(await stagingOwner(io, candidate)).toMatchObject({ value: { liveness: 'alive' } });
  });

  it('is unknown when its process runs and the entry cannot be read', async () => {
    const pid = elsewhere(STAY);
    const candidate = await entry(pid);
    expect(await stagingOwner({ ...io, disk: refusing('file') }, candidate)).toMatchObject({ known: false });
  });

  it.skipIf(!canUnshare)('may be alive in a container, where its number is its own (needs unshare -p)', async () => {
    const number = free();
    const candidate = await entry(number);
    inContainer(number);
    expect(await stagingOwner(createMachine(''), candidate)).toMatchObject({ value: { liveness: 'unknown' } });
  });

  it.skipIf(!canUnshare)(
    'is dead when a process got its number in a container long after the entry was made',
    async () => {
      const number = free();
      const candidate = await entry(number);
      backdateTree(candidate.path, DAY);
      inContainer(number);
      expect(await stagingOwner(createMachine(''), candidate)).toMatchObject({ value: { liveness: 'dead' } });
    },
  );

  it('is unknown when it cannot be seen who lives in containers', async () => {
    const blind = { ...io, processes: { ...io.processes, namesakes: () => null } };
    expect(await stagingOwner(blind, await entry(free()))).toMatchObject({ value: { liveness: 'unknown' } });
  });

  it('is nobody for a pattern without {pid}', async () => {
    expect(await stagingOwner(io, await entry('scratch'))).toEqual({ known: true, value: null });
  });
});

describe('the age of an entry', () => {
  it('is that of the newest thing in it', async () => {
    const candidate = await entry();
    backdateTree(candidate.path, 3 * DAY);
    const newest = new Date(Math.floor((Date.now() - HOUR) / 1000) * 1000);
    utimesSync(join(candidate.path, 'file'), newest, newest);
    expect(await stagingIdle(io, candidate.path)).toEqual({ known: true, value: { lastActivityMs: newest.getTime() } });
  });

  it('is known for a file too, and for a link in it that leads nowhere', async () => {
    const candidate = await entry();
    symlinkSync('/nowhere', join(candidate.path, 'link'));
    expect(await stagingIdle(io, candidate.path)).toMatchObject({ known: true });
    expect(await stagingIdle(io, join(candidate.path, 'file'))).toMatchObject({ known: true });
  });

  it('does not look through symbolic links', async () => {
    const candidate = await entry();
    symlinkSync(root, join(candidate.path, 'link'));
    backdateTree(candidate.path, 3 * DAY);
    const old = new Date(Date.now() - 3 * DAY);
    lutimesSync(join(candidate.path, 'link'), old, old);
    const answer = await stagingIdle(io, candidate.path);
    expect(answer.known && answer.value.lastActivityMs).toBeLessThan(Date.now() - 2 * DAY);
  });

  it('is unknown when a part cannot be read', async () => {
    const candidate = await entry();
    expect(await stagingIdle({ disk: refusing('file') }, candidate.path)).toMatchObject({ known: false });
  });

  it('is unknown beyond the limits', async () => {
    const candidate = await entry();
    const many: DirEntry[] = Array.from({ length: 50_001 }, (_each, index) => ({ name: `f${index}`, kind: 'file' }));
    const list = async () => ({ ok: true as const, value: many });
    expect(await stagingIdle({ disk: { ...disk, list } }, candidate.path)).toMatchObject({
      known: false,
      why: expect.stringContaining('50000'),
    });
    const endless = async () => ({ ok: true as const, value: [{ name: '.', kind: 'directory' as const }] });
    expect(await stagingIdle({ disk: { ...disk, list: endless } }, candidate.path)).toMatchObject({
      known: false,
      why: expect.stringContaining('deeper'),
    });
  });
});

describe('a repository in an entry', () => {
  it('is none in a plain one', async () => {
    expect(await stagingNested(io, await entry())).toEqual({ known: true, value: null });
  });

  it.each([
    ['a repository', (at: string) => repo.git(['init', '-q', join(at, 'deep/r')]), 'deep/r'],
    ['a bare repository', (at: string) => repo.git(['init', '-q', '--bare', join(at, 'deep/b')]), 'deep/b'],
    ['the entry itself, as a repository', (at: string) => repo.git(['init', '-q', at]), ''],
    ['a .git file', (at: string) => repo.write('w/.git', 'gitdir: /nowhere\n', at), 'w'],
  ])('is %s', async (_name, make, where) => {
    const candidate = await entry();
    make(candidate.path);
    expect(await stagingNested(io, candidate)).toEqual({ known: true, value: join(candidate.path, where) });
  });

  it('is a registered worktree, even one whose .git file is gone', async () => {
    const candidate = await entry();
    const tree = repo.worktree('agent/inside', join(candidate.path, 'wt'));
    const worktrees = await listWorktrees(io, realpathSync(repo.commonDir));
    if (!worktrees.known) throw new Error(worktrees.why);
    renameSync(join(tree, '.git'), join(root, 'dot-git'));
    expect(await stagingNested(io, candidate, candidate.path, worktrees.value)).toEqual({ known: true, value: tree });
  });

  it('is unknown when a part cannot be read', async () => {
    expect(await stagingNested({ disk: refusing('file') }, await entry())).toMatchObject({ known: false });
  });
});

/** A disk that refuses to look at whatever is called `name`. */
function refusing(name: string) {
  const lstat: typeof disk.lstat = (path) =>
    path.endsWith(`/${name}`) ? Promise.resolve({ ok: false, code: 'EACCES', why: 'denied' }) : disk.lstat(path);
  return { ...disk, lstat };
}
