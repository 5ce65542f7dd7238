/** What a person sees: status, why, log, run and purge, at every width, in a pipe, and after Ctrl-C. */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { PROGRAM, reaper, reaperJson } from '../support/program.ts';
import { backdate, HOUR, makeRepo, sandbox, script, snapshot, type TestRepo } from '../support/repo.ts';

/** One worktree that has landed, with ballast, and one that holds an ignored secret. */
function shop(): { repo: TestRepo; done: string; secret: string } {
  const repo = makeRepo('shop');
  repo.commit('.gitignore', 'node_modules/\n.env\n');
  const done = repo.worktree('agent/round-the-cart-totals');
  repo.commit('cart.txt', 'totals\n', done);
  const secret = repo.worktree('agent/verify-webhooks');
  repo.commit('hooks.txt', 'verified\n', secret);
  repo.write('.env', 'KEY=only-copy\n', secret);
  for (const branch of ['agent/round-the-cart-totals', 'agent/verify-webhooks'])
    repo.git(['merge', '-q', '--no-ff', branch]);
  repo.write('node_modules/.package-lock.json', '{}\n', done);
  repo.write('node_modules/left-pad/index.js', 'x'.repeat(200_000), done);
  for (const tree of [done, secret]) backdate(repo, tree, 48 * HOUR);
  return { repo, done, secret };
}

const canDrawTerminals = spawnSync('script', ['--version'], { stdio: 'ignore' }).error === undefined;

/** What a terminal of that many columns would show. */
function atTerminal(repo: TestRepo, columns: number, args: string, env: Record<string, string> = {}): string {
  const { NO_COLOR: _none, ...rest } = repo.env(env);
  const command = `stty cols ${columns}; '${process.execPath}' '${PROGRAM}' ${args} 2>/dev/null`;
  const ran = spawnSync('script', ['-qec', command, '/dev/null'], {
    cwd: repo.root,
    env: { ...rest, TERM: 'xterm-256color', ...env },
    encoding: 'utf8',
    timeout: 60_000,
  });
  return ran.stdout.replaceAll('\r', '');
}

const plain = (text: string): string => text.replace(/\u001b\[\d*m/g, '');

describe('status', () => {
  it('gives the totals first, then what to do in order, and the undo of what is in quarantine', () => {
    const { repo } = shop();
    const before = reaper(repo, ['status']).stdout;
    expect(before).toMatch(/^reclaimable +1 +2\d\d kB\nneeds attention +1 /);
    expect(before.indexOf('agent/round')).toBeLessThan(before.indexOf('agent/verify'));
    expect(before).toMatch(/look at +\d+ kB +agent\/verify-webhooks +idle 2d +ignored files: \.env/);
    expect(before).toContain('git -C ');
    expect(before).toContain('the hook is not installed: npx reaper-hook install');
    expect(before).not.toMatch(/\u001b|█/);
    reaper(repo, ['run']);
    expect(reaper(repo, ['status']).stdout).toMatch(/in quarantine \(undo: npx reaper-hook restore <branch>\)/);
  });

  it.skipIf(!canDrawTerminals).each([60, 80, 100, 140])(
    'is no wider than a terminal of %i columns (needs script)',
    (columns) => {
      const { repo } = shop();
      for (const args of ['status', 'run --dry-run', 'run --yes', 'status', 'purge --dry-run', 'landed']) {
        const lines = plain(atTerminal(repo, columns, args)).split('\n');
        // A command is there to be copied: it is never cut.
        const text = lines.filter((line) => !/npx reaper-hook|git -C/.test(line));
        expect(
          text.filter((line) => [...line].length > columns),
          args,
        ).toEqual([]);
      }
    },
  );

  it.skipIf(!canDrawTerminals)(
    'has colours and bars at a terminal, and no colours where NO_COLOR says so (needs script)',
    () => {
      const { repo } = shop();
      expect(atTerminal(repo, 100, 'status')).toMatch(/\u001b\[32m.*█/s);
      const bare = atTerminal(repo, 100, 'status', { NO_COLOR: '1' });
      expect(bare).toContain('█');
      expect(bare).not.toContain('\u001b');
    },
  );

  it('says what the limits on quarantine say, and how far the last pass came', () => {
    const { repo } = shop();
    repo.git(['config', 'reaper.max', '1MB']);
    repo.git(['config', 'reaper.minFree', '1kB']);
    reaper(repo, ['install', '--quiet']);
    reaper(repo, ['run']);
    const { stdout } = reaper(repo, ['status']);
    expect(stdout).toMatch(/quarantine holds \d+ kB of quarantine\.max \(1 MB\)/);
    expect(stdout).toMatch(/free, above quarantine\.minFree \(1 kB\)/);
    expect(stdout).toMatch(/last pass <?1?\d*s ago/);
  });
});

describe('why', () => {
  it('marks the fact that decided and names the command that looks into it', () => {
    const { repo, secret } = shop();
    const { stdout } = reaper(repo, ['why', 'agent/verify-webhooks']);
    expect(stdout.match(/^> /gm)).toHaveLength(1);
    expect(stdout).toMatch(/^> ignored +precious \.env$/m);
    expect(stdout).toContain(`next: git -C ${secret} status --ignored`);
    expect(reaperJson(repo, ['why', 'agent/verify-webhooks']).decided).toBe('ignored');
    expect(reaper(repo, ['why', 'agent/round-the-cart-totals']).stdout).toMatch(/^> landed +yes: ancestor in main/m);
    repo.worktree('agent/new');
    expect(reaper(repo, ['why', 'agent/new']).stdout).toMatch(
      /^> idle [\s\S]*\nsooner: npx reaper-hook run --idle 10m/m,
    );
  });

  it('marks the lock on what is also too young, although more is asked after it', () => {
    const repo = makeRepo();
    const young = repo.worktree('agent/young');
    repo.git(['worktree', 'lock', '--reason', 'portable disk', young]);
    expect(reaper(repo, ['why', 'agent/young']).stdout).toMatch(/^> lock +"portable disk"/m);
    expect(reaperJson(repo, ['why', 'agent/young'])).toMatchObject({ decided: 'lock', verdict: 'keep' });
  });

  it('names a command that shows the commit which a reset left behind', () => {
    const repo = makeRepo();
    const tree = repo.worktree('agent/away');
    repo.commit('away.txt', 'the only copy\n', tree);
    repo.git(['reset', '-q', '--hard', 'main'], tree);
    backdate(repo, tree, 48 * HOUR);
    const { stdout } = reaper(repo, ['why', 'agent/away']);
    const [, next = ''] = /^next: (git .*)$/m.exec(stdout) ?? [];
    const shown = spawnSync('sh', ['-c', next], { cwd: repo.root, env: repo.env(), encoding: 'utf8' });
    expect(shown.stdout).toContain('away.txt');
  });
});

describe('log', () => {
  it('has for each reclaim the proof, the bytes and the undo, and the undo works', () => {
    const { repo, done } = shop();
    expect(reaper(repo, ['log']).stdout).toBe('nothing was reclaimed yet\n');
    reaper(repo, ['install', '--quiet']);
    measured(repo, done);
    reaper(repo, ['run']);
    const { stdout } = reaper(repo, ['log']);
    expect(stdout).toMatch(
      /reclaimed +\d+ kB +agent\/round-the-cart-totals\n +landed: its commit is in main \(ancestor: [0-9a-f]{10}, main at [0-9a-f]{10}\)\n/,
    );
    const undo = /undo: npx reaper-hook (restore \S+)/.exec(stdout)?.[1] ?? '';
    const [row] = reaperJson(repo, ['log']).records;
    expect(row).toMatchObject({ event: 'reclaimed', bytes: expect.any(Number), undo: `npx reaper-hook ${undo}` });
    expect(reaper(repo, undo.split(' ')).code).toBe(0);
    expect(existsSync(join(done, 'cart.txt'))).toBe(true);
    expect(reaper(repo, ['log']).stdout).not.toContain('undo:');
    expect(reaper(repo, ['log', '--since', '0']).stdout).toBe('nothing was reclaimed in that time\n');
  });
});

/** The hook's pass, while the tree is in use: it measures. Then the tree is left alone. */
function measured(repo: TestRepo, tree: string): void {
  const program = join(repo.commonDir, 'reaper/bin/reaper-hook.mjs');
  const place = { cwd: repo.root, env: repo.env() };
  repo.write('touched.txt', '', tree);
  spawnSync(process.execPath, [program, 'run', '--hook', 'post-checkout', '--from', repo.root], place);
  rmSync(join(tree, 'touched.txt'));
  backdate(repo, tree, 48 * HOUR);
}

describe('purge --dry-run', () => {
  it('says what would go, when each thing is due and how much, and touches nothing', () => {
    const { repo } = shop();
    reaper(repo, ['run', '--budget', '30s']);
    const held = snapshot(join(repo.commonDir, 'reaper'));
    const { stdout, code } = reaper(repo, ['purge', '--dry-run']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/in 7d +\d+ kB +agent\/round-the-cart-totals +its files; its commit stays/);
    expect(stdout).toMatch(/in 90d +agent\/round-the-cart-totals +its commit/);
    expect(stdout).toContain('dry run: nothing was touched; 0 B would be freed now');
    const [entry] = reaperJson(repo, ['status']).quarantine;
    const early = reaperJson(repo, ['purge', '--now', '--dry-run', entry.id]);
    expect(early.freedBytes).toBeGreaterThan(0);
    expect(snapshot(join(repo.commonDir, 'reaper'))).toEqual(held);
    const real = reaperJson(repo, ['purge', '--now', entry.id]);
    // The directory itself counts in one and not in the other.
    expect(Math.abs(real.bytes - early.freedBytes)).toBeLessThanOrEqual(8192);
    expect(reaper(repo, ['purge', '--dry-run']).stdout).not.toContain('its files');
  });

  it('agrees with purging about the limits: nothing younger than a day, nothing that was written to since', () => {
    const { repo } = shop();
    reaper(repo, ['run', '--budget', '30s']);
    repo.git(['config', 'reaper.max', '1kB']);
    expect(reaperJson(repo, ['purge', '--dry-run']).steps[0]).toMatchObject({
      part: 'files',
      early: null,
      stays: null,
    });
    const [entry] = reaperJson(repo, ['status']).quarantine;
    const note = join(repo.commonDir, 'reaper/quarantine', entry.id, 'entry.json');
    writeFileSync(note, JSON.stringify({ ...JSON.parse(readFileSync(note, 'utf8')), atMs: Date.now() - 25 * HOUR }));
    const { steps, freedBytes } = reaperJson(repo, ['purge', '--dry-run']);
    expect(steps[0]).toMatchObject({ stays: expect.stringContaining('was written to in quarantine') });
    expect(freedBytes).toBe(0);
    expect(reaper(repo, ['purge'])).toMatchObject({ code: 1, stderr: expect.stringContaining('was written to') });
    expect(reaper(repo, ['status']).stdout).toContain('above quarantine.max (1 kB): the oldest files go early');
  });
});

describe('run', () => {
  it('stops at Ctrl-C between two things, says so, and leaves nothing half-done', () => {
    const { repo, done } = shop();
    const place = sandbox();
    const git = spawnSync('sh', ['-c', 'command -v git'], { encoding: 'utf8' }).stdout.trim();
    script(
      join(place, 'git'),
      `#!/bin/sh\ncase "$*" in *check-ignore*) [ -e '${place}/once' ] || { : >'${place}/once'; kill -INT $PPID; } ;; esac\nexec '${git}' "$@"\n`,
    );
    const { code, stdout, stderr } = reaper(repo, ['run'], repo.root, { PATH: `${place}:${process.env['PATH']}` });
    expect(stderr).toContain('stopping after what is being done; Ctrl-C again to stop at once');
    expect(stdout).toContain('stopped by Ctrl-C');
    expect(code).toBe(1);
    expect(existsSync(join(repo.commonDir, 'reaper/lock'))).toBe(false);
    expect(existsSync(join(done, 'cart.txt'))).toBe(true);
    expect(reaper(repo, ['run']).stdout).toContain('1 landed worktree -> quarantine');
  });
});
