/** What owners mean from one pass to the next: grace, reminders, claims made at the last moment, and looking only. */
import { existsSync, mkdirSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { writeClaim } from '../../src/act/claims.ts';
import { layout } from '../../src/core/layout.ts';
import type { Io } from '../../src/io/ports.ts';
import { runPass } from '../../src/pass.ts';
import { openWorkspace } from '../../src/workspace.ts';
import { elsewhere, end, endAll, STAY } from '../support/children.ts';
import { buryHolder, later, REAL, richCase } from '../support/crash-case.ts';
import { faulty, mortal } from '../support/faults.ts';
import { backdate, DAY, HOUR, makeRepo, snapshot, type TestRepo } from '../support/repo.ts';

const MINUTE = HOUR / 60;
const home = process.env['HOME'];
let repo: TestRepo;

beforeEach(() => {
  repo = makeRepo();
  process.env['HOME'] = repo.home;
});
afterEach(() => {
  endAll();
  process.env['HOME'] = home;
});

/** One pass as the hook runs it, `laterMs` from now. */
async function passed(laterMs = 0, io: Io = REAL) {
  const opened = await openWorkspace({ cwd: repo.root, home: repo.home, io: later(io, laterMs) });
  if (!opened.ok) throw new Error(opened.why);
  const wish = { dryRun: false, budgetMs: Number.POSITIVE_INFINITY, limit: 20, from: null, announce: true };
  const answer = await runPass(opened.value, wish);
  if (!answer.ok) throw new Error(answer.why);
  return answer.report;
}

function landedBy(owner: number | null): string {
  const tree = repo.worktree('agent/landed');
  repo.commit('a.txt', 'a\n', tree);
  repo.git(['merge', '-q', '--no-ff', '--no-edit', 'agent/landed']);
  if (owner !== null) repo.git(['worktree', 'lock', '--reason', `claude agent one (pid ${owner})`, tree]);
  backdate(repo, tree, 3 * DAY);
  return tree;
}

const codes = ({ results }: Awaited<ReturnType<typeof passed>>) =>
  results.map(({ inquiry, reasons }) => [inquiry.verdict.verdict, reasons[0]?.code]);

describe('an owner seen dead', () => {
  it('must stay dead for its grace across passes, and once seen alive starts again', async () => {
    const pid = elsewhere(STAY);
    const tree = landedBy(pid);
    let isThere = false;
    /** The same machine, on which that process can be told to be there. */
    const io: Io = {
      ...REAL,
      processes: {
        ...REAL.processes,
        host: REAL.processes.host,
        signal0: (each) => (each !== pid ? REAL.processes.signal0(each) : isThere ? 'alive' : 'dead'),
        read: (each) => (each !== pid ? REAL.processes.read(each) : { ok: false, code: 'ESRCH', why: 'not read' }),
      },
    };
    end(pid);
    expect(codes(await passed(0, io))).toEqual([['wait', 'owner-grace']]);
    expect(codes(await passed(29 * MINUTE, io))).toEqual([['wait', 'owner-grace']]);
    isThere = true;
    expect(codes(await passed(30 * MINUTE, io))).toEqual([['keep', 'owner-alive']]);
    isThere = false;
    expect(codes(await passed(31 * MINUTE, io))).toEqual([['wait', 'owner-grace']]);
    expect(codes(await passed(60 * MINUTE, io))).toEqual([['wait', 'owner-grace']]);
    expect(existsSync(tree)).toBe(true);
    await passed(61 * MINUTE + 1, io);
    expect(existsSync(tree)).toBe(false);
  });

  it('waits not at all with a grace of 0', async () => {
    const pid = elsewhere(STAY);
    const tree = landedBy(pid);
    end(pid);
    repo.git(['config', 'reaper.ownerGrace', '0']);
    await passed();
    expect(existsSync(tree)).toBe(false);
  });
});

describe('work of a dead owner', () => {
  let tree: string;

  beforeEach(() => {
    const pid = elsewhere(STAY);
    tree = repo.worktree('agent/work');
    repo.commit('own.txt', 'own\n', tree);
    repo.git(['worktree', 'lock', '--reason', `claude agent one (pid ${pid})`, tree]);
    backdate(repo, tree, 3 * DAY);
    end(pid);
    repo.git(['config', 'reaper.ownerGrace', '0']);
  });

  it('is mentioned once in a week, and never moved', async () => {
    expect((await passed()).attention).toEqual([tree]);
    expect((await passed(HOUR)).attention).toEqual([]);
    expect((await passed(7 * DAY - MINUTE)).attention).toEqual([]);
    const again = await passed(7 * DAY + MINUTE);
    expect(again.attention).toEqual([tree]);
    expect(codes(again)).toEqual([['attention', 'not-landed']]);
    expect(existsSync(join(tree, 'own.txt'))).toBe(true);
  });

  it('is mentioned as often as `remind` says, and again after a clock was set back', async () => {
    repo.git(['config', 'reaper.remind', '1h']);
    expect((await passed(DAY)).attention).toEqual([tree]);
    expect((await passed(DAY + 59 * MINUTE)).attention).toEqual([]);
    expect((await passed(DAY + HOUR)).attention).toEqual([tree]);
    expect((await passed()).attention).toEqual([tree]);
    repo.git(['config', 'reaper.remind', '0']);
    expect((await passed()).attention).toEqual([tree]);
  });
});

describe('a claim made after the decision', () => {
  it.each(['before', 'after'])('and %s the rename is heeded: the tree is where it was', async (moment) => {
    const tree = landedBy(null);
    const before = snapshot(tree);
    let isClaimed = false;
    const io = faulty(REAL, async (call, _nth, proceed) => {
      if (isClaimed || call.name !== 'rename' || call.args[0] !== tree) return null;
      isClaimed = true;
      const answer = moment === 'after' ? await proceed() : null;
      const wish = { path: tree, owner: 'late', pid: null, ttlMs: HOUR };
      expect(await writeClaim({ io: REAL, layout: layout(repo.commonDir) }, wish)).toMatchObject({ ok: true });
      return answer;
    });
    const report = await passed(0, io);
    expect(isClaimed).toBe(true);
    expect(report.results).toMatchObject([{ outcome: 'refused', reasons: [{ code: 'claimed' }] }]);
    expect(snapshot(tree)).toEqual(before);
  });
});

describe('`mode: report`', () => {
  it('never touches: no reclaim, no purge, no recovery, no claim released, no certificate cleared', async () => {
    const rich = await richCase();
    const { at } = rich;
    repo = at.repo;
    await at.pass(REAL, { limit: 1 });
    const death = mortal(REAL, (call) => call.name === 'rename' && String(call.args[1]).endsWith('/tree'), 'after');
    expect((await death.survive(at.pass(death.io))).died).toBe('disk.rename');
    buryHolder(repo);
    const reaper = join(repo.commonDir, 'reaper');
    const gone = join(repo.root, '../trees/never');
    const wish = { path: gone, owner: 'lapsed', pid: null, ttlMs: HOUR };
    expect(await writeClaim({ io: REAL, layout: layout(repo.commonDir) }, wish)).toMatchObject({ ok: true });
    mkdirSync(join(reaper, 'makers'));
    writeFileSync(join(reaper, 'makers/never'), '');
    utimesSync(join(reaper, 'makers/never'), 0, 0);
    repo.git(['config', 'reaper.mode', 'report']);
    const own = (name: string) => /^(state\.json|journal\.jsonl|lock)$/.test(name);
    const seen = () => ({
      reaper: snapshot(reaper, own),
      worktrees: repo.git(['worktree', 'list', '--porcelain']),
      refs: repo.git(['for-each-ref']),
      trees: snapshot(join(repo.root, '../trees')),
    });
    const before = seen();
    for (const days of [2, 4, 6, 8, 10]) await passed(days * DAY);
    expect(seen()).toEqual(before);
    repo.git(['config', 'reaper.mode', 'reap']);
    await passed(10 * DAY);
    expect(seen().reaper).not.toEqual(before.reaper);
    expect(readdirSync(join(reaper, 'claims'))).toEqual([]);
    rmSync(join(reaper, 'quarantine'), { recursive: true });
  });
});
