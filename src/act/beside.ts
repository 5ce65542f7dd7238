/**
 * Quarantine beside a worktree, for one that lies on another file system than its repository.
 *
 * Contract: such a place carries a mark that says whose it is, from before the tree arrives until after it has
 * gone. A copy of the repository has the same notes, and must not reach into the original's place.
 * Failure direction: a place without a mark, with another's, or behind a link is not ours: nothing in it is
 * moved or removed.
 */
import { dirname, join } from 'node:path';
import type { Entry } from '../core/entry.ts';
import { type Actor, type Done, done, failed, outcome } from './context.ts';
import { isTemporary, sweepOwn } from './sweep.ts';

type Here = Pick<Actor, 'io' | 'layout'>;

/** Name of the mark in the directory that holds the tree. */
const MARK = 'repository.json';

interface Mark {
  readonly commonDir: string;
  /** A repository that was moved within its file system keeps its number, a copy has another. */
  readonly ino: number;
}

const isBeside = ({ layout }: Here, { id, tree }: Entry): boolean =>
  tree !== null && dirname(tree) !== layout.entry(id).directory;

/** Makes the directory that `entry`'s tree is moved into. */
export async function makePlace(actor: Actor, entry: Entry): Promise<Done> {
  if (entry.tree === null) return done;
  const { disk } = actor.io;
  const holding = dirname(entry.tree);
  const made = await disk.makeDir(holding);
  if (!made.ok || !isBeside(actor, entry)) return outcome(made, 'making its place in quarantine');
  const own = await disk.lstat(actor.layout.commonDir);
  if (!own.ok) return outcome(own, 'marking its place in quarantine');
  const mark: Mark = { commonDir: actor.layout.commonDir, ino: own.value.ino };
  const marked = await disk.createFile(join(holding, MARK), JSON.stringify(mark));
  if (marked.ok || marked.code !== 'EEXIST') return outcome(marked, 'marking its place in quarantine');
  const foreign = await foreignPlace(actor, entry);
  return foreign === null ? done : failed(foreign);
}

/** Why the place that holds `entry`'s tree is not this repository's, or null. */
export async function foreignPlace(here: Here, entry: Entry): Promise<string | null> {
  if (entry.tree === null || !isBeside(here, entry)) return null;
  const { disk } = here.io;
  const holding = dirname(entry.tree);
  const real = await disk.realpath(holding);
  if (!real.ok) return real.code === 'ENOENT' ? null : `${holding} could not be looked at: ${real.why}`;
  if (real.value !== holding) return `${holding} leads through a symbolic link`;
  const text = await disk.readText(join(holding, MARK));
  if (!text.ok && text.code === 'ENOENT' && (await isBare(here, holding))) return null;
  const mark = text.ok ? parseMark(text.value) : null;
  if (mark === null) return `${holding} has no mark of this repository`;
  if (mark.commonDir === here.layout.commonDir) return null;
  const own = await disk.lstat(here.layout.commonDir);
  if (own.ok && own.value.ino === mark.ino) return null;
  return `${holding} belongs to the repository at ${mark.commonDir}`;
}

/** True before the mark was made, and after it was removed. */
async function isBare({ io }: Here, holding: string): Promise<boolean> {
  const listing = await io.disk.list(holding);
  return listing.ok && listing.value.every(({ name }) => isTemporary(name));
}

function parseMark(text: string): Mark | null {
  try {
    const { commonDir, ino } = JSON.parse(text) as Partial<Mark>;
    return typeof commonDir === 'string' && typeof ino === 'number' ? { commonDir, ino } : null;
  } catch {
    return null;
  }
}

/** Removes the emptied place of a tree beside its worktree; the mark goes once nothing else is there. */
export async function removePlace(actor: Actor, entry: Entry): Promise<void> {
  if (entry.tree === null || !isBeside(actor, entry)) return;
  const { disk } = actor.io;
  const holding = dirname(entry.tree);
  if ((await foreignPlace(actor, entry)) !== null) return;
  await sweepOwn(actor, holding);
  const listing = await disk.list(holding);
  const isEmptied = listing.ok && listing.value.length === 1 && listing.value[0]?.name === MARK;
  if (isEmptied) await disk.removeFile(join(holding, MARK));
  await disk.removeEmptyDir(holding);
  await disk.removeEmptyDir(dirname(holding));
}
