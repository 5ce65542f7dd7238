import { describe, expect, it } from 'vitest';
import { EMPTY_CACHE, type LandingCache, readCache } from '../../src/observe/landed/cache.ts';
import { basesFor } from '../../src/observe/landed/index.ts';
import { parseBatch } from '../../src/observe/landed/merge.ts';
import { landedMessages } from '../../src/observe/landed/messages.ts';

const A = 'a'.repeat(40);
const B = 'b'.repeat(40);

describe('the output of a batch of merges', () => {
  it('is read record by record', () => {
    const text = `1\0${A}\0\0` + `0\0${B}\0one\0two words\n\0\0` + `0\0${B}\0\0`;
    expect(parseBatch(text)).toEqual([
      { kind: 'clean', tree: A },
      { kind: 'conflict', paths: ['one', 'two words\n'] },
      { kind: 'conflict', paths: [] },
    ]);
  });

  it.each([
    ['nothing', ''],
    ['a record cut off', `1\0${A}\0`],
    ['paths cut off', `0\0${A}\0one`],
    ['the last of several paths cut off', `0\0${A}\0one\0tw`],
    ['no tree', '1\0fatal\0\0'],
    ['another status', `2\0${A}\0\0`],
    ['a clean merge with conflicting paths', `1\0${A}\0one\0\0`],
  ])('is left out from where it is not understood: %s', (_what, text) => {
    expect(parseBatch(text)).toEqual([]);
    expect(parseBatch(`1\0${B}\0\0${text}`)).toEqual([{ kind: 'clean', tree: B }]);
  });
});

describe('what was saved', () => {
  const open = {
    head: A,
    at: B,
    own: '1/x',
    mergeBases: [B],
    behind: 0,
    untouched: ['a'],
    unheld: ['7 a'],
    likes: [[A, B]],
    overflowed: [A],
    isSecond: false,
    code: 'adds',
    detail: [],
  };
  const good = { version: 4, proofs: [{ head: A, how: 'replayed', commit: B, at: B }], open: [open] } as LandingCache;

  it('is read back', () => {
    expect(readCache(JSON.parse(JSON.stringify(good)))).toEqual(good);
  });

  it.each([
    ['no object', 'text'],
    ['an array', []],
    ['another version', { ...good, version: 99 }],
    ['no lists', { version: 4, proofs: {}, open: [] }],
    ['a proof by another way', { ...good, proofs: [{ head: A, how: 'trust', commit: B, at: B }] }],
    ['a proof by a name', { ...good, proofs: [{ head: A, how: 'replayed', commit: 'main', at: B }] }],
    ['a short id', { ...good, proofs: [{ head: 'abc', how: 'replayed', commit: B, at: B }] }],
    ['an option as id', { ...good, open: [{ ...open, at: `--all${'a'.repeat(35)}` }] }],
    ['a negative count', { ...good, open: [{ ...open, behind: -1 }] }],
    ['a fraction', { ...good, open: [{ ...open, behind: 0.5 }] }],
    ['another code', { ...good, open: [{ ...open, code: 'landed' }] }],
    ['a path that is none', { ...good, open: [{ ...open, untouched: [7] }] }],
    ['likes that are none', { ...good, open: [{ ...open, likes: [['x']] }] }],
    ['an overflow of none', { ...good, open: [{ ...open, overflowed: 'all' }] }],
    ['a second search that is none', { ...good, open: [{ ...open, isSecond: 1 }] }],
    ['a newline in an id', { ...good, open: [{ ...open, mergeBases: [`${A}\n`] }] }],
  ])('is forgotten as a whole when it holds %s', (_what, value) => {
    expect(readCache(value)).toEqual(EMPTY_CACHE);
  });
});

describe('the bases of a branch', () => {
  const bases = ['refs/heads/main', 'refs/heads/agent/x', 'refs/remotes/origin/agent/x', 'refs/remotes/team/a/agent/x'];
  const refs = (branch: string | null) =>
    basesFor(
      { head: A, branch },
      bases.map((ref) => ({ ref, oid: B })),
    ).map(({ ref }) => ref);

  it('are not the branch itself, nor any copy of it', () => {
    expect(refs('agent/x')).toEqual(['refs/heads/main']);
    expect(refs('x')).toEqual(['refs/heads/main', 'refs/heads/agent/x']);
    expect(refs('agent/xx')).toEqual(bases);
    expect(refs(null)).toEqual(bases);
  });
});

describe('sentences', () => {
  it('name what, and no more than a few', () => {
    const { limit, ...sentences } = landedMessages;
    expect(sentences.adds('main', ['a', 'b', 'c', 'd'])).toBe('what it changes in a, b, c and 1 more is not in main');
    expect(sentences.adds('main', [])).toBe('merging it into main would still change something');
    expect(sentences.conflict('main', ['a'])).toContain('conflicts in a, so');
    expect(sentences.conflict('main', [])).toContain('conflicts, so');
    const all = [
      sentences.cancels('main'),
      sentences.unrelated('main'),
      sentences.shallow('main'),
      sentences.noBase(),
      sentences.onlyItself(),
      sentences.outOfTime(),
      sentences.missing('commit', A),
      sentences.notACommit('x'),
      sentences.unread('why'),
      sentences.cutShort('log'),
      sentences.noScratch('why'),
      sentences.unknownRevision('x'),
      limit.bases(1),
      limit.ownCommits(1),
      limit.baseCommits('main', 1),
      limit.paths(1),
      limit.merges(1),
      limit.patches(1),
      limit.likes(1, true),
    ];
    for (const sentence of all) expect(sentence).toMatch(/^[^A-Z!]+(?:[A-Z][^!]*)?[^.!]$/);
    for (const sentence of all) expect(sentence).not.toMatch(/\byou/i);
  });
});
