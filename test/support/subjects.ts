/** What a pass takes from the rich repository, and the questions every test asks about it afterwards. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { adminOf, leftovers, REAL, type Rich, textOr, type WorktreeState, worktreeState } from './crash-case.ts';

/** One of the things a pass takes, and what it was before. */
export interface Subject {
  readonly path: string;
  readonly admin: string | null;
  readonly branch: string | null;
  readonly before: WorktreeState;
  readonly beforeLight: WorktreeState;
  readonly lock: string | null;
}

export function subjectsOf({ at, fix, staging, missing }: Rich, detached = false): Subject[] {
  const all = [
    { path: fix, admin: adminOf(at.repo, fix), branch: detached ? null : 'agent/fix' },
    { path: staging, admin: null, branch: null },
    { path: missing, admin: adminOf(at.repo, missing), branch: 'agent/gone' },
  ].filter(({ path, admin }) => existsSync(admin ?? path));
  return all.map((each) => subjectAt(at.repo, each));
}

/** One thing as it is now. */
export const subjectAt = (repo: Rich['at']['repo'], each: Pick<Subject, 'path' | 'admin' | 'branch'>): Subject => ({
  ...each,
  before: stateOf(repo, each, true),
  beforeLight: stateOf(repo, each, false),
  lock: each.admin === null ? null : textOr(join(each.admin, 'locked')),
});

type Place = Pick<Rich, 'at'>;

export function stateOf(
  repo: Rich['at']['repo'],
  { path, admin, branch }: Pick<Subject, 'path' | 'admin' | 'branch'>,
  all: boolean,
) {
  return worktreeState(repo, { tree: path, admin }, branch, all);
}

/** `home` exactly as it was, or the id of its entry in quarantine. */
export async function whereabouts({ at }: Place, subject: Subject): Promise<string> {
  const entry = (await at.entries()).find(({ path }) => path === subject.path);
  if (existsSync(subject.admin ?? subject.path)) {
    expect(entry, 'no note is left about what is at home').toBeUndefined();
    expect(stateOf(at.repo, subject, true)).toEqual(subject.before);
    if (subject.admin !== null) expect(textOr(join(subject.admin, 'locked'))).toBe(subject.lock);
    return 'home';
  }
  expect(entry, `${subject.path} is in quarantine with a note`).toMatchObject({ phase: 'held', unverified: false });
  return entry?.id ?? '';
}

/** Restores all of them, and finds them as they were, and nothing of ours left. */
export async function restoreAll(rich: Place, subjects: readonly Subject[]) {
  const { at } = rich;
  for (const subject of subjects) {
    const id = await whereabouts(rich, subject);
    expect(id, `${subject.path} was reclaimed in the end`).not.toBe('home');
    const restored = await at.restore(REAL, id);
    expect(restored).toMatchObject({ ok: true, path: subject.path, rebuilt: false });
    expect(stateOf(at.repo, subject, false)).toEqual(subject.beforeLight);
    if (subject.admin !== null) expect(textOr(join(subject.admin, 'locked'))).toBe(subject.lock);
  }
  const { quarantine, pins, root } = leftovers(at.repo);
  expect({ quarantine, pins }).toEqual({ quarantine: [], pins: [] });
  const known = ['claims', 'journal.jsonl', 'quarantine', 'state.json'];
  expect(root.filter((name) => !known.includes(name))).toEqual([]);
}
