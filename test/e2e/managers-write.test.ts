/** `install --write` with the real lefthook, pre-commit, prek and simple-git-hooks. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { inspectHooks, probeHooks } from '../../src/install/inspect.ts';
import { type InstallCase, installCase } from '../support/install-case.ts';
import { checkoutAndMerge, events, has, textOf, tool } from '../support/manager-case.ts';
import { PROJECT } from '../support/program.ts';

let here: InstallCase;
const file = (name: string) => join(here.repo.root, name);
const install = (changes = {}) => here.install({ write: true, ...changes });

beforeEach(() => {
  here = installCase();
});

const LEFTHOOK = `# how we work
pre-commit:   # before every commit
  commands:
    lint:
      run: 'true' # quick

post-checkout:
    parallel: true
    commands:
        hello:
            run: echo hello
# the end
`;

describe.skipIf(!has('lefthook'))('lefthook', () => {
  it('runs the hook from three entries; its comments, its other commands and its own files stay', async () => {
    here.put(file('lefthook.yml'), LEFTHOOK, 0o644);
    expect(tool(here, ['lefthook', 'install'])).toMatchObject({ code: 0 });
    const report = await install();
    expect(report).toMatchObject({ complete: true, adoptions: [{ manager: 'lefthook', action: 'written' }] });
    const written = readFileSync(file('lefthook.yml'), 'utf8');
    for (const line of LEFTHOOK.split('\n')) expect(written).toContain(line);
    expect(tool(here, ['lefthook', 'validate'])).toMatchObject({ code: 0 });
    expect(tool(here, ['lefthook', 'install'])).toMatchObject({ code: 0 });
    checkoutAndMerge(here);
    expect(events(here)).toEqual(['post-checkout', 'post-checkout', 'post-merge']);
    expect(await probeHooks({ io: here.io, repo: here.at, worktrees: [here.repo.root] })).toMatchObject([
      { reached: true },
    ]);
    expect((await inspectHooks({ io: here.io, repo: here.at })).hooks.map(({ state }) => state)).toEqual(
      Array(3).fill('managed'),
    );
    expect((await install()).adoptions).toMatchObject([{ action: 'unchanged' }]);
    expect(readFileSync(file('lefthook.yml'), 'utf8')).toBe(written);
    await here.uninstall();
    expect(readFileSync(file('lefthook.yml'), 'utf8')).toBe(LEFTHOOK);
    expect(tool(here, ['lefthook', 'uninstall'])).toMatchObject({ code: 0 });
  });

  it('that sets its hooks up over ours moves them aside, and uninstall takes them back from there', async () => {
    here.put(file('lefthook.yml'), LEFTHOOK, 0o644);
    await here.install();
    expect(tool(here, ['lefthook', 'install'])).toMatchObject({ code: 0 });
    expect(textOf(join(here.hooks, 'post-checkout.old'))).toContain('reaper-hook');
    await here.uninstall();
    expect(textOf(join(here.hooks, 'post-checkout.old'))).toBeNull();
    expect(tool(here, ['lefthook', 'uninstall'])).toMatchObject({ code: 0 });
    expect(textOf(join(here.hooks, 'post-checkout'))).toBeNull();
  });

  it('gets its slots back from us when its configuration takes over', async () => {
    await here.install();
    here.put(file('lefthook.yml'), LEFTHOOK, 0o644);
    const report = await install();
    expect(report.hooks.map(({ action }) => action)).toEqual(Array(3).fill('entrusted'));
    expect(report.hooks[0]?.why).toContain('npx lefthook install');
    expect(tool(here, ['lefthook', 'install'])).toMatchObject({ code: 0 });
    checkoutAndMerge(here);
    expect(events(here)).toEqual(['post-checkout', 'post-checkout', 'post-merge']);
  });

  it('keeps what others wrote around the entries in the meantime', async () => {
    here.put(file('lefthook.yml'), LEFTHOOK, 0o644);
    await install();
    const written = readFileSync(file('lefthook.yml'), 'utf8');
    const edited = `# new\n${written.replace('echo hello', 'echo hi')}pre-push: {}\n`;
    here.put(file('lefthook.yml'), edited, 0o644);
    await here.uninstall();
    expect(readFileSync(file('lefthook.yml'), 'utf8')).toBe(
      `# new\n${LEFTHOOK.replace('echo hello', 'echo hi')}pre-push: {}\n`,
    );
  });
});

const PRE_COMMIT = `# checks
default_stages: [pre-commit]   # only these
repos:
  # ours
  - repo: local
    hooks:
      - id: true
        name: "true"
        language: system
        entry: "true"
        stages: [commit]
# end
`;

describe.skipIf(!has('pre-commit'))('pre-commit', () => {
  const types = ['post-checkout', 'post-merge', 'post-rewrite'].flatMap((hook) => ['--hook-type', hook]);
  const text = PRE_COMMIT.replace('default_stages: [pre-commit]', 'default_stages: [commit]').replace(
    'id: true',
    'id: nothing',
  );

  it('runs the hook from one entry, and installs, updates and uninstalls as before', async () => {
    here.put(file('.pre-commit-config.yaml'), text, 0o644);
    here.repo.git(['add', '.pre-commit-config.yaml']);
    here.repo.git(['commit', '-q', '-m', 'checks']);
    const report = await install();
    expect(report.hooks[0]?.why).toContain('pre-commit install --hook-type post-checkout');
    expect(textOf(join(here.hooks, 'post-checkout'))).toBeNull();
    expect(tool(here, ['pre-commit', 'validate-config'])).toMatchObject({ code: 0 });
    expect(tool(here, ['pre-commit', 'install', ...types])).toMatchObject({ code: 0 });
    here.repo.git(['add', '.pre-commit-config.yaml']);
    here.repo.git(['commit', '-q', '-m', 'reaper']);
    checkoutAndMerge(here);
    expect(events(here)).toEqual(['post-checkout', 'post-checkout', 'post-merge']);
    expect((await install()).complete).toBe(true);
    expect(tool(here, ['pre-commit', 'uninstall', ...types])).toMatchObject({ code: 0 });
    await here.uninstall();
    expect(readFileSync(file('.pre-commit-config.yaml'), 'utf8')).toBe(text);
  });

  it('that set its hooks up over ours runs them first, and uninstall takes them back', async () => {
    here.put(file('.pre-commit-config.yaml'), text, 0o644);
    await here.install();
    expect(tool(here, ['pre-commit', 'install', ...types])).toMatchObject({ code: 0 });
    here.checkout('topic');
    expect(events(here)).toEqual(['post-checkout']);
    await here.uninstall();
    here.checkout('other');
    expect(tool(here, ['pre-commit', 'uninstall', ...types])).toMatchObject({ code: 0 });
    expect(textOf(join(here.hooks, 'post-checkout'))).toBeNull();
  });

  it('runs the hook from the list that the package brings along', async () => {
    await here.install();
    for (const hook of ['post-checkout', 'post-merge', 'post-rewrite'])
      tool(here, ['rm', '-f', join(here.hooks, hook)]);
    const source = here.repo.home.replace(/home$/, 'source');
    tool(here, ['mkdir', source]);
    here.repo.git(['init', '-q', '-b', 'main'], source);
    here.repo.commit('.pre-commit-hooks.yaml', readFileSync(join(PROJECT, '.pre-commit-hooks.yaml'), 'utf8'), source);
    const rev = here.repo.git(['rev-parse', 'HEAD'], source);
    const config = `repos:\n  - repo: ${source}\n    rev: ${rev}\n    hooks:\n      - id: reaper-hook\n`;
    here.repo.commit('.pre-commit-config.yaml', config);
    expect(tool(here, ['pre-commit', 'install', ...types])).toMatchObject({ code: 0 });
    checkoutAndMerge(here);
    expect(events(here)).toEqual(['post-checkout', 'post-checkout', 'post-merge']);
  });
});

describe.skipIf(!has('prek'))('prek', () => {
  const types = ['post-checkout', 'post-merge', 'post-rewrite'].flatMap((hook) => ['--hook-type', hook]);
  const text = PRE_COMMIT.replace('stages: [commit]', 'stages: [pre-commit]').replace('id: true', 'id: nothing');

  it("runs the hook from one entry in pre-commit's configuration, which it shares", async () => {
    here.put(file('.pre-commit-config.yaml'), text, 0o644);
    expect(tool(here, ['prek', 'install', ...types])).toMatchObject({ code: 0 });
    const report = await install();
    expect(report).toMatchObject({ complete: true, adoptions: [{ action: 'written' }] });
    expect(report.hooks.map(({ action, found }) => [action, found])).toEqual(Array(3).fill(['entrusted', 'prek']));
    expect(tool(here, ['prek', 'validate-config'])).toMatchObject({ code: 0 });
    here.repo.git(['add', '.pre-commit-config.yaml']);
    here.repo.git(['commit', '-q', '--no-verify', '-m', 'checks']);
    checkoutAndMerge(here);
    expect(events(here)).toEqual(['post-checkout', 'post-checkout', 'post-merge']);
    expect(tool(here, ['prek', 'uninstall', ...types])).toMatchObject({ code: 0 });
    await here.uninstall();
    expect(readFileSync(file('.pre-commit-config.yaml'), 'utf8')).toBe(text);
  });

  it('has its own configuration left as it is, and the printed entry works there', async () => {
    const own =
      '# ours\n[[repos]]\nrepo = "local"\nhooks = [{ id = "a", name = "a", language = "system", entry = "true" }]\n';
    here.put(file('prek.toml'), own, 0o644);
    const [adoption] = (await install()).adoptions;
    expect(adoption).toMatchObject({ manager: 'prek', action: 'left' });
    expect(textOf(file('prek.toml'))).toBe(own);
    const entry = adoption?.next.replace(/^add to prek\.toml:\n/, '') ?? '';
    here.put(file('prek.toml'), `${own}\n${entry}`, 0o644);
    expect(tool(here, ['prek', 'validate-config', 'prek.toml'])).toMatchObject({ code: 0 });
    here.repo.git(['add', 'prek.toml']);
    here.repo.git(['commit', '-q', '-m', 'checks']);
    await here.uninstall();
    expect(tool(here, ['prek', 'install', ...types])).toMatchObject({ code: 0 });
    await install();
    checkoutAndMerge(here);
    expect(events(here)).toEqual(['post-checkout', 'post-checkout', 'post-merge']);
  });
});

describe.skipIf(!has('lefthook'))('lefthook in another language than YAML', () => {
  it.each([
    [
      'lefthook.toml',
      '[pre-commit.commands.lint]\nrun = "true"\n',
      (text: string, entry: string) => `${text}\n${entry}`,
    ],
    [
      'lefthook.json',
      '{\n  "pre-commit": { "commands": { "lint": { "run": "true" } } }\n}\n',
      (text: string, entry: string) => text.replace(/\n}\n$/, `,\n${entry.trimEnd().split('\n').join(',\n')}\n}\n`),
    ],
  ])('%s is left as it is, and the printed entries work there', async (name, text, add) => {
    here.put(file(name), text, 0o644);
    const [adoption] = (await install()).adoptions;
    expect(adoption).toMatchObject({ manager: 'lefthook', action: 'left' });
    expect(textOf(file(name))).toBe(text);
    await here.uninstall();
    here.put(file(name), add(text, adoption?.next.replace(/^add to [^\n]*\n/, '') ?? ''), 0o644);
    expect(tool(here, ['lefthook', 'validate'])).toMatchObject({ code: 0 });
    expect(tool(here, ['lefthook', 'install'])).toMatchObject({ code: 0 });
    await install();
    checkoutAndMerge(here);
    expect(events(here)).toEqual(['post-checkout', 'post-checkout', 'post-merge']);
  });
});

const PACKAGE = `{
\t"name": "x",
\t"devDependencies": { "simple-git-hooks": "2" },
\t"simple-git-hooks": {
\t\t"pre-push": "true"
\t},
\t"version": "1.0.0"
}
`;

describe.skipIf(!has('simple-git-hooks'))('simple-git-hooks', () => {
  it('runs the hook from three commands, indented as the file is', async () => {
    here.put(file('package.json'), PACKAGE, 0o644);
    const report = await install();
    expect(report.hooks[0]?.why).toContain('npx simple-git-hooks');
    const written = readFileSync(file('package.json'), 'utf8');
    expect(written).toContain('"true",\n\t\t"post-checkout": ');
    expect(tool(here, ['simple-git-hooks'])).toMatchObject({ code: 0 });
    checkoutAndMerge(here);
    expect(events(here)).toEqual(['post-checkout', 'post-checkout', 'post-merge']);
    expect((await install()).complete).toBe(true);
    await here.uninstall();
    expect(readFileSync(file('package.json'), 'utf8')).toBe(PACKAGE);
    expect(tool(here, ['simple-git-hooks'])).toMatchObject({ code: 0 });
    expect(textOf(join(here.hooks, 'post-checkout'))).toBeNull();
  });

  it('whose configuration is code is left alone, with what to add', async () => {
    here.put(file('.simple-git-hooks.cjs'), 'module.exports = {}', 0o644);
    const report = await install();
    expect(report.adoptions).toMatchObject([{ action: 'left', next: expect.stringContaining('reaper/bin/reaper.sh') }]);
    expect(textOf(file('.simple-git-hooks.cjs'))).toBe('module.exports = {}');
    here.checkout('topic');
    expect(events(here)).toEqual(['post-checkout']);
  });
});
