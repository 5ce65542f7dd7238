/** Guards of the ladder that only unusual histories, or an unlucky git, reach. */
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { GitAnswer, GitPort } from '../../src/io/ports.ts';
import { newAndGone } from '../../src/observe/landed/lines.ts';
import { openView } from '../../src/observe/landed/view.ts';
import { repoAt, sandbox } from '../support/repo.ts';
import { type LandedRepo, landedRepo, numbers, verdict, withLandings } from './landed-support.ts';

const PROVEN = /^(?:ancestor|adds-nothing|replayed|patches)$/;

/** `main` with both commits of `agent/picked`, newest first, each rewritten at once: only commit by commit can it be told. */
function picked(): LandedRepo {
  const repo = landedRepo();
  repo.start('agent/picked');
  const own = [repo.change({ 'a.txt': 'a\n' }), repo.change({ 'b.txt': 'b\n' })];
  repo.git(['switch', '-q', 'main']);
  for (const [at, each] of own.toReversed().entries()) {
    repo.change({ 'other.txt': `${at}\n` });
    repo.git(['cherry-pick', each]);
    repo.change({ [at === 0 ? 'b.txt' : 'a.txt']: 'rewritten\n' });
  }
  return repo;
}

/** A git that answers some calls otherwise. */
const answering =
  (isMeant: (args: readonly string[], input: string) => boolean, answer: (whole: GitAnswer) => GitAnswer) =>
  (real: GitPort): GitPort => ({
    async run(call) {
      const whole = await real.run(call);
      return isMeant(call.args, call.input ?? '') ? answer(whole) : whole;
    },
  });

describe('a branch has not landed when', () => {
  it('the base holds nothing but the conflict that merging it makes', async () => {
    const repo = landedRepo();
    for (const name of ['agent/one', 'agent/two']) {
      repo.start(name, 'main');
      repo.change({ 'notes.txt': numbers({ 3: name }) });
    }
    repo.git(['switch', '-q', 'main']);
    const parent = repo.change({ 'notes.txt': numbers({ 3: 'theirs' }) });
    let text = '';
    try {
      repo.git(['merge-tree', '--write-tree', '--no-messages', parent, repo.git(['rev-parse', 'agent/one'])]);
    } catch (error) {
      text = (error as { stdout: string }).stdout;
    }
    const markers = repo.git(['commit-tree', text.slice(0, 40), '-p', parent, '-m', 'merged badly']);
    repo.git(['reset', '-q', '--hard', markers]);
    expect(repo.git(['show', 'main:notes.txt'])).toContain('<<<<<<<');
    expect(verdict(await repo.prove('agent/one'))).not.toMatch(PROVEN);
    const { proofs } = await repo.ask(['agent/one', 'agent/two']);
    expect(proofs.map(verdict)).not.toContainEqual(expect.stringMatching(PROVEN));
  });

  it('it merged the base after its squash, and hid content in that merge', async () => {
    const repo = landedRepo();
    repo.start('agent/evil');
    repo.change({ 'a.txt': 'a\n' });
    repo.git(['switch', '-q', 'main']);
    repo.squash('agent/evil');
    repo.git(['switch', '-q', 'agent/evil']);
    repo.git(['merge', '-q', '--no-commit', '--no-ff', 'main']);
    repo.change({ 'evil.txt': 'only here\n' }, 'merge');
    expect(verdict(await repo.prove('agent/evil'))).toMatch(/^not landed/);
  });

  it('a merge of three is among its commits, even one that changes nothing by itself', async () => {
    const repo = landedRepo();
    repo.start('one');
    repo.change({ 'one.txt': 'one\n' });
    repo.start('two', 'main');
    repo.change({}, 'nothing');
    repo.start('agent/octopus', 'main');
    const own = repo.change({ 'a.txt': 'a\n' });
    repo.git(['merge', '-q', '--no-commit', 'one']);
    const parents = [own, 'one', 'two'].flatMap((parent) => ['-p', parent]);
    const merge = repo.git(['commit-tree', repo.git(['write-tree']), ...parents, '-m', 'octopus']);
    repo.git(['reset', '-q', '--hard', merge]);
    const last = repo.change({ 'b.txt': 'b\n' });
    repo.git(['switch', '-q', 'main']);
    for (const side of ['one', 'two']) repo.git(['merge', '-q', '--no-ff', '--no-edit', side]);
    for (const [each, path] of [
      [last, 'b.txt'],
      [own, 'a.txt'],
    ] as const) {
      repo.git(['cherry-pick', each]);
      repo.change({ [path]: 'rewritten\n' });
    }
    expect(verdict(await repo.prove('agent/octopus'))).not.toMatch(PROVEN);
  });
});

describe('a landing is unknown when', () => {
  it('the commit is not there', async () => {
    const repo = landedRepo();
    const none = '1'.repeat(40);
    expect(verdict(await repo.prove(none, { branch: null }))).toBe(`unknown: commit ${none} is not in this repository`);
  });

  it('history is cut off behind two commits in which the sides meet', async () => {
    const repo = landedRepo();
    for (let at = 0; at < 3; at++) repo.change({ [`before-${at}.txt`]: `${at}\n` });
    repo.start('agent/cross');
    repo.change({ 'a.txt': 'a\n' });
    repo.git(['switch', '-q', 'main']);
    const mine = repo.change({ 'b.txt': 'b\n' });
    repo.git(['merge', '-q', '--no-edit', 'agent/cross']);
    repo.git(['switch', '-q', 'agent/cross']);
    repo.git(['merge', '-q', '--no-edit', mine]);
    repo.change({ 'c.txt': 'c\n' });
    repo.git(['switch', '-q', 'main']);
    repo.change({ 'd.txt': 'd\n' });
    const root = join(sandbox(), 'clone');
    repo.git(['clone', '-q', '--no-local', '--depth=3', '--no-single-branch', pathToFileURL(repo.root).href, root]);
    const clone = withLandings(repoAt(root, repo.home));
    clone.git(['branch', '-q', 'agent/cross', 'origin/agent/cross']);
    expect(clone.git(['merge-base', '--all', 'main', 'agent/cross']).split('\n')).toHaveLength(2);
    expect(verdict(await clone.prove('agent/cross'))).toMatch(/^unknown: the history is shallow/);
  });

  it('one of its own merges cannot be made again', async () => {
    const repo = landedRepo();
    repo.start('agent/merging');
    const first = repo.change({ 'a.txt': 'a\n' });
    repo.git(['switch', '-q', 'main']);
    const theirs = repo.change({ 'other.txt': 'other\n' });
    repo.git(['switch', '-q', 'agent/merging']);
    repo.git(['merge', '-q', '--no-edit', 'main']);
    const second = repo.change({ 'b.txt': 'b\n' });
    repo.git(['switch', '-q', 'main']);
    for (const [own, path] of [
      [second, 'b.txt'],
      [first, 'a.txt'],
    ] as const) {
      repo.git(['cherry-pick', own]);
      repo.change({ [path]: 'rewritten\n' });
    }
    expect(verdict(await repo.prove('agent/merging'))).toBe('patches');
    const isThatMerge = (args: readonly string[], input: string) =>
      args[0] === 'merge-tree' && `${args.join(' ')} ${input}`.includes(`${first} ${theirs}`);
    const failing = answering(isThatMerge, () => ({ ok: false, code: null, why: 'killed', stderr: '' }));
    expect(verdict(await repo.prove('agent/merging', { git: failing }))).toBe('unknown: git could not tell: killed');
  });

  it('the merges of a run are spent on picks; later runs go on, and get there', async () => {
    const repo = picked();
    const verdicts: string[] = [];
    let cache: unknown = null;
    for (let run = 0; run < 12 && verdicts.at(-1) !== 'patches'; run++) {
      const answers = await repo.ask(['agent/picked'], { cache, limits: { merges: 2 } });
      verdicts.push(...answers.proofs.map(verdict));
      cache = answers.cache;
    }
    expect(verdicts).toContain('unknown: limit: 2 merges were tried; it goes on with the next run');
    expect(verdicts.at(-1)).toBe('patches');
  });

  describe('more base commits than are compared in one run change the paths of its commit', () => {
    const LIMIT: string =
      'unknown: limit: more than 32 base commits change the same paths as one of its own; it goes on with the next run';

    /** A branch of two commits, the first on a file that the base changes again and again. */
    function hot(): { repo: LandedRepo; own: string; other: string; overwrite(times: number): void } {
      const repo = landedRepo();
      repo.start('agent/hot');
      const own = repo.change({ 'notes.txt': numbers({ 3: 'three' }) });
      const other = repo.change({ 'a.txt': 'a\n' });
      repo.git(['switch', '-q', 'main']);
      return {
        ...{ repo, own, other },
        overwrite: (times) => {
          for (let at = 0; at < times; at++) repo.change({ 'notes.txt': numbers({ 12: `${at}` }) });
        },
      };
    }

    async function verdicts(repo: LandedRepo, cache: unknown = null): Promise<string[]> {
      const seen: string[] = [];
      for (let run = 0, kept = cache; run < 4 && seen.every((each) => each === LIMIT); run++) {
        const answers = await repo.ask(['agent/hot'], { cache: kept });
        seen.push(...answers.proofs.map(verdict));
        kept = answers.cache;
      }
      return seen;
    }

    it('and the next runs compare the rest', async () => {
      const { repo, own, other, overwrite } = hot();
      repo.git(['cherry-pick', other]);
      repo.change({ 'a.txt': 'rewritten\n' });
      overwrite(140);
      repo.git(['cherry-pick', own]);
      repo.change({ 'notes.txt': 'rewritten\n' });
      expect(await verdicts(repo)).toEqual([LIMIT, 'patches']);
    });

    it.each([
      ['with all of them where merges suffice', {}, 'patches'],
      // What runs left out that had no merges left is looked at once more, and not for ever.
      ['and come to an end where merges run out', { merges: 40 }, LIMIT.replace('; it goes on with the next run', '')],
    ])('also when both of its commits are on that file, %s', async (_what, limits, end) => {
      const repo = landedRepo();
      repo.start('agent/hot');
      const own = [repo.change({ 'notes.txt': numbers({ 3: 'three' }) })];
      own.push(repo.change({ 'notes.txt': numbers({ 3: 'three', 17: 'seventeen' }) }));
      repo.git(['switch', '-q', 'main']);
      for (let at = 0; at < 120; at++) repo.change({ 'notes.txt': numbers({ 10: `${at}` }) });
      for (const [at, each] of own.entries()) {
        repo.git(['cherry-pick', each]);
        repo.change({ 'notes.txt': numbers({ 3: 'THREE', 10: `after ${at}` }) });
      }
      let answers = await repo.ask(['agent/hot'], { limits });
      for (let run = 0; run < 16 && answers.calls.length > 0; run++)
        answers = await repo.ask(['agent/hot'], { cache: answers.cache, limits });
      expect(answers.calls).toEqual([]);
      expect(answers.proofs.map(verdict)).toEqual([end]);
    });

    it('also when some were left out before the base had touched all of its paths', async () => {
      const { repo, own, other, overwrite } = hot();
      overwrite(40);
      repo.git(['cherry-pick', own]);
      repo.change({ 'notes.txt': 'rewritten\n' });
      const first = await repo.ask(['agent/hot']);
      expect(first.proofs.map(verdict)).toEqual([expect.stringMatching(/^not landed/)]);
      repo.git(['cherry-pick', other]);
      repo.change({ 'a.txt': 'rewritten\n' });
      expect(await verdicts(repo, first.cache)).toEqual(['patches']);
    });
  });
});

describe('a history that was read in part', () => {
  it('does not count as looked at', async () => {
    const repo = landedRepo();
    repo.start('agent/fix');
    repo.change({ 'notes.txt': numbers({ 3: 'three' }) });
    repo.git(['switch', '-q', 'main']);
    const squash = repo.squash('agent/fix');
    repo.change({ 'notes.txt': numbers({ 3: 'THREE' }) });
    const cut = answering(
      ([command]) => command === 'log',
      (whole) => (whole.ok ? { ...whole, stdout: whole.stdout.slice(0, whole.stdout.indexOf(`${squash} `)) } : whole),
    );
    const first = await repo.ask(['agent/fix'], { git: cut });
    expect(first.proofs.map(verdict)).toEqual(['unknown: the answer of git log was cut short']);
    const { proofs } = await repo.ask(['agent/fix'], { cache: first.cache });
    expect(proofs.map(verdict)).toEqual(['replayed']);
  });
});

describe('the lines a base has to add and remove', () => {
  it('are those that are new, and those that are gone: not what was moved, repeated or renamed', async () => {
    const repo = landedRepo();
    const from = repo.change({
      'moves.txt': 'one\ntwo\nthree\nfour\n',
      'old.txt': 'renamed\nkept\n',
      'twice.txt': 'x\ny\n',
    });
    const to = repo.change({
      'moves.txt': 'two\nthree\nfour\none\n',
      'old.txt': null,
      'renamed.txt': 'renamed\nkept\nadded\n',
      'twice.txt': 'x\ny\nx\n',
      'notes.txt': numbers({ 3: 'three' }),
    });
    const view = await openView({ io: repo.io, commonDir: repo.commonDir, oidLength: 40, isOutOfTime: () => false });
    if (!view.known) throw new Error(view.why);
    const raw = repo.git(['diff-tree', '-r', '--no-renames', '--no-abbrev', from, to]).split('\n');
    const changes = raw.map((line) => {
      const [oldMode, newMode, before, after, , path = ''] = line.slice(1).split(/[ \t]/);
      return { path, before: `${oldMode}:${before}`, after: `${newMode}:${after}` };
    });
    const lines = await newAndGone(view.value, [{ from, to, changes }]);
    await view.value.close();
    const counts = lines.known ? [...(lines.value[0] ?? [])].map(([path, each]) => [path, each.size]) : lines.why;
    // One line of notes.txt is new and one gone; old.txt lost both of its lines; renamed.txt has one more.
    expect(counts).toEqual([
      ['notes.txt', 2],
      ['old.txt', 2],
      ['renamed.txt', 1],
    ]);
  });
});
