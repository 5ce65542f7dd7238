/** Settings of the user that change what git prints, hides or starts: they change nothing that a pass does. */
import { existsSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { makeCase, REAL } from '../support/crash-case.ts';
import { backdate, DAY, makeRepo, script, type TestRepo } from '../support/repo.ts';

/** Written by whatever a setting starts. */
const markOf = (repo: TestRepo): string => join(dirname(repo.root), 'was-started');
const starting = (repo: TestRepo): string => `touch '${markOf(repo)}'; false`;

/** A program that says that nothing has changed since it was last asked. */
const lying = (repo: TestRepo): string =>
  script(join(dirname(repo.root), 'monitor'), `#!/bin/sh\ntouch '${markOf(repo)}'\nprintf 'token\\0'\n`);

type Value = string | ((repo: TestRepo) => string);

const SETTINGS: readonly (readonly [key: string, value: Value])[] = [
  ['alias.status', (repo) => `!${starting(repo)}`],
  ['alias.rev-list', (repo) => `!${starting(repo)}`],
  ['core.fsmonitor', lying],
  ['core.untrackedCache', 'true'],
  ['core.quotePath', 'true'],
  ['core.abbrev', '4'],
  ['core.pager', starting],
  ['pager.status', starting],
  ['core.editor', starting],
  ['core.preloadIndex', 'false'],
  ['core.precomposeUnicode', 'true'],
  ['core.logAllRefUpdates', 'always'],
  ['color.ui', 'always'],
  ['color.status', 'always'],
  ['column.ui', 'always'],
  ['status.showUntrackedFiles', 'no'],
  ['status.branch', 'true'],
  ['status.short', 'true'],
  ['status.relativePaths', 'false'],
  ['status.renames', 'copies'],
  ['status.aheadBehind', 'false'],
  ['status.showStash', 'true'],
  ['status.submoduleSummary', 'true'],
  ['diff.noprefix', 'true'],
  ['diff.mnemonicPrefix', 'true'],
  ['diff.renames', 'copies'],
  ['diff.ignoreSubmodules', 'all'],
  ['diff.external', starting],
  ['diff.orderFile', 'no-such-file'],
  ['diff.statGraphWidth', '1'],
  ['diff.algorithm', 'patience'],
  ['log.showSignature', 'true'],
  ['log.date', 'relative'],
  ['format.pretty', 'oneline'],
  ['gpg.program', starting],
  ['commit.gpgSign', 'true'],
  ['merge.renames', 'false'],
  ['merge.directoryRenames', 'true'],
  ['worktree.guessRemote', 'true'],
  ['index.version', '4'],
  ['index.skipHash', 'true'],
  ['gc.auto', '1'],
  ['receive.denyDeletes', 'true'],
  ['transfer.hideRefs', 'refs/reaper'],
];

const GROUPS = [...new Set(SETTINGS.map(([key]) => key.slice(0, key.indexOf('.'))))];

/** Two landed worktrees, one of them with a file that exists nowhere else. */
function withTwo(): { repo: TestRepo; done: string; busy: string } {
  const repo = makeRepo();
  const [done, busy] = [repo.worktree('agent/done'), repo.worktree('agent/busy')];
  for (const path of [done, busy]) {
    const branch = repo.git(['branch', '--show-current'], path);
    repo.commit(`${branch.slice(6)} übung.txt`, `${branch}\n`, path);
    repo.git(['merge', '-q', '--no-ff', '--no-edit', branch]);
  }
  return { repo, done, busy };
}

async function check({ repo, done, busy }: ReturnType<typeof withTwo>): Promise<void> {
  writeFileSync(join(busy, 'the only "copy" – ü.txt'), 'irreplaceable\n');
  for (const path of [done, busy]) backdate(repo, path, 3 * DAY);
  const at = makeCase(repo);
  const passed = await at.pass(REAL);
  if (!passed.ok) throw new Error(passed.why);
  expect(passed.report.reclaimed.map(({ entry }) => entry.path)).toEqual([done]);
  const reasons = passed.report.results.flatMap(({ inquiry, reasons }) =>
    inquiry.candidate.path === busy ? reasons : [],
  );
  expect(reasons.map(({ code }) => code)).toEqual(['untracked']);
  expect(existsSync(markOf(repo))).toBe(false);
  expect(await at.restore(REAL, 'agent/done')).toMatchObject({ ok: true });
  expect(existsSync(markOf(repo))).toBe(false);
}

describe('a pass keeps what is not committed, takes what has landed and starts nothing', () => {
  it.each(GROUPS)('with every setting of %s in the repository', async (group) => {
    const two = withTwo();
    for (const [key, value] of SETTINGS.filter(([key]) => key.startsWith(`${group}.`)))
      two.repo.git(['config', key, typeof value === 'string' ? value : value(two.repo)]);
    await check(two);
  });

  it('with all that can be said twice in the file that GIT_CONFIG_GLOBAL names', async () => {
    const two = withTwo();
    const file = join(dirname(two.repo.root), 'global-config');
    for (const [key, value] of SETTINGS)
      two.repo.git(['config', '--file', file, key, typeof value === 'string' ? value : value(two.repo)]);
    const before = process.env.GIT_CONFIG_GLOBAL;
    process.env.GIT_CONFIG_GLOBAL = file;
    try {
      await check(two);
    } finally {
      if (before === undefined) delete process.env.GIT_CONFIG_GLOBAL;
      else process.env.GIT_CONFIG_GLOBAL = before;
    }
  });
});
