import { spawnSync } from 'node:child_process';
import { mkdirSync, realpathSync, renameSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Occupant } from '../../src/core/model.ts';
import { byIdentity } from '../../src/observe/occupancy-elsewhere.ts';
import { occupants, scanProcesses } from '../../src/observe/processes.ts';
import { canUnshare, elsewhere, endAll, STAY, STAY_TOLD } from '../support/children.ts';
import { sandbox } from '../support/repo.ts';

let place: string;
let tree: string;
let other: string;

beforeEach(() => {
  place = realpathSync(sandbox());
  tree = join(place, 'repo/agent-fix');
  other = join(realpathSync(sandbox()), 'workspace');
  mkdirSync(join(tree, 'sub'), { recursive: true });
  mkdirSync(other);
});

afterEach(endAll);

async function inside(path = tree): Promise<readonly Occupant[]> {
  const table = await scanProcesses({ self: process.pid });
  if (!table.known) throw new Error(table.why);
  const { dev, ino } = statSync(path);
  const found = await occupants(table.value, { path, dev, ino });
  if (!found.known) throw new Error(found.why);
  return found.value;
}

/** Runs `script` in a mount namespace of its own, with `from` mounted on `to`, and neither named in an argument. */
function withMount(from: string, to: string, script: string, args: string[] = []): number {
  const mounted = `mount --bind "$FROM" "$TO"; cd "$TO"; ${script}`;
  return elsewhere(mounted, { wrap: ['env', `FROM=${from}`, `TO=${to}`, 'unshare', '-m'], args });
}

describe.skipIf(!canUnshare)('a process in another mount namespace is noticed (needs unshare -m)', () => {
  it('when it stands in the directory under another name', async () => {
    const pid = withMount(tree, other, STAY);
    expect(await inside()).toMatchObject([{ pid }]);
  });

  it('when the directory was mounted there for its own sake, wherever it stands', async () => {
    const pid = withMount(tree, other, `cd /; ${STAY}`);
    expect(await inside()).toEqual([{ pid, command: 'sleep', how: 'mount' }]);
  });

  it('when a part of the directory was mounted there', async () => {
    const pid = withMount(join(tree, 'sub'), other, `cd /; ${STAY}`);
    expect(await inside()).toEqual([{ pid, command: 'sleep', how: 'mount' }]);
  });

  it('when the directory was mounted on itself, as a sandbox does', async () => {
    const pid = withMount(tree, tree, `cd /; ${STAY}`);
    expect(await inside()).toMatchObject([{ pid, how: 'mount' }]);
  });

  it('when it stands inside, through a mount of the whole repository', async () => {
    const pid = withMount(join(place, 'repo'), other, `cd agent-fix/sub; ${STAY}`);
    expect(await inside()).toEqual([{ pid, command: 'sleep', how: 'cwd' }]);
  });

  it('when it has a file open inside, through a mount of the whole repository', async () => {
    const pid = withMount(join(place, 'repo'), other, `exec 7>agent-fix/log; cd /; ${STAY}`);
    expect(await inside()).toEqual([{ pid, command: 'sleep', how: 'open-file' }]);
  });

  it('when it was told of it, through a mount of the whole repository', async () => {
    const pid = withMount(join(place, 'repo'), other, `cd /; ${STAY_TOLD}`, [join(other, 'agent-fix/x.js')]);
    expect(await inside()).toMatchObject([{ pid, how: 'argument' }]);
  });

  it('after the directory was renamed', async () => {
    const pid = withMount(join(place, 'repo'), other, `cd agent-fix; ${STAY}`);
    const moved = join(place, 'quarantined');
    renameSync(tree, moved);
    expect(await inside(moved)).toMatchObject([{ pid, how: 'cwd' }]);
  });

  const overlaid = (lower: string, script: string) => {
    const upper = realpathSync(sandbox());
    for (const name of ['up', 'work']) mkdirSync(join(upper, name));
    const made = `mount -t overlay none -o "lowerdir=$LOWER,upperdir=$UPPER/up,workdir=$UPPER/work" "$TO"; ${script}`;
    return elsewhere(made, { wrap: ['env', `LOWER=${lower}`, `UPPER=${upper}`, `TO=${other}`, 'unshare', '-m'] });
  };

  it('when an overlay is made of the directory, as a sandbox does', async () => {
    const pid = overlaid(tree, `cd /; ${STAY}`);
    expect(await inside()).toMatchObject([{ pid, how: 'mount' }]);
  });

  it('when it stands inside through an overlay of the whole repository, and not beside it', async () => {
    const beside = overlaid(join(place, 'repo'), `cd "$TO"; ${STAY}`);
    expect(beside).toBeGreaterThan(0);
    expect(await inside()).toEqual([]);
    const pid = overlaid(join(place, 'repo'), `cd "$TO/agent-fix"; ${STAY}`);
    expect(await inside()).toMatchObject([{ pid, how: 'cwd' }]);
  });

  it('but not when it stands beside it', async () => {
    withMount(join(place, 'repo'), other, STAY);
    expect(await inside()).toEqual([]);
  });

  it('by device and inode alone', async () => {
    const pid = withMount(join(place, 'repo'), other, `cd agent-fix/sub; ${STAY}`);
    const table = await scanProcesses({ self: process.pid });
    if (!table.known) throw new Error(table.why);
    const { dev, ino } = statSync(tree);
    const { view, disk } = table.value;
    const found = await byIdentity({ view, disk, self: process.pid, names: [], realPath: tree, dev, ino });
    expect(found).toEqual({ known: true, value: [{ pid, how: 'cwd' }] });
  });
});

describe.skipIf(!canUnshare)('a second mount of the directory in this namespace (needs mount)', () => {
  it('does not hide who stands in it', async () => {
    expect(spawnSync('mount', ['--bind', join(place, 'repo'), other]).status).toBe(0);
    try {
      const pid = elsewhere(STAY, { cwd: join(other, 'agent-fix') });
      expect(await inside()).toMatchObject([{ pid, how: 'cwd' }]);
      expect(await inside(join(other, 'agent-fix'))).toMatchObject([{ pid, how: 'cwd' }]);
    } finally {
      endAll();
      spawnSync('umount', ['-l', other]);
    }
  });
});
