/**
 * One run of the model: a world, a list of commands, and the invariants after each.
 *
 * Contract: a failure names the command and carries what led to it; counters add up over runs.
 */
import { rmSync } from 'node:fs';
import fc from 'fast-check';
import { ACTS, type Act, type ActKind, perform } from './acts.ts';
import { type Before, check, lookBefore, nothingLost, same, stateOf } from './invariants.ts';
import { entriesOf, type PassWish, pass, purgeNow, restore, type ToolRun, type Trouble } from './tool.ts';
import { date, endProcesses, makeWorld, missing, scan, type World } from './world.ts';

export type Command =
  | { readonly do: 'act'; readonly act: Act }
  | { readonly do: 'wait'; readonly ms: number }
  | { readonly do: 'pass'; readonly wish: Omit<PassWish, 'from'> & { from: number }; trouble: Trouble; act: Act }
  | { readonly do: 'restore'; readonly which: number; to: boolean; detach: boolean; trouble: Trouble; act: Act }
  | { readonly do: 'purge'; readonly which: number; trouble: Trouble; act: Act };

export type Counters = Map<string, number>;

/** Adds one to a counter. */
export function count(counters: Counters, name: string): void {
  counters.set(name, (counters.get(name) ?? 0) + 1);
}

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

const acts: fc.Arbitrary<Act> = fc.oneof(
  ...Object.entries(ACTS).map(([kind, [weight]]) => ({
    weight,
    arbitrary: fc.record({ kind: fc.constant(kind as ActKind), a: fc.nat(999), b: fc.nat(999) }),
  })),
);

const troubles: fc.Arbitrary<Trouble> = fc.oneof(
  { weight: 4, arbitrary: fc.constant<Trouble>({ kind: 'none' }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('death' as const),
      at: fc.integer({ min: 1, max: 60 }),
      moment: fc.constantFrom('before' as const, 'torn' as const, 'after' as const),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('failure' as const),
      at: fc.integer({ min: 1, max: 250 }),
      how: fc.nat(11),
      lasts: fc.boolean(),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('interruption' as const), at: fc.integer({ min: 1, max: 40 }) }),
  },
);

const waits = fc.constantFrom(
  30 * 60_000,
  2 * HOUR,
  2 * HOUR,
  2 * HOUR,
  26 * HOUR,
  26 * HOUR,
  50 * HOUR,
  8 * DAY,
  100 * DAY,
);

const passes: fc.Arbitrary<Command> = fc.record({
  do: fc.constant('pass' as const),
  wish: fc.record({
    tickMs: fc.constantFrom(0, 0, 0, 1, 5, 20),
    limit: fc.constantFrom(100, 100, 100, 100, 1, 0),
    from: fc.nat(99),
  }),
  trouble: troubles,
  act: acts,
});

const restores: fc.Arbitrary<Command> = fc.record({
  do: fc.constant('restore' as const),
  which: fc.nat(99),
  to: fc.boolean(),
  detach: fc.constantFrom(false, false, true),
  trouble: troubles,
  act: acts,
});

const purges: fc.Arbitrary<Command> = fc.record({
  do: fc.constant('purge' as const),
  which: fc.nat(99),
  trouble: troubles,
  act: acts,
});

const tools = fc.oneof(
  { weight: 7, arbitrary: passes },
  { weight: 3, arbitrary: restores },
  { weight: 1, arbitrary: purges },
);

const QUIET_PASS: Command = {
  do: 'pass',
  wish: { tickMs: 0, limit: 100, from: 99 },
  trouble: { kind: 'none' },
  act: { kind: 'die', a: 0, b: 0 },
};

/** Days in which nobody acts and hooks fire now and then, long enough for quarantined files to be purged; or none. */
const quietDays: fc.Arbitrary<Command[]> = fc
  .constantFrom(0, 0, 0, 0, 5)
  .map((passes) => Array.from({ length: passes }, (): Command[] => [{ do: 'wait', ms: 2 * DAY }, QUIET_PASS]).flat());

/** Some fifteen commands: a few acts, some time, then the program, several times over. */
export const commandLists: fc.Arbitrary<Command[]> = fc
  .array(
    fc.tuple(
      fc.array(
        acts.map((act): Command => ({ do: 'act', act })),
        { maxLength: 3 },
      ),
      fc.array(
        waits.map((ms): Command => ({ do: 'wait', ms })),
        { maxLength: 1 },
      ),
      fc.array(tools, { minLength: 1, maxLength: 3 }),
      quietDays,
    ),
    { minLength: 2, maxLength: 5 },
  )
  .map((rounds) => rounds.flat(2));

export const rules = fc.constantFrom('keep' as const, 'merged' as const, 'landed' as const);

/** Runs a list; throws on the first invariant that does not hold. */
export async function runOne(rule: 'keep' | 'merged' | 'landed', commands: readonly Command[], counters: Counters) {
  const world = await makeWorld({ branch: rule });
  try {
    // Something to begin with, or half of the commands would find nothing.
    await act(world, { kind: 'story', a: 1, b: 0 });
    for (const [index, command] of commands.entries()) {
      try {
        await step(world, command, counters);
      } catch (error) {
        const what = `command ${index} (${JSON.stringify(command)}): ${error instanceof Error ? error.message : error}`;
        throw new Error(what, { cause: error });
      }
    }
  } finally {
    endProcesses(world);
    if (process.env.REAPER_TEST_KEEP === undefined) rmSync(world.place, { recursive: true, force: true });
  }
}

async function step(world: World, command: Command, counters: Counters): Promise<void> {
  if (command.do === 'wait') {
    world.offsetMs += command.ms;
    count(counters, 'command wait');
  } else if (command.do === 'act') {
    await act(world, command.act);
    count(counters, `act ${command.act.kind}`);
  } else await useTool(world, command, counters);
}

/** An author's act: what it removes is the author's own doing. */
async function act(world: World, what: Act): Promise<void> {
  const sinceMs = Date.now();
  await perform(world, what);
  // A time that somebody sets is what it is.
  if (what.kind !== 'future') date(world, sinceMs);
  for (const n of missing(world, scan(world))) world.alive.delete(n);
}

type ToolCommand = Exclude<Command, { do: 'act' | 'wait' }>;

async function useTool(world: World, command: ToolCommand, counters: Counters): Promise<void> {
  const entries = await entriesOf(world);
  const entry = command.do === 'pass' ? undefined : entries[command.which % Math.max(1, entries.length)];
  if (command.do !== 'pass' && entry === undefined) return;
  const before = await lookBefore(world, command.do === 'purge' ? (entry?.id ?? null) : null);
  world.interrupted = false;
  const interrupt = async () => {
    world.interrupted = true;
    nothingLost(world, scan(world), before.mayGo);
    await act(world, command.act);
  };
  const run = await runTool(world, command, entry?.id ?? '', interrupt);
  tallyRun(command, run, counters);
  await check(world, before, !run.isTroubled && run.died === null && command.do === 'pass' && run.answer === 'ok');
  remember(world, before, run);
  if (run.restored !== null && command.do === 'restore') compareRestored(world, run, command, counters);
}

function runTool(world: World, command: ToolCommand, id: string, interrupt: () => Promise<void>): Promise<ToolRun> {
  const { trouble } = command;
  if (command.do === 'purge') return purgeNow(world, id, trouble, interrupt);
  if (command.do === 'restore') {
    const to = command.to ? `${world.place}/trees/r${++world.counter}` : null;
    return restore(world, id, { to, detach: command.detach }, trouble, interrupt);
  }
  const { tickMs, limit, from } = command.wish;
  return pass(world, { tickMs, limit, from: world.trees[from]?.path ?? null }, trouble, interrupt);
}

/** What was reclaimed is remembered as it was, so that a restore can be held against it. */
function remember(world: World, before: Before, run: ToolRun): void {
  for (const { entry } of run.report?.reclaimed ?? []) {
    const state = before.states.get(entry.path);
    if (state !== undefined && world.interrupted !== true) world.reclaimed.set(entry.id, state);
  }
  const { restored } = run;
  // Nobody works in a leftover: what an agent wrote there would be one too.
  if (restored === null || restored.entry.kind === 'staging') return;
  world.trees.push({ name: `r${++world.counter}`, path: restored.path });
}

function compareRestored(world: World, run: ToolRun, command: ToolCommand, counters: Counters): void {
  const { restored } = run;
  if (restored === null || restored.rebuilt || world.interrupted === true) return;
  const was = world.reclaimed.get(restored.entry.id);
  const isElsewhere = restored.path !== restored.entry.path;
  if (was === undefined || isElsewhere || (command.do === 'restore' && command.detach)) return;
  const [now] = stateOf(world, { name: '', path: restored.path });
  same('a restored worktree', was, now?.[1]);
  count(counters, 'restored as it was');
}

function tallyRun(command: ToolCommand, run: ToolRun, counters: Counters): void {
  count(counters, `command ${command.do}`);
  count(counters, `${command.do}: ${run.answer}`);
  if (run.isTroubled) count(counters, `trouble ${command.trouble.kind}`);
  if (run.died !== null) count(counters, `died in ${run.died}`);
  const { report } = run;
  if (report === null) return;
  for (const { how } of report.recovered) count(counters, `recovered ${how}`);
  for (const { outcome, reasons, inquiry } of report.results) {
    if (outcome !== null) count(counters, `outcome ${outcome}`);
    for (const { code } of reasons) count(counters, `reason ${code}`);
    if (inquiry.verdict.verdict === 'reclaim') count(counters, `ground ${inquiry.verdict.ground}`);
    else count(counters, `verdict ${inquiry.verdict.verdict}`);
  }
  for (const { entry } of report.reclaimed) count(counters, `reclaimed ${entry.kind}`);
  if (report.purge === null) return;
  for (const _ of report.purge.purged) count(counters, 'purged');
  for (const _ of report.purge.forgotten) count(counters, 'forgotten');
  if (report.purge.bytes > 0) count(counters, 'purged bytes');
}
