/** Disk over time: bounded, in order, coarser the further back. */
import { describe, expect, it } from 'vitest';
import { type DiskPoint, MOST_POINTS, parseSeries, withPoint } from '../../src/core/disk-series.ts';
import { EMPTY_LEDGER, parseLedger } from '../../src/core/ledger.ts';

const HOUR = 3_600_000;
const at = (atMs: number, inUse: number | null = 1): DiskPoint => ({ atMs, inUse, held: 0, givenBack: 0 });

describe('disk over time', () => {
  it('never grows beyond its bound, keeps its first and its last point, and stays in order', () => {
    let series: readonly DiskPoint[] = [];
    for (let hour = 0; hour < 5000; hour++) series = withPoint(series, at(hour * HOUR));
    expect(series.length).toBeLessThanOrEqual(MOST_POINTS);
    expect(series.length).toBeGreaterThan(MOST_POINTS / 2);
    expect([series[0]?.atMs, series.at(-1)?.atMs]).toEqual([0, 4999 * HOUR]);
    expect([...series].sort((one, other) => one.atMs - other.atMs)).toEqual(series);
  });

  it('is no finer than an hour, and always has the newest measurement', () => {
    let series: readonly DiskPoint[] = [];
    for (let minute = 0; minute <= 180; minute++) series = withPoint(series, at(minute * 60_000, minute));
    expect(series.length).toBeLessThanOrEqual(5);
    expect(series.at(-1)?.inUse).toBe(180);
  });

  it('drops what a clock that was set back makes impossible', () => {
    expect(withPoint([at(HOUR), at(9 * HOUR)], at(3 * HOUR)).map(({ atMs }) => atMs)).toEqual([HOUR, 3 * HOUR]);
  });

  it('is read back from the ledger, without what is not a point', () => {
    expect(parseSeries([at(1), { atMs: 'x' }, null, at(2, null), { ...at(3), held: 'y' }])).toEqual([
      at(1),
      at(2, null),
    ]);
    expect(parseSeries('nonsense')).toEqual([]);
    const ledger = { ...EMPTY_LEDGER, disk: [at(1)] };
    expect(parseLedger(JSON.stringify(ledger))?.disk).toEqual([at(1)]);
    expect(parseLedger(JSON.stringify({ version: 1 }))?.disk).toEqual([]);
  });
});
