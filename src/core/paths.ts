/** Text questions about paths. Contract: pure; both sides absolute and normalised, `/`-separated. */

/** True when `path` is `directory` or lies below it. */
export function isInside(path: string, directory: string): boolean {
  return path === directory || path.startsWith(directory.endsWith('/') ? directory : `${directory}/`);
}
