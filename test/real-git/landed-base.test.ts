import { describe, expect, it } from 'vitest';
import { resolveBases } from '../../src/observe/base.ts';
import { landedReport } from '../../src/observe/landed/report.ts';
import { type LandedRepo, landedRepo, numbers } from './landed-support.ts';

async function bases(repo: LandedRepo, configured: string[] = []): Promise<string[] | string> {
  const found = await resolveBases({
    git: repo.io.git,
    ...{ gitDir: repo.commonDir, cwd: repo.root, configured },
    managedBranches: (name) => name.startsWith('agent/'),
  });
  return found.known ? found.value.map(({ ref }) => ref) : found.why;
}

const remote = (repo: LandedRepo, ...names: string[]) => {
  for (const name of names) repo.git(['update-ref', `refs/remotes/origin/${name}`, 'HEAD']);
};

describe('the bases', () => {
  it('are what origin/HEAD names, locally and as origin has it', async () => {
    const repo = landedRepo();
    repo.git(['branch', '-q', 'trunk']);
    remote(repo, 'trunk', 'main');
    repo.git(['symbolic-ref', 'refs/remotes/origin/HEAD', 'refs/remotes/origin/trunk']);
    expect(await bases(repo)).toEqual(['refs/heads/trunk', 'refs/remotes/origin/trunk']);
  });

  it('are what init.defaultBranch names where origin/HEAD names nothing that is there', async () => {
    const repo = landedRepo();
    repo.git(['branch', '-q', 'trunk']);
    repo.git(['config', 'init.defaultBranch', 'trunk']);
    remote(repo, 'main');
    repo.git(['symbolic-ref', 'refs/remotes/origin/HEAD', 'refs/remotes/origin/gone']);
    expect(await bases(repo)).toEqual(['refs/heads/trunk']);
  });

  it('are main, else master', async () => {
    const repo = landedRepo();
    repo.git(['branch', '-q', 'master']);
    expect(await bases(repo)).toEqual(['refs/heads/main']);
    repo.git(['switch', '-q', 'master']);
    repo.git(['branch', '-q', '-D', 'main']);
    remote(repo, 'master');
    expect(await bases(repo)).toEqual(['refs/heads/master', 'refs/remotes/origin/master']);
  });

  it('are also what is configured: names, patterns, names of remotes and full names', async () => {
    const repo = landedRepo();
    for (const name of ['release/1', 'release/2', 'wip/release', 'develop', 'staging'])
      repo.git(['branch', '-q', name]);
    remote(repo, 'release/2', 'release/3', 'develop');
    const configured = ['release/*', '!release/1', 'origin/develop', 'refs/heads/staging'];
    expect(await bases(repo, configured)).toEqual([
      'refs/heads/main',
      'refs/heads/release/2',
      'refs/heads/staging',
      'refs/remotes/origin/develop',
      'refs/remotes/origin/release/2',
      'refs/remotes/origin/release/3',
    ]);
    expect(await bases(repo, ['release'])).toEqual([
      'refs/heads/main',
      'refs/heads/release/1',
      'refs/heads/release/2',
      'refs/remotes/origin/release/2',
      'refs/remotes/origin/release/3',
    ]);
  });

  it('are never managed branches or copies of them, whatever is configured', async () => {
    const repo = landedRepo();
    repo.git(['branch', '-q', 'agent/x']);
    remote(repo, 'agent/x');
    repo.git(['update-ref', 'refs/remotes/team/alice/agent/x', 'HEAD']);
    repo.git(['symbolic-ref', 'refs/remotes/origin/HEAD', 'refs/remotes/origin/agent/x']);
    expect(await bases(repo, ['*', 'agent/*', 'refs/remotes/**', 'origin/agent/x'])).toEqual(['refs/heads/main']);
  });

  it('are unknown when there are none', async () => {
    const repo = landedRepo();
    repo.git(['branch', '-q', '-m', 'main', 'unusual']);
    repo.git(['config', 'init.defaultBranch', 'other']);
    expect(await bases(repo)).toMatch(/^no base: neither/);
  });
});

describe('the report', () => {
  const report = (repo: LandedRepo, revs: string[] | null, more = {}) =>
    landedReport({
      io: repo.io,
      ...{ gitDir: repo.commonDir, cwd: repo.root, commonDir: repo.commonDir },
      ...{ revs, bases: [repo.base()], ...more },
    });

  it('tells of all local branches', async () => {
    const repo = landedRepo();
    repo.start('agent/new');
    repo.change({ 'new.txt': 'new\n' });
    repo.git(['branch', '-q', 'agent/empty', 'main']);
    expect(await report(repo, null)).toEqual([
      {
        rev: 'agent/empty',
        oid: repo.base().oid,
        landed: true,
        evidence: { how: 'ancestor', ref: 'refs/heads/main', oid: repo.base().oid, commit: repo.base().oid },
        reason: null,
      },
      {
        rev: 'agent/new',
        oid: repo.git(['rev-parse', 'agent/new']),
        landed: false,
        evidence: null,
        reason: 'what it changes in new.txt is not in refs/heads/main',
      },
      { rev: 'main', oid: repo.base().oid, landed: null, evidence: null, reason: 'no base but the branch itself' },
    ]);
  });

  it('reads revisions as operands, and says what it cannot find', async () => {
    const repo = landedRepo();
    const head = repo.base().oid;
    const revs = ['HEAD~1', head, '--all', '-h', '', 'no-such', '^main', 'main..main', 'a\nb', 'HEAD:notes.txt'];
    const rows = await report(repo, revs);
    expect(rows.map(({ rev, landed }) => [rev, landed])).toEqual([
      ['HEAD~1', true],
      [head, true],
      ...revs.slice(2).map((rev) => [rev, null]),
    ]);
    expect(rows[2]).toMatchObject({ oid: null, reason: '--all names no commit here' });
  });

  it('never measures a branch against its own copy', async () => {
    const repo = landedRepo();
    repo.start('agent/pushed');
    repo.change({ 'new.txt': 'new\n' });
    remote(repo, 'agent/pushed');
    const own = [repo.base('refs/remotes/origin/agent/pushed'), repo.base()];
    const revs = ['agent/pushed', 'refs/heads/agent/pushed', 'heads/agent/pushed', 'origin/agent/pushed'];
    const rows = await report(repo, revs, { bases: own });
    expect(rows.map(({ landed }) => landed)).toEqual([false, false, false, false]);
  });

  it('hands back what it found, and uses it', async () => {
    const repo = landedRepo();
    repo.start('agent/new');
    repo.change({ 'notes.txt': numbers({ 3: 'three' }) });
    let cache: unknown = null;
    const first = await report(repo, ['agent/new'], { onCache: (found: unknown) => (cache = found) });
    expect(JSON.parse(JSON.stringify(cache))).toMatchObject({ version: 4, open: [{ code: 'adds' }] });
    expect(await report(repo, ['agent/new'], { cache })).toEqual(first);
  });
});
