/** Who made a worktree: written down by the real hook in each shell, judged by the living. */
import { readFileSync, statSync, utimesSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { explain } from '../../src/explain.ts';
import { openWorkspace } from '../../src/workspace.ts';
import { elsewhere, end, endAll } from '../support/children.ts';
import { hookCase, SHELLS, TOMORROW } from '../support/hook-case.ts';
import { backdate, DAY, makeRepo, script, type TestRepo } from '../support/repo.ts';

const home = process.env['HOME'];
let repo: TestRepo;

beforeEach(() => {
  repo = makeRepo();
  process.env['HOME'] = repo.home;
});
afterEach(() => {
  endAll();
  process.env['HOME'] = home;
});

/** An agent that adds a worktree and stays; answers its process id. */
function agentMakes(branch: string, at: string): number {
  const agent = script(
    join(dirname(repo.root), 'bin/claude'),
    `#!/bin/sh\ngit -C "$1" worktree add -q -b "$2" "$3"; echo ready\nkill -STOP $$\n`,
  );
  const env = Object.entries(repo.env()).filter(([name]) => /^(HOME|XDG_|GIT_)/.test(name));
  const assign = env.map(([name, value]) => `${name}='${value}'`).join(' ');
  return elsewhere(`unset CI; ${assign} exec "$1" "$2" "$3" "$4"`, { args: [agent, repo.root, branch, at] });
}

async function asked(branch: string) {
  const opened = await openWorkspace({ cwd: repo.root, home: repo.home });
  if (!opened.ok) throw new Error(opened.why);
  const explained = await explain(opened.value, branch);
  if (!explained.known || explained.value === null) throw new Error('no answer');
  return explained.value.inquiry;
}

describe.each(SHELLS)('the hook in %s', (_name, shebang) => {
  it('writes down the agent that made a worktree, which is kept while it lives and waits out its death', async () => {
    const hook = hookCase(repo, { shebang });
    hook.date('stamp', TOMORROW);
    const at = join(dirname(repo.root), 'wt/made');
    const pid = agentMakes('agent/made', at);
    const certificate = join(repo.commonDir, 'reaper/makers/made');
    expect(readFileSync(certificate, 'utf8')).toMatch(/^reaper-hook maker 1\n/);
    expect(statSync(certificate).mode & 0o077).toBe(0);
    backdate(repo, at, 3 * DAY);
    const alive = await asked('agent/made');
    expect(alive.verdict).toMatchObject({ verdict: 'keep', reasons: [{ code: 'owner-alive' }] });
    expect(alive.facts.maker).toMatchObject({ value: { label: `claude (pid ${pid})`, pid, liveness: 'alive' } });
    end(pid);
    expect((await asked('agent/made')).verdict).toMatchObject({ verdict: 'wait', reasons: [{ code: 'owner-grace' }] });
    // A certificate from before the registration is about an earlier worktree of that name.
    utimesSync(certificate, new Date(0), new Date(0));
    expect((await asked('agent/made')).facts.maker).toMatchObject({ value: null });
  });
});

it('a maker that nobody knows leaves no owner', async () => {
  hookCase(repo).date('stamp', TOMORROW);
  const at = repo.worktree('agent/plain');
  backdate(repo, at, 3 * DAY);
  expect((await asked('agent/plain')).facts.maker).toEqual({ known: true, value: null });
});
