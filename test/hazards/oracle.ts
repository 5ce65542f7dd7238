/**
 * The second oracle: the disk. What stood there before, and what stands there now.
 *
 * Contract: names are bytes, links are not followed, and what cannot be opened without a partner
 * (a FIFO, a socket) counts by its kind.
 */
import { createHash } from 'node:crypto';
import { existsSync, lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

export type Picture = ReadonlyMap<string, string>;

const SLASH = Buffer.from('/');

/** Kind, mode and content of `path` and of everything below it. */
export function picture(path: string, skip: (name: string) => boolean = () => false): Picture {
  const seen = new Map<string, string>();
  const visit = (at: Buffer, name: string): void => {
    if (skip(name)) return;
    const info = lstatSync(at);
    const mode = (info.mode & 0o7777).toString(8);
    if (info.isDirectory()) {
      seen.set(name, `directory ${mode}`);
      for (const each of readdirSync(at, { encoding: 'buffer' }))
        visit(Buffer.concat([at, SLASH, each]), `${name}/${each.toString('latin1')}`);
    } else if (info.isSymbolicLink()) seen.set(name, `link ${readlinkSync(at)}`);
    else if (info.isFile())
      seen.set(name, `file ${mode} ${createHash('sha256').update(readFileSync(at)).digest('hex')}`);
    else seen.set(name, `other ${mode}`);
  };
  if (lstatSync(path, { throwIfNoEntry: false }) === undefined) return new Map([['.', 'nothing']]);
  visit(Buffer.from(path), '.');
  return seen;
}

/** What differs between two pictures, in words; empty when nothing does. */
export function differences(
  before: Picture,
  after: Picture,
  isLeftOut: (name: string) => boolean = () => false,
): string[] {
  const names = [...new Set([...before.keys(), ...after.keys()])].filter((name) => !isLeftOut(name));
  return names.flatMap((name) => {
    const [was, is] = [before.get(name) ?? 'nothing', after.get(name) ?? 'nothing'];
    return was === is ? [] : [`${name}: was ${was.slice(0, 40)}, is ${is.slice(0, 40)}`];
  });
}

/** The registration that a directory's .git file names, or null. */
export function registrationOf(worktree: string): string | null {
  const dotGit = join(worktree, '.git');
  if (!existsSync(dotGit) || !lstatSync(dotGit).isFile()) return null;
  const named = /^gitdir: ([\s\S]*?)\n?$/.exec(readFileSync(dotGit, 'utf8'))?.[1];
  const path = named === undefined ? null : resolve(worktree, named);
  return path !== null && existsSync(join(path, 'gitdir')) && dirname(path).endsWith('/worktrees') ? path : null;
}
