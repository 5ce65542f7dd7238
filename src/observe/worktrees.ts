/**
 * The registered worktrees, from one `git worktree list --porcelain -z`, and their identity.
 *
 * Contract: git's list gives path, HEAD, branch and lock; the administrative directories give
 * the registration's name. The two are joined by path and must agree.
 * Failure direction: a record that is malformed, ambiguous or not UTF-8 becomes a candidate
 * that `identity` refuses; a list that cannot be read is an unknown fact for everything.
 */
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { type Fact, known, type Ownness, unknown, type WorktreeCandidate } from '../core/model.ts';
import { isInside } from '../core/paths.ts';
import type { DiskReader, GitPort, Io } from '../io/ports.ts';

/** What decoding leaves behind where bytes were not UTF-8: such a name cannot be given back to the system. */
const UNDECODABLE = '�';

/** Lists every worktree, the main one first. */
export async function listWorktrees(
  io: Pick<Io, 'git' | 'disk'>,
  commonDir: string,
): Promise<Fact<WorktreeCandidate[]>> {
  const [answer, registrations] = await Promise.all([
    io.git.run({ args: ['worktree', 'list', '--porcelain', '-z'], cwd: commonDir, gitDir: commonDir, strict: true }),
    readRegistrations(io.disk, commonDir),
  ]);
  if (!answer.ok) return unknown(`the worktree list could not be read: ${answer.why}`);
  const records = parseWorktreeList(answer.stdout);
  if (records === null || records.length === 0) return unknown('git printed a worktree list that is not understood');
  const byPath = new Map<string, string[]>();
  for (const { id, dotGit } of registrations) byPath.set(dirname(dotGit), [...(byPath.get(dirname(dotGit)) ?? []), id]);
  return known(records.map((record, index) => candidateOf(record, index === 0, byPath, commonDir)));
}

export interface WorktreeRecord {
  readonly path: string;
  readonly head: string | null;
  readonly branch: string | null;
  readonly locked: string | null;
  readonly isBare: boolean;
}

/** Parses `git worktree list --porcelain -z`; null when a record has no path. */
export function parseWorktreeList(text: string): WorktreeRecord[] | null {
  if (!text.endsWith('\0\0')) return null;
  const records: WorktreeRecord[] = [];
  for (const block of text.slice(0, -2).split('\0\0')) {
    const lines = block.split('\0');
    const value = (name: string) =>
      lines.find((line) => line === name || line.startsWith(`${name} `))?.slice(name.length + 1);
    const path = value('worktree');
    if (path === undefined || path === '') return null;
    const head = value('HEAD');
    records.push({
      path,
      head: head === undefined || /^0+$/.test(head) ? null : head,
      branch: value('branch')?.replace(/^refs\/heads\//, '') ?? null,
      locked: value('locked') ?? null,
      isBare: lines.includes('bare'),
    });
  }
  return records;
}

interface Registration {
  readonly id: string;
  /** Absolute path of the worktree's `.git` file, as the registration names it. */
  readonly dotGit: string;
}

async function readRegistrations(disk: DiskReader, commonDir: string): Promise<Registration[]> {
  const listing = await disk.list(join(commonDir, 'worktrees'));
  if (!listing.ok) return [];
  const found = await Promise.all(
    listing.value.map(async ({ name }) => {
      const dotGit = await registeredDotGit(disk, join(commonDir, 'worktrees', name));
      return dotGit === null ? null : { id: name, dotGit };
    }),
  );
  return found.filter((each) => each !== null);
}

/** `gitdir` holds the `.git` file's path, relative to the registration with worktree.useRelativePaths. */
async function registeredDotGit(disk: DiskReader, adminDir: string): Promise<string | null> {
  const text = await disk.readText(join(adminDir, 'gitdir'));
  if (!text.ok) return null;
  const named = text.value.replace(/\n$/, '');
  return isAbsolute(named) ? named : resolve(adminDir, named);
}

function candidateOf(
  record: WorktreeRecord,
  isMain: boolean,
  idsByPath: ReadonlyMap<string, readonly string[]>,
  commonDir: string,
): WorktreeCandidate {
  const matching = isMain ? [] : (idsByPath.get(record.path) ?? []);
  const id = matching.length === 1 ? (matching[0] ?? '') : '';
  return {
    kind: 'worktree',
    id,
    path: record.path,
    adminDir: id === '' ? '' : join(commonDir, 'worktrees', id),
    branch: record.branch,
    head: record.head,
    locked: record.locked,
    isMain,
    isBare: record.isBare,
    isMissing: false,
  };
}

/**
 * Whether the directory `at` and the registration name each other, and nobody stands in it.
 *
 * @param at where the directory lies now; differs from `candidate.path` only in quarantine
 * @param from the directory the program was started from, or null
 */
export async function identity(
  disk: DiskReader,
  candidate: WorktreeCandidate,
  commonDir: string,
  from: string | null,
  at: string = candidate.path,
): Promise<Fact<Ownness>> {
  if (candidate.isBare) return known('bare');
  if (candidate.isMain) return known('main');
  if (from !== null && isInside(from, candidate.path)) return known('current');
  if (candidate.path.includes(UNDECODABLE)) return unknown('its path is not valid UTF-8');
  if (candidate.branch?.includes(UNDECODABLE) === true) return unknown('its branch name is not valid UTF-8');
  if (candidate.id === '') return known({ notOwn: 'no single registration names this directory' });
  const registration = await registrationProblem(disk, candidate, commonDir);
  if (registration !== null) return registration;
  if (candidate.isMissing) return known('linked');
  return (await directoryProblem(disk, candidate, at)) ?? known('linked');
}

async function registrationProblem(
  disk: DiskReader,
  candidate: WorktreeCandidate,
  commonDir: string,
): Promise<Fact<Ownness> | null> {
  const { adminDir } = candidate;
  const info = await disk.lstat(adminDir);
  if (!info.ok) return unknown(`its registration could not be read: ${info.why}`);
  if (info.value.kind !== 'directory') return known({ notOwn: 'its registration is not a directory' });
  const dotGit = await registeredDotGit(disk, adminDir);
  if (dotGit === null) return unknown('its registration does not name a directory');
  if (dotGit !== join(candidate.path, '.git')) return known({ notOwn: `its registration names ${dirname(dotGit)}` });
  const commondir = await disk.readText(join(adminDir, 'commondir'));
  if (!commondir.ok) return unknown(`its registration could not be read: ${commondir.why}`);
  const named = await disk.realpath(resolve(adminDir, commondir.value.replace(/\n$/, '')));
  if (!named.ok) return unknown(`its registration names a repository that could not be read: ${named.why}`);
  return named.value === commonDir ? null : known({ notOwn: `its registration belongs to ${named.value}` });
}

async function directoryProblem(
  disk: DiskReader,
  candidate: WorktreeCandidate,
  at: string,
): Promise<Fact<Ownness> | null> {
  const root = await disk.lstat(at);
  if (!root.ok) return unknown(`its directory could not be read: ${root.why}`);
  if (root.value.kind !== 'directory') return known({ notOwn: 'its path is not a directory' });
  const real = await disk.realpath(at);
  if (!real.ok) return unknown(`its path could not be resolved: ${real.why}`);
  if (real.value !== at) return known({ notOwn: `its path leads through a symbolic link to ${real.value}` });
  const dotGit = await disk.lstat(join(at, '.git'));
  if (!dotGit.ok && dotGit.code === 'ENOENT') return known({ notOwn: 'its directory has no .git file' });
  if (!dotGit.ok) return unknown(`its .git file could not be read: ${dotGit.why}`);
  if (dotGit.value.kind !== 'file') return known({ notOwn: 'its directory holds another repository' });
  const text = await disk.readText(join(at, '.git'));
  if (!text.ok) return unknown(`its .git file could not be read: ${text.why}`);
  const named = /^gitdir: ([\s\S]*?)\n?$/.exec(text.value)?.[1];
  if (named === undefined) return known({ notOwn: 'its .git file is not understood' });
  return sameDirectory(disk, resolve(candidate.path, named), candidate.adminDir);
}

async function sameDirectory(disk: DiskReader, named: string, adminDir: string): Promise<Fact<Ownness> | null> {
  // The very name that was looked at before.
  if (named === adminDir) return null;
  const [one, other] = await Promise.all([disk.stat(named), disk.stat(adminDir)]);
  if (!one.ok || !other.ok) return known({ notOwn: `its .git file names ${named}, which is not its registration` });
  const same = one.value.dev === other.value.dev && one.value.ino === other.value.ino;
  return same ? null : known({ notOwn: `its .git file names ${named}, another worktree` });
}

/**
 * Whether the directory is there. A parent that is gone too, or that holds nothing at all, is what an
 * unmounted volume looks like, and no deletion.
 */
export async function presence(disk: DiskReader, path: string): Promise<Fact<'present' | 'missing' | 'elsewhere'>> {
  const info = await disk.lstat(path);
  if (info.ok) return known('present');
  if (info.code !== 'ENOENT') return unknown(`its directory could not be looked at: ${info.why}`);
  const parent = await disk.lstat(dirname(path));
  if (parent.ok) return parent.value.kind === 'directory' ? missingFrom(disk, dirname(path)) : known('elsewhere');
  if (parent.code === 'ENOENT' || parent.code === 'ENOTDIR') return known('elsewhere');
  return unknown(`its parent directory could not be looked at: ${parent.why}`);
}

async function missingFrom(disk: DiskReader, parent: string): Promise<Fact<'missing' | 'elsewhere'>> {
  const listing = await disk.list(parent);
  if (!listing.ok) return unknown(`its parent directory could not be listed: ${listing.why}`);
  return known(listing.value.length > 0 ? 'missing' : 'elsewhere');
}

/** The path of a registered worktree that lies inside `candidate`, or null. */
export function nestedWorktree(candidate: WorktreeCandidate, all: readonly WorktreeCandidate[]): string | null {
  // Asked of each about all: the prefix is made once.
  const below = candidate.path.endsWith('/') ? candidate.path : `${candidate.path}/`;
  const inside = all.find(({ path }) => path.startsWith(below) && path !== candidate.path);
  return inside?.path ?? null;
}

/** Names of refs that belong to this worktree alone and would go with its registration. */
export async function worktreeRefs(io: { git: GitPort; disk: DiskReader }, adminDir: string): Promise<Fact<string[]>> {
  const reftable = await io.disk.lstat(join(adminDir, 'reftable'));
  if (reftable.ok) return refsFromGit(io.git, adminDir);
  if (reftable.code !== 'ENOENT') return unknown(`its registration could not be read: ${reftable.why}`);
  return refFiles(io.disk, join(adminDir, 'refs'), 'refs');
}

async function refsFromGit(git: GitPort, adminDir: string): Promise<Fact<string[]>> {
  const args = ['for-each-ref', '--format=%(refname)', 'refs/worktree', 'refs/bisect', 'refs/rewritten'];
  const answer = await git.run({ args, cwd: adminDir, gitDir: adminDir, strict: true });
  return answer.ok ? known(answer.stdout.split('\n').filter((line) => line !== '')) : unknown(answer.why);
}

async function refFiles(disk: DiskReader, directory: string, name: string): Promise<Fact<string[]>> {
  const listing = await disk.list(directory);
  if (!listing.ok) return listing.code === 'ENOENT' ? known([]) : unknown(`its refs could not be read: ${listing.why}`);
  const found: string[] = [];
  for (const entry of listing.value) {
    if (entry.kind !== 'directory') {
      found.push(`${name}/${entry.name}`);
      continue;
    }
    const below = await refFiles(disk, join(directory, entry.name), `${name}/${entry.name}`);
    if (!below.known) return below;
    found.push(...below.value);
  }
  return known(found);
}
