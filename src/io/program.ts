/**
 * Finding git on PATH without letting a checked-out tree supply it.
 *
 * Contract: only absolute PATH entries are looked at, and none inside `forbidden` directories
 * (the repository's worktrees). Failure direction: not found, never a relative guess.
 */
import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, isAbsolute, join, sep } from 'node:path';

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
    if (!isAbsolute(directory) || forbidden.some((tree) => isInside(directory, tree))) continue;
    const found = names.map((each) => join(directory, each)).find(isExecutable);
    if (found !== undefined) return found;
  }
  return null;
}

/** True when `path` is `directory` or lies below it. Both absolute, both normalised. */
export function isInside(path: string, directory: string): boolean {
  return path === directory || path.startsWith(directory.endsWith(sep) ? directory : directory + sep);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
