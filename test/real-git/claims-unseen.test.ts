/** Claims on paths of which nobody can tell where they lie: they may be about anything, for as long as they stand. */
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { layout } from '../../src/core/layout.ts';
import { claimFileName } from '../../src/io/claimfile.ts';
import type { DiskAnswer, Io } from '../../src/io/ports.ts';
import { claimOn } from '../../src/observe/claim-on.ts';
import { readClaims } from '../../src/observe/claims.ts';
import { runPass } from '../../src/pass.ts';
import { openWorkspace } from '../../src/workspace.ts';
import { later, REAL } from '../support/crash-case.ts';
import { DEAD_PID } from '../support/pids.ts';
import { backdate, DAY, HOUR, makeRepo, type TestRepo } from '../support/repo.ts';

const MANY = 100;
const home = process.env['HOME'];
let repo: TestRepo;
let claims: string;
/** One that has landed. */
let tree: string;
/** Leads to where the tree lies. */
let door: string;

beforeEach(() => {
  repo = makeRepo();
  process.env['HOME'] = repo.home;
  claims = join(repo.commonDir, 'reaper/claims');
  tree = repo.worktree('agent/landed');
  repo.commit('a.txt', 'a\n', tree);
  repo.git(['merge', '-q', '--no-ff', '--no-edit', 'agent/landed']);
  backdate(repo, tree, 3 * DAY);
  mkdirSync(claims, { recursive: true });
  door = join(repo.home, 'door');
  symlinkSync(dirname(tree), door);
});
afterEach(() => {
  process.env['HOME'] = home;
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

async function passed(io: Io) {
  const opened = await openWorkspace({ cwd: repo.root, home: repo.home, io });
  if (!opened.ok) throw new Error(opened.why);
  const wish = { dryRun: false, budgetMs: Number.POSITIVE_INFINITY, limit: 20, from: null, announce: false };
  const answer = await runPass(opened.value, wish);
  if (!answer.ok) throw new Error(answer.why);
  return answer.report.results.map(({ outcome, inquiry: { verdict } }) => [
    outcome,
    verdict.verdict === 'reclaim' ? null : verdict.reasons[0]?.code,
  ]);
}

const HOST = { startedMs: null, recordedMs: null, host: null, bootId: null, pidNamespace: null };

function put(path: string, more: object = {}): void {
  const times = { createdMs: Date.now(), heartbeatMs: Date.now(), ttlMs: DAY };
  const text = JSON.stringify({ version: 1, path, owner: 'lane', ...times, process: null, ...more });
  writeFileSync(join(claims, claimFileName(path, 'lane')), text);
}

/** As many claims on what is nobody's, so that they are remembered. */
function putMany(): void {
  for (let n = 0; n < MANY; n++) put(join(repo.home, `claimed-${n}`));
}

describe('a claim on a path that leads through a link which cannot be read', () => {
  it.each(['EIO', 'EACCES'])('may be about anything (%s)', async (code) => {
    put(join(door, basename(tree)));
    expect(await passed(blind(door, code))).toEqual([[null, 'owner-unknown']]);
    expect(await passed(REAL)).toEqual([[null, 'claimed']]);
  });

  it('may be about anything when its path is remembered', async () => {
    putMany();
    put(join(door, basename(tree), 'packages/a'));
    expect(await passed(REAL)).toEqual([[null, 'claimed']]);
    expect(await passed(blind(door, 'EIO'))).toEqual([[null, 'owner-unknown']]);
  });

  it('holds nothing once its lease has ended', async () => {
    put(join(door, basename(tree)), { heartbeatMs: Date.now() - 3 * HOUR, ttlMs: HOUR });
    expect(await passed(blind(door, 'EIO'))).toEqual([['reclaimed', null]]);
  });

  it('holds for the grace of an owner who is dead, and no longer', async () => {
    const process = { ...HOST, pid: DEAD_PID, host: REAL.processes.host.name, bootId: REAL.processes.host.bootId };
    const dead = { process: { ...process, pidNamespace: REAL.processes.host.pidNamespace } };
    put(join(door, basename(tree)), dead);
    expect(await passed(blind(door, 'EIO'))).toEqual([[null, 'owner-grace']]);
    expect(await passed(later(blind(door, 'EIO'), DAY))).toEqual([['reclaimed', null]]);
  });
});

it('a claim on a path that leads nowhere is about that path alone', async () => {
  symlinkSync('round', join(repo.home, 'round'));
  put(join(repo.home, 'round/a'));
  put('/dev/null/a');
  put(join(repo.home, 'gone/a'));
  expect(await passed(REAL)).toEqual([['reclaimed', null]]);
});

it('any claim may be about a path of which nobody can tell where it lies', async () => {
  const places = layout(repo.commonDir);
  const asked = async (io: Io) => {
    const read = await readClaims(REAL, places);
    return read.known ? claimOn(io, join(door, basename(tree)), read.value) : read;
  };
  expect(await asked(blind(door, 'EIO'))).toMatchObject({ known: true, value: null });
  put(tree);
  expect(await asked(blind(door, 'EIO'))).toMatchObject({ known: false });
  expect(await asked(REAL)).toMatchObject({ known: true, value: { path: tree } });
});
