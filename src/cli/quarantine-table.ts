/**
 * What is in quarantine, for people: how much, until when it can be restored, and what limits apply.
 *
 * Contract: pure; text in, text out.
 */
import type { Entry } from '../core/entry.ts';
import type { Settings } from '../core/settings.ts';
import { bytes, duration, printable, readablePath, remaining } from '../core/text.ts';
import type { Workspace } from '../workspace.ts';
import { cut, layOut, visible } from './columns.ts';
import type { Context } from './context.ts';
import { WIDE_ENOUGH } from './tables.ts';

/** Rows of quarantine entries, newest first. */
export function quarantineTable(context: Context, entries: readonly Entry[], nowMs: number, place: Place): string {
  const newest = [...entries].reverse();
  const { width, colors } = context;
  const rows = newest.map((entry) => ({
    size: entry.bytes === null ? '' : bytes(entry.bytes),
    name: entryName(entry, place),
    age: `${duration(nowMs - entry.atMs)} ago`,
    until: restorableWords(entry, nowMs),
    id: entry.id,
  }));
  if (width === null || width >= WIDE_ENOUGH) {
    const cells = rows.map(({ size, name, age, until, id }) => [size, name, age, until, id]);
    return layOut(cells, width, { give: [1, 3, 4], middle: [1, 4], right: [0] });
  }
  const heads = layOut(
    rows.map(({ size, name, age }) => [size, name, age]),
    width,
    { give: [1], middle: [1], right: [0] },
  ).split('\n');
  const below = rows.map(({ id, until }) => {
    const line = `  ${until}: ${id}`;
    // The id is there to be copied: it is never cut.
    return visible(line) <= width ? [line] : [cut(`  ${until}:`, width), `    ${id}`];
  });
  return heads.flatMap((head, index) => [head, ...(below[index] ?? []).map((line) => colors.dim(line))]).join('\n');
}

/** What paths are written relative to. */
export type Place = Pick<Workspace, 'home' | 'mainRoot'>;

/** How a person knows what lies there: its branch, or where it lay. */
export function entryName({ branch, path }: Pick<Entry, 'branch' | 'path'>, { home, mainRoot }: Place): string {
  if (branch !== null) return printable(branch);
  return mainRoot !== null && path.startsWith(`${mainRoot}/`)
    ? printable(path.slice(mainRoot.length + 1))
    : readablePath(path, home);
}

function restorableWords(entry: Entry, nowMs: number): string {
  if (entry.unverified) return 'kept: not yet looked at a second time';
  // What a restore has left: it came back, and not everything that its reflogs held is in one again.
  if (entry.kind !== 'staging' && entry.registration === null)
    return `commits alone for ${remaining(entry.forgetAtMs - nowMs)}`;
  if (entry.phase === 'purged' || entry.phase === 'purging')
    return `from its commit for ${remaining(entry.forgetAtMs - nowMs)}`;
  return `${heldWords(entry.ballast)} for ${remaining(entry.keepUntilMs - nowMs)}`;
}

/** What of the files is kept: the ballast goes at the next chance, and is not promised. */
function heldWords(ballast: readonly string[]): string {
  const names = [...new Set(ballast.map((path) => path.slice(path.lastIndexOf('/') + 1)))];
  if (names.length === 0) return 'whole';
  return names.length > 2 ? 'all but what can be rebuilt' : `all but ${printable(names.join(' and '))}`;
}

/**
 * What quarantine.max and quarantine.minFree say now; nothing where neither is set.
 *
 * @param freeBytes free bytes of the file system, or null when that could not be read
 */
export function limitLines(
  { maxBytes, minFreeBytes }: Settings['quarantine'],
  heldBytes: number,
  freeBytes: number | null,
): string[] {
  const lines: string[] = [];
  const early = 'the oldest files go early, none younger than a day';
  if (maxBytes !== null)
    lines.push(
      heldBytes > maxBytes
        ? `quarantine holds ${bytes(heldBytes)}, above quarantine.max (${bytes(maxBytes)}): ${early}`
        : `quarantine holds ${bytes(heldBytes)} of quarantine.max (${bytes(maxBytes)})`,
    );
  if (minFreeBytes !== null && freeBytes === null)
    lines.push('free space could not be read, so quarantine.minFree is not looked at');
  if (minFreeBytes !== null && freeBytes !== null)
    lines.push(
      freeBytes < minFreeBytes
        ? `${bytes(freeBytes)} free, below quarantine.minFree (${bytes(minFreeBytes)}): ${early}`
        : `${bytes(freeBytes)} free, above quarantine.minFree (${bytes(minFreeBytes)})`,
    );
  return lines;
}
