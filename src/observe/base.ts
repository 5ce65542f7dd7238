/**
 * The bases: refs whose history counts as landed.
 *
 * Contract: refs that are here, nothing fetched. The default branch is what origin/HEAD points at,
 * else the first of init.defaultBranch, main and master that exists; it counts locally and as
 * origin has it. `configured` adds names and patterns. Symbolic refs are not bases themselves.
 * Failure direction: a managed branch, or a remote's copy of one, is never a base: measured
 * against itself everything has landed. No base at all is unknown.
 */
import type { Base } from '../core/landing.ts';
import { type Fact, known, unknown } from '../core/model.ts';
import { matchBranch } from '../core/patterns.ts';
import type { GitPort } from '../io/ports.ts';
import { landedMessages } from './landed/messages.ts';
import { commitOf } from './landed/read.ts';

export type { Base } from '../core/landing.ts';

export interface BaseOptions {
  readonly git: GitPort;
  readonly gitDir: string;
  readonly cwd: string;
  /** `worktrees.base`: branch names, `origin/<name>`, full refs, or patterns of them. */
  readonly configured: readonly string[];
  /** Whether a short branch name is one of those that get reclaimed. */
  readonly managedBranches: (name: string) => boolean;
}

interface Ref {
  readonly name: string;
  readonly oid: string;
  /** What a symbolic ref points at, or ''. */
  readonly target: string;
}

const HEADS = 'refs/heads/';
const REMOTES = 'refs/remotes/';
const ORIGIN_HEAD = 'refs/remotes/origin/HEAD';
const ORIGIN = 'refs/remotes/origin/';

/** The default branch first, then what is configured, in the order of the refs' names. */
export async function resolveBases(options: BaseOptions): Promise<Fact<Base[]>> {
  const { git, gitDir, cwd } = options;
  const format = '--format=%(refname) %(objectname) %(symref)';
  const answer = await git.run({ args: ['for-each-ref', format, HEADS, REMOTES], cwd, gitDir });
  if (!answer.ok) return unknown(landedMessages.unread(answer.why));
  const refs = answer.stdout.split('\n').flatMap(parseRef);
  const eligible = refs.filter(({ name, target }) => target === '' && !isManaged(name, options.managedBranches));
  const names = await defaultNames(options, refs, eligible);
  const wanted = [...names.flatMap((name) => [HEADS + name, ORIGIN + name])];
  const first = wanted.flatMap((name) => eligible.filter((ref) => ref.name === name));
  const further = eligible.filter(({ name }) => isConfigured(name, options.configured));
  const bases = [...new Set([...first, ...further])].map(({ name, oid }) => ({ ref: name, oid }));
  return bases.length === 0 ? unknown(landedMessages.noBase()) : known(bases);
}

export interface NamedBaseOptions {
  readonly git: GitPort;
  readonly gitDir: string;
  readonly cwd: string;
  /** What names a commit to git, or patterns of branches such as `release/*`. */
  readonly names: readonly string[];
}

/** Exactly the bases that a person names, as `git branch --merged <commit>` takes one. A name without a commit is unknown. */
export async function namedBases({ git, gitDir, cwd, names }: NamedBaseOptions): Promise<Fact<Base[]>> {
  const bases = new Map<string, Base>();
  const listed = await git.run({
    args: ['for-each-ref', '--format=%(refname) %(objectname) %(symref)', HEADS, REMOTES],
    cwd,
    gitDir,
  });
  if (!listed.ok) return unknown(landedMessages.unread(listed.why));
  const refs = listed.stdout.split('\n').flatMap(parseRef);
  for (const name of names) {
    const isPattern = /[*?[]/.test(name);
    const matching = refs.filter(({ name: ref, target }) => isPattern && target === '' && isConfigured(ref, [name]));
    const one = isPattern ? null : await commitNamed({ git, gitDir, cwd }, name);
    for (const { name: ref, oid } of matching) bases.set(ref, { ref, oid });
    if (one !== null) bases.set(one.ref, one);
    else if (matching.length === 0) return unknown(landedMessages.unknownRevision(name));
  }
  return known([...bases.values()]);
}

/** The commit that a revision names, under the full name of its ref when it is one; else under the name given. */
async function commitNamed(asked: { git: GitPort; gitDir: string; cwd: string }, rev: string): Promise<Base | null> {
  const oid = await commitOf(asked, rev);
  if (oid === null) return null;
  const { git, gitDir, cwd } = asked;
  const full = await git.run({
    args: ['rev-parse', '--symbolic-full-name', '--verify', '--quiet', rev],
    cwd,
    gitDir,
    okCodes: [1],
  });
  const ref = full.ok ? full.stdout.trim() : '';
  return { ref: ref.startsWith('refs/') ? ref : rev, oid };
}

function parseRef(line: string): Ref[] {
  const [name = '', oid = '', target = ''] = line.split(' ');
  return oid === '' ? [] : [{ name, oid, target }];
}

/** The short name of the default branch, alone in a list, or none. */
async function defaultNames(options: BaseOptions, refs: readonly Ref[], eligible: readonly Ref[]): Promise<string[]> {
  const exists = (name: string) => eligible.some((ref) => ref.name === HEADS + name || ref.name === ORIGIN + name);
  const target = refs.find(({ name }) => name === ORIGIN_HEAD)?.target ?? '';
  const remote = target.startsWith(ORIGIN) ? target.slice(ORIGIN.length) : '';
  if (remote !== '' && exists(remote)) return [remote];
  const { git, gitDir, cwd } = options;
  const answer = await git.run({ args: ['config', '--get', 'init.defaultBranch'], cwd, gitDir, okCodes: [1] });
  const preferred = answer.ok ? answer.stdout.trim() : '';
  const found = [preferred, 'main', 'master'].find((name) => name !== '' && exists(name));
  return found === undefined ? [] : [found];
}

/** A remote's name may hold slashes, so every way to cut it off is tried. */
function isManaged(ref: string, managedBranches: (name: string) => boolean): boolean {
  return namesOf(ref).some(managedBranches);
}

function namesOf(ref: string): string[] {
  if (ref.startsWith(HEADS)) return [ref.slice(HEADS.length)];
  const segments = ref.slice(REMOTES.length).split('/');
  return segments.slice(1).map((_, index) => segments.slice(index + 1).join('/'));
}

const anchored = new WeakMap<readonly string[], readonly string[]>();

/** Patterns are matched from the start of a name: `main` is not `wip/main`. */
function isConfigured(ref: string, configured: readonly string[]): boolean {
  const patterns = anchored.get(configured) ?? configured.map(anchor);
  anchored.set(configured, patterns);
  const short = ref.startsWith(HEADS) ? ref.slice(HEADS.length) : ref.slice(REMOTES.length);
  const names = [short, ref, ...(ref.startsWith(REMOTES) ? [short.slice(short.indexOf('/') + 1)] : [])];
  return names.some((name) => matchBranch(name, patterns) !== null);
}

function anchor(pattern: string): string {
  const body = pattern.replace(/^!/, '');
  const rooted = body.startsWith('/') ? body : `/${body}`;
  return pattern.startsWith('!') ? `!${rooted}` : rooted;
}
