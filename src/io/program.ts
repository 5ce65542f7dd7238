/**
 * Finding git on PATH without letting a checked-out tree supply it.
 *
 * Contract: only absolute PATH entries are looked at, and none inside `forbidden` directories
 * (the repository's worktrees). Failure direction: not found, never a relative guess.
 */
import { accessSync, constants, readdirSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { basename, delimiter, dirname, isAbsolute, join, resolve } from 'node:path';

/**
 * The absolute path of an executable, or null.
 *
 * @param forbidden absolute directories whose contents a branch controls
 */
export function findProgram(
  name: string,
  forbidden: readonly string[] = [],
  path = process.env.PATH ?? '',
): string | null {
  const names = process.platform === 'win32' ? [`${name}.exe`, `${name}.cmd`] : [name];
  for (const directory of path.split(delimiter)) {
    if (!isAbsolute(directory)) continue;
    const places = [directory, realOf(directory)];
    if (forbidden.some((tree) => places.some((place) => isInside(place, tree)))) continue;
    const found = names.map((each) => join(directory, each)).find(isExecutable);
    if (found !== undefined) return found;
  }
  return null;
}

/**
 * `cwd` and every working tree of the repository around it, as far as its files tell: git itself cannot be
 * asked yet. What cannot be read names no tree; the directory we stand in is always one.
 */
export function workingTreesAround(cwd: string): string[] {
  const place = realOf(cwd);
  for (let root = place; ; root = dirname(root)) {
    const common = commonDirAt(join(root, '.git'));
    if (common !== null) return [...new Set([place, root, ...mainTree(common), ...linkedTrees(common)])];
    if (dirname(root) === root) return [place];
  }
}

/** The common directory that a `.git`, file or directory, leads to. */
function commonDirAt(dotGit: string): string | null {
  try {
    if (statSync(dotGit).isDirectory()) return dotGit;
    const gitDir = resolve(dirname(dotGit), readFileSync(dotGit, 'utf8').replace(/^gitdir: |\n$/g, ''));
    return basename(dirname(gitDir)) === 'worktrees' ? dirname(dirname(gitDir)) : gitDir;
  } catch {
    return null;
  }
}

/** Beside the common directory, unless its configuration names another place, as a submodule's does. */
function mainTree(commonDir: string): string[] {
  const config = attempted(() => readFileSync(join(commonDir, 'config'), 'utf8')) ?? '';
  const named = [...config.matchAll(/^\s*worktree\s*=\s*"?(.*?)"?\s*$/gim)].map(([, path = '']) =>
    resolve(commonDir, path),
  );
  return [...(basename(commonDir) === '.git' ? [dirname(commonDir)] : []), ...named].map(realOf);
}

function linkedTrees(commonDir: string): string[] {
  const admin = join(commonDir, 'worktrees');
  try {
    return readdirSync(admin).flatMap((name) => {
      const dotGit = attempted(() => readFileSync(join(admin, name, 'gitdir'), 'utf8'));
      return dotGit === null ? [] : [dirname(resolve(admin, name, dotGit.replace(/\n$/, '')))];
    });
  } catch {
    return [];
  }
}

const realOf = (path: string): string => attempted(() => realpathSync(path)) ?? path;

function attempted<T>(read: () => T): T | null {
  try {
    return read();
  } catch {
    return null;
  }
}

/**
 * True when `path` is `directory` or lies below it. Both absolute, both normalised. Where a file system has one
 * file under several spellings (case; on Windows also git's slashes and the long form), any of them counts.
 */
export function isInside(path: string, directory: string, platform = process.platform): boolean {
  const [inner, outer] = [spelling(path, platform), spelling(directory, platform)];
  return inner === outer || inner.startsWith(outer.endsWith('/') ? outer : `${outer}/`);
}

function spelling(path: string, platform: NodeJS.Platform): string {
  if (platform === 'darwin') return path.toLowerCase();
  return platform === 'win32'
    ? path
        .replace(/^\\\\\?\\/, '')
        .replaceAll('\\', '/')
        .toLowerCase()
    : path;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
