/** Many worktrees of many files: what one look knows of them does not add up. */
import { dirname, join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Io } from '../../src/io/ports.ts';
import { type Case, makeCase, REAL } from '../support/crash-case.ts';
import { interpose } from '../support/faults.ts';
import { backdate, DAY, makeRepo } from '../support/repo.ts';

/** More than are looked through at one time. */
const LANDED = 24;

let at: Case;

beforeEach(() => {
  const repo = makeRepo();
  for (let n = 0; n < LANDED; n++) {
    const path = repo.worktree(`agent/done${n}`, join(dirname(repo.root), 'trees', `done${n}`));
    repo.commit(`done${n}.txt`, `${n}\n`, path);
    repo.git(['merge', '-q', '--no-ff', '--no-edit', `agent/done${n}`]);
    backdate(repo, path, 3 * DAY);
  }
  at = makeCase(repo);
});

/** Counts the indexes that are being read, each of which takes a while. */
function slowly(): { io: Io; seen: { now: number; most: number; all: number } } {
  const seen = { now: 0, most: 0, all: 0 };
  const io = interpose(REAL, async ({ name, args }, proceed) => {
    if (name !== 'readBytes' || !String(args[0]).endsWith('/index')) return proceed();
    seen.all++;
    seen.most = Math.max(seen.most, ++seen.now);
    await new Promise((resolve) => setTimeout(resolve, 50));
    seen.now--;
    return proceed();
  });
  return { io, seen };
}

describe('of many worktrees that go', () => {
  it('no more than eight are looked through at one time', async () => {
    const { io, seen } = slowly();
    const passed = await at.pass(io);
    expect(passed.ok && passed.report.reclaimed.length).toBe(LANDED);
    expect(seen.most).toBeLessThanOrEqual(8);
  });

  it('nothing that was read of their files is kept once they are decided', async () => {
    const { io, seen } = slowly();
    const passed = await at.pass(io, { limit: 0 });
    if (!passed.ok || passed.report.view === null) throw new Error('no pass');
    const { candidates, readings } = passed.report.view;
    const before = seen.all;
    for (const each of candidates) if (each.kind === 'worktree') await readings.index(each, each.path);
    expect(candidates).toHaveLength(LANDED);
    expect(seen.all - before).toBe(LANDED);
  });
});
