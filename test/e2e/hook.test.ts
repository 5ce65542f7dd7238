/** The real hook, through a real git, in every place git runs it. */
import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { reaper, reaperJson, shell } from '../support/program.ts';
import { backdate, backdateTree, DAY, makeRepo, repoAt, sandbox, snapshot, type TestRepo } from '../support/repo.ts';

let repo: TestRepo;

/** A landed worktree that nobody has used for two days. */
function landed(branch: string, path?: string): string {
  const worktree = repo.worktree(branch, path);
  repo.commit(`${branch.replaceAll('/', '-')}.txt`, `${branch}\n`, worktree);
  repo.git(['merge', '-q', '--no-ff', '--no-edit', branch]);
  backdate(repo, worktree, 2 * DAY);
  return worktree;
}

const install = () => expect(reaper(repo, ['install'])).toMatchObject({ code: 0, stderr: '' });

/** Makes the next hook start a pass. */
function due(): void {
  const stamp = join(repo.commonDir, 'reaper/stamp');
  if (existsSync(stamp)) utimesSync(stamp, new Date(0), new Date(0));
}

const quarantined = (): string[] => {
  const place = join(repo.commonDir, 'reaper/quarantine');
  return existsSync(place) ? readdirSync(place) : [];
};

beforeEach(() => {
  repo = makeRepo('a shop');
});

describe('git checkout with the hook installed', () => {
  it('reclaims what has landed and what is stale, keeps the rest, and the next one says so with the undo', async () => {
    const gone = landed('agent/done');
    const dirty = landed('agent/dirty');
    repo.write('agent-dirty.txt', 'more\n', dirty);
    backdate(repo, dirty, 2 * DAY);
    const stale = repo.write('.agent-config/pack-compose.staging-4194301/x', 'x');
    backdateTree(join(stale, '..'), 2 * DAY);
    install();
    repo.git(['branch', 'other']);
    expect(shell(repo, 'git checkout -q other')).toMatchObject({ code: 0, stdout: '', stderr: '' });
    await eventually('both are in quarantine', () => !existsSync(gone) && !existsSync(stale));
    await eventually('the report is there', () => existsSync(join(repo.commonDir, 'reaper/report')));
    expect(existsSync(join(dirty, 'agent-dirty.txt'))).toBe(true);
    const { stderr, code } = shell(repo, 'git checkout -q main');
    expect(code).toBe(0);
    const lines = stderr.trimEnd().split('\n');
    expect(lines.length).toBeLessThanOrEqual(3);
    expect(lines[0]).toMatch(
      /^reaper: 1 landed worktree, 1 stale staging entry -> quarantine; undo: node '\/.+\/reaper\/bin\/reaper-hook\.mjs' log$/,
    );
    expect(shell(repo, 'git checkout -q other').stderr).toBe('');
  });

  it('is not held up by the pass, even through a pipe', () => {
    landed('agent/done');
    install();
    const startedMs = Date.now();
    expect(shell(repo, 'git checkout -b elsewhere 2>&1 | cat').stdout).toContain('elsewhere');
    expect(Date.now() - startedMs).toBeLessThan(2_000);
  });

  it('in a linked worktree keeps that worktree and sees past the GIT_DIR it inherits', async () => {
    const gone = landed('agent/done');
    const here = landed('agent/here');
    install();
    expect(shell(repo, 'git checkout -q -b agent/next', here)).toMatchObject({ code: 0, stderr: '' });
    await eventually('the other one is in quarantine', () => !existsSync(gone));
    expect(existsSync(here)).toBe(true);
  });

  it('with a detached HEAD works all the same', async () => {
    const gone = landed('agent/done');
    install();
    expect(shell(repo, 'git checkout -q --detach')).toMatchObject({ code: 0, stderr: '' });
    await eventually('it is in quarantine', () => !existsSync(gone));
  });

  it('in the middle of a rebase does nothing, and after it looks', async () => {
    const gone = landed('agent/done');
    repo.git(['checkout', '-q', '-b', 'topic', 'HEAD~1']);
    repo.commit('topic.txt', 'topic\n');
    install();
    const stop = shell(repo, 'GIT_SEQUENCE_EDITOR="sed -i s/^pick/edit/" git rebase -q -i main');
    expect(stop.code).toBe(0);
    expect(existsSync(gone)).toBe(true);
    expect(existsSync(join(repo.commonDir, 'reaper/state.json'))).toBe(false);
    expect(shell(repo, 'git rebase --continue').code).toBe(0);
    await eventually('it is in quarantine', () => !existsSync(gone));
  });

  it('after a merge looks at once, although a pass has just run', async () => {
    const worktree = repo.worktree('agent/late');
    repo.commit('late.txt', 'late\n', worktree);
    backdate(repo, worktree, 2 * DAY);
    install();
    expect(reaper(repo, ['run']).code).toBe(0);
    expect(existsSync(worktree)).toBe(true);
    expect(shell(repo, 'git merge -q --no-edit agent/late').code).toBe(0);
    await eventually('it is in quarantine', () => !existsSync(worktree));
  });

  it('does nothing while nothing is due, for REAPER_HOOK=0, in CI and for single files', async () => {
    const gone = landed('agent/done');
    install();
    for (const env of [{ REAPER_HOOK: '0' }, { CI: 'true' }])
      expect(shell(repo, 'git checkout -q -B scratch', repo.root, env)).toMatchObject({ code: 0, stderr: '' });
    expect(shell(repo, 'git checkout -q -- README.md').code).toBe(0);
    expect(existsSync(join(repo.commonDir, 'reaper/state.json'))).toBe(false);
    expect(existsSync(gone)).toBe(true);
  });

  it('runs the pass in the foreground when pass.detach is false, and then says what it did', () => {
    const gone = landed('agent/done');
    repo.git(['config', 'reaper.detach', 'false']);
    // However busy the machine is: a hook's pass gives way to everything else.
    repo.git(['config', 'reaper.budget', '60s']);
    install();
    expect(reaper(repo, ['run', '--limit', '0']).code).toBe(0);
    due();
    const { code, stderr } = shell(repo, 'git checkout -q -b x');
    expect(code).toBe(0);
    expect(existsSync(gone)).toBe(false);
    expect(stderr).toMatch(/^reaper: 1 landed worktree -> quarantine/);
  });
});

describe('git worktree add with the hook installed', () => {
  it('never judges the worktree it has just made', async () => {
    // Before the hooks are there: a pass that they start would put off the one that is meant.
    const gone = landed('agent/done');
    install();
    due();
    const path = join(repo.root, '../wt/new one');
    expect(shell(repo, `git worktree add -q -b agent/new "${path}" 2>&1`)).toMatchObject({ code: 0, stdout: '' });
    await eventually('the pass ran', () => !existsSync(gone));
    expect(existsSync(join(path, 'README.md'))).toBe(true);
  });
});

describe('unusual repositories', () => {
  it.each([
    ['a space', 'with space'],
    ['a newline', 'with\nnewline'],
    ['a leading dash', '-dash'],
    ['quotes', `it's "quoted"`],
    ['a glob', 'star*[x]?'],
  ])('a worktree with %s in its path is reclaimed and restored', (_name, name) => {
    const path = join(repo.root, '../wt', name);
    const worktree = landed('agent/odd', path);
    const before = snapshot(worktree);
    const run = reaperJson(repo, ['run']);
    expect(run.candidates).toMatchObject([{ outcome: 'reclaimed', path: worktree }]);
    expect(existsSync(worktree)).toBe(false);
    expect(reaper(repo, ['restore', run.candidates[0].quarantineId]).code).toBe(0);
    expect(snapshot(worktree)).toEqual(before);
  });

  it('a bare repository with linked worktrees', async () => {
    const place = sandbox();
    const bare = join(place, 'bare.git');
    repo.git(['clone', '-q', '--bare', repo.root, bare]);
    const inBare = repoAt(bare, repo.home, bare);
    const main = join(place, 'main');
    inBare.git(['worktree', 'add', '-q', main, 'main']);
    const worktree = join(place, 'done');
    inBare.git(['worktree', 'add', '-q', '-b', 'agent/done', worktree, 'main']);
    inBare.commit('a.txt', 'a\n', worktree);
    inBare.git(['merge', '-q', '--no-ff', '--no-edit', 'agent/done'], main);
    backdate(inBare, worktree, 2 * DAY);
    expect(reaper(inBare, ['install'], main).code).toBe(0);
    expect(shell(inBare, 'git checkout -q -b topic', main)).toMatchObject({ code: 0, stderr: '' });
    await eventually('it is in quarantine', () => !existsSync(worktree));
    expect(existsSync(main)).toBe(true);
  });

  it('a submodule, whose repository lies inside another', async () => {
    const outer = makeRepo('outer');
    outer.git(['-c', 'protocol.file.allow=always', 'submodule', '--quiet', 'add', repo.root, 'lib']);
    const lib = join(outer.root, 'lib');
    const inLib = repoAt(lib, outer.home, realpathSync(join(outer.root, '.git/modules/lib')));
    const worktree = inLib.worktree('agent/done', join(outer.root, '../lib-done'));
    inLib.commit('a.txt', 'a\n', worktree);
    inLib.git(['merge', '-q', '--no-ff', '--no-edit', 'agent/done'], lib);
    backdate(inLib, worktree, 2 * DAY);
    expect(reaper(inLib, ['install'], lib).code).toBe(0);
    expect(shell(inLib, 'git checkout -q -b topic', lib)).toMatchObject({ code: 0, stderr: '' });
    await eventually('it is in quarantine', () => !existsSync(worktree));
    expect(outer.git(['status', '--porcelain', '--ignore-submodules=none'])).toMatch(/lib/);
  });
});

describe('a broken set-up', () => {
  it('with a configuration in error reclaims nothing, and says so once', async () => {
    const gone = landed('agent/done');
    writeFileSync(join(repo.root, '.reaperrc'), 'worktrees:\n  idel: 1h\n');
    const first = reaper(repo, ['install']);
    expect(first.code).toBe(1);
    expect(first.stderr).toContain('worktrees.idel');
    expect(first.stderr).toContain('worktrees.idle');
    expect(shell(repo, 'git checkout -q -b x').code).toBe(0);
    await eventually('the report is there', () => existsSync(join(repo.commonDir, 'reaper/report')));
    expect(shell(repo, 'git checkout -q -b y').stderr).toMatch(
      /^reaper: 1 mistake in the configuration, so nothing is reclaimed/,
    );
    expect(existsSync(gone)).toBe(true);
    expect(reaper(repo, ['run'])).toMatchObject({ code: 1, stdout: '' });
  });

  it('with a corrupt ledger and journal goes on, and sets the ledger aside', () => {
    const gone = landed('agent/done');
    const state = join(repo.commonDir, 'reaper');
    mkdirSync(state, { recursive: true });
    writeFileSync(join(state, 'state.json'), '{"version":1,');
    writeFileSync(join(state, 'journal.jsonl'), 'garbage\n{"v":1}\n');
    const run = reaper(repo, ['run']);
    expect(run).toMatchObject({ code: 0 });
    expect(run.stderr).toContain('the ledger could not be read');
    expect(existsSync(gone)).toBe(false);
    expect(readdirSync(state).some((name) => name.startsWith('state.json.damaged-'))).toBe(true);
    expect(reaper(repo, ['log']).stderr).toContain('2 lines of the journal could not be read');
  });

  it('without node the hook is silent and git succeeds', () => {
    landed('agent/done');
    install();
    rmSync(join(repo.commonDir, 'reaper/bin/node'));
    const bin = sandbox('bin-');
    for (const tool of ['git', 'sh', 'mv', 'rm', 'sed', 'cat'])
      execFileSync('ln', ['-s', execFileSync('which', [tool], { encoding: 'utf8' }).trim(), join(bin, tool)]);
    expect(shell(repo, 'git checkout -q -b x', repo.root, { PATH: bin })).toMatchObject({
      code: 0,
      stdout: '',
      stderr: '',
    });
  });

  it('outside a repository says what to do, with exit 1', () => {
    const ran = reaper(repo, ['status'], sandbox());
    expect(ran.code).toBe(1);
    expect(ran.stderr).toMatch(/is not in a git repository/);
    expect(ran.stdout).toBe('');
  });

  it('with an old git reclaims nothing and says which is needed', () => {
    const gone = landed('agent/done');
    const bin = sandbox('oldgit-');
    writeFileSync(
      join(bin, 'git'),
      '#!/bin/sh\ncase " $* " in *" version "*) echo git version 2.30.2; exit 0;; esac\nexec /usr/bin/git "$@"\n',
      { mode: 0o755 },
    );
    const ran = reaper(repo, ['run'], repo.root, { PATH: `${bin}:${process.env['PATH']}` });
    expect(ran).toMatchObject({ code: 1 });
    expect(ran.stderr).toContain('2.38');
    expect(existsSync(gone)).toBe(true);
  });

  it.each(['for-each-ref', 'update-ref'])(
    "a git whose %s hangs ends the hook's pass within its budget, with nothing half-done",
    (hanging) => {
      const gone = landed('agent/done');
      repo.git(['config', 'reaper.budget', '3s']);
      install();
      const bin = sandbox('hang-');
      writeFileSync(
        join(bin, 'git'),
        `#!/bin/sh\ncase " $* " in *" ${hanging} "*) : > "${join(bin, 'hung')}"; exec sleep 60;; esac\nexec /usr/bin/git "$@"\n`,
        { mode: 0o755 },
      );
      const startedMs = Date.now();
      const ran = reaper(repo, ['run', '--hook', 'post-checkout', '--from', repo.root], repo.root, {
        PATH: `${bin}:${process.env['PATH']}`,
      });
      expect(ran).toMatchObject({ code: 0, stdout: '', stderr: '' });
      expect(Date.now() - startedMs).toBeLessThan(7_000);
      expect(existsSync(join(bin, 'hung'))).toBe(true);
      expect(existsSync(gone)).toBe(true);
      expect(repo.git(['status', '--porcelain'], gone)).toBe('');
      // On a busy machine the watchdog ends it before it lets go of its lock, which the next pass takes over.
      expect(reaper(repo, ['run'])).toMatchObject({ code: 0 });
      expect(existsSync(gone)).toBe(false);
      expect(quarantined()).toHaveLength(1);
    },
  );
});

describe('a worktree that takes longer to look at than the budget', () => {
  const SLOW_MS = 3_000;
  const MOST = 7;
  /** So many passes come to nothing, however much time a busy machine gives them. */
  const IN_VAIN = 3;

  /** Passes until it is gone, seven at the most; git has to be asked about it. */
  function passesUntilGone(gone: string, each: () => unknown = () => {}): number {
    // Another time than the index knows: only git can say then whether it was changed.
    utimesSync(join(gone, 'agent-done.txt'), new Date(0), new Date(0));
    install();
    const bin = sandbox('slow-');
    writeFileSync(
      join(bin, 'git'),
      `#!/bin/sh\ncase " $* " in *" status "*) [ ! -e '${bin}/hangs' ] || exec sleep 120; sleep ${SLOW_MS / 1000};; esac\nexec /usr/bin/git "$@"\n`,
      { mode: 0o755 },
    );
    let passes = 0;
    writeFileSync(join(bin, 'hangs'), '');
    while (passes < MOST && existsSync(gone)) {
      if (passes === IN_VAIN) rmSync(join(bin, 'hangs'));
      each();
      const path = `${bin}:${process.env['PATH']}`;
      const ran = reaper(repo, ['run', '--hook', 'bench', '--from', repo.root], repo.root, { PATH: path });
      expect(ran).toMatchObject({ code: 0, stdout: '', stderr: '' });
      passes++;
    }
    return passes;
  }

  it('is given more time by each further pass in the background, until it goes', () => {
    const passes = passesUntilGone(landed('agent/done'));
    expect(passes).toBeGreaterThan(3);
    expect(existsSync(join(repo.commonDir, 'reaper/lock'))).toBe(false);
    expect(quarantined()).toHaveLength(1);
  });

  it.each([
    ['where the budget was set', () => repo.git(['config', 'reaper.budget', '1900ms'])],
    ['where git waits for the pass', () => repo.git(['config', 'reaper.detach', 'false'])],
    ['where it waits by a setting that was taken back', () => repo.write('.git/reaper/foreground', '')],
  ])('is not, %s', (_what, set) => {
    mkdirSync(join(repo.commonDir, 'reaper'), { recursive: true });
    expect(passesUntilGone(landed('agent/done'), set)).toBe(MOST);
  });
});

describe('a pass whose time ends while something is being moved', () => {
  it('sees it arrive, and says so at the next checkout', () => {
    const gone = landed('agent/done');
    repo.git(['config', 'reaper.budget', '5s']);
    install();
    const bin = sandbox('slow-');
    const moved = join(repo.commonDir, 'reaper/quarantine');
    writeFileSync(
      join(bin, 'git'),
      `#!/bin/sh\ncase " $* " in *" worktree list "*) for tree in "${moved}"/*/tree; do [ ! -e "$tree" ] || sleep 5; done; esac\nexec /usr/bin/git "$@"\n`,
      { mode: 0o755 },
    );
    const ran = reaper(repo, ['run', '--hook', 'post-checkout', '--from', repo.root], repo.root, {
      PATH: `${bin}:${process.env['PATH']}`,
    });
    expect(ran).toMatchObject({ code: 0, stdout: '', stderr: '' });
    expect(existsSync(gone)).toBe(false);
    expect(existsSync(join(repo.commonDir, 'reaper/lock'))).toBe(false);
    expect(shell(repo, 'git checkout -q -b next').stderr).toContain('1 landed worktree -> quarantine');
  });

  it('has none to end where a person sets no limit: all go, however many', () => {
    const gone = ['a', 'b', 'c', 'd', 'e', 'f'].map((name) => landed(`agent/${name}`));
    expect(reaper(repo, ['run']).code).toBe(0);
    expect(gone.filter((path) => existsSync(path))).toEqual([]);
  });

  it('that was killed then is finished by the next one, which tells of it', () => {
    landed('agent/done');
    install();
    expect(reaper(repo, ['run']).code).toBe(0);
    const [id = ''] = quarantined();
    // As it is when the last rename was made and its note was not.
    const note = join(repo.commonDir, 'reaper/quarantine', id, 'entry.json');
    writeFileSync(note, JSON.stringify({ ...JSON.parse(readFileSync(note, 'utf8')), phase: 'intent' }));
    const ran = reaper(repo, ['run', '--hook', 'post-checkout', '--from', repo.root]);
    expect(ran).toMatchObject({ code: 0, stdout: '', stderr: '' });
    expect(shell(repo, 'git checkout -q -b next').stderr).toContain('1 landed worktree -> quarantine');
  });
});

describe('files of ours', () => {
  it('are readable by their owner alone', () => {
    landed('agent/done');
    install();
    expect(reaper(repo, ['run']).code).toBe(0);
    const root = join(repo.commonDir, 'reaper');
    expect(statSync(root).mode & 0o077).toBe(0);
    for (const name of ['journal.jsonl', 'state.json', 'allowed.json', 'installed.json'])
      expect(statSync(join(root, name)).mode & 0o077).toBe(0);
    expect(
      readFileSync(join(root, 'journal.jsonl'), 'utf8')
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line).event),
    ).toEqual(['intent', 'reclaimed']);
  });
});
