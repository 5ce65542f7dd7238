/** What the built program says is so, and the command it names next does what it is named for. */
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { ourLock } from '../../src/core/entry.ts';
import { elsewhere, endAll, STAY } from '../support/children.ts';
import { DEAD_PID } from '../support/pids.ts';
import { PROGRAM, reaper, reaperJson, shell } from '../support/program.ts';
import { backdate, backdateTree, DAY, makeRepo, type TestRepo } from '../support/repo.ts';

afterEach(endAll);

interface Shop {
  readonly repo: TestRepo;
  /** Has landed, three days ago. */
  readonly tree: string;
}

function shop(): Shop {
  const repo = makeRepo();
  const tree = repo.worktree('agent/done');
  repo.commit('a.txt', 'a\n', tree);
  repo.git(['merge', '-q', '--no-ff', '--no-edit', 'agent/done']);
  backdate(repo, tree, 3 * DAY);
  return { repo, tree };
}

/** The state in which a pass leaves a worktree when it is killed after its note and its lock; answers the id. */
function cutOff({ repo, tree }: Shop): string {
  const { quarantineId: id } = reaperJson(repo, ['run']).candidates[0];
  const note = join(repo.commonDir, 'reaper/quarantine', id, 'entry.json');
  const entry = JSON.parse(readFileSync(note, 'utf8'));
  expect(reaper(repo, ['restore', id]).code).toBe(0);
  expect(reaper(repo, ['release', '--worktree', tree]).code).toBe(0);
  mkdirSync(dirname(note), { mode: 0o700 });
  writeFileSync(note, JSON.stringify({ ...entry, phase: 'intent' }));
  writeFileSync(join(repo.git(['rev-parse', '--absolute-git-dir'], tree), 'locked'), ourLock(id));
  return id;
}

describe('a worktree whose move was cut off before it began', () => {
  it('is not counted as quarantined, is said to be in its place, and is put right by the command that is named', () => {
    const place = shop();
    const { repo, tree } = place;
    const id = cutOff(place);
    const status = reaper(repo, ['status']).stdout;
    expect(status).toMatch(/^in quarantine +0/m);
    expect(status).not.toContain('undo:');
    expect(status).not.toContain('worktree unlock');
    expect(reaperJson(repo, ['status']).quarantine).toEqual([]);
    const sentence = `${tree} is in its place: a pass was cut off while moving it`;
    for (const name of [id, 'agent/done']) {
      const restored = reaper(repo, ['restore', name]);
      expect(restored.code).toBe(1);
      expect(restored.stderr).toContain(sentence);
      expect(restored.stderr).toContain('next: npx reaper-hook run');
    }
    const why = reaper(repo, ['why', 'agent/done']).stdout;
    expect(why).toContain(sentence);
    expect(why).toMatch(/^next: npx reaper-hook run$/m);
    expect(why).not.toContain('unlock');
    expect(reaper(repo, ['why', id]).stderr).toContain(sentence);
    expect(reaper(repo, ['run', '--limit', '0']).code).toBe(0);
    expect(existsSync(join(tree, 'a.txt'))).toBe(true);
    expect(repo.git(['worktree', 'list', '--porcelain'])).not.toContain('locked');
  });
});

describe('a run that leaves what is due says so once', () => {
  it('because of the limit, with the command that goes on', () => {
    const { repo } = shop();
    for (const branch of ['agent/empty', 'agent/idle']) backdate(repo, repo.worktree(branch), 3 * DAY);
    const ran = reaper(repo, ['run', '--limit', '1']).stdout;
    expect(ran).toMatch(/ -> quarantine; 2 more due: npx reaper-hook run --limit 2$/m);
    expect(ran).not.toMatch(/^left /m);
    expect(reaper(repo, ['run', '--limit', '2']).stdout).toMatch(/ -> quarantine$/m);
    expect(reaperJson(repo, ['status']).quarantine).toHaveLength(3);
  });

  it('because of the mode, with the command that changes it', () => {
    const { repo, tree } = shop();
    repo.git(['config', 'reaper.mode', 'report']);
    const ran = reaper(repo, ['run']).stdout;
    expect(ran).toContain(
      'nothing reclaimed of 1 candidate; mode is "report": nothing is ever reclaimed; to change that: git config reaper.mode reap',
    );
    expect(ran).not.toMatch(/^left /m);
    expect(existsSync(tree)).toBe(true);
  });
});

describe('a repository with husky', () => {
  /** As husky leaves it: its shims, which git does not track, and the directory of its files. */
  function husky(root: string): void {
    const shims = join(root, '.husky/_');
    mkdirSync(shims, { recursive: true });
    writeFileSync(join(shims, '.gitignore'), '*\n');
    writeFileSync(
      join(shims, 'h'),
      '#!/bin/sh\ns=$(dirname "$(dirname "$0")")/$(basename "$0")\n[ ! -f "$s" ] || sh -e "$s" "$@"\n',
    );
    for (const hook of ['post-checkout', 'post-merge', 'post-rewrite']) {
      writeFileSync(join(shims, hook), '#!/bin/sh\n. "$(dirname "$0")/h"\n');
      chmodSync(join(shims, hook), 0o755);
    }
  }

  it('has for each linked worktree without it a note with the command, and nothing is written there', () => {
    const repo = makeRepo();
    husky(repo.root);
    repo.git(['config', 'core.hooksPath', '.husky/_']);
    const other = repo.worktree('agent/other');
    const refused = reaper(repo, ['install'], other);
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain(
      `next: cd ${repo.root} && npx reaper-hook install; then, in this worktree: npx husky`,
    );
    expect(repo.git(['status', '--porcelain'], other)).toBe('');
    reaper(repo, ['install', '--quiet']);
    for (const cwd of [repo.root, other]) {
      const told = reaper(repo, ['doctor'], cwd);
      expect(told.stdout).toMatch(/^note +git does not run the hook in .*agent-other: husky was never set up there$/m);
      expect(told.stdout).toContain(`next: cd ${other} && npx husky`);
      expect(told.stdout).not.toContain('reaper-hook install');
      expect(told.code).toBe(0);
    }
    husky(other);
    expect(reaper(repo, ['doctor']).stdout).toContain('its branch has no .husky/post-checkout');
    repo.git(['add', '.husky']);
    repo.git(['commit', '-qm', 'hooks']);
    repo.git(['merge', '-q', 'main'], other);
    expect(reaper(repo, ['doctor']).stdout).toContain('git runs the hook in 2 worktrees');
    expect(repo.git(['status', '--porcelain'], other)).toBe('');
  });
});

describe('a claimed worktree', () => {
  it('names the command that ends the claim, with its owner; while that lives, the one that looks at it', () => {
    const { repo, tree } = shop();
    const pid = elsewhere(STAY);
    expect(reaper(repo, ['claim', '--worktree', tree, '--owner', 'lane 3', '--pid', String(pid)]).code).toBe(0);
    expect(reaper(repo, ['why', 'agent/done']).stdout).toMatch(new RegExp(`^next: ps -fp ${pid}$`, 'm'));
    const refused = reaper(repo, ['release', '--worktree', tree]);
    const command = `release --worktree ${tree} --owner 'lane 3'`;
    expect(refused.stdout).toContain(`nothing was released: ${tree} is claimed by lane 3`);
    expect(refused.stdout).toContain(command);
    expect(reaper(repo, ['release', '--worktree', tree, '--owner', 'x']).stdout).toContain(command);
    expect(shell(repo, `'${process.execPath}' '${PROGRAM}' ${command}`).stdout).toContain('released');
    expect(reaper(repo, ['release', '--worktree', tree]).stdout).toContain('no claim to release on');
    expect(reaper(repo, ['claim', '--worktree', tree, '--owner', 'lane 4']).code).toBe(0);
    expect(reaper(repo, ['why', 'agent/done']).stdout).toContain(
      `next: npx reaper-hook release --worktree ${tree} --owner 'lane 4'`,
    );
  });

  it('that is to be reaped and is not there is no success', () => {
    const { repo, tree } = shop();
    const told = reaper(repo, ['release', '--worktree', `${tree}-typo`, '--reap']);
    expect(told.code).toBe(1);
    expect(told.stderr).toContain('does not exist, so there is nothing to reclaim');
    expect(reaper(repo, ['release', '--worktree', tree, '--reap'])).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('reclaimed'),
    });
  });
});

describe('where passes only report', () => {
  it('status says so first, and nothing proposes to run what would not reclaim', () => {
    const { repo, tree } = shop();
    repo.git(['config', 'reaper.mode', 'report']);
    const first = 'mode is "report": nothing is ever reclaimed; to change that: git config reaper.mode reap';
    const { stdout } = reaper(repo, ['status']);
    expect(stdout.split('\n')[0]).toBe(first);
    expect(stdout).not.toContain('reaper-hook run');
    for (const args of [['why', 'agent/done'], ['run', '--dry-run'], ['install']]) {
      const told = reaper(repo, args).stdout;
      expect(told).toContain(first);
      expect(told).not.toContain('reaper-hook run');
    }
    repo.git(['config', 'reaper.mode', 'reap']);
    expect(reaper(repo, ['status']).stdout).toContain('to reclaim now: npx reaper-hook run');
    expect(reaper(repo, ['run']).code).toBe(0);
    expect(existsSync(tree)).toBe(false);
  });
});

describe('doctor', () => {
  it('names a file among the claims that is none, and what to do', () => {
    const { repo } = shop();
    expect(reaper(repo, ['install', '--quiet']).code).toBe(0);
    expect(reaper(repo, ['doctor']).code).toBe(0);
    const file = join(repo.commonDir, 'reaper/claims/lane 3.json');
    mkdirSync(dirname(file), { mode: 0o700 });
    writeFileSync(file, '{"mine":');
    const told = reaper(repo, ['doctor']);
    expect(told.code).toBe(1);
    expect(told.stdout).toContain(`trouble  ${file} cannot be read as a claim`);
    expect(told.stdout).toContain(`rm '${file}'`);
  });
});

describe('a staging entry in quarantine', () => {
  it('is said to be all files when it is purged, and to be purged when that was asked for', () => {
    const repo = makeRepo();
    const staging = join(repo.root, `.agent-config/pack-compose.staging-${DEAD_PID}`);
    repo.write('one.txt', 'one\n', staging);
    backdateTree(staging, 3 * DAY);
    const why = reaper(repo, ['why', staging]).stdout;
    expect(why).toMatch(/own +yes, a file or directory of its own$/m);
    expect(why).not.toContain('linked worktree');
    const { quarantineId: id } = reaperJson(repo, ['run']).candidates[0];
    const ahead = reaper(repo, ['purge', '--dry-run']).stdout;
    expect(ahead).toContain('its files, which are all there is of it');
    expect(ahead).not.toContain('commit');
    expect(reaper(repo, ['purge', '--now', id]).code).toBe(0);
    expect(reaper(repo, ['restore', id]).stderr).toMatch(/was purged .*: its files were all there was of it/);
  });
});

describe('uninstall', () => {
  it('names the id by which what stays in quarantine is restored or purged, for nothing purges it any more', () => {
    const { repo, tree } = shop();
    reaper(repo, ['install', '--quiet']);
    const { quarantineId: id } = reaperJson(repo, ['run']).candidates[0];
    const { stdout } = reaper(repo, ['uninstall']);
    expect(stdout).toContain('1 entry stays in quarantine, and nothing purges it any more');
    expect(stdout).toContain(`npx reaper-hook purge --now ${id} `);
    expect(reaper(repo, ['restore', id]).code).toBe(0);
    expect(existsSync(join(tree, 'a.txt'))).toBe(true);
  });
});
