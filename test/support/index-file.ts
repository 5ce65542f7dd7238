/** Changes what an index of version 2 remembers of a file, as no command of git's does on purpose. */
import { lstatSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';

/** Bytes of a record before its path, with SHA-1. */
const RECORD_BYTES = 62;

const NANOSECONDS = 1_000_000_000n;

export interface Noted {
  readonly ctimeNs: bigint;
  readonly mtimeNs: bigint;
  readonly ino?: bigint;
  readonly size?: number;
}

/** The index keeps its own time. */
export function note(index: string, path: string, { ctimeNs, mtimeNs, ino, size }: Noted): void {
  const { atime, mtime } = lstatSync(index);
  const bytes = readFileSync(index);
  const at = bytes.indexOf(`${path}\0`) - RECORD_BYTES;
  for (const [offset, ns] of [ctimeNs, mtimeNs].entries()) {
    bytes.writeUInt32BE(Number(ns / NANOSECONDS), at + 8 * offset);
    bytes.writeUInt32BE(Number(ns % NANOSECONDS), at + 8 * offset + 4);
  }
  if (ino !== undefined) bytes.writeUInt32BE(Number(ino & 0xffffffffn), at + 20);
  if (size !== undefined) bytes.writeUInt32BE(size, at + 36);
  writeFileSync(index, bytes);
  utimesSync(index, atime, mtime);
}
