/**
 * What was found below directories, remembered from the first look to the second.
 *
 * Contract: names come and go only with the times of the directory that holds them. So what was found below a
 * directory still holds when it, and every directory below, is the same one with the same times: one look at
 * each of them in place of reading all their names again.
 * Failure direction: what changed so lately that it may change unseen, what looks different, what cannot be
 * looked at, and more than is worth its memory is not remembered, and is read again.
 */
import { join } from 'node:path';
import { isUnsettled, stampOf } from '../core/rest.ts';
import type { Clock, DiskReader } from '../io/ports.ts';
import type { Inside } from './inside.ts';

/** Some 200 bytes each; that of one pass together. */
const MAX_REMEMBERED = 50_000;

/** A directory on its way to be remembered. */
export interface Walk {
  /** Notes what a directory looks like; to be called before its names are read. */
  note(path: string): Promise<void>;
  /** Keeps what was found. */
  keep(inside: Inside): void;
}

export interface Walks {
  /** Begins a walk below `root`, relative to `tree`. */
  begin(disk: DiskReader, tree: string, root: string): Walk;
  /** What an earlier walk found there, if nothing changed since. The tree may lie elsewhere now. */
  recall(disk: DiskReader, tree: string, root: string): Promise<Inside | null>;
}

interface Remembered {
  readonly inside: Inside;
  readonly stamps: ReadonlyMap<string, string>;
}

/** One for each pass; `of` gives the part for one candidate. */
export function createWalks(clock: Clock): { of(candidate: string): Walks } {
  const all = new Map<string, Remembered>();
  let room = MAX_REMEMBERED;
  const of = (candidate: string): Walks => ({
    begin: (disk, tree, root) => {
      const atMs = clock.nowMs();
      const stamps = new Map<string, string>();
      let isSettled = true;
      return {
        note: async (path) => {
          if (!isSettled || stamps.size >= room) return;
          const stamp = await stampAt(disk, join(tree, path));
          // Many at a time: what one has spoilt, none of the others mends.
          if (stamp === null || isUnsettled(stamp, atMs)) isSettled = false;
          else stamps.set(path, stamp);
        },
        keep: (inside) => {
          if (!isSettled || stamps.size >= room) return;
          room -= stamps.size;
          all.set(`${candidate}\0${root}`, { inside, stamps });
        },
      };
    },
    recall: async (disk, tree, root) => {
      const remembered = all.get(`${candidate}\0${root}`);
      if (remembered === undefined) return null;
      for (const [path, stamp] of remembered.stamps) if ((await stampAt(disk, join(tree, path))) !== stamp) return null;
      return remembered.inside;
    },
  });
  return { of };
}

async function stampAt(disk: DiskReader, path: string): Promise<string | null> {
  const info = await disk.lstat(path);
  return info.ok ? stampOf(info.value) : null;
}
