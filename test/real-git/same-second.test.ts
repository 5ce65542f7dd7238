/** What changed within the second in which git last saw it, in place and with as many bytes, is seen even so. */
import { lstatSync, lutimesSync, readFileSync, symlinkSync, unlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { disk } from '../../src/io/disk.ts';
import { changedUnseen } from '../../src/observe/same-second.ts';
import { makeCase, REAL } from '../support/crash-case.ts';
import { note } from '../support/index-file.ts';
import { backdate, DAY, makeRepo, type TestRepo } from '../support/repo.ts';

let repo: TestRepo;
let tree: string;
let admin: string;

beforeEach(() => {
  repo = makeRepo();
  repo.write('.gitignore', 'node_modules/\n');
  repo.git(['add', '.']);
  repo.git(['commit', '-qm', 'ignore']);
  tree = repo.worktree('agent/x');
  repo.commit('own.txt', 'landed\n', tree);
  repo.git(['merge', '-q', '--no-ff', '-m', 'land', 'agent/x']);
  backdate(repo, tree, 2 * DAY);
  admin = repo.git(['rev-parse', '--absolute-git-dir'], tree);
});

/** Rewrites the file, and lets the index remember it from another moment of the same second. */
function rewrite(text: string): void {
  const file = join(tree, 'own.txt');
  const { atime, mtime } = lstatSync(file);
  writeFileSync(file, text);
  utimesSync(file, atime, mtime);
  const { ctimeNs, mtimeNs } = lstatSync(file, { bigint: true });
  const earlierNs = ctimeNs % 1_000_000_000n === 0n ? ctimeNs + 1n : ctimeNs - 1n;
  note(join(admin, 'index'), 'own.txt', { ctimeNs: earlierNs, mtimeNs });
}

const seen = () => changedUnseen(disk, { adminDir: admin, tree }, 20);

describe('what could not be looked at', () => {
  const failing = { ok: false, code: 'EIO', why: 'input/output error' } as const;
  const place = () => ({ adminDir: admin, tree });

  it('is not taken for unchanged: the index', async () => {
    const broken = { ...disk, readBytes: async () => failing };
    expect(await changedUnseen(broken, place(), 20)).toMatchObject({ known: false });
  });

  it('is not taken for unchanged: a file', async () => {
    const broken: typeof disk = {
      ...disk,
      exact: async (path) => (path.endsWith('own.txt') ? failing : disk.exact(path)),
    };
    expect(await changedUnseen(broken, place(), 20)).toEqual({ known: true, value: ['own.txt'] });
  });
});

describe('a file that was rewritten within the second in which git last saw it', () => {
  it('is changed when its bytes are others', async () => {
    rewrite('edited\n');
    expect(await seen()).toEqual({ known: true, value: ['own.txt'] });
  });

  it('is not changed when its bytes are what they were', async () => {
    rewrite('landed\n');
    expect(await seen()).toEqual({ known: true, value: [] });
  });

  it('keeps its worktree', async () => {
    rewrite('edited\n');
    const passed = await makeCase(repo).pass(REAL);
    expect(passed.ok && passed.report.results.map(({ reasons }) => reasons.map(({ code }) => code))).toEqual([
      ['changes'],
    ]);
    expect(readFileSync(join(tree, 'own.txt'), 'utf8')).toBe('edited\n');
  });
});

describe('a symbolic link that was made again within the second in which git last saw it', () => {
  beforeEach(() => {
    symlinkSync('own.txt', join(tree, 'link'));
    symlinkSync(Buffer.from([0x6f, 0xff, 0x6e]), join(tree, 'raw'));
    repo.git(['add', '.'], tree);
    repo.git(['commit', '-qm', 'links'], tree);
  });

  function again(name: string, target: string | Buffer): void {
    const link = join(tree, name);
    const { atime, mtime } = lstatSync(link);
    unlinkSync(link);
    symlinkSync(target, link);
    lutimesSync(link, atime, mtime);
    const { ctimeNs, mtimeNs, ino } = lstatSync(link, { bigint: true });
    const earlierNs = ctimeNs % 1_000_000_000n === 0n ? ctimeNs + 1n : ctimeNs - 1n;
    note(join(admin, 'index'), name, { ctimeNs: earlierNs, mtimeNs, ino });
  }

  it('is changed when it leads elsewhere', async () => {
    again('link', 'own.txs');
    again('raw', Buffer.from([0x6f, 0xfe, 0x6e]));
    expect(await seen()).toEqual({ known: true, value: ['link', 'raw'] });
  });

  it('is not changed when it leads where it did', async () => {
    again('link', 'own.txt');
    again('raw', Buffer.from([0x6f, 0xff, 0x6e]));
    expect(await seen()).toEqual({ known: true, value: [] });
  });
});

it('a worktree in which nothing changed has no such files, and what git names itself is not named again', async () => {
  expect(await seen()).toEqual({ known: true, value: [] });
  repo.write('own.txt', 'longer than before\n', tree);
  expect(await seen()).toEqual({ known: true, value: [] });
});
