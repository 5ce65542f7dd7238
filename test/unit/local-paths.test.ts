/** Where a path lies decides whether it is looked at without a detour: a file system that may not answer never is. */
import { expect, it } from 'vitest';
import { localPaths } from '../../src/core/local-paths.ts';

const mount = (point: string, type: string): string =>
  `36 35 98:0 / ${point.replaceAll(' ', '\\040')} rw,noatime master:1 - ${type} source rw`;

const isLocal = localPaths(
  [
    mount('/', 'ext4'),
    mount('/net', 'nfs4'),
    mount('/net/host/fast', 'tmpfs'),
    mount('/home/me/my disk', 'fuse.sshfs'),
    mount('/data', 'xfs'),
    mount('/data', 'nfs'),
    mount('/over', 'cifs'),
    mount('/over', 'ext4'),
    '',
  ].join('\n'),
);

it.each([
  ['/', true],
  ['/file', true],
  ['/home/me/repo/.git/worktrees/a', true],
  ['/network', true],
  ['/net', false],
  ['/net/file', false],
  ['/net/host/other/deep/file', false],
  ['/net/host/fast', false],
  ['/net/host/fast/file', true],
  ['/home/me/my disk', false],
  ['/home/me/my disk/file', false],
  ['/home/me/my diskette/file', true],
  ['/data', false],
  ['/data/file', false],
  ['/over/file', true],
])('%s: %s', (path, expected) => {
  // Asked twice: the answer is remembered.
  expect([isLocal(path), isLocal(path)]).toEqual([expected, expected]);
});

it.each([
  ['an empty list', ''],
  ['a list without the root', mount('/home', 'ext4')],
  ['a type of its own', mount('/', 'somefs')],
  ['a line that is not understood', `${mount('/', 'ext4')}\nnonsense`],
])('%s makes no path local', (_name, text) => {
  expect(localPaths(text)('/some/file')).toBe(false);
});
