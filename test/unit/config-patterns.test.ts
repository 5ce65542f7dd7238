import fc from 'fast-check';
import ignore from 'ignore';
import { describe, expect, it } from 'vitest';
import {
  branchPatternProblem,
  matchBranch,
  matchPath,
  matchSegment,
  parseStagingPattern,
  pathPatternProblem,
} from '../../src/core/patterns.ts';

/** Failures repeat; another seed is another run of the same properties. */
fc.configureGlobal({ seed: 20_260_101 });

const PLACE = { root: '/work/repo', home: '/home/kim' };

describe('branches', () => {
  it.each([
    ['agent/fix', ['agent/*'], 'agent/*'],
    ['agent/session/fix', ['agent/*'], 'agent/*'],
    ['agent/fix', ['codex/*', 'agent/*'], 'agent/*'],
    ['agent/fix', ['/agent/*'], '/agent/*'],
    ['deep/agent/fix', ['**/agent/*'], '**/agent/*'],
    ['claude-3', ['claude-?'], 'claude-?'],
    ['agent/keep/old-1', ['agent/*', '!agent/keep', 'agent/keep/old-*'], 'agent/keep/old-*'],
    ['!odd', ['\\!odd'], '\\!odd'],
  ])('%s is brought in by the pattern of %j that decides', (branch, patterns, pattern) => {
    expect(matchBranch(branch, patterns)).toBe(pattern);
  });

  it.each([
    ['agent', ['agent/*']],
    ['my/agent/fix', ['agent/*']],
    ['Agent/fix', ['agent/*']],
    ['agentx/fix', ['agent/*']],
    ['main', []],
    ['agent/keep', ['agent/*', '!agent/keep']],
    ['agent/keep/x', ['agent/*', '!agent/keep']],
    ['', ['*']],
    ['agent//fix', ['agent/*']],
    ['../agent/fix', ['**']],
    ['agent/caf\u00e9', ['agent/cafe\u0301']],
  ])('%j is not brought in by %j', (branch, patterns) => {
    expect(matchBranch(branch, patterns)).toBeNull();
  });

  it('lets a negation take out what lies below an earlier match, where gitignore would not', () => {
    expect(ignore().add(['agent/*', '!agent/keep/x']).ignores('agent/keep/x')).toBe(true);
    expect(matchBranch('agent/keep/x', ['agent/*', '!agent/keep/x'])).toBeNull();
    expect(matchBranch('agent/keep/y', ['agent/*', '!agent/keep/x'])).toBe('agent/*');
  });

  it('never brings in what gitignore would leave out', () => {
    const name = fc.array(fc.constantFrom('a', 'b', 'ab', 'agent'), { minLength: 1, maxLength: 4 });
    const segment = fc.constantFrom('a', 'b', 'agent', '*', 'a*', '?', '**', '[ab]');
    const pattern = fc
      .tuple(fc.constantFrom('', '!', '/'), fc.array(segment, { minLength: 1, maxLength: 3 }))
      .map(([start, segments]) => start + segments.join('/'));
    fc.assert(
      fc.property(name, fc.array(pattern, { maxLength: 4 }), (segments, patterns) => {
        const branch = segments.join('/');
        const readable = patterns.filter((each) => branchPatternProblem(each) === null);
        const byGit = ignore({ ignorecase: false }).add(readable).ignores(branch);
        expect(matchBranch(branch, readable) === null || byGit).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });

  it('brings in nothing by a pattern it cannot read, and keeps what an unreadable negation might mean', () => {
    expect(matchBranch('agent/fix', ['agent/[*'])).toBeNull();
    expect(matchBranch('agent/fix', ['agent/*', '![x'])).toBeNull();
    expect(matchBranch('agent/fix', ['[x', 'agent/*'])).toBe('agent/*');
  });

  it('keeps names that are too long or too deep, and lists that are too long', () => {
    expect(matchBranch(`agent/${'x'.repeat(2000)}`, ['agent/*'])).toBeNull();
    expect(matchBranch(`agent/${'x/'.repeat(40)}x`, ['agent/*'])).toBeNull();
    expect(matchBranch('agent/x', Array(129).fill('agent/*'))).toBeNull();
  });

  it('answers at once for the patterns and names that cost most', () => {
    const deep = Array(32).fill('a').join('/');
    const wide = Array(4).fill('a'.repeat(250)).join('/');
    for (const pattern of ['**/a/**/a/[b]', '**/*a*a*a*/**/*[ab]*[ab]*[ab]*c', '*a?*a?*a?*a?b', '**/**/*[!b]b'])
      for (const name of [deep, wide, 'a'.repeat(1024)])
        for (let round = 0; round < 200; round++) matchBranch(name, [pattern]);
  });
});

describe('branch patterns that are refused', () => {
  it.each([
    ['', 'empty'],
    ['!', 'empty'],
    [' agent/*', 'spaces'],
    ['agent/* ', 'spaces'],
    ['#agent', '\\#'],
    ['!!agent', '\\!'],
    ['agent\\', 'backslash'],
    ['agent/[ab', 'never closed'],
    ['agent//x', 'segment'],
    ['../x', 'segment'],
    ['a/./b', 'segment'],
    ['agent/\u001b[31m', 'control'],
    ['agent/\u202eoof', 'control'],
    ['agent/\0', 'control'],
    ['x'.repeat(257), 'longer'],
    ['**/a/**/b/**', 'more than 2 **'],
    ['a*b*c*d*e*f', 'more than 4 *'],
    [`${'a/'.repeat(40)}b`, 'deeper'],
  ])('%j: %s', (pattern, why) => {
    expect(branchPatternProblem(pattern)).toContain(why);
  });

  it.each(['agent/*', '*', '**', 'agent/**', '!agent/keep', '/agent/*', 'agent/', 'a[0-9]', 'a\\[b', '*a*b*c*'])(
    '%j is not',
    (pattern) => {
      expect(branchPatternProblem(pattern)).toBeNull();
    },
  );
});

describe('paths', () => {
  it.each([
    ['/work/repo/.claude/worktrees/a', '.claude/worktrees/*'],
    ['/work/repo/.claude/worktrees/a/b', '.claude/worktrees/*'],
    ['/work/repo/.claude/worktrees/a', './.claude/worktrees/*'],
    ['/home/kim/.codex/worktrees/ab12/repo', '~/.codex/worktrees/*/repo'],
    ['/var/tmp/vibe-kanban/worktrees/x', '/var/tmp/vibe-kanban/worktrees/*'],
    ['/work/trees/a', '../trees/*'],
    ['/elsewhere/a', '../../elsewhere/*'],
    ['/work/repo/trees/one', 'trees/one'],
    ['/work/repo/trees/one/deeper', 'trees/one/'],
    ['/work/repo/x y/\n', 'x y/*'],
    ['/work/repo/#1', '#1'.replace('#', '\\#')],
    ['/work/repo/a', '*'],
  ])('%j lies under %s', (path, pattern) => {
    expect(pathPatternProblem(pattern)).toBeNull();
    expect(matchPath(path, [pattern], PLACE)).toBe(pattern);
  });

  it.each([
    ['/work/repo', '*'],
    ['/work/repo', '../repo/*'],
    ['/work/repository/a', '../repo/*'],
    ['/work/repo/sub/.claude/worktrees/a', '.claude/worktrees/*'],
    ['/work/repo/sub/one', 'one'],
    ['/home/kimberly/.codex/worktrees/a', '~/.codex/worktrees/*'],
    ['/work/repo/~/a', '~/*'],
    ['/work/Trees/a', '../trees/*'],
    ['work/repo/a', '*'],
    ['/work/repo/../../etc/a', '**'],
    ['/work/repo/./a', '*'],
    ['/work/trees/a', 'trees/*'],
  ])('%j does not lie under %s', (path, pattern) => {
    expect(matchPath(path, [pattern], PLACE)).toBeNull();
  });

  it('lets the last pattern decide, whatever each one starts from', () => {
    const patterns = ['../trees/*', '!/work/trees/mine', '!~/x'];
    expect(matchPath('/work/trees/a', patterns, PLACE)).toBe('../trees/*');
    expect(matchPath('/work/trees/mine', patterns, PLACE)).toBeNull();
    expect(matchPath('/work/trees/mine/a', patterns, PLACE)).toBeNull();
  });

  it('climbs no further than the top', () => {
    expect(matchPath('/a', ['../../../../../*'], PLACE)).toBe('../../../../../*');
  });

  it.each([
    ['..', 'above'],
    ['../..', 'above'],
    ['~', '~/'],
    ['~root/x', '~/'],
    ['~/../x', 'segment'],
    ['/../x', 'segment'],
    ['a/../b', 'segment'],
    ['*/../b', 'segment'],
    ['~/', 'segment'],
    ['/', 'empty'],
    ['a//b', 'segment'],
  ])('the pattern %j is refused: %s', (pattern, why) => {
    expect(pathPatternProblem(pattern)).toContain(why);
  });
});

const staging = (text: string) => {
  const parsed = parseStagingPattern(text);
  if (!parsed.ok) throw new Error(parsed.why);
  return parsed.segments;
};

const lastMatch = (pattern: string, name: string) => {
  const segment = staging(pattern).at(-1);
  if (segment === undefined) throw new Error('no segment');
  const match = matchSegment(segment, name);
  return match.matches ? match.pid : 'no';
};

describe('staging patterns', () => {
  it('are split into literal directories and a last segment', () => {
    expect(staging('.agent-config/tmp-*/pack.staging-{pid}')).toEqual([
      { literal: '.agent-config', before: '.agent-config', hasPid: false, after: '' },
      { literal: null, before: 'tmp-*', hasPid: false, after: '' },
      { literal: null, before: 'pack.staging-', hasPid: true, after: '' },
    ]);
  });

  it.each([
    '',
    '/etc/x-{pid}',
    '~/x-{pid}',
    '../x-{pid}',
    'a/../x-{pid}',
    './x-{pid}',
    'a//x-{pid}',
    'a/x-{pid}/',
    'a\\x-{pid}',
    'a/\0',
    'a/\u001b[2J',
    '.git/x-{pid}',
    '.GIT/x-{pid}',
    'a/.git',
    '{pid}/x',
    'x-{pid}-{pid}',
    'x-{PID}',
    'x-{pid',
    'x-[0-9]',
    '!x-{pid}',
    '#x',
    'v2{pid}',
    '{pid}0',
    '*',
    'a/??*',
    ' x',
    'x'.repeat(300),
  ])('%j is refused', (text) => {
    expect(parseStagingPattern(text).ok).toBe(false);
  });

  it.each([
    ['x-{pid}', 'x-1', 1],
    ['x-{pid}', 'x-4242', 4242],
    ['x-{pid}', 'x-4194304', 4194304],
    ['{pid}.lock', '77.lock', 77],
    ['x-*-{pid}', 'x-abc-77', 77],
    ['x-*{pid}.d', 'x-abc77.d', 77],
    ['v2-{pid}', 'v2-77', 77],
    ['tmpclaude-????-cwd', 'tmpclaude-0a1b-cwd', null],
    ['session-*', 'session-', null],
  ])('%s fits %s', (pattern, name, pid) => {
    expect(lastMatch(pattern, name)).toBe(pid);
  });

  it.each([
    ['x-{pid}', 'x-0'],
    ['x-{pid}', 'x-007'],
    ['x-{pid}', 'x--1'],
    ['x-{pid}', 'x-+1'],
    ['x-{pid}', 'x-1e3'],
    ['x-{pid}', 'x-4194305'],
    ['x-{pid}', 'x-99999999999'],
    ['x-{pid}', 'x-'],
    ['x-{pid}', 'x-12a'],
    ['x-{pid}', 'X-12'],
    ['x-{pid}', ' x-12'],
    ['x-{pid}', 'x-12\n'],
    ['x-{pid}', 'x-\u0661\u0662'],
    ['x-{pid}', 'x-\uff11'],
    ['x-{pid}', 'x-{pid}'],
    ['*-{pid}-*', 'a-1-2-3'],
    ['x-*{pid}*', 'x-1-2'],
    ['x*{pid}', 'x007'],
    ['x-?', 'x-\u{1f600}'],
    ['caf\u00e9-{pid}', 'cafe\u0301-1'],
    ['*x', '.git'],
    ['.gi*', '.git'],
    ['.gi*', '.GIT'],
    ['a*', 'a/b'],
    ['a*', 'a\0b'],
    ['.*.', '..'],
  ])('%s does not fit %j', (pattern, name) => {
    expect(lastMatch(pattern, name)).toBe('no');
  });

  it('takes exactly the decimal numbers from 1 to the largest process id', () => {
    fc.assert(
      fc.property(fc.integer({ min: -5, max: 5_000_000 }), (number) => {
        expect(lastMatch('x-{pid}', `x-${number}`)).toBe(number >= 1 && number <= 4_194_304 ? number : 'no');
      }),
    );
  });

  it('fits wildcards as a plain regular expression does', () => {
    const piece = fc.constantFrom('a', 'b', '*', '?');
    const pattern = fc.array(piece, { minLength: 1, maxLength: 8 }).map((pieces) => `${pieces.join('')}x`);
    const name = fc.array(fc.constantFrom('a', 'b', 'x'), { maxLength: 10 }).map((letters) => letters.join(''));
    fc.assert(
      fc.property(pattern, name, (glob, text) => {
        const source = glob.replaceAll('*', '[^]*').replaceAll('?', '[^]');
        expect(lastMatch(glob, text) !== 'no').toBe(text !== '' && new RegExp(`^${source}$`).test(text));
      }),
      { numRuns: 2000 },
    );
  });

  it('answers at once for a name that makes a backtracking match explode', () => {
    expect(lastMatch(`${'*a'.repeat(100)}b`, 'a'.repeat(255))).toBe('no');
    expect(lastMatch(`${'*1a'.repeat(60)}{pid}${'*a1'.repeat(20)}`, '1a'.repeat(127))).toBe('no');
  });
});
