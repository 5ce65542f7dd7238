/** `reaper-hook landed`, as a person or a script runs it. */
import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { namedBases } from '../../src/observe/base.ts';
import { PROGRAM, reaper, reaperJson } from '../support/program.ts';
import { type LandedRepo, landedRepo, numbers } from './landed-support.ts';

/** `agent/fix` was squashed into release/1, `agent/main` into main, and `agent/new` nowhere. */
function branches(): LandedRepo {
  const repo = landedRepo();
  repo.git(['branch', '-q', 'release/1']);
  repo.git(['branch', '-q', 'release/2']);
  for (const [branch, into] of [
    ['agent/fix', 'release/1'],
    ['agent/main', 'main'],
    ['agent/new', null],
  ] as const) {
    repo.start(branch);
    repo.change({ 'notes.txt': numbers({ 3: branch }) });
    if (into === null) continue;
    repo.git(['switch', '-q', into]);
    repo.squash(branch);
    repo.change({ 'notes.txt': numbers({ 3: 'moved on' }) });
  }
  repo.git(['switch', '-q', 'main']);
  return repo;
}

const rows = (repo: LandedRepo, ...args: string[]): [string, boolean | null, string | undefined][] =>
  (
    reaperJson(repo, ['landed', ...args]) as { rev: string; landed: boolean | null; evidence: { ref: string } | null }[]
  ).map(({ rev, landed, evidence }) => [rev, landed, evidence?.ref]);

describe('bases that are named', () => {
  it('replace the default branch and what is configured', () => {
    const repo = branches();
    repo.git(['config', 'reaper.base', 'release/*']);
    expect(rows(repo, 'agent/fix')).toEqual([['agent/fix', true, 'refs/heads/release/1']]);
    expect(rows(repo, '--base', 'main', 'agent/fix', 'agent/main')).toEqual([
      ['agent/fix', null, undefined],
      ['agent/main', true, 'refs/heads/main'],
    ]);
  });

  it('are what git would take: branches, tags, commits, and patterns of branches', async () => {
    const repo = branches();
    repo.git(['tag', 'v1', 'main~1']);
    repo.git(['update-ref', 'refs/remotes/origin/main', 'main~2']);
    repo.git(['symbolic-ref', 'refs/remotes/origin/HEAD', 'refs/remotes/origin/main']);
    const place = { git: repo.io.git, gitDir: repo.commonDir, cwd: repo.root };
    const named = async (...names: string[]) => {
      const bases = await namedBases({ ...place, names });
      return bases.known ? bases.value.map(({ ref, oid }) => [ref, repo.git(['rev-parse', ref]) === oid]) : bases.why;
    };
    expect(await named('main', 'v1', 'HEAD~1', 'origin/HEAD')).toEqual([
      ['refs/heads/main', true],
      ['refs/tags/v1', true],
      ['HEAD~1', true],
      ['refs/remotes/origin/main', true],
    ]);
    expect(await named('release/*', 'main')).toEqual([
      ['refs/heads/release/1', true],
      ['refs/heads/release/2', true],
      ['refs/heads/main', true],
    ]);
    for (const none of ['nope', 'nope/*', '--all', '', 'main..HEAD'])
      expect(await named('main', none)).toBe(`${none} names no commit here`);
  });

  it('take one word each, so that a revision may follow', () => {
    const repo = branches();
    expect(rows(repo, '--base', 'release/1', '--base', 'main', 'agent/main', 'agent/fix')).toEqual([
      ['agent/main', true, 'refs/heads/main'],
      ['agent/fix', true, 'refs/heads/release/1'],
    ]);
  });

  it('end it with what to do when they name nothing', () => {
    const ran = reaper(branches(), ['landed', '--base', 'nope', 'agent/fix']);
    expect([ran.code, ran.stdout]).toEqual([1, '']);
    expect(ran.stderr).toContain('nope names no commit here');
  });
});

describe('revisions', () => {
  it('are named as in the worktree that the caller stands in', () => {
    const repo = branches();
    const path = repo.worktree('agent/here');
    repo.commit('here.txt', 'here\n', path);
    const head = repo.git(['rev-parse', 'HEAD'], path);
    const [row] = JSON.parse(reaper(repo, ['landed', 'HEAD', '--json'], path).stdout);
    expect(row).toMatchObject({ rev: 'HEAD', oid: head, landed: false });
  });

  it('come from standard input too, and none of them is not all branches', () => {
    const repo = branches();
    const fed = (input: string) =>
      JSON.parse(
        spawnSync(process.execPath, [PROGRAM, 'landed', '--stdin', '--json'], {
          ...{ cwd: repo.root, env: repo.env(), encoding: 'utf8', input },
        }).stdout,
      ).map(({ rev }: { rev: string }) => rev);
    expect(fed('agent/new\nagent/main\n')).toEqual(['agent/new', 'agent/main']);
    expect(fed('')).toEqual([]);
    expect(rows(repo).map(([rev]) => rev)).toContain('agent/new');
  });

  it('that name no commit are answered as such, beside the others, with status 1', () => {
    const repo = branches();
    const ran = reaper(repo, ['landed', 'nope', 'agent/main', '--json']);
    expect(ran.code).toBe(1);
    const found = JSON.parse(ran.stdout);
    expect(found[0]).toEqual({
      rev: 'nope',
      oid: null,
      landed: null,
      evidence: null,
      reason: 'nope names no commit here',
    });
    expect(found[1]).toMatchObject({ rev: 'agent/main', landed: true, evidence: { how: 'replayed' }, reason: null });
    expect(reaper(repo, ['landed', 'agent/new']).code).toBe(0);
  });
});
