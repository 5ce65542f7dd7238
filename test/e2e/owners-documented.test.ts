/** What the page for orchestrators' authors tells them to type does what it says. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { elsewhere, end, endAll, STAY } from '../support/children.ts';
import { PROGRAM, PROJECT, reaper, reaperJson, shell } from '../support/program.ts';
import { backdate, DAY, makeRepo, type TestRepo } from '../support/repo.ts';

const PAGE = readFileSync(join(PROJECT, 'ORCHESTRATORS.md'), 'utf8');

/** The blocks of one language, in their order. */
const blocks = (language: string): string[] =>
  [...PAGE.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)].flatMap(([, name, text = '']) =>
    name === language ? [text] : [],
  );

const block = (language: string, holding: string): string => {
  const found = blocks(language).find((text) => text.includes(holding));
  if (found === undefined) throw new Error(`the page has no ${language} block with ${holding}`);
  return found;
};

/** As if the package were installed. */
const installed = (command: string): string =>
  command.replaceAll('npx reaper-hook', `"${process.execPath}" "${PROGRAM}"`);

const hasPython = spawnSync('python3', ['--version']).status === 0;

let repo: TestRepo;
let tree: string;

beforeEach(() => {
  repo = makeRepo();
  tree = realpathSync(repo.worktree('agent/one'));
  backdate(repo, tree, 3 * DAY);
});
afterEach(endAll);

const row = () => reaperJson(repo, ['status']).candidates[0];
const claimFiles = () => readdirSync(join(repo.commonDir, 'reaper/claims'));

describe('a claim that is written', () => {
  it('by the shell holds its path, and is the very file that the command writes', () => {
    expect(shell(repo, block('sh', 'sha256sum'), tree)).toMatchObject({ code: 0, stderr: '' });
    expect(row()).toMatchObject({ reasons: [{ code: 'claimed' }], owner: { label: 'lane 3', liveness: 'unknown' } });
    expect(reaper(repo, ['heartbeat', '--owner', 'lane 3'], tree).code).toBe(0);
    expect(reaper(repo, ['claim', '--owner', 'lane 3'], tree).code).toBe(0);
    expect(claimFiles()).toHaveLength(1);
    expect(reaper(repo, ['release', '--owner', 'lane 3'], tree).code).toBe(0);
    expect(claimFiles()).toEqual([]);
  });

  it.skipIf(!hasPython)('by Python holds its path while the process lives', () => {
    const pid = elsewhere(STAY);
    const program = `${block('python', 'def claim')}\nclaim(${JSON.stringify(tree)}, "lane 3", ${pid})\n`;
    const ran = spawnSync('python3', ['-'], { input: program, env: repo.env(), encoding: 'utf8' });
    expect([ran.status, ran.stderr]).toEqual([0, '']);
    expect(row()).toMatchObject({ owner: { label: `lane 3 (pid ${pid})`, pid, liveness: 'alive', by: 'claim' } });
    end(pid);
    expect(row()).toMatchObject({ verdict: 'wait', reasons: [{ code: 'owner-grace' }], owner: { liveness: 'dead' } });
    expect(reaper(repo, ['claim', '--owner', 'lane 3', '--worktree', tree]).code).toBe(0);
    expect(claimFiles()).toHaveLength(1);
  });
});

describe('the session hooks', () => {
  const commandsIn = (text: string): string[] =>
    [...text.matchAll(/"(?:command|bash)": ("(?:[^"\\]|\\.)*npx(?:[^"\\]|\\.)*")/g)].map(([, json = '']) =>
      JSON.parse(json),
    );

  it.each(['SessionStart', 'sessionStart'])('of %s claim for the agent, print nothing, and release', (event) => {
    const text = block('json', `"${event}"`);
    expect(() => JSON.parse(text)).not.toThrow();
    const [start = '', over = ''] = commandsIn(text).map(installed);
    // The shell that stands for the agent starts each hook in a shell of its own.
    const quoted = (command: string) => `sh -c '${command.replaceAll("'", "'\\''")}'; :`;
    const first = shell(repo, `${quoted(start)}; ls "${repo.commonDir}/reaper/claims" | wc -l; ${quoted(over)}`, tree);
    expect(first).toMatchObject({ code: 0, stderr: '', stdout: expect.stringMatching(/^\s*1\n$/) });
    expect(claimFiles()).toEqual([]);
    shell(repo, quoted(start), tree);
    expect(row()).toMatchObject({ owner: { by: 'claim', liveness: 'dead' } });
  });

  it('of a script that outlives its agent give the worktree back', () => {
    const line = block('sh', '$task_id').replace('claude -p "$task"', ':');
    const told = shell(repo, `worktree=${tree} task_id=t1; ${installed(line)}`);
    expect(told.stdout).toContain('reclaimed');
    expect(existsSync(tree)).toBe(false);
  });
});

it("the person's own file is accepted as it is shown", () => {
  const folder = join(repo.home, '.config/reaper-hook');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'config.yaml'), block('yaml', 'keepIf'));
  const told = reaper(repo, ['status']);
  expect(told).toMatchObject({ code: 0, stderr: '' });
});

it('every command of the page exists, with every option it names', () => {
  const lines = blocks('sh').flatMap((text) => text.split('\n').filter((line) => line.includes('npx reaper-hook')));
  for (const line of lines) {
    const [, command = ''] = /npx reaper-hook ([a-z]+)/.exec(line) ?? [];
    const help = reaper(repo, [command, '--help']).stdout;
    for (const [option] of line.replace(/#.*/, '').matchAll(/--[a-z]+/g)) expect(help).toContain(option);
  }
  expect(lines.length).toBeGreaterThan(5);
});
