import { describe, expect, it } from 'vitest';
import { landedRepo, numbers, verdict } from './landed-support.ts';

describe('a branch has not landed when', () => {
  it('nothing of it is in the base', async () => {
    const repo = landedRepo();
    repo.start('agent/new');
    repo.change({ 'a.txt': 'a\n' });
    expect(verdict(await repo.prove('agent/new'))).toBe(
      'not landed: what it changes in a.txt is not in refs/heads/main',
    );
  });

  it('it got another commit after its squash', async () => {
    const repo = landedRepo();
    repo.start('agent/more');
    repo.change({ 'a.txt': 'a\n' });
    repo.git(['switch', '-q', 'main']);
    repo.squash('agent/more');
    repo.git(['switch', '-q', 'agent/more']);
    repo.change({ 'b.txt': 'b\n' });
    expect(verdict(await repo.prove('agent/more'))).toMatch(/^not landed/);
  });

  it('only a part of it was picked', async () => {
    const repo = landedRepo();
    repo.start('agent/part');
    const first = repo.change({ 'notes.txt': numbers({ 3: 'three' }) });
    repo.change({ 'notes.txt': numbers({ 3: 'three', 12: 'twelve' }) });
    repo.git(['switch', '-q', 'main']);
    repo.git(['cherry-pick', first]);
    expect(verdict(await repo.prove('agent/part'))).toMatch(/^not landed/);
  });

  it('all of its content is in a merge commit, which git cherry does not look at', async () => {
    const repo = landedRepo();
    repo.start('agent/evil');
    const own = repo.change({ 'a.txt': 'a\n' });
    repo.git(['switch', '-q', 'main']);
    repo.change({ 'b.txt': 'b\n' });
    repo.git(['switch', '-q', 'agent/evil']);
    repo.git(['merge', '-q', '--no-commit', 'main']);
    repo.change({ 'notes.txt': numbers({ 5: 'hidden in the merge' }) }, 'merge');
    repo.git(['switch', '-q', 'main']);
    repo.git(['cherry-pick', own]);
    repo.change({ 'a.txt': 'changed\n', 'notes.txt': numbers({ 5: 'something else' }) });
    expect(repo.git(['cherry', 'main', 'agent/evil'])).not.toContain('+');
    expect(verdict(await repo.prove('agent/evil'))).not.toMatch(/^(?:patches|replayed|adds-nothing)/);
  });

  it('a merge of three hides content', async () => {
    const repo = landedRepo();
    for (const side of ['one', 'two']) {
      repo.start(side, 'main');
      repo.change({ [`${side}.txt`]: `${side}\n` });
    }
    repo.start('agent/octopus', 'main');
    const own = repo.change({ 'a.txt': 'a\n' });
    repo.git(['merge', '-q', '--no-commit', 'one', 'two']);
    repo.write('notes.txt', numbers({ 5: 'hidden in the merge' }));
    repo.git(['add', '-A']);
    const parents = ['HEAD', 'one', 'two'].flatMap((parent) => ['-p', parent]);
    const merge = repo.git(['commit-tree', repo.git(['write-tree']), ...parents, '-m', 'octopus']);
    repo.git(['reset', '-q', '--hard', merge]);
    repo.git(['switch', '-q', 'main']);
    for (const side of ['one', 'two']) repo.git(['merge', '-q', '--no-ff', '--no-edit', side]);
    repo.git(['cherry-pick', own]);
    repo.change({ 'a.txt': 'changed\n', 'notes.txt': numbers({ 5: 'something else' }) });
    expect(repo.git(['rev-list', '--parents', '-1', 'agent/octopus']).split(' ')).toHaveLength(4);
    expect(verdict(await repo.prove('agent/octopus'))).not.toMatch(/^(?:patches|replayed|adds-nothing)/);
  });

  it('it has nothing but a merge that hides content', async () => {
    const repo = landedRepo();
    repo.start('side');
    repo.change({ 'side.txt': 'side\n' });
    repo.git(['switch', '-q', 'main']);
    repo.change({ 'b.txt': 'b\n' });
    repo.git(['merge', '-q', '--no-edit', 'side']);
    repo.start('agent/evil', 'main~1');
    repo.git(['merge', '-q', '--no-commit', '--no-ff', 'side']);
    repo.change({ 'evil.txt': 'only here\n' }, 'merge');
    expect(repo.git(['cherry', 'main', 'agent/evil'])).toBe('');
    expect(verdict(await repo.prove('agent/evil'))).toMatch(/^not landed/);
  });

  it('it took back everything it did, and the base has an empty commit', async () => {
    const repo = landedRepo();
    repo.start('agent/parked');
    repo.change({ 'idea.txt': 'an idea\n' });
    repo.git(['revert', '--no-edit', 'HEAD']);
    repo.git(['switch', '-q', 'main']);
    repo.change({}, 'empty');
    repo.change({ 'other.txt': 'other\n' });
    expect(verdict(await repo.prove('agent/parked'))).toMatch(/^not landed: its commits change nothing together/);
  });

  it('it took back everything it did after it had merged the base', async () => {
    const repo = landedRepo();
    repo.start('agent/parked');
    repo.change({ 'idea.txt': 'an idea\n' });
    repo.git(['switch', '-q', 'main']);
    repo.change({ 'other.txt': 'other\n' });
    repo.git(['switch', '-q', 'agent/parked']);
    repo.git(['merge', '-q', '--no-edit', 'main']);
    repo.git(['rm', '-q', 'idea.txt']);
    repo.change({}, 'take it back');
    expect(verdict(await repo.prove('agent/parked'))).toMatch(/^not landed: its commits change nothing together/);
  });

  it('it merged the base and threw its own work away in that merge', async () => {
    const repo = landedRepo();
    repo.start('agent/thrown');
    repo.change({ 'idea.txt': 'an idea\n' });
    repo.git(['switch', '-q', 'main']);
    repo.change({ 'other.txt': 'other\n' });
    repo.git(['switch', '-q', 'agent/thrown']);
    repo.git(['merge', '-q', '--no-commit', 'main']);
    repo.git(['rm', '-q', '-f', 'idea.txt']);
    repo.change({}, 'merge');
    expect(verdict(await repo.prove('agent/thrown'))).toMatch(/^not landed/);
  });

  it('it landed, and takes back on itself what landed', async () => {
    const repo = landedRepo();
    repo.start('agent/back');
    repo.change({ 'idea.txt': 'an idea\n' });
    repo.git(['switch', '-q', 'main']);
    repo.squash('agent/back');
    repo.git(['switch', '-q', 'agent/back']);
    repo.git(['revert', '--no-edit', 'HEAD']);
    expect(verdict(await repo.prove('agent/back'))).toMatch(/^not landed/);
  });

  it('it merged two of its own lines and threw away the one that has not landed', async () => {
    const repo = landedRepo();
    repo.start('agent/lines');
    repo.change({ 'landed.txt': 'landed\n' });
    repo.start('other', 'main');
    repo.change({ 'other.txt': 'only here\n' });
    const tree = repo.git(['rev-parse', 'main^{tree}']);
    repo.git(['switch', '-q', 'main']);
    repo.squash('agent/lines');
    for (const [one, two] of [
      ['agent/lines', 'other'],
      ['other', 'agent/lines'],
    ] as const) {
      const merge = repo.git(['commit-tree', tree, '-p', one, '-p', two, '-m', 'nothing']);
      expect(verdict(await repo.prove(merge, { branch: null }))).toMatch(/^not landed/);
    }
  });

  it('it undoes a base commit, and an older base commit had that very tree', async () => {
    const repo = landedRepo();
    repo.change({ 'notes.txt': numbers({ 3: 'three' }) });
    repo.change({ 'notes.txt': numbers({ 3: 'three', 4: 'four' }) });
    repo.start('agent/undo');
    repo.change({ 'notes.txt': numbers({ 3: 'three' }) });
    repo.start('agent/old', 'main~3');
    repo.change({ 'old.txt': 'old\n' });
    repo.git(['switch', '-q', 'main']);
    repo.change({ 'notes.txt': numbers({ 3: 'three', 4: 'four', 15: 'fifteen' }) });
    // Asked together with an old branch, so that the older base commits are read.
    const { proofs } = await repo.ask(['agent/undo', 'agent/old']);
    expect(proofs.map(verdict)).toEqual([expect.stringMatching(/^not landed/), expect.stringMatching(/^not landed/)]);
  });

  it('it does again what the base did and took back before the branch began', async () => {
    const repo = landedRepo();
    repo.change({ 'feature.txt': 'feature\n' });
    repo.git(['revert', '--no-edit', 'HEAD']);
    repo.start('agent/again');
    repo.change({ 'feature.txt': 'feature\n' });
    repo.git(['switch', '-q', 'main']);
    repo.change({ 'other.txt': 'other\n' });
    expect(verdict(await repo.prove('agent/again'))).toMatch(/^not landed/);
  });

  it('a commit it holds through a merge has the patch of its own commit', async () => {
    const repo = landedRepo();
    repo.start('side');
    repo.change({ 'feature.txt': 'feature\n' });
    repo.git(['revert', '--no-edit', 'HEAD']);
    repo.start('agent/again', 'main');
    repo.git(['merge', '-q', '--no-edit', '--no-ff', 'side']);
    repo.change({ 'feature.txt': 'feature\n' });
    repo.git(['switch', '-q', 'main']);
    repo.change({ 'other.txt': 'other\n' });
    repo.git(['merge', '-q', '--no-edit', '--no-ff', 'side']);
    repo.change({ 'feature.txt': 'another one\n' });
    repo.change({ 'feature.txt': null });
    expect(verdict(await repo.prove('agent/again'))).not.toMatch(/^(?:patches|replayed|adds-nothing)/);
  });

  it('its commits differ from those of the base in white space alone', async () => {
    const repo = landedRepo();
    repo.start('agent/indent');
    repo.change({ 'run.py': 'if ready:\n    start()\n' });
    repo.change({ 'notes.txt': numbers({ 3: 'three' }) });
    repo.git(['switch', '-q', 'main']);
    repo.change({ 'run.py': 'if ready:\nstart()\n' });
    repo.change({ 'run.py': 'else\n' });
    repo.change({ 'notes.txt': numbers({ 3: 'three' }) });
    repo.change({ 'notes.txt': numbers({ 3: 'THREE' }) });
    expect(verdict(await repo.prove('agent/indent'))).not.toMatch(/^(?:patches|replayed|adds-nothing)/);
  });

  it('its commits differ from those of the base in bytes that are not UTF-8', async () => {
    const repo = landedRepo();
    const bytes = (byte: string) => {
      repo.git(['config', 'core.quotePath', 'true']);
      repo.git(['update-index', '--add', '--cacheinfo', `100644,${blob(byte)},latin.txt`]);
      repo.git(['commit', '-q', '-m', `latin ${byte}`]);
      repo.git(['checkout', '-q', '--', 'latin.txt']);
    };
    const blob = (byte: string) =>
      repo.git(['hash-object', '-w', '--stdin'], repo.root, {
        input: Buffer.concat([Buffer.from('caf'), Buffer.from([Number.parseInt(byte, 16)]), Buffer.from('\n')]),
        stdio: ['pipe', 'pipe', 'pipe'],
      });
    repo.start('agent/latin');
    bytes('e9');
    repo.change({ 'notes.txt': numbers({ 3: 'three' }) });
    repo.git(['switch', '-q', 'main']);
    bytes('e8');
    repo.change({ 'latin.txt': 'plain\n' });
    repo.change({ 'notes.txt': numbers({ 3: 'three' }) });
    repo.change({ 'notes.txt': numbers({ 3: 'THREE' }) });
    expect(verdict(await repo.prove('agent/latin'))).not.toMatch(/^(?:patches|replayed|adds-nothing)/);
  });

  it('a base commit has the same paths and another content', async () => {
    const repo = landedRepo();
    repo.start('agent/mine');
    repo.change({ 'notes.txt': numbers({ 3: 'mine' }) });
    repo.git(['switch', '-q', 'main']);
    repo.change({ 'notes.txt': numbers({ 12: 'theirs' }) });
    repo.change({ 'notes.txt': numbers({ 12: 'theirs', 13: 'more' }) });
    expect(verdict(await repo.prove('agent/mine'))).toMatch(/^not landed/);
  });

  it('it has nothing but empty commits, and so does the base', async () => {
    const repo = landedRepo();
    repo.start('agent/empty');
    repo.change({}, 'a note in a message');
    repo.git(['switch', '-q', 'main']);
    repo.change({}, 'another note');
    expect(verdict(await repo.prove('agent/empty'))).toMatch(/^not landed/);
  });

  it('a squash is staged and not committed', async () => {
    const repo = landedRepo();
    repo.start('agent/staged');
    repo.change({ 'a.txt': 'a\n' });
    repo.git(['switch', '-q', 'main']);
    repo.git(['merge', '-q', '--squash', 'agent/staged']);
    expect(verdict(await repo.prove('agent/staged'))).toMatch(/^not landed/);
  });

  it('a replace ref or a graft pretends that it has', async () => {
    const repo = landedRepo();
    repo.start('agent/replaced');
    const head = repo.change({ 'a.txt': 'a\n' });
    repo.git(['switch', '-q', 'main']);
    repo.change({ 'b.txt': 'b\n' });
    repo.write('.git/info/grafts', `${repo.git(['rev-parse', 'main'])} ${head}\n`);
    expect(repo.git(['branch', '--merged', 'main'])).toContain('agent/replaced');
    expect(verdict(await repo.prove('agent/replaced'))).toMatch(/^not landed/);
    repo.git(['update-ref', '-d', 'refs/replace/none']);
    repo.write('.git/info/grafts', '');
    repo.git(['replace', '--graft', 'main', head]);
    expect(repo.git(['branch', '--merged', 'main'])).toContain('agent/replaced');
    expect(verdict(await repo.prove('agent/replaced'))).toMatch(/^not landed/);
  });

  it('the only base is the branch itself, or a copy of it', async () => {
    const repo = landedRepo();
    repo.start('agent/self');
    repo.change({ 'a.txt': 'a\n' });
    repo.git(['update-ref', 'refs/remotes/origin/agent/self', 'HEAD']);
    const copies = [repo.base('refs/heads/agent/self'), repo.base('refs/remotes/origin/agent/self')];
    expect(verdict(await repo.prove('agent/self', { bases: copies }))).toBe('unknown: no base but the branch itself');
    const proof = await repo.prove('agent/self', { bases: [...copies, repo.base()] });
    expect(verdict(proof)).toMatch(/^not landed/);
  });
});
