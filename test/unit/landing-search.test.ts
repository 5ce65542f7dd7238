import { describe, expect, it } from 'vitest';
import { BELOW, type Change, type CommitRecord, pathsKey } from '../../src/core/landing.ts';
import {
  type GroupedRecord,
  type LineChanges,
  MAX_LIKES,
  oldestFirst,
  type Search,
  sweepLines,
  sweepPaths,
  worthReading,
} from '../../src/observe/landed/search.ts';

const change = (path: string, before: string, after: string): Change => ({
  path,
  before: `100644:${before}`,
  after: `100644:${after}`,
});

const search = (changes: readonly Change[], more: Partial<Search> = {}): Search => ({
  since: (more.from ?? BELOW) + 1,
  tip: 'head',
  net: new Map(changes.map((each) => [each.path, each])),
  own: [{ oid: 'own', parent: 'base', key: pathsKey(changes.map(({ path }) => path)), changes }],
  from: BELOW,
  reached: new Set(),
  behind: 0,
  until: BELOW,
  budget: 10,
  untouched: new Set(changes.map(({ path }) => path)),
  readyAt: BELOW,
  unheld: null,
  current: new Map(),
  likes: new Map(),
  overflowed: new Map(),
  likedAt: new Map(),
  lost: new Set(),
  candidates: [],
  isTouched: false,
  ...more,
});

const record = (group: number, changes: readonly Change[], more: Partial<CommitRecord> = {}): GroupedRecord => ({
  record: { oid: `c${group}`, tree: `t${group}`, parents: [`c${group - 1}`], changes, ...more },
  group,
  isOnSpine: true,
});

/** Both sweeps; lines as given, or none known. */
function sweep(one: Search, records: readonly GroupedRecord[], lines = new Map<string, LineChanges>()): string[] {
  const sorted = oldestFirst(records);
  sweepPaths([one], sorted, Math.max(...records.map(({ group }) => group)));
  sweepLines([one], worthReading([one], sorted), lines);
  return one.candidates.map(({ ours, commit, how }) => `${how} ${ours} ${commit}`);
}

describe('candidates', () => {
  const wanted = [change('a', '1', '2'), change('b', '1', '2')];

  it('change the paths of the branch', () => {
    expect(sweep(search(wanted), [record(0, wanted)])).toEqual(
      ['replayed cx c0', 'adds-nothing c0 c0'].map((each) => each.replace('cx', 'c-1')),
    );
  });

  it('are none while the base has not touched every path', () => {
    expect(sweep(search(wanted), [record(0, [change('a', '1', '2')])])).toEqual([]);
  });

  it('change a part of the paths when the base touched the rest before', () => {
    const records = [record(0, [change('a', '1', '2')]), record(1, [change('b', '1', '2')])];
    expect(sweep(search(wanted), records)).toEqual(['replayed c0 c1', 'adds-nothing c1 c1']);
  });

  it('are no squash when they touch another path, but may hold the branch', () => {
    const records = [record(0, [...wanted, change('other', '1', '2')])];
    expect(sweep(search(wanted), records)).toEqual(['adds-nothing c0 c0']);
  });

  it('are none where content that neither side moved differs', () => {
    expect(sweep(search(wanted), [record(0, [change('a', '1', '2'), change('b', '1', '3')])])).toEqual([
      'adds-nothing c0 c0',
    ]);
    expect(sweep(search(wanted), [record(0, [change('a', '1', '2'), change('b', '2', '1')])])).toEqual([]);
  });

  it('are only newer than the merge base', () => {
    expect(sweep(search(wanted, { from: 1 }), [record(0, wanted), record(1, wanted)])).toEqual([]);
  });

  it('are none when a path was touched only before the merge base', () => {
    const records = [record(0, [change('a', '1', '2')]), record(2, [change('b', '1', '2')])];
    expect(sweep(search(wanted, { from: 1 }), records)).toEqual([]);
  });

  it('are for each branch only newer than its own merge base, also where an older branch has them read', () => {
    const newer = search(wanted, { from: 1, untouched: new Set() });
    const older = search(wanted);
    const records = [record(0, wanted)];
    sweepPaths([newer, older], records, 0);
    sweepLines([newer, older], worthReading([newer, older], records), new Map());
    expect([newer.candidates.length, older.candidates.length]).toEqual([0, 2]);
  });

  it('are none while a line is not in the history of the base', () => {
    const lines = () => new Map([['a', new Set([7])]]);
    const added = (...numbers: number[]) => new Map([['c0', new Map([['a', new Set(numbers)]])]]);
    expect(sweep(search(wanted, { unheld: lines() }), [record(0, wanted)], added(8))).toEqual([]);
    expect(sweep(search(wanted, { unheld: lines() }), [record(0, wanted)], added(8, 7))).toHaveLength(2);
    expect(sweep(search(wanted, { unheld: lines() }), [record(0, wanted)], new Map([['c0', null]]))).toHaveLength(2);
  });

  it('stop before the commit that the budget does not cover', () => {
    const one = search([change('a', '1', '2')], { budget: 2 });
    sweep(one, [
      record(0, [change('a', '3', '4')]),
      record(1, [change('a', '4', '5')]),
      record(2, [change('a', '5', '6')]),
    ]);
    expect(one.candidates.map(({ commit }) => commit)).toEqual(['c0', 'c0']);
    expect(one.until).toBe(0);
  });

  it('are the last of as many commits as the branch has', () => {
    const first = [change('a', '1', '2')];
    const second = [change('b', '1', '2')];
    const own = [first, second].map((changes, index) => ({
      oid: `own${index}`,
      parent: null,
      key: pathsKey(changes.map(({ path }) => path)),
      changes,
    }));
    const records = [record(0, first), record(1, second)];
    expect(sweep(search(wanted, { own }), records)).toContain('replayed c1~2 c1');
    expect(sweep(search(wanted, { own, from: 0, untouched: new Set() }), records)).not.toContain('replayed c1~2 c1');
    expect(sweep(search(wanted, { own, from: 0, behind: 1, untouched: new Set() }), records)).toContain(
      'replayed c1~2 c1',
    );
  });
});

describe('look-alikes', () => {
  const wanted = [change('a', '1', '2')];

  it('change the paths of an own commit, and are not merges', () => {
    const one = search(wanted);
    sweep(one, [record(0, [change('a', '8', '9')]), record(1, wanted, { parents: ['x', 'y'] })]);
    expect([...one.likes]).toEqual([['own', ['c0']]]);
  });

  it('are newer than the merge base', () => {
    const one = search(wanted, { from: 1 });
    sweep(one, [record(0, wanted), record(1, wanted), record(2, wanted)]);
    expect([...one.likes]).toEqual([['own', ['c2']]]);
  });

  it('are not commits that the branch holds', () => {
    const one = search(wanted, { reached: new Set(['c0']) });
    sweep(one, [record(0, wanted)]);
    expect(one.likes.size).toBe(0);
  });

  it('are only so many', () => {
    const one = search(wanted);
    sweep(
      one,
      Array.from({ length: MAX_LIKES + 5 }, (_, group) => record(group, wanted)),
    );
    expect(one.likes.get('own')).toHaveLength(MAX_LIKES);
    expect([...one.overflowed]).toEqual([['own', MAX_LIKES]]);
  });

  it('of one merge are taken together', () => {
    const one = search(wanted);
    const brought = Array.from({ length: MAX_LIKES + 5 }, (_, at) => ({ ...record(0, wanted, { oid: `c${at}` }) }));
    sweep(one, [...brought, record(1, wanted, { oid: 'after' })]);
    expect(one.likes.get('own')).toHaveLength(MAX_LIKES + 5);
    expect([...one.overflowed]).toEqual([['own', 1]]);
  });

  it('that are as many as are compared leave none out', () => {
    const one = search(wanted);
    sweep(
      one,
      Array.from({ length: MAX_LIKES }, (_, group) => record(group, wanted)),
    );
    expect(one.overflowed.size).toBe(0);
  });
});
