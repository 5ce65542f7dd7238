/** What a worktree's index keeps of conflicts that were resolved outlives its time in quarantine. */
import { rmSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { GitCall, Io } from '../../src/io/ports.ts';
import { type Case, makeCase, REAL } from '../support/crash-case.ts';
import { interpose } from '../support/faults.ts';
import { backdate, DAY, makeRepo, type TestRepo } from '../support/repo.ts';

interface Staged {
  readonly repo: TestRepo;
  readonly path: string;
  readonly at: Case;
  /** The blobs that only the index names. */
  readonly blobs: readonly string[];
}

/** A landed worktree in which a stash was applied, with a conflict that was resolved. */
function stage({ init = [], plain = false }: { init?: string[]; plain?: boolean } = {}): Staged {
  const repo = makeRepo('repo', init);
  repo.commit('a.txt', 'a\n');
  const path = repo.worktree('agent/x');
  if (plain) repo.commit('a.txt', 'other\n', path);
  else resolve(repo, path);
  repo.git(['merge', '-q', '--no-ff', '--no-edit', 'agent/x']);
  // As long as a registration whose directory is gone has to wait, and more.
  backdate(repo, path, 9 * DAY);
  return { repo, path, at: makeCase(repo), blobs: undoable(repo, path) };
}

function resolve(repo: TestRepo, path: string): void {
  repo.write('a.txt', 'stashed\n', path);
  repo.git(['stash', '-q'], path);
  repo.commit('a.txt', 'other\n', path);
  expect(() => repo.git(['stash', 'apply', '-q'], path)).toThrow();
  repo.git(['stash', 'drop', '-q'], path);
  repo.commit('a.txt', 'resolved\n', path);
}

const undoable = (repo: TestRepo, path: string): string[] =>
  repo
    .git(['ls-files', '--resolve-undo'], path)
    .split('\n')
    .flatMap((line) => line.split(' ')[1] ?? []);

async function reclaim({ at }: Staged, io: Io = REAL): Promise<number> {
  const passed = await at.pass(io);
  if (!passed.ok) throw new Error('no pass');
  return passed.report.reclaimed.length;
}

/** Everything that nothing holds goes while the worktree is in quarantine; then it comes back. */
async function roundTrip({ at, repo, path, blobs }: Staged): Promise<void> {
  repo.git(['gc', '-q', '--prune=now']);
  const [entry] = await at.entries();
  expect((await at.restore(REAL, entry?.id ?? '')).ok).toBe(true);
  repo.git(['gc', '-q', '--prune=now']);
  expect(undoable(repo, path)).toEqual(blobs);
  for (const blob of blobs) expect(repo.git(['cat-file', '-t', blob])).toBe('blob');
}

/** A machine that counts the questions about resolved conflicts, and may answer them. */
function asked(answer?: unknown): { io: Io; times: () => number } {
  let times = 0;
  const io = interpose(REAL, async (call, proceed) => {
    const isIt = call.port === 'git' && (call.args[0] as GitCall).args.includes('--resolve-undo');
    if (isIt) times++;
    return isIt && answer !== undefined ? answer : proceed();
  });
  return { io, times: () => times };
}

describe('what the index keeps of resolved conflicts', () => {
  it('needs no pin once the index is back, with the branch or without', async () => {
    const { at, repo, ...rest } = stage();
    await reclaim({ at, repo, ...rest });
    const [entry] = await at.entries();
    expect(entry?.pin).not.toBe(entry?.head);
    expect(await at.restore(REAL, entry?.id ?? '', { detach: true })).toMatchObject({ ok: true, stillPinned: null });
    expect(await at.entries()).toEqual([]);
    expect(repo.git(['for-each-ref', 'refs/reaper'])).toBe('');
  });

  it.each(['sha1', 'sha256'])('is there after the way to quarantine and back, with %s', async (format) => {
    const staged = stage({ init: [`--object-format=${format}`] });
    expect(staged.blobs).toHaveLength(3);
    expect(await reclaim(staged)).toBe(1);
    await roundTrip(staged);
    staged.repo.git(['checkout', '-q', '-m', '--', 'a.txt'], staged.path);
  });

  it('is held together with commits that only the reflog holds', async () => {
    const staged = stage();
    const { repo, path } = staged;
    const left = repo.commit('b.txt', 'b\n', path);
    repo.git(['commit', '-q', '--amend', '-m', 'amended'], path);
    repo.git(['merge', '-q', '--no-ff', '--no-edit', 'agent/x']);
    backdate(repo, path, 3 * DAY);
    expect(await reclaim(staged)).toBe(1);
    repo.git(['gc', '-q', '--prune=now']);
    expect(repo.git(['cat-file', '-t', left])).toBe('commit');
    await roundTrip(staged);
  });

  it.each([
    ['a file was touched', ({ path }: Staged) => utimesSync(join(path, 'a.txt'), 1e9, 1e9)],
    ['the index is split', ({ repo, path }: Staged) => repo.git(['update-index', '--split-index'], path)],
    ['the index has version 4', ({ repo, path }: Staged) => repo.git(['update-index', '--index-version', '4'], path)],
  ])('is held where %s', async (_, change) => {
    const staged = stage();
    change(staged);
    backdate(staged.repo, staged.path, 3 * DAY);
    expect(await reclaim(staged)).toBe(1);
    await roundTrip(staged);
  });

  it('is held for a registration whose directory is gone', async () => {
    const staged = stage();
    rmSync(staged.path, { recursive: true });
    // What lies beside it shows that its place is not just unmounted.
    staged.repo.write('beside.txt', 'beside\n', dirname(staged.path));
    expect(await reclaim(staged)).toBe(1);
    staged.repo.git(['gc', '-q', '--prune=now']);
    for (const blob of staged.blobs) expect(staged.repo.git(['cat-file', '-t', blob])).toBe('blob');
  });

  it('keeps nothing where the blobs are gone already', async () => {
    const staged = stage();
    const { repo, blobs } = staged;
    const stashed = blobs[2] ?? '';
    rmSync(join(repo.commonDir, 'objects', stashed.slice(0, 2), stashed.slice(2)));
    expect(await reclaim(staged)).toBe(1);
    expect(repo.git(['cat-file', '-t', blobs[0] ?? ''])).toBe('blob');
  });

  it.each([
    ['fails', { ok: false, code: 128, why: 'index file corrupt', stderr: '' }],
    ['ends before its end', { ok: true, stdout: '100644 78981922613b2afb6025042ff6bd878ac1994e85 1\ta' }],
    ['is not understood', { ok: true, stdout: 'something else\0' }],
  ])('keeps the worktree where the answer about it %s', async (_, answer) => {
    expect(await reclaim(stage(), asked(answer).io)).toBe(0);
  });

  it('costs a worktree that has none no question', async () => {
    const { io, times } = asked();
    expect(await reclaim(stage({ plain: true }), io)).toBe(1);
    expect(times()).toBe(0);
  });

  it('costs one that has none no question either where git was asked what changed', async () => {
    const { io, times } = asked();
    const staged = stage({ plain: true });
    writeFileSync(join(staged.path, 'a.txt'), 'other\n');
    utimesSync(join(staged.path, 'a.txt'), 1e9, 1e9);
    expect(await reclaim(staged, io)).toBe(1);
    expect(times()).toBe(0);
  });
});
