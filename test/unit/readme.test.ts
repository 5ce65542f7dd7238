/** What the README says of keys, defaults, floors and commands is what the program has. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { createProgram } from '../../src/cli/program.ts';
import { parseDuration } from '../../src/config/duration.ts';
import { KEYS } from '../../src/config/keys.ts';
import { DEFAULTS, FLOORS } from '../../src/core/settings.ts';

const README = readFileSync(join(import.meta.dirname, '../../README.md'), 'utf8');

/** The cells of a table's rows below the heading, without the head. */
function tableUnder(heading: string): string[][] {
  const section = README.slice(README.indexOf(`\n${heading}\n`)).split(/\n## /)[1] ?? '';
  const rows = section.split('\n').filter((line) => line.startsWith('|'));
  return rows.slice(2).map((line) =>
    line
      .slice(1, -1)
      .split(/(?<!\\)\|/)
      .map((cell) => cell.trim()),
  );
}

const codesIn = (cell: string): string[] => [...cell.matchAll(/`([^`]+)`/g)].map((match) => match[1] ?? '');

const rows = tableUnder('## Configuration');

/** The keys of a row: `quarantine.keep` / `forget` are two of one section. */
function keysOf(cell: string): string[] {
  const [first = '', ...others] = codesIn(cell);
  if (first === 'staging[]') return ['staging'];
  const section = first.slice(0, first.indexOf('.') + 1);
  return [first, ...others.map((name) => `${section}${name}`)];
}

it('the table of configuration names every key once', () => {
  const inFile = KEYS.map(({ file }) => file).filter((key) => key !== 'stagingAge');
  expect(rows.flatMap(([key = '']) => keysOf(key)).sort()).toEqual([...inFile].sort());
});

const { worktrees, quarantine, pass } = DEFAULTS;

it.each<readonly [string, readonly (string | number | boolean)[], readonly number[]]>([
  ['mode', [DEFAULTS.mode], []],
  ['worktrees.branches', worktrees.branches, []],
  ['worktrees.idle', [worktrees.idleMs], [FLOORS.idleMs]],
  ['worktrees.emptyIdle', [worktrees.emptyIdleMs], [FLOORS.emptyIdleMs]],
  ['worktrees.ownerGrace', [worktrees.ownerGraceMs], [FLOORS.ownerGraceMs]],
  ['worktrees.remind', [worktrees.remindMs], []],
  ['worktrees.branch', [worktrees.branch], []],
  [
    'staging',
    [...DEFAULTS.staging.map(({ path }) => path), DEFAULTS.staging[0]?.ageMs ?? 0],
    [FLOORS.stagingAgeMs, FLOORS.stagingAgeWithoutPidMs],
  ],
  ['quarantine.keep', [quarantine.keepMs, quarantine.forgetMs], [FLOORS.quarantineKeepMs]],
  [
    'pass.budget',
    [pass.budgetMs, pass.everyMs, pass.limit, pass.detach],
    [FLOORS.budgetMs, FLOORS.everyMs, FLOORS.limit],
  ],
])('the row of %s holds its defaults and floors', (key, defaults, floors) => {
  const [, shown = '', floor = ''] = rows.find(([cell = '']) => keysOf(cell)[0] === key) ?? [];
  const said = (value: string | number | boolean, text: string) =>
    typeof value === 'number' && value >= 100 ? parseDuration(text) === value : text === String(value);
  expect(defaults.filter((value) => !codesIn(shown).some((text) => said(value, text)))).toEqual([]);
  expect(floors.filter((value) => !codesIn(floor).some((text) => said(value, text)))).toEqual([]);
});

it('the table of commands names every command once', () => {
  const program = createProgram({
    version: '0.0.0',
    answer: async () => undefined,
    hookRun: async () => undefined,
    readStdin: () => '',
  });
  const visible = program
    .createHelp()
    .visibleCommands(program)
    .map((command) => command.name());
  const named = tableUnder('## Commands').flatMap(([cell = '']) =>
    codesIn(cell).map((text) => text.split(' ')[0] ?? ''),
  );
  expect(named.sort()).toEqual(visible.filter((name) => name !== 'help').sort());
});
