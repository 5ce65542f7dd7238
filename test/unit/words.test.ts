/** Every sentence, rendered; and nothing from outside that could speak to a terminal. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { JournalRecord } from '../../src/act/journal.ts';
import { eventWords, proofWords, whyWords } from '../../src/cli/log.ts';
import { type Entry, ourLock } from '../../src/core/entry.ts';
import {
  configReport,
  failureReport,
  groundWords,
  hookReport,
  reasonSentence,
  reasonWords,
  reclaimedWords,
  shortRef,
  undo,
  untilWords,
} from '../../src/core/messages.ts';
import { type Evidence, REASON_CODES } from '../../src/core/model.ts';
import { nextStep } from '../../src/core/next-steps.ts';
import { bytes, duration, plural, printable, remaining, shellWord } from '../../src/core/text.ts';

const OID = 'a'.repeat(40);

const entry = (id: string, kind: Entry['kind'] = 'worktree', ground: Entry['ground'] = 'landed') =>
  ({ id, kind, ground }) as Entry;

describe('the report that the next hook prints', () => {
  it('is nothing when nothing happened', () => {
    expect(hookReport({ reclaimed: [], freedBytes: 0, attention: [] })).toEqual([]);
  });

  it('is one line with the undo for one worktree', () => {
    expect(hookReport({ reclaimed: [entry('agent-a-1f')], freedBytes: 0, attention: [] })).toEqual([
      'reaper: 1 landed worktree -> quarantine; undo: npx reaper-hook restore agent-a-1f',
    ]);
  });

  it('names the bytes that came back, and at most four ids', () => {
    const reclaimed = ['a', 'b', 'c', 'd', 'e'].map((id) => entry(id));
    expect(hookReport({ reclaimed, freedBytes: 4_100_000_000, attention: [] })).toEqual([
      'reaper: 5 landed worktrees -> quarantine, 4.1 GB freed; undo: npx reaper-hook log',
      'reaper: a, b, c, d and 1 more',
    ]);
  });

  it('is never longer than three lines', () => {
    const many = Array.from({ length: 50 }, (_, index) => entry(`e-${index}`));
    expect(hookReport({ reclaimed: many, freedBytes: 1, attention: ['x', 'y'] })).toHaveLength(3);
  });

  it('asks to look at idle work once it has to', () => {
    expect(hookReport({ reclaimed: [], freedBytes: 0, attention: ['x'] })).toEqual([
      'reaper: 1 idle worktree holds work; look: npx reaper-hook status',
    ]);
    expect(hookReport({ reclaimed: [], freedBytes: 0, attention: ['x', 'y'] })[0]).toContain(
      '2 idle worktrees hold work',
    );
  });

  it('says of a failure and of a broken configuration what to do', () => {
    expect(failureReport('disk\nfull')).toBe(
      'reaper: the last pass failed (disk\\nfull); nothing was lost; details: npx reaper-hook doctor',
    );
    expect(configReport(2)).toContain('2 mistakes in the configuration, so nothing is reclaimed');
  });
});

describe('kinds of things', () => {
  it('are counted apart', () => {
    const all = [
      entry('a'),
      entry('b', 'worktree', 'empty'),
      entry('c', 'registration'),
      entry('d', 'staging', 'stale'),
      entry('e', 'staging', 'stale'),
    ];
    expect(reclaimedWords(all)).toBe(
      '1 landed worktree, 1 unused worktree, 1 registration without a directory, 2 stale staging entries',
    );
  });
});

describe('grounds', () => {
  const evidence = (how: Evidence['how']): Evidence => ({
    how,
    ref: 'refs/remotes/origin/main',
    oid: 'b'.repeat(40),
    commit: 'c'.repeat(40),
  });

  it.each([
    ['ancestor', 'landed: its commit is in origin/main'],
    ['adds-nothing', 'landed: merging it would add nothing, in origin/main'],
    ['replayed', 'landed: replayed as cccccccccc in origin/main'],
    ['patches', 'landed: every commit has its equal in origin/main, last cccccccccc'],
  ] as const)('%s names the base and the proof', (how, words) => {
    expect(groundWords({ verdict: 'reclaim', ground: 'landed', evidence: evidence(how) })).toBe(words);
  });

  it('empty and stale say why there is nothing to lose', () => {
    expect(groundWords({ verdict: 'reclaim', ground: 'empty', evidence: evidence('ancestor') })).toBe(
      'never used: on origin/main with no commit of its own',
    );
    expect(groundWords({ verdict: 'reclaim', ground: 'stale', evidence: null })).toBe('left behind: nobody uses it');
    expect(groundWords({ verdict: 'reclaim', ground: 'landed', evidence: null })).toBe('landed');
    expect(shortRef(undefined)).toBe('the base');
  });
});

describe('reasons', () => {
  it.each(REASON_CODES)('"%s" has words of its own', (code) => {
    expect(reasonWords(code)).toMatch(/^[a-z]/);
    expect(reasonSentence({ code, detail: 'x' })).toBe(`${reasonWords(code)}: x`);
  });

  it.each(REASON_CODES)('"%s" offers a command that quotes the path and removes nothing, or none', (code) => {
    const step = nextStep({ code, detail: 'sleep (pid 42, cwd)' }, { at: shellWord("/tmp/it's here"), base: 'main' });
    if (step?.includes('tmp') === true) expect(step).toContain(`'/tmp/it'\\''s here'`);
    expect(step ?? '').not.toMatch(/--force|rm -rf|kill/);
  });

  it('that name a process offer to look at it, and others do not', () => {
    const place = { at: '/w', base: 'main' };
    expect(nextStep({ code: 'occupied', detail: 'sleep (pid 42, cwd)' }, place)).toBe('ps -fp 42');
    expect(nextStep({ code: 'owner-alive', detail: 'process 42: running' }, place)).toBe('ps -fp 42');
    expect(nextStep({ code: 'owner-unknown', detail: 'another host' }, place)).toBeNull();
  });

  it('that are a lock offer to take it off, but not one of our own, which the next pass takes off', () => {
    const place = { at: '/w', base: 'main' };
    expect(nextStep({ code: 'too-young', detail: '1h' }, place)).toBe('npx reaper-hook run --idle 10m');
    expect(nextStep({ code: 'too-young', detail: '1h' }, { ...place, isIdleOptional: false })).toBeNull();
    expect(nextStep({ code: 'locked', detail: 'on a stick' }, place)).toBe('git worktree unlock /w');
    expect(nextStep({ code: 'locked', detail: ourLock('a-1') }, place)).toBe('npx reaper-hook run');
  });

  it('say how long a wait is', () => {
    expect(untilWords(3_600_000, 0)).toBe('again in 1h');
    expect(undo('x-1')).toBe('npx reaper-hook restore x-1');
  });
});

describe('names from outside', () => {
  it('never carry a control, formatting or bidirectional character to the terminal', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 60 }), (text) => {
        expect(printable(text)).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u);
      }),
      { seed: 4, numRuns: 500 },
    );
    expect(printable('\u001b[31mred\u001b[0m\u202e')).toBe('\\x1b[31mred\\x1b[0m\\u{202e}');
    expect(printable('x'.repeat(1000))).toHaveLength(403);
  });

  it('become one word of a shell command, whatever they are', () => {
    expect(shellWord('plain/path-1.txt')).toBe('plain/path-1.txt');
    expect(shellWord('with space')).toBe("'with space'");
    expect(shellWord("it's")).toBe("'it'\\''s'");
    expect(shellWord('-dash')).toBe("'./-dash'");
    expect(shellWord('a\nb')).toBe("$'a\\nb'");
    expect(shellWord('')).toBe("''");
  });
});

describe('numbers', () => {
  it('are rounded to what a person reads', () => {
    expect([0, 400, 1500, 90_000, 7_200_000, 259_200_000].map(duration)).toEqual(['0s', '<1s', '1s', '1m', '2h', '3d']);
    expect(duration(-5)).toBe('0s');
    const [minute, hour, day] = [60_000, 3_600_000, 86_400_000];
    expect([7 * day - minute, 1.5 * day, day, day - minute, 20 * hour, 30 * minute - 500].map(remaining)).toEqual([
      '7d',
      '1d',
      '1d',
      '1d',
      '20h',
      '30m',
    ]);
    expect([1_000, 900, 0, -5].map(remaining)).toEqual(['1s', '<1s', '0s', '0s']);
    expect([0, 20_480, 3_000_000, 4_100_000_000].map(bytes)).toEqual(['0 B', '20 kB', '3 MB', '4.1 GB']);
    expect([plural(1, 'entry', 'entries'), plural(2, 'entry', 'entries')]).toEqual(['1 entry', '2 entries']);
  });
});

describe('the log', () => {
  const evidence: Evidence = { how: 'ancestor', ref: 'refs/heads/main', oid: OID, commit: OID };
  const said = (event: JournalRecord['event'], detail?: string) => {
    const record = { event, detail, because: 'landed', evidence } as unknown as JournalRecord;
    return [eventWords(record), whyWords(record), proofWords(record)];
  };

  it('says of what a pass had begun what became of it', () => {
    const proof = 'ancestor: aaaaaaaaaa, main at aaaaaaaaaa';
    expect(said('reclaimed')).toEqual(['reclaimed', 'landed', proof]);
    expect(said('recovered', 'finish')).toEqual(['reclaimed', 'landed', proof]);
    expect(said('recovered', 'roll-back')).toEqual(['put back', 'a pass was cut off', null]);
    expect(said('recovered', 'roll-back: no space left')).toEqual(['recovered', 'roll-back: no space left', null]);
    expect(said('recovered', 'hold-unverified')[1]).toContain('kept until it is restored');
    expect(said('refused', 'out-of-time: time ran out before "present" was known')).toEqual([
      'put back',
      'the pass ran out of time',
      null,
    ]);
    expect(said('refused', 'changes: a.txt')).toEqual(['taken back', 'changes: a.txt', null]);
  });
});
