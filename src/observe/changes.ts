/**
 * Uncommitted work: one `git status` and one `git ls-files` for a worktree.
 *
 * Contract: the flags say everything that the user's configuration could hide; the output is
 * accepted only whole (header first, NUL last, every record understood).
 * Failure direction: anything on stderr (an unreadable directory, say) makes the answer unknown.
 */
import { type Changes, type Fact, known, unknown } from '../core/model.ts';
import type { GitCall, Io } from '../io/ports.ts';
import { strippedFiles } from './filtered.ts';
import { configuredFilters } from './filters.ts';

/** Where a worktree is looked at: its registration, and where its files lie now. */
export interface Place {
  readonly adminDir: string;
  readonly tree: string;
}

export interface Status {
  readonly changes: Changes;
  /** Relative paths, directories with a trailing `/`. */
  readonly ignored: readonly string[];
}

const STATUS = [
  'status',
  '--porcelain=v2',
  '-z',
  '--branch',
  '--untracked-files=all',
  '--ignored=matching',
  '--ignore-submodules=none',
  '--no-renames',
  '--no-ahead-behind',
];

/** What git says about changes, untracked and ignored paths. */
export async function readStatus(io: Pick<Io, 'git'>, place: Place): Promise<Fact<Status>> {
  const filters = await configuredFilters(io, place);
  if (!filters.known) return filters;
  const answer = await io.git.run({ ...inWorktree(place, STATUS), config: switchedOff(filters.value) });
  if (!answer.ok) return unknown(`git status failed: ${answer.why}`);
  const status = parseStatus(answer.stdout);
  if (!status.known) return status;
  const stripped = await strippedFiles(io, place, filters.value);
  if (!stripped.known) return stripped;
  const { changes, ignored } = status.value;
  const tracked = [...new Set([...changes.tracked, ...stripped.value])];
  return known({ changes: { ...changes, tracked }, ignored });
}

/**
 * Which of the untracked paths git ignores, as `--ignored=matching` would name them; null when git could not say.
 *
 * @param paths relative, directories with a trailing `/`, each in a directory that git tracks something in
 */
export async function ignoredAmong(
  io: Pick<Io, 'git'>,
  place: Place,
  paths: readonly string[],
): Promise<ReadonlySet<string> | null> {
  const input = paths.map((path) => `${asked(path)}\0`).join('');
  const call = inWorktree(place, ['check-ignore', '--stdin', '-z']);
  const answer = await io.git.run({ ...call, input, magicPaths: true, okCodes: [1] });
  if (!answer.ok || (answer.stdout !== '' && !answer.stdout.endsWith('\0'))) return null;
  const named = new Set(answer.stdout.split('\0'));
  return new Set(paths.filter((path) => named.has(asked(path))));
}

/**
 * A colon in front would begin pathspec magic. A slash behind would make git match a nameless entry of the directory,
 * which patterns for what lies in it (`dist/*`, a `.gitignore` of its own) ignore, but for their exceptions.
 */
const asked = (path: string): string => `./${path.replace(/\/$/, '')}`;

const FILTER_PARTS = ['clean=', 'smudge=', 'process=', 'required=false'];

/**
 * Settings that switch filters off.
 *
 * Why: a clean filter is a program, which a branch may supply by a relative path, and it hides what
 * it cleans away. Without it a file counts as changed when its bytes are not those of the checkout;
 * one that git has not looked into since it was added is `strippedFiles`' affair.
 */
const switchedOff = (names: readonly string[]): string[] =>
  names.flatMap((name) => FILTER_PARTS.map((part) => `filter.${name}.${part}`));

/** Parses `git status --porcelain=v2 -z --branch`. */
export function parseStatus(text: string): Fact<Status> {
  if (!text.startsWith('# branch.oid ') || !text.endsWith('\0')) return unknown('git status ended before its end');
  const tracked: string[] = [];
  const untracked: string[] = [];
  const ignored: string[] = [];
  for (const record of text.slice(0, -1).split('\0')) {
    const path = (fields: number) => record.split(' ').slice(fields).join(' ');
    if (record.startsWith('# ')) continue;
    if (record.startsWith('1 ')) tracked.push(path(8));
    else if (record.startsWith('u ')) tracked.push(path(10));
    else if (record.startsWith('? ')) untracked.push(path(1));
    else if (record.startsWith('! ')) ignored.push(path(1));
    else return unknown(`git status printed a record that is not understood: ${record.slice(0, 40)}`);
  }
  return known({ changes: { tracked, untracked }, ignored });
}

export interface IndexListing {
  /** Paths whose edits status does not show: assume-unchanged, or skip-worktree. */
  readonly assumeUnchanged: readonly string[];
  readonly skipWorktree: readonly string[];
  /** Submodule paths. */
  readonly gitlinks: readonly string[];
  /** Every directory that git tracks something below; the root is not among them. */
  readonly directories: readonly string[];
  /** True when git tracks something at or below a path. */
  readonly hasTracked: (path: string) => boolean;
}

/** The index, entry by entry, with the flags that hide edits. */
export async function readIndex(io: Pick<Io, 'git'>, place: Place): Promise<Fact<IndexListing>> {
  const answer = await io.git.run(inWorktree(place, ['ls-files', '-v', '--stage', '-z']));
  if (!answer.ok) return unknown(`git ls-files failed: ${answer.why}`);
  // A worktree without a single tracked file is rarer than a git that said nothing.
  return answer.stdout === '' ? unknown('git ls-files listed nothing') : parseIndex(answer.stdout);
}

const ENTRY = /^([a-zA-Z?]) (\d{6}) [0-9a-f]{40,64} (\d)\t([\s\S]+)$/;

/** Parses `git ls-files -v --stage -z`. */
export function parseIndex(text: string): Fact<IndexListing> {
  if (text !== '' && !text.endsWith('\0')) return unknown('git ls-files ended before its end');
  const assumeUnchanged: string[] = [];
  const skipWorktree: string[] = [];
  const gitlinks: string[] = [];
  const paths: string[] = [];
  for (const record of text === '' ? [] : text.slice(0, -1).split('\0')) {
    const [, tag, mode, , path] = ENTRY.exec(record) ?? [];
    if (tag === undefined || path === undefined) return unknown('git ls-files printed a record that is not understood');
    if (tag === tag.toLowerCase()) assumeUnchanged.push(path);
    if (tag.toUpperCase() === 'S') skipWorktree.push(path);
    if (mode === '160000') gitlinks.push(path);
    paths.push(path);
  }
  return known({ ...listingOf(paths), assumeUnchanged, skipWorktree, gitlinks });
}

/** The listing of paths of which none is flagged and none is a submodule. */
export function listingOf(paths: readonly string[]): IndexListing {
  const directories = new Set<string>();
  for (const path of paths) addParents(directories, path);
  const files = new Set(paths);
  const plain = (path: string) => path.replace(/\/$/, '');
  return {
    assumeUnchanged: [],
    skipWorktree: [],
    gitlinks: [],
    directories: [...directories],
    hasTracked: (path) => directories.has(plain(path)) || files.has(plain(path)),
  };
}

function addParents(directories: Set<string>, path: string): void {
  for (let end = path.lastIndexOf('/'); end > 0; end = path.lastIndexOf('/', end - 1)) {
    const parent = path.slice(0, end);
    if (directories.has(parent)) return;
    directories.add(parent);
  }
}

/** A call that can look at nothing but this worktree. */
export const inWorktree = (place: Place, args: readonly string[]): GitCall => ({
  args,
  cwd: place.tree,
  gitDir: place.adminDir,
  workTree: place.tree,
  strict: true,
});
