/** Who may use a directory unseen, told by the PID namespace, process 1 and the mount it lies on. */
import { describe, expect, it } from 'vitest';
import { isSharedUnseen, type Surroundings } from '../../src/core/outlook.ts';

const FIRST = 'pid:[4026531836]';
const BELOW = 'pid:[4026532713]';
const OVERLAY = '612 590 0:58 / / rw,relatime - overlay overlay rw,lowerdir=/l/A:/l/B,upperdir=/u,workdir=/w';
const DISK = '29 1 254:0 / / rw,relatime - ext4 /dev/vda rw';
const BIND = '640 612 254:0 /home/me/my\\040shop /workspace rw,relatime - ext4 /dev/vda rw';
const TMPFS = '641 612 0:60 / /tmp rw - tmpfs tmpfs rw';

const seen = (pidNamespace: string, init: string | null, ...mounts: string[]): Surroundings => ({
  ...{ pidNamespace, init, mounts: mounts.join('\n') },
});

describe('nobody is unseen', () => {
  it.each<[where: string, Surroundings, path: string]>([
    ['in the first PID namespace', seen(FIRST, 'systemd', DISK), '/home/me/shop'],
    ['where there are no PID namespaces', seen('', null), '/home/me/shop'],
    ['on the root of a container, which is its own', seen(BELOW, 'node', OVERLAY, BIND), '/srv/shop'],
    ['on the disk of a system that was booted (WSL 2, LXC)', seen(BELOW, 'systemd', DISK), '/home/me/shop'],
    ['on the disk of WSL 2', seen(BELOW, 'init(Ubuntu-24.', DISK), '/home/me/shop'],
    ['on another disk of it', seen(BELOW, 'init', DISK, TMPFS), '/tmp/shop'],
  ])('%s', (_where, surroundings, path) => {
    expect(isSharedUnseen(surroundings, path)).toBe(false);
  });
});

describe('somebody may be unseen', () => {
  it.each<[where: string, Surroundings, path: string]>([
    ['in a directory of the host that a container was given', seen(BELOW, 'sh', OVERLAY, BIND), '/workspace/shop'],
    ['in a directory of the host that a booted container was given', seen(BELOW, 'systemd', DISK, BIND), '/workspace'],
    ['in a sandbox that shows the disk of its host', seen(BELOW, 'bwrap', DISK), '/home/me/shop'],
    ['on a file system mounted into a container', seen(BELOW, 'sh', OVERLAY, TMPFS), '/tmp/shop'],
    ['in a container whose process 1 is a small init', seen(BELOW, 'docker-init', DISK), '/home/me/shop'],
    ['where process 1 cannot be read', seen(BELOW, null, DISK), '/home/me/shop'],
    ['where the mounts cannot be read', { ...seen(BELOW, 'systemd'), mounts: null }, '/home/me/shop'],
    ['where no mount covers it', seen(BELOW, 'systemd', BIND), '/home/me/shop'],
  ])('%s', (_where, surroundings, path) => {
    expect(isSharedUnseen(surroundings, path)).toBe(true);
  });

  it('also where a later mount lies over an earlier one', () => {
    expect(isSharedUnseen(seen(BELOW, 'sh', BIND.replace('/workspace', '/'), OVERLAY), '/srv')).toBe(false);
    expect(isSharedUnseen(seen(BELOW, 'sh', OVERLAY, BIND.replace('/workspace', '/')), '/srv')).toBe(true);
  });
});
