import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readConfigFile } from '../../src/config/file.ts';
import { settle } from '../../src/config/settle.ts';
import {
  allowedWithUser,
  approvalFile,
  BUILT_IN_SCOPE,
  differences,
  effectiveScope,
  readApproval,
  type Scope,
  scopeOf,
  withScope,
} from '../../src/config/trust.ts';
import { validate } from '../../src/config/validate.ts';
import { layout } from '../../src/core/layout.ts';
import { branchPatternProblem, matchBranch, matchPath } from '../../src/core/patterns.ts';
import { CEILINGS, DEFAULTS, FLOORS, type Settings } from '../../src/core/settings.ts';
import { disk } from '../../src/io/disk.ts';
import { sandbox } from '../support/repo.ts';

/** Failures repeat; another seed is another run of the same properties. */
fc.configureGlobal({ seed: 20_260_101 });

const PLACE = { root: '/repo', home: '/home/kim' };
const RANKS = { mode: ['report', 'reap'], branch: ['keep', 'merged', 'landed'] };

const scope = (change: Partial<Scope> = {}): Scope => ({ ...BUILT_IN_SCOPE, ...change });

/** Few letters, so that patterns and names meet often. */
const segment = fc.constantFrom('a', 'b', 'agent', '*', 'a*', '?', '**');
const positive = fc.array(segment, { minLength: 1, maxLength: 3 }).map((segments) => segments.join('/'));
const pattern = fc
  .tuple(fc.constantFrom('', '', '!'), positive)
  .map(([start, text]) => start + text)
  .filter((text) => branchPatternProblem(text) === null);
const patterns = fc.array(pattern, { maxLength: 5 });
const name = fc
  .array(fc.constantFrom('a', 'b', 'ab', 'agent'), { minLength: 1, maxLength: 4 })
  .map((segments) => segments.join('/'));
const words = fc.subarray(['develop', 'release/*', 'main', 'next']);
const anyScope: fc.Arbitrary<Scope> = fc.record({
  mode: fc.constantFrom('reap', 'report'),
  branches: patterns,
  paths: patterns,
  base: words,
  staging: fc.subarray(['x-{pid}', 'y-{pid}', 'z-*']),
  rebuildable: fc.subarray(['dist', 'build', '.env']),
  branch: fc.constantFrom('keep', 'merged', 'landed'),
});

const isManaged = (list: readonly string[], branch: string) => matchBranch(branch, list) !== null;
const isManagedPath = (list: readonly string[], path: string) => matchPath(path, list, PLACE) !== null;
const isSubset = (small: readonly string[], large: readonly string[]) => small.every((each) => large.includes(each));

/** Says where `inner` reaches and `outer` does not; empty when it nowhere does. */
function widened(inner: Scope, outer: Scope, names: readonly string[]): string[] {
  return [
    ...names.filter((each) => isManaged(inner.branches, each) && !isManaged(outer.branches, each)),
    ...names.filter(
      (each) => isManagedPath(inner.paths, `/repo/${each}`) && !isManagedPath(outer.paths, `/repo/${each}`),
    ),
    ...(isSubset(inner.base, outer.base) ? [] : ['base']),
    ...(isSubset(inner.staging, outer.staging) ? [] : ['staging']),
    ...(isSubset(inner.rebuildable, outer.rebuildable) ? [] : ['rebuildable']),
    ...(RANKS.mode.indexOf(inner.mode) <= RANKS.mode.indexOf(outer.mode) ? [] : ['mode']),
    ...(RANKS.branch.indexOf(inner.branch) <= RANKS.branch.indexOf(outer.branch) ? [] : ['branch']),
  ];
}

describe('the scope in effect', () => {
  const names = fc.array(name, { minLength: 5, maxLength: 20 });

  it('is never wider than what is approved, and never wider than what is proposed', () => {
    let managed = 0;
    fc.assert(
      fc.property(anyScope, anyScope, names, (proposed, allowed, all) => {
        const effective = effectiveScope(proposed, allowed);
        expect(widened(effective, allowed, all)).toEqual([]);
        expect(widened(effective, proposed, all)).toEqual([]);
        managed += all.filter((each) => isManaged(effective.branches, each)).length;
      }),
      { numRuns: 5000 },
    );
    expect(managed).toBeGreaterThan(200);
  });

  it('is what is proposed, where that is approved literally', () => {
    fc.assert(
      fc.property(anyScope, (same) => {
        expect(effectiveScope(same, same)).toEqual(same);
      }),
    );
  });

  it('is what is proposed, where that only takes patterns out of the approved list and puts negations in', () => {
    const steps = fc.array(fc.tuple(fc.nat(), fc.boolean(), positive), { maxLength: 6 });
    fc.assert(
      fc.property(patterns, steps, (approved, changes) => {
        const proposed = [...approved];
        for (const [at, isRemoval, text] of changes) {
          const index = at % (proposed.length + 1);
          const isPositive = proposed[index]?.startsWith('!') === false;
          if (!isRemoval) proposed.splice(index, 0, `!${text}`);
          else if (isPositive) proposed.splice(index, 1);
        }
        expect(effectiveScope(scope({ branches: proposed }), scope({ branches: approved })).branches).toEqual(proposed);
      }),
      { numRuns: 3000 },
    );
  });

  it('stays as it is when it is cut again', () => {
    fc.assert(
      fc.property(anyScope, anyScope, (proposed, allowed) => {
        const once = effectiveScope(proposed, allowed);
        expect(effectiveScope(once, allowed)).toEqual(once);
      }),
      { numRuns: 2000 },
    );
  });

  const lists: readonly (readonly [string, string[], string[], string[]])[] = [
    ['withholds an added pattern', ['agent/*', 'codex/*'], ['agent/*'], ['agent/*']],
    ['follows a removed one', ['agent/*'], ['agent/*', 'codex/*'], ['agent/*']],
    ['follows an added negation', ['agent/*', '!agent/keep'], ['agent/*'], ['agent/*', '!agent/keep']],
    ['keeps a removed negation', ['agent/*'], ['agent/*', '!agent/keep'], ['agent/*', '!agent/keep']],
    [
      'keeps a negation that moved to the front',
      ['!agent/keep', 'agent/*'],
      ['agent/*', '!agent/keep'],
      ['agent/*', '!agent/keep'],
    ],
    ['keeps an approved re-inclusion', ['a', '!a/b', 'a/b/c', 'new'], ['a', '!a/b', 'a/b/c'], ['a', '!a/b', 'a/b/c']],
    ['withholds a pattern repeated after its negation', ['a', '!a/b', 'a'], ['a', '!a/b'], ['a', '!a/b']],
    ['withholds a wider pattern that replaces one', ['**'], ['agent/*'], []],
    ['is nothing where nothing is left', [], ['agent/*'], []],
  ];

  it.each(lists)('%s: %j against %j gives %j', (_what, proposed, allowed, effective) => {
    expect(effectiveScope(scope({ branches: proposed }), scope({ branches: allowed })).branches).toEqual(effective);
    expect(effectiveScope(scope({ paths: proposed }), scope({ paths: allowed })).paths).toEqual(effective);
  });

  it('takes the more careful of two words', () => {
    expect(effectiveScope(scope({ branch: 'landed' }), scope({ branch: 'merged' })).branch).toBe('merged');
    expect(effectiveScope(scope({ branch: 'keep' }), scope({ branch: 'merged' })).branch).toBe('keep');
    expect(effectiveScope(scope({ mode: 'reap' }), scope({ mode: 'report' })).mode).toBe('report');
    expect(effectiveScope(scope({ mode: 'report' }), scope({ mode: 'reap' })).mode).toBe('report');
    expect(effectiveScope(scope({ branch: 'x' as 'keep' }), scope()).branch).toBe('keep');
  });
});

describe('a difference', () => {
  it('names the key of the file, what is new and what is gone', () => {
    const proposed = scope({ branches: ['agent/*', 'codex/*'], branch: 'landed', rebuildable: ['dist'] });
    const allowed = scope({ rebuildable: ['dist', 'build'] });
    expect(differences(proposed, allowed)).toEqual([
      { key: 'worktrees.branches', added: ['codex/*'], removed: [] },
      { key: 'worktrees.rebuildable', added: [], removed: ['build'] },
      { key: 'worktrees.branch', added: ['landed'], removed: ['merged'] },
    ]);
  });

  it('of order alone is one where a negation makes order matter', () => {
    expect(differences(scope({ branches: ['!a', 'b'] }), scope({ branches: ['b', '!a'] }))).toEqual([
      { key: 'worktrees.branches', added: ['another order: !a, b'], removed: [] },
    ]);
    expect(differences(scope({ base: ['a', 'b'] }), scope({ base: ['b', 'a'] }))).toEqual([]);
  });

  it('is absent exactly where the scope in effect does all that is proposed', () => {
    fc.assert(
      fc.property(anyScope, anyScope, fc.array(name, { maxLength: 20 }), (proposed, allowed, names) => {
        const effective = effectiveScope(proposed, allowed);
        if (differences(proposed, effective).length > 0) return;
        expect(widened(proposed, effective, names)).toEqual([]);
      }),
      { numRuns: 2000 },
    );
  });
});

describe('the approval', () => {
  const approved = async (text: string | null) => {
    const places = layout(join(sandbox(), '.git'));
    if (text !== null) {
      mkdirSync(dirname(places.allowed), { recursive: true });
      writeFileSync(places.allowed, text);
    }
    return readApproval(disk, places);
  };

  it('is read back as it was written', async () => {
    const wide = scope({ branches: ['agent/*', '!agent/keep'], paths: ['~/x/*'], base: ['develop'], branch: 'landed' });
    expect(await approved(approvalFile(wide))).toEqual({ allowed: wide, approval: 'recorded', note: null });
  });

  it('that was never given approves the built-in defaults', async () => {
    expect(await approved(null)).toEqual({ allowed: BUILT_IN_SCOPE, approval: 'none', note: null });
  });

  it('that is a link which leads nowhere is lost, not absent', async () => {
    const places = layout(join(sandbox(), '.git'));
    mkdirSync(dirname(places.allowed), { recursive: true });
    symlinkSync('/nowhere/allowed.json', places.allowed);
    expect(await readApproval(disk, places)).toMatchObject({ allowed: BUILT_IN_SCOPE, approval: 'lost' });
  });

  const whole = JSON.parse(approvalFile(scope({ branches: ['**'] })));
  it.each([
    ['empty', ''],
    ['cut short', approvalFile(scope({ branches: ['**'] })).slice(0, -20)],
    ['of another version', JSON.stringify({ ...whole, version: 2 })],
    ['without a key', JSON.stringify({ ...whole, scope: { ...whole.scope, base: undefined } })],
    ['with a key too many', JSON.stringify({ ...whole, extra: 1 })],
    ['with a pattern that cannot be read', JSON.stringify({ ...whole, scope: { ...whole.scope, paths: ['[x'] } })],
    ['a list', '[]'],
    ['null', 'null'],
  ])('that is %s approves the built-in defaults only, and says so', async (_what, text) => {
    const { allowed, note } = await approved(text);
    expect(allowed).toEqual(BUILT_IN_SCOPE);
    expect(note).toContain('npx reaper-hook allow');
  });

  it('that is a directory approves the built-in defaults only', async () => {
    const places = layout(join(sandbox(), '.git'));
    mkdirSync(places.allowed, { recursive: true });
    expect((await readApproval(disk, places)).allowed).toEqual(BUILT_IN_SCOPE);
  });
});

describe('git config', () => {
  it('approves what it says itself, and nothing else', () => {
    const user = { 'worktrees.branches': ['**'], staging: [{ path: 'x-{pid}', ageMs: 1 }] } as const;
    expect(allowedWithUser(BUILT_IN_SCOPE, user)).toEqual(scope({ branches: ['**'], staging: ['x-{pid}'] }));
    const wide = { 'worktrees.branches': ['mine/*'], 'worktrees.branch': 'landed' } as const;
    const { settings, proposed, withheld } = settle({ file: wide, source: 'x', user, allowed: BUILT_IN_SCOPE });
    expect(settings.worktrees).toMatchObject({ branches: ['**'], branch: 'merged' });
    expect(settings.staging).toEqual([{ path: 'x-{pid}', ageMs: 1 }]);
    expect(withheld).toEqual([{ key: 'worktrees.branch', added: ['landed'], removed: ['merged'] }]);
    expect(proposed.worktrees).toMatchObject({ branches: ['mine/*'], branch: 'landed' });
  });

  it('can narrow what is approved', () => {
    const user = { mode: 'report', 'worktrees.branches': [] } as const;
    const { settings } = settle({ file: {}, source: 'x', user, allowed: BUILT_IN_SCOPE });
    expect(settings).toMatchObject({ mode: 'report', worktrees: { branches: [] } });
  });
});

it('a scope replaces that of the settings and leaves the rest', () => {
  const narrow = scope({ staging: [DEFAULTS.staging[1]?.path ?? ''], mode: 'report' });
  const settings = withScope(DEFAULTS, narrow);
  expect(scopeOf(settings)).toEqual(narrow);
  expect(settings).toEqual({ ...DEFAULTS, mode: 'report', staging: [DEFAULTS.staging[1]] });
});

describe('2,000 configurations that a branch could bring along', () => {
  const duration = fc.oneof(
    fc.constantFrom('0', '1s', '5m', '1h', '9999999d', '-1h', '', 'x'),
    fc.integer({ min: -5, max: 100 }),
    fc.tuple(fc.nat({ max: 9999 }), fc.constantFrom('s', 'm', 'h', 'd')).map(([n, unit]) => `${n}${unit}`),
  );
  const goodDuration = fc.tuple(fc.nat({ max: 999 }), fc.constantFrom('s', 'm', 'h', 'd')).map(([n, u]) => `${n}${u}`);
  const text = fc.oneof(
    fc.string(),
    fc.string({ unit: 'binary' }),
    pattern,
    fc.constantFrom('**', '../../*', '~/*', '/*'),
  );
  const junk = fc.jsonValue({ maxDepth: 3 });
  const configuration = (age: fc.Arbitrary<unknown>, item: fc.Arbitrary<string>) => {
    const list = fc.array(item, { maxLength: 5 });
    const stagingPath = fc.constantFrom(
      'x-{pid}',
      '../../x-{pid}',
      'tmp-*',
      '.agent-config/pack-compose.staging-{pid}',
    );
    return fc.record(
      {
        mode: fc.constantFrom('reap', 'report'),
        worktrees: fc.record(
          {
            branches: list,
            paths: list,
            base: fc.oneof(fc.constant('auto'), words),
            idle: age,
            emptyIdle: age,
            ownerGrace: age,
            rebuildable: fc.subarray(['node_modules', 'dist', '.env', 'secrets']),
            branch: fc.constantFrom('keep', 'merged', 'landed'),
          },
          { requiredKeys: [] },
        ),
        staging: fc.array(fc.record({ path: stagingPath, age }, { requiredKeys: ['path'] }), { maxLength: 3 }),
        quarantine: fc.record({ keep: age, forget: age }, { requiredKeys: [] }),
        pass: fc.record({ budget: age, every: age, limit: fc.nat(), detach: fc.boolean() }, { requiredKeys: [] }),
      },
      { requiredKeys: [] },
    );
  };
  const document = fc.oneof(
    { weight: 4, arbitrary: configuration(goodDuration, pattern).map((each) => JSON.stringify(each)) },
    { weight: 2, arbitrary: configuration(duration, text).map((each) => JSON.stringify(each)) },
    { weight: 1, arbitrary: fc.tuple(configuration(duration, text), junk).map(([a, b]) => JSON.stringify([a, b])) },
    {
      weight: 1,
      arbitrary: fc
        .dictionary(fc.constantFrom('mode', 'worktrees', 'staging', 'pass', '__proto__', 'x'), junk)
        .map((each) => JSON.stringify(each)),
    },
    { weight: 1, arbitrary: text },
  );
  const place = fc.constantFrom('.reaperrc', '.reaperrc.json', '.reaperrc.yaml', '.reaperrc.yml');

  it('never crash, never go below a floor, and never widen what is approved', async () => {
    const counts = { used: 0, refused: 0, withheld: 0 };
    const names = fc.sample(name, { numRuns: 60, seed: 7 });
    await fc.assert(
      fc.asyncProperty(document, place, anyScope, fc.boolean(), async (written, where, other, isFresh) => {
        const root = sandbox();
        writeFileSync(join(root, where), written);
        const found = await readConfigFile(disk, root);
        const checked = found.ok ? validate(found.document, { source: where, level: 'file' }) : null;
        if (checked === null || checked.problems.length > 0) {
          counts.refused++;
          return;
        }
        const allowed = isFresh ? BUILT_IN_SCOPE : other;
        const { settings, withheld } = settle({ file: checked.values, source: where, user: {}, allowed });
        counts.used++;
        if (withheld.length > 0) counts.withheld++;
        expect(widened(scopeOf(settings), allowed, names)).toEqual([]);
        expectWithinLimits(settings);
      }),
      { numRuns: 2000 },
    );
    for (const count of Object.values(counts)) expect(count).toBeGreaterThan(200);
  });
});

function expectWithinLimits({ worktrees, staging, quarantine, pass }: Settings): void {
  expect(worktrees.idleMs).toBeGreaterThanOrEqual(FLOORS.idleMs);
  expect(worktrees.emptyIdleMs).toBeGreaterThanOrEqual(FLOORS.emptyIdleMs);
  expect(worktrees.ownerGraceMs).toBeGreaterThanOrEqual(0);
  expect(quarantine.keepMs).toBeGreaterThanOrEqual(FLOORS.quarantineKeepMs);
  expect(quarantine.forgetMs).toBeGreaterThanOrEqual(quarantine.keepMs);
  expect(pass.budgetMs).toBeLessThanOrEqual(pass.detach ? CEILINGS.budgetMs : CEILINGS.foregroundBudgetMs);
  expect(pass.everyMs).toBeLessThanOrEqual(CEILINGS.everyMs);
  expect(pass.limit).toBeLessThanOrEqual(CEILINGS.limit);
  for (const { path, ageMs } of staging)
    expect(ageMs).toBeGreaterThanOrEqual(path.includes('{pid}') ? FLOORS.stagingAgeMs : FLOORS.stagingAgeWithoutPidMs);
}
