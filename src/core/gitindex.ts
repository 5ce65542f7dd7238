/**
 * Git's index file, as far as it can show that nothing changed.
 *
 * Contract: pure; understands versions 2, 3 and 4 with SHA-1 or SHA-256 (gitformat-index(5)).
 * Failure direction: null for anything but a complete, ordinary index: a flag that hides edits, a conflict,
 * a file that git means to look into, a submodule, a split or sparse index, a name that is not UTF-8, a record
 * cut short. Git is asked then.
 */

/** What the index remembers of a file since git last saw it equal to its blob. */
export interface IndexEntry {
  readonly path: string;
  /** The blob's id, as it stands in the file. */
  readonly oid: Uint8Array;
  readonly mode: number;
  readonly mtimeNs: bigint;
  readonly ctimeNs: bigint;
  /** Inode, user, group and size, of each the lower 32 bits. */
  readonly ino: number;
  readonly uid: number;
  readonly gid: number;
  readonly size: number;
}

export interface GitIndex {
  readonly entries: readonly IndexEntry[];
  /** The tree that committing the index would give, or null where it does not say. */
  readonly tree: string | null;
  /** Whether it keeps something of conflicts that were resolved. */
  readonly hasResolveUndo: boolean;
}

const SIGNATURE = 0x44495243; // DIRC
const HEADER_BYTES = 12;
const STAT_BYTES = 40;

/** Regular files, executable files, symbolic links. */
const ORDINARY_MODES = new Set([0o100644, 0o100755, 0o120000]);

const NANOSECONDS = 1_000_000_000n;

/** Reads an index; null when it is anything out of the ordinary. */
export function parseIndexFile(bytes: Uint8Array, hashBytes: 20 | 32): GitIndex | null {
  const end = bytes.length - hashBytes;
  if (end < HEADER_BYTES) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const version = view.getUint32(4);
  if (view.getUint32(0) !== SIGNATURE || version < 2 || version > 4) return null;
  const reading: Reading = { bytes, view, end, hashBytes, at: HEADER_BYTES, name: '' };
  const entries: IndexEntry[] = [];
  for (let left = view.getUint32(8); left > 0; left--) {
    const entry = readEntry(reading, version === 4);
    if (entry === null || !(entry.path > (entries.at(-1)?.path ?? ''))) return null;
    entries.push(entry);
  }
  const extensions = readExtensions(reading);
  if (extensions === null) return null;
  const { root, hasResolveUndo } = extensions;
  return { entries, tree: root?.files === entries.length ? root.oid : null, hasResolveUndo };
}

interface Reading {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  readonly end: number;
  readonly hashBytes: number;
  at: number;
  /** The entry before this one, from which version 4 takes its beginning. */
  name: string;
}

function readEntry(reading: Reading, isCompressed: boolean): IndexEntry | null {
  const { view, end, hashBytes, at } = reading;
  const flagsAt = at + STAT_BYTES + hashBytes;
  if (flagsAt + 2 > end) return null;
  const mode = view.getUint32(at + 24);
  // Any of the upper bits: assume-unchanged, extended flags, a stage of a conflict.
  if ((view.getUint16(flagsAt) & 0xf000) !== 0 || !ORDINARY_MODES.has(mode)) return null;
  // Size 0 is also how git marks a file that it has to look into.
  const size = view.getUint32(at + 36);
  const oid = reading.bytes.subarray(at + STAT_BYTES, flagsAt);
  if (size === 0 && !isEmptyBlob(oid)) return null;
  const path = isCompressed ? compressedName(reading, flagsAt + 2) : paddedName(reading, flagsAt + 2);
  if (path === null || path === '' || path.includes('\uFFFD')) return null;
  reading.name = path;
  const time = (from: number) => BigInt(view.getUint32(from)) * NANOSECONDS + BigInt(view.getUint32(from + 4));
  return {
    path,
    oid,
    mode,
    ctimeNs: time(at),
    mtimeNs: time(at + 8),
    ino: view.getUint32(at + 20),
    uid: view.getUint32(at + 28),
    gid: view.getUint32(at + 32),
    size,
  };
}

const EMPTY_BLOBS: readonly string[] = [
  'e69de29bb2d1d6434b8b29ae775ad8c2e48c5391',
  '473a0f4c3be8a93681a267e3b1e9a7dcda1185436fe141f7749120a303721813',
];

const isEmptyBlob = (oid: Uint8Array): boolean => EMPTY_BLOBS.includes(hex(oid));

/** Ends with a NUL and is filled up with more, to a multiple of eight bytes for the whole entry. */
function paddedName(reading: Reading, from: number): string | null {
  const nul = reading.bytes.indexOf(0, from);
  if (nul < 0 || nul >= reading.end) return null;
  reading.at += (nul - reading.at + 8) & ~7;
  return reading.at > reading.end ? null : text(reading.bytes, from, nul);
}

/** How many bytes of the name before stay away from its end, and what comes instead. */
function compressedName(reading: Reading, from: number): string | null {
  const { bytes, end } = reading;
  let at = from;
  let byte = bytes[at++] ?? 0;
  let dropped = byte & 0x7f;
  while ((byte & 0x80) !== 0) {
    if (at >= end || dropped > end) return null;
    byte = bytes[at++] ?? 0;
    dropped = (dropped + 1) * 128 + (byte & 0x7f);
  }
  const nul = bytes.indexOf(0, at);
  const before = new TextEncoder().encode(reading.name);
  if (nul < 0 || nul >= end || dropped > before.length) return null;
  reading.at = nul + 1;
  const kept = before.subarray(0, before.length - dropped);
  const name = new Uint8Array(kept.length + nul - at);
  name.set(kept);
  name.set(bytes.subarray(at, nul), kept.length);
  return text(name, 0, name.length);
}

interface Extensions {
  /** The whole index's tree; null when it is not known. */
  readonly root: Root | null;
  readonly hasResolveUndo: boolean;
}

/** Null when an extension changes what the entries mean. */
function readExtensions({ bytes, view, end, hashBytes, at: start }: Reading): Extensions | null {
  let root: Root | null = null;
  let hasResolveUndo = false;
  let at = start;
  while (at < end) {
    if (at + 8 > end) return null;
    const name = text(bytes, at, at + 4);
    const from = at + 8;
    at = from + view.getUint32(at + 4);
    // Those that a reader may not pass over begin with a small letter: split, sparse.
    if (at > end || !/^[A-Z]/.test(name)) return null;
    if (name === 'TREE') root = rootOf(bytes.subarray(from, at), hashBytes);
    if (name === 'REUC') hasResolveUndo = true;
  }
  return { root, hasResolveUndo };
}

interface Root {
  readonly oid: string;
  readonly files: number;
}

/** The first record is the root's: an empty path, the count of its entries (-1: not known), its id. */
function rootOf(data: Uint8Array, hashBytes: number): Root | null {
  const line = data.indexOf(0x0a);
  const files = data[0] === 0 && line > 0 ? /^(\d+) \d+$/.exec(text(data, 1, line))?.[1] : undefined;
  const oid = data.subarray(line + 1, line + 1 + hashBytes);
  if (files === undefined || oid.length !== hashBytes) return null;
  return { files: Number(files), oid: hex(oid) };
}

const hex = (bytes: Uint8Array): string => [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');

const UTF8 = new TextDecoder();

const text = (bytes: Uint8Array, from: number, to: number): string => UTF8.decode(bytes.subarray(from, to));
