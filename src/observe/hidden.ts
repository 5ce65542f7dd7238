/**
 * Edits that `git status` cannot show, and submodules that hold work of their own.
 *
 * Contract: reads the index listing and looks at the paths on disk.
 * Failure direction: a flag that hides edits keeps, without trying to prove that none was made;
 * only skip-worktree paths of a sparse checkout that are absent from disk are let through.
 */
import { join } from 'node:path';
import { type Fact, known, unknown } from '../core/model.ts';
import type { DiskReader, Io } from '../io/ports.ts';
import type { IndexListing, Place } from './changes.ts';

/** Paths whose edits are hidden. */
export async function hiddenEdits(
  io: Pick<Io, 'git' | 'disk'>,
  index: IndexListing,
  place: Place,
): Promise<Fact<string[]>> {
  const hidden = [...index.assumeUnchanged];
  if (index.skipWorktree.length === 0) return known(hidden);
  const sparse = await isSparse(io, place);
  if (!sparse.known) return sparse;
  if (!sparse.value) return known([...hidden, ...index.skipWorktree]);
  for (const path of index.skipWorktree) {
    const info = await io.disk.lstat(join(place.tree, path));
    if (info.ok) hidden.push(path);
    else if (info.code !== 'ENOENT' && info.code !== 'ENOTDIR')
      return unknown(`${path} could not be looked at: ${info.why}`);
  }
  return known(hidden);
}

async function isSparse(io: Pick<Io, 'git'>, place: Place): Promise<Fact<boolean>> {
  const answer = await io.git.run({
    args: ['config', '--type=bool', '--default=false', '--get', 'core.sparseCheckout'],
    cwd: place.tree,
    gitDir: place.adminDir,
  });
  return answer.ok
    ? known(answer.stdout.trim() === 'true')
    : unknown(`core.sparseCheckout could not be read: ${answer.why}`);
}

/** Initialised submodules: their commits may exist nowhere else. */
export async function initialisedSubmodules(
  disk: DiskReader,
  index: IndexListing,
  place: Place,
): Promise<Fact<string[]>> {
  const modules = await disk.list(join(place.adminDir, 'modules'));
  if (!modules.ok && modules.code !== 'ENOENT') return unknown(`its submodules could not be read: ${modules.why}`);
  const found = modules.ok ? modules.value.map(({ name }) => `modules/${name}`) : [];
  for (const path of index.gitlinks) {
    const listing = await disk.list(join(place.tree, path));
    if (listing.ok && listing.value.length > 0) found.push(path);
    else if (!listing.ok && listing.code !== 'ENOENT')
      return unknown(`submodule ${path} could not be read: ${listing.why}`);
  }
  return known(found);
}
