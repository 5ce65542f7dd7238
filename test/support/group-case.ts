/** A repository of which one pass takes several worktrees side by side, each landed in a way of its own. */
import { dirname, join } from 'node:path';
import { adminOf, type Case, makeCase, REAL } from './crash-case.ts';
import { backdate, DAY, makeRepo, type TestRepo } from './repo.ts';
import { type Subject, subjectAt } from './subjects.ts';

export interface Group {
  readonly at: Case;
  readonly paths: readonly string[];
  readonly subjects: readonly Subject[];
  /** Every commit there is, of which none may be lost. */
  readonly commits: readonly string[];
}

const NAMES = ['merged', 'amended', 'squashed', 'empty'] as const;

/** Two that were merged, of which one had been amended; one that was squashed; one that nobody used. */
export async function groupCase(): Promise<Group> {
  const repo = makeRepo();
  repo.write('.gitignore', 'node_modules/\n');
  repo.git(['add', '.']);
  repo.git(['commit', '-qm', 'ignore']);
  const paths = NAMES.map((name) => repo.worktree(`agent/${name}`, join(dirname(repo.root), 'trees', name)));
  for (const [index, path] of paths.entries()) fill(repo, path, NAMES[index] ?? 'empty');
  repo.git(['merge', '-q', '--no-ff', '-m', 'land one', 'agent/merged']);
  repo.git(['merge', '-q', '--no-ff', '-m', 'land another', 'agent/amended']);
  repo.git(['merge', '-q', '--squash', 'agent/squashed']);
  repo.git(['commit', '-qm', 'squashed']);
  for (const path of paths) backdate(repo, path, 3 * DAY);
  const at = makeCase(repo);
  await at.pass(REAL, { limit: 0 });
  at.keep();
  const subjects = paths.map((path, index) =>
    subjectAt(repo, { path, admin: adminOf(repo, path), branch: `agent/${NAMES[index]}` }),
  );
  return { at, paths, subjects, commits: repo.git(['rev-list', '--all', '--reflog']).split('\n') };
}

function fill(repo: TestRepo, path: string, name: (typeof NAMES)[number]): void {
  if (name === 'empty') return;
  repo.commit(`${name}.txt`, `${name}\n`, path);
  if (name === 'amended') {
    repo.write('amended.txt', 'amended again\n', path);
    repo.git(['commit', '-q', '--amend', '-am', 'amended'], path);
  }
  repo.write('node_modules/.package-lock.json', '{}\n', path);
}
