/** Looking at many paths at once answers what looking at each would. */
import { execFileSync } from 'node:child_process';
import { lstatSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { resolveExisting } from '../../src/io/claimfile.ts';
import { disk } from '../../src/io/disk.ts';
import { swift } from '../../src/io/swift.ts';
import { placesOf } from '../../src/observe/places.ts';
import { presence } from '../../src/observe/worktrees.ts';
import { sandbox } from '../support/repo.ts';

let place: string;

beforeEach(() => {
  place = sandbox();
});

const names = (count: number, prefix = 'n') => Array.from({ length: count }, (_, index) => `${prefix}${index}`);

describe('a path that is gone', () => {
  it('lies where the links on its way lead, there or not', async () => {
    mkdirSync(join(place, 'real'));
    for (const [link, target] of [
      ['door', 'real'],
      ['dangling', 'real/gone'],
      ['behind', join(place, 'door/../dangling/deeper')],
    ] as const)
      symlinkSync(target, join(place, link));
    const resolved = async (name: string) => {
      const { real, isCertain } = await resolveExisting(disk, join(place, name));
      return isCertain ? real : null;
    };
    expect(await resolved('door/x/y')).toBe(join(place, 'real/x/y'));
    expect(await resolved('dangling')).toBe(join(place, 'real/gone'));
    expect(await resolved('dangling/x')).toBe(join(place, 'real/gone/x'));
    expect(await resolved('behind/x')).toBe(join(place, 'real/gone/deeper/x'));
  });

  it('is looked for no longer than a path may be, however its links lead back to themselves', async () => {
    symlinkSync('loop', join(place, 'loop'));
    symlinkSync('many/many/many/many', join(place, 'many'));
    for (const name of ['loop', 'loop/x', 'many', 'many/many/x'])
      expect(await resolveExisting(disk, join(place, name))).toMatchObject({
        real: expect.stringContaining(place),
        isCertain: true,
      });
  });
});

describe.each([
  ['a few', 3],
  ['many', 40],
])('%s paths in one directory', (_name, count) => {
  it('are resolved, followed and missed as each by itself', async () => {
    for (const name of names(count)) mkdirSync(join(place, 'real', name), { recursive: true });
    symlinkSync(join(place, 'real'), join(place, 'door'));
    symlinkSync(join(place, 'real/n0'), join(place, 'real/link'));
    symlinkSync('/nowhere', join(place, 'real/dangling'));
    writeFileSync(join(place, 'real/file'), '');
    mkdirSync(join(place, 'empty'));
    const below = [...names(count), 'link', 'dangling', 'file', 'gone', 'gone/deeper', 'gone/deeper/still', 'file/x'];
    const paths = [
      ...below.map((name) => join(place, 'real', name)),
      ...below.map((name) => join(place, 'door', name)),
      ...names(count).map((name) => join(place, 'empty', name)),
      `${place}/real/n1/`,
      `${place}//real/n1`,
      `${place}/real/../real/n1`,
      '/',
    ];
    const together = await placesOf(disk, paths);
    for (const path of paths) {
      const state = await presence(disk, path);
      const isMissing = state.known && state.value === 'missing';
      expect([path, together.get(path)]).toEqual([path, { ...(await resolveExisting(disk, path)), isMissing }]);
    }
  });
});

it('the texts of many files are those of each, with and without the detour through the thread pool', async () => {
  writeFileSync(join(place, 'small'), 'é'.repeat(32));
  writeFileSync(join(place, 'exact'), 'x'.repeat(64));
  writeFileSync(join(place, 'large'), 'x'.repeat(65));
  writeFileSync(join(place, 'empty'), '');
  mkdirSync(join(place, 'directory'));
  symlinkSync(join(place, 'small'), join(place, 'link'));
  execFileSync('mkfifo', [join(place, 'pipe')]);
  const all = ['small', 'exact', 'large', 'empty', 'directory', 'link', 'pipe', 'absent'];
  const wanted = ['é'.repeat(32), 'x'.repeat(64), null, '', null, null, null, null];
  for (const each of [disk, swift(disk)])
    expect(await each.readTexts(place, all, 64)).toEqual({ ok: true, value: wanted });
});

it('a look at many paths is a look at each, with and without the detour through the thread pool', async () => {
  mkdirSync(join(place, 'below'));
  writeFileSync(join(place, 'below/file'), 'x');
  symlinkSync('below/file', join(place, 'link'));
  symlinkSync('nowhere', join(place, 'dangling'));
  execFileSync('mkfifo', [join(place, 'pipe')]);
  const all = ['below', 'below/file', 'link', 'dangling', 'pipe', 'absent', 'below/file/no', 'below/absent/no'];
  for (const each of [disk, swift(disk)]) {
    const infos = await each.exacts(place, all);
    const single = await Promise.all(all.map((path) => each.exact(join(place, path))));
    expect(infos).toEqual(single.map((info) => (info.ok ? info.value : null)));
    expect(infos.map((info) => info?.kind ?? null)).toEqual([
      ...['directory', 'file', 'symlink', 'symlink', 'other'],
      ...[null, null, null],
    ]);
  }
});

it.each([
  ['the disk', disk],
  ['its quick form', swift(disk)],
] as const)('%s renames nothing onto anything, not even an empty directory', async (_name, each) => {
  for (const name of ['one', 'empty']) mkdirSync(join(place, name));
  writeFileSync(join(place, 'one/file'), 'x');
  expect(await each.rename(join(place, 'one'), join(place, 'empty'))).toMatchObject({ ok: false, code: 'EEXIST' });
  expect((await each.readText(join(place, 'one/file'))).ok).toBe(true);
});

it.each([
  ['the disk', disk],
  ['its quick form', swift(disk)],
] as const)('%s makes private names of its own, dates them, and reads where links lead', async (_name, each) => {
  const modeOf = (name: string) => lstatSync(join(place, name)).mode & 0o777;
  expect(await each.makeDir(join(place, 'one/two'))).toMatchObject({ ok: true });
  expect(await each.makeDir(join(place, 'one/two'))).toMatchObject({ ok: true });
  expect([modeOf('one'), modeOf('one/two')]).toEqual([0o700, 0o700]);
  expect(await each.createScratch(join(place, 'one/file'), 'x')).toMatchObject({ ok: true });
  expect(modeOf('one/file')).toBe(0o600);
  expect(await each.createScratch(join(place, 'one/file'), 'y')).toMatchObject({ ok: false, code: 'EEXIST' });
  expect(await each.createScratch(join(place, 'absent/file'), 'y')).toMatchObject({ ok: false, code: 'ENOENT' });
  expect(await each.makeDir(join(place, 'one/file'))).toMatchObject({ ok: false, code: 'EEXIST' });
  expect(await each.makeDir(join(place, 'one/file/below'))).toMatchObject({ ok: false, code: 'ENOTDIR' });
  symlinkSync('file', join(place, 'one/link'));
  expect(await each.readlink(join(place, 'one/link'))).toEqual({ ok: true, value: 'file' });
  expect(await each.readlink(join(place, 'one/file'))).toMatchObject({ ok: false, code: 'EINVAL' });
  expect(await each.readlink(join(place, 'one/absent'))).toMatchObject({ ok: false, code: 'ENOENT' });
  symlinkSync('nowhere', join(place, 'one/dangling'));
  expect(await each.makeDir(join(place, 'one/dangling/below'))).toMatchObject({ ok: false, code: 'ENOTDIR' });
  symlinkSync('two', join(place, 'one/directory'));
  expect(await each.makeDir(join(place, 'one/directory'))).toMatchObject({ ok: true });
  const before = lstatSync(join(place, 'one/file')).mtimeMs;
  expect(await each.setModified(join(place, 'one/link'), 1_700_000_000_000)).toMatchObject({ ok: true });
  expect(lstatSync(join(place, 'one/link')).mtimeMs).toBe(1_700_000_000_000);
  expect(lstatSync(join(place, 'one/file')).mtimeMs).toBe(before);
  expect(await each.setModified(join(place, 'one/absent'), 0)).toMatchObject({ ok: false, code: 'ENOENT' });
  expect(readFileSync(join(place, 'one/file'), 'utf8')).toBe('x');
});

it('the quick form makes one name; looking for what is above, which can have no end, or behind a link is left', async () => {
  const asked: string[] = [];
  const slow = {
    ...disk,
    makeDir: (path: string, mode?: number) => {
      asked.push(path.slice(place.length + 1));
      return disk.makeDir(path, mode);
    },
  };
  symlinkSync('there', join(place, 'link'));
  for (const name of ['there', 'there', 'link', 'one/two', 'one/three'])
    expect(await swift(slow).makeDir(join(place, name))).toMatchObject({ ok: true });
  expect(asked).toEqual(['link', 'one/two']);
});

it('the quick form follows no link by itself, which may lead to a file system that does not answer', async () => {
  writeFileSync(join(place, 'file'), 'x');
  symlinkSync('file', join(place, 'link'));
  const asked: string[] = [];
  const slow = {
    ...disk,
    readText: (path: string, maxBytes?: number) => {
      asked.push('text');
      return disk.readText(path, maxBytes);
    },
    readBytes: (path: string, maxBytes: number) => {
      asked.push('bytes');
      return disk.readBytes(path, maxBytes);
    },
  };
  for (const name of ['file', 'link']) {
    expect(await swift(slow).readText(join(place, name))).toEqual({ ok: true, value: 'x' });
    expect((await swift(slow).readBytes(join(place, name), 9)).ok).toBe(true);
  }
  expect(asked).toEqual(['text', 'bytes']);
});
