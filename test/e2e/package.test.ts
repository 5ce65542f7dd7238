/** The tarball that npm would publish: installed, run through npx, imported with its types. */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { publint } from 'publint';
import { beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { packed } from '../support/packed.ts';
import { PROJECT, shell } from '../support/program.ts';
import { backdate, DAY, environment, makeRepo, sandbox } from '../support/repo.ts';

let home: string;
let consumer: string;
let tarball: string;
let stage: string;

const npm = (args: readonly string[], cwd: string) =>
  execFileSync('npm', [...args], { cwd, env: environment(home), encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });

beforeAll(() => {
  home = sandbox('home-');
  consumer = sandbox('consumer-');
  ({ tarball, stage } = packed(home));
  writeFileSync(join(consumer, 'package.json'), '{"name":"consumer","private":true,"type":"module"}\n');
  npm(['install', '--offline', '--no-audit', '--no-fund', tarball], consumer);
});

describe('the packed tarball', () => {
  it('holds the program, the hooks, the types and the licences, and nothing else', () => {
    const files = execFileSync('tar', ['tzf', tarball], { encoding: 'utf8' })
      .trim()
      .split('\n')
      .map((name) => name.replace('package/', ''));
    for (const name of [
      'dist/cli.js',
      'dist/index.js',
      'dist/types/index.d.ts',
      'dist/THIRD-PARTY-LICENSES.txt',
      'hooks/reaper.sh',
      'hooks/post-checkout',
      'README.md',
      'LICENSE',
      '.reaperrc.example',
    ])
      expect(files).toContain(name);
    expect(files.filter((name) => /^(src|test|bench|node_modules|\.ci|\.husky)\//.test(name))).toEqual([]);
  });

  it('has no scripts that npm would warn about, while a checkout keeps its own', () => {
    const manifest = JSON.parse(readFileSync(join(consumer, 'node_modules/reaper-hook/package.json'), 'utf8'));
    expect(manifest).toMatchObject({ name: 'reaper-hook', bin: { 'reaper-hook': 'dist/cli.js' } });
    expect([manifest.scripts, manifest.devDependencies]).toEqual([undefined, undefined]);
    expect(readFileSync(join(stage, 'package.json'), 'utf8')).toBe(readFileSync(join(PROJECT, 'package.json'), 'utf8'));
    const { prepack, postpack, prepare } = JSON.parse(readFileSync(join(stage, 'package.json'), 'utf8')).scripts;
    expect([prepack, postpack]).toEqual([
      expect.stringContaining('.ci/manifest.mjs strip'),
      'node .ci/manifest.mjs restore',
    ]);
    expect(prepare).toBe('husky || true');
  });

  it('is whole again after a packing that was cut off', () => {
    const before = readFileSync(join(stage, 'package.json'), 'utf8');
    const manifest = (step: string) => execFileSync('node', ['.ci/manifest.mjs', step], { cwd: stage });
    manifest('strip');
    manifest('strip');
    expect(readFileSync(join(stage, 'package.json'), 'utf8')).not.toContain('prepare');
    manifest('restore');
    manifest('restore');
    expect(readFileSync(join(stage, 'package.json'), 'utf8')).toBe(before);
  });

  it('brings no dependencies along', () => {
    expect(Object.keys(JSON.parse(readFileSync(join(PROJECT, 'package.json'), 'utf8')).dependencies ?? {})).toEqual([]);
    expect(existsSync(join(consumer, 'node_modules/simple-git'))).toBe(false);
  });

  it('passes publint', async () => {
    const { messages } = await publint({ pkgDir: PROJECT, strict: true });
    expect(messages).toEqual([]);
  });

  it('answers through npx', () => {
    const said = execFileSync('npx', ['--no-install', 'reaper-hook', '--version'], {
      cwd: consumer,
      env: environment(home),
      encoding: 'utf8',
    });
    expect(said.trim()).toBe(JSON.parse(readFileSync(join(PROJECT, 'package.json'), 'utf8')).version);
  });

  it('installs a hook that works after the package is gone, and uninstalls without a trace', async () => {
    const repo = makeRepo();
    mkdirSync(join(repo.root, 'tool'));
    writeFileSync(join(repo.root, 'tool/package.json'), '{"name":"tool","private":true}\n');
    npm(['install', '--offline', '--no-audit', '--no-fund', tarball], join(repo.root, 'tool'));
    const done = repo.worktree('agent/done');
    repo.commit('a.txt', 'a\n', done);
    repo.git(['merge', '-q', '--no-ff', '--no-edit', 'agent/done']);
    backdate(repo, done, 2 * DAY);
    const installed = shell(repo, 'cd tool && npx --no-install reaper-hook install');
    expect(installed).toMatchObject({ code: 0 });
    expect(installed.stdout).toMatch(/reclaim +agent\/done .*landed/);
    expect(shell(repo, 'rm -rf tool/node_modules && git checkout -q -b x')).toMatchObject({ code: 0, stderr: '' });
    await eventually('it is in quarantine', () => !existsSync(done));
    expect(shell(repo, `node ${join(consumer, 'node_modules/.bin/reaper-hook')} uninstall`).code).toBe(0);
    for (const hook of ['post-checkout', 'post-merge', 'post-rewrite'])
      expect(existsSync(join(repo.commonDir, 'hooks', hook))).toBe(false);
  });

  it('is a typed library', () => {
    writeFileSync(
      join(consumer, 'use.ts'),
      `import { createReaper, ReaperError, type StatusDocument } from 'reaper-hook';
       const status: StatusDocument = await createReaper({ repo: process.argv[2] ?? '.' }).status();
       const verdicts: string[] = status.candidates.map((candidate) => candidate.verdict);
       if (status.version !== 1) throw new ReaperError('config', verdicts.join());\n`,
    );
    const args = [
      '--noEmit',
      '--strict',
      '--target',
      'es2023',
      '--module',
      'nodenext',
      '--moduleResolution',
      'nodenext',
      '--types',
      'node',
      '--typeRoots',
      join(PROJECT, 'node_modules/@types'),
      '--ignoreConfig',
      'use.ts',
    ];
    const checked = spawnSync(join(PROJECT, 'node_modules/.bin/tsc'), args, { cwd: consumer, encoding: 'utf8' });
    expect(checked.stdout).toBe('');
    expect(checked.status).toBe(0);
  });

  it('can be used as a library without printing or leaving the directory', () => {
    const repo = makeRepo();
    repo.worktree('agent/new');
    writeFileSync(
      join(consumer, 'use.mjs'),
      `import { createReaper } from 'reaper-hook';
      const before = process.cwd();
      const { candidates } = await createReaper({ repo: process.argv[2] }).status();
      if (process.cwd() !== before) throw new Error('moved');
      console.log(JSON.stringify(candidates.map(({ branch, verdict }) => [branch, verdict])));`,
    );
    const said = execFileSync(process.execPath, ['use.mjs', repo.root], {
      cwd: consumer,
      env: repo.env(),
      encoding: 'utf8',
    });
    expect(JSON.parse(said)).toEqual([['agent/new', 'wait']]);
  });
});

describe('the command line', () => {
  const run = (...args: string[]) =>
    spawnSync(process.execPath, [join(PROJECT, 'dist/cli.js'), ...args], {
      cwd: consumer,
      env: environment(home),
      encoding: 'utf8',
    });

  it('has help for every command', () => {
    const { stdout, status } = run('--help');
    expect(status).toBe(0);
    for (const command of [
      'install',
      'uninstall',
      'run',
      'status',
      'why',
      'landed',
      'restore',
      'purge',
      'log',
      'doctor',
      'allow',
      'demo',
      'claim',
      'heartbeat',
      'release',
    ]) {
      expect(stdout).toContain(`  ${command}`);
      const help = run(command, '--help');
      expect(help.status, command).toBe(0);
      expect(help.stdout, command).toContain(`Usage: reaper-hook ${command}`);
    }
  });

  it('names defaults as they are written, and none where there is none', () => {
    expect(run('claim', '--help').stdout).toContain('(default: 12h)');
    expect(run('landed', '--help').stdout).not.toContain('default: []');
    expect(run('help', 'claim').stdout).toBe(run('claim', '--help').stdout);
  });

  it.each([
    [['frobnicate'], /unknown command/],
    [['statsu'], /Did you mean status/],
    [['help', 'frobnicate'], /unknown command 'frobnicate'/],
    [['run', '--budget', 'soon'], /Expected a duration/],
    [['why'], /missing required argument/],
    [['purge', '--now'], /needs the ids/],
  ])('answers %j with exit 2 and says what is wrong', (args, pattern) => {
    const { status, stderr, stdout } = run(...args);
    expect(stderr).toMatch(pattern);
    expect(status).toBe(2);
    expect(stdout).toBe('');
  });
});
