/** What every act needs: the machine, the places, and who is acting. */
import type { Layout } from '../core/layout.ts';
import type { DiskAnswer, GitAnswer, GitCall, Io } from '../io/ports.ts';

export interface Actor {
  readonly io: Io;
  readonly layout: Layout;
  /** Names the run in the journal. */
  readonly passId: string;
  /** Updates one ref together with those of others who act at the same time; each for itself when absent. */
  readonly updateRef?: (command: string) => Promise<Done>;
  /** What a rebase or a bisect is at work on, read after it was asked for; each for itself when absent. */
  readonly branchesAtWork?: () => Promise<Done<ReadonlyMap<string, string>>>;
}

/** The outcome of something that may be refused by the machine. */
export type Done<T = void> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly why: string };

export const done: Done = { ok: true, value: undefined };
export const failed = (why: string): Done<never> => ({ ok: false, why });

/** Turns a port's answer into a `Done`, naming what was attempted. */
export function outcome(answer: DiskAnswer<unknown> | GitAnswer, what: string): Done {
  return answer.ok ? done : failed(`${what}: ${answer.why}`);
}

/** Whether something lies at `path`; anything but a clear answer is a failure, never "no". */
export async function isThere({ io }: Actor, path: string | null): Promise<Done<boolean>> {
  if (path === null) return { ok: true, value: false };
  const info = await io.disk.lstat(path);
  if (info.ok) return { ok: true, value: true };
  const isAbsent = info.code === 'ENOENT' || info.code === 'ENOTDIR';
  return isAbsent ? { ok: true, value: false } : failed(`looking for ${path}: ${info.why}`);
}

/** A call on the repository itself, made durable, that prints nothing of the user's. */
export const onRepository = (actor: Actor, call: Omit<GitCall, 'cwd' | 'gitDir' | 'config'>): Promise<GitAnswer> =>
  actor.io.git.run({
    ...call,
    cwd: actor.layout.commonDir,
    gitDir: actor.layout.commonDir,
    config: ['core.fsync=committed,loose-object', 'user.name=reaper-hook', 'user.email=reaper-hook@localhost'],
  });
