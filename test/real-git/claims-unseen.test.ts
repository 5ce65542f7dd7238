/** Claims on paths of which nobody can tell where they lie: they may be about anything, for as long as they stand. */
import { symlinkSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { layout } from '../../src/core/layout.ts';
import type { DiskAnswer, Io } from '../../src/io/ports.ts';
import { claimOn } from '../../src/observe/claim-on.ts';
import { readClaims } from '../../src/observe/claims.ts';
import { type ClaimsCase, claimsCase, MANY, outcomes } from '../support/claims-case.ts';
import { later, REAL } from '../support/crash-case.ts';
import { DEAD_PID } from '../support/pids.ts';
import { DAY, HOUR } from '../support/repo.ts';

let at: ClaimsCase;
/** Leads to where the tree lies. */
let door: string;

beforeEach(() => {
  at = claimsCase();
  door = join(at.repo.home, 'door');
  symlinkSync(dirname(at.tree), door);
});

/** This machine, on which nothing at `place` or below can be looked at. */
function blind(place: string, code: string): Io {
  const refusing =
    <T>(look: (path: string) => Promise<DiskAnswer<T>>) =>
    async (path: string): Promise<DiskAnswer<T>> =>
      path === place || path.startsWith(`${place}/`) ? { ok: false, code, why: `${code}: ${path}` } : look(path);
  const { realpath, readlink, lstat, list } = REAL.disk;
  const disk = {
    ...REAL.disk,
    realpath: refusing(realpath),
    readlink: refusing(readlink),
    lstat: refusing(lstat),
    list: refusing(list),
  };
  return { ...REAL, disk };
}

const passed = async (io: Io) => outcomes(await at.passed(io));
const put = (path: string, more: object = {}) => at.put(path, undefined, more);

/** As many claims on what is nobody's, so that they are remembered. */
function putMany(): void {
  for (let n = 0; n < MANY; n++) put(join(at.repo.home, `claimed-${n}`));
}

const HOST = { startedMs: null, recordedMs: null, host: null, bootId: null, pidNamespace: null };

describe('a claim on a path that leads through a link which cannot be read', () => {
  it.each(['EIO', 'EACCES'])('may be about anything (%s)', async (code) => {
    put(join(door, basename(at.tree)));
    expect(await passed(blind(door, code))).toEqual([[null, 'owner-unknown']]);
    expect(await passed(REAL)).toEqual([[null, 'claimed']]);
  });

  it('may be about anything when its path is remembered', async () => {
    putMany();
    put(join(door, basename(at.tree), 'packages/a'));
    expect(await passed(REAL)).toEqual([[null, 'claimed']]);
    expect(await passed(blind(door, 'EIO'))).toEqual([[null, 'owner-unknown']]);
  });

  it('holds nothing once its lease has ended', async () => {
    put(join(door, basename(at.tree)), { heartbeatMs: Date.now() - 3 * HOUR, ttlMs: HOUR });
    expect(await passed(blind(door, 'EIO'))).toEqual([['reclaimed', undefined]]);
  });

  it('holds for the grace of an owner who is dead, and no longer', async () => {
    const process = { ...HOST, pid: DEAD_PID, host: REAL.processes.host.name, bootId: REAL.processes.host.bootId };
    const dead = { process: { ...process, pidNamespace: REAL.processes.host.pidNamespace } };
    put(join(door, basename(at.tree)), dead);
    expect(await passed(blind(door, 'EIO'))).toEqual([[null, 'owner-grace']]);
    expect(await passed(later(blind(door, 'EIO'), DAY))).toEqual([['reclaimed', undefined]]);
  });
});

it('a claim on a path that leads nowhere is about that path alone', async () => {
  symlinkSync('round', join(at.repo.home, 'round'));
  put(join(at.repo.home, 'round/a'));
  put('/dev/null/a');
  put(join(at.repo.home, 'gone/a'));
  expect(await passed(REAL)).toEqual([['reclaimed', undefined]]);
});

it('any claim may be about a path of which nobody can tell where it lies', async () => {
  const places = layout(at.repo.commonDir);
  const asked = async (io: Io) => {
    const read = await readClaims(REAL, places);
    return read.known ? claimOn(io, join(door, basename(at.tree)), read.value) : read;
  };
  expect(await asked(blind(door, 'EIO'))).toMatchObject({ known: true, value: null });
  put(at.tree);
  expect(await asked(blind(door, 'EIO'))).toMatchObject({ known: false });
  expect(await asked(REAL)).toMatchObject({ known: true, value: { path: at.tree } });
});
