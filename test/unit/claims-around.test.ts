/** Finding the claims on a path among many, against the definition of what a claim covers. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type ClaimData, covers } from '../../src/core/claims.ts';
import type { Io } from '../../src/io/ports.ts';
import { claimOn } from '../../src/observe/claim-on.ts';
import type { ReadClaim } from '../../src/observe/claims.ts';

const NOW = Date.UTC(2026, 6, 30, 12);

/** A machine on which every path is its own real path. */
const io = {
  disk: {
    lstat: async () => ({ ok: true, value: { kind: 'directory' } }),
    realpath: async (path: string) => ({ ok: true, value: path }),
  },
  clock: { nowMs: () => NOW },
} as unknown as Pick<Io, 'disk' | 'processes' | 'clock'>;

const times = { createdMs: NOW, heartbeatMs: NOW, ttlMs: 1_000 };

const record = (path: string): ReadClaim => {
  const data: ClaimData = { version: 1, path, owner: path, ...times, process: null };
  return { state: 'read', data, names: [path], isMissing: false, isCertain: true };
};

/** Few names, some of which begin others, so that neighbours, parents and children occur. */
const paths = fc
  .array(fc.constantFrom('a', 'ab', 'a-b', 'a b', 'A', 'ä', '.'), { minLength: 1, maxLength: 4 })
  .map((parts) => `/${parts.map((part) => (part === '.' ? '.x' : part)).join('/')}`);

describe('the claims on a path', () => {
  it('are those on it, above it and below it, and no others', async () => {
    const cases = fc.asyncProperty(fc.array(paths, { maxLength: 12 }), paths, async (claimed, path) => {
      const found = await claimOn(io, path, claimed.map(record));
      const isHeld = claimed.some((each) => covers([each], [path]));
      expect(found.known && found.value !== null).toBe(isHeld);
      if (found.known && found.value !== null) expect(covers([found.value.label], [path])).toBe(true);
    });
    await fc.assert(cases, { numRuns: 500, seed: 5 });
  });

  it.each(['/a/b/', '/a//b', '/a/./b', '/a/x/../b'])('are found where one was written as %s', async (written) => {
    expect(await claimOn(io, '/a/b/c', [record(written)])).toMatchObject({ known: true, value: { label: written } });
    expect(await claimOn(io, '/a/bc', [record(written)])).toMatchObject({ known: true, value: null });
  });

  it('hold everything where the root itself is claimed', async () => {
    expect(await claimOn(io, '/a', [record('/')])).toMatchObject({ value: { label: '/' } });
    expect(await claimOn(io, '/', [record('/a')])).toMatchObject({ value: { label: '/a' } });
  });
});
