/** `doctor` and `init`: each finding with what to do, each proposal from what is here. */
import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { validate } from '../../src/config/validate.ts';
import { reaper, reaperJson } from '../support/program.ts';
import { makeRepo, type TestRepo } from '../support/repo.ts';

let repo: TestRepo;
const own = (name: string) => join(repo.commonDir, 'reaper', name);
const install = () => reaper(repo, ['install']);

/** What doctor says on the line of a finding, and on the next one. */
function finding(words: string): string {
  const lines = reaper(repo, ['doctor']).stdout.split('\n');
  const at = lines.findIndex((line) => line.includes(words));
  return at < 0 ? '' : lines.slice(at, at + 2).join('\n');
}

const ledger = (change: object) => {
  reaper(repo, ['run']);
  writeFileSync(
    own('state.json'),
    JSON.stringify({ ...JSON.parse(readFileSync(own('state.json'), 'utf8')), ...change }),
  );
};

beforeEach(() => {
  repo = makeRepo();
});

describe('doctor', () => {
  it('fires the hook in every worktree and finds nothing wrong after install', () => {
    repo.worktree('agent/one');
    install();
    expect(reaper(repo, ['doctor'])).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('git runs the hook in 2 worktrees'),
    });
    expect(reaperJson(repo, ['doctor'])).toMatchObject({ ok: true });
  });

  it.each([
    ['is not installed', () => undefined, 'npx reaper-hook install'],
    ['nothing at', () => rmSync(join(repo.commonDir, 'hooks/post-checkout')), 'npx reaper-hook install'],
    ['git does not run the hook', () => rmSync(join(repo.commonDir, 'hooks/post-checkout')), 'npx reaper-hook install'],
    ['the installed program is missing', () => rmSync(own('bin/reaper-hook.mjs')), 'npx reaper-hook install'],
    [
      'the node that the hook was installed with is gone',
      () => writeFileSync(own('bin/node'), '/no/node\n'),
      'npx reaper-hook install',
    ],
    [
      'version 0.0.1 is installed',
      () =>
        writeFileSync(
          own('installed.json'),
          readFileSync(own('installed.json'), 'utf8').replace(/"version": "[^"]*"/, '"version": "0.0.1"'),
        ),
      'npx reaper-hook install',
    ],
    ['the last pass failed', () => writeFileSync(own('failure'), 'it broke\n'), 'npx reaper-hook run'],
    [
      '5 in a row ran out of pass.budget',
      () => ledger({ lastPass: { atMs: Date.now(), ms: 2000, complete: false, cutShortInARow: 5 } }),
      'git config reaper.budget',
    ],
    [
      'not in effect until approved',
      () => repo.write('.reaperrc', 'worktrees: {branches: ["x/*"]}\n'),
      'npx reaper-hook allow',
    ],
    ['idle', () => repo.write('.reaperrc', 'worktrees: {idle: soon}\n'), 'mend it'],
    [
      "git-lfs's own hook",
      () => writeFileSync(join(repo.commonDir, 'hooks/post-checkout'), '#!/bin/sh\ngit lfs post-checkout "$@"\n'),
      'install --chain',
    ],
    ['core.hooksPath', () => repo.git(['config', '--global', 'core.hooksPath', repo.home]), 'npx reaper-hook install'],
  ])('says "%s" and what to do', (words, spoil, next) => {
    if (words !== 'is not installed') install();
    spoil();
    expect(finding(words)).toContain(next);
  });
});

describe('init', () => {
  it('proposes what is here, writes it only when told, and never again', () => {
    repo.worktree('worktree-fix', join(repo.root, '.claude/worktrees/fix'));
    repo.git(['branch', 'codex/a']);
    repo.git(['branch', 'feature/mine']);
    const looked = reaper(repo, ['init']);
    expect(looked.code).toBe(0);
    expect(existsSync(join(repo.root, '.reaperrc'))).toBe(false);
    const proposal = parse(looked.stdout);
    expect(proposal).toEqual({
      worktrees: { branches: ['agent/*', 'worktree-*', 'codex/*'], paths: ['.claude/worktrees/*'] },
    });
    expect(validate(proposal, { source: '.reaperrc', level: 'file' }).problems).toEqual([]);
    const written = reaper(repo, ['init', '--yes']);
    expect(written).toMatchObject({ code: 0, stdout: expect.stringContaining('npx reaper-hook allow') });
    const text = readFileSync(join(repo.root, '.reaperrc'), 'utf8');
    expect(text).toBe(looked.stdout);
    expect(statSync(join(repo.root, '.reaperrc')).mode & 0o777).toBe(0o644);
    expect(reaper(repo, ['init', '--yes'])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('.reaperrc is there already'),
    });
    expect(readFileSync(join(repo.root, '.reaperrc'), 'utf8')).toBe(text);
  });

  it('names worktrees that no pattern covers, and proposes the default where nothing is here', () => {
    const mine = repo.worktree('feature/mine');
    const looked = reaper(repo, ['init']);
    expect(looked.stderr).toContain(mine);
    expect(parse(looked.stdout)).toEqual({ worktrees: { branches: ['agent/*'] } });
  });

  it('leaves a configuration in package.json, or one in error, as it is', () => {
    repo.write('package.json', '{"reaper":{}}');
    expect(reaper(repo, ['init', '--yes']).code).toBe(1);
    repo.write('.reaperrc', '[broken');
    expect(reaper(repo, ['init', '--yes']).code).toBe(1);
    expect(readFileSync(join(repo.root, '.reaperrc'), 'utf8')).toBe('[broken');
  });
});
