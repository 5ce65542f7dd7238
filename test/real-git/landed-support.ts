/** Branches and the ways they land, and the proofs asked as the program asks them. */
import { join } from 'node:path';
import type { Base, Limits, Proof } from '../../src/core/landing.ts';
import type { Fact } from '../../src/core/model.ts';
import { createMachine } from '../../src/io/machine.ts';
import type { GitCall, GitPort, Io } from '../../src/io/ports.ts';
import { findProgram } from '../../src/io/program.ts';
import { createLandings, type LandingCache, questionKey } from '../../src/observe/landed/index.ts';
import { isPickedInto } from '../support/picked.ts';
import { makeRepo, type TestRepo } from '../support/repo.ts';

export interface Asked {
  readonly bases?: readonly Base[];
  readonly cache?: unknown;
  readonly limits?: Partial<Limits>;
  readonly git?: (real: GitPort) => GitPort;
  readonly isOutOfTime?: () => boolean;
  /** The branch to name in the question; null for none, absent for the rev itself. */
  readonly branch?: string | null;
}

export interface Answers {
  readonly proofs: readonly Fact<Proof>[];
  readonly cache: LandingCache;
  /** Every git call that was made. */
  readonly calls: readonly GitCall[];
}

export interface LandedRepo extends TestRepo {
  readonly io: Io;
  /** Creates a branch from `start` and makes it the current one. */
  start(branch: string, start?: string): void;
  /** Squash-merges a branch into the current one, as a forge does. */
  squash(branch: string): string;
  /** Replays a branch's own commits onto the current branch. */
  rebaseOnto(branch: string, base?: string): string;
  /** A commit on the current branch with these files; null deletes. */
  change(files: Record<string, string | null>, message?: string): string;
  base(ref?: string): Base;
  ask(revs: readonly string[], asked?: Asked): Promise<Answers>;
  prove(rev: string, asked?: Asked): Promise<Fact<Proof>>;
}

/** A repository whose `main` holds `notes.txt` with the numbers 1 to 20. */
export function landedRepo(): LandedRepo {
  return withLandings(makeRepo(), true);
}

export function withLandings(repo: TestRepo, isNew = false): LandedRepo {
  const binary = findProgram('git') ?? 'git';
  // The program's environment is the test's: its HOME holds the configuration a test writes.
  const machine = createMachine(binary);
  const landed: LandedRepo = {
    ...repo,
    io: machine,
    start: (branch, start = 'main') => void repo.git(['switch', '-q', '-c', branch, start]),
    squash(branch) {
      repo.git(['merge', '-q', '--squash', branch]);
      repo.git(['commit', '-q', '--allow-empty', '-m', `squash of ${branch}`]);
      return repo.git(['rev-parse', 'HEAD']);
    },
    rebaseOnto(branch, base = 'main') {
      const own = repo.git(['rev-list', '--reverse', '--no-merges', `${base}..${branch}`]).split('\n');
      repo.git(['cherry-pick', '--allow-empty', ...own]);
      return repo.git(['rev-parse', 'HEAD']);
    },
    change(files, message = `change ${Object.keys(files).join(' ')}`) {
      for (const [path, text] of Object.entries(files)) {
        if (text === null) repo.git(['rm', '-q', '--', path]);
        else repo.write(path, text);
      }
      repo.git(['add', '-A']);
      repo.git(['commit', '-q', '--allow-empty', '-m', message]);
      return repo.git(['rev-parse', 'HEAD']);
    },
    base: (ref = 'refs/heads/main') => ({ ref, oid: repo.git(['rev-parse', ref]) }),
    async ask(revs, asked = {}) {
      const calls: GitCall[] = [];
      const counted: GitPort = {
        run(call) {
          calls.push(call);
          return machine.git.run(call);
        },
      };
      const git = asked.git?.(counted) ?? counted;
      const { commonDir } = repo;
      const landings = createLandings({
        io: { git, disk: machine.disk },
        ...{ gitDir: commonDir, cwd: repo.root, commonDir },
        cache: asked.cache,
        ...(asked.limits === undefined ? {} : { limits: asked.limits }),
        ...(asked.isOutOfTime === undefined ? {} : { isOutOfTime: asked.isOutOfTime }),
      });
      const questions = revs.map((rev) => ({
        head: repo.git(['rev-parse', rev]),
        branch: asked.branch === undefined ? rev : asked.branch,
      }));
      const answers = await landings.prove(questions, asked.bases ?? [landed.base()]);
      const proofs = questions.map((question) => answers.get(questionKey(question)) as Fact<Proof>);
      return { proofs, cache: JSON.parse(JSON.stringify(landings.cache())) as LandingCache, calls };
    },
    async prove(rev, asked) {
      return (await landed.ask([rev], asked)).proofs[0] as Fact<Proof>;
    },
  };
  if (isNew) repo.commit('notes.txt', numbers());
  return landed;
}

/** Numbered lines, some of them replaced. */
export function numbers(replaced: Record<number, string> = {}, count = 20): string {
  return Array.from({ length: count }, (_, index) => `${replaced[index + 1] ?? `line ${index + 1}`}\n`).join('');
}

/** What a proof says, in a form that tests can compare. */
export function verdict(proof: Fact<Proof>): string {
  if (!proof.known) return `unknown: ${proof.why}`;
  return proof.value.landed ? proof.value.evidence.how : `not landed: ${proof.value.why}`;
}

export const commitOf = (proof: Fact<Proof>): string | null =>
  proof.known && proof.value.landed ? proof.value.evidence.commit : null;

/** Makes the proof again with plain git; throws when it does not hold. */
export function verify(repo: TestRepo, head: string, proof: Fact<Proof>): void {
  if (!proof.known || !proof.value.landed) throw new Error(`nothing to verify: ${verdict(proof)}`);
  const { how, commit, oid } = proof.value.evidence;
  const tree = (rev: string) => repo.git(['rev-parse', `${rev}^{tree}`]);
  const merged = (ours: string) => {
    try {
      return repo.git(['merge-tree', '--write-tree', ours, head]);
    } catch {
      return 'conflict';
    }
  };
  repo.git(['merge-base', '--is-ancestor', commit, oid]);
  if (how === 'ancestor') repo.git(['merge-base', '--is-ancestor', head, oid]);
  if (how === 'adds-nothing' && merged(commit) !== tree(commit)) throw new Error('it adds something');
  if (how === 'replayed') {
    const count = repo.git(['rev-list', '--count', '--no-merges', head, `^${oid}`]);
    if (
      !Array.from({ length: Math.max(1, Number(count)) }).some(
        (_, at) => merged(`${commit}~${at + 1}`) === tree(commit),
      )
    )
      throw new Error('the merge has another tree');
  }
  if (how === 'patches' && !isPickedInto((args) => repo.git(args), oid, head))
    throw new Error('a commit was not picked');
}

export const inside = (repo: TestRepo, ...names: string[]): string => join(repo.root, ...names);
