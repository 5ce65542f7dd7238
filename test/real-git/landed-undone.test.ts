/** Branches that take back what the base has, and base commits from before it had that. */
import { describe, expect, it } from 'vitest';
import { type LandedRepo, landedRepo, numbers, verdict } from './landed-support.ts';

const PROVEN = /^(?:ancestor|adds-nothing|replayed|patches)$/;

const THREE = numbers({ 3: 'three' });
const BOTH = numbers({ 3: 'three', 9: 'nine' });

/** Changes `notes.txt` to each text in turn. */
const write = (repo: LandedRepo, who: string, ...texts: string[]) => {
  for (const [at, text] of texts.entries()) repo.change({ 'notes.txt': text }, `${who} ${at}`);
};

/** Executable, or not. */
function chmod(repo: LandedRepo, who: string, how: '+x' | '-x') {
  repo.git(['update-index', `--chmod=${how}`, 'notes.txt']);
  repo.git(['commit', '-q', '-m', `${who} ${how}`]);
  repo.git(['reset', '-q', '--hard']);
}

/** Each takes `who` from one state to the next, by the number of the state. */
const KINDS: readonly [string, (repo: LandedRepo, who: string, state: number) => void][] = [
  ['lines', (repo, who, state) => write(repo, who, [numbers(), THREE, numbers({ 3: 'drei' })][state] ?? '')],
  ['bytes', (repo, who, state) => repo.change({ 'data.bin': `\0${state}\n` }, who)],
  ['whole files', (repo, who, state) => repo.change({ 'new.txt': ['old\n', 'new\n', 'newer\n'][state] ?? '' }, who)],
  ['modes', (repo, who, state) => chmod(repo, `${who} ${state}`, state === 0 ? '-x' : '+x')],
];

describe('a branch that takes back what came to the base by a side branch has not landed', () => {
  it.each(KINDS)('when the base had done and undone the like before: %s', async (kind, to) => {
    const repo = landedRepo();
    if (kind !== 'modes') to(repo, 'start', 0);
    repo.start('side');
    to(repo, 'side', 1);
    repo.start('agent/undo', 'side');
    to(repo, 'undo', 0);
    repo.git(['switch', '-q', 'main']);
    repo.change({ 'other.txt': 'other\n' });
    to(repo, 'main', kind === 'modes' ? 1 : 2);
    to(repo, 'main', 0);
    repo.git(['merge', '-q', '--no-ff', '--no-edit', 'side']);
    expect(verdict(await repo.prove('agent/undo'))).not.toMatch(PROVEN);
    to(repo, 'back', 0);
    expect(verdict(await repo.prove('agent/undo'))).toMatch(PROVEN);
  });

  it('when the base had the very patch of that before', async () => {
    const repo = landedRepo();
    repo.start('side');
    write(repo, 'side', THREE, BOTH);
    repo.start('agent/undo', 'side');
    write(repo, 'undo', numbers({ 9: 'nine' }));
    repo.git(['switch', '-q', 'main']);
    write(repo, 'main', BOTH, numbers({ 9: 'nine' }), numbers());
    repo.git(['merge', '-q', '--no-ff', '--no-edit', 'side']);
    expect(repo.git(['show', 'main:notes.txt'])).toContain('three');
    expect(verdict(await repo.prove('agent/undo'))).not.toMatch(PROVEN);
  });

  it('also when another branch has more of the base read', async () => {
    const repo = landedRepo();
    repo.start('agent/old');
    write(repo, 'old', numbers({ 20: 'twenty' }));
    repo.git(['switch', '-q', 'main']);
    repo.change({ 'data.bin': '\0v0\n' });
    repo.start('side');
    repo.change({ 'data.bin': '\0v1\n' });
    repo.start('agent/undo', 'side');
    repo.change({ 'data.bin': '\0v0\n' }, 'undo');
    repo.git(['switch', '-q', 'main']);
    repo.change({ 'data.bin': '\0v2\n' });
    repo.change({ 'data.bin': '\0v0\n' }, 'main');
    repo.git(['merge', '-q', '--no-ff', '--no-edit', 'side']);
    const { proofs } = await repo.ask(['agent/old', 'agent/undo']);
    expect(proofs.map(verdict)).not.toContainEqual(expect.stringMatching(PROVEN));
  });
});

/** A commit on the current branch of the first of January of a year. */
function inYear(repo: LandedRepo, year: number, files: Record<string, string>): void {
  for (const [path, text] of Object.entries(files)) repo.write(path, text);
  repo.git(['add', '-A']);
  const date = `${year}-01-01T00:00:00Z`;
  const env = repo.env({ GIT_AUTHOR_DATE: date, GIT_COMMITTER_DATE: date });
  repo.git(['commit', '-q', '-m', `${Object.keys(files)} in ${year}`], repo.root, { env });
}

/** Dates so wrong that git names `trunk`'s last changes of `f.txt` as commits of `agent/mine` alone. */
function withLyingDates(mine: string): LandedRepo {
  const repo = landedRepo();
  repo.git(['switch', '-q', '--orphan', 'trunk']);
  inYear(repo, 1990, { 'f.txt': numbers() });
  inYear(repo, 1991, { 'f.txt': numbers({ 1: 'one' }) });
  repo.git(['branch', '-q', 'side']);
  inYear(repo, 2019, { 'f.txt': numbers({ 1: 'one', 5: 'five' }) });
  inYear(repo, 2020, { 'f.txt': numbers({ 1: 'one', 5: 'five', 9: 'nine' }) });
  repo.start('agent/mine', 'trunk');
  inYear(repo, 2021, { 'f.txt': mine });
  repo.git(['switch', '-q', 'side']);
  inYear(repo, 2020, { 'side.txt': 'side\n' });
  repo.git(['switch', '-q', 'trunk']);
  for (let at = 0; at < 12; at++) inYear(repo, 1995, { 'other.txt': `${at}\n` });
  repo.git(['merge', '-q', '--no-ff', '--no-edit', 'side']);
  expect(repo.git(['rev-list', '--count', 'agent/mine', '^trunk'])).toBe('3');
  return repo;
}

describe('where dates lie', () => {
  const bases = (repo: LandedRepo) => [repo.base('refs/heads/trunk')];

  it('a branch that takes back what the base has does not begin before that', async () => {
    const repo = withLyingDates(numbers({ 1: 'one', 5: 'five' }));
    expect(verdict(await repo.prove('agent/mine', { bases: bases(repo) }))).not.toMatch(PROVEN);
  });

  it('a landing is found, and so is a commit of the base', async () => {
    const repo = withLyingDates(numbers({ 1: 'one', 5: 'five', 9: 'nine', 12: 'twelve' }));
    repo.git(['branch', '-q', 'agent/reached', 'agent/mine~1']);
    repo.squash('agent/mine');
    inYear(repo, 2022, { 'f.txt': numbers() });
    const { proofs } = await repo.ask(['agent/mine', 'agent/reached'], { bases: bases(repo) });
    expect(proofs.map(verdict)).toEqual(['replayed', 'ancestor']);
  });

  it('a branch has history in common even where git stops before it', async () => {
    const repo = landedRepo();
    repo.git(['switch', '-q', '--orphan', 'trunk']);
    inYear(repo, 2020, { 'f.txt': numbers() });
    repo.start('agent/mine', 'trunk');
    inYear(repo, 2021, { 'f.txt': numbers({ 12: 'twelve' }) });
    repo.git(['switch', '-q', 'trunk']);
    for (let at = 0; at < 12; at++) inYear(repo, 1995, { 'other.txt': `${at}\n` });
    repo.squash('agent/mine');
    for (let at = 0; at < 12; at++) inYear(repo, 1995, { 'f.txt': `${at}\n` });
    expect(repo.git(['rev-list', '--count', 'agent/mine', '^trunk'])).toBe('2');
    expect(verdict(await repo.prove('agent/mine', { bases: bases(repo) }))).toBe('replayed');
  });
});
