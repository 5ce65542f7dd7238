/** A pass that is killed while it takes directories outside the repository, or ends claims whose place is gone. */
import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { writeClaim } from '../../src/act/claims.ts';
import { layout } from '../../src/core/layout.ts';
import { assertSound, later, makeCase, ownShape, ownState, REAL } from '../support/crash-case.ts';
import { addTo, everyStep } from '../support/every-step.ts';
import { tell } from '../support/figures.ts';
import { backdateTree, DAY, HOUR, makeRepo } from '../support/repo.ts';
import { restoreAll, subjectAt, whereabouts } from '../support/subjects.ts';

const total = new Map<string, number>();
let crashes = 0;

afterAll(() => {
  tell('crashes of a reclaim', crashes, total);
});

function addUp(crossing: Parameters<typeof addTo>[1] & { readonly crashes: number }): void {
  addTo(total, crossing);
  crashes += crossing.crashes;
}

describe('a pass that is killed at any step', () => {
  test('of taking a tool’s directories is finished or taken back, and each restores to what it was', async () => {
    const repo = makeRepo();
    const teams = ['one', 'two'].map((name) => join(repo.home, '.tool/teams', name));
    for (const team of teams) {
      repo.write('tasks/1.json', '{"status":"done"}\n', team);
      repo.write('note.txt', `${team}\n`, team);
      backdateTree(team, 3 * DAY);
    }
    repo.write('.config/reaper-hook/config.yaml', 'directories:\n  - path: ~/.tool/teams/*\n', repo.home);
    const at = makeCase(repo);
    await at.pass(REAL, { limit: 0 });
    at.keep();
    const subjects = teams.map((path) => subjectAt(repo, { path, admin: null, branch: null }));
    const seen = new Set<string>();
    addUp(
      await everyStep(
        at,
        (io) => at.pass(io),
        async () => {
          expect((await at.pass(REAL, { limit: 0 })).ok).toBe(true);
          for (const subject of subjects) await whereabouts({ at }, subject);
          assertSound(repo);
          if (seen.has(ownShape(repo))) return;
          seen.add(ownShape(repo));
          const own = ownState(repo);
          const again = await at.pass(REAL, { limit: 0 });
          expect(again.ok && again.report.recovered).toEqual([]);
          expect(ownState(repo)).toEqual(own);
          expect((await at.pass(later(REAL, 2 * HOUR))).ok).toBe(true);
          await restoreAll({ at }, subjects);
        },
      ),
    );
  });

  test('of ending a claim ends it the next time, and never one that is alive', async () => {
    const repo = makeRepo();
    const [gone, here] = ['gone', 'here'].map((name) => join(dirname(repo.root), 'trees', name));
    const claims = { io: later(REAL, -3 * DAY), layout: layout(repo.commonDir) };
    for (const path of [gone, here]) {
      mkdirSync(path ?? '', { recursive: true });
      const made = await writeClaim(claims, { path: path ?? '', owner: 'lane', pid: null, ttlMs: HOUR });
      expect(made.ok).toBe(true);
    }
    const alive = await writeClaim(
      { ...claims, io: REAL },
      { path: gone ?? '', owner: 'other', pid: null, ttlMs: DAY },
    );
    expect(alive.ok).toBe(true);
    rmSync(gone ?? '', { recursive: true });
    const at = makeCase(repo);
    await at.pass(REAL, { limit: 0 });
    // What the first pass ended is claimed again, as long ago.
    await writeClaim(claims, { path: gone ?? '', owner: 'lane', pid: null, ttlMs: HOUR });
    at.keep();
    const folder = layout(repo.commonDir).claims;
    expect(readdirSync(folder)).toHaveLength(3);
    addUp(
      await everyStep(
        at,
        (io) => at.pass(io),
        async () => {
          expect((await at.pass(REAL)).ok).toBe(true);
          expect((await at.pass(REAL)).ok).toBe(true);
          // The one of a directory that is there, and the one whose lease runs.
          expect(readdirSync(folder)).toHaveLength(2);
          expect(existsSync(here ?? '')).toBe(true);
        },
      ),
    );
  });
});
