/** What a person reads of the things in quarantine: what of their files is kept, and how long. */
import { createColors } from 'picocolors';
import { expect, it } from 'vitest';
import type { Context } from '../../src/cli/context.ts';
import { quarantineTable } from '../../src/cli/quarantine-table.ts';
import type { Entry } from '../../src/core/entry.ts';

const DAY = 86_400_000;
const HELD: Partial<Entry> = {
  ...{
    id: 'agent-a-1f',
    kind: 'worktree',
    registration: 'a',
    phase: 'held',
    path: '/w/a',
    branch: 'agent/a',
    bytes: null,
  },
  ...{ ballast: [], atMs: 0, keepUntilMs: 7 * DAY, forgetAtMs: 90 * DAY, unverified: false },
};

function row(entry: Partial<Entry>, width: number | null = null): string {
  const context = { width, colors: createColors(false) } as Context;
  return quarantineTable(context, [{ ...HELD, ...entry } as Entry], 0, { home: '/h', mainRoot: '/w/m' });
}

it.each<[words: string, entry: Partial<Entry>]>([
  ['whole for 7d', {}],
  ['all but node_modules for 7d', { ballast: ['node_modules', 'packages/a/node_modules'] }],
  ['all but node_modules and .venv for 7d', { ballast: ['node_modules', 'tools/.venv'] }],
  ['all but what can be rebuilt for 7d', { ballast: ['node_modules', '.venv', 'target'] }],
  ['all but no\\x1bde for 7d', { ballast: ['no\u001bde'] }],
  ['from its commit for 90d', { phase: 'purged', ballast: ['node_modules'] }],
  ['commits alone for 90d', { phase: 'purged', registration: null }],
  ['kept: not yet looked at a second time', { unverified: true }],
])('%s', (words, entry) => {
  expect(row(entry).split(/ {2,}/)).toContain(words);
});

it('takes as many lines as the terminal needs, and cuts no id', () => {
  const id = 'agent-round-the-cart-totals-1f';
  const ballast = ['node_modules'];
  expect(row({ id, ballast }, 70).split('\n').slice(1)).toEqual([`  all but node_modules for 7d: ${id}`]);
  expect(row({ id, ballast }, 60).split('\n').slice(1)).toEqual(['  all but node_modules for 7d:', `    ${id}`]);
});
