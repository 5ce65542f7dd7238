import { describe, expect, it } from 'vitest';
import type { DiskAnswer, DiskReader } from '../../src/io/ports.ts';
import type { ProcessView } from '../../src/io/proctable.ts';
import { occupants, type ProcessTable, scanProcesses } from '../../src/observe/processes.ts';

const ok = <T>(value: T): DiskAnswer<T> => ({ ok: true, value });
const failed = (code: string): DiskAnswer<never> => ({ ok: false, code, why: code });

const SELF = 10;
const OTHER = 20;

/** Two processes beside the directory, with one thing changed. */
function table(change: Partial<ProcessView> = {}, disk: Partial<DiskReader> = {}): ProcessTable {
  const view: ProcessView = {
    pids: [SELF, OTHER],
    describe: () => ok({ ppid: 1, command: 'agent', zombie: false, kernelThread: false }),
    places: () => ok({ cwd: '/', root: '/', exe: '/bin/agent' }),
    args: () => ok(['agent']),
    openFiles: () => ok({ paths: [], sockets: [] }),
    boundSockets: () => ok([]),
    mountNamespace: () => ok('mnt:[1]'),
    mountinfo: () => ok('27 1 254:0 / / rw - ext4 /dev/vda rw\n'),
    doorTo: () => null,
    ...change,
  };
  const reader = { realpath: async (path: string) => ok(path), stat: async () => failed('ENOENT'), ...disk };
  return { self: SELF, view, disk: reader as DiskReader, lookupTimeoutMs: 50 };
}

const inside = (change?: Partial<ProcessView>, disk?: Partial<DiskReader>) =>
  occupants(table(change, disk), { path: '/r/wt', dev: 1, ino: 2 });

const standing = ok({ cwd: '/r/wt', root: '/', exe: null });
const atOther =
  <T>(answer: DiskAnswer<T>, otherwise: DiskAnswer<T>) =>
  (pid: number) =>
    pid === OTHER ? answer : otherwise;

describe('nobody is inside', () => {
  it('when everybody was seen elsewhere', async () => {
    expect(await inside()).toEqual({ known: true, value: [] });
  });

  it('when only this program has something of it open', async () => {
    const openFiles = (pid: number) => ok({ paths: pid === SELF ? ['/w/tree/a'] : [], sockets: [] });
    expect(await inside({ openFiles })).toEqual({ known: true, value: [] });
  });

  it.each([
    ['has exited', { zombie: true, kernelThread: false }],
    ['is the kernel', { zombie: false, kernelThread: true }],
  ])('when who seems to be %s', async (_name, state) => {
    const described = () => ok({ ppid: 1, command: 'x', ...state });
    expect(await inside({ places: atOther(standing, standing), describe: described })).toMatchObject({ value: [] });
  });

  it.each(['ENOENT', 'ESRCH', 'EACCES', 'EPERM'])(
    'when a process answers %s: it is gone, or another user’s',
    async (code) => {
      const answer = failed(code);
      const change = {
        places: atOther(answer, ok({ cwd: '/', root: '/', exe: null })),
        openFiles: atOther(answer, ok({ paths: [], sockets: [] })),
        args: atOther(answer, ok(['x'])),
      };
      expect(await inside(change)).toEqual({ known: true, value: [] });
    },
  );
});

describe('who is inside is unknown', () => {
  it.each(['places', 'args', 'openFiles', 'mountinfo', 'mountNamespace'] as const)(
    'when %s cannot be read',
    async (what) => {
      expect(await inside({ [what]: () => failed('EMFILE') })).toMatchObject({ known: false });
    },
  );

  it('when the bound sockets cannot be read', async () => {
    expect(await inside({ boundSockets: () => failed('EMFILE') })).toMatchObject({ known: false });
  });

  it('when who was found cannot be described', async () => {
    const describe = () => failed('EMFILE');
    expect(await inside({ places: atOther(standing, standing), describe })).toMatchObject({ known: false });
  });

  it('when its own mounts, or those of a container, are not understood', async () => {
    expect(await inside({ mountinfo: () => ok('nonsense') })).toMatchObject({ known: false });
    const change = {
      mountNamespace: atOther(ok('mnt:[2]'), ok('mnt:[1]')),
      mountinfo: atOther(ok('x'), table().view.mountinfo(SELF)),
    };
    expect(await inside(change)).toMatchObject({ known: false });
  });

  it('when the namespace of another, or the mounts there, cannot be read', async () => {
    const own = ok('mnt:[1]');
    expect(await inside({ mountNamespace: atOther(failed('EMFILE'), own) })).toMatchObject({ known: false });
    const change = {
      mountNamespace: atOther(ok('mnt:[2]'), own),
      mountinfo: atOther(failed('EMFILE'), table().view.mountinfo(SELF)),
    };
    expect(await inside(change)).toMatchObject({ known: false });
  });

  it('when its path cannot be resolved, but for a path that is gone', async () => {
    expect(await inside({}, { realpath: async () => failed('EACCES') })).toMatchObject({ known: false });
    expect(await inside({}, { realpath: async () => failed('ENOENT') })).toMatchObject({ known: true });
  });

  it('when a look-up hangs', async () => {
    const hung = new Promise<never>(() => undefined);
    const answer = await inside(
      { args: () => ok(['/link/wt']) },
      { realpath: (path) => (path === '/r/wt' ? Promise.resolve(ok(path)) : hung) },
    );
    expect(answer).toMatchObject({ known: false, why: expect.stringContaining('took longer') });
  });

  it('when more arguments may name it than can be looked up', async () => {
    const args = Array.from({ length: 501 }, (_each, index) => `/a${index}/wt`);
    const answer = await inside(
      { args: () => ok(args) },
      { realpath: async (path) => (path === '/r/wt' ? ok(path) : failed('ENOENT')) },
    );
    expect(answer).toMatchObject({ known: false, why: expect.stringContaining('500') });
  });

  it('when there is neither /proc nor lsof', async () => {
    const found = await scanProcesses({ self: process.pid, procRoot: '/nowhere', programDirectories: '/nowhere' });
    expect(found).toMatchObject({ known: false, why: expect.stringContaining('not installed') });
  });
});

describe('somebody is inside', () => {
  it('when a socket is bound there, though no process that may be read holds it', async () => {
    const found = await inside({ boundSockets: () => ok([{ inode: 5, path: '/r/wt/s' }]) });
    expect(found).toEqual({
      known: true,
      value: [{ pid: 0, command: 'a process that cannot be read', how: 'socket' }],
    });
  });

  it('under a name that cannot speak to a terminal', async () => {
    const described = () => ok({ ppid: 1, command: 'a\x1b[2J', zombie: false, kernelThread: false });
    const found = await inside({
      places: atOther(standing, ok({ cwd: '/', root: '/', exe: null })),
      describe: described,
    });
    expect(JSON.stringify(found)).not.toContain('\\u001b');
  });

  it('by device and inode where this process’s own mounts do not say where the directory is', async () => {
    const change = {
      mountinfo: () => ok('27 1 254:0 / /elsewhere rw - ext4 /dev/vda rw\n'),
      doorTo: (pid: number) => (pid === OTHER ? '/door' : null),
    };
    const stat = async (path: string) => (path === '/door/..' ? ok({ dev: 1, ino: 2 }) : ok({ dev: 1, ino: 9 }));
    expect(await inside(change, { stat: stat as never })).toMatchObject({ value: [{ pid: OTHER, how: 'cwd' }] });
  });
});
