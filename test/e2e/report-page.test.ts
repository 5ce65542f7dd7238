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
    'is read whole by chromium, runs no script of a hostile name, and loads nothing (needs chromium)',
    () => {
      const repo = makeRepo();
      const hostile = 'agent/<img-src=x-onerror=document.title=`pwned`>';
      for (const branch of ['agent/done', hostile]) {
        const tree = repo.worktree(branch, join(repo.root, '..', 'wt', `${branch.length}`));
        repo.commit(`${branch.length}.txt`, 'done\n', tree);
        repo.git(['merge', '-q', branch]);
        backdate(repo, tree, 48 * HOUR);
      }
      const file = join(sandbox(), 'report.html');
      reaper(repo, ['report', '--html', file]);
      const shown = chromium(['--dump-dom', `file://${file}`]);
      expect(shown).toContain('agent/done');
      expect(shown).toContain('class="badge reclaim"');
      expect(shown).toContain('&lt;img-src=x-onerror=document.title=`pwned`&gt;');
      expect(shown).toMatch(/<title>reaper-hook: [^<]*<\/title>/);
      expect(shown).not.toMatch(/<script|<img|<iframe|<link|<object/);
    },
  );

  it.skipIf(CHROMIUM === undefined)('is drawn by chromium in light and in dark (needs chromium)', () => {
    const repo = makeRepo();
    repo.worktree('agent/new');
    const place = sandbox();
    reaper(repo, ['report', '--html', join(place, 'report.html')]);
    const drawn = ['light', 'dark'].map((scheme) => {
      const picture = join(place, `${scheme}.png`);
      const preference = `--blink-settings=preferredColorScheme=${scheme === 'dark' ? 0 : 1}`;
      chromium([
        preference,
        '--window-size=800,600',
        `--screenshot=${picture}`,
        `file://${join(place, 'report.html')}`,
      ]);
      return readFileSync(picture);
    });
    for (const picture of drawn) expect(picture.subarray(1, 4).toString()).toBe('PNG');
    expect(drawn[0]?.equals(drawn[1] ?? Buffer.alloc(0))).toBe(false);
  });
});

function chromium(args: readonly string[]): string {
  const quiet = ['--headless=new', '--no-sandbox', '--disable-gpu', `--user-data-dir=${sandbox()}`];
  const ran = spawnSync(CHROMIUM ?? '', [...quiet, ...args], { encoding: 'utf8', timeout: 60_000 });
  if (ran.status !== 0) throw new Error(`chromium: ${ran.stderr}`);
  return ran.stdout;
}
