/**
 * What the program is made to do: passes, restores and purges, on a machine that may be killed, fail or be
 * interrupted by an agent between any two effects.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { readEntries } from '../../src/act/entries.ts';
import { purge } from '../../src/act/purge.ts';
import type { Entry } from '../../src/core/entry.ts';
import { EMPTY_LEDGER } from '../../src/core/ledger.ts';
import type { DiskAnswer, GitAnswer, Io } from '../../src/io/ports.ts';
import { editedByHand } from '../../src/observe/edited.ts';
import { quietSince } from '../../src/observe/quiet.ts';
import { openView } from '../../src/observe/view.ts';
import { type PassReport, runPass } from '../../src/pass.ts';
import { restoreByName, withPassLock } from '../../src/restoring.ts';
import { buryHolder } from '../support/bury.ts';
import {
  type Call,
  diskFailure,
  ERRNOS,
  faulty,
  GIT_FAILURES,
  interpose,
  type Moment,
  mortal,
} from '../support/faults.ts';
import { patient } from '../support/patience.ts';
import { machineOf, type World } from './world.ts';

/** What befalls a run of the program: nothing, death, a failing call, or an agent who acts in between. */
export type Trouble =
  | { readonly kind: 'none' }
  | { readonly kind: 'death'; readonly at: When; readonly moment: Moment }
  | { readonly kind: 'failure'; readonly at: When; readonly how: number; readonly lasts: boolean }
  | { readonly kind: 'interruption'; readonly at: When };

/** A call by its number, or the first effect of that name (`rename`) on a path that ends so. */
export type When = number | { readonly effect: string; readonly on: RegExp };

export interface ToolRun {
  /** The effect it died in, or null. */
  readonly died: string | null;
  /** True when the trouble took place. */
  readonly isTroubled: boolean;
  readonly report: PassReport | null;
  /** What a restore answered, in one word. */
  readonly answer: string;
  readonly restored: { readonly entry: Entry; readonly path: string; readonly rebuilt: boolean } | null;
}

export interface PassWish {
  /** Effects of the clock: every look at it takes this long; 0 for a pass with all the time in the world. */
  readonly tickMs: number;
  readonly limit: number;
  readonly from: string | null;
}

export type Interrupt = (call: Call) => void | Promise<void>;

/** One pass. */
export async function pass(world: World, wish: PassWish, trouble: Trouble, act: Interrupt): Promise<ToolRun> {
  return endure(world, trouble, act, wish.tickMs, async (io) => {
    const budgetMs = wish.tickMs === 0 ? Number.POSITIVE_INFINITY : 1_000;
    const options = { dryRun: false, budgetMs, limit: wish.limit, from: wish.from, announce: true };
    const passed = await runPass({ ...world.workspace, io }, options);
    return { answer: passed.ok ? 'ok' : passed.problem, report: passed.ok ? passed.report : null, restored: null };
  });
}

/** Restores one entry. */
export async function restore(
  world: World,
  id: string,
  wish: { to: string | null; detach: boolean },
  trouble: Trouble,
  act: Interrupt,
): Promise<ToolRun> {
  return endure(world, trouble, act, 0, async (io) => {
    const result = await restoreByName({ ...world.workspace, io }, id, wish);
    if (!result.ok) return { answer: result.problem, report: null, restored: null };
    const { entry, path, rebuilt } = result;
    return { answer: 'ok', report: null, restored: { entry, path, rebuilt } };
  });
}

/** What `purge --now <id>` does. */
export async function purgeNow(world: World, id: string, trouble: Trouble, act: Interrupt): Promise<ToolRun> {
  return endure(world, trouble, act, 0, async (io) => {
    const { layout, mainRoot, home, settings } = world.workspace;
    if (settings === null) throw new Error('no settings');
    const never = () => false;
    const source = { io, layout, mainRoot, home, settings, ledger: EMPTY_LEDGER, from: null, isOutOfTime: never };
    const view = await openView(source);
    if (!view.known) return { answer: 'unreadable', report: null, restored: null };
    const done = await withPassLock({ ...world.workspace, io }, (actor) =>
      purge(actor, {
        isOutOfTime: never,
        isQuiet: (tree, sinceMs) => quietSince(io, view.value, tree, sinceMs),
        editedByHand: (directory) => editedByHand(io.disk, directory),
        lastPassMs: null,
        only: (entry) => entry.id === id,
        early: true,
      }),
    );
    return { answer: done.ok ? 'ok' : 'busy', report: null, restored: null };
  });
}

type Outcome = Pick<ToolRun, 'answer' | 'report' | 'restored'>;

async function endure(
  world: World,
  trouble: Trouble,
  act: Interrupt,
  tickMs: number,
  work: (io: Io) => Promise<Outcome>,
): Promise<ToolRun> {
  const { io: machine, waitFor } = patient(machineOf(world, tickMs));
  if (trouble.kind === 'death') {
    const death = mortal(machine, moment(trouble.at, isEffect), trouble.moment);
    const end = await waitFor(death.survive(work(death.io)));
    if (end.died !== null) {
      buryHolder(world.repo);
      return { died: end.died, isTroubled: true, answer: 'died', report: null, restored: null };
    }
    return { died: null, isTroubled: false, ...end.value };
  }
  let isTroubled = false;
  const io = troubled(machine, trouble, act, () => {
    isTroubled = true;
  });
  return { ...(await waitFor(work(io))), died: null, isTroubled };
}

function troubled(machine: Io, trouble: Trouble, act: Interrupt, tell: () => void): Io {
  if (trouble.kind === 'failure') {
    const isNow = moment(trouble.at, () => true);
    let hasBegun = false;
    return faulty(machine, (call, _nth, proceed) => {
      const begins = isNow(call);
      hasBegun ||= begins;
      if (!begins && !(trouble.lasts && hasBegun)) return null;
      tell();
      return failureOf(call, trouble.how, proceed);
    });
  }
  if (trouble.kind !== 'interruption') return machine;
  const isNow = moment(trouble.at, isEffect);
  return interpose(machine, async (call, proceed) => {
    if (isNow(call)) {
      tell();
      await act(call);
    }
    return proceed();
  });
}

const isEffect = (call: Call): boolean => call.isEffect;

/** True once, for the call that is meant, among those that count. */
function moment(when: When, counts: (call: Call) => boolean): (call: Call) => boolean {
  let seen = 0;
  return (call) => {
    const isMeant =
      typeof when === 'number' ? counts(call) : call.name === when.effect && when.on.test(String(call.args[0]));
    return isMeant && ++seen === (typeof when === 'number' ? when : 1);
  };
}

const FAILURES = Object.values(GIT_FAILURES);

/** Reads that fall silent are left out: an answer that is empty without an error is a lie no one can see through. */
function failureOf(call: Call, how: number, proceed: () => Promise<unknown>): Promise<GitAnswer> | DiskAnswer<never> {
  if (call.port === 'disk') return diskFailure(ERRNOS[how % ERRNOS.length] ?? 'EIO');
  const ways = call.isEffect ? FAILURES : FAILURES.slice(0, 4);
  const way = ways[how % ways.length] ?? GIT_FAILURES['is killed'];
  return way(proceed as () => Promise<GitAnswer>);
}

/** The notes in quarantine, and what lies there without one. */
export const entriesOf = async (world: World): Promise<readonly Entry[]> =>
  (await readEntries({ io: machineOf(world), layout: world.workspace.layout })).entries;

/** Where an entry's registration lies while it is in quarantine, if it does. */
export function adminInQuarantine(world: World, id: string): string | null {
  const path = join(world.repo.commonDir, 'reaper/quarantine', id, 'admin');
  return existsSync(path) ? path : null;
}
