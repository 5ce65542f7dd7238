/** `init`: proposes a `.reaperrc` from what is here, and writes it when told to. Never overwrites. */
import { readConfigFile } from '../config/file.ts';
import { COMMAND } from '../core/messages.ts';
import { plural, printable } from '../core/text.ts';
import { HABITUAL_FOLDERS, propose, type Seen } from '../install/propose.ts';
import type { Workspace } from '../workspace.ts';
import { type Answer, type Context, JSON_VERSION, problem, ready } from './context.ts';

/** Shared files are readable, as git checks them out. */
const SHARED_MODE = 0o644;

export async function init(context: Context, yes: boolean): Promise<Answer> {
  const opened = await ready(context);
  if (!opened.ok) return opened.answer;
  const workspace = opened.value;
  const { mainRoot: root, io } = workspace;
  if (root === null)
    return problem('bare', 'a bare repository has no place for a .reaperrc', 'git config reaper.branches');
  const there = await readConfigFile(io.disk, root);
  if (there.source !== null)
    return problem('exists', `${there.source} is there already, and is left as it is`, `${COMMAND} status`);
  const seen = await look(workspace, root);
  if ('why' in seen) return problem('unreadable', `the branches could not be listed: ${printable(seen.why)}`);
  const { text, added, uncovered } = propose(seen);
  const json = { version: JSON_VERSION, proposal: text, added, uncovered };
  const notes = uncovered.map(
    ({ path, branch }) =>
      `note: no pattern covers ${printable(path)}${branch === null ? '' : ` (${printable(branch)})`}`,
  );
  const path = `${root}/.reaperrc`;
  if (!yes && !(await context.confirm(`${text}\nwrite this to ${printable(path)}?`)))
    return {
      exit: 0,
      ...(context.isInteractive ? {} : { text: text.trimEnd() }),
      json: { ...json, written: false },
      notes: [...notes, `note: nothing was written; to write it without being asked: ${COMMAND} init --yes`],
    };
  const written = await io.disk.createFile(path, text);
  if (!written.ok) return problem('unwritable', `${printable(path)} could not be written: ${printable(written.why)}`);
  await io.disk.chmod(path, SHARED_MODE);
  const approve =
    added.length === 0 ? [] : [`${plural(added.length, 'pattern')} to approve on this machine: ${COMMAND} allow`];
  return {
    exit: 0,
    text: [...(yes ? [text.trimEnd()] : []), `written: ${printable(path)}`, ...approve].join('\n'),
    json: { ...json, written: true },
    notes,
  };
}

async function look({ io, worktrees, layout, home }: Workspace, root: string): Promise<Seen | { why: string }> {
  const args = ['for-each-ref', '--format=%(refname:lstrip=2)', 'refs/heads'];
  const refs = await io.git.run({ args, cwd: layout.commonDir, gitDir: layout.commonDir });
  if (!refs.ok) return { why: refs.why };
  const folders: string[] = [];
  for (const folder of HABITUAL_FOLDERS) {
    const info = await io.disk.lstat(`${root}/${folder}`);
    if (info.ok && info.value.kind === 'directory') folders.push(folder);
  }
  const linked = worktrees.filter(({ isBare, path }) => !isBare && path !== root);
  return {
    worktrees: linked.map(({ path, branch }) => ({ path, branch })),
    branches: refs.stdout.split('\n').filter((name) => name !== ''),
    folders,
    root,
    home,
  };
}
