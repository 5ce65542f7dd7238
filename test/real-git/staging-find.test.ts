import { chmodSync, mkdirSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { disk } from '../../src/io/disk.ts';
import { findStaging } from '../../src/observe/staging.ts';
import { DAY, HOUR, makeRepo, sandbox, type TestRepo } from '../support/repo.ts';

const PACK = '.agent-config/pack-compose.staging-{pid}';

let repo: TestRepo;
let root: string;

beforeEach(() => {
  repo = makeRepo();
  root = realpathSync(repo.root);
});

const find = (path: string, ageMs = DAY, worktrees = [root]) =>
  findStaging({ io: { disk }, worktrees: worktrees.map((each) => ({ path: each })), patterns: [{ path, ageMs }] });

const names = async (path: string) => (await find(path)).entries.map(({ id }) => id).sort();

const make = (...paths: string[]) => {
  for (const path of paths) mkdirSync(join(root, path), { recursive: true });
};

describe('a staging pattern', () => {
  it('finds directories and files that name a process', async () => {
    make('.agent-config/pack-compose.staging-4242');
    repo.write('.agent-config/pack-compose.staging-77', 'x');
    const found = await find(PACK);
    expect(found.problems).toEqual([]);
    expect(found.entries.find(({ pid }) => pid === 4242)).toEqual({
      kind: 'staging',
      id: '.agent-config/pack-compose.staging-4242',
      path: join(root, '.agent-config/pack-compose.staging-4242'),
      worktree: root,
      pattern: PACK,
      ageMs: DAY,
      pid: 4242,
    });
    expect(found.entries.map(({ pid }) => pid).sort()).toEqual([4242, 77]);
  });

  it.each(['0', '-1', '007', '99999999999', '', 'x', '12x', '1.5', '١٢'])(
    'does not take %j for a process',
    async (text) => {
      make(`.agent-config/pack-compose.staging-${text}`);
      expect(await find(PACK)).toEqual({ entries: [], problems: [] });
    },
  );

  it.each(['pack-compose.staging', 'xpack-compose.staging-12', 'pack-compose.staging-12.bak'])(
    'does not take %s, which only resembles it',
    async (name) => {
      make(`.agent-config/${name}`);
      expect(await names(PACK)).toEqual([]);
    },
  );

  it('finds nothing, and no fault, where its directory is not there or is a file', async () => {
    expect(await find(PACK)).toEqual({ entries: [], problems: [] });
    repo.write('.agent-config', 'a file');
    expect(await find(PACK)).toEqual({ entries: [], problems: [] });
  });

  it('is applied to each worktree', async () => {
    const tree = realpathSync(repo.worktree('agent/fix'));
    make('.agent-config/pack-compose.staging-4242');
    mkdirSync(join(tree, '.agent-config/pack-compose.staging-4242'), { recursive: true });
    const { entries } = await find(PACK, DAY, [root, tree]);
    expect(entries.map(({ worktree }) => worktree)).toEqual([root, tree]);
  });

  it('without {pid} has no owner, and waits a day at least', async () => {
    make('tmp/scratch-a', 'tmp/scratch-b');
    const { entries } = await find('tmp/scratch-*', HOUR);
    expect(entries.map(({ pid, ageMs }) => ({ pid, ageMs }))).toEqual([
      { pid: null, ageMs: DAY },
      { pid: null, ageMs: DAY },
    ]);
    expect((await find('tmp/scratch-*', 3 * DAY)).entries[0]?.ageMs).toBe(3 * DAY);
  });

  it('with {pid} keeps the age that is asked for', async () => {
    make('.agent-config/pack-compose.staging-4242');
    expect((await find(PACK, HOUR)).entries[0]?.ageMs).toBe(HOUR);
  });

  it('with wildcards on the way looks into each directory', async () => {
    make('packages/a/tmp/s-1', 'packages/b/tmp/s-2', 'packages/c');
    expect(await names('packages/*/tmp/s-{pid}')).toEqual(['packages/a/tmp/s-1', 'packages/b/tmp/s-2']);
  });

  it('that shares an entry with another gives it once, with the longer age and the owner', async () => {
    make('tmp/s-12');
    const patterns = [
      { path: 'tmp/s-*', ageMs: 3 * DAY },
      { path: 'tmp/s-{pid}', ageMs: HOUR },
    ];
    const found = await findStaging({ io: { disk }, worktrees: [{ path: root }], patterns });
    expect(found.entries).toMatchObject([{ id: 'tmp/s-12', pid: 12, ageMs: 3 * DAY }]);
  });

  it.each(['../outside-{pid}', '/tmp/s-{pid}', 'a/../../s-{pid}', '.git/worktrees/{pid}', '~/s-{pid}', '*'])(
    'that reaches outside, or for everything, is reported: %s',
    async (pattern) => {
      mkdirSync(join(root, '..', 'outside-12'));
      const found = await find(pattern);
      expect(found.entries).toEqual([]);
      expect(found.problems).toMatchObject([{ pattern }]);
    },
  );
});

describe('a symbolic link', () => {
  it('in place of an entry is no candidate, and is reported', async () => {
    make('.agent-config');
    symlinkSync(repo.home, join(root, '.agent-config/pack-compose.staging-12'));
    const found = await find(PACK);
    expect(found.entries).toEqual([]);
    expect(found.problems).toMatchObject([{ pattern: PACK, why: expect.stringContaining('symbolic link') }]);
  });

  it('on the way is not followed, and is reported', async () => {
    const outside = sandbox();
    mkdirSync(join(outside, 'pack-compose.staging-12'));
    symlinkSync(outside, join(root, '.agent-config'));
    const found = await find(PACK);
    expect(found.entries).toEqual([]);
    expect(found.problems).toMatchObject([{ why: expect.stringContaining('symbolic link') }]);
  });

  it('matched by a wildcard on the way is not followed either', async () => {
    const outside = sandbox();
    mkdirSync(join(outside, 's-12'));
    make('packages');
    symlinkSync(outside, join(root, 'packages/a'));
    expect((await find('packages/*/s-{pid}')).entries).toEqual([]);
  });
});

describe('what cannot be looked through', () => {
  it('is said by name', async () => {
    const list = async () => ({ ok: false, code: 'EACCES', why: 'permission denied' }) as const;
    make('.agent-config');
    const found = await findStaging({
      io: { disk: { ...disk, list } },
      worktrees: [{ path: root }],
      patterns: [{ path: PACK, ageMs: DAY }],
    });
    expect(found.entries).toEqual([]);
    expect(found.problems).toMatchObject([{ pattern: PACK, why: expect.stringContaining('permission denied') }]);
  });

  it('includes what lies beyond the limits', async () => {
    const many = Array.from({ length: 20_001 }, (_each, index) => ({ name: `t-${index + 1}`, kind: 'file' as const }));
    const list = async () => ({ ok: true, value: many }) as const;
    make('tmp');
    const found = await findStaging({
      io: { disk: { ...disk, list } },
      worktrees: [{ path: root }],
      patterns: [{ path: 'tmp/s-{pid}', ageMs: DAY }],
    });
    expect(found.problems).toMatchObject([{ why: expect.stringContaining('20000 entries') }]);
  });

  it('includes directories beyond the limit', async () => {
    const names = Array.from({ length: 2_001 }, (_each, index) => ({ name: `d${index}`, kind: 'directory' as const }));
    const list = async (path: string) => ({ ok: true as const, value: path.endsWith('many') ? names : [] });
    const lstat = () => disk.lstat(root);
    const found = await findStaging({
      io: { disk: { ...disk, list, lstat } },
      worktrees: [{ path: root }],
      patterns: [{ path: 'many/*/s-{pid}', ageMs: DAY }],
    });
    expect(found.problems).toMatchObject([{ why: expect.stringContaining('2000 directories') }]);
  });

  it('does not include sockets and pipes, which are no leftovers of this kind', async () => {
    make('tmp');
    chmodSync(join(root, 'tmp'), 0o755);
    writeFileSync(join(root, 'tmp/s-1'), '');
    const lstat = async (path: string) => {
      const info = await disk.lstat(path);
      return info.ok && path.endsWith('s-1')
        ? { ok: true as const, value: { ...info.value, kind: 'other' as const } }
        : info;
    };
    const found = await findStaging({
      io: { disk: { ...disk, lstat } },
      worktrees: [{ path: root }],
      patterns: [{ path: 'tmp/s-{pid}', ageMs: DAY }],
    });
    expect(found.entries).toEqual([]);
  });
});
