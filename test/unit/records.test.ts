/** The notes, the ledger and the reflog: what is written down is read back, and nothing else is. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ENTRY_VERSION, type Entry, entryId, parseEntry, recoveryOf } from '../../src/core/entry.ts';
import { deadSince, EMPTY_LEDGER, inTurn, keepOnly, keyOf, type Ledger, parseLedger } from '../../src/core/ledger.ts';
import { ownCommits, parseReflog, reflogCommits } from '../../src/core/reflog.ts';

const ENTRY: Entry = {
  version: ENTRY_VERSION,
  id: 'agent-fix-1f2e',
  kind: 'worktree',
  phase: 'held',
  path: '/w/fix',
  tree: '/r/.git/reaper/quarantine/agent-fix-1f2e/tree',
  registration: 'fix',
  branch: 'agent/fix',
  head: 'a'.repeat(40),
  pin: 'a'.repeat(40),
  deletedBranchAt: null,
  lockText: null,
  ground: 'landed',
  evidence: null,
  because: 'landed',
  ballast: ['node_modules'],
  atMs: 1,
  keepUntilMs: 2,
  forgetAtMs: 3,
  bytes: null,
  unverified: false,
  restoreTo: null,
  rebuild: false,
  detach: false,
};

describe('an entry', () => {
  it('is read back as it was written', () => {
    expect(parseEntry(JSON.stringify(ENTRY))).toEqual(ENTRY);
  });

  it.each([
    ['another version', { version: 2 }],
    ['an id that leads elsewhere', { id: '../../x' }],
    ['a registration that leads elsewhere', { registration: '../main' }],
    ['a relative path', { path: 'w/fix' }],
    ['an unknown phase', { phase: 'gone' }],
    ['an unknown kind', { kind: 'repository' }],
    ['times that are none', { keepUntilMs: 'soon' }],
    ['no list of ballast', { ballast: null }],
  ])('with %s is not one of ours', (_name, change) => {
    expect(parseEntry(JSON.stringify({ ...ENTRY, ...change }))).toBeNull();
  });

  it('that is damaged anywhere is null and never an exception', () => {
    const text = JSON.stringify(ENTRY);
    for (let end = 0; end < text.length; end += 7) expect(parseEntry(text.slice(0, end))).toBeNull();
    expect(parseEntry('null')).toBeNull();
  });

  it('gets a readable, safe id for any branch name', () => {
    expect(entryId('agent/Fix Login!', '7f3a')).toBe('agent-fix-login-7f3a');
    expect(entryId('///', '7f3a')).toBe('entry-7f3a');
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (name) => {
        expect(parseEntry(JSON.stringify({ ...ENTRY, id: entryId(name, '7f3a') }))).not.toBeNull();
      }),
      { seed: 5 },
    );
  });
});

describe('what a killed pass left', () => {
  const remains = (treeInQuarantine: boolean, treeAtHome: boolean, adminInQuarantine: boolean) => ({
    treeInQuarantine,
    treeAtHome,
    adminInQuarantine,
    adminAtHome: !adminInQuarantine,
  });

  it.each([
    ['nothing moved', 'worktree', remains(false, true, false), 'roll-back'],
    ['only the tree moved', 'worktree', remains(true, false, false), 'roll-back'],
    ['both moved', 'worktree', remains(true, false, true), 'finish'],
    ['the tree moved and something else took its place', 'worktree', remains(true, true, false), 'hold-unverified'],
    ['everything is gone', 'worktree', remains(false, false, false), 'roll-back'],
    ['a registration moved', 'registration', remains(false, false, true), 'finish'],
    ['a registration did not move', 'registration', remains(false, false, false), 'roll-back'],
    ['a staging entry moved', 'staging', remains(true, false, false), 'roll-back'],
    ['a staging entry moved and was made again', 'staging', remains(true, true, false), 'hold-unverified'],
  ] as const)('when %s (%s)', (_name, kind, left, expected) => {
    expect(recoveryOf({ kind }, left)).toBe(expected);
  });
});

describe('the ledger', () => {
  const candidate = (path: string) => ({ kind: 'worktree', path });

  it('survives a round trip, and garbage is null', () => {
    const ledger: Ledger = { ...EMPTY_LEDGER, examined: { 'worktree:/a': 5 }, totals: { reclaimed: 2, bytes: 9 } };
    expect(parseLedger(JSON.stringify(ledger))).toEqual(ledger);
    for (const text of ['', '{', 'null', '[]', '{"version":2}', '7']) expect(parseLedger(text)).toBeNull();
    const odd = '{"version":1,"lastPass":7,"boot":["x"]}';
    expect(parseLedger(odd)).toMatchObject({ lastPass: null, boot: null });
    for (const part of [
      '{}',
      '{"atMs":"x","ms":1,"complete":true}',
      '{"atMs":1,"ms":1}',
      '{"atMs":null,"ms":1,"complete":true}',
    ])
      expect(parseLedger(`{"version":1,"lastPass":${part}}`)?.lastPass, part).toBeNull();
    expect(parseLedger('{"version":1,"examined":{"a":"x"},"totals":{"bytes":"many"}}')).toMatchObject({
      examined: {},
      totals: { bytes: 0 },
    });
  });

  it('puts the least recently examined first, and those never examined before all', () => {
    const ledger: Ledger = { ...EMPTY_LEDGER, examined: { 'worktree:/a': 3, 'worktree:/b': 1 } };
    expect(inTurn([candidate('/a'), candidate('/b'), candidate('/c')], ledger).map(({ path }) => path)).toEqual([
      '/c',
      '/b',
      '/a',
    ]);
  });

  it('lets no candidate starve, however few a pass reaches', () => {
    const all = Array.from({ length: 50 }, (_, index) => candidate(`/w${index}`));
    let ledger = EMPTY_LEDGER;
    const seen = new Set<string>();
    for (let pass = 1; pass <= 10; pass++) {
      const reached = inTurn(all, ledger).slice(0, 5);
      for (const each of reached) seen.add(each.path);
      ledger = {
        ...ledger,
        examined: { ...ledger.examined, ...Object.fromEntries(reached.map((each) => [keyOf(each), pass])) },
      };
    }
    expect(seen.size).toBe(50);
  });

  it('counts an owner as dead from its first sight, anew after life or a clock set back', () => {
    const ledger: Ledger = { ...EMPTY_LEDGER, deadSince: { k: 100 } };
    expect(deadSince(ledger, 'k', true, 500)).toBe(100);
    expect(deadSince(ledger, 'new', true, 500)).toBeNull();
    expect(deadSince(ledger, 'k', false, 500)).toBeNull();
    expect(deadSince(ledger, 'k', true, 50)).toBeNull();
    expect(keepOnly({ k: 1, gone: 2 }, new Set(['k']))).toEqual({ k: 1 });
  });
});

describe('a reflog', () => {
  const [zero, one, two] = ['0', '1', '2'].map((digit) => digit.repeat(40)) as [string, string, string];
  const line = (from: string, to: string, message: string) =>
    `${from} ${to} A B <a@b> 1700000000 +0100${message === '' ? '' : `\t${message}`}\n`;

  it('is read line by line, and a strange line makes all of it unread', () => {
    expect(parseReflog(line(zero, one, '') + line(one, two, 'commit: x'))).toMatchObject([
      { to: one, message: '' },
      { to: two, message: 'commit: x', at: 1_700_000_000 },
    ]);
    expect(parseReflog(`${line(zero, one, '')}garbage\n`)).toBeNull();
    expect(parseReflog('')).toEqual([]);
  });

  it.each([
    'branch: Created from main',
    'checkout: moving from a to b',
    'reset: moving to HEAD~1',
    'merge main: Fast-forward',
    'pull: Fast-forward',
    'pull --rebase origin main (start): checkout abc',
    'rebase (finish): returning to refs/heads/x',
    'rebase -i (start): checkout main',
    'Branch: renamed refs/heads/a to refs/heads/b',
    'clone: from /somewhere',
  ])('"%s" is no commit of its own', (message) => {
    expect(ownCommits(parseReflog(line(one, two, message)) ?? [])).toEqual([]);
  });

  it.each([
    'commit: x',
    'commit (initial): x',
    'commit (amend): x',
    'commit (merge): x',
    'cherry-pick: x',
    'revert: x',
    'am: x',
    "merge topic: Merge made by the 'ort' strategy.",
    'rebase (pick): x',
    'rebase (squash): x',
    'something a tool wrote',
    'fetch-and-commit: x',
  ])('"%s" is a commit of its own', (message) => {
    expect(ownCommits(parseReflog(line(one, two, message)) ?? [])).toEqual([two]);
  });

  it('names every commit it holds on to, the newest own one first', () => {
    const entries = parseReflog(line(zero, one, 'commit (initial): a') + line(one, two, 'commit: b')) ?? [];
    expect(ownCommits(entries)).toEqual([two, one]);
    expect(new Set(reflogCommits(entries))).toEqual(new Set([one, two]));
  });
});
