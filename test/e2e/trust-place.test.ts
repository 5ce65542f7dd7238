/** The program that the hook runs, and the directory that it writes in, are ours and nobody else's. */
import {
  appendFileSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { PROGRAM, reaper, shell } from '../support/program.ts';
import { backdate, DAY, makeRepo, snapshot, type TestRepo, walk } from '../support/repo.ts';

const isRoot = process.getuid?.() === 0;
const NOBODY = 65_534;

let repo: TestRepo;
const own = (...names: string[]) => join(repo.commonDir, 'reaper', ...names);

function landed(branch: string): string {
  const worktree = repo.worktree(branch);
  repo.commit(`${branch.replaceAll('/', '-')}.txt`, branch, worktree);
  repo.git(['merge', '-q', '--no-ff', '--no-edit', branch], repo.root, { env: repo.env({ REAPER_HOOK: '0' }) });
  backdate(repo, worktree, 2 * DAY);
  return worktree;
}

const install = () => expect(reaper(repo, ['install']).code).toBe(0);
const due = () => existsSync(own('stamp')) && utimesSync(own('stamp'), new Date(0), new Date(0));
/** git waits for the pass, so that what did not happen needs no waiting for. */
const foreground = () => writeFileSync(own('foreground'), '');

beforeEach(() => {
  repo = makeRepo();
  // However busy the machine is, a pass is to come to its end.
  repo.git(['config', 'reaper.budget', '60s']);
});

describe('the installed program', () => {
  it('that was changed runs no pass, says so once, and is put back by install', async () => {
    const gone = landed('agent/done');
    install();
    foreground();
    appendFileSync(own('bin/reaper-hook.mjs'), '\n// changed\n');
    const first = shell(repo, 'git checkout -q -b one');
    expect(first).toMatchObject({ code: 0, stderr: expect.stringContaining('npx reaper-hook install') });
    expect(existsSync(gone)).toBe(true);
    expect(shell(repo, 'git checkout -q -b two')).toMatchObject({ code: 0, stderr: '' });
    expect(reaper(repo, ['doctor'])).toMatchObject({
      code: 1,
      stdout: expect.stringContaining('is not the one that was installed'),
    });
    install();
    foreground();
    shell(repo, 'git checkout -q -b three');
    await eventually('the pass reclaimed it', () => !existsSync(gone));
  });

  it.each(['removed', 'replaced by a link'])('whose record was %s runs no pass', (how) => {
    const gone = landed('agent/done');
    install();
    foreground();
    rmSync(own('installed.json'));
    if (how !== 'removed') symlinkSync('/dev/null', own('installed.json'));
    shell(repo, 'git checkout -q -b one');
    expect(existsSync(gone)).toBe(true);
  });

  it('survives what a package manager and a branch can do, because it is a copy', () => {
    install();
    const copied = readdirSync(own('bin')).filter((name) => name.endsWith('js') && name !== 'reaper-hook.mjs');
    expect(copied).toContain('quick.cjs');
    for (const name of copied)
      expect(readFileSync(own('bin', name), 'utf8')).toBe(readFileSync(join(dirname(PROGRAM), name), 'utf8'));
    expect(readFileSync(own('bin/reaper-hook.mjs'), 'utf8')).toBe(
      readFileSync(join(dirname(PROGRAM), 'cli.mjs'), 'utf8'),
    );
    for (const name of readdirSync(own('bin')).filter((name) => name !== 'node'))
      expect(lstatSync(own('bin', name)).isSymbolicLink()).toBe(false);
  });
});

it('everything of ours is for its user alone', async () => {
  const gone = landed('agent/done');
  install();
  foreground();
  shell(repo, 'umask 000; git checkout -q -b one');
  expect(existsSync(gone)).toBe(false);
  reaper(repo, ['claim', '--ttl', '1h']);
  expect(lstatSync(own()).mode & 0o777).toBe(0o700);
  const open = walk(own())
    .filter((path) => !/\/(tree|admin|ballast)(\/|$)|\/now$|\/foreground$/.test(path))
    .filter((path) => (lstatSync(path).mode & 0o077) !== 0);
  expect(open).toEqual([]);
});

describe('a symbolic link that somebody planted', () => {
  const COMMANDS = [
    ['run'],
    ['claim', '--ttl', '1h'],
    ['allow', '--yes'],
    ['status'],
    ['purge'],
    ['doctor'],
    ['install'],
  ];

  it.each(['', 'bin', 'claims', 'quarantine'])(
    'as the directory reaper/%s leads no command and no hook anywhere',
    (name) => {
      const gone = landed('agent/done');
      install();
      const victim = join(repo.home, 'victim');
      mkdirSync(victim);
      writeFileSync(join(victim, 'mine'), 'mine');
      if (name === '') {
        shell(repo, `cp -r '${own()}/.' '${victim}'`);
      } else if (name === 'bin') shell(repo, `cp -r '${own('bin')}/.' '${victim}'`);
      const before = snapshot(victim);
      rmSync(own(name), { recursive: true, force: true });
      symlinkSync(victim, own(name));
      shell(repo, 'git checkout -q -b one');
      repo.write('.reaperrc', 'worktrees: {branches: ["x/*"]}\n');
      for (const command of COMMANDS) reaper(repo, command);
      rmSync(join(repo.root, '.reaperrc'));
      expect(reaper(repo, ['run']).code).toBe(1);
      expect(reaper(repo, ['doctor'])).toMatchObject({ code: 1, stdout: expect.stringContaining('symbolic link') });
      expect(snapshot(victim)).toEqual(before);
      expect(existsSync(gone)).toBe(true);
    },
  );

  it.each([
    'state.json',
    'journal.jsonl',
    'lock',
    'report',
    'stamp',
    'due',
    'failure',
    'now',
    'foreground',
    'allowed.json',
    'claimed.json',
    'installed.json',
  ])('as the file reaper/%s has its target neither read out nor changed', (name) => {
    landed('agent/done');
    install();
    foreground();
    const victim = join(repo.home, 'victim');
    writeFileSync(victim, 'mine, and secret\n');
    const old = new Date(1_000_000_000_000);
    utimesSync(victim, old, old);
    rmSync(own(name), { force: true });
    symlinkSync(victim, own(name));
    due();
    utimesSync(victim, old, old);
    const said = [shell(repo, 'git checkout -q -b one'), shell(repo, 'git checkout -q -b two')];
    repo.write('.reaperrc', 'worktrees: {branches: ["x/*"]}\n');
    said.push(...COMMANDS.map((command) => reaper(repo, command)));
    for (const { stdout, stderr } of said) expect(`${stdout}${stderr}`).not.toContain('secret');
    expect(readFileSync(victim, 'utf8')).toBe('mine, and secret\n');
    expect(lstatSync(victim).mtimeMs).toBe(old.getTime());
  });
});

describe.skipIf(!isRoot)("another user's repository", () => {
  const everything = () => [repo.root, ...walk(repo.root)];

  it('is left alone where git does not trust it', () => {
    // Before the hooks are there, whose own pass could be at work while the owner changes.
    const gone = landed('agent/done');
    install();
    for (const path of everything()) if (!lstatSync(path).isSymbolicLink()) chownSync(path, NOBODY, NOBODY);
    const before = snapshot(repo.root);
    for (const command of [['run'], ['status'], ['install'], ['uninstall'], ['doctor'], ['init', '--yes']])
      expect(reaper(repo, command)).toMatchObject({ code: 1, stderr: expect.stringContaining('dubious ownership') });
    const program = shell(
      repo,
      `'${process.execPath}' '${own('bin/reaper-hook.mjs')}' run --hook post-checkout --from '${repo.root}'`,
      repo.home,
    );
    expect(program.code).toBe(0);
    expect(snapshot(repo.root)).toEqual(before);
    expect(existsSync(gone)).toBe(true);
  });

  it('is left alone where git trusts it, and its user has reaper-hook installed', () => {
    // Before the hooks are there, whose own pass could be at work while the owner changes.
    const gone = landed('agent/done');
    install();
    for (const path of [own(), ...walk(own())]) chownSync(path, NOBODY, NOBODY);
    foreground();
    chownSync(own('foreground'), NOBODY, NOBODY);
    shell(repo, 'git checkout -q -b one');
    expect(reaper(repo, ['run'])).toMatchObject({ code: 1, stderr: expect.stringContaining('another user') });
    expect(reaper(repo, ['install']).code).toBe(1);
    expect(existsSync(gone)).toBe(true);
  });
});
