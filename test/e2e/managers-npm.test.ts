/** `"prepare": "reaper-hook install --quiet || true"`: installing never fails `npm install`. */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { packed } from '../support/packed.ts';
import { shell } from '../support/program.ts';
import { environment, makeRepo, sandbox } from '../support/repo.ts';

let home: string;
let tarball: string;

const npm = (args: readonly string[], cwd: string, env: Record<string, string> = {}) =>
  spawnSync('npm', [...args, '--offline', '--no-audit', '--no-fund'], {
    cwd,
    env: environment(home, env),
    encoding: 'utf8',
  });

beforeAll(() => {
  home = sandbox('home-');
  ({ tarball } = packed(home));
});

/** A package that has us as a development dependency, and npm's own script for setting up. */
function consumer(root: string): string {
  const text = {
    name: 'app',
    version: '1.0.0',
    scripts: { prepare: 'reaper-hook install --quiet || true' },
    devDependencies: { 'reaper-hook': `file:${tarball}` },
  };
  mkdirSync(root, { recursive: true });
  writeFileSync(join(root, 'package.json'), JSON.stringify(text, null, 2));
  return root;
}

describe('npm install with the prepare script', () => {
  it('installs the hook in a clone, also from a package inside it, and again without a change', () => {
    const repo = makeRepo();
    const app = consumer(join(repo.root, 'packages/app'));
    expect(npm(['install'], app)).toMatchObject({ status: 0 });
    expect(existsSync(join(repo.commonDir, 'hooks/post-checkout'))).toBe(true);
    expect(npm(['install'], app)).toMatchObject({ status: 0 });
    rmSync(join(app, 'node_modules'), { recursive: true });
    expect(shell(repo, 'git checkout -q -b x')).toMatchObject({ code: 0, stderr: '' });
  });

  it.each([
    ['outside a repository', {}, () => undefined],
    ['in CI', { CI: 'true' }, (root: string) => execFileSync('git', ['init', '-q', root])],
    ['where git is not there', { PATH: '' }, (root: string) => execFileSync('git', ['init', '-q', root])],
    [
      'where another directory serves all hooks',
      {},
      (root: string) => {
        execFileSync('git', ['init', '-q', root]);
        execFileSync('git', ['-C', root, 'config', 'core.hooksPath', '/dev/null']);
      },
    ],
    [
      'where nothing can be written',
      {},
      (root: string) => {
        execFileSync('git', ['init', '-q', root]);
        writeFileSync(join(root, '.git/reaper'), 'a file in the way');
      },
    ],
  ])('succeeds %s', (_where, env, prepare: (root: string) => unknown) => {
    const root = consumer(join(sandbox('app-'), 'app'));
    prepare(root);
    const needed = 'PATH' in env ? { PATH: toolsWithoutGit() } : env;
    expect(npm(['install'], root, needed as Record<string, string>)).toMatchObject({ status: 0 });
    expect(existsSync(join(root, 'node_modules/reaper-hook'))).toBe(true);
  });

  it('succeeds when our tarball is installed by somebody who has no such script', () => {
    const root = join(sandbox('app-'), 'app');
    mkdirSync(root);
    writeFileSync(join(root, 'package.json'), '{"name":"app"}');
    const ran = npm(['install', tarball], root);
    expect(ran).toMatchObject({ status: 0 });
    expect(`${ran.stdout}${ran.stderr}`).not.toMatch(/install-scripts|prepare/);
  });
});

/** A PATH with node, npm and sh, and without git. */
function toolsWithoutGit(): string {
  const bin = sandbox('bin-');
  for (const name of ['node', 'npm', 'sh', 'env']) {
    const real = spawnSync('sh', ['-c', `command -v ${name}`], { encoding: 'utf8' }).stdout.trim();
    execFileSync('ln', ['-s', real, join(bin, name)]);
  }
  return bin;
}
