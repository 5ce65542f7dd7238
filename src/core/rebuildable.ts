/**
 * Which ignored content a tool can make again, and which names never go.
 *
 * Contract: pure; whole names only, no globs. Strong = name and mark: purged first. Weak = by
 * name alone: goes along and stays with the quarantined tree.
 * Failure direction: a name in neither table is precious.
 */
import { DEFAULTS } from './settings.ts';

/** What package managers write into node_modules when they have finished. */
export const MANAGER_MARKS = ['.package-lock.json', '.yarn-integrity', '.modules.yaml', '.yarn-state.yml'] as const;

/** How a strong directory is known by what stands at its top. */
type Mark = (entries: readonly string[]) => boolean;

const holdsOneOf =
  (...marks: readonly string[]): Mark =>
  (entries) =>
    marks.some((mark) => entries.includes(mark));

const holdsOnly =
  (form: RegExp): Mark =>
  (entries) =>
    entries.every((entry) => form.test(entry));

const MARKS: Readonly<Record<string, Mark>> = {
  node_modules: holdsOneOf(...MANAGER_MARKS),
  '.venv': holdsOneOf('pyvenv.cfg'),
  venv: holdsOneOf('pyvenv.cfg'),
  __pycache__: holdsOnly(/\.(pyc|pyo|nbi|nbc)(\.\d+)?$/),
  '.next': holdsOneOf('BUILD_ID', 'build-manifest.json', 'cache', 'server', 'static', 'trace'),
  '.turbo': holdsOnly(/^(cache|cookies|daemon|preferences|runs)$|\.log$/),
};

/** The file that says "everything in here can be made again" (bford.info/cachedir). */
export const CACHEDIR_TAG = 'CACHEDIR.TAG';
export const CACHEDIR_SIGNATURE = 'Signature: 8a477f597d28d172789f06886806bc55';

/** Whether a rebuildable directory, with these entries at its top, bears the mark of the tool that made it. */
export function hasStrongMark(name: string, entries: readonly string[], hasCacheTag: boolean): boolean {
  return hasCacheTag || MARKS[name]?.(entries) === true;
}

/** Below these, package managers put other people's files: a certificate there is nobody's secret. */
const PACKAGE_DIRECTORIES = /(^|\/)(node_modules|site-packages|dist-packages)\//;

/** True for a path in a rebuildable directory that a package brought along. */
export const isPackaged = (path: string): boolean => PACKAGE_DIRECTORIES.test(path);

/** Names that hold secrets or data, wherever they stand and whatever ignores them. */
const PRECIOUS_NAMES = [
  /^\.env/i,
  /^\.netrc$/i,
  /^\.htpasswd$/i,
  /^id_(rsa|dsa|ecdsa|ed25519)/i,
  /\.(pem|key|p12|pfx|jks|keystore|kdbx|ppk|gpg|asc)$/i,
  /\.(sqlite|sqlite3|db|db3|mdb|dump|sql|bak|rdb)$/i,
  /\.(sqlite|sqlite3|db)-(wal|shm|journal)$/i,
  /^(secrets?|credentials?)(\.|$)/i,
  /\.tfstate/i,
];

/** The same, below the top of build output, where copies of scripts and dumps are common. */
const PRECIOUS_BELOW = [
  /^\.env(\.|$)/i,
  /^id_(rsa|dsa|ecdsa|ed25519)$/i,
  /\.(pem|key|p12|pfx|jks|keystore|kdbx|ppk)$/i,
  /\.(sqlite|sqlite3|db)$/i,
];

/** True for names that are worth a second thought deep inside a directory that can be made again. */
export const isPreciousBelow = (name: string): boolean => PRECIOUS_BELOW.some((pattern) => pattern.test(name));

/** True for credential- and database-shaped names. */
export const isPreciousName = (name: string): boolean => PRECIOUS_NAMES.some((pattern) => pattern.test(name));

/** Files that desktops and linters leave everywhere. */
const LITTER = new Set(['.DS_Store', 'desktop.ini', 'Desktop.ini', '.eslintcache', '.stylelintcache']);

const DIRECTORY_NAMES = new Set(DEFAULTS.worktrees.rebuildable);

/** A file goes along only by a name that a user has added, or that is litter: `.cache` as a file is no cache. */
const isRebuildableFile = (name: string, names: ReadonlySet<string>): boolean =>
  !isPreciousName(name) && (LITTER.has(name) || (names.has(name) && !DIRECTORY_NAMES.has(name)));

/**
 * The shortest leading part of `path` that ends in a rebuildable name, or null.
 *
 * @param path relative, `/`-separated, with a trailing `/` when it is a directory
 * @param hasTracked whether git tracks anything below a directory: then its name proves nothing
 */
export function rebuildableRoot(
  path: string,
  names: ReadonlySet<string>,
  hasTracked: (directory: string) => boolean,
): { root: string; isDirectory: boolean } | null {
  const isDirectory = path.endsWith('/');
  const parts = path.replace(/\/$/, '').split('/');
  for (let depth = 1; depth <= parts.length; depth++) {
    const name = parts[depth - 1] ?? '';
    const root = parts.slice(0, depth).join('/');
    const rootIsDirectory = depth < parts.length || isDirectory;
    if (rootIsDirectory ? names.has(name) && !hasTracked(root) : isRebuildableFile(name, names))
      return { root, isDirectory: rootIsDirectory };
  }
  return null;
}
