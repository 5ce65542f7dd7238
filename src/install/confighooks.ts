/**
 * Hooks named in git's configuration, which git runs from 2.54 on beside every hook file.
 *
 * Contract: two settings a hook in the repository's own configuration file, in a section that is
 * ours by name; command before event, because git refuses every hook where an event has no command.
 * The command succeeds where the program is gone. Removing the section leaves the file as it was.
 * Failure direction: an older git would ignore them, so there they are not written.
 */
import type { Io } from '../io/ports.ts';
import { shellLine } from './managers.ts';
import { HOOK_NAMES, type HookName } from './names.ts';
import type { Repo } from './place.ts';

/** The first git that runs hooks named in its configuration. */
const SINCE = [2, 54] as const;

/** Whether this git runs such hooks. */
export async function runsConfigHooks(io: Io, repo: Repo): Promise<boolean> {
  const version = await io.git.run({ args: ['version'], cwd: repo.commonDir });
  const [major = 0, minor = 0] = (version.ok ? version.stdout : '').match(/\d+/g)?.map(Number) ?? [];
  const [sinceMajor, sinceMinor] = SINCE;
  return major > sinceMajor || (major === sinceMajor && minor >= sinceMinor);
}

/** git appends the hook's own arguments to it. */
export const configCommand = (hook: HookName): string => shellLine(hook, '').trimEnd();

/** Has git run the hook through its configuration; answers whether anything was changed. */
export async function writeConfigHook(
  io: Io,
  repo: Repo,
  hook: HookName,
): Promise<{ ok: true; changed: boolean } | { ok: false; why: string }> {
  const wanted = [
    ['command', configCommand(hook)],
    ['event', hook],
  ] as const;
  let changed = false;
  for (const [key, value] of wanted) {
    const name = `${sectionOf(hook)}.${key}`;
    const there = await local(io, repo, ['--null', '--get-all', name], [1]);
    if (there.ok && there.stdout === `${value}\0`) continue;
    const written = await local(io, repo, ['--replace-all', name, value]);
    if (!written.ok) return { ok: false, why: written.why };
    changed = true;
  }
  return { ok: true, changed };
}

/**
 * The hooks that git's configuration, whoever's it is, hands to us; none where git is too old to read it.
 * `off`: by `hook.<name>.enabled` or `hook.<event>.enabled`, the key of which is given.
 */
export async function configuredHooks(io: Io, repo: Repo): Promise<Map<HookName, { off: string | null }>> {
  const hooks = new Map<HookName, { off: string | null }>();
  if (!(await runsConfigHooks(io, repo))) return hooks;
  const args = ['config', '--null', '--get-regexp', '^hook\\..*\\.command$'];
  const answer = await io.git.run({ args, cwd: repo.commonDir, gitDir: repo.gitDir, okCodes: [1] });
  if (!answer.ok) return hooks;
  const ours = answer.stdout.split('\0').flatMap((entry) => {
    const end = entry.indexOf('\n');
    return entry.includes('reaper/bin/reaper.sh', end) ? [entry.slice('hook.'.length, end - '.command'.length)] : [];
  });
  for (const hook of HOOK_NAMES) {
    const list = await io.git.run({
      args: ['hook', 'list', hook],
      cwd: repo.commonDir,
      gitDir: repo.gitDir,
      okCodes: [1],
    });
    for (const line of list.ok ? list.stdout.split('\n') : []) {
      const [, state = '', name = ''] = /^(?:(disabled|event-disabled)\t)?(.*)$/.exec(line) ?? [];
      if (!ours.includes(name)) continue;
      const off = state === '' ? null : `hook.${state === 'disabled' ? name : hook}.enabled`;
      if (hooks.get(hook)?.off !== null) hooks.set(hook, { off });
    }
  }
  return hooks;
}

/** Takes the sections out again; answers the hooks that had one. */
export async function removeConfigHooks(
  io: Io,
  repo: Repo,
): Promise<{ removed: HookName[]; left: { path: string; why: string }[] }> {
  const removed: HookName[] = [];
  const left: { path: string; why: string }[] = [];
  for (const hook of HOOK_NAMES) {
    const pattern = `^hook\\.reaper-${hook}\\.`;
    const there = await local(io, repo, ['--null', '--name-only', '--get-regexp', pattern], [1]);
    if (there.ok && there.stdout === '') continue;
    const gone = there.ok ? await local(io, repo, ['--remove-section', sectionOf(hook)]) : there;
    if (gone.ok) removed.push(hook);
    else left.push({ path: sectionOf(hook), why: gone.why });
  }
  return { removed, left };
}

const sectionOf = (hook: HookName): string => `hook.reaper-${hook}`;

const local = (io: Io, repo: Repo, args: string[], okCodes: number[] = []) =>
  io.git.run({ args: ['config', '--local', ...args], cwd: repo.commonDir, gitDir: repo.commonDir, okCodes });
