import { appendFileSync, chmodSync, existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { KEYS } from '../../src/config/keys.ts';
import { type LoadArgs, type LoadedConfig, loadSettings } from '../../src/config/load.ts';
import { approvalFile, BUILT_IN_SCOPE, scopeOf } from '../../src/config/trust.ts';
import { layout } from '../../src/core/layout.ts';
import { DEFAULTS } from '../../src/core/settings.ts';
import { createMachine } from '../../src/io/machine.ts';
import { findProgram } from '../../src/io/program.ts';
import { DAY, environment, HOUR, makeRepo, sandbox, snapshot, type TestRepo } from '../support/repo.ts';

const git = findProgram('git');
if (git === null) throw new Error('these tests need git');
const io = createMachine(git);

let repo: TestRepo;
const cwd = process.cwd();

/** The loader inherits this process's environment: it gets the repository's own HOME. */
beforeEach(() => {
  repo = makeRepo();
  for (const [name, value] of Object.entries(environment(repo.home))) vi.stubEnv(name, value);
});

afterEach(() => {
  vi.unstubAllEnvs();
  process.chdir(cwd);
});

const args = (change: Partial<LoadArgs> = {}): LoadArgs => ({
  io,
  root: repo.root,
  gitDir: repo.commonDir,
  home: repo.home,
  layout: layout(repo.commonDir),
  worktreeRoots: [repo.root],
  ...change,
});

const load = (change: Partial<LoadArgs> = {}) => loadSettings(args(change));

const loaded = async (change: Partial<LoadArgs> = {}) => used(await load(change));

function used(config: LoadedConfig) {
  if (!config.ok) throw new Error(config.errors.map(({ message }) => message).join('\n'));
  return config;
}

const errorsOf = async (change: Partial<LoadArgs> = {}) => {
  const config = await load(change);
  return config.ok ? [] : config.errors.map(({ key, message }) => `${key}: ${message}`);
};

const set = (key: string, ...values: string[]) => {
  for (const value of values) repo.git(['config', '--add', `reaper.${key}`, value]);
};

const approve = (scope: typeof BUILT_IN_SCOPE) => {
  const { allowed } = layout(repo.commonDir);
  mkdirSync(dirname(allowed), { recursive: true });
  writeFileSync(allowed, approvalFile(scope));
};

describe('where nothing is configured', () => {
  it('the defaults apply, without a note', async () => {
    expect(await load()).toEqual({
      ok: true,
      settings: DEFAULTS,
      source: null,
      notes: [],
      withheld: [],
      proposed: DEFAULTS,
      allowed: BUILT_IN_SCOPE,
      approval: 'none',
    });
  });

  it('loading changes nothing on disk', async () => {
    const before = snapshot(dirname(repo.root));
    await load();
    expect(snapshot(dirname(repo.root))).toEqual(before);
  });
});

describe('the file of the main worktree', () => {
  it('applies, its scope once approved', async () => {
    repo.write('.reaperrc', 'worktrees:\n  branches: [agent/*, codex/*]\n  idle: 2h\n');
    const before = await loaded();
    expect(before.source).toBe('.reaperrc');
    expect(before.settings.worktrees).toMatchObject({ branches: ['agent/*'], idleMs: 2 * HOUR });
    expect(before.withheld).toEqual([{ key: 'worktrees.branches', added: ['codex/*'], removed: [] }]);
    approve(scopeOf(before.proposed));
    const after = await loaded();
    expect(after.settings.worktrees.branches).toEqual(['agent/*', 'codex/*']);
    expect(after.withheld).toEqual([]);
  });

  it('that a branch brings along narrows at once and never widens', async () => {
    repo.git(['switch', '-q', '-c', 'evil']);
    const text =
      'mode: reap\nworktrees:\n  branches: ["**"]\n  paths: [/**]\n  base: evil\n  rebuildable: [.env]\n  branch: landed\n';
    repo.commit('.reaperrc', `${text}staging:\n  - {path: "secrets-*", age: 0}\n`);
    const { settings, withheld } = await loaded();
    expect(settings.worktrees).toMatchObject({ branches: [], paths: [], base: [], rebuildable: [], branch: 'merged' });
    expect(settings.staging).toEqual([]);
    expect(withheld.map(({ key }) => key)).toEqual([
      'worktrees.branches',
      'worktrees.paths',
      'worktrees.base',
      'staging',
      'worktrees.rebuildable',
      'worktrees.branch',
    ]);
  });

  it('with mode: report approved is not switched to reap by a branch without it', async () => {
    approve({ ...BUILT_IN_SCOPE, mode: 'report' });
    expect((await loaded()).settings.mode).toBe('report');
  });

  it('is not read from another worktree, the home directory or a bare repository', async () => {
    const tree = repo.worktree('agent/one');
    writeFileSync(join(tree, '.reaperrc'), 'mode: report\n');
    writeFileSync(join(repo.home, '.reaperrc'), 'mode: report\n');
    process.chdir(tree);
    expect((await loaded()).source).toBeNull();
    repo.write('.reaperrc', 'mode: report\n');
    expect(await loaded({ root: null })).toMatchObject({ source: null, settings: DEFAULTS });
  });

  it('runs nothing, with the working directory in the tree that was checked out', async () => {
    const marker = join(repo.root, 'RAN');
    const code = `require('node:fs').writeFileSync(${JSON.stringify(marker)}, '')`;
    for (const name of ['.config/config.cjs', '.config/config.js', '.reaperrc.js', '.reaperrc.cjs', 'reaper.config.js'])
      repo.write(name, code);
    repo.write(
      '.config/config.json',
      '{"reaper": {"mode": "report"}, "cosmiconfig": {"searchPlaces": ["reaper.config.js"]}}',
    );
    repo.write(
      'package.json',
      '{"cosmiconfig": {"searchPlaces": ["reaper.config.js"]}, "reaper": {"pass": {"limit": 3}}}',
    );
    process.chdir(repo.root);
    const { settings, source } = await loaded();
    expect(source).toBe('package.json');
    expect(settings).toMatchObject({ mode: 'reap', pass: { limit: 3 } });
    expect(existsSync(marker)).toBe(false);
  });

  it('in error leaves no settings, and all problems of file and git config come together', async () => {
    repo.write('.reaperrc', 'mode: raep\nworktrees: {idle: soon}\n');
    set('budget', 'much');
    set('ilde', '1h');
    expect((await errorsOf()).toSorted()).toEqual([
      'mode: mode in .reaperrc is "raep": expected reap or report',
      'reaper.budget: reaper.budget in git config is "much": expected a duration such as 90s, 30m, 24h or 7d',
      'reaper.ilde: reaper.ilde in git config is "1h", but that is not a key: the nearest key is reaper.idle',
      'worktrees.idle: worktrees.idle in .reaperrc is "soon": expected a duration such as 90s, 30m, 24h or 7d',
    ]);
  });

  it('that cannot be read is a problem even where git config is fine', async () => {
    repo.write('.reaperrc', 'a: [');
    set('mode', 'report');
    expect(await load()).toMatchObject({ ok: false, source: '.reaperrc' });
  });

  it.skipIf(process.getuid?.() === 0)('without read permission is a problem, not absence', async () => {
    chmodSync(repo.write('.reaperrc', 'mode: report'), 0);
    expect((await errorsOf())[0]).toContain('could not be read');
  });
});

describe('git config', () => {
  it('sets every key, over the file, below floors', async () => {
    repo.write('.reaperrc', 'mode: reap\nworktrees: {branches: [x/*], idle: 9h}\n');
    set('mode', 'report');
    set('branches', 'agent/*', 'codex/*');
    set('paths', '~/trees/*');
    set('base', 'auto', 'develop');
    set('idle', '1s');
    set('emptyIdle', '0');
    set('ownerGrace', '1m');
    set('remind', '0');
    set('rebuildable', 'node_modules');
    set('branch', 'landed');
    set('staging', 'x-{pid}', 'y-*');
    set('stagingAge', '1m');
    set('keep', '1h');
    set('forget', '2h');
    set('max', '20GB');
    set('minFree', '5GiB');
    set('budget', '90s');
    set('every', '0');
    set('limit', '5000');
    set('detach', 'no');
    const { settings, notes, withheld } = await loaded();
    expect(settings).toEqual({
      mode: 'report',
      worktrees: {
        branches: ['agent/*', 'codex/*'],
        paths: ['~/trees/*'],
        base: ['develop'],
        idleMs: 1000,
        emptyIdleMs: 0,
        ownerGraceMs: 60_000,
        remindMs: 0,
        rebuildable: ['node_modules'],
        branch: 'landed',
      },
      staging: [
        { path: 'x-{pid}', ageMs: 60_000 },
        { path: 'y-*', ageMs: 60_000 },
      ],
      quarantine: { keepMs: HOUR, forgetMs: 2 * HOUR, maxBytes: 20e9, minFreeBytes: 5 * 2 ** 30 },
      pass: { budgetMs: 90_000, everyMs: 0, limit: 5000, detach: false },
    });
    expect(notes).toEqual([]);
    expect(withheld).toEqual([]);
    const names = repo.git(['config', '--name-only', '--get-regexp', '^reaper\\.']).split('\n');
    expect(new Set(names)).toEqual(new Set(KEYS.map((key) => `reaper.${key.git}`.toLowerCase())));
  });

  it('is read from the user, the repository and the worktree, as git reads it', async () => {
    appendFileSync(
      join(repo.home, '.gitconfig'),
      '[reaper]\n\tidle = 3h\n\tbranches = mine/*\n\tdetach\n\tkeep = 2d\n',
    );
    set('BRANCHES', 'agent/*');
    set('IDLE', '5h');
    repo.git(['config', 'extensions.worktreeConfig', 'true']);
    repo.git(['config', '--worktree', 'reaper.keep', '3d']);
    const { settings } = await loaded();
    expect(settings.worktrees).toMatchObject({ branches: ['mine/*', 'agent/*'], idleMs: 5 * HOUR });
    expect(settings.pass.detach).toBe(true);
    expect(settings.quarantine.keepMs).toBe(3 * DAY);
  });

  it('empties a list with an empty line', async () => {
    appendFileSync(join(repo.home, '.gitconfig'), '[reaper]\n\tbranches = mine/*\n');
    set('branches', '', 'agent/*');
    set('staging', '');
    const { settings } = await loaded();
    expect(settings.worktrees.branches).toEqual(['agent/*']);
    expect(settings.staging).toEqual([]);
  });

  it.each([
    ['idle', 'soon', 'reaper.idle'],
    ['branches', '[x', 'reaper.branches'],
    ['staging', '../x', 'reaper.staging'],
    ['stagingAge', 'x', 'reaper.stagingAge'],
    ['limit', 'many', 'reaper.limit'],
    ['detach', 'perhaps', 'reaper.detach'],
    ['mode', '', 'reaper.mode'],
    ['some.where.idle', '1h', 'reaper.some.where.idle'],
  ])('names a bad value by its own key: reaper.%s = %j', async (key, value, named) => {
    set(key, value);
    const errors = await errorsOf();
    expect(errors).toHaveLength(1);
    expect(errors[0]).toContain(`${named}: `);
  });

  it('with a value that holds newlines, quotes and escapes is shown on one line', async () => {
    set('mode', 'a\nb\u001b[31m"');
    expect(await errorsOf()).toEqual([
      'reaper.mode: reaper.mode in git config is "a\\u{a}b\\u{1b}[31m\\"": expected reap or report',
    ]);
  });

  it('that git cannot read is a problem', async () => {
    appendFileSync(join(repo.commonDir, 'config'), '[reaper\n');
    expect((await errorsOf())[0]).toContain('git config could not be read');
  });
});

describe('a value that a branch could have written', () => {
  const include = (path: string) => repo.git(['config', 'include.path', path]);
  const hostile = '[reaper]\n\tbranches = **\n\tidle = 0\n';

  const expectIgnored = async (change: Partial<LoadArgs> = {}) => {
    const { settings, notes } = await loaded(change);
    expect(settings).toEqual(DEFAULTS);
    expect(notes).toHaveLength(2);
    expect(notes[0]).toContain('reaper.branches from');
    expect(notes[1]).toContain('reaper.idle from');
  };

  it('counts where the file that is included lies outside', async () => {
    const own = join(repo.home, 'own.gitconfig');
    writeFileSync(own, hostile);
    include(own);
    expect((await loaded()).settings.worktrees).toMatchObject({ branches: ['**'], idleMs: 0 });
  });

  it('is ignored where an include points into the main worktree', async () => {
    repo.write('.gitconfig-shared', hostile);
    include('../.gitconfig-shared');
    await expectIgnored();
  });

  it('is ignored where an include of the home directory points there', async () => {
    repo.write('shared', hostile);
    appendFileSync(join(repo.home, '.gitconfig'), `[include]\n\tpath = ${join(repo.root, 'shared')}\n`);
    await expectIgnored();
  });

  it('is ignored where it points into a linked worktree, also one inside the common directory', async () => {
    for (const path of [join(dirname(repo.root), 'wt'), join(repo.commonDir, 'wt')]) {
      const tree = repo.worktree(`agent/${path.length}`, path);
      writeFileSync(join(tree, 'shared'), hostile);
      repo.git(['config', '--replace-all', 'include.path', join(tree, 'shared')]);
      await expectIgnored({ worktreeRoots: [repo.root, tree] });
    }
  });

  it('is ignored where a symbolic link leads there', async () => {
    repo.write('shared', hostile);
    const link = join(repo.commonDir, 'innocent');
    symlinkSync(join(repo.root, 'shared'), link);
    include(link);
    await expectIgnored();
    const root = join(sandbox(), 'link');
    symlinkSync(repo.root, root);
    await expectIgnored({ root, worktreeRoots: [root] });
  });

  it('is ignored where it points into what was reclaimed', async () => {
    const { quarantine } = layout(repo.commonDir);
    mkdirSync(join(quarantine, 'x/tree'), { recursive: true });
    writeFileSync(join(quarantine, 'x/tree/shared'), hostile);
    include(join(quarantine, 'x/tree/shared'));
    await expectIgnored();
  });

  it('is named in the note with its file, shortened by the home directory', async () => {
    const tree = repo.worktree('agent/one', join(repo.home, 'tree'));
    writeFileSync(join(tree, 'shared'), '[reaper]\n\tidle = 0\n');
    include(join(tree, 'shared'));
    const { notes } = await loaded({ worktreeRoots: [repo.root, tree] });
    expect(notes).toEqual([
      "reaper.idle from ~/tree/shared is ignored: that file is not the user's own, a branch could have written it",
    ]);
  });

  it('and that is in error stops nothing', async () => {
    repo.write('shared', '[reaper]\n\tidle = soon\n\tnonsense = 1\n');
    include('../shared');
    expect((await loaded()).settings).toEqual(DEFAULTS);
  });
});

it('never throws, whatever the machine does', async () => {
  const broken = { ...io, disk: { ...io.disk, lstat: () => Promise.reject(new Error('boom')) } };
  const config = await load({ io: broken });
  expect(config).toMatchObject({ ok: false, errors: [{ key: 'configuration' }] });
});

it('git that does not answer is a problem, not an empty configuration', async () => {
  const silent = { run: () => Promise.resolve({ ok: false, code: null, why: 'out of time', stderr: '' } as const) };
  expect(await errorsOf({ io: { ...io, git: silent } })).toEqual([
    'git config: git config could not be read: out of time',
  ]);
});
