import { existsSync, readdirSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { repoAt, sandbox, script, snapshot } from '../support/repo.ts';
import { type LandedRepo, landedRepo, numbers, verdict, withLandings } from './landed-support.ts';

/** Clones `repo`, with agent branches of its remote as branches of its own. */
function cloneOf(repo: LandedRepo, options: string[]): LandedRepo {
  const root = join(sandbox(), 'clone');
  repo.git(['config', 'uploadpack.allowFilter', 'true']);
  repo.git(['config', 'uploadpack.allowAnySHA1InWant', 'true']);
  repo.git(['clone', '-q', '--no-local', ...options, pathToFileURL(repo.root).href, root]);
  return withLandings(repoAt(root, repo.home));
}

/** `main` with a squash of `agent/fix`, changed since, and some commits around. */
function squashed(commitsBefore = 3): LandedRepo {
  const repo = landedRepo();
  for (let at = 0; at < commitsBefore; at++) repo.change({ [`before-${at}.txt`]: `${at}\n` });
  repo.start('agent/fix');
  repo.change({ 'notes.txt': numbers({ 3: 'three' }) });
  repo.start('agent/whole', 'main');
  repo.change({ 'whole.txt': 'whole\n' });
  repo.git(['switch', '-q', 'main']);
  repo.change({ 'notes.txt': numbers({ 15: 'moved' }) });
  repo.squash('agent/fix');
  repo.squash('agent/whole');
  repo.change({ 'notes.txt': numbers({ 3: 'THREE' }), 'whole.txt': 'rewritten\n' });
  return repo;
}

describe('a landing is unknown when', () => {
  it('merging conflicts, and no base commit proves it', async () => {
    const repo = landedRepo();
    repo.start('agent/fix');
    repo.change({ 'notes.txt': numbers({ 3: 'mine' }) });
    repo.git(['switch', '-q', 'main']);
    repo.change({ 'notes.txt': numbers({ 3: 'theirs' }) });
    expect(verdict(await repo.prove('agent/fix'))).toBe(
      'unknown: merging it into refs/heads/main conflicts in notes.txt, so what has landed cannot be told',
    );
  });

  it('it has no history in common with the base', async () => {
    const repo = landedRepo();
    repo.git(['switch', '-q', '--orphan', 'agent/orphan']);
    repo.change({ 'notes.txt': numbers() });
    expect(verdict(await repo.prove('agent/orphan'))).toBe('unknown: it has no history in common with refs/heads/main');
  });

  it('there is no base', async () => {
    const repo = landedRepo();
    expect(verdict(await repo.prove('main', { bases: [], branch: null }))).toMatch(/^unknown: no base/);
  });

  it('the commit, or the base commit, is not there', async () => {
    const repo = landedRepo();
    const none = '1'.repeat(40);
    const missing = { ref: 'refs/heads/main', oid: none };
    expect(verdict(await repo.prove('main', { bases: [missing], branch: null }))).toBe(
      `unknown: the base commit ${none} is not in this repository`,
    );
  });

  it('a tree on the way is missing', async () => {
    const repo = squashed();
    const tree = repo.git(['rev-parse', 'agent/fix^{tree}']);
    unlinkSync(join(repo.commonDir, 'objects', tree.slice(0, 2), tree.slice(2)));
    expect(verdict(await repo.prove('agent/fix'))).toMatch(/^unknown: git could not tell/);
  });

  it('a blob that a merge needs is missing, and only for the branch that needs it', async () => {
    const repo = landedRepo();
    repo.start('agent/lost');
    repo.change({ 'notes.txt': numbers({ 3: 'three' }) });
    repo.change({ 'more.txt': 'more\n' });
    repo.start('agent/whole', 'main');
    repo.change({ 'notes.txt': numbers({ 5: 'five' }) });
    repo.git(['switch', '-q', 'main']);
    repo.change({ 'notes.txt': numbers({ 15: 'moved' }) });
    repo.squash('agent/lost');
    repo.squash('agent/whole');
    repo.change({ 'notes.txt': 'rewritten\n', 'more.txt': 'rewritten\n' });
    const blob = repo.git(['rev-parse', 'agent/lost:notes.txt']);
    unlinkSync(join(repo.commonDir, 'objects', blob.slice(0, 2), blob.slice(2)));
    const { proofs } = await repo.ask(['agent/lost', 'agent/whole']);
    expect(proofs.map(verdict)).toEqual([expect.stringMatching(/^unknown: git could not tell/), 'replayed']);
  });

  it('the history is shallow and cut off before the two meet', async () => {
    const clone = cloneOf(squashed(), ['--depth=1', '--no-single-branch']);
    clone.git(['branch', '-q', 'agent/fix', 'origin/agent/fix']);
    expect(verdict(await clone.prove('agent/fix'))).toMatch(/^unknown: the history is shallow/);
  });

  it('time has run out', async () => {
    const repo = squashed();
    expect(verdict(await repo.prove('agent/fix', { isOutOfTime: () => true }))).toBe(
      'unknown: time ran out; it goes on with the next run',
    );
  });
});

describe('in a shallow repository', () => {
  it('a branch is proven when nothing that is cut off could matter', async () => {
    const clone = cloneOf(squashed(), ['--depth=6', '--no-single-branch']);
    clone.git(['branch', '-q', 'agent/fix', 'origin/agent/fix']);
    expect(existsSync(join(clone.commonDir, 'shallow'))).toBe(true);
    expect(verdict(await clone.prove('agent/fix'))).toBe('replayed');
  });

  it('a branch is unknown when a side of the base is cut off', async () => {
    const repo = landedRepo();
    repo.start('side');
    for (let at = 0; at < 5; at++) repo.change({ [`side-${at}.txt`]: `${at}\n` });
    repo.git(['switch', '-q', 'main']);
    repo.change({ 'main.txt': 'main\n' });
    repo.start('agent/new');
    repo.change({ 'new.txt': 'new\n' });
    repo.git(['switch', '-q', 'main']);
    repo.git(['merge', '-q', '--no-ff', '--no-edit', 'side']);
    const clone = cloneOf(repo, ['--depth=3', '--no-single-branch', '--branch=main']);
    clone.git(['branch', '-q', 'agent/new', 'origin/agent/new']);
    clone.git(['merge-base', 'main', 'agent/new']);
    expect(verdict(await clone.prove('agent/new'))).toMatch(/^unknown: the history is shallow/);
  });

  it('reachability is a proof', async () => {
    const clone = cloneOf(squashed(), ['--depth=2']);
    expect(verdict(await clone.prove('main~1', { branch: null }))).toBe('ancestor');
  });

  it('a new branch has not landed', async () => {
    const clone = cloneOf(squashed(), ['--depth=1']);
    clone.start('agent/new');
    clone.change({ 'new.txt': 'new\n' });
    expect(verdict(await clone.prove('agent/new'))).toMatch(/^not landed/);
  });
});

describe('in a partial clone', () => {
  it.each([['blob:none'], ['tree:0']])(
    'of filter %s nothing is fetched, and what is missing is unknown',
    async (filter) => {
      const clone = cloneOf(squashed(), [`--filter=${filter}`, '--no-checkout']);
      clone.git(['branch', '-q', 'agent/fix', 'origin/agent/fix']);
      const bait = script(
        join(sandbox(), 'upload-pack'),
        `#!/bin/sh\ntouch '${clone.root}/fetched'\nexec git-upload-pack "$@"\n`,
      );
      clone.git(['config', 'remote.origin.uploadpack', bait]);
      const before = snapshot(join(clone.commonDir, 'objects'));
      expect(verdict(await clone.prove('agent/fix'))).toMatch(/^unknown: git could not tell/);
      expect(verdict(await clone.prove('main~1', { branch: null }))).toBe('ancestor');
      const whole = await clone.prove('origin/agent/whole', { branch: 'agent/whole' });
      expect(verdict(whole)).toMatch(filter === 'blob:none' ? /^replayed$/ : /^unknown: git could not tell/);
      expect(existsSync(join(clone.root, 'fetched'))).toBe(false);
      expect(snapshot(join(clone.commonDir, 'objects'))).toEqual(before);
      clone.git(['-c', 'protocol.file.allow=always', 'cat-file', '-e', 'agent/fix:notes.txt']);
      expect(existsSync(join(clone.root, 'fetched'))).toBe(true);
    },
  );
});

describe('a bound that is hit is named, and the search goes on from there', () => {
  it('merges', async () => {
    const repo = landedRepo();
    repo.start('agent/hot');
    repo.change({ 'notes.txt': numbers({ 3: 'same' }) });
    repo.git(['switch', '-q', 'main']);
    // The line comes and goes, each time with another one, so that only merges can tell.
    for (let at = 0; at < 5; at++) {
      repo.change({ 'notes.txt': numbers({ 3: 'same', 4: `other ${at}` }) });
      repo.change({ 'notes.txt': numbers({ 3: `changed ${at}` }) });
    }
    const squash = repo.change({ 'notes.txt': numbers({ 3: 'same' }) });
    repo.change({ 'notes.txt': 'rewritten\n' });
    let cache: unknown = null;
    const verdicts: string[] = [];
    for (let run = 0; run < 12 && verdicts.at(-1) !== 'adds-nothing' && verdicts.at(-1) !== 'replayed'; run++) {
      const answers = await repo.ask(['agent/hot'], { cache, limits: { merges: 3 } });
      verdicts.push(...answers.proofs.map(verdict));
      cache = answers.cache;
    }
    expect(verdicts.length).toBeGreaterThan(2);
    expect(verdicts[0]).toBe('unknown: limit: 3 merges were tried; it goes on with the next run');
    const whole = await repo.ask(['agent/hot']);
    expect(verdicts.at(-1)).toBe(verdict(whole.proofs[0] as never));
    expect(whole.proofs[0]).toMatchObject({ value: { landed: true, evidence: { commit: squash } } });
  });

  it('chunks of the base, when time runs out between them', async () => {
    const repo = squashed(0);
    for (let at = 0; at < 6; at++) repo.change({ [`after-${at}.txt`]: `${at}\n` });
    repo.start('agent/new', 'main~10');
    repo.change({ 'new.txt': 'new\n' });
    let cache: unknown = null;
    const verdicts: string[] = [];
    for (let run = 0; run < 12 && !verdicts.at(-1)?.startsWith('not landed'); run++) {
      let calls = 0;
      const limits = { chunkCommits: 2 };
      const answers = await repo.ask(['agent/new'], { cache, limits, isOutOfTime: () => ++calls > 6 });
      verdicts.push(...answers.proofs.map(verdict));
      cache = answers.cache;
    }
    expect(verdicts[0]).toBe('unknown: time ran out; it goes on with the next run');
    expect(verdicts.at(-1)).toBe('not landed: what it changes in new.txt is not in refs/heads/main');
  });

  it('own commits, base commits, paths and bases', async () => {
    const repo = squashed(0);
    repo.start('agent/long', 'main~1');
    for (let at = 0; at < 6; at++) repo.change({ [`long-${at}.txt`]: `${at}\n` });
    const own = await repo.ask(['agent/long', 'agent/fix'], { limits: { ownCommits: 2, baseCommits: 5 } });
    const together = await repo.ask(['agent/long'], { limits: { ownCommits: 2 } });
    expect(together.proofs.map(verdict)).toEqual(['unknown: limit: it has more than 2 commits of its own']);
    expect(own.proofs.map(verdict)).toEqual(['unknown: limit: it has more than 2 commits of its own', 'replayed']);
    const paths = await repo.ask(['agent/long'], { limits: { paths: 2 } });
    expect(paths.proofs.map(verdict)).toEqual(['unknown: limit: it changes more than 2 paths']);
    repo.git(['switch', '-q', 'main']);
    for (let at = 0; at < 3; at++) repo.change({ [`main-${at}.txt`]: `${at}\n` });
    const base = await repo.ask(['agent/fix', 'agent/long'], { limits: { baseCommits: 5 } });
    expect(base.proofs.map(verdict)).toEqual([
      'unknown: limit: refs/heads/main has more than 5 commits since it branched off',
      expect.stringMatching(/^not landed/),
    ]);
    repo.git(['branch', '-q', 'release/1', 'main~3']);
    const bases = [repo.base(), repo.base('refs/heads/release/1')];
    const many = await repo.ask(['agent/long'], { bases, limits: { bases: 1 } });
    expect(many.proofs.map(verdict)).toEqual(['unknown: limit: only the first 1 bases were looked at']);
  });

  it('patches', async () => {
    const repo = landedRepo();
    repo.start('agent/many');
    for (let at = 0; at < 3; at++) repo.change({ 'notes.txt': numbers({ [at + 3]: `own ${at}` }) });
    repo.git(['switch', '-q', 'main']);
    repo.change({ 'notes.txt': numbers({ 3: 'own 0', 4: 'own 1', 5: 'own 2', 6: 'more' }) });
    repo.change({ 'notes.txt': 'rewritten\n' });
    const { proofs } = await repo.ask(['agent/many'], { limits: { patches: 2 } });
    expect(proofs.map(verdict)).toEqual(['unknown: limit: more than 2 commits of its own to compare one by one']);
  });
});

describe('proving', () => {
  it('leaves no trace in the repository or in the temporary directory', async () => {
    const repo = squashed();
    repo.start('agent/new');
    repo.change({ 'notes.txt': numbers({ 9: 'nine' }) });
    const temporary = () =>
      readdirSync(process.env.TMPDIR ?? '/tmp').filter((name) => name.startsWith(`reaper-hook-${process.pid}-`));
    const before = snapshot(repo.root);
    await repo.ask(['agent/fix', 'agent/new']);
    expect(snapshot(repo.root)).toEqual(before);
    expect(temporary()).toEqual([]);
  });

  it('leaves no git behind, also where what the branches change is too much to go on', async () => {
    const repo = squashed();
    repo.start('agent/wide', 'main~2');
    repo.change({ 'one.txt': '1\n', 'two.txt': '2\n' });
    let underWay = 0;
    const { proofs } = await repo.ask(['agent/wide'], {
      limits: { paths: 1 },
      git: (real) => ({
        async run(call) {
          underWay++;
          if (call.args[0] === 'log') await new Promise((resolve) => setTimeout(resolve, 300));
          return real.run(call).finally(() => underWay--);
        },
      }),
    });
    expect(proofs.map(verdict)).toEqual([expect.stringMatching(/^unknown: .*paths/)]);
    expect(underWay).toBe(0);
  });

  it('works where git cannot merge in batches', async () => {
    const repo = squashed();
    repo.start('agent/two', 'main~4');
    repo.change({ 'notes.txt': numbers({ 9: 'nine' }) });
    let refused = 0;
    const { proofs, calls } = await repo.ask(['agent/fix', 'agent/whole', 'agent/two'], {
      git: (real) => ({
        async run(call) {
          if (!call.args.includes('merge-tree') || !call.args.includes('--stdin')) return real.run(call);
          refused++;
          return { ok: false, code: 129, why: "error: unknown option `stdin'", stderr: '' };
        },
      }),
    });
    expect(refused).toBe(1);
    expect(proofs.map(verdict)).toEqual(['replayed', 'replayed', expect.stringMatching(/^not landed/)]);
    expect(calls.some(({ args }) => args.includes('-z') && args.includes('merge-tree'))).toBe(true);
  });
});
