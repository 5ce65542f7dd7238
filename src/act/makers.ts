/**
 * Clearing out birth certificates of worktrees that are no more.
 *
 * Contract: one file at a time, only where the registration of that name is gone. Failure direction: what
 * cannot be looked at stays; a certificate too many does no harm.
 */
import { join } from 'node:path';
import type { Actor } from './context.ts';

/** A certificate this young may belong to a worktree that is just being made. */
const SETTLED_MS = 3_600_000;

/** More are cleared out by the next passes. */
const MAX_CLEARED = 200;

/** Removes certificates without a registration. */
export async function clearMakers({ io, layout }: Actor): Promise<void> {
  const listing = await io.disk.list(layout.makers);
  if (!listing.ok) return;
  let cleared = 0;
  for (const { name, kind } of listing.value) {
    if (kind !== 'file' || cleared >= MAX_CLEARED) continue;
    const registration = await io.disk.lstat(join(layout.worktrees, name));
    if (registration.ok || registration.code !== 'ENOENT') continue;
    const file = join(layout.makers, name);
    const info = await io.disk.lstat(file);
    if (!info.ok || info.value.mtimeMs > io.clock.nowMs() - SETTLED_MS) continue;
    await io.disk.removeFile(file);
    cleared++;
  }
}
