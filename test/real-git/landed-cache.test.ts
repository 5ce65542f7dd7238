import { describe, expect, it } from 'vitest';
import { type LandedRepo, landedRepo, numbers, verdict } from './landed-support.ts';

/** One landed and one new branch, and a base that has moved on. */
function twoBranches(): LandedRepo {
  const repo = landedRepo();
  repo.start('agent/landed');
  repo.change({ 'notes.txt': numbers({ 3: 'three' }) });
  repo.start('agent/new', 'main');
  repo.change({ 'new.txt': 'new\n' });
  repo.git(['switch', '-q', 'main']);
  repo.squash('agent/landed');
  repo.change({ 'notes.txt': numbers({ 3: 'THREE' }) });
  return repo;
}

const REVS = ['agent/landed', 'agent/new'];

describe('what was found before', () => {
  it('answers for an unchanged head and base without a process', async () => {
    const repo = twoBranches();
    const first = await repo.ask(REVS);
    const second = await repo.ask(REVS, { cache: first.cache });
    expect(second.proofs).toEqual(first.proofs);
    expect(second.calls).toEqual([]);
  });

  it('stays a proof for a base that moved on, and names the present one', async () => {
    const repo = twoBranches();
    const { cache } = await repo.ask(REVS);
    repo.change({ 'other.txt': 'other\n' });
    const { proofs, calls } = await repo.ask(['agent/landed'], { cache });
    expect(proofs[0]).toMatchObject({ value: { landed: true, evidence: { how: 'replayed', oid: repo.base().oid } } });
    expect(calls).toHaveLength(3);
  });

  it('is no proof for a base that was rewound', async () => {
    const repo = twoBranches();
    const { cache } = await repo.ask(REVS);
    repo.git(['reset', '-q', '--hard', 'main~2']);
    const { proofs } = await repo.ask(REVS, { cache });
    expect(proofs.map(verdict)).toEqual([expect.stringMatching(/^not landed/), expect.stringMatching(/^not landed/)]);
  });

  it('is no proof when the base commit it was made against is gone', async () => {
    const repo = twoBranches();
    const head = repo.git(['rev-parse', 'agent/new']);
    const proof = { head, how: 'replayed', commit: repo.base().oid, at: '1'.repeat(40) };
    const cache = { version: 3, proofs: [proof], open: [] };
    expect(verdict(await repo.prove('agent/new', { cache }))).toMatch(/^not landed/);
  });

  it('is measured anew when the base has merged a part of the branch', async () => {
    const repo = landedRepo();
    repo.start('agent/below');
    const below = repo.change({ 'below.txt': 'below\n' });
    repo.start('agent/above', 'agent/below');
    repo.change({ 'above.txt': 'above\n' });
    const { cache } = await repo.ask(['agent/above']);
    repo.git(['switch', '-q', 'main']);
    repo.git(['merge', '-q', '--no-ff', '--no-edit', 'agent/below']);
    const later = await repo.ask(['agent/above'], { cache });
    expect(later.proofs.map(verdict)).toEqual(['not landed: what it changes in above.txt is not in refs/heads/main']);
    expect(later.cache.open.at(-1)).toMatchObject({ mergeBases: [below], at: repo.base().oid });
  });

  it('is no proof for another branch of the same name', async () => {
    const repo = twoBranches();
    const { cache } = await repo.ask(REVS);
    repo.git(['switch', '-q', '-C', 'agent/landed', 'main']);
    repo.change({ 'again.txt': 'again\n' });
    expect(verdict(await repo.prove('agent/landed', { cache }))).toMatch(/^not landed/);
  });

  it('leaves only the new base commits to be looked at', async () => {
    const repo = twoBranches();
    for (let at = 0; at < 5; at++) repo.change({ [`more-${at}.txt`]: 'more\n' });
    const { cache } = await repo.ask(REVS);
    const before = repo.base().oid;
    repo.change({ 'other.txt': 'other\n' });
    const { proofs, calls } = await repo.ask(REVS, { cache });
    expect(proofs.map(verdict)).toEqual(['replayed', expect.stringMatching(/^not landed/)]);
    const log = calls.find(({ args }) => args[0] === 'log');
    expect(log?.input).toContain(`^${before}\n`);
    expect(calls.some(({ args }) => args[0] === 'merge-tree')).toBe(false);
  });

  it('does not stand in the way of a later landing', async () => {
    const repo = twoBranches();
    let cache: unknown = null;
    for (let at = 0; at < 3; at++) {
      cache = (await repo.ask(REVS, { cache })).cache;
      repo.change({ [`between-${at}.txt`]: 'x\n' });
    }
    const squash = repo.squash('agent/new');
    repo.change({ 'new.txt': 'rewritten\n' });
    const { proofs } = await repo.ask(REVS, { cache });
    expect(proofs[1]).toMatchObject({ value: { evidence: { how: 'replayed', commit: squash } } });
  });

  it('does not stand in the way of a squash onto a file that the base has renamed since', async () => {
    const repo = landedRepo();
    repo.start('agent/fix');
    repo.change({ 'notes.txt': numbers({ 12: 'line 12\ntwelve' }) });
    repo.git(['switch', '-q', 'main']);
    repo.change({ 'notes.txt': numbers({ 3: 'three' }) });
    const first = await repo.ask(['agent/fix']);
    expect(first.proofs.map(verdict)).toEqual([expect.stringMatching(/^not landed/)]);
    repo.git(['mv', 'notes.txt', 'renamed.txt']);
    repo.git(['commit', '-qm', 'rename']);
    repo.squash('agent/fix');
    repo.change({ 'renamed.txt': numbers({ 3: 'three', 12: 'line 12\ntwelve', 18: 'eighteen' }) });
    const second = await repo.ask(['agent/fix'], { cache: first.cache });
    expect(second.proofs.map(verdict)).toEqual(['adds-nothing']);
  });

  it('adds up: commits picked before and after a run make one proof', async () => {
    const repo = landedRepo();
    repo.start('agent/picked');
    const first = repo.change({ 'a.txt': 'a\n' });
    const second = repo.change({ 'b.txt': 'b\n' });
    repo.git(['switch', '-q', 'main']);
    repo.change({ 'other.txt': 'other\n' });
    repo.git(['cherry-pick', second]);
    repo.change({ 'b.txt': 'B\n' });
    let cache = (await repo.ask(['agent/picked'])).cache;
    repo.git(['cherry-pick', first]);
    cache = (await repo.ask(['agent/picked'], { cache, isOutOfTime: () => true })).cache;
    repo.change({ 'a.txt': 'A\n' });
    const { proofs } = await repo.ask(['agent/picked'], { cache });
    expect(verdict(proofs[0] as never)).toBe('patches');
  });

  it('adds up: a rebase merge of which a run saw the first commits', async () => {
    const repo = landedRepo();
    repo.start('agent/rebased');
    for (const line of [3, 4, 5])
      repo.change({
        'notes.txt': numbers(Object.fromEntries([3, 4, 5].filter((at) => at <= line).map((at) => [at, 'own']))),
      });
    repo.git(['switch', '-q', 'main']);
    repo.change({ 'notes.txt': numbers({ 1: 'moved' }) });
    const own = repo.git(['rev-list', '--reverse', 'main..agent/rebased']).split('\n');
    repo.git(['cherry-pick', own[0] ?? '', own[1] ?? '']);
    const { cache } = await repo.ask(['agent/rebased']);
    repo.git(['cherry-pick', own[2] ?? '']);
    const last = repo.base().oid;
    repo.change({ 'notes.txt': numbers({ 3: 'x', 4: 'y', 5: 'z' }) });
    const { proofs } = await repo.ask(['agent/rebased'], { cache });
    expect(proofs[0]).toMatchObject({ value: { evidence: { how: 'replayed', commit: last } } });
  });

  it('goes on when nothing but the last step could not be read', async () => {
    const repo = landedRepo();
    repo.start('agent/picked');
    const first = repo.change({ 'a.txt': 'a\n' });
    const second = repo.change({ 'b.txt': 'b\n' });
    repo.git(['switch', '-q', 'main']);
    for (const [own, path] of [
      [second, 'b.txt'],
      [first, 'a.txt'],
    ] as const) {
      repo.change({ 'other.txt': `${path}\n` });
      repo.git(['cherry-pick', own]);
      repo.change({ [path]: 'rewritten\n' });
    }
    const failing = await repo.ask(['agent/picked'], {
      git: (real) => ({
        run: async (call) =>
          call.args.includes('fast-import') ? { ok: false, code: null, why: 'killed', stderr: '' } : real.run(call),
      }),
    });
    expect(failing.proofs.map(verdict)).toEqual(['unknown: git could not tell: killed']);
    const { proofs } = await repo.ask(['agent/picked'], { cache: failing.cache });
    expect(proofs.map(verdict)).toEqual(['patches']);
  });

  it('starts over when the first-parent line no longer passes where it stopped', async () => {
    const repo = twoBranches();
    const { cache } = await repo.ask(REVS);
    repo.start('side', 'main~2');
    repo.squash('agent/new');
    repo.change({ 'new.txt': 'rewritten\n' });
    repo.git(['merge', '-q', '--no-edit', 'main']);
    repo.git(['branch', '-q', '-f', 'main', 'side']);
    const { proofs } = await repo.ask(REVS, { cache });
    expect(verdict(proofs[1] as never)).toBe('replayed');
  });

  it('starts over from where the branch began, not from the place it left', async () => {
    const repo = landedRepo();
    repo.start('agent/both');
    repo.change({ 'a.txt': 'a\n' });
    repo.change({ 'b.txt': 'b\n' });
    repo.start('side', 'main');
    const squash = repo.squash('agent/both');
    repo.change({ 'a.txt': 'A\n', 'b.txt': 'B\n' });
    repo.git(['switch', '-q', 'main']);
    repo.git(['merge', '-q', '--no-ff', '--no-edit', 'side']);
    const beside = await repo.ask(['agent/both']);
    expect(verdict(beside.proofs[0] as never)).not.toMatch(/^(?:adds-nothing|replayed|patches)$/);
    repo.git(['switch', '-q', 'side']);
    repo.git(['merge', '-q', '--no-ff', '--no-edit', 'main']);
    repo.git(['branch', '-q', '-f', 'main', 'side']);
    const { proofs } = await repo.ask(['agent/both'], { cache: beside.cache });
    expect(proofs[0]).toMatchObject({ value: { evidence: { how: 'replayed', commit: squash } } });
  });

  it('does not spoil the answer when the place it got to is gone', async () => {
    const repo = twoBranches();
    const { cache } = await repo.ask(['agent/new']);
    repo.change({ 'other.txt': 'other\n' });
    const gone = { ...cache, open: cache.open.map((each) => ({ ...each, at: '1'.repeat(40) })) };
    const { proofs } = await repo.ask(REVS, { cache: gone });
    expect(proofs.map(verdict)).toEqual(['replayed', expect.stringMatching(/^not landed/)]);
  });

  it('is forgotten when it is not what was saved', async () => {
    const repo = twoBranches();
    const { cache } = await repo.ask(REVS);
    const head = repo.git(['rev-parse', 'agent/new']);
    const forged = { head, how: 'replayed', commit: repo.base().oid, at: 'main' };
    for (const garbage of [null, 7, 'x', [], {}, { ...cache, version: 99 }, { ...cache, proofs: [forged] }]) {
      const { proofs } = await repo.ask(REVS, { cache: garbage });
      expect(proofs.map(verdict)).toEqual(['replayed', expect.stringMatching(/^not landed/)]);
    }
  });

  it('is bounded', async () => {
    const repo = twoBranches();
    const { cache } = await repo.ask([...REVS, 'main'], { limits: { remembered: 1 }, branch: null });
    expect([cache.proofs.length, cache.open.length]).toEqual([1, 1]);
  });
});
