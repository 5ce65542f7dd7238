/** Whatever a branch writes into a configuration: no crash, nothing wider, every rejection with its key. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { readConfigFile } from '../../src/config/file.ts';
import { settle } from '../../src/config/settle.ts';
import { BUILT_IN_SCOPE, type Scope, scopeOf } from '../../src/config/trust.ts';
import { validate } from '../../src/config/validate.ts';
import { matchBranch, matchPath } from '../../src/core/patterns.ts';
import { CEILINGS, FLOORS, type Settings } from '../../src/core/settings.ts';
import { disk } from '../../src/io/disk.ts';
import { PROJECT } from '../support/program.ts';
import { sandbox } from '../support/repo.ts';

const RUNS = 10_000;
/** Failures repeat; another seed is another run of the same property. */
const SEED = 20_260_102;

/** Without its comments: most mutations would only change those. */
const EXAMPLE = readFileSync(join(PROJECT, '.reaperrc.example'), 'utf8').replace(/^\s*#.*\n|\s+#.*$/gm, '');
const REAL = [
  EXAMPLE,
  'worktrees:\n  branches: ["agent/*", "!agent/keep-*", codex/*]\n  paths: [".claude/worktrees/*", "~/.codex/worktrees/*/*"]\n  idle: 30m\n',
  'mode: report\nstaging:\n  - path: .agent-config/pack-compose.staging-{pid}\n    age: 2h\n  - {path: "tmp/cache-*", age: 3d}\nquarantine: {keep: 3d, forget: 30d}\n',
  '{"worktrees":{"base":["develop","release/*"],"branch":"landed","rebuildable":["dist",".cache"]},"pass":{"budget":"5s","every":"1h","limit":5,"detach":false}}',
];

/** What a branch would like to get in, and what has broken parsers. */
const POISON = [
  '../../x-{pid}',
  '/etc/*',
  '~/*',
  '~root/*',
  '**',
  '**/**/**/**',
  '*',
  '!*',
  '[!a-z]*',
  '{a,b}',
  'a\\/b',
  '..\\..\\x',
  'C:\\x',
  'AGENT/*',
  'аgent/*',
  'ａgent／*',
  'agent\u2044x',
  'x\0-{pid}',
  '\u001b]0;x\u0007',
  '\u202e',
  'secrets-*',
  '.env',
  '.git',
  '.git/worktrees',
  '0',
  '-1',
  '1e9',
  '0.0001s',
  '99999999999d',
  'null',
  'true',
  '~',
  '.inf',
  '.nan',
  '0x7f',
  '2026-01-01',
  '!!js/function "x"',
  '!!python/object:os.system',
  '&a [*a, *a]',
  '<<: *a',
  '$import: ../x',
  '__proto__',
  'constructor',
  'toString',
  '{pid}',
  '{pid}{pid}',
  '"',
  "'",
  '---',
  '...',
  '%YAML 9.9',
  '? ',
  ': ',
  '\t',
  '\r',
  '\u2028',
  '\ufeff',
];

const mutation = fc.record({
  kind: fc.constantFrom('drop', 'double', 'swap', 'poison', 'value', 'char', 'cut', 'indent'),
  at: fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }),
  to: fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }),
  poison: fc.oneof(fc.constantFrom(...POISON), fc.string({ unit: 'binary', maxLength: 12 })),
});
type Mutation = typeof mutation extends fc.Arbitrary<infer T> ? T : never;

function mutate(text: string, { kind, at, to, poison }: Mutation): string {
  const lines = text.split('\n');
  const line = Math.floor(at * lines.length);
  const other = Math.floor(to * lines.length);
  const offset = Math.floor(at * text.length);
  switch (kind) {
    case 'drop':
      return lines.filter((_, index) => index !== line).join('\n');
    case 'double':
      return [...lines.slice(0, line), lines[other], ...lines.slice(line)].join('\n');
    case 'swap':
      return lines
        .map((each, index) => (index === line ? lines[other] : index === other ? lines[line] : each))
        .join('\n');
    case 'poison':
      return text.slice(0, offset) + poison + text.slice(offset);
    case 'value':
      return lines
        .map((each, index) => (index === line ? each.replace(/(?<=[:[,-] *).+$/, JSON.stringify(poison)) : each))
        .join('\n');
    case 'char':
      return text.slice(0, offset) + text.slice(offset + 1);
    case 'cut':
      return text.slice(0, offset);
    case 'indent':
      return lines.map((each, index) => (index === line ? ` ${each}` : each)).join('\n');
  }
}

const wordings = fc
  .tuple(fc.constantFrom(...REAL), fc.array(mutation, { maxLength: 4 }))
  .map(([text, mutations]) => mutations.reduce(mutate, text));
const documents = fc.oneof(
  { weight: 8, arbitrary: wordings },
  { weight: 1, arbitrary: fc.array(fc.constantFrom(...POISON), { maxLength: 6 }).map((words) => words.join('\n')) },
  { weight: 1, arbitrary: fc.jsonValue().map((value) => JSON.stringify(value)) },
);

const NARROW: Scope = {
  ...BUILT_IN_SCOPE,
  branches: ['agent/*', '!agent/keep-*'],
  paths: [],
  base: [],
  staging: [],
  branch: 'keep',
  mode: 'report',
};
const NAMES = [
  'main',
  'agent/x',
  'agent/keep-x',
  'AGENT/x',
  'codex/x',
  'feature/login',
  'secrets-1',
  'x',
  'a/b/c',
  'аgent/x',
  'agent',
  'release/1',
];
const PLACE = { root: '/home/kim/repo', home: '/home/kim' };
const PATHS = [
  '/home/kim/repo/.claude/worktrees/a',
  '/home/kim',
  '/etc/x',
  '/home/kim/.ssh',
  '/home/kim/repo/src',
  '/home/kim/.codex/worktrees/a/b',
];

/** What `inner` reaches and `outer` does not. */
function wider(inner: Scope, outer: Scope): string[] {
  const beyond = (one: readonly string[], other: readonly string[]) => one.filter((each) => !other.includes(each));
  return [
    ...NAMES.filter((name) => matchBranch(name, inner.branches) !== null && matchBranch(name, outer.branches) === null),
    ...PATHS.filter(
      (path) => matchPath(path, inner.paths, PLACE) !== null && matchPath(path, outer.paths, PLACE) === null,
    ),
    ...beyond(inner.base, outer.base),
    ...beyond(inner.staging, outer.staging),
    ...beyond(inner.rebuildable, outer.rebuildable),
    ...(inner.mode === 'reap' && outer.mode === 'report' ? ['mode'] : []),
    ...(['keep', 'merged', 'landed'].indexOf(inner.branch) > ['keep', 'merged', 'landed'].indexOf(outer.branch)
      ? ['branch']
      : []),
  ];
}

function belowFloor({ worktrees, staging, quarantine, pass }: Settings): string[] {
  return [
    ...(worktrees.idleMs < FLOORS.idleMs ? ['idle'] : []),
    ...(worktrees.emptyIdleMs < FLOORS.emptyIdleMs ? ['emptyIdle'] : []),
    ...(worktrees.ownerGraceMs < FLOORS.ownerGraceMs ? ['ownerGrace'] : []),
    ...(quarantine.keepMs < FLOORS.quarantineKeepMs || quarantine.forgetMs < quarantine.keepMs ? ['keep'] : []),
    ...(pass.everyMs < FLOORS.everyMs || pass.budgetMs > CEILINGS.budgetMs || pass.limit > CEILINGS.limit
      ? ['pass']
      : []),
    ...staging
      .filter(
        ({ path, ageMs }) => ageMs < (path.includes('{pid}') ? FLOORS.stagingAgeMs : FLOORS.stagingAgeWithoutPidMs),
      )
      .map(({ path }) => path),
    ...staging.filter(({ path }) => /^[/~]|(^|[/\\])\.\.([/\\]|$)|\0/.test(path)).map(({ path }) => path),
  ];
}

it(`of ${RUNS} configurations none crashes, widens, or goes below a floor, and every rejection names its key`, async () => {
  const root = sandbox();
  const counts = { used: 0, refused: 0, withheld: 0, mistakes: 0 };
  const place = fc.constantFrom('.reaperrc', '.reaperrc.json', '.reaperrc.yaml');
  await fc.assert(
    fc.asyncProperty(documents, place, fc.constantFrom(BUILT_IN_SCOPE, NARROW), async (text, where, allowed) => {
      const path = join(root, where);
      writeFileSync(path, text);
      const found = await readConfigFile(disk, root);
      writeFileSync(path, '');
      const checked = found.ok ? validate(found.document, { source: where, level: 'file' }) : found;
      for (const { key, message } of checked.problems) {
        counts.mistakes++;
        expect(key.trim()).not.toBe('');
        expect(message).toContain(key.trim());
        expect(message).not.toMatch(/[\p{Cc}\p{Cf}]/u);
      }
      if (!('values' in checked) || checked.problems.length > 0) {
        counts.refused++;
        return;
      }
      const { settings, withheld } = settle({ file: checked.values, source: where, user: {}, allowed });
      counts.used++;
      if (withheld.length > 0) counts.withheld++;
      expect(wider(scopeOf(settings), allowed)).toEqual([]);
      expect(belowFloor(settings)).toEqual([]);
    }),
    { numRuns: RUNS, seed: SEED },
  );
  for (const [what, count] of Object.entries(counts)) expect([what, count > 500]).toEqual([what, true]);
}, 180_000);
