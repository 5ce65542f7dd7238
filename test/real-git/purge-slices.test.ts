/** A purge that gets a moment at a time goes on where it stopped, and comes to its end. */
import { existsSync, linkSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { writeEntry } from '../../src/act/entries.ts';
import { purge } from '../../src/act/purge.ts';
import { ENTRY_VERSION, type Entry } from '../../src/core/entry.ts';
import { layout } from '../../src/core/layout.ts';
import { known } from '../../src/core/model.ts';
import { REAL } from '../support/machine.ts';
import { backdateTree, DAY, makeRepo, snapshot, type TestRepo, walk } from '../support/repo.ts';

const FILES = 3_000;
const A_DIRECTORY = 250;

/** Times that a pass asks whether its time is over before it is: a few slices' worth. */
const PATIENCE = 12;

function quarantine(repo: TestRepo = makeRepo()) {
  const places = layout(repo.commonDir);
  const actor = { io: REAL, layout: places, passId: 'test' };
  const nowMs = Date.now();
  const entry: Entry = {
    ...{ version: ENTRY_VERSION, id: 'many', kind: 'staging', phase: 'held', path: join(repo.root, 'many') },
    ...{ tree: places.entry('many').tree, registration: null, branch: null, head: null, pin: null },
    ...{ deletedBranchAt: null, lockText: null, ground: 'stale', evidence: null, because: 'its process is gone' },
    ...{ ballast: [], atMs: nowMs - 9 * DAY, keepUntilMs: nowMs - DAY, forgetAtMs: nowMs + DAY, bytes: null },
    ...{ unverified: false, restoreTo: null, rebuild: false, detach: false },
  };
  return { repo, places, actor, nowMs, entry };
}

it('of thousands of small files takes many passes, each of them a part, and nothing beside them', async () => {
  const { repo, places, actor, nowMs, entry } = quarantine();
  await writeEntry(actor, entry);
  await writeEntry(actor, { ...entry, id: 'other', tree: places.entry('other').tree, keepUntilMs: nowMs + 2 * DAY });
  repo.write('file.txt', 'stays\n', places.entry('other').tree);
  const tree = entry.tree ?? '';
  for (let n = 0; n < FILES; n++) repo.write(`d${Math.floor(n / A_DIRECTORY)}/f${n}`, 'x', tree);
  backdateTree(tree, 10 * DAY);
  const beside = () => [snapshot(places.entry('other').tree), readdirSync(repo.root)];
  const before = beside();
  const left = [walk(tree).length];
  for (let passes = 0; existsSync(tree) && passes < FILES; passes++) {
    let asked = 0;
    const isOutOfTime = () => ++asked > PATIENCE;
    const report = await purge(actor, {
      isOutOfTime,
      isQuiet: async () => known(null),
      editedByHand: async () => known(null),
      lastPassMs: nowMs,
    });
    expect(report.problems).toEqual([]);
    if (existsSync(tree)) expect(report.complete).toBe(false);
    left.push(existsSync(tree) ? walk(tree).length : 0);
  }
  expect(left.at(-1)).toBe(0);
  expect(left.length).toBeGreaterThan(8);
  for (const [index, count] of left.entries()) if (index > 0) expect(count).toBeLessThan(left[index - 1] ?? 0);
  expect(beside()).toEqual(before);
});

describe('one that was cut off, and goes on in a later pass', () => {
  const { isOutOfTime, editedByHand } = { isOutOfTime: () => false, editedByHand: async () => known(null) };

  it('asks anew whether somebody uses what is left', async () => {
    const { repo, actor, nowMs, entry } = quarantine();
    await writeEntry(actor, { ...entry, phase: 'purging' });
    const left = repo.write('left.txt', 'x', entry.tree ?? '');
    backdateTree(entry.tree ?? '', 10 * DAY);
    const asked: unknown[] = [];
    const isQuiet = async (...args: unknown[]) => {
      asked.push(args);
      return known('somebody (pid 7) uses it');
    };
    const work = { isOutOfTime, editedByHand, lastPassMs: nowMs };
    const { problems } = await purge(actor, { ...work, isQuiet });
    expect(problems).toEqual([{ id: 'many', why: 'kept: somebody (pid 7) uses it' }]);
    expect(asked).toEqual([[entry.tree, Number.POSITIVE_INFINITY]]);
    expect(existsSync(left)).toBe(true);
    expect((await purge(actor, { ...work, isQuiet: async () => known(null) })).purged).toEqual(['many']);
    expect(existsSync(entry.tree ?? '')).toBe(false);
  });

  it('stops at what was written to it meanwhile', async () => {
    const { repo, actor, nowMs, entry } = quarantine();
    await writeEntry(actor, { ...entry, phase: 'purging' });
    for (let n = 0; n < 100; n++) repo.write(`d${n % 7}/f${n}`, 'x', entry.tree ?? '');
    backdateTree(entry.tree ?? '', 10 * DAY);
    const rescue = repo.write('d3/rescue.txt', 'only here', entry.tree ?? '');
    const work = { isOutOfTime, editedByHand, isQuiet: async () => known(null), lastPassMs: nowMs };
    for (let pass = 0; pass < 3; pass++) {
      const { problems, purged } = await purge(actor, work);
      expect(problems).toEqual([
        {
          id: 'many',
          why: `${rescue} was written to in quarantine. Next: move it out of there, then npx reaper-hook purge`,
        },
      ]);
      expect(purged).toEqual([]);
    }
    expect(readFileSync(rescue, 'utf8')).toBe('only here');
  });

  it('passes over a name of a file that has another, whatever was written there', async () => {
    const { repo, actor, nowMs, entry } = quarantine();
    await writeEntry(actor, { ...entry, phase: 'purging' });
    const other = repo.write('other.txt', 'written through this name');
    mkdirSync(entry.tree ?? '', { recursive: true });
    linkSync(other, join(entry.tree ?? '', 'linked.txt'));
    const work = { isOutOfTime, editedByHand, isQuiet: async () => known(null), lastPassMs: nowMs };
    expect(await purge(actor, work)).toMatchObject({ problems: [], purged: ['many'] });
    expect(readFileSync(other, 'utf8')).toBe('written through this name');
  });
});
