/** Whether it is certain where a path leads, on a disk some of whose links cannot be read. */
import { describe, expect, it } from 'vitest';
import type { ClaimData } from '../../src/core/claims.ts';
import { resolveExisting } from '../../src/io/claimfile.ts';
import type { Disk, Io } from '../../src/io/ports.ts';
import { claimOn } from '../../src/observe/claim-on.ts';
import type { ReadClaim, RememberedClaim } from '../../src/observe/claims.ts';
import { placesOf } from '../../src/observe/places.ts';

const NOW = Date.UTC(2026, 6, 30, 12);

/** Nothing can be resolved as a whole; `/link` leads to `/dark/x`, and what `/dark` is cannot be read. */
const disk = {
  realpath: async (path: string) => (path === '/' ? { ok: true, value: '/' } : refused('EIO')),
  readlink: async (path: string) =>
    path === '/link' ? { ok: true, value: '/dark/x' } : refused(path === '/dark' ? 'EIO' : 'ENOENT'),
  lstat: async (path: string) => (path === '/dark' ? refused('EIO') : { ok: true, value: { kind: 'directory' } }),
} as unknown as Disk;
const refused = (code: string) => ({ ok: false, code, why: code });

const io = { disk, clock: { nowMs: () => NOW } } as unknown as Pick<Io, 'disk' | 'processes' | 'clock'>;

const data: ClaimData = {
  version: 1,
  path: '/dark/claimed',
  owner: 'lane',
  createdMs: NOW,
  heartbeatMs: NOW,
  ttlMs: 1_000,
  process: null,
};
const claim: ReadClaim = { state: 'read', data, names: [data.path], isMissing: false, isCertain: false };

describe('where a path leads', () => {
  it.each([
    ['/dark/x', 'its last component can be looked at, and one above it cannot'],
    ['/link', 'it is a link, and what that leads to cannot be looked at'],
    ['/link/x', 'a link above it leads to what cannot be looked at'],
  ])('is not certain of %s: %s', async (path) => {
    expect(await resolveExisting(disk, path)).toMatchObject({ isCertain: false });
  });

  it('is not certain beyond what cannot be looked at, however many links were followed', async () => {
    const links = { left: 1 };
    expect(await resolveExisting(disk, '/dark/x', links)).toMatchObject({ isCertain: false });
    expect(await resolveExisting(disk, '/link/x', links)).toMatchObject({ isCertain: false });
    expect(links.left).toBe(0);
  });

  it('is certain of what is not there, in what is', async () => {
    expect(await resolveExisting(disk, '/gone/x')).toEqual({ real: '/gone/x', isCertain: true });
  });

  it('is not certain of one among many that cannot be looked at, or that lies in such a place', async () => {
    const places = await placesOf(disk, ['/dark', '/dark/x', '/plain']);
    const certain = Object.fromEntries([...places].map(([path, { isCertain }]) => [path, isCertain]));
    expect(certain).toEqual({ '/dark': false, '/dark/x': false, '/plain': true });
  });
});

describe('a claim of which nobody can tell where it lies', () => {
  it('may be about anything when it was remembered and is read', async () => {
    const { names, isMissing, isCertain } = claim;
    const placed = { names, isMissing, isCertain, path: data.path, file: 'one.json' };
    const remembered: RememberedClaim = { state: 'remembered', ...placed, read: async () => claim };
    expect(await claimOn(io, '/plain/tree', [remembered])).toMatchObject({ known: false });
  });

  it('is not needed: any may be about a path in a place of which nobody can tell', async () => {
    const elsewhere = { ...claim, names: ['/elsewhere'], isCertain: true };
    expect(await claimOn(io, '/dark/tree', [elsewhere])).toMatchObject({ known: false });
    expect(await claimOn(io, '/plain/tree', [elsewhere])).toEqual({ known: true, value: null });
  });
});
