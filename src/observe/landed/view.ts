/**
 * A private view of the objects, in which history is all there is.
 *
 * Contract: every git call of the landing proofs runs in a bare, empty repository in the system's
 * temporary directory, whose objects are borrowed from the real one. So no configuration, attribute
 * file, merge driver, replace ref, graft or remote of repository or user is seen; nothing can be
 * fetched; and the trees that `git merge-tree` writes never reach the repository. There is no
 * switch for that: git always reads `info/attributes`, and merge-tree always writes.
 * Failure direction: without the view there is no proof. `close` removes what `openView` made.
 */
import { join } from 'node:path';
import { type Fact, known, type Oid, unknown } from '../../core/model.ts';
import type { Disk, GitAnswer, GitPort } from '../../io/ports.ts';
import { landedMessages } from './messages.ts';
import { newScratchPath, removeScratch, sweepAbandoned } from './scratch.ts';

export interface View {
  /** Commits whose parents are cut off; empty in a complete repository. */
  readonly shallow: ReadonlySet<Oid>;
  /** Git processes started so far. */
  readonly processes: () => number;
  run(args: readonly string[], input?: string, okCodes?: readonly number[]): Promise<GitAnswer>;
  close(): Promise<void>;
}

export interface ViewOptions {
  readonly io: { readonly git: GitPort; readonly disk: Disk };
  /** Absolute path of the repository's common directory. */
  readonly commonDir: string;
  /** Length of an object id: 40, or 64 with SHA-256. */
  readonly oidLength: number;
  readonly isOutOfTime: () => boolean;
}

/** What the system's configuration could still say about a merge or a difference; files over 1 MB count as binary. */
const NEUTRAL_CONFIG = [
  'core.attributesFile=/dev/null',
  'core.ignoreCase=false',
  'core.quotePath=true',
  'core.bigFileThreshold=1m',
  'core.fsync=none',
  'core.looseCompression=0',
  'merge.renames=true',
  'merge.directoryRenames=conflict',
  'merge.renameLimit=7000',
  'merge.renormalize=false',
  'merge.default=text',
  'merge.conflictStyle=merge',
  'diff.renames=true',
  'diff.renameLimit=1000',
  'diff.algorithm=histogram',
  'diff.ignoreSubmodules=none',
  'diff.orderFile=/dev/null',
  'diff.suppressBlankEmpty=false',
  'diff.relative=false',
  'log.showRoot=true',
];

/** info/attributes comes before every other attribute file: all back to git's built-in behaviour. */
const NEUTRAL_ATTRIBUTES =
  '* merge !conflict-marker-size !text !eol !crlf !filter !ident !working-tree-encoding !diff !whitespace\n';

/** One id a line; a list of boundary commits longer than this is no developer's clone. */
const MAX_SHALLOW_BYTES = 1024 * 1024;

export async function openView(options: ViewOptions): Promise<Fact<View>> {
  const { io, isOutOfTime } = options;
  const shallow = await readShallow(io.disk, options.commonDir);
  if (!shallow.known) return shallow;
  const scratch = newScratchPath();
  const close = () => removeScratch(io.disk, scratch);
  const failure = await furnish(options, scratch, shallow.value);
  if (failure !== null) {
    await close();
    return unknown(landedMessages.noScratch(failure));
  }
  await sweepAbandoned(io.disk, scratch);
  let processes = 0;
  const run: View['run'] = async (args, input, okCodes) => {
    if (isOutOfTime())
      return { ok: false, code: null, why: landedMessages.outOfTime(), stderr: '', outOfTime: true } as const;
    processes++;
    return io.git.run({
      args,
      cwd: scratch,
      gitDir: scratch,
      config: NEUTRAL_CONFIG,
      env: { HOME: scratch, XDG_CONFIG_HOME: scratch },
      ...(input === undefined ? {} : { input }),
      ...(okCodes === undefined ? {} : { okCodes }),
    });
  };
  return known({ shallow: new Set(shallow.value), processes: () => processes, run, close });
}

async function readShallow(disk: Disk, commonDir: string): Promise<Fact<readonly Oid[]>> {
  const text = await disk.readText(join(commonDir, 'shallow'), MAX_SHALLOW_BYTES);
  if (text.ok) return known(text.value.split('\n').filter((line) => /^[0-9a-f]{40,64}$/.test(line)));
  return text.code === 'ENOENT' ? known([]) : unknown(landedMessages.unread(text.why));
}

/** Why the scratch repository could not be made, or null. */
async function furnish(options: ViewOptions, scratch: string, shallow: readonly Oid[]): Promise<string | null> {
  const { disk } = options.io;
  for (const name of ['.', 'objects', 'objects/info', 'refs', 'info']) {
    const made = await disk.makeDir(join(scratch, name));
    if (!made.ok) return made.why;
  }
  const files = [
    ['HEAD', 'ref: refs/heads/none\n'],
    ['config', configText(options.oidLength)],
    ['info/attributes', NEUTRAL_ATTRIBUTES],
    ['objects/info/alternates', `${quotePath(join(options.commonDir, 'objects'))}\n`],
    ...(shallow.length === 0 ? [] : [['shallow', `${shallow.join('\n')}\n`]]),
  ];
  const written = await Promise.all(
    files.map(([name = '', text = '']) => disk.createScratch(join(scratch, name), text)),
  );
  for (const each of written) if (!each.ok) return each.why;
  return null;
}

const configText = (oidLength: number): string =>
  oidLength === 64
    ? '[core]\n\trepositoryformatversion = 1\n\tbare = true\n[extensions]\n\tobjectFormat = sha256\n'
    : '[core]\n\trepositoryformatversion = 0\n\tbare = true\n';

/** A line of `alternates` may be quoted as in C; only a newline or a leading quote makes that needed. */
function quotePath(path: string): string {
  if (!/^"|\n/.test(path)) return path;
  const quoted = path.replace(/["\\\n]/g, (each) => (each === '\n' ? '\\n' : `\\${each}`));
  return `"${quoted}"`;
}
