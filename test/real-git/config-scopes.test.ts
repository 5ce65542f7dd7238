/** Whose words git's configuration speaks: each way in which a checked-out tree, or its direnv, could put some there. */
import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { DEFAULTS, type Settings } from '../../src/core/settings.ts';
import { openWorkspace } from '../../src/workspace.ts';
import { environment, makeRepo, repoAt, type TestRepo } from '../support/repo.ts';

const HOSTILE = '[reaper]\n\tbranches = **\n\tidle = 0\n\temptyIdle = 0\n\tkeep = 0\n\tmode = reap\n';

let repo: TestRepo;

const inherit = (variables: Record<string, string>) => {
  for (const [name, value] of Object.entries(variables)) vi.stubEnv(name, value);
};

beforeEach(() => {
  repo = makeRepo();
  inherit(environment(repo.home));
});

afterEach(() => vi.unstubAllEnvs());

/** As a command or the hook has it, started in `cwd`. */
async function settings(cwd = repo.root): Promise<Settings> {
  const opened = await openWorkspace({ cwd, home: repo.home });
  if (!opened.ok) throw new Error(opened.why);
  const { config } = opened.value;
  if (!config.ok) throw new Error(config.errors.map(({ message }) => message).join('\n'));
  return config.settings;
}

const includedIf = (condition: string, path: string) =>
  appendFileSync(join(repo.home, '.gitconfig'), `[includeIf "${condition}"]\n\tpath = ${path}\n`);

describe('of a file in the tree, nothing counts', () => {
  const shared = () => repo.write('.gitconfig', HOSTILE);

  it.each([
    ['for every repository below a directory', () => `gitdir:${dirname(repo.root)}/`],
    ['for the branch that is checked out', () => 'onbranch:ma*'],
    ['for repositories with such a remote', () => 'hasconfig:remote.*.url:https://example.invalid/**'],
  ])('that the user includes %s', async (_what, condition) => {
    repo.git(['remote', 'add', 'origin', 'https://example.invalid/x.git']);
    includedIf(condition(), shared());
    expect(repo.git(['config', 'reaper.branches'])).toBe('**');
    expect(await settings()).toEqual(DEFAULTS);
  });

  it('while the same condition leads to the words of a file of the user’s own', async () => {
    const own = join(repo.home, 'agents.gitconfig');
    writeFileSync(own, '[reaper]\n\tidle = 5m\n');
    includedIf('onbranch:main', own);
    expect((await settings()).worktrees.idleMs).toBe(300_000);
  });

  it('that is the user’s, where the home directory itself is the tree', async () => {
    const dotfiles = repoAt(repo.home, repo.home);
    dotfiles.git(['init', '-q', '-b', 'main']);
    appendFileSync(join(repo.home, '.gitconfig'), HOSTILE);
    dotfiles.git(['add', '--force', '.gitconfig']);
    dotfiles.git(['commit', '-q', '-m', 'dotfiles']);
    expect(await settings(repo.home)).toEqual(DEFAULTS);
  });

  it.each(['GIT_CONFIG_GLOBAL', 'GIT_CONFIG_SYSTEM'])('that %s names', async (name) => {
    inherit({ [name]: shared(), GIT_CONFIG_NOSYSTEM: '0' });
    expect(await settings()).toEqual(DEFAULTS);
  });

  it('that GIT_CONFIG_GLOBAL names by a relative path, wherever a command is started', async () => {
    shared();
    inherit({ GIT_CONFIG_GLOBAL: '.gitconfig' });
    expect(await settings()).toEqual(DEFAULTS);
  });

  it('that lies where the directory of settings was moved to', async () => {
    inherit({ XDG_CONFIG_HOME: join(repo.root, 'xdg') });
    repo.write('xdg/git/config', HOSTILE);
    expect(await settings()).toEqual(DEFAULTS);
  });
});

describe('of the environment, nothing counts', () => {
  it('that numbers settings, as a direnv can', async () => {
    inherit({
      GIT_CONFIG_COUNT: '2',
      GIT_CONFIG_KEY_0: 'reaper.branches',
      GIT_CONFIG_VALUE_0: '**',
      GIT_CONFIG_KEY_1: 'reaper.idle',
      GIT_CONFIG_VALUE_1: '0',
    });
    expect(await settings()).toEqual(DEFAULTS);
  });

  it('that quotes settings, as git -c does, or names one file for all of them', async () => {
    inherit({ GIT_CONFIG_PARAMETERS: "'reaper.branches'='**'", GIT_CONFIG: repo.write('.gitconfig', HOSTILE) });
    expect(await settings()).toEqual(DEFAULTS);
  });

  it('that names another repository', async () => {
    const other = makeRepo('other');
    other.git(['config', 'reaper.idle', '0']);
    inherit({ GIT_DIR: other.commonDir, GIT_COMMON_DIR: other.commonDir, GIT_WORK_TREE: other.root });
    expect(await settings()).toEqual(DEFAULTS);
  });
});

describe('of one worktree’s own configuration', () => {
  it('nothing counts for the repository, and the main one’s does', async () => {
    repo.git(['config', 'extensions.worktreeConfig', 'true']);
    const linked = repo.worktree('agent/one');
    repo.git(['config', '--worktree', 'reaper.idle', '0'], linked);
    repo.git(['config', '--worktree', 'reaper.keep', '0'], linked);
    expect(await settings(linked)).toEqual(DEFAULTS);
    repo.git(['config', '--worktree', 'reaper.idle', '5m']);
    expect((await settings(linked)).worktrees.idleMs).toBe(300_000);
  });

  it('nothing counts that a file called config.worktree in the tree says', async () => {
    repo.git(['config', 'extensions.worktreeConfig', 'true']);
    mkdirSync(join(repo.root, 'worktrees/x'), { recursive: true });
    for (const path of ['config.worktree', 'config', 'worktrees/x/config.worktree']) repo.write(path, HOSTILE);
    expect(await settings()).toEqual(DEFAULTS);
  });
});
