import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { heartbeat, releaseClaim, writeClaim } from '../../src/act/claims.ts';
import type { ClaimData } from '../../src/core/claims.ts';
import { type Layout, layout } from '../../src/core/layout.ts';
import { disk } from '../../src/io/disk.ts';
import { createMachine } from '../../src/io/machine.ts';
import { processes } from '../../src/io/processes.ts';
import { claimOn } from '../../src/observe/claim-on.ts';
import { brokenClaims, listClaims, missingClaims, readClaims } from '../../src/observe/claims.ts';
import { canUnshare, elsewhere, end, endAll, inContainer, STAY } from '../support/children.ts';
import { DAY, HOUR, makeRepo, sandbox, type TestRepo } from '../support/repo.ts';

const NOW = Date.UTC(2026, 6, 30, 12);

let repo: TestRepo;
let places: Layout;
let tree: string;
let nowMs: number;

const io = { disk, processes, clock: { nowMs: () => nowMs } };

beforeEach(() => {
  nowMs = NOW;
  remembered = new Map();
  repo = makeRepo();
  places = layout(repo.commonDir);
  tree = realpathSync(repo.worktree('agent/fix'));
});

afterEach(endAll);

describe.skipIf(!existsSync('/proc/self/io'))('a file among the claims that is far too large', () => {
  /** Bytes that this process has asked the system to read so far. */
  const readBytes = (): number => Number(/^rchar: (\d+)$/m.exec(readFileSync('/proc/self/io', 'utf8'))?.[1]);

  it.each([
    ['directly', () => disk],
    ['through the quick disk', () => createMachine('git').disk],
  ])('holds what it may be about, and is not read to its end, %s', async (_how, open) => {
    mkdirSync(places.claims, { recursive: true });
    const file = join(places.claims, 'big.json');
    writeFileSync(file, '');
    truncateSync(file, 256 * 1024 * 1024);
    const before = readBytes();
    const claims = await readClaims({ disk: open() }, places);
    expect(readBytes() - before).toBeLessThan(8 * 1024 * 1024);
    expect(claims.known && brokenClaims(claims.value)).toMatchObject([{ file }]);
  });
});

const claim = (wish: Partial<Parameters<typeof writeClaim>[1]> = {}) =>
  writeClaim({ io, layout: places }, { path: tree, owner: 'lane 3', pid: null, ttlMs: HOUR, ...wish });

/** What earlier looks of a test have seen. */
let remembered: Map<string, string>;

/** The answer with every claim read, which is the same with those left unread that are remembered. */
async function on(path = tree) {
  const records = await readClaims(io, places);
  if (!records.known) return records;
  const answer = await claimOn(io, path, records.value);
  const sparing = await listClaims(io, places, remembered);
  expect(sparing.known && (await claimOn(io, path, sparing.value))).toEqual(answer);
  for (const each of records.value)
    if (each.state === 'read' && each.file !== undefined) remembered.set(each.file, each.data.path);
  return answer;
}

const claimed = { known: true, value: { label: 'lane 3' } };
const free = { known: true, value: null };
const unknown = { known: false };

describe('a path is claimed', () => {
  it('by nobody where there are no claims', async () => {
    expect(await on()).toEqual(free);
  });

  it('while the lease runs, and from each heartbeat anew', async () => {
    await claim();
    nowMs += HOUR - 1;
    expect(await on()).toMatchObject(claimed);
    expect(await heartbeat({ io, layout: places }, { path: tree, owner: 'lane 3' })).toMatchObject({ ok: true });
    nowMs += HOUR - 1;
    expect(await on()).toMatchObject(claimed);
    nowMs += 1;
    expect(await on()).toEqual(free);
  });

  it('until it is released', async () => {
    await claim();
    expect(await releaseClaim({ io, layout: places }, { path: tree, owner: 'lane 3' })).toMatchObject({ ok: true });
    expect(await on()).toEqual(free);
    expect(readdirSync(places.claims)).toEqual([]);
  });

  it('by what lies in it and by what it lies in, but not by its neighbour', async () => {
    await claim({ path: join(tree, 'packages/a') });
    expect(await on(tree)).toMatchObject(claimed);
    expect(await on(join(tree, 'packages/a/b'))).toMatchObject(claimed);
    expect(await on(join(tree, 'packages/ab'))).toEqual(free);
  });

  it('under either name, when one leads through a symbolic link', async () => {
    const link = join(sandbox(), 'link');
    symlinkSync(join(tree, '..'), link);
    await claim({ path: join(link, 'agent-fix') });
    expect(await on(tree)).toMatchObject(claimed);
    expect(await on(join(link, 'agent-fix'))).toMatchObject(claimed);
  });

  it('after its directory was moved away, by the name it had', async () => {
    await claim();
    renameSync(tree, `${tree}-moved`);
    expect(await on(tree)).toMatchObject(claimed);
    const records = await readClaims(io, places);
    expect(records.known && (await missingClaims(records.value))).toMatchObject([{ data: { path: tree } }]);
  });

  it('by each owner apart: one releasing does not free it', async () => {
    await claim();
    await claim({ owner: 'lane 4' });
    await releaseClaim({ io, layout: places }, { path: tree, owner: 'lane 3' });
    expect(await on()).toMatchObject({ value: { label: 'lane 4' } });
  });
});

describe('a claim bound to a process', () => {
  it('stands while the process lives, also after its lease', async () => {
    const pid = elsewhere(STAY);
    await claim({ pid });
    nowMs += 9 * DAY;
    expect(await on()).toMatchObject({ value: { label: `lane 3 (pid ${pid})`, liveness: 'alive' } });
  });

  it('has a dead owner once the process has ended', async () => {
    const pid = elsewhere(STAY);
    await claim({ pid });
    end(pid);
    expect(await on()).toMatchObject({ value: { liveness: 'dead' } });
  });

  it('has a dead owner when its number was given to another process', async () => {
    const pid = elsewhere(STAY);
    await claim({ pid });
    rewrite((record) => ({
      ...record,
      process: { ...record.process, startTicks: 1, startedMs: 1_000, recordedMs: 2_000 },
    }));
    expect(await on()).toMatchObject({ value: { liveness: 'dead' } });
  });

  it('stands when the clock was set since, for the kernel’s count did not change', async () => {
    const pid = elsewhere(STAY);
    await claim({ pid });
    rewrite((record) => ({
      ...record,
      process: {
        ...record.process,
        startedMs: record.process.startedMs - 457_000,
        recordedMs: record.process.recordedMs - 457_000,
      },
    }));
    expect(await on()).toMatchObject({ value: { liveness: 'alive' } });
  });

  it.each(['host', 'bootId', 'pidNamespace'])('of another %s stands until its lease ends', async (name) => {
    const pid = elsewhere(STAY);
    await claim({ pid });
    end(pid);
    rewrite((record) => ({ ...record, process: { ...record.process, [name]: 'another' } }));
    expect(await on()).toMatchObject({ value: { liveness: 'unknown', leaseUntilMs: NOW + HOUR } });
    nowMs += HOUR;
    expect(await on()).toEqual(free);
  });

  it('is refused for a process that is not there', async () => {
    const pid = elsewhere(STAY);
    end(pid);
    const refused = await claim({ pid: 4_194_303 });
    expect(refused).toMatchObject({ ok: false, code: 'ESRCH' });
    expect(await on()).toEqual(free);
  });
});

describe('a claim that cannot be read', () => {
  const onlyFile = () => join(places.claims, readdirSync(places.claims)[0] ?? '');
  const age = (path: string, ageMs: number) => utimesSync(path, (NOW - ageMs) / 1000, (NOW - ageMs) / 1000);

  it('may hold anything on its first day', async () => {
    await claim();
    writeFileSync(onlyFile(), '{');
    age(onlyFile(), HOUR);
    expect(await on(tree)).toMatchObject(unknown);
    expect(await on('/elsewhere')).toMatchObject(unknown);
  });

  it('holds its own path and what lies in it after that, until somebody removes it', async () => {
    await claim();
    writeFileSync(onlyFile(), '');
    age(onlyFile(), 30 * DAY);
    expect(await on(tree)).toMatchObject(unknown);
    expect(await on(join(tree, 'below'))).toMatchObject(unknown);
    expect(await on('/elsewhere')).toEqual(free);
    const records = await readClaims(io, places);
    expect(records.known && brokenClaims(records.value)).toMatchObject([{ file: onlyFile() }]);
  });

  it('may hold anything when its time lies in the future', async () => {
    await claim();
    writeFileSync(onlyFile(), '{}');
    age(onlyFile(), -2 * DAY);
    expect(await on('/elsewhere')).toMatchObject(unknown);
  });

  it('is one of a version that is not known here', async () => {
    await claim();
    rewrite((record) => ({ ...record, version: 2 }));
    expect(await on()).toMatchObject(unknown);
  });

  it('is a symbolic link or a directory in its place', async () => {
    mkdirSync(join(places.claims, 'x.json'), { recursive: true });
    expect(await on('/elsewhere')).toMatchObject(unknown);
    renameSync(join(places.claims, 'x.json'), join(repo.root, 'x'));
    symlinkSync('/nowhere', join(places.claims, 'y.json'));
    expect(await on('/elsewhere')).toMatchObject(unknown);
  });

  it('is not the file of one that is being written', async () => {
    await claim();
    writeFileSync(`${onlyFile()}.123.tmp`, '{');
    await releaseClaim({ io, layout: places }, { path: tree, owner: 'lane 3' });
    expect(await on()).toEqual(free);
  });

  it('makes everything unknown when the whole directory cannot be read', async () => {
    mkdirSync(places.root, { recursive: true });
    writeFileSync(places.claims, 'not a directory');
    expect(await on()).toMatchObject(unknown);
  });
});

describe('making a claim', () => {
  it('again keeps when it was first made', async () => {
    await claim();
    nowMs += 5_000;
    expect(await claim({ ttlMs: 2 * HOUR })).toMatchObject({ value: { createdMs: NOW, heartbeatMs: NOW + 5_000 } });
    expect(readdirSync(places.claims)).toHaveLength(1);
  });

  it.each([
    ['a relative path', { path: 'wt' }],
    ['no owner', { owner: '' }],
    ['no lease', { ttlMs: 0 }],
    ['process 0', { pid: 0 }],
    ['process -1', { pid: -1 }],
  ])('is refused for %s', async (_name, wish) => {
    expect(await claim(wish)).toMatchObject({ ok: false, code: 'EINVAL' });
  });

  it('that cannot be written says so', async () => {
    mkdirSync(places.root, { recursive: true });
    writeFileSync(places.claims, 'not a directory');
    expect(await claim()).toMatchObject({ ok: false });
  });

  it('is needed before it can be renewed or released', async () => {
    const claims = { io, layout: places };
    expect(await heartbeat(claims, { path: tree, owner: 'lane 3' })).toMatchObject({ ok: false, code: 'ENOENT' });
    expect(await releaseClaim(claims, { path: tree, owner: 'lane 3' })).toMatchObject({ ok: false, code: 'ENOENT' });
  });
});

type ClaimFile = ClaimData & { process: { startedMs: number; recordedMs: number } };

function rewrite(change: (record: ClaimFile) => object): void {
  const file = join(places.claims, readdirSync(places.claims)[0] ?? '');
  writeFileSync(file, JSON.stringify(change(JSON.parse(readFileSync(file, 'utf8')) as ClaimFile)));
}

describe.skipIf(!canUnshare)('a process in a container that shares the repository (needs unshare -p)', () => {
  /** A machine that sees who has which number in a container. */
  const seeing = { disk, processes: createMachine('').processes, clock: { nowMs: () => nowMs } };
  const INNER = 4_190_001;

  /** What the container itself would have written: its own number, name and PID namespace, and this kernel's boot. */
  const asWrittenInside = (ticks: (own: number | null) => number | null) => {
    const outside = inContainer(INNER);
    const seen = processes.read(outside);
    const startTicks = ticks(seen.ok ? (seen.value.startTicks ?? null) : null);
    const { bootId } = processes.host;
    rewrite((record) => ({
      ...record,
      process: {
        pid: INNER,
        startedMs: null,
        startTicks,
        recordedMs: null,
        host: 'box',
        bootId,
        pidNamespace: 'pid:[1]',
      },
    }));
    return outside;
  };

  async function seenOn() {
    const records = await readClaims(seeing, places);
    return records.known ? claimOn(seeing, tree, records.value) : records;
  }

  it('keeps its claim beyond the lease, known by its number there and its start', async () => {
    await claim();
    const outside = asWrittenInside((own) => own);
    nowMs += DAY;
    expect(await seenOn()).toMatchObject({ value: { liveness: 'alive', why: 'running in a container' } });
    end(outside);
    expect(await seenOn()).toEqual(free);
  });

  it('is not taken for another one of its number', async () => {
    await claim();
    asWrittenInside((own) => (own ?? 0) - 1);
    expect(await seenOn()).toMatchObject({ value: { liveness: 'unknown', leaseUntilMs: NOW + HOUR } });
  });
});
