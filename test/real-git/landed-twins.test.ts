/** Rung `patches`: what may count as the same change in the base, and what only looks like it. */
import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { commitOf, type LandedRepo, landedRepo, numbers, verdict, verify } from './landed-support.ts';

/** Six equal blocks, some of them with debug switched on: a change to one looks like a change to any. */
const blocks = (...on: number[]): string =>
  [1, 2, 3, 4, 5, 6]
    .map(
      (at) => `service:\n  image: x\n  ports: []\n  debug: ${on.includes(at) ? 'on' : 'off'}\n  cpus: 1\n  log: no\n\n`,
    )
    .join('');

const withBlocks = (): LandedRepo => {
  const repo = landedRepo();
  repo.change({ 'services.yml': blocks() });
  return repo;
};

const isProven = /^(?:ancestor|adds-nothing|replayed|patches)$/;

describe('a commit has no twin in the base when', () => {
  it('the equal change was made to another of several equal blocks', async () => {
    const repo = withBlocks();
    repo.start('agent/fifth');
    repo.change({ 'services.yml': blocks(5) });
    repo.git(['switch', '-q', 'main']);
    repo.change({ 'services.yml': blocks(1) });
    repo.change({ 'other.txt': 'other\n' });
    expect(repo.git(['cherry', 'main', 'agent/fifth'])).not.toContain('+');
    expect(verdict(await repo.prove('agent/fifth'))).toMatch(/^not landed/);
  });

  it('the equal change was made to another block, and blocks were added before it', async () => {
    const repo = withBlocks();
    repo.start('agent/second');
    repo.change({ 'services.yml': blocks(2) });
    repo.git(['switch', '-q', 'main']);
    repo.change({ 'services.yml': `# a heading\n\n${blocks()}` });
    repo.change({ 'services.yml': `# a heading\n\n${blocks(4)}` });
    repo.change({ 'services.yml': `# a heading\n\n${blocks(4)}# the end\n` });
    expect(verdict(await repo.prove('agent/second'))).not.toMatch(isProven);
  });

  it('the one base commit is the twin of another of its commits', async () => {
    const repo = withBlocks();
    repo.start('agent/both');
    const second = repo.change({ 'services.yml': blocks(2) });
    repo.change({ 'services.yml': blocks(2, 5) });
    repo.git(['switch', '-q', 'main']);
    repo.change({ 'other.txt': 'other\n' });
    repo.git(['cherry-pick', second]);
    repo.change({ 'services.yml': blocks(3) });
    expect(verdict(await repo.prove('agent/both'))).not.toMatch(isProven);
  });

  it('it does once more what the base did only once', async () => {
    const repo = landedRepo();
    repo.start('agent/again');
    const done = repo.change({ 'notes.txt': numbers({ 3: 'three' }) });
    const undone = repo.change({ 'notes.txt': numbers() });
    repo.change({ 'notes.txt': numbers({ 3: 'three' }) });
    const other = repo.change({ 'a.txt': 'a\n' });
    repo.git(['switch', '-q', 'main']);
    repo.git(['cherry-pick', other]);
    repo.change({ 'a.txt': 'A\n' });
    for (const own of [done, undone]) repo.git(['cherry-pick', own]);
    repo.change({ 'notes.txt': numbers({ 3: 'III' }) });
    expect(verdict(await repo.prove('agent/again'))).not.toMatch(isProven);
    repo.change({ 'notes.txt': numbers() });
    repo.git(['cherry-pick', done]);
    repo.change({ 'notes.txt': numbers({ 3: 'III' }) });
    const proof = await repo.prove('agent/again');
    expect(verdict(proof)).toBe('patches');
    verify(repo, 'agent/again', proof);
  });

  it('its mode differs', async () => {
    const repo = landedRepo();
    const mode = (how: '+x' | '-x') => repo.git(['update-index', '--add', `--chmod=${how}`, 'run.sh']);
    repo.change({ 'run.sh': 'echo 1\n' });
    repo.start('agent/mode');
    repo.write('run.sh', 'echo 2\n');
    mode('+x');
    repo.git(['commit', '-q', '-m', 'executable']);
    const notes = repo.change({ 'notes.txt': numbers({ 3: 'three' }) });
    repo.git(['reset', '-q', '--hard']);
    repo.git(['switch', '-q', 'main']);
    repo.change({ 'run.sh': 'echo 2\n' });
    repo.change({ 'run.sh': 'echo 3\n' });
    repo.git(['cherry-pick', notes]);
    repo.change({ 'notes.txt': numbers({ 3: 'THREE' }) });
    expect(verdict(await repo.prove('agent/mode'))).not.toMatch(isProven);
  });
});

describe('a commit has its twin in the base when it was picked', () => {
  /** Picks the last two commits of a branch in reverse, each followed by a rewrite of its file. */
  async function picked(repo: LandedRepo, branch: string, rewritten: Record<string, string>[]) {
    const [newer = '', older = ''] = repo.git(['rev-list', '--no-merges', `main..${branch}`]).split('\n');
    repo.git(['switch', '-q', 'main']);
    for (const [index, own] of [newer, older].entries()) {
      repo.git(['cherry-pick', own]);
      repo.change(rewritten[index] ?? {});
    }
    const proof = await repo.prove(branch);
    return proof;
  }

  it('to the very block, in a file of equal blocks that has grown since', async () => {
    const repo = withBlocks();
    repo.start('agent/fifth');
    repo.change({ 'services.yml': blocks(5) });
    repo.change({ 'a.txt': 'a\n' });
    repo.git(['switch', '-q', 'main']);
    repo.change({ 'services.yml': `# a heading\n\n${blocks()}` });
    const proof = await picked(repo, 'agent/fifth', [{ 'a.txt': 'A\n' }, { 'services.yml': 'rewritten\n' }]);
    expect(verdict(proof)).toBe('patches');
    verify(repo, 'agent/fifth', proof);
  });

  it('to lines beside which the base had changed others', async () => {
    const repo = landedRepo();
    repo.start('agent/near');
    repo.change({ 'notes.txt': numbers({ 10: 'ten' }) });
    repo.change({ 'a.txt': 'a\n' });
    repo.git(['switch', '-q', 'main']);
    repo.change({ 'notes.txt': numbers({ 8: 'eight' }) });
    const proof = await picked(repo, 'agent/near', [{ 'a.txt': 'A\n' }, { 'notes.txt': 'rewritten\n' }]);
    expect(verdict(proof)).toBe('patches');
    verify(repo, 'agent/near', proof);
  });

  it('and its bytes are not UTF-8', async () => {
    const repo = landedRepo();
    const latin = (byte: number) => {
      const input = Buffer.from([0x63, 0x61, 0x66, byte, 0x0a]);
      const blob = execFileSync('git', ['hash-object', '-w', '--stdin'], { cwd: repo.root, env: repo.env(), input });
      repo.git(['update-index', '--add', '--cacheinfo', `100644,${String(blob).trim()},latin.txt`]);
      repo.git(['commit', '-q', '-m', 'latin']);
      repo.git(['checkout', '-q', '--', 'latin.txt']);
    };
    repo.start('agent/latin');
    latin(0xe9);
    repo.change({ 'notes.txt': numbers({ 10: 'ten' }) });
    repo.git(['switch', '-q', 'main']);
    repo.change({ 'notes.txt': numbers({ 1: 'moved' }) });
    const proof = await picked(repo, 'agent/latin', [
      { 'notes.txt': numbers({ 1: 'moved', 10: 'TEN' }) },
      { 'latin.txt': 'plain\n' },
    ]);
    expect(verdict(proof)).toBe('patches');
  });

  it('and the evidence names the base commit that is the twin of its newest one', async () => {
    const repo = landedRepo();
    repo.start('agent/two');
    repo.change({ 'a.txt': 'a\n' });
    repo.change({ 'b.txt': 'b\n' });
    const proof = await picked(repo, 'agent/two', [{ 'b.txt': 'B\n' }, { 'a.txt': 'A\n' }]);
    expect(commitOf(proof)).toBe(repo.git(['rev-parse', 'main~3']));
  });
});
