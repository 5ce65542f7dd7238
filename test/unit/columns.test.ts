/** Columns: no line is wider than the terminal, and what has to go is what says least. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cut, cutMiddle, layOut, visible } from '../../src/cli/columns.ts';

describe('columns', () => {
  it('are never wider than the terminal, whatever is in them', () => {
    const cell = fc.string({ unit: fc.constantFrom('a', '/', '-', ' ', '界', '🙂'), maxLength: 70 });
    const row = fc.tuple(cell, cell, cell, cell);
    fc.assert(
      fc.property(fc.array(row, { minLength: 1, maxLength: 5 }), fc.integer({ min: 40, max: 160 }), (rows, width) => {
        const text = layOut(rows, width, { give: [1, 3], middle: [1], right: [2] });
        for (const line of text.split('\n')) expect(visible(line)).toBeLessThanOrEqual(width);
      }),
      { seed: 7, numRuns: 150 },
    );
  });

  it('are not cut where nobody looks', () => {
    const long = 'agent/'.padEnd(300, 'x');
    expect(layOut([[long, 'b']], null, { give: [0] })).toBe(`${long}  b`);
  });

  it('stand to the right where numbers are compared', () => {
    expect(
      layOut(
        [
          ['a', '1 kB'],
          ['b', '10 kB'],
        ],
        null,
        { right: [1] },
      ),
    ).toBe('a   1 kB\nb  10 kB');
  });

  it('take from those that may give way first', () => {
    const [line = ''] = layOut([['x'.repeat(30), 'y'.repeat(30)]], 50, { give: [1] }).split('\n');
    expect(line).toBe(`${'x'.repeat(30)}  ${'y'.repeat(17)}…`);
  });
});

describe('a text that has to be cut', () => {
  it('loses its end, or its middle where the end says most', () => {
    expect(cut('landed: replayed as 1234', 12)).toBe('landed: rep…');
    expect(cutMiddle('/home/ana/code/shop-agents/fix-login', 20)).toBe('/home/…nts/fix-login');
    expect(cutMiddle('short', 20)).toBe('short');
  });

  it('is counted in columns, not characters', () => {
    expect(visible('界界')).toBe(4);
    expect(visible(cut('界界界界', 5))).toBeLessThanOrEqual(5);
  });
});
