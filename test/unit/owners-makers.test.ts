import { describe, expect, it } from 'vitest';
import { pointerProblem, valuesAt } from '../../src/core/jsonpointer.ts';
import { KNOWN_AGENTS, makerIn, parseCertificate, programIn } from '../../src/core/makers.ts';
import { directoryPatternProblem, splitDirectoryPattern } from '../../src/core/patterns-outside.ts';

const stat = (pid: number, command: string, ticks = 500) =>
  `stat ${pid} (${command}) S 1 1 1 0 -1 4194304 0 0 0 0 0 0 0 0 20 0 1 0 ${ticks} 8200192 1087`;

const certificate = (...lines: string[]) =>
  parseCertificate(['reaper-hook maker 1', 'host vm', 'boot b-1', 'pidns pid:[1]', ...lines, ''].join('\n'));

describe('a birth certificate', () => {
  it('names the nearest agent, with the start the kernel counted', () => {
    const read = certificate(stat(9, 'git'), stat(8, 'sh'), stat(7, 'claude', 77), stat(6, 'codex'));
    expect(read).toMatchObject({ host: 'vm', bootId: 'b-1', pidNamespace: 'pid:[1]' });
    expect(read === null ? null : makerIn(read, KNOWN_AGENTS)).toMatchObject({
      name: 'claude',
      ancestor: { pid: 7, startTicks: 77 },
    });
  });

  it('names nobody where no agent is near', () => {
    const read = certificate(stat(9, 'git'), stat(8, 'bash'), stat(1, 'systemd'));
    expect(read === null ? null : makerIn(read, KNOWN_AGENTS)).toBeNull();
  });

  it('is read although a command holds spaces and parentheses', () => {
    expect(certificate(stat(9, 'a (b) c'))?.ancestors).toMatchObject([{ pid: 9, command: 'a (b) c', startTicks: 500 }]);
  });

  it('leaves out lines that are not understood, and is none in another form', () => {
    expect(certificate('stat x', 'stat 0 (git) S', stat(7, 'amp'))?.ancestors).toHaveLength(1);
    expect(parseCertificate('something else')).toBeNull();
  });
});

describe('an agent is known', () => {
  it.each([
    ['by its short name', 'claude', [], 'claude'],
    ['by its program', 'x', ['/opt/bin/codex', 'exec'], 'codex'],
    ['by the script that an interpreter runs', 'node', ['node', '/usr/bin/gemini'], 'gemini'],
    ['by the package of that script', 'node', ['node', '/x/node_modules/@a/claude-code/cli.js'], 'claude'],
    ['by a Python script', 'python3', ['/usr/bin/python3', '-u', '/home/u/bin/aider'], 'aider'],
  ])('%s', (_name, command, args, agent) => {
    expect(programIn({ command, args }, KNOWN_AGENTS)).toBe(agent);
  });

  it.each([
    ['by a directory of its name', 'node', ['node', '/home/claude/server.js']],
    ['by an argument', 'vim', ['vim', 'claude']],
    ['by a longer name', 'claude-monitor', ['claude-monitor']],
  ])('but not %s', (_name, command, args) => {
    expect(programIn({ command, args }, KNOWN_AGENTS)).toBeNull();
  });
});

describe('a JSON pointer', () => {
  it('leads to a value, through lists, and with * to each member', () => {
    const document = { 'a/b': { '~': 1 }, list: [{ pid: 1 }, { pid: 2 }, {}] };
    expect(valuesAt(document, '/a~1b/~0')).toEqual([1]);
    expect(valuesAt(document, '/list/1/pid')).toEqual([2]);
    expect(valuesAt(document, '/list/*/pid')).toEqual([1, 2]);
    expect(valuesAt(document, '')).toEqual([document]);
  });

  it('that leads nowhere has no values, not even inherited ones', () => {
    for (const pointer of ['/x', '/list/01/pid', '/list/length', '/toString', '/list/9'])
      expect(valuesAt({ list: [{ pid: 1 }] }, pointer)).toEqual([]);
  });

  it('is refused without a slash or with a stray ~', () => {
    expect(pointerProblem('pid')).not.toBeNull();
    expect(pointerProblem('/a~')).not.toBeNull();
    expect(pointerProblem('/workers/*/pid')).toBeNull();
  });
});

describe('a pattern of directories outside the repository', () => {
  it('starts from its literal directories', () => {
    expect(splitDirectoryPattern('~/.pi/agent/teams/*', '/home/u')).toMatchObject({
      ok: true,
      base: '/home/u/.pi/agent/teams',
      segments: [{ before: '*' }],
    });
  });

  it.each(['~/*', '/*', '/home/*', '~/.pi/*', 'teams/*', '~/.pi/../x/*', '~/.pi/.git/*', '~/a/b/{pid}', '~u/a/b/*'])(
    '%s is refused',
    (pattern) => expect(directoryPatternProblem(pattern)).not.toBeNull(),
  );
});
