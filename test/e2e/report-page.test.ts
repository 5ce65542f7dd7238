/** `report --html`, read by a real browser. */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { reaper } from '../support/program.ts';
import { backdate, HOUR, makeRepo, sandbox } from '../support/repo.ts';

const CHROMIUM = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(existsSync);

describe('report --html', () => {
  it('writes one page, replaces its own, and leaves a file that is not its own', () => {
    const repo = makeRepo();
    const file = join(sandbox(), 'report.html');
    expect(reaper(repo, ['report', '--html', file]).code).toBe(0);
    expect(reaper(repo, ['report', '--html', file]).code).toBe(0);
    const other = repo.write('notes.html', 'mine\n');
    expect(reaper(repo, ['report', '--html', other]).code).toBe(1);
    expect(readFileSync(other, 'utf8')).toBe('mine\n');
  });

  it.skipIf(CHROMIUM === undefined)(
    'is read whole by chromium, with the worktree in its table (needs chromium)',
    () => {
      const repo = makeRepo();
      const tree = repo.worktree('agent/done');
      repo.commit('done.txt', 'done\n', tree);
      repo.git(['merge', '-q', 'agent/done']);
      backdate(repo, tree, 48 * HOUR);
      const file = join(sandbox(), 'report.html');
      reaper(repo, ['report', '--html', file]);
      const args = ['--headless', '--no-sandbox', '--disable-gpu', '--dump-dom', `--user-data-dir=${sandbox()}`];
      const ran = spawnSync(CHROMIUM ?? '', [...args, `file://${file}`], { encoding: 'utf8', timeout: 60_000 });
      expect(ran.stdout).toContain('agent/done');
      expect(ran.stdout).toContain('class="badge reclaim"');
      expect(ran.stdout).not.toContain('<script');
    },
  );
});
