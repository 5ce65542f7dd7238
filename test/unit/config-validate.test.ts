import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { formatDuration, parseDuration } from '../../src/config/duration.ts';
import { readConfigFile } from '../../src/config/file.ts';
import { KEYS, settingsOf, valuesOf } from '../../src/config/keys.ts';
import { quote, show } from '../../src/config/messages.ts';
import { LIMITS, settle } from '../../src/config/settle.ts';
import { BUILT_IN_SCOPE } from '../../src/config/trust.ts';
import { validate } from '../../src/config/validate.ts';
import { CEILINGS, DEFAULTS, FLOORS, type Settings } from '../../src/core/settings.ts';
import { disk } from '../../src/io/disk.ts';
import { DAY, HOUR, sandbox } from '../support/repo.ts';

const MINUTE = 60_000;
const EXAMPLE = join(import.meta.dirname, '../../.reaperrc.example');
const FILE = { source: '.reaperrc', level: 'file' } as const;
const USER = { source: 'git config', level: 'user' } as const;

const problems = (document: unknown) => validate(document, FILE).problems;
const keys = (document: unknown) => problems(document).map(({ key }) => key);

const applied = (document: unknown, user: unknown = {}) => {
  const file = validate(document, FILE);
  const own = validate(user, USER);
  expect([...file.problems, ...own.problems]).toEqual([]);
  return settle({ file: file.values, source: '.reaperrc', user: own.values, allowed: BUILT_IN_SCOPE });
};

describe('durations', () => {
  it.each([
    ['90s', 90_000],
    ['30m', 30 * MINUTE],
    ['24h', DAY],
    ['7d', 7 * DAY],
    ['0', 0],
    ['0s', 0],
  ])('%s is read, and written exactly', (text, durationMs) => {
    expect(parseDuration(text)).toBe(durationMs);
    expect(parseDuration(formatDuration(durationMs))).toBe(durationMs);
  });

  it.each([
    '',
    '10',
    '1.5h',
    '-1h',
    '1h30m',
    ' 1h',
    '1h ',
    '1 h',
    '01h',
    '1H',
    '1w',
    '1y',
    '1us',
    '1e3s',
    '9'.repeat(20),
    '12345678d',
    '\u0661h',
    '1h\n',
  ])('%j is not one', (text) => {
    expect(parseDuration(text)).toBeNull();
  });

  it.each([
    [36 * HOUR, '36h'],
    [90_000, '90s'],
    [250, '250ms'],
    [0, '0'],
  ])('%d ms is written as %s, not rounded', (durationMs, text) => {
    expect(formatDuration(durationMs)).toBe(text);
  });
});

describe('each key', () => {
  const bad: readonly (readonly [string, unknown, string])[] = [
    ['mode', { mode: 'raep' }, 'reap or report'],
    ['mode', { mode: null }, 'reap or report'],
    ['worktrees', { worktrees: [] }, 'mapping'],
    ['worktrees', { worktrees: 'x' }, 'mapping'],
    ['worktrees.branches', { worktrees: { branches: 'agent/*' } }, 'list'],
    ['worktrees.branches', { worktrees: { branches: null } }, 'list'],
    ['worktrees.branches', { worktrees: { branches: Array(65).fill('x') } }, 'at most 64'],
    ['worktrees.branches[1]', { worktrees: { branches: ['a', 3] } }, 'gitignore'],
    ['worktrees.branches[0]', { worktrees: { branches: ['a/../b'] } }, 'segment'],
    ['worktrees.paths[0]', { worktrees: { paths: ['~root/*'] } }, '~/'],
    ['worktrees.base[0]', { worktrees: { base: '-x' } }, 'dash'],
    ['worktrees.base[1]', { worktrees: { base: ['auto', 'a..b'] } }, 'ref'],
    ['worktrees.base', { worktrees: { base: 7 } }, 'list'],
    ['worktrees.idle', { worktrees: { idle: 10 } }, 'duration'],
    ['worktrees.idle', { worktrees: { idle: '10 min' } }, 'duration'],
    ['worktrees.emptyIdle', { worktrees: { emptyIdle: true } }, 'duration'],
    ['worktrees.ownerGrace', { worktrees: { ownerGrace: '-1h' } }, 'duration'],
    ['worktrees.remind', { worktrees: { remind: 'weekly' } }, 'duration'],
    ['worktrees.rebuildable[0]', { worktrees: { rebuildable: ['a/b'] } }, 'slash'],
    ['worktrees.rebuildable[0]', { worktrees: { rebuildable: ['*'] } }, 'wildcard'],
    ['worktrees.rebuildable[0]', { worktrees: { rebuildable: ['.git'] } }, 'never'],
    ['worktrees.branch', { worktrees: { branch: 'always' } }, 'keep, merged or landed'],
    ['staging', { staging: { path: 'x' } }, 'list'],
    ['staging[0]', { staging: ['x'] }, 'mapping'],
    ['staging[0].path', { staging: [{ age: '1h' }] }, 'relative path'],
    ['staging[0].path', { staging: [{ path: '../x-{pid}' }] }, '..'],
    ['staging[1].age', { staging: [{ path: 'x' }, { path: 'y', age: 'old' }] }, 'duration'],
    ['quarantine', { quarantine: 7 }, 'mapping'],
    ['quarantine.keep', { quarantine: { keep: '1 week' } }, 'duration'],
    ['quarantine.forget', { quarantine: { forget: {} } }, 'duration'],
    ['quarantine.max', { quarantine: { max: '10 gigs' } }, 'size'],
    ['quarantine.minFree', { quarantine: { minFree: 5 } }, 'size'],
    ['pass.budget', { pass: { budget: 2 } }, 'duration'],
    ['pass.every', { pass: { every: [] } }, 'duration'],
    ['pass.limit', { pass: { limit: '20' } }, 'whole number'],
    ['pass.limit', { pass: { limit: 1.5 } }, 'whole number'],
    ['pass.limit', { pass: { limit: -1 } }, 'whole number'],
    ['pass.detach', { pass: { detach: 'yes' } }, 'true or false'],
    ['.reaperrc', ['mode'], 'mapping'],
    ['.reaperrc', 'reap', 'mapping'],
    ['.reaperrc', new Map(), 'mapping'],
  ];

  it.each(bad)('%s is named when it holds %j: %s', (key, document, expected) => {
    const found = problems(document);
    expect(found.map((problem) => problem.key)).toEqual([key]);
    expect(found[0]?.expected).toContain(expected);
    expect(found[0]?.message).toContain(key);
    expect(found[0]?.message).toContain(found[0]?.expected);
  });

  it('of the table has a rejection above', () => {
    const named = new Set(bad.map(([key]) => key.replace(/\[.*$/, '')));
    expect(KEYS.map(({ file }) => file).filter((key) => key !== 'stagingAge' && !named.has(key))).toEqual([]);
  });

  it('is quoted with its value', () => {
    expect(problems({ worktrees: { idle: '10 min' } })[0]).toEqual({
      key: 'worktrees.idle',
      value: '"10 min"',
      expected: 'a duration such as 90s, 30m, 24h or 7d',
      nearest: null,
      message: 'worktrees.idle in .reaperrc is "10 min": expected a duration such as 90s, 30m, 24h or 7d',
    });
  });

  it('is checked, so that all problems come at once', () => {
    const document = { mood: 1, mode: 'x', worktrees: { idle: 1, ilde: 2, paths: [''] }, pass: { limit: 'x' } };
    expect(keys(document).toSorted()).toEqual([
      'mode',
      'mood',
      'pass.limit',
      'worktrees.idle',
      'worktrees.ilde',
      'worktrees.paths[0]',
    ]);
  });

  it('is one of at most 20 that are reported', () => {
    const many = Object.fromEntries(Array.from({ length: 500 }, (_, index) => [`key${index}`, 1]));
    expect(problems(many)).toHaveLength(20);
    expect(problems({ worktrees: { branches: Array(60).fill(1) } })).toHaveLength(20);
  });
});

describe('a key that does not exist', () => {
  it.each([
    [{ mood: 'reap' }, 'mood', 'mode'],
    [{ idle: '1h' }, 'idle', 'worktrees.idle'],
    [{ worktree: {} }, 'worktree', 'worktrees'],
    [{ worktrees: { ilde: '1h' } }, 'worktrees.ilde', 'worktrees.idle'],
    [{ worktrees: { branchs: [] } }, 'worktrees.branchs', 'worktrees.branches'],
    [{ worktrees: { keep: '7d' } }, 'worktrees.keep', 'quarantine.keep'],
    [{ pass: { Budget: '2s' } }, 'pass.Budget', 'pass.budget'],
    [{ staging: [{ path: 'x', aeg: '1h' }] }, 'staging[0].aeg', 'age'],
    [{ stagingAge: '1h' }, 'stagingAge', 'staging'],
    [{ 'worktrees.idle': '1h' }, 'worktrees.idle', 'worktrees.idle'],
  ])('%j is told the nearest one: %s, %s', (document, key, nearest) => {
    expect(problems(document)).toMatchObject([{ key, nearest }]);
    expect(problems(document)[0]?.message).toContain(`the nearest key is ${nearest}`);
  });

  it('that resembles none is told all of them', () => {
    expect(problems({ zzzzzzzzzz: 1 })[0]).toMatchObject({
      nearest: null,
      message: expect.stringMatching(
        /^zzzzzzzzzz in \.reaperrc is 1, but that is not a key: expected one of mode, worktrees\.branches, .*, pass$/,
      ),
    });
  });

  it.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty', '$import'])('%s is one of them', (key) => {
    expect(keys(JSON.parse(`{"${key}": {"idle": "0"}, "worktrees": {"${key}": 1}}`))).toEqual([
      key,
      `worktrees.${key}`,
    ]);
  });
});

describe('what a message shows', () => {
  it('cannot speak to the terminal', () => {
    const evil = '\u001b[2J\u0007\r\n\u009b31m\u202e\u2028\u200b\ud800';
    for (const { key, value, message } of problems({ mode: evil, [evil]: evil, worktrees: { branches: [evil] } }))
      expect(`${key}${value}${message}`).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u);
    expect(quote('\u001b[2J')).toBe('"\\u{1b}[2J"');
  });

  it('is cut where it is long', () => {
    expect(show('x'.repeat(5000))).toBe(`${'x'.repeat(120)}…`);
    expect(problems({ mode: 'x'.repeat(50_000) })[0]?.message.length).toBeLessThan(250);
    expect(problems({ ['x'.repeat(50_000)]: 1 })[0]?.message.length).toBeLessThan(600);
  });

  it('names a list or a mapping, and does not print it', () => {
    expect(quote([1, 2])).toBe('a list of 2');
    expect(quote({ a: 1 })).toBe('a mapping');
    expect(quote(undefined)).toBe('nothing');
    expect(quote(1)).toBe('1');
    expect(quote(() => 1)).toBe('a function');
  });
});

describe('floors and ceilings', () => {
  const rows: readonly (readonly [string, unknown, (settings: Settings) => unknown, unknown])[] = [
    ['worktrees.idle', { worktrees: { idle: '1m' } }, (s) => s.worktrees.idleMs, FLOORS.idleMs],
    ['worktrees.emptyIdle', { worktrees: { emptyIdle: 0 } }, (s) => s.worktrees.emptyIdleMs, FLOORS.emptyIdleMs],
    ['quarantine.keep', { quarantine: { keep: '0' } }, (s) => s.quarantine.keepMs, FLOORS.quarantineKeepMs],
    ['pass.budget', { pass: { budget: 0 } }, (s) => s.pass.budgetMs, FLOORS.budgetMs],
    ['pass.budget', { pass: { budget: '1h' } }, (s) => s.pass.budgetMs, CEILINGS.budgetMs],
    ['pass.every', { pass: { every: 0 } }, (s) => s.pass.everyMs, FLOORS.everyMs],
    ['pass.every', { pass: { every: '3000d' } }, (s) => s.pass.everyMs, CEILINGS.everyMs],
    ['pass.limit', { pass: { limit: 0 } }, (s) => s.pass.limit, FLOORS.limit],
    ['pass.limit', { pass: { limit: 1e6 } }, (s) => s.pass.limit, CEILINGS.limit],
    ['worktrees.idle', { worktrees: { idle: '9999999d' } }, (s) => s.worktrees.idleMs, CEILINGS.ageMs],
    [
      'staging[0].age',
      { staging: [{ path: DEFAULTS.staging[0]?.path, age: '1m' }] },
      (s) => s.staging[0]?.ageMs,
      FLOORS.stagingAgeMs,
    ],
  ];

  it.each(rows)('%s in the file cannot leave them: %j', (key, document, read, limit) => {
    const { settings, proposed, notes } = applied(document);
    expect(read(settings)).toBe(limit);
    expect(read(proposed)).toBe(limit);
    expect(notes).toHaveLength(1);
    expect(notes[0]).toContain(key);
  });

  it('are named in the note with key, value, floor and the way to go lower', () => {
    expect(applied({ worktrees: { idle: '1m' } }).notes).toEqual([
      'worktrees.idle in .reaperrc is 1m, below its floor: 10m applies. To go lower: git config reaper.idle 1m',
    ]);
  });

  it('are not mentioned where git config decides, and of the number of reclaims not as something to go below', () => {
    const idle = { worktrees: { idle: '1s' } };
    expect(applied(idle, { worktrees: { idle: '2h' } }).notes).toEqual([]);
    expect(applied(idle, { worktrees: { emptyIdle: '2h' } }).notes).toHaveLength(1);
    const staging = { staging: [{ path: 'x-{pid}', age: '1m' }] };
    expect(applied(staging).notes).toHaveLength(1);
    expect(applied(staging, { stagingAge: '5m' }).notes).toEqual([]);
    expect(applied({ pass: { limit: 0 } }).notes).toEqual([
      'pass.limit in .reaperrc is 0, below its floor: 1 applies. To look and reclaim nothing: git config reaper.mode report',
    ]);
  });

  it('of a staging pattern without {pid} are higher', () => {
    const { notes, proposed } = applied({
      staging: [
        { path: 'tmp-*', age: '2h' },
        { path: 'x-{pid}', age: '2h' },
      ],
    });
    expect(proposed.staging.map(({ ageMs }) => ageMs)).toEqual([DAY, 2 * HOUR]);
    expect(notes).toHaveLength(1);
  });

  it('do not bind git config, which also wins over the file', () => {
    const { settings, notes } = applied(
      { worktrees: { idle: '5h' }, pass: { budget: '30s' } },
      {
        worktrees: { idle: '1s', emptyIdle: '0' },
        quarantine: { keep: '1h' },
        pass: { budget: '2h', every: '0', limit: 5000, detach: false },
        stagingAge: '5m',
      },
    );
    expect(settings.worktrees).toMatchObject({ idleMs: 1000, emptyIdleMs: 0 });
    expect(settings.quarantine).toEqual({ keepMs: HOUR, forgetMs: 90 * DAY, maxBytes: null, minFreeBytes: null });
    expect(settings.pass).toEqual({ budgetMs: 2 * HOUR, everyMs: 0, limit: 5000, detach: false });
    expect(settings.staging.map(({ ageMs }) => ageMs)).toEqual([5 * MINUTE, 5 * MINUTE]);
    expect(notes).toEqual([]);
  });

  it('let quarantine.forget never end before quarantine.keep, wherever each comes from', () => {
    const { settings, notes } = applied({ quarantine: { keep: '30d' } }, { quarantine: { forget: '2d' } });
    expect(settings.quarantine).toEqual({ keepMs: 30 * DAY, forgetMs: 30 * DAY, maxBytes: null, minFreeBytes: null });
    expect(notes).toEqual(['quarantine.forget is 2d, shorter than quarantine.keep: 30d applies']);
  });

  it('hold the time that git itself would wait for, unless git config says so', () => {
    const slow = { pass: { detach: false, budget: '60s' } };
    expect(applied(slow).settings.pass.budgetMs).toBe(CEILINGS.foregroundBudgetMs);
    expect(applied(slow).notes[0]).toContain('pass.detach');
    expect(applied(slow, { pass: { budget: '60s' } }).settings.pass.budgetMs).toBe(60_000);
    expect(applied({ pass: { budget: '60s' } }, { pass: { detach: false } }).settings.pass.budgetMs).toBe(5000);
  });

  it('leave every default as it is', () => {
    const values = valuesOf(DEFAULTS);
    for (const { key, floor, ceiling } of LIMITS) {
      expect(values[key]).toBeGreaterThanOrEqual(floor);
      expect(values[key]).toBeLessThanOrEqual(ceiling);
    }
  });
});

describe('the example', () => {
  it('holds every key with its default', async () => {
    const root = sandbox();
    await disk.createFile(join(root, '.reaperrc'), readFileSync(EXAMPLE, 'utf8'));
    const found = await readConfigFile(disk, root);
    expect(found.ok).toBe(true);
    const checked = validate(found.ok && found.document, FILE);
    expect(checked.problems).toEqual([]);
    expect(Object.keys(checked.values).toSorted()).toEqual(Object.keys(valuesOf(DEFAULTS)).toSorted());
    const { settings, notes, withheld } = settle({
      file: checked.values,
      source: 'x',
      user: {},
      allowed: BUILT_IN_SCOPE,
    });
    expect(settings).toEqual(DEFAULTS);
    expect(notes).toEqual([]);
    expect(withheld).toEqual([]);
  });

  it('names every key of git config, and every floor', () => {
    const text = readFileSync(EXAMPLE, 'utf8');
    for (const { git } of KEYS) expect(text).toContain(`reaper.${git}`);
    for (const floorMs of [FLOORS.idleMs, FLOORS.emptyIdleMs, FLOORS.stagingAgeMs, FLOORS.quarantineKeepMs])
      expect(text).toContain(`floor ${formatDuration(floorMs)}`);
  });
});

it('settings and values by key hold the same', () => {
  expect(settingsOf(valuesOf(DEFAULTS))).toEqual(DEFAULTS);
  expect(KEYS.map(({ file }) => file).filter((key) => key !== 'stagingAge')).toEqual(Object.keys(valuesOf(DEFAULTS)));
});
