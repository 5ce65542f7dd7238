/** quarantine.max and quarantine.minFree: what goes before its time, in which order, and what never does. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Actor } from '../../src/act/context.ts';
import { writeEntry } from '../../src/act/entries.ts';
import { readJournal } from '../../src/act/journal.ts';
import { type PurgeWork, purge } from '../../src/act/purge.ts';
import { ENTRY_VERSION, type Entry } from '../../src/core/entry.ts';
import { layout } from '../../src/core/layout.ts';
import { known } from '../../src/core/model.ts';
import { DEFAULTS } from '../../src/core/settings.ts';
import { createMachine } from '../../src/io/machine.ts';
import { pressureOf } from '../../src/sizing.ts';
import { backdateTree, DAY, HOUR, makeRepo, type TestRepo } from '../support/repo.ts';

const NOW = Date.now();

function actorOf(repo: TestRepo): Actor {
  return { io: createMachine('/usr/bin/git'), layout: layout(repo.commonDir), passId: 'test' };
}

async function held(repo: TestRepo, actor: Actor, id: string, ageMs: number): Promise<Entry> {
  const { tree } = actor.layout.entry(id);
  const entry: Entry = {
    version: ENTRY_VERSION,
    id,
    kind: 'staging',
    phase: 'held',
    path: join(repo.root, id),
    tree,
    registration: null,
    branch: null,
    head: null,
    pin: null,
    deletedBranchAt: null,
    lockText: null,
    ground: 'stale',
    evidence: null,
    because: 'its process is gone',
    ballast: [],
    atMs: NOW - ageMs,
    keepUntilMs: NOW + 7 * DAY,
    forgetAtMs: NOW + 90 * DAY,
    bytes: null,
    unverified: false,
    restoreTo: null,
    rebuild: false,
    detach: false,
  };
  await writeEntry(actor, entry);
  repo.write('file.txt', 'content\n', tree);
  backdateTree(tree, ageMs + HOUR);
  return entry;
}

const work = (limits: { maxBytes: number | null; minFreeBytes: number | null }, freeBytes = 1e12): PurgeWork => ({
  isOutOfTime: () => false,
  isQuiet: async () => known(null),
  editedByHand: async () => known(null),
  lastPassMs: NOW,
  pressure: { limits, sizeOf: async () => 1000, freeBytes: async () => freeBytes },
});

describe('limits on quarantine', () => {
  it('purges the oldest first, and no more than needed, above quarantine.max', async () => {
    const repo = makeRepo();
    const actor = actorOf(repo);
    for (const [id, age] of [
      ['young', 2 * DAY],
      ['old', 6 * DAY],
      ['middle', 4 * DAY],
    ] as const)
      await held(repo, actor, id, age);
    const report = await purge(actor, work({ maxBytes: 2000, minFreeBytes: null }));
    expect(report.early.map(({ id }) => id)).toEqual(['old']);
    expect(report.early[0]?.why).toContain('quarantine.max');
    expect(existsSync(actor.layout.entry('middle').tree)).toBe(true);
  });

  it('never purges what is younger than a day, however full it is', async () => {
    const repo = makeRepo();
    const actor = actorOf(repo);
    await held(repo, actor, 'fresh', 23 * HOUR);
    const report = await purge(actor, work({ maxBytes: 0, minFreeBytes: Number.MAX_SAFE_INTEGER }, 0));
    expect(report.early).toEqual([]);
    expect(existsSync(actor.layout.entry('fresh').tree)).toBe(true);
  });

  it('purges below quarantine.minFree, and says so in the journal', async () => {
    const repo = makeRepo();
    const actor = actorOf(repo);
    await held(repo, actor, 'old', 6 * DAY);
    const report = await purge(actor, work({ maxBytes: null, minFreeBytes: 5000 }, 10));
    expect(report.purged).toEqual(['old']);
    const { records } = await readJournal(actor);
    expect(records.find(({ event }) => event === 'purged')?.detail).toContain('quarantine.minFree');
  });

  it('counts ballast as gone before any tree: where that is enough, no tree goes early', async () => {
    const repo = makeRepo();
    const actor = actorOf(repo);
    const entry = await held(repo, actor, 'old', 6 * DAY);
    await writeEntry(actor, { ...entry, ballast: ['node_modules'] });
    repo.write('0/left-pad.js', 'x'.repeat(300_000), actor.layout.entry('old').ballast);
    const settings = { quarantine: { ...DEFAULTS.quarantine, maxBytes: 200_000 } };
    const { pressure: _none, ...rest } = work({ maxBytes: null, minFreeBytes: null });
    const report = await purge(actor, { ...rest, pressure: pressureOf(actor.io, settings, () => false) });
    expect(report.early).toEqual([]);
    expect(report.bytes).toBeGreaterThanOrEqual(300_000);
    expect(existsSync(actor.layout.entry('old').tree)).toBe(true);
  });

  it('keeps everything within the limits until its time', async () => {
    const repo = makeRepo();
    const actor = actorOf(repo);
    await held(repo, actor, 'old', 6 * DAY);
    const report = await purge(actor, work({ maxBytes: 2000, minFreeBytes: 5000 }, 1e9));
    expect(report.purged).toEqual([]);
  });
});

describe('a clock that jumped, or a long absence', () => {
  it('gives everything that is due another day, and then purges it', async () => {
    const repo = makeRepo();
    const real = actorOf(repo);
    const at = { ms: NOW };
    const actor: Actor = { ...real, io: { ...real.io, clock: { nowMs: () => at.ms } } };
    const due = await held(repo, actor, 'a', 8 * DAY);
    await writeEntry(actor, { ...due, keepUntilMs: NOW - DAY });
    const look = { ...work({ maxBytes: null, minFreeBytes: null }), lastPassMs: NOW - 4 * DAY };
    expect((await purge(actor, look)).purged).toEqual([]);
    at.ms = NOW + DAY + 1;
    expect((await purge(actor, { ...look, lastPassMs: NOW })).purged).toEqual([due.id]);
  });
});
