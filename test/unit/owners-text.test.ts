import { describe, expect, it } from 'vitest';
import { parseMountinfo, parseMountOutput, placeOf, viewsOf } from '../../src/core/mountinfo.ts';
import { leadsInto, mentions, pathsEndingIn, readingsOf, undeleted } from '../../src/core/pathtext.ts';

describe('a link leads into a directory', () => {
  it.each(['/a/b', '/a/b/c', '/a/b (deleted)', '/a/b/c (deleted)'])('when it is %j', (text) => {
    expect(leadsInto(text, ['/a/b'])).toBe(true);
  });

  it('whose own name ends in the mark of deletion', () => {
    expect(leadsInto('/a/b (deleted)', ['/a/b (deleted)'])).toBe(true);
    expect(leadsInto('/a/b (deleted)/c', ['/a/b (deleted)'])).toBe(true);
  });

  it.each(['/a', '/a/bc', '/a/b-2', '/a/b-2 (deleted)', 'pipe:[1]', '/x/a/b'])('not when it is %j', (text) => {
    expect(leadsInto(text, ['/a/b'])).toBe(false);
  });

  it('and says whether what it leads to is gone', () => {
    expect(undeleted('/a (deleted)')).toEqual({ path: '/a', wasDeleted: true });
    expect(undeleted('/a')).toEqual({ path: '/a', wasDeleted: false });
  });
});

describe('an argument mentions a directory', () => {
  it.each([
    '/a/b',
    '/a/b/',
    '/a/b/c.js',
    '--cwd=/a/b',
    '--opt=/a/b/x',
    '-C/a/b',
    'file:///a/b',
    'file:///a/b/x',
    'cd /a/b && make',
    "cd '/a/b'; make",
    'a:/a/b:c',
    'in /a/b.',
    'first /a/b-2, then /a/b',
  ])('in %j', (text) => {
    expect(mentions(text, '/a/b')).toBe(true);
  });

  it.each(['/a/b-2', '/a/bc', '/a/b.git', '/a/b_x/c', '/a/bé', '/a', 'a/b', ''])('not in %j', (text) => {
    expect(mentions(text, '/a/b')).toBe(false);
  });

  it('from the working directory, with an option before it, and in a URL', () => {
    expect(readingsOf('wt/x', '/a')).toContain('/a/wt/x');
    expect(readingsOf('../wt/./x', '/a/b')).toContain('/a/wt/x');
    expect(readingsOf('--dir=wt/x', '/a')).toContain('/a/wt/x');
    expect(readingsOf('file:///a/b%20c', null)).toContain('file:///a/b c');
    expect(readingsOf('50%://%zz', null)).toContain('50%://%zz');
  });
});

describe('paths that end in a name', () => {
  it.each([
    ['/link/wt/x.js', ['/link/wt']],
    ['--cwd=/link/wt', ['/link/wt']],
    ['cd /link/wt && ls /other/wt', ['/link/wt', '/link/wt && ls /other/wt', '/other/wt']],
    ['/link/wt-2', []],
    ['wt', []],
  ])('in %j', (text, paths) => {
    expect(pathsEndingIn(text, 'wt')).toEqual(paths);
  });
});

const MOUNTS = [
  '27 1 254:0 / / rw - ext4 /dev/vda rw',
  '28 27 0:25 / /data rw - xfs /dev/vdb rw',
  '29 27 254:0 /home/me/repo /mnt/with\\040space rw - ext4 /dev/vda rw',
].join('\n');

describe('mounts', () => {
  const mounts = parseMountinfo(`${MOUNTS}\n`) ?? [];

  it('are read with their escapes undone', () => {
    expect(mounts.map(({ point }) => point)).toEqual(['/', '/data', '/mnt/with space']);
  });

  it('are not understood when a line is not of their form', () => {
    expect(parseMountinfo('27 1 ext4 / /\n')).toBeNull();
    expect(parseMountinfo('nonsense\n')).toBeNull();
  });

  it('place a directory in its file system', () => {
    expect(placeOf('/home/me/repo/wt', mounts)).toEqual({ device: '254:0', path: '/home/me/repo/wt' });
    expect(placeOf('/data/wt', mounts)).toEqual({ device: '0:25', path: '/wt' });
    expect(placeOf('/mnt/with space/wt', mounts)).toEqual({ device: '254:0', path: '/home/me/repo/wt' });
    expect(placeOf('/x', [])).toBeNull();
  });

  it('show a directory under other names', () => {
    const views = viewsOf({ device: '254:0', path: '/home/me/repo/wt' }, mounts);
    expect(views).toEqual({ names: ['/home/me/repo/wt', '/mnt/with space/wt'], isMounted: false });
  });

  it.each(['/home/me/repo', '/home/me'])('tell when %s, or a part of it, was mounted for its own sake', (path) => {
    expect(viewsOf({ device: '254:0', path }, mounts)).toMatchObject({ isMounted: true });
    expect(viewsOf({ device: '254:0', path }, mounts).names).toContain('/mnt/with space');
  });

  it('of another file system do not show it', () => {
    expect(viewsOf({ device: '8:1', path: '/home/me/repo' }, mounts)).toEqual({ names: [], isMounted: false });
  });

  it('are read from the output of mount', () => {
    const text = '/dev/disk3s1 on / (apfs, local)\nmap x on /Vol umes/a (b) (nfs)\n';
    expect(parseMountOutput(text)).toEqual(['/', '/Vol umes/a (b)']);
    expect(parseMountOutput('what\n')).toBeNull();
  });
});
