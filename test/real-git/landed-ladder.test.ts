import { describe, expect, it } from 'vitest';
import type { GitCall } from '../../src/io/ports.ts';
import { type Answers, commitOf, landedRepo, numbers, verdict, verify } from './landed-support.ts';

describe('a branch has landed when', () => {
  it('the base reaches it, also detached', async () => {
    const repo = landedRepo();
    repo.start('agent/merged');
    repo.change({ 'a.txt': 'one\n' });
    const head = repo.git(['rev-parse', 'HEAD']);
    repo.git(['switch', '-q', 'main']);
    repo.git(['merge', '-q', '--no-ff', '-m', 'merge', 'agent/merged']);
    repo.git(['branch', '-q', '-D', 'agent/merged']);
    const proof = await repo.prove(head, { branch: null });
    expect(verdict(proof)).toBe('ancestor');
    expect(proof).toMatchObject({ value: { evidence: { ref: 'refs/heads/main', commit: head } } });
    expect(proof).toMatchObject({ value: { evidence: { oid: repo.base().oid } } });
  });

  it('merging it would add nothing to the base', async () => {
    const repo = landedRepo();
    repo.start('agent/squashed');
    repo.change({ 'notes.txt': numbers({ 3: 'three' }) });
    repo.change({ 'new.txt': 'new\n' });
    repo.git(['switch', '-q', 'main']);
    repo.squash('agent/squashed');
    repo.change({ 'other.txt': 'other\n' });
    const proof = await repo.prove('agent/squashed');
    expect(verdict(proof)).toBe('adds-nothing');
    verify(repo, 'agent/squashed', proof);
  });

  it('the base has its very content, for which no line is read and no commit asked about twice', async () => {
    const repo = landedRepo();
    for (const [name, lines] of Object.entries({ held: { 3: 'three' }, gone: { 9: 'nine' } })) {
      repo.start(`agent/${name}`);
      repo.change({ [`${name}.txt`]: numbers(lines) });
      repo.git(['switch', '-q', 'main']);
      repo.squash(`agent/${name}`);
    }
    const asksForLines = ({ args }: GitCall) => args[0] === 'diff-tree' && args.includes('-p');
    const pairs = ({ calls }: Answers) => calls.find(({ args }) => args[0] === 'diff-tree')?.input?.split('\n') ?? [];
    const held = await repo.ask(['agent/held', 'agent/gone']);
    expect(held.proofs.map(verdict)).toEqual(['adds-nothing', 'adds-nothing']);
    expect(held.calls.filter(asksForLines)).toEqual([]);
    // A lone commit is all of its branch; the last pair marks the end.
    expect(pairs(held)).toHaveLength(2 + 1 + 1);
    repo.change({ 'gone.txt': numbers({ 9: 'NINE' }) });
    const moved = await repo.ask(['agent/held', 'agent/gone']);
    expect(moved.proofs.map(verdict)).toEqual(['adds-nothing', 'replayed']);
    expect(moved.calls.filter(asksForLines).length).toBeGreaterThan(0);
  });

  it('it was squashed, and the base has moved on in the same lines', async () => {
    const repo = landedRepo();
    repo.start('agent/squashed');
    repo.change({ 'notes.txt': numbers({ 3: 'three' }) });
    repo.git(['switch', '-q', 'main']);
    repo.change({ 'notes.txt': numbers({ 15: 'before' }) });
    const squash = repo.squash('agent/squashed');
    repo.change({ 'notes.txt': numbers({ 3: 'THREE', 15: 'before' }) });
    const proof = await repo.prove('agent/squashed');
    expect(verdict(proof)).toBe('replayed');
    expect(commitOf(proof)).toBe(squash);
    verify(repo, 'agent/squashed', proof);
  });

  it('its squash was reverted since: history holds it', async () => {
    const repo = landedRepo();
    repo.start('agent/reverted');
    repo.change({ 'notes.txt': numbers({ 3: 'three' }) });
    repo.change({ 'notes.txt': numbers({ 3: 'three', 4: 'four' }) });
    repo.git(['switch', '-q', 'main']);
    repo.change({ 'notes.txt': numbers({ 15: 'moved' }) });
    const squash = repo.squash('agent/reverted');
    repo.git(['revert', '--no-edit', 'HEAD']);
    const proof = await repo.prove('agent/reverted');
    expect(verdict(proof)).toBe('replayed');
    expect(commitOf(proof)).toBe(squash);
  });

  it('it was rebased onto a base that had moved, and then changed again', async () => {
    const repo = landedRepo();
    repo.start('agent/rebased');
    for (const line of [3, 4, 5]) {
      const lines = Object.fromEntries(Array.from({ length: line - 2 }, (_, index) => [index + 3, `own ${index + 3}`]));
      repo.change({ 'notes.txt': numbers(lines) });
    }
    repo.git(['switch', '-q', 'main']);
    repo.change({ 'notes.txt': numbers({ 1: 'moved' }) });
    const last = repo.rebaseOnto('agent/rebased');
    repo.change({ 'notes.txt': numbers({ 1: 'moved', 3: 'X', 4: 'Y', 5: 'Z' }) });
    const proof = await repo.prove('agent/rebased');
    expect(verdict(proof)).toBe('replayed');
    expect(commitOf(proof)).toBe(last);
    verify(repo, 'agent/rebased', proof);
  });

  it('its commits were picked one by one, in between others, and changed again', async () => {
    const repo = landedRepo();
    repo.start('agent/picked');
    const first = repo.change({ 'a.txt': 'a\n' });
    const second = repo.change({ 'notes.txt': numbers({ 10: 'ten' }) });
    repo.git(['switch', '-q', 'main']);
    repo.git(['cherry-pick', second]);
    repo.change({ 'notes.txt': numbers({ 10: 'TEN' }) });
    repo.git(['cherry-pick', first]);
    repo.change({ 'a.txt': 'A\n' });
    const proof = await repo.prove('agent/picked');
    expect(verdict(proof)).toBe('patches');
    verify(repo, 'agent/picked', proof);
  });

  it('its commits were picked, and its own merge of the base is a clean one', async () => {
    const repo = landedRepo();
    repo.start('agent/picked');
    const first = repo.change({ 'a.txt': 'a\n' });
    repo.git(['switch', '-q', 'main']);
    repo.change({ 'b.txt': 'b\n' });
    repo.git(['switch', '-q', 'agent/picked']);
    repo.git(['merge', '-q', '--no-edit', 'main']);
    const second = repo.change({ 'notes.txt': numbers({ 10: 'ten' }) });
    repo.git(['switch', '-q', 'main']);
    for (const [own, path] of [
      [second, 'notes.txt'],
      [first, 'a.txt'],
    ] as const) {
      repo.git(['cherry-pick', own]);
      repo.change({ [path]: 'rewritten\n' });
    }
    expect(verdict(await repo.prove('agent/picked'))).toBe('patches');
  });

  it('it had merged the base into itself before it was squashed', async () => {
    const repo = landedRepo();
    repo.start('agent/updated');
    repo.change({ 'notes.txt': numbers({ 3: 'three' }) });
    repo.git(['switch', '-q', 'main']);
    repo.change({ 'notes.txt': numbers({ 18: 'moved' }) });
    repo.git(['switch', '-q', 'agent/updated']);
    repo.git(['merge', '-q', '--no-edit', 'main']);
    repo.change({ 'notes.txt': numbers({ 3: 'three', 4: 'four', 18: 'moved' }) });
    repo.git(['switch', '-q', 'main']);
    repo.change({ 'notes.txt': numbers({ 18: 'moved again' }) });
    const squash = repo.squash('agent/updated');
    repo.change({ 'notes.txt': numbers({ 3: '3', 4: '4' }) });
    const proof = await repo.prove('agent/updated');
    expect(commitOf(proof)).toBe(squash);
    verify(repo, 'agent/updated', proof);
  });

  it('it merged the base into itself after it was squashed', async () => {
    const repo = landedRepo();
    repo.start('agent/updated');
    repo.change({ 'notes.txt': numbers({ 3: 'three' }) });
    repo.git(['switch', '-q', 'main']);
    repo.squash('agent/updated');
    repo.change({ 'other.txt': 'other\n' });
    repo.git(['switch', '-q', 'agent/updated']);
    repo.git(['merge', '-q', '--no-edit', 'main']);
    repo.git(['switch', '-q', 'main']);
    repo.change({ 'notes.txt': numbers({ 3: 'THREE' }) });
    const proof = await repo.prove('agent/updated');
    expect(verdict(proof)).toBe('adds-nothing');
    verify(repo, 'agent/updated', proof);
  });

  it('it is stacked on a branch that landed first, and both touch the same file', async () => {
    const repo = landedRepo();
    repo.start('agent/below');
    repo.change({ 'notes.txt': numbers({ 3: 'three' }), 'below.txt': 'below\n' });
    repo.start('agent/above', 'agent/below');
    repo.change({ 'notes.txt': numbers({ 3: 'three', 9: 'nine' }) });
    repo.git(['switch', '-q', 'main']);
    repo.squash('agent/below');
    const squash = repo.squash('agent/above');
    repo.change({ 'notes.txt': numbers({ 3: 'x', 9: 'y' }), 'below.txt': 'changed\n' });
    const { proofs } = await repo.ask(['agent/below', 'agent/above']);
    expect(proofs.map(verdict)).toEqual(['replayed', 'replayed']);
    expect(commitOf(proofs[1] as never)).toBe(squash);
  });

  it('several branches landed in one commit, and the base has moved on', async () => {
    const repo = landedRepo();
    repo.start('agent/one');
    repo.change({ 'notes.txt': numbers({ 3: 'three' }) });
    repo.start('agent/two');
    repo.change({ 'two.txt': 'two\n' });
    repo.git(['switch', '-q', 'main']);
    repo.git(['merge', '-q', '--squash', 'agent/one']);
    repo.git(['merge', '-q', '--squash', 'agent/two']);
    const both = repo.change({}, 'both');
    repo.change({ 'notes.txt': numbers({ 3: '3' }), 'two.txt': 'TWO\n' });
    const { proofs } = await repo.ask(['agent/one', 'agent/two']);
    expect(proofs.map(verdict)).toEqual(['adds-nothing', 'adds-nothing']);
    expect(proofs.map(commitOf)).toEqual([both, both]);
    for (const [index, rev] of ['agent/one', 'agent/two'].entries()) verify(repo, rev, proofs[index] as never);
  });

  it('it renamed a file that the base edited before the squash', async () => {
    const repo = landedRepo();
    repo.start('agent/renames');
    repo.git(['mv', 'notes.txt', 'moved.txt']);
    repo.change({ 'moved.txt': numbers({ 3: 'three' }) });
    repo.git(['switch', '-q', 'main']);
    repo.change({ 'notes.txt': numbers({ 15: 'edited' }) });
    const squash = repo.squash('agent/renames');
    repo.change({ 'moved.txt': 'rewritten\n' });
    const proof = await repo.prove('agent/renames');
    expect(verdict(proof)).toBe('replayed');
    expect(commitOf(proof)).toBe(squash);
    verify(repo, 'agent/renames', proof);
  });

  it('it only deletes, and the base has moved on', async () => {
    const repo = landedRepo();
    repo.start('agent/deletes');
    repo.change({ 'notes.txt': numbers().replace('line 7\nline 8\n', '') });
    repo.git(['switch', '-q', 'main']);
    const squash = repo.squash('agent/deletes');
    repo.change({ 'notes.txt': 'all new\n' });
    const proof = await repo.prove('agent/deletes');
    expect(commitOf(proof)).toBe(squash);
  });

  it('one of several bases holds it', async () => {
    const repo = landedRepo();
    repo.start('release/1');
    repo.start('agent/fix', 'main');
    repo.change({ 'fix.txt': 'fix\n' });
    repo.git(['switch', '-q', 'release/1']);
    repo.squash('agent/fix');
    const bases = [repo.base(), repo.base('refs/heads/release/1')];
    const proof = await repo.prove('agent/fix', { bases });
    expect(verdict(proof)).toBe('adds-nothing');
    expect(proof).toMatchObject({ value: { evidence: { ref: 'refs/heads/release/1' } } });
  });

  it('it is asked about in SHA-256', async () => {
    const repo = landedRepo();
    const sha256 = landedRepo();
    sha256.git(['init', '-q', '--object-format=sha256', '-b', 'main', `${sha256.root}/long`]);
    const cwd = `${sha256.root}/long`;
    sha256.commit('a.txt', 'a\n', cwd);
    sha256.git(['switch', '-q', '-c', 'agent/long'], cwd);
    const head = sha256.commit('a.txt', 'b\n', cwd);
    sha256.git(['switch', '-q', 'main'], cwd);
    sha256.git(['merge', '-q', '--squash', 'agent/long'], cwd);
    sha256.git(['commit', '-q', '-m', 'squash'], cwd);
    sha256.commit('a.txt', 'c\n', cwd);
    const base = { ref: 'refs/heads/main', oid: sha256.git(['rev-parse', 'main'], cwd) };
    expect(head).toHaveLength(64);
    const { withLandings } = await import('./landed-support.ts');
    const long = withLandings({ ...sha256, commonDir: `${cwd}/.git`, git: (args, at = cwd) => sha256.git(args, at) });
    expect(verdict(await long.prove('agent/long', { bases: [base] }))).toBe('replayed');
    expect(repo.root).not.toBe(sha256.root);
  });
});
