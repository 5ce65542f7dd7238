/**
 * A disk that remembers what it was asked about, and what that looked like.
 *
 * Contract: same answers as the disk it wraps. What a path looks like is taken before it is read, so that a
 * change in between shows. Failure direction: what could not be looked at gets a stamp that nothing has.
 */
import { lstatSync, readFileSync, type Stats, statSync } from 'node:fs';
import { ABSENT, stampOf } from '../core/rest.ts';
import type { DiskReader } from './ports.ts';

export interface Watch {
  readonly disk: Pick<DiskReader, 'lstat' | 'stat' | 'readText' | 'list' | 'realpath'>;
  /** Paths with their stamps. */
  readonly seen: Map<string, string>;
}

/** Wraps `disk`; the first look at a path counts. */
export function watching(disk: DiskReader): Watch {
  const seen = new Map<string, string>();
  const note = (path: string) => {
    if (!seen.has(path)) seen.set(path, stampAt(path));
  };
  return {
    seen,
    disk: {
      lstat: (path) => {
        note(path);
        return disk.lstat(path);
      },
      stat: (path) => {
        note(path);
        return disk.stat(path);
      },
      readText: (path, maxBytes) => {
        note(path);
        return disk.readText(path, maxBytes);
      },
      list: (path) => {
        note(path);
        return disk.list(path);
      },
      realpath: (path) => {
        note(path);
        return disk.realpath(path);
      },
    },
  };
}

/** What a path looks like now; behind a symbolic link, what it leads to as well. */
export function stampAt(path: string): string {
  try {
    const own = lstatSync(path, { throwIfNoEntry: false });
    if (own === undefined) return ABSENT;
    return own.isSymbolicLink()
      ? `${stampOf(own)} -> ${target(statSync(path, { throwIfNoEntry: false }))}`
      : stampOf(own);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOTDIR' ? ABSENT : UNSEEN;
  }
}

const target = (stats: Stats | undefined): string => (stats === undefined ? ABSENT : stampOf(stats));

/** Not a number, so that it is unsettled for ever. */
const UNSEEN = '?';

/** Where the user's settings lie and what is mounted: with others, the same paths may mean something else. */
export function surroundings(env: Readonly<Record<string, string | undefined>> = process.env): string {
  const { HOME, XDG_CONFIG_HOME, GIT_CONFIG_GLOBAL, GIT_CONFIG_SYSTEM, GIT_CONFIG_NOSYSTEM } = env;
  return [HOME, XDG_CONFIG_HOME, GIT_CONFIG_GLOBAL, GIT_CONFIG_SYSTEM, GIT_CONFIG_NOSYSTEM, mounts()].join('\n');
}

function mounts(): string {
  try {
    return readFileSync('/proc/self/mountinfo', 'utf8');
  } catch {
    return '';
  }
}
