/**
 * Which ignored content a tool can make again, and which names never go.
 *
 * Contract: pure; whole names only, no globs. Strong = name and mark: purged first. Weak = by
 * name alone: goes along and stays with the quarantined tree.
 * Failure direction: a name in neither table is precious.
 */

/** What package managers write into node_modules when they have finished. */
export const MANAGER_MARKS = ['.package-lock.json', '.yarn-integrity', '.modules.yaml', '.yarn-state.yml'] as const;

/** Directory names that are strong when one of the marks stands at their top; no marks: the name is mark enough. */
const MARKS: Readonly<Record<string, readonly string[]>> = {
  node_modules: MANAGER_MARKS,
  '.venv': ['pyvenv.cfg'],
  venv: ['pyvenv.cfg'],
  __pycache__: [],
  '.next': [],
  '.turbo': [],
};

/** The file that says "everything in here can be made again" (bford.info/cachedir). */
export const CACHEDIR_TAG = 'CACHEDIR.TAG';
export const CACHEDIR_SIGNATURE = 'Signature: 8a477f597d28d172789f06886806bc55';

/** Whether a rebuildable directory, with these entries at its top, bears the mark of the tool that made it. */
export function hasStrongMark(name: string, entries: readonly string[], hasCacheTag: boolean): boolean {
  if (hasCacheTag) return true;
  const marks = MARKS[name];
  if (marks === undefined) return false;
  return marks.length === 0 || marks.some((mark) => entries.includes(mark));
}

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

/** True for credential- and database-shaped names. */
export const isPreciousName = (name: string): boolean => PRECIOUS_NAMES.some((pattern) => pattern.test(name));

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
    if (!names.has(name)) continue;
    if (rootIsDirectory ? !hasTracked(root) : name.includes('.')) return { root, isDirectory: rootIsDirectory };
  }
  return null;
}
