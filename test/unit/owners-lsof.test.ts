import { describe, expect, it } from 'vitest';
import { parseLsof, parsePs } from '../../src/io/lsof.ts';
import { parseUnixSockets } from '../../src/io/proctable.ts';

const LISTING = [
  'p42\0R7\0cpython3',
  'fcwd\0tDIR\0n/tmp/we ird\\\\\\xc3\\xa9\\n^Ax',
  'frtd\0tDIR\0n/',
  'ftxt\0tREG\0n/usr/bin/python3.11',
  'ftxt\0tREG\0n/usr/lib/libc.dylib',
  'f3\0tunix\0ns.sock type=STREAM',
  'f4\0tunix\0n/tmp/abs.sock type=STREAM (LISTEN)',
  'f5\0tREG\0n/tmp/gone (deleted)',
  'f10\0tFIFO\0npipe',
  'p43\0R42\0csh',
  'fcwd\0tDIR\0n/home',
  '',
].join('\0\n');

describe('what lsof prints', () => {
  const found = parseLsof(LISTING);

  it('is read process by process, its escapes undone', () => {
    expect(found.get(42)).toEqual({
      pid: 42,
      places: { cwd: '/tmp/we ird\\é\n^Ax', root: '/', exe: '/usr/bin/python3.11' },
      open: ['/usr/lib/libc.dylib', '/tmp/gone (deleted)'],
      bound: ['/tmp/abs.sock'],
    });
    expect(found.get(43)).toMatchObject({ places: { cwd: '/home', root: null, exe: null } });
  });

  it('shows nobody when it is empty', () => {
    expect(parseLsof('')).toEqual(new Map());
  });
});

describe('what ps prints', () => {
  it('is read line by line', () => {
    const found = parsePs('    1     0 Ss   /sbin/init splash\n   42     1 Z    [sleep] <defunct>\n\n');
    expect(found.get(1)).toEqual({
      description: { ppid: 0, command: 'init', zombie: false, kernelThread: false },
      commandLine: '/sbin/init splash',
    });
    expect(found.get(42)?.description).toMatchObject({ ppid: 1, zombie: true });
    expect(found.size).toBe(2);
  });
});

describe('the list of unix sockets', () => {
  it('gives those that are bound to a path', () => {
    const text = [
      'Num       RefCount Protocol Flags    Type St Inode Path',
      '00000000142a8824: 00000003 00000000 00000000 0001 03  1587',
      '0000000013ca1488: 00000002 00000000 00010000 0001 01 17640 /tmp/a b/s.sock',
      '0000000013ca1489: 00000002 00000000 00010000 0001 01 17641 @/tmp/abstract',
      '',
    ].join('\n');
    expect(parseUnixSockets(text)).toEqual([{ inode: 17640, path: '/tmp/a b/s.sock' }]);
  });
});
