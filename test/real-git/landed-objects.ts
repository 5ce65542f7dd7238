/**
 * Git objects written and read without a process, so that a history of many commits takes little time.
 *
 * Contract: a repository whose objects are loose, as they are until it is packed; trees of one level.
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { deflateSync, inflateSync } from 'node:zlib';

/** Mode and object id by path. */
export type Tree = ReadonlyMap<string, { readonly mode: string; readonly oid: string }>;

export interface Objects {
  blob(text: string): string;
  text(oid: string): string;
  tree(entries: Tree): string;
  entries(tree: string): Tree;
  commit(of: { tree: string; parents: readonly string[]; message: string; seconds: number }): string;
  treeOf(commit: string): string;
  parentsOf(commit: string): string[];
  /** A commit and what it descends from. */
  reachable(commit: string): string[];
}

export function objectsOf(commonDir: string): Objects {
  const read = new Map<string, Buffer>();
  const place = (oid: string) => join(commonDir, 'objects', oid.slice(0, 2), oid.slice(2));
  const write = (type: string, body: Buffer): string => {
    const whole = Buffer.concat([Buffer.from(`${type} ${body.length}\0`), body]);
    const oid = createHash('sha1').update(whole).digest('hex');
    read.set(oid, body);
    if (existsSync(place(oid))) return oid;
    mkdirSync(join(commonDir, 'objects', oid.slice(0, 2)), { recursive: true });
    writeFileSync(place(oid), deflateSync(whole, { level: 1 }));
    return oid;
  };
  const body = (oid: string): Buffer => {
    const known = read.get(oid);
    if (known !== undefined) return known;
    const whole = inflateSync(readFileSync(place(oid)));
    const found = whole.subarray(whole.indexOf(0) + 1);
    read.set(oid, found);
    return found;
  };
  const headers = (commit: string) => (body(commit).toString('latin1').split('\n\n')[0] ?? '').split('\n');
  const named = (commit: string, name: string) =>
    headers(commit).flatMap((line) => (line.startsWith(`${name} `) ? [line.slice(name.length + 1)] : []));

  const objects: Objects = {
    blob: (text) => write('blob', Buffer.from(text)),
    text: (oid) => body(oid).toString(),
    tree: (entries) =>
      write(
        'tree',
        Buffer.concat(
          [...entries]
            .toSorted(([a], [b]) => (a < b ? -1 : 1))
            .flatMap(([path, { mode, oid }]) => [Buffer.from(`${mode} ${path}\0`), Buffer.from(oid, 'hex')]),
        ),
      ),
    entries(tree) {
      const bytes = body(tree);
      const entries = new Map<string, { mode: string; oid: string }>();
      for (let at = 0; at < bytes.length; ) {
        const end = bytes.indexOf(0, at);
        const [mode = '', path = ''] = bytes.subarray(at, end).toString().split(' ');
        entries.set(path, { mode, oid: bytes.subarray(end + 1, end + 21).toString('hex') });
        at = end + 21;
      }
      return entries;
    },
    commit: ({ tree, parents, message, seconds }) =>
      write(
        'commit',
        Buffer.from(
          [
            `tree ${tree}`,
            ...parents.map((each) => `parent ${each}`),
            `author A <a@example.com> ${seconds} +0000`,
            `committer A <a@example.com> ${seconds} +0000`,
            '',
            `${message}\n`,
          ].join('\n'),
        ),
      ),
    treeOf: (commit) => named(commit, 'tree')[0] ?? '',
    parentsOf: (commit) => named(commit, 'parent'),
    reachable(commit) {
      const seen = new Set([commit]);
      for (const each of seen) for (const parent of objects.parentsOf(each)) seen.add(parent);
      return [...seen];
    },
  };
  return objects;
}
