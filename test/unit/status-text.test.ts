/** git's porcelain is accepted whole or not at all. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hasStrongMark, isPreciousName, rebuildableRoot } from '../../src/core/rebuildable.ts';
import { parseIndex, parseStatus } from '../../src/observe/changes.ts';
import { parseWorktreeList } from '../../src/observe/worktrees.ts';

const HEADER = '# branch.oid abc\0# branch.head agent/x\0';
const OID = 'a'.repeat(40);

describe('git status', () => {
  it('is sorted into changed, untracked and ignored paths, spaces and newlines included', () => {
    const text = `${HEADER}1 .M N... 100644 100644 100644 ${OID} ${OID} a file\n.txt\0u UU N... 1 1 1 1 a b c con flict\0? new\0! node_modules/\0`;
    expect(parseStatus(text)).toEqual({
      known: true,
      value: { changes: { tracked: ['a file\n.txt', 'con flict'], untracked: ['new'] }, ignored: ['node_modules/'] },
    });
  });

  it('that is empty, cut short or holds a strange record is unknown, never clean', () => {
    for (const text of ['', HEADER.slice(0, -1), 'fatal: no\0', `${HEADER}x y\0`, `${HEADER}2 R. a b\0`])
      expect(parseStatus(text).known).toBe(false);
    const whole = `${HEADER}? a\0? b\0`;
    fc.assert(
      fc.property(fc.integer({ min: 0, max: whole.length - 1 }), (end) => {
        const cut = parseStatus(whole.slice(0, end));
        if (cut.known)
          expect(cut.value.changes.untracked.length + (end < HEADER.length + 2 ? 1 : 0)).toBeGreaterThan(0);
      }),
      { seed: 6 },
    );
  });
});

describe('git ls-files', () => {
  it('tells hidden edits and submodules, and what has tracked content', () => {
    const index = parseIndex(
      `H 100644 ${OID} 0\tsrc/a.ts\0h 100644 ${OID} 0\thidden\0S 100644 ${OID} 0\tsparse\0s 100644 ${OID} 0\tboth\0H 160000 ${OID} 0\tlib\0`,
    );
    expect(index).toMatchObject({
      known: true,
      value: { assumeUnchanged: ['hidden', 'both'], skipWorktree: ['sparse', 'both'], gitlinks: ['lib'] },
    });
    if (index.known)
      expect([index.value.hasTracked('src'), index.value.hasTracked('src/'), index.value.hasTracked('s')]).toEqual([
        true,
        true,
        false,
      ]);
  });

  it('that is cut short is unknown; an empty index is empty', () => {
    expect(parseIndex(`H 100644 ${OID} 0\tsrc/a.ts`).known).toBe(false);
    expect(parseIndex('nonsense\0').known).toBe(false);
    expect(parseIndex('')).toMatchObject({ known: true, value: { gitlinks: [] } });
  });
});

describe('git worktree list', () => {
  it('is read record by record', () => {
    const text = `worktree /r\0HEAD ${OID}\0branch refs/heads/main\0\0worktree /w a\nb\0HEAD ${OID}\0detached\0locked why not\0\0worktree /b\0bare\0\0worktree /u\0HEAD ${'0'.repeat(40)}\0branch refs/heads/new\0locked\0\0`;
    expect(parseWorktreeList(text)).toEqual([
      { path: '/r', head: OID, branch: 'main', locked: null, isBare: false },
      { path: '/w a\nb', head: OID, branch: null, locked: 'why not', isBare: false },
      { path: '/b', head: null, branch: null, locked: null, isBare: true },
      { path: '/u', head: null, branch: 'new', locked: '', isBare: false },
    ]);
  });

  it('that is cut short or has no path is not read at all', () => {
    for (const text of ['', 'worktree /r\0HEAD x\0', `HEAD ${OID}\0\0`]) expect(parseWorktreeList(text)).toBeNull();
  });
});

describe('rebuildable content', () => {
  const names = new Set(['node_modules', 'dist', '.eslintcache']);
  const nothingTracked = () => false;

  it('matches whole names, at any depth, the topmost first', () => {
    expect(rebuildableRoot('node_modules/', names, nothingTracked)).toEqual({
      root: 'node_modules',
      isDirectory: true,
    });
    expect(rebuildableRoot('packages/a/node_modules/b/dist/', names, nothingTracked)?.root).toBe(
      'packages/a/node_modules',
    );
    for (const path of ['my_node_modules/', 'node_modules2/', 'Node_Modules/', '.env', 'distant/'])
      expect(rebuildableRoot(path, names, nothingTracked)).toBeNull();
  });

  it('does not reach into a directory that git tracks something in', () => {
    expect(rebuildableRoot('dist/secret.txt', names, (path) => path === 'dist')).toBeNull();
    expect(rebuildableRoot('dist/node_modules/', names, (path) => path === 'dist')?.root).toBe('dist/node_modules');
  });

  it('takes a file only by a name that is no plain word', () => {
    expect(rebuildableRoot('dist', names, nothingTracked)).toBeNull();
    expect(rebuildableRoot('.eslintcache', names, nothingTracked)).toEqual({
      root: '.eslintcache',
      isDirectory: false,
    });
  });

  it('is strong only with its mark', () => {
    expect(hasStrongMark('node_modules', ['left-pad'], false)).toBe(false);
    expect(hasStrongMark('node_modules', ['.package-lock.json'], false)).toBe(true);
    expect(hasStrongMark('.venv', ['pyvenv.cfg'], false)).toBe(true);
    expect(hasStrongMark('target', ['debug'], false)).toBe(false);
    expect(hasStrongMark('anything', [], true)).toBe(true);
    expect(hasStrongMark('__pycache__', [], false)).toBe(true);
  });

  it.each([
    '.env',
    '.env.local',
    'server.pem',
    'id_rsa',
    'id_ed25519.pub',
    'app.sqlite',
    'app.sqlite3',
    'data.db',
    'data.db-wal',
    'secrets.json',
    'prod.tfstate',
    'KEY.PEM',
  ])('%s is precious', (name) => {
    expect(isPreciousName(name)).toBe(true);
  });

  it.each(['index.js', 'environment.ts', 'dbt.yml', 'identity.ts', 'README.md'])('%s is not', (name) => {
    expect(isPreciousName(name)).toBe(false);
  });
});
