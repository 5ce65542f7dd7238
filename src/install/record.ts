/**
 * `installed.json`: what was installed, and where files outside `<common-dir>/reaper` were touched.
 *
 * Contract: written before the first hook file is, so that an installation that was cut short can be
 * taken back. Failure direction: a record that cannot be understood counts as none; then only the
 * usual places are looked at, and no directory is removed.
 */
import type { DiskReader } from '../io/ports.ts';

export interface InstallRecord {
  readonly format: 1;
  readonly version: string;
  /** SHA-256 of what was installed to run, in hexadecimal. */
  readonly sha256: string;
  /** ISO 8601 instant of the installation. */
  readonly at: string;
  readonly nodePath: string;
  /** The command that a person starts the program by, and the file it starts; absent where none is known. */
  readonly command?: string;
  readonly source?: string;
  readonly changes: readonly Change[];
}

/**
 * `directory`: made by us, to be removed when empty. `hook`: a file with a block of ours in it.
 * `config`: another manager's configuration, with these pieces of text put in, in this order.
 */
export interface Change {
  readonly kind: 'directory' | 'hook' | 'config';
  readonly path: string;
  readonly pieces?: readonly string[];
}

/** Reads the record; null when there is none or it is not one. */
export async function readRecord(disk: DiskReader, path: string): Promise<InstallRecord | null> {
  const text = await disk.readText(path);
  if (!text.ok) return null;
  try {
    const json: unknown = JSON.parse(text.value);
    return isRecord(json) ? json : null;
  } catch {
    return null;
  }
}

/** Both lists, each change once, in the order in which they were made. */
export function mergeChanges(earlier: readonly Change[], now: readonly Change[]): Change[] {
  const all = [...earlier, ...now];
  const isSame = (one: Change, other: Change) => one.kind === other.kind && one.path === other.path;
  return all
    .filter((each, index) => all.findIndex((other) => isSame(each, other)) === index)
    .map((each) => {
      if (each.kind !== 'config') return each;
      return { ...each, pieces: all.filter((other) => isSame(each, other)).flatMap(({ pieces = [] }) => pieces) };
    });
}

export const recordText = (record: InstallRecord): string => `${JSON.stringify(record, null, 2)}\n`;

function isRecord(json: unknown): json is InstallRecord {
  if (typeof json !== 'object' || json === null) return false;
  const { format, version, sha256, at, nodePath, changes, command = '', source = '' } = json as Record<string, unknown>;
  if (format !== 1 || !Array.isArray(changes)) return false;
  return (
    [version, sha256, at, nodePath, command, source].every((each) => typeof each === 'string') &&
    changes.every(isChange)
  );
}

function isChange(json: unknown): json is Change {
  const { kind, path, pieces } = (json ?? {}) as Record<string, unknown>;
  if (typeof path !== 'string' || !path.startsWith('/')) return false;
  if (kind !== 'config') return kind === 'directory' || kind === 'hook';
  return Array.isArray(pieces) && pieces.every((piece) => typeof piece === 'string');
}
