/** What a person at a terminal is asked before a bulk run, on a real pseudo-terminal. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { PROGRAM, reaper } from '../support/program.ts';
import { backdate, DAY, makeRepo, type TestRepo } from '../support/repo.ts';

/** script(1) of util-linux gives a command a terminal; that of BSD and macOS takes other arguments. */
const hasTerminal = spawnSync('script', ['-qec', 'test -t 0 && test -t 2', '/dev/null'], { input: '' }).status === 0;

let repo: TestRepo;
let trees: string[];

beforeEach(() => {
  repo = makeRepo();
  trees = ['agent/one', 'agent/two'].map((branch) => {
    const tree = repo.worktree(branch);
    backdate(repo, tree, 3 * DAY);
    return tree;
  });
});

/** Runs the program at a terminal on which `typed` was typed. */
function atTerminal(args: string, typed: string) {
  const command = `"${process.execPath}" "${PROGRAM}" ${args}`;
  const env = { ...repo.env(), TERM: 'dumb' };
  const how = { cwd: repo.root, env, input: typed, encoding: 'utf8', timeout: 60_000 } as const;
  const ran = spawnSync('script', ['-qec', command, '/dev/null'], how);
  return { code: ran.status, text: ran.stdout.replaceAll('\r', '') };
}

const left = () => trees.filter((tree) => existsSync(tree));

describe.skipIf(!hasTerminal)('a bulk run at a terminal (needs script of util-linux)', () => {
  it.each(['n\n', '\n', 'perhaps\n'])(
    'that is answered with %j touches nothing, and says how to look first',
    (typed) => {
      const told = atTerminal('run', typed);
      expect(told.text).toContain('move 2 candidates to quarantine: agent/one, agent/two? [y/N]');
      expect(told.text).toContain('nothing was touched; to look first: npx reaper-hook run --dry-run');
      expect(told.code).toBe(0);
      expect(left()).toEqual(trees);
    },
  );

  it('that is interrupted at the question touches nothing and leaves no lock', () => {
    const told = atTerminal('run', '\u0003');
    expect(told.text).not.toContain('-> quarantine');
    expect(left()).toEqual(trees);
    expect(existsSync(join(repo.commonDir, 'reaper/lock'))).toBe(false);
  });

  it.each(['y\n', 'Yes\n'])('that is answered with %j does it, and names each undo', (typed) => {
    const told = atTerminal('run', typed);
    expect(told.code).toBe(0);
    expect(told.text.match(/undo: npx reaper-hook restore/g)).toHaveLength(2);
    expect(left()).toEqual([]);
  });

  it('is not asked about with --yes, for a dry run, or where nothing is due', () => {
    expect(atTerminal('run --dry-run', '').text).not.toContain('[y/N]');
    expect(left()).toEqual(trees);
    expect(atTerminal('run --yes', '').text).not.toContain('[y/N]');
    expect(left()).toEqual([]);
    expect(atTerminal('run', '').text).not.toContain('[y/N]');
  });

  it('asks for what the limit lets go, and lists few names', () => {
    for (let index = 3; index <= 7; index++) {
      const tree = repo.worktree(`agent/w${index}`);
      backdate(repo, tree, 3 * DAY);
      trees.push(tree);
    }
    const told = atTerminal('run --limit 3', 'y\n').text.replace(/\s+/g, ' ');
    expect(told).toContain('move 3 of 7 candidates (for all: --limit 7) to quarantine: agent/one, agent/two, ');
    expect(told).toContain('agent/w5 and 2 more? [y/N]');
    expect(told).toContain('-> quarantine; 4 more due: npx reaper-hook run --limit 4');
    expect(left()).toHaveLength(4);
  });

  it('is not asked about where a yes would move nothing', () => {
    expect(atTerminal('run --limit 0', 'y\n').text).not.toContain('[y/N]');
    repo.git(['config', 'reaper.mode', 'report']);
    const told = atTerminal('run', 'y\n').text;
    expect(told).not.toContain('[y/N]');
    expect(told).toContain('nothing is ever reclaimed; to change that: git config reaper.mode reap');
    expect(left()).toEqual(trees);
  });

  it('goes below a floor there, and nowhere else', () => {
    trees = [repo.worktree('agent/young')];
    backdate(repo, trees[0] ?? '', DAY / 24 / 12);
    const elsewhere = reaper(repo, ['run', '--idle', '1s', '--empty-idle', '1s']);
    expect(elsewhere.stderr).toContain('is below its floor and nobody is at the terminal');
    expect(left()).toEqual(trees);
    expect(atTerminal('run --yes --idle 1s --empty-idle 1s', '').code).toBe(0);
    expect(left()).toEqual([]);
  });
});
