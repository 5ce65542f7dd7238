/** Commits that only a branch's reflog held: after a restore its reflog holds them again, or their pin does. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { assertSound, leftovers, REAL, type Rich, richCase, textOr } from '../support/crash-case.ts';
import { backdate, DAY } from '../support/repo.ts';

let rich: Rich;
let head: string;
let alternative: string;
let before: string[];
const git = (...args: string[]): string => rich.at.repo.git(args);
const reflog = (): string => join(rich.at.repo.commonDir, 'logs/refs/heads/agent/fix');
const lines = (): string[] => (textOr(reflog()) ?? '').split('\n').filter(Boolean);

beforeEach(async () => {
  rich = await richCase({ alone: true });
  head = git('rev-parse', 'agent/fix');
  // Another place made a commit on the branch and took it back: the worktree's HEAD never was there.
  alternative = git('commit-tree', '-m', 'only in the reflog', '-p', head, `${head}^{tree}`);
  git('update-ref', '-m', 'commit: elsewhere', 'refs/heads/agent/fix', alternative);
  git('update-ref', '-m', 'commit (amend): back', 'refs/heads/agent/fix', head);
  before = lines();
  backdate(rich.at.repo, rich.fix, 3 * DAY);
});

async function reclaimed(): Promise<string> {
  expect((await rich.at.pass(REAL)).ok).toBe(true);
  const [entry] = await rich.at.entries();
  expect([entry?.head, entry?.pin === entry?.head, existsSync(rich.fix)]).toEqual([head, false, false]);
  return entry?.id ?? '';
}

/** What gc keeps is what matters; the reflogs of main and of pins hold none of it. */
function expectKept(): void {
  git('-c', 'gc.reflogExpire=never', '-c', 'gc.reflogExpireUnreachable=never', 'gc', '-q', '--prune=now');
  expect(git('cat-file', '-t', alternative)).toBe('commit');
  assertSound(rich.at.repo);
}

function remake(): string[] {
  git('branch', 'agent/fix', head);
  const own = git('commit-tree', '-m', 'mine', '-p', head, `${head}^{tree}`);
  git('update-ref', '-m', 'commit: mine', 'refs/heads/agent/fix', own);
  git('update-ref', '-m', 'reset: back', 'refs/heads/agent/fix', head);
  return lines();
}

describe('where the branch was made again at the same commit', () => {
  it('with moves of its own, the saved lines come before them', async () => {
    const id = await reclaimed();
    const own = remake();
    expect(own).toHaveLength(3);
    expect(await rich.at.restore(REAL, id)).toMatchObject({ ok: true, stillPinned: null });
    expect(lines()).toEqual([...before, ...own]);
    expect(leftovers(rich.at.repo)).toMatchObject({ quarantine: [], pins: [] });
    expectKept();
  });

  it('with nothing but its creation, the saved lines are its reflog', async () => {
    const id = await reclaimed();
    git('branch', 'agent/fix', head);
    expect(await rich.at.restore(REAL, id)).toMatchObject({ ok: true, stillPinned: null });
    expect(lines()).toEqual(before);
    expectKept();
  });

  it('with one line that holds another commit, that line stays', async () => {
    const id = await reclaimed();
    const own = remake().slice(2);
    writeFileSync(reflog(), `${own[0]}\n`);
    expect(await rich.at.restore(REAL, id)).toMatchObject({ ok: true, stillPinned: null });
    expect(lines()).toEqual([...before, ...own]);
  });

  it('with some of the saved lines there already, none is doubled', async () => {
    const id = await reclaimed();
    const own = remake();
    const known = before.slice(-2);
    writeFileSync(reflog(), `${[...known, ...own].join('\n')}\n`);
    expect(await rich.at.restore(REAL, id)).toMatchObject({ ok: true, stillPinned: null });
    expect(lines()).toEqual([...before.slice(0, -2), ...known, ...own]);
  });

  it.each([
    ['is too long to be written anew', (own: string) => own + `${own.split('\n')[2]}\n`.repeat(40_000)],
    ['holds a name that is no UTF-8', (own: string) => Buffer.from(own.replaceAll('Tester', 'T\xe9ster'), 'latin1')],
  ])('and its reflog %s, that stays as it is and so does the pin, until it is forgotten', async (_name, spoil) => {
    const id = await reclaimed();
    writeFileSync(reflog(), spoil(`${remake().join('\n')}\n`));
    const theirs = readFileSync(reflog());
    expect(await rich.at.restore(REAL, id)).toMatchObject({ ok: true, stillPinned: `refs/reaper/${id}` });
    expect(readFileSync(reflog()).equals(theirs)).toBe(true);
    expect(leftovers(rich.at.repo)).toMatchObject({ quarantine: [id], pins: [`refs/reaper/${id}`] });
    expect(await rich.at.restore(REAL, id)).toMatchObject({ ok: false, problem: 'gone' });
    expectKept();
  });
});

it('without reflogs in the settings the saved one comes back all the same', async () => {
  const id = await reclaimed();
  git('config', 'core.logAllRefUpdates', 'false');
  expect(await rich.at.restore(REAL, id)).toMatchObject({ ok: true, stillPinned: null });
  expect(lines()).toEqual(before);
  expectKept();
});

it('where a directory is in the place of the reflog the pin stays', async () => {
  const id = await reclaimed();
  git('config', 'core.logAllRefUpdates', 'false');
  mkdirSync(join(reflog(), 'sub'), { recursive: true });
  expect(await rich.at.restore(REAL, id)).toMatchObject({ ok: true, stillPinned: `refs/reaper/${id}` });
  expectKept();
});

describe('where the branch stayed at the reclaim, and was deleted since', () => {
  it.each([false, true])('the pin stays when its worktree is restored (detached: %s)', async (detach) => {
    const keep = rich.at.pass(REAL, {
      settings: (settings) => ({ ...settings, worktrees: { ...settings.worktrees, branch: 'keep' } }),
    });
    expect((await keep).ok).toBe(true);
    const [entry] = await rich.at.entries();
    const id = entry?.id ?? '';
    expect([entry?.deletedBranchAt, lines()]).toEqual([null, before]);
    git('branch', '-q', '-D', 'agent/fix');
    expect(await rich.at.restore(REAL, id, { detach })).toMatchObject({ ok: true, stillPinned: `refs/reaper/${id}` });
    expectKept();
    expect(leftovers(rich.at.repo).pins).toEqual([`refs/reaper/${id}`]);
  });

  it('and nothing stays where the branch is there still', async () => {
    const keep = rich.at.pass(REAL, {
      settings: (settings) => ({ ...settings, worktrees: { ...settings.worktrees, branch: 'keep' } }),
    });
    expect((await keep).ok).toBe(true);
    const id = (await rich.at.entries())[0]?.id ?? '';
    expect(await rich.at.restore(REAL, id)).toMatchObject({ ok: true, stillPinned: null });
    expect(leftovers(rich.at.repo)).toMatchObject({ quarantine: [], pins: [] });
    expectKept();
  });
});

it('a reflog that would not come back byte for byte keeps its branch', async () => {
  writeFileSync(reflog(), Buffer.from(readFileSync(reflog(), 'latin1').replaceAll('Tester', 'J\u00f6rg'), 'latin1'));
  const written = readFileSync(reflog(), 'latin1');
  backdate(rich.at.repo, rich.fix, 3 * DAY);
  const id = await reclaimed();
  expect([git('rev-parse', 'agent/fix'), readFileSync(reflog(), 'latin1')]).toEqual([head, written]);
  expect((await rich.at.restore(REAL, id)).ok).toBe(true);
  expect(readFileSync(reflog(), 'latin1')).toBe(written);
});
