import { describe, expect, it } from 'vitest';
import {
  BELOW,
  type CommitGraph,
  independent,
  newestOnSpine,
  ownHistory,
  pairUp,
  pathsKey,
  spineOf,
} from '../../src/core/landing.ts';

/** `tip: parent parent` lines, children first. */
const graph = (text: string): CommitGraph =>
  new Map(
    text
      .trim()
      .split('\n')
      .map((line) => {
        const [oid = '', ...parents] = line.trim().split(/[: ]+/);
        return [oid, parents];
      }),
  );

describe('own history', () => {
  it('ends at the commits of the base that it stands on', () => {
    const own = ownHistory(graph('c: b m2\nb: a\na: m1'), 'c', 10);
    expect([...(own?.commits ?? [])].sort()).toEqual(['a', 'b', 'c']);
    expect(own?.frontier).toEqual(['m1', 'm2']);
  });

  it('has no frontier when it reaches a root of its own', () => {
    expect(ownHistory(graph('b: a\na:'), 'b', 10)?.frontier).toEqual(['']);
    expect(ownHistory(new Map([['a', []]]), 'a', 10)?.frontier).toEqual([]);
  });

  it('is refused when it is too long', () => {
    expect(ownHistory(graph('c: b\nb: a\na: m'), 'c', 2)).toBeNull();
    expect(ownHistory(graph('c: b\nb: a\na: m'), 'c', 3)).not.toBeNull();
  });
});

describe('the spine', () => {
  const history = graph('t: s side2\nside2: side1\nside1: r\ns: r\nr: q\nq: below');
  const spine = spineOf(history, 't');

  it('is the first-parent line, oldest first', () => {
    expect(spine.commits).toEqual(['q', 'r', 's', 't']);
  });

  it('brings in side commits where they were merged', () => {
    expect(spine.groupOf.get('side1')).toBe(3);
    expect(spine.groupOf.get('s')).toBe(2);
  });

  it('tells the newest of its commits that a point descends from', () => {
    expect(newestOnSpine(history, spine, ['side2'])).toBe(1);
    expect(newestOnSpine(history, spine, ['side1', 's'])).toBe(2);
    expect(newestOnSpine(history, spine, ['below'])).toBe(BELOW);
  });

  it('leaves only those merge bases that no other one descends from', () => {
    expect(independent(history, spine, ['q', 's', 'r'])).toEqual(['s']);
    expect(independent(history, spine, ['side2', 'r'])).toEqual(['side2']);
    expect(independent(history, spine, ['side2', 's'])).toEqual(['side2', 's']);
    expect(independent(history, spine, ['below', 'side1'])).toEqual(['side1']);
  });
});

describe('the key of a set of paths', () => {
  it('is the same in any order, and another for another set', () => {
    expect(pathsKey(['b', 'a'])).toBe(pathsKey(['a', 'b']));
    const keys = [[], ['a'], ['b'], ['a', 'b'], ['ab'], ['a', 'b', 'c'], ['a/b'], ['ä']].map(pathsKey);
    expect(new Set(keys).size).toBe(keys.length);
  });
});

describe('commits are paired with their twins', () => {
  const pairs = (twins: Record<string, string[]>) => {
    const found = pairUp(new Map(Object.entries(twins)));
    return found === null ? null : Object.fromEntries(found);
  };

  it('each with one of its own, giving way where another has no choice', () => {
    expect(pairs({ a: ['1', '2'], b: ['1'], c: ['3'] })).toEqual({ a: '2', b: '1', c: '3' });
    expect(pairs({ a: ['1', '2'], b: ['1', '3'], c: ['1'], d: ['2'] })).toBeNull();
    expect(pairs({ a: ['1', '2'], b: ['2', '3'], c: ['1'], d: ['2'] })).toBeNull();
    expect(pairs({ a: ['1', '2'], b: ['2', '3'], c: ['1'] })).toEqual({ a: '2', b: '3', c: '1' });
  });

  it('not at all when two have only the same one, or one has none', () => {
    expect(pairs({ a: ['1'], b: ['1'] })).toBeNull();
    expect(pairs({ a: ['1'], b: [] })).toBeNull();
  });
});
