/**
 * A machine that dies, fails or is interrupted between two effects.
 *
 * Contract: `interpose` puts one function around every call of an `Io`; the others are built on it.
 * An effect is every writing call of the disk and every git call that is not known to read only.
 * A killed machine never answers again: the calls that were under way end first, as the kernel's do.
 */
import { writeFileSync } from 'node:fs';
import type { DiskAnswer, GitAnswer, GitCall, Io } from '../../src/io/ports.ts';

/** One call through a port, and what kind of call it is. */
export interface Call {
  readonly port: 'disk' | 'git';
  /** `rename`, `update-ref create pin`: names a kind, for counters. */
  readonly name: string;
  readonly isEffect: boolean;
  readonly args: readonly unknown[];
}

export type Around = (call: Call, proceed: () => Promise<unknown>) => Promise<unknown>;

const DISK_EFFECTS = new Set([
  'makeDir',
  'rename',
  'writeFile',
  'createFile',
  'createScratch',
  'appendLine',
  'removeFile',
  'removeEmptyDir',
  'chmod',
  'setModified',
]);

/** What these print is all they do. merge-tree leaves loose objects behind that nothing refers to. */
const GIT_READS = new Set([
  'cat-file',
  'check-ignore',
  'cherry',
  'config',
  'diff-index',
  'diff-tree',
  'for-each-ref',
  'log',
  'ls-files',
  'ls-tree',
  'merge-base',
  'merge-tree',
  'patch-id',
  'rev-list',
  'rev-parse',
  'status',
  'version',
]);

/** The same machine, with `around` in every call. */
export function interpose(io: Io, around: Around): Io {
  const disk = Object.fromEntries(
    Object.entries(io.disk).map(([name, method]) => [
      name,
      (...args: unknown[]) =>
        around({ port: 'disk', name, isEffect: DISK_EFFECTS.has(name), args }, () =>
          (method as (...all: unknown[]) => Promise<unknown>)(...args),
        ),
    ]),
  ) as unknown as Io['disk'];
  const run = (call: GitCall) =>
    around({ port: 'git', name: nameOf(call), isEffect: isGitEffect(call), args: [call] }, () =>
      io.git.run(call),
    ) as Promise<GitAnswer>;
  return { ...io, disk, git: { run } };
}

function isGitEffect({ args }: GitCall): boolean {
  if (args[0] === 'worktree') return args[1] !== 'list';
  return !GIT_READS.has(args[0] ?? '');
}

function nameOf({ args, input }: GitCall): string {
  if (args[0] !== 'update-ref') return args[0] ?? '';
  const command = (input ?? '').split('\n').find((line) => /^(create|delete|update) /.test(line)) ?? '';
  const [verb, ref = ''] = command.split(' ');
  return `update-ref ${verb} ${ref.startsWith('refs/reaper/') ? 'pin' : 'branch'}`;
}

/** Counts calls by name, effects and reads apart. */
export function tally(): { around: Around; effects: Map<string, number>; reads: Map<string, number> } {
  const effects = new Map<string, number>();
  const reads = new Map<string, number>();
  return {
    effects,
    reads,
    around: (call, proceed) => {
      const counts = call.isEffect ? effects : reads;
      const name = `${call.port}.${call.name}`;
      counts.set(name, (counts.get(name) ?? 0) + 1);
      return proceed();
    },
  };
}

/** `torn`: in the middle of the effect, where it has one. */
export type Moment = 'before' | 'torn' | 'after';

export interface Death {
  readonly io: Io;
  /** Waits for `work` to end or the machine to die; `died` names the effect, '' one that has no middle to die in. */
  survive<T>(work: Promise<T>): Promise<{ died: string } | { died: null; value: T }>;
}

const NEVER = new Promise<never>(() => undefined);

/** A machine that dies at its `k`-th effect (from 1), or at the first that `k` is true for. */
export function mortal(io: Io, k: number | ((call: Call) => boolean), moment: Moment): Death {
  let effects = 0;
  let isDead = false;
  let tellDeath: (name: string) => void = () => undefined;
  const death = new Promise<string>((resolve) => {
    tellDeath = resolve;
  });
  const underWay = new Set<Promise<unknown>>();
  const run = (proceed: () => Promise<unknown>): Promise<unknown> => {
    const answer = proceed();
    underWay.add(answer);
    return answer.finally(() => underWay.delete(answer));
  };
  const around: Around = async (call, proceed) => {
    if (isDead) return NEVER;
    if (call.isEffect && (typeof k === 'number' ? ++effects === k : k(call))) {
      isDead = true;
      if (moment === 'after') await run(proceed);
      tellDeath(moment === 'torn' && !tear(call) ? '' : `${call.port}.${call.name}`);
      return NEVER;
    }
    const answer = await run(proceed);
    return isDead ? NEVER : answer;
  };
  return {
    io: interpose(io, around),
    survive: async (work) => {
      const died = death.then((name) => ({ died: name }));
      const ended = work.then((value) => ({ died: null, value }) as const);
      const first = await Promise.race([died, ended]);
      while (underWay.size > 0) await Promise.allSettled([...underWay]);
      return first;
    },
  };
}

/** Leaves what a write that was cut in half leaves; false when the effect has no middle. */
function tear({ port, name, args }: Call): boolean {
  if (port === 'git') return name === 'checkout-index' && tearCheckout(args[0] as GitCall);
  if (typeof args[1] !== 'string') return false;
  const half = args[1].slice(0, args[1].length / 2);
  if (name === 'writeFile' || name === 'createFile') writeFileSync(`${args[0]}.${process.pid}.tmp`, half);
  else if (name === 'appendLine') writeFileSync(String(args[0]), half, { flag: 'a' });
  else return false;
  return true;
}

/** git was killed while it wrote files: one is half there, and its index is still locked. */
function tearCheckout({ gitDir = '', workTree = '' }: GitCall): boolean {
  writeFileSync(`${gitDir}/index.lock`, '');
  writeFileSync(`${workTree}/README.md`, 'he');
  return true;
}

/** A machine on which the calls that `choose` answers for fail; null lets a call through. */
export function faulty(
  io: Io,
  choose: (call: Call, nth: number, proceed: () => Promise<unknown>) => unknown | null,
): Io {
  let nth = 0;
  return interpose(io, async (call, proceed) => {
    const answer = await choose(call, ++nth, proceed);
    return answer ?? proceed();
  });
}

export const ERRNOS = ['EXDEV', 'ENOSPC', 'EACCES', 'EROFS', 'EIO', 'EMFILE'] as const;

export const diskFailure = (code: string): DiskAnswer<never> => ({
  ok: false,
  code,
  why: `${code}: injected failure`,
});

/** How a git call goes wrong, and what its caller is told. */
export const GIT_FAILURES = {
  'fails with 128': async () => gitFailure(128, 'fatal: injected failure'),
  'is killed': async () => gitFailure(null, 'git was killed'),
  'hangs past the deadline': async () => ({ ...gitFailure(null, 'git did not answer in time'), outOfTime: true }),
  'answers after the deadline': async (proceed: () => Promise<GitAnswer>) => {
    await proceed();
    return { ...gitFailure(null, 'git did not answer in time'), outOfTime: true };
  },
  'prints nothing': async (): Promise<GitAnswer> => ({ ok: true, stdout: '' }),
  'prints half of it': async (proceed: () => Promise<GitAnswer>): Promise<GitAnswer> => {
    const answer = await proceed();
    return answer.ok ? { ...answer, stdout: answer.stdout.slice(0, answer.stdout.length / 2) } : answer;
  },
} as const;

export type GitFailure = keyof typeof GIT_FAILURES;

const gitFailure = (code: number | null, why: string): GitAnswer & { ok: false } => ({
  ok: false,
  code,
  why,
  stderr: why,
});

/** A machine on which `act` happens before the `k`-th effect (from 1). */
export function interrupted(io: Io, k: number, act: (call: Call) => void | Promise<void>): Io {
  let effects = 0;
  return interpose(io, async (call, proceed) => {
    if (call.isEffect && ++effects === k) await act(call);
    return proceed();
  });
}
