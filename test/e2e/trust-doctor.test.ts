/** `doctor` and `init`: each finding with what to do, each proposal from what is here. */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { validate } from '../../src/config/validate.ts';
import { PROGRAM, reaper, reaperJson, shell } from '../support/program.ts';
import { backdate, DAY, makeRepo, script, type TestRepo } from '../support/repo.ts';

let repo: TestRepo;
const own = (name: string) => join(repo.commonDir, 'reaper', name);
const install = () => reaper(repo, ['install']);

/** What doctor says on the line of a finding, and on the next one. */
function finding(words: string): string {
  const lines = reaper(repo, ['doctor']).stdout.split('\n');
  const at = lines.findIndex((line) => line.includes(words));
  return at < 0 ? '' : lines.slice(at, at + 2).join('\n');
}

const ledger = (change: object) => {
  reaper(repo, ['run']);
  writeFileSync(
    own('state.json'),
    JSON.stringify({ ...JSON.parse(readFileSync(own('state.json'), 'utf8')), ...change }),
  );
};

beforeEach(() => {
  repo = makeRepo();
});

describe('doctor', () => {
  it('fires the hook in every worktree and finds nothing wrong after install', () => {
    repo.worktree('agent/one');
    install();
    expect(reaper(repo, ['doctor'])).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('git runs the hook in 2 worktrees'),
    });
    expect(reaperJson(repo, ['doctor'])).toMatchObject({ ok: true });
  });

  it.each([
    ['is not installed', () => undefined, 'npx reaper-hook install'],
    ['nothing at', () => rmSync(join(repo.commonDir, 'hooks/post-checkout')), 'npx reaper-hook install'],
    ['git does not run the hook', () => rmSync(join(repo.commonDir, 'hooks/post-checkout')), 'npx reaper-hook install'],
    ['the installed program is missing', () => rmSync(own('bin/reaper-hook.mjs')), 'npx reaper-hook install'],
    [
      'the node that the hook was installed with is gone',
      () => writeFileSync(own('bin/node'), '/no/node\n'),
      'npx reaper-hook install',
    ],
    [
      'version 0.0.1 is installed',
      () =>
        writeFileSync(
          own('installed.json'),
          readFileSync(own('installed.json'), 'utf8').replace(/"version": "[^"]*"/, '"version": "0.0.1"'),
        ),
      'npx reaper-hook install',
    ],
    ['the last pass failed', () => writeFileSync(own('failure'), 'it broke\n'), 'npx reaper-hook run'],
    [
      '5 in a row ran out of pass.budget',
      () => ledger({ lastPass: { atMs: Date.now(), ms: 2000, complete: false, cutShortInARow: 5 } }),
      'git config reaper.budget',
    ],
    [
      'not in effect until approved',
      () => repo.write('.reaperrc', 'worktrees: {branches: ["x/*"]}\n'),
      'npx reaper-hook allow',
    ],
    ['idle', () => repo.write('.reaperrc', 'worktrees: {idle: soon}\n'), 'mend it'],
    [
      "git-lfs's own hook",
      () => writeFileSync(join(repo.commonDir, 'hooks/post-checkout'), '#!/bin/sh\ngit lfs post-checkout "$@"\n'),
      'install --chain',
    ],
    ['core.hooksPath', () => repo.git(['config', '--global', 'core.hooksPath', repo.home]), 'npx reaper-hook install'],
  ])('says "%s" and what to do', (words, spoil, next) => {
    if (words !== 'is not installed') install();
    spoil();
    expect(finding(words)).toContain(next);
  });
});

describe('doctor, where the set-up is less usual', () => {
  it('names each linked worktree in which git does not run the hook', () => {
    const deaf = repo.worktree('agent/deaf');
    repo.git(['config', 'core.hooksPath', '.githooks']);
    install();
    const said = reaper(repo, ['doctor']);
    expect(said.code).toBe(1);
    expect(said.stdout).toContain(`git does not run the hook in ${deaf}`);
    expect(said.stdout).toContain(`cd ${deaf} && npx reaper-hook install`);
    expect(said.stdout).not.toContain(`git does not run the hook in ${repo.root}:`);
  });

  it.each(['--local', '--global'])('says once what switches hooks off (%s), and what lets them run again', (scope) => {
    install();
    repo.git(['config', scope, 'core.hooksPath', '/dev/null']);
    const said = reaper(repo, ['doctor']).stdout;
    expect(said.match(/^trouble {2}core\.hooksPath=\/dev\/null in \S+ names no directory/gm)).toHaveLength(1);
    expect(said).not.toContain('no hooks directory');
    // Installing once more would change nothing, and is named behind what does.
    expect(said).not.toMatch(/next: npx reaper-hook install$/m);
    const next = /next: .*: (git config .*), then npx reaper-hook install$/m.exec(said)?.[1] ?? 'false';
    expect(shell(repo, next)).toMatchObject({ code: 0 });
    install();
    expect(reaper(repo, ['doctor'])).toMatchObject({ code: 0 });
  });

  it('says of a bare repository without worktrees that nothing can be fired yet, and fires it in its first one', () => {
    const bare = join(repo.home, 'bare.git');
    repo.git(['clone', '-q', '--bare', repo.root, bare]);
    expect(reaper(repo, ['install'], bare)).toMatchObject({ code: 0 });
    const said = reaper(repo, ['doctor'], bare).stdout;
    expect(said).toContain('there is no worktree yet in which git could run the hook');
    expect(said).not.toContain('0 worktrees');
    repo.git(['worktree', 'add', '-q', join(repo.home, 'tree')], bare);
    expect(reaper(repo, ['doctor'], bare).stdout).toContain('git runs the hook in 1 worktree\n');
  });

  it('finds a node that lies in a working tree, which the hook does not start', () => {
    const linked = repo.worktree('agent/one');
    const node = script(join(linked, 'tools/node'), `#!/bin/sh\n: >'${repo.home}/sprung'\n`);
    install();
    writeFileSync(own('bin/node'), `${node}\n`);
    expect(finding(`lies in the working tree ${linked}`)).toContain(
      'npx reaper-hook install, with a node from elsewhere',
    );
    writeFileSync(own('foreground'), '');
    rmSync(own('stamp'), { force: true });
    expect(shell(repo, 'git checkout -q -b x')).toMatchObject({ code: 0, stderr: '' });
    expect(existsSync(join(repo.home, 'sprung'))).toBe(false);
    expect(existsSync(own('state.json'))).toBe(true);
  });

  it('finds that quarantine holds more than the disk has left', () => {
    const gone = repo.worktree('agent/gone');
    repo.commit('a.txt', 'a', gone);
    repo.git(['merge', '-q', '--no-ff', '--no-edit', 'agent/gone']);
    backdate(repo, gone, 2 * DAY);
    install();
    expect(reaper(repo, ['run']).stdout).toContain('agent/gone');
    const [id = ''] = readdirSync(own('quarantine'));
    const note = join(own('quarantine'), id, 'entry.json');
    writeFileSync(note, JSON.stringify({ ...JSON.parse(readFileSync(note, 'utf8')), bytes: 2 ** 52 }));
    expect(finding('the disk is nearly full')).toContain('npx reaper-hook purge --now');
  });
});

describe('allow at a terminal (needs script)', () => {
  /** What a person sees and answers; script(1) of util-linux makes the terminal. */
  const atTerminal = (reply: string) =>
    spawnSync('script', ['-qec', `'${process.execPath}' '${PROGRAM}' allow`, '/dev/null'], {
      cwd: repo.root,
      env: repo.env(),
      input: `${reply}\n`,
      encoding: 'utf8',
      timeout: 30_000,
    });
  const branches = () => reaperJson(repo, ['allow']).changes.length;

  it.skipIf(process.platform !== 'linux')('shows the difference, asks, and takes anything but yes for no', () => {
    install();
    repo.write('.reaperrc', 'worktrees: {branches: ["agent/*", "x\\u001b[31m/*"]}\n');
    expect(atTerminal('y').stdout).toContain('expected a pattern');
    repo.write('.reaperrc', 'worktrees: {branches: ["agent/*", "x/*"]}\n');
    for (const reply of ['n', '', 'yep', 'nyes']) {
      const { status, stdout } = atTerminal(reply);
      expect([reply, status]).toEqual([reply, 1]);
      expect(stdout).toMatch(/\+ worktrees\.branches: x\/\*\s+approve\? \[y\/N\]/);
      expect(stdout).toContain('not approved');
    }
    expect(branches()).toBe(1);
    const { status, stdout } = atTerminal('y');
    expect(status).toBe(0);
    expect(stdout).toContain('approved: 1 change');
    expect(branches()).toBe(0);
    expect(atTerminal('').stdout).toContain('nothing to approve');
  });
});

describe('status with a mistake in the configuration', () => {
  it('tells every mistake in a few lines, still shows what can be restored, and says that nothing is reclaimed', () => {
    const gone = repo.worktree('agent/gone');
    repo.commit('a.txt', 'a', gone);
    repo.git(['merge', '-q', '--no-ff', '--no-edit', 'agent/gone']);
    backdate(repo, gone, 2 * DAY);
    install();
    reaper(repo, ['run']);
    repo.write(
      '.reaperrc',
      `worktrees: {idle: soon, ${Array.from({ length: 500 }, (_, at) => `k${at}: 1`).join(', ')}}\n`,
    );
    repo.git(['config', 'reaper.idel', '5m']);
    const said = reaper(repo, ['status']);
    expect(said.code).toBe(1);
    expect(said.stderr).toContain('nothing is reclaimed until mended');
    expect(said.stderr).toContain(
      'reaper.idel in git config is "5m", but that is not a key: the nearest key is reaper.idle',
    );
    expect(said.stderr.split('\n').length).toBeLessThan(30);
    expect(said.stdout).toContain('agent/gone');
    expect(reaperJson(repo, ['status'])).toMatchObject({
      error: { code: 'config' },
      quarantine: [{ branch: 'agent/gone' }],
    });
    expect(reaper(repo, ['restore', 'agent/gone'])).toMatchObject({ code: 0 });
    expect(existsSync(gone)).toBe(true);
  });
});

describe('init', () => {
  it('proposes what is here, writes it only when told, and never again', () => {
    repo.worktree('worktree-fix', join(repo.root, '.claude/worktrees/fix'));
    repo.git(['branch', 'codex/a']);
    repo.git(['branch', 'feature/mine']);
    const looked = reaper(repo, ['init']);
    expect(looked.code).toBe(0);
    expect(existsSync(join(repo.root, '.reaperrc'))).toBe(false);
    const proposal = parse(looked.stdout);
    expect(proposal).toEqual({
      worktrees: { branches: ['agent/*', 'worktree-*', 'codex/*'], paths: ['.claude/worktrees/*'] },
    });
    expect(validate(proposal, { source: '.reaperrc', level: 'file' }).problems).toEqual([]);
    const written = reaper(repo, ['init', '--yes']);
    expect(written).toMatchObject({ code: 0, stdout: expect.stringContaining('npx reaper-hook allow') });
    const text = readFileSync(join(repo.root, '.reaperrc'), 'utf8');
    expect(text).toBe(looked.stdout);
    expect(statSync(join(repo.root, '.reaperrc')).mode & 0o777).toBe(0o644);
    expect(reaper(repo, ['init', '--yes'])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('.reaperrc is there already'),
    });
    expect(readFileSync(join(repo.root, '.reaperrc'), 'utf8')).toBe(text);
  });

  it('names worktrees that no pattern covers, and proposes the default where nothing is here', () => {
    const mine = repo.worktree('feature/mine');
    const looked = reaper(repo, ['init']);
    expect(looked.stderr).toContain(mine);
    expect(parse(looked.stdout)).toEqual({ worktrees: { branches: ['agent/*'] } });
  });

  it('leaves a configuration in package.json, or one in error, as it is', () => {
    repo.write('package.json', '{"reaper":{}}');
    expect(reaper(repo, ['init', '--yes']).code).toBe(1);
    repo.write('.reaperrc', '[broken');
    expect(reaper(repo, ['init', '--yes']).code).toBe(1);
    expect(readFileSync(join(repo.root, '.reaperrc'), 'utf8')).toBe('[broken');
  });
});
