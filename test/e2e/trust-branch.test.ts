/** A branch that brings along every way in: git checks it out, the hook runs a pass, and nothing of it ran. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { reaper, reaperJson, shell } from '../support/program.ts';
import { backdate, DAY, makeRepo, script, type TestRepo } from '../support/repo.ts';

let repo: TestRepo;
let sprung: string;

/** Each leaves a file named after itself where it runs. */
const traps = (): Record<string, () => string> => {
  const bait = (name: string) => `#!/bin/sh\n: >'${sprung}/${name}'\nexit 0\n`;
  const code = (name: string) => `require('node:fs').writeFileSync(${JSON.stringify(join(sprung, name))}, '')`;
  return {
    rc: () => repo.write('.reaperrc.js', code('rc')),
    'rc-cjs': () => repo.write('.reaperrc.cjs', code('rc-cjs')),
    meta: () => repo.write('.config/config.cjs', `${code('meta')}; module.exports = { cosmiconfig: {} }`),
    'meta-js': () => repo.write('.config/reaperrc.js', code('meta-js')),
    imported: () => {
      repo.write(
        'package.json',
        '{"type":"commonjs","main":"./evil.cjs","reaper":{"$import":"./evil.cjs"},"cosmiconfig":{"searchPlaces":["evil.cjs"]}}',
      );
      return repo.write('evil.cjs', code('imported'));
    },
    preload: () => repo.write('node_modules/cosmiconfig/index.js', code('preload')),
    'bin-git': () => script(join(repo.root, 'node_modules/.bin/git'), bait('bin-git')),
    'bin-node': () => script(join(repo.root, 'node_modules/.bin/node'), bait('bin-node')),
    'tools-git': () => script(join(repo.root, 'tools/git'), bait('tools-git')),
    'tools-setsid': () => script(join(repo.root, 'tools/setsid'), bait('tools-setsid')),
    'tools-mv': () => script(join(repo.root, 'tools/mv'), bait('tools-mv')),
    git: () => script(join(repo.root, 'git'), bait('git')),
    node: () => script(join(repo.root, 'node'), bait('node')),
    husky: () => script(join(repo.root, '.husky/post-checkout'), bait('husky')),
    'husky-reaper': () => script(join(repo.root, '.husky/reaper-hook'), bait('husky-reaper')),
    shell: () => script(join(repo.root, 'reaper/bin/reaper.sh'), bait('shell')),
    program: () =>
      repo.write(
        'reaper/bin/reaper-hook.mjs',
        `import { writeFileSync } from 'node:fs'; writeFileSync(${JSON.stringify('')} || '${sprung}/program', '')`,
      ),
  };
};

/** PATH as careless set-ups have it. */
const careless = () =>
  `.:${repo.root}:${repo.root}/tools:${repo.root}/node_modules/.bin:node_modules/.bin:tools:${process.env.PATH}`;

beforeEach(() => {
  repo = makeRepo();
  sprung = join(repo.home, 'sprung');
  mkdirSync(sprung);
});

describe('a branch that brings code along', () => {
  it('can make none of it run, by checkout, hook or command', async () => {
    const gone = repo.worktree('agent/done');
    repo.commit('done.txt', 'done\n', gone);
    repo.git(['merge', '-q', '--no-ff', '--no-edit', 'agent/done']);
    backdate(repo, gone, 2 * DAY);
    expect(reaper(repo, ['install']).code).toBe(0);
    repo.git(['checkout', '-q', '-b', 'evil'], repo.root, { env: repo.env({ REAPER_HOOK: '0' }) });
    const { imported, ...others } = traps();
    const lay = (traps: readonly ((() => string) | undefined)[]) => {
      for (const each of traps) each?.();
      repo.git(['add', '--all', '--force']);
      repo.git(['commit', '-q', '-m', 'traps']);
    };
    lay(Object.values(others));
    // With this one in the tree the configuration is in error, so that a pass does nothing at all.
    repo.git(['checkout', '-q', '-b', 'worse'], repo.root, { env: repo.env({ REAPER_HOOK: '0' }) });
    lay([imported]);
    repo.git(['checkout', '-q', 'main'], repo.root, { env: repo.env({ REAPER_HOOK: '0' }) });
    const real = spawnSync('sh', ['-c', 'command -v git']).stdout.toString().trim();
    expect(shell(repo, `${real} checkout -q evil`, repo.root, { PATH: careless() })).toMatchObject({ code: 0 });
    await eventually('the pass reclaimed what had landed', () => !existsSync(gone));
    expect(shell(repo, `${real} checkout -q worse`, repo.root, { PATH: careless() })).toMatchObject({ code: 0 });
    for (const command of [
      ['status'],
      ['run'],
      ['doctor'],
      ['landed'],
      ['why', 'evil'],
      ['allow'],
      ['init'],
      ['install'],
    ])
      reaper(repo, command, repo.root, { PATH: careless() });
    const linked = repo.worktree('agent/evil', undefined, 'evil');
    reaper(repo, ['status'], linked, { PATH: careless() });
    expect(readdirSync(sprung)).toEqual([]);
  });

  it('would have: each of these traps springs when it is run', () => {
    for (const [name, lay] of Object.entries(traps())) {
      const path = lay();
      spawnSync(/\.[cm]?js$/.test(path) ? process.execPath : 'sh', [path], { env: repo.env() });
      expect([name, existsSync(join(sprung, name))]).toEqual([name, true]);
    }
  });
});

describe('a branch that widens', () => {
  const WIDE = `mode: reap
worktrees:
  branches: ["**"]
  base: [evil]
  idle: 0s
  emptyIdle: 0s
  rebuildable: [".env", src]
  branch: landed
staging:
  - {path: "../../../outside-{pid}", age: 0s}
`;

  it('has no effect, is told once, and is approved only by the command', () => {
    const mine = repo.worktree('feature/mine');
    backdate(repo, mine, 2 * DAY);
    expect(reaper(repo, ['install']).code).toBe(0);
    repo.git(['checkout', '-q', '-b', 'evil'], repo.root, { env: repo.env({ REAPER_HOOK: '0' }) });
    repo.commit('.reaperrc', WIDE.replace(/staging:[\s\S]*$/, ''));
    const ran = reaper(repo, ['run']);
    expect(existsSync(mine)).toBe(true);
    expect(ran.code).toBe(0);
    expect(reaperJson(repo, ['status']).candidates).toEqual([]);
    expect(reaper(repo, ['status']).stderr).toContain('npx reaper-hook allow');
    expect(reaper(repo, ['allow'])).toMatchObject({
      code: 1,
      stdout: expect.stringContaining('+ worktrees.branches: **'),
    });
    expect(reaperJson(repo, ['status']).candidates).toEqual([]);
    // As `npm install` does on a branch that was just pulled.
    expect(reaper(repo, ['install', '--quiet'])).toMatchObject({
      code: 0,
      stdout: '',
      stderr: expect.stringContaining('npx reaper-hook allow'),
    });
    expect(reaperJson(repo, ['status']).candidates).toEqual([]);
  });

  it('is not approved by an install that cannot read what was approved', () => {
    const mine = repo.worktree('feature/mine');
    backdate(repo, mine, 2 * DAY);
    expect(reaper(repo, ['install']).code).toBe(0);
    const approval = join(repo.commonDir, 'reaper/allowed.json');
    writeFileSync(approval, readFileSync(approval, 'utf8').slice(0, -20));
    // With nothing to approve, the record is written again.
    expect(reaper(repo, ['install', '--quiet']).code).toBe(0);
    expect(JSON.parse(readFileSync(approval, 'utf8'))).toMatchObject({ version: 1 });
    writeFileSync(approval, '');
    repo.commit('.reaperrc', WIDE.replace(/staging:[\s\S]*$/, ''));
    expect(reaper(repo, ['install', '--quiet']).stderr).toContain('npx reaper-hook allow');
    expect(reaperJson(repo, ['status']).candidates).toEqual([]);
    // Also where the user's own settings put all of that out of effect, for now.
    for (const [key, value] of [
      ['branches', 'agent/*'],
      ['branch', 'keep'],
      ['mode', 'reap'],
      ['paths', 'x/*'],
    ] as const)
      repo.git(['config', `reaper.${key}`, value]);
    expect(reaper(repo, ['install']).code).toBe(0);
    expect(readFileSync(approval, 'utf8')).toBe('');
    for (const key of ['branches', 'branch', 'mode', 'paths']) repo.git(['config', '--unset-all', `reaper.${key}`]);
    expect(reaperJson(repo, ['status']).candidates).toEqual([]);
    expect(reaper(repo, ['allow', '--yes']).code).toBe(0);
    expect(reaperJson(repo, ['status']).candidates.map(({ path }: { path: string }) => path)).toEqual([mine]);
  });

  it('that shares no pattern with what is approved leaves nothing managed, and that is said', () => {
    repo.worktree('agent/x');
    expect(reaper(repo, ['install', '--quiet']).code).toBe(0);
    repo.write('.reaperrc', 'worktrees: { branches: ["*"] }\n');
    expect(reaper(repo, ['status']).stderr).toContain('until then no worktree is managed');
    repo.write('.reaperrc', 'worktrees: { branches: ["*", "agent/*"] }\n');
    expect(reaper(repo, ['status']).stderr).toContain('npx reaper-hook allow');
    expect(reaper(repo, ['status']).stderr).not.toContain('no worktree is managed');
  });

  it.each(['../../outside-{pid}', '/tmp/x-{pid}', '~/x-{pid}', 'a/../../x-{pid}', '.git/x-{pid}', 'x\\..\\y-{pid}'])(
    'that names staging %s is a mistake, and nothing is reclaimed',
    (path) => {
      expect(reaper(repo, ['install']).code).toBe(0);
      repo.write('.reaperrc', `staging:\n  - {path: ${JSON.stringify(path)}, age: 24h}\n`);
      expect(reaper(repo, ['run'])).toMatchObject({ code: 1, stderr: expect.stringContaining('staging[0].path') });
    },
  );

  it('that makes a directory on the way to staging a link leads nowhere', () => {
    repo.write('.reaperrc', 'staging:\n  - {path: "cache/x-{pid}", age: 24h}\n');
    expect(reaper(repo, ['install']).code).toBe(0);
    const outside = join(repo.home, 'outside/x-4194301');
    mkdirSync(outside, { recursive: true });
    writeFileSync(join(outside, 'work'), 'mine');
    const old = new Date(Date.now() - 9 * DAY);
    for (const path of [join(outside, 'work'), outside]) utimesSync(path, old, old);
    spawnSync('ln', ['-s', join(repo.home, 'outside'), join(repo.root, 'cache')]);
    reaper(repo, ['run']);
    expect(existsSync(join(outside, 'work'))).toBe(true);
    rmSync(join(repo.root, 'cache'));
  });

  it.each([
    [
      'an alias bomb',
      `a: &a [x,x,x,x,x,x,x,x,x]\n${'bcdefgh'.replace(/./g, (each) => `${each}: &${each} [*${String.fromCharCode(each.charCodeAt(0) - 1)}, *${String.fromCharCode(each.charCodeAt(0) - 1)}, *${String.fromCharCode(each.charCodeAt(0) - 1)}]\n`)}`,
    ],
    ['a hundred megabytes', `# ${'x'.repeat(100 * 1024 * 1024)}\n`],
    ['a thousand brackets', `worktrees: ${'['.repeat(10_000)}`],
    ['a glob that backtracks', `worktrees: {branches: ["agent/${'*a'.repeat(120)}"]}`],
  ])('or would exhaust the machine with %s is answered, in little memory', (_what, text) => {
    repo.worktree(`agent/${'a'.repeat(60)}b`);
    repo.write('.reaperrc', text);
    // The program is ended after a minute; a heap this small ends it by itself.
    const { code, stderr } = reaper(repo, ['status'], repo.root, { NODE_OPTIONS: '--max-old-space-size=64' });
    expect(code).toBe(1);
    expect(stderr).toContain('1 mistake in the configuration');
  });
});
