/** A pass that finds nothing due says so to the next one, which goes back to sleep until something changes. */
import { spawnSync } from 'node:child_process';
import { chownSync, existsSync, mkdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { reaper } from '../support/program.ts';
import { backdate, DAY, makeRepo, type TestRepo } from '../support/repo.ts';

let repo: TestRepo;
let madeMs: number;

const own = (name: string) => join(repo.commonDir, 'reaper', name);
const ledger = () => JSON.parse(readFileSync(own('state.json'), 'utf8'));

/** What git's hook starts, in the foreground; true when it looked at anything. */
function pass(env: Record<string, string> = {}): boolean {
  const before = existsSync(own('state.json')) ? ledger().lastPass.atMs : 0;
  const args = [own('bin/quick.cjs'), 'run', '--hook', 'post-checkout', '--from', repo.root];
  const ran = spawnSync(process.execPath, args, { cwd: '/', env: repo.env(env), encoding: 'utf8', timeout: 30_000 });
  expect(ran).toMatchObject({ status: 0, stdout: '', stderr: '' });
  return ledger().lastPass.atMs !== before;
}

/** What changed in the last two seconds may change again unseen: a pass so early leaves no note. */
const settled = () => eventually('what was made has settled', () => Date.now() - madeMs > 2_000);

async function asleep(): Promise<void> {
  await settled();
  // On a busy machine some of it was made later than it was meant to be.
  await eventually('a pass leaves a note', () => {
    pass();
    return existsSync(own('rest'));
  });
}

/** The note holds; something mounted meanwhile anywhere on the machine wakes a pass, which leaves another one. */
const sleeps = () => eventually('a pass looks at nothing', () => !pass());

beforeEach(async () => {
  repo = makeRepo();
  repo.worktree('agent/young');
  // However busy the machine is, a pass is to come to its end.
  repo.git(['config', 'reaper.budget', '60s']);
  repo.write('.reaperrc', 'worktrees:\n  idle: 24h\n');
  expect(reaper(repo, ['install']).code).toBe(0);
  madeMs = Date.now();
});

describe('after a pass that found everything too young', () => {
  it('the next one puts the hook off, forgets what was asked for, and looks at nothing', async () => {
    await asleep();
    writeFileSync(own('due'), '');
    utimesSync(own('stamp'), 0, 0);
    expect(pass()).toBe(false);
    expect(existsSync(own('due'))).toBe(false);
    const { atMs, untilMs, everyMs } = JSON.parse(readFileSync(own('rest'), 'utf8'));
    const stampMs = statSync(own('stamp')).mtimeMs;
    expect(stampMs).toBeGreaterThan(Date.now());
    expect(stampMs).toBeLessThanOrEqual(Math.min(untilMs, Date.now() + everyMs) + 1);
    expect(untilMs - atMs).toBeLessThanOrEqual(12 * 3_600_000);
  });

  it.each<readonly [string, () => void]>([
    ['a worktree was added', () => repo.worktree('agent/second')],
    ['a worktree was removed', () => repo.git(['worktree', 'remove', join(repo.root, '../wt/agent-young')])],
    ['a staging directory appeared', () => mkdirSync(join(repo.root, '.agent-config'))],
    ['the configuration changed', () => repo.write('.reaperrc', 'worktrees:\n  idle: 2h\n')],
    ['a second configuration appeared', () => repo.write('.reaperrc.json', '{}')],
    ['git configuration changed', () => repo.git(['config', 'reaper.idle', '2d'])],
    ["the user's git configuration changed", () => repo.git(['config', '--global', 'reaper.idle', '2d'])],
    ['a wider scope was allowed', () => writeFileSync(own('allowed.json'), `${readFileSync(own('allowed.json'))} `)],
    ['another program wrote the note', () => edit((note) => ({ ...note, program: '0.0.0' }))],
    ['its time has come', () => edit((note) => ({ ...note, untilMs: Date.now() - 1 }))],
    ['it promises more than half a day', () => edit((note) => ({ ...note, untilMs: note.atMs + 13 * 3_600_000 }))],
    ['it was written in the future', () => edit((note) => ({ ...note, atMs: Date.now() + 60_000 }))],
    ['the note is damaged', () => writeFileSync(own('rest'), '{"program":')],
    ['there is no note', () => rmSync(own('rest'))],
  ])('the next one looks when %s', async (_what, change) => {
    await asleep();
    await sleeps();
    change();
    expect(pass()).toBe(true);
  });

  it('the next one looks when the settings of the user lie elsewhere', async () => {
    await asleep();
    expect(pass({ XDG_CONFIG_HOME: join(repo.home, 'other') })).toBe(true);
  });

  it.skipIf(process.getuid?.() !== 0)(
    "the next one looks, and writes nothing, where the place is another user's",
    async () => {
      await asleep();
      writeFileSync(own('due'), '');
      chownSync(own('.'), 65_534, 65_534);
      pass();
      expect(existsSync(own('due'))).toBe(true);
    },
  );
});

describe('where passes only report', () => {
  /** Landed, clean and old: there is nothing more to find out, and nothing will be done. */
  function ready(): string {
    const worktree = repo.worktree('agent/ready');
    repo.commit('ready.txt', 'ready\n', worktree);
    repo.git(['merge', '-q', '--no-ff', '--no-edit', 'agent/ready'], repo.root, {
      env: repo.env({ REAPER_HOOK: '0' }),
    });
    backdate(repo, worktree, 2 * DAY);
    return worktree;
  }

  beforeEach(() => {
    repo.git(['config', 'reaper.mode', 'report']);
  });

  it.each<readonly [string, (worktree: string) => void]>([
    ['a worktree that may go has a new commit', (worktree) => void repo.commit('more.txt', 'more\n', worktree)],
    [
      'something is added to its index',
      (worktree) =>
        void repo.git(
          ['update-index', '--add', '--cacheinfo', `100644,${repo.git(['rev-parse', 'HEAD:ready.txt'], worktree)},x`],
          worktree,
        ),
    ],
    ['it has a new file', (worktree) => repo.write('new.txt', 'new\n', worktree)],
    ['it is locked', (worktree) => void repo.git(['worktree', 'lock', worktree])],
    ['passes are to reclaim', () => void repo.git(['config', 'reaper.mode', 'reap'])],
  ])('the next one looks when %s', async (_what, change) => {
    const worktree = ready();
    await asleep();
    repo.git(['status'], worktree);
    await sleeps();
    change(worktree);
    expect(pass()).toBe(true);
  });

  it('nothing else is asleep: an unlanded worktree is looked at again', async () => {
    const worktree = ready();
    repo.commit('own.txt', 'own\n', worktree);
    backdate(repo, worktree, 2 * DAY);
    madeMs = Date.now();
    await settled();
    pass();
    expect(existsSync(own('rest'))).toBe(false);
  });
});

describe('no note is left', () => {
  it('by a pass over what has just changed', () => {
    pass();
    expect(existsSync(own('rest'))).toBe(false);
  });

  it('when a worktree is kept for more than its age', async () => {
    await asleep();
    const kept = repo.worktree('agent/kept');
    repo.commit('kept.txt', 'kept\n', kept);
    backdate(repo, kept, 2 * DAY);
    expect(pass()).toBe(true);
    expect(ledger().lastPass.complete).toBe(true);
    expect(existsSync(own('rest'))).toBe(false);
  });
});

function edit(change: (note: { atMs: number }) => object): void {
  writeFileSync(own('rest'), JSON.stringify(change(JSON.parse(readFileSync(own('rest'), 'utf8')))));
}
