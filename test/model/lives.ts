/**
 * Lives in which the rare things happen, told on purpose: the model lives them before its random ones.
 *
 * Contract: each begins with what every life begins with, a worktree whose work has landed. Together they make
 * sure that no counter of the model depends on chance.
 */
import type { Act, ActKind } from './acts.ts';
import type { Command } from './run.ts';
import type { Trouble, When } from './tool.ts';

type Rule = 'keep' | 'merged' | 'landed';

const act = (kind: ActKind, a = 0, b = 0): Act => ({ kind, a, b });
const does = (kind: ActKind, a = 0, b = 0): Command => ({ do: 'act', act: act(kind, a, b) });
const wait = (hours: number): Command => ({ do: 'wait', ms: hours * 3_600_000 });

const NONE: Trouble = { kind: 'none' };
const NOBODY = act('die');

const pass = (trouble: Trouble = NONE, meanwhile: Act = NOBODY, limit = 100): Command => ({
  do: 'pass',
  wish: { tickMs: 0, limit, from: 99 },
  trouble,
  act: meanwhile,
});

const restore = (trouble: Trouble = NONE, to = false): Command => ({
  do: 'restore',
  which: 0,
  to,
  detach: false,
  trouble,
  act: NOBODY,
});

const purge: Command = { do: 'purge', which: 0, trouble: NONE, act: NOBODY };

const TREE_GOES: When = { effect: 'rename', on: /\/trees\/[^/]*$/ };
const REGISTRATION_GOES: When = { effect: 'rename', on: /\/worktrees\/[^/]*$/ };
const TREE_RETURNS: When = { effect: 'rename', on: /\/quarantine\/[^/]*\/tree$/ };

const dies = (at: When): Trouble => ({ kind: 'death', at, moment: 'after' });
const fails = (at: When): Trouble => ({ kind: 'failure', at, how: 2, lasts: false });
const interrupts = (at: When): Trouble => ({ kind: 'interruption', at });

const QUIET_MONTHS: readonly Command[] = Array.from({ length: 8 }, () => [wait(48), pass()]).flat();

const KEPT: readonly Command[] = [
  does('future'),
  does('hide'),
  does('refs'),
  does('submodule'),
  does('repository'),
  does('commit'),
  does('lock', 0, 1),
  does('lock', 0, 4),
];

const TOLD: readonly (readonly Command[])[] = [
  // Killed between the two renames, and after both; then the next pass.
  [wait(26), pass(dies(TREE_GOES)), pass(), pass()],
  [wait(26), pass(dies(REGISTRATION_GOES)), pass(), pass()],
  // Killed while it comes back; and come back as it was.
  [wait(26), pass(), restore(dies(TREE_RETURNS)), pass()],
  [wait(26), pass(), restore(), wait(2), pass()],
  // Its path, or its branch, belongs to somebody else by now.
  [wait(26), pass(), does('retake'), restore(), restore(NONE, true)],
  // One that was never used waits for a day.
  [does('add', 0, 0), wait(2), pass(), wait(26), pass(), restore()],
  [wait(26), pass(), does('rebranch'), restore()],
  // The disk refuses; somebody writes at the last moment; nothing is allowed in this pass.
  [wait(26), pass(fails(TREE_GOES)), pass()],
  [wait(26), pass(interrupts(TREE_GOES), act('dirty', 0, 1)), pass()],
  [wait(26), pass(NONE, NOBODY, 0), pass(NONE, NOBODY, 1)],
  // Reclaimed, purged and forgotten; and purged because a person asked for it.
  [wait(26), pass(), ...QUIET_MONTHS, wait(100 * 24), pass(), wait(30), pass()],
  [does('dirty', 0, 4), wait(26), pass(), purge, restore()],
  // Kept, each for a reason of its own.
  ...KEPT.map((act): Command[] => [act, wait(2), pass()]),
  [does('lock', 0, 0), wait(26), pass()],
  [does('open'), wait(26), pass()],
  [wait(26), { do: 'pass', wish: { tickMs: 0, limit: 100, from: 0 }, trouble: NONE, act: NOBODY }],
  // Three at once.
  [does('story', 0, 2), does('story', 5, 4), does('story', 2, 8), wait(26), pass(), restore(), pass()],
];

const RULES: readonly Rule[] = ['merged', 'landed', 'keep'];

/** What the property is tried on first. */
export const LIVES: readonly [Rule, Command[]][] = TOLD.map((commands, index) => [
  RULES[index % RULES.length] ?? 'merged',
  [...commands],
]);
