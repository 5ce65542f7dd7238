/**
 * Reads the reflogs of a worktree's HEAD and of its branch.
 *
 * Contract: files only. Failure direction: no reflog is an empty one (so the candidate can at
 * most be `empty`, the ground that waits longest); one that cannot be read is unknown.
 */
import { join } from 'node:path';
import { type Fact, known, type Oid, unknown, type WorktreeCandidate } from '../core/model.ts';
import { parseReflog, type ReflogEntry } from '../core/reflog.ts';
import type { DiskReader } from '../io/ports.ts';

/** A reflog of ten thousand moves is about this long; a longer one is not read, and keeps. */
const MAX_REFLOG_BYTES = 4 * 1024 * 1024;

export interface Reflogs {
  readonly head: readonly ReflogEntry[];
  readonly branch: readonly ReflogEntry[];
  /** What HEAD was before the last reset, merge or rebase: all there is where no reflog is kept. */
  readonly origHead: Oid | null;
}

export async function readReflogs(
  disk: DiskReader,
  candidate: WorktreeCandidate,
  commonDir: string,
): Promise<Fact<Reflogs>> {
  const reftable = await disk.lstat(join(commonDir, 'reftable'));
  if (reftable.ok) return unknown('reflogs kept in a reftable are not read');
  const head = await readReflog(disk, join(candidate.adminDir, 'logs/HEAD'));
  if (!head.known) return head;
  const origHead = await readOrigHead(disk, candidate.adminDir);
  if (!origHead.known) return origHead;
  if (candidate.branch === null) return known({ head: head.value, branch: [], origHead: origHead.value });
  const branch = await readReflog(disk, join(commonDir, 'logs/refs/heads', candidate.branch));
  return branch.known ? known({ head: head.value, branch: branch.value, origHead: origHead.value }) : branch;
}

async function readReflog(disk: DiskReader, path: string): Promise<Fact<readonly ReflogEntry[]>> {
  const text = await disk.readText(path, MAX_REFLOG_BYTES);
  if (!text.ok) return text.code === 'ENOENT' ? known([]) : unknown(`a reflog could not be read: ${text.why}`);
  const entries = parseReflog(text.value);
  return entries === null ? unknown('a reflog holds a line that is not understood') : known(entries);
}

async function readOrigHead(disk: DiskReader, adminDir: string): Promise<Fact<Oid | null>> {
  const text = await disk.readText(join(adminDir, 'ORIG_HEAD'));
  if (!text.ok) return text.code === 'ENOENT' ? known(null) : unknown(`ORIG_HEAD could not be read: ${text.why}`);
  const oid = text.value.trim();
  return /^[0-9a-f]{40,64}$/.test(oid) ? known(oid) : unknown('ORIG_HEAD does not hold a commit');
}
