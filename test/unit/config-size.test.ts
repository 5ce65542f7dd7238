/** One meaning of a size: what a person writes is what is shown to them. */
import { describe, expect, it } from 'vitest';
import { parseSize } from '../../src/config/size.ts';
import { bytes } from '../../src/core/text.ts';

describe('a size', () => {
  it.each([
    ['0B', 0],
    ['512B', 512],
    ['10GB', 10_000_000_000],
    ['10gb', 10_000_000_000],
    ['1.5TB', 1_500_000_000_000],
    ['10GiB', 10 * 1024 ** 3],
    ['0.5MiB', 512 * 1024],
    ['1KiB', 1024],
    ['1.001KiB', 1025],
  ])('%s is %d bytes', (text, expected) => {
    expect(parseSize(text)).toBe(expected);
  });

  it.each(['1kB', '250MB', '10GB', '1.5TB'])('of %s is shown as it was written', (text) => {
    expect(
      bytes(parseSize(text) ?? -1)
        .replace(' ', '')
        .toUpperCase(),
    ).toBe(text.toUpperCase());
  });

  it.each([
    '',
    '10',
    'GB',
    '10 GB',
    '-1GB',
    '1e3GB',
    '01GB',
    '1.GB',
    '1.2345GB',
    '10GBs',
    '10G',
    '10Gi',
    '10iB',
    '1PB',
    '1234567MB',
    '999999TB',
    '١GB',
    'off',
  ])('is not %j', (text) => {
    expect(parseSize(text)).toBeNull();
  });
});
