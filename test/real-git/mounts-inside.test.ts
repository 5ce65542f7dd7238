import { spawnSync } from 'node:child_process';
import { mkdirSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { disk } from '../../src/io/disk.ts';
import { readLoopFiles, readMounts } from '../../src/io/mounttable.ts';
import type { FileInfo } from '../../src/io/ports.ts';
import { createMountReader } from '../../src/observe/mounts.ts';
import { sandbox } from '../support/repo.ts';

let place: string;
let tree: string;
let mounted: string[] = [];

beforeEach(() => {
  place = realpathSync(sandbox());
  tree = join(place, 'agent-fix');
  mkdirSync(join(tree, 'a\tb c/deep'), { recursive: true });
  mkdirSync(join(place, 'agent-fix-2'));
  mkdirSync(join(place, 'source'));
});

afterEach(() => {
  for (const point of mounted.toReversed()) spawnSync('umount', ['-l', point]);
  mounted = [];
});

function mount(...args: string[]): void {
  const run = spawnSync('mount', args, { encoding: 'utf8' });
  if (run.status !== 0) throw new Error(run.stderr);
  mounted.push(args.at(-1) ?? '');
}

const canMount = ((): boolean => {
  const probe = spawnSync('unshare', ['-m', 'mount', '-t', 'tmpfs', 'none', '/mnt'], { stdio: 'ignore' });
  return probe.status === 0;
})();

const inside = (path: string) => createMountReader(disk).inside(path);

describe('a directory', () => {
  it('has no mounts inside when it is a plain one', async () => {
    expect(await inside(tree)).toEqual({ known: true, value: [] });
  });

  it('that is gone has mounts that nobody can tell', async () => {
    expect(await inside(join(place, 'gone'))).toMatchObject({ known: false });
  });
});

describe.skipIf(!canMount)('a mount is seen (needs root and mount)', () => {
  it('of a directory of the same file system, deep inside, whatever its name', async () => {
    const point = join(tree, 'a\tb c/deep');
    mount('--bind', join(place, 'source'), point);
    expect(await inside(tree)).toEqual({ known: true, value: [point] });
  });

  it('that is made of directories inside', async (context) => {
    const [upper, work] = [join(tree, 'upper'), join(tree, 'work')];
    for (const path of [upper, work]) mkdirSync(path);
    const options = `lowerdir=${join(place, 'source')},upperdir=${upper},workdir=${work}`;
    const probe = spawnSync('unshare', ['-m', 'mount', '-t', 'overlay', 'none', '-o', options, '/mnt']);
    context.skip(probe.status !== 0, 'this file system carries no overlays');
    mount('-t', 'overlay', 'none', '-o', options, join(place, 'agent-fix-2'));
    expect(await inside(tree)).toEqual({ known: true, value: [upper, work] });
  });

  it('that may be made of a file inside, which a loop device holds', async (context) => {
    const image = join(tree, 'image');
    writeFileSync(image, Buffer.alloc(1 << 20));
    const device = spawnSync('losetup', ['--find', '--show', image], { encoding: 'utf8' });
    context.skip(device.status !== 0, 'there is no loop device');
    try {
      expect(await inside(tree)).toEqual({ known: true, value: [image] });
    } finally {
      spawnSync('losetup', ['--detach', device.stdout.trim()]);
    }
    expect(await inside(tree)).toEqual({ known: true, value: [] });
  });

  it('of another file system inside', async () => {
    const point = join(tree, 'a\tb c');
    mount('-t', 'tmpfs', 'none', point);
    expect(await inside(tree)).toEqual({ known: true, value: [point] });
  });

  it('on the directory itself', async () => {
    mount('--bind', join(place, 'source'), tree);
    expect(await inside(tree)).toEqual({ known: true, value: [tree] });
  });

  it('through a symbolic link to the directory', async () => {
    mount('--bind', join(place, 'source'), join(tree, 'a\tb c'));
    symlinkSync(tree, join(place, 'link'));
    expect(await inside(join(place, 'link'))).toMatchObject({ known: true, value: [join(tree, 'a\tb c')] });
  });

  it('beside the directory, and then it does not count', async () => {
    mount('--bind', join(place, 'source'), join(place, 'agent-fix-2'));
    expect(await inside(tree)).toEqual({ known: true, value: [] });
  });

  it('only by a reader that is made after it', async () => {
    const before = createMountReader(disk);
    expect(await before.inside(tree)).toEqual({ known: true, value: [] });
    mount('--bind', join(place, 'source'), join(tree, 'a\tb c'));
    expect(await before.inside(tree)).toEqual({ known: true, value: [] });
    expect(await inside(tree)).toMatchObject({ value: [join(tree, 'a\tb c')] });
  });
});

describe('the list of mounts', () => {
  it('makes the fact unknown when it cannot be read, is empty or is not understood', async () => {
    const failing = async () => ({ ok: false, code: 'EACCES', why: 'denied' }) as const;
    expect(await createMountReader(disk, failing).inside(tree)).toMatchObject({ known: false });
    for (const text of ['', 'nonsense\n']) {
      const reader = createMountReader(disk, async () => ({ ok: true, value: { form: 'mountinfo', text } }));
      expect(await reader.inside(tree)).toMatchObject({ known: false });
    }
  });

  it('goes with that of loop devices, which is unknown when it cannot be read', async () => {
    const devices = join(place, 'block');
    const use = (name: string) => mkdirSync(join(devices, name, 'loop'), { recursive: true });
    for (const name of ['loop0', 'loop1', 'sda']) use(name);
    expect(readLoopFiles(join(place, 'nowhere'))).toEqual({ ok: true, value: [] });
    writeFileSync(join(devices, 'loop1/loop/backing_file'), `${join(tree, 'image')}\n`);
    const read = () => createMountReader(disk, readMounts, () => readLoopFiles(devices)).inside(tree);
    expect(await read()).toEqual({ known: true, value: [join(tree, 'image')] });
    mkdirSync(join(devices, 'loop0/loop/backing_file'));
    expect(await read()).toMatchObject({ known: false, why: expect.stringContaining('loop devices') });
  });

  it('may lack a mount on the directory itself, which its device then shows', async () => {
    const stat = async (path: string) => {
      const info = await disk.stat(path);
      return info.ok && path === tree ? { ok: true as const, value: { ...info.value, dev: 999 } as FileInfo } : info;
    };
    expect(await createMountReader({ ...disk, stat }).inside(tree)).toEqual({ known: true, value: [tree] });
  });

  it('is asked of mount where the kernel has no file of it', async () => {
    const list = await readMounts('/nowhere');
    expect(list.ok === false || list.value.form === 'mount').toBe(true);
    const text = `/dev/disk1 on / (apfs)\n/dev/disk2 on ${tree}/a (hfs, local)\n`;
    const reader = createMountReader(disk, async () => ({ ok: true, value: { form: 'mount', text } }));
    expect(await reader.inside(tree)).toEqual({ known: true, value: [`${tree}/a`] });
  });
});
