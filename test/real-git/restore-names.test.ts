/** A branch that cannot be made again because of another's name: the restore says so before anything moves. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, it } from 'vitest';
import { buryHolder, later, leftovers, REAL, type Rich, richCase } from '../support/crash-case.ts';
import { mortal } from '../support/faults.ts';
import { HOUR, snapshot } from '../support/repo.ts';

let rich: Rich;
let id: string;
let head: string;
const git = (...args: string[]): string => rich.at.repo.git(args);

beforeEach(async () => {
  rich = await richCase({ alone: true });
  head = git('rev-parse', 'agent/fix');
  expect((await rich.at.pass(REAL)).ok).toBe(true);
  id = (await rich.at.entries())[0]?.id ?? '';
});

/** The other branches under `agent/` make way for one that is called so. */
function shorten(): void {
  git('branch', '-m', 'agent/work', 'feature/work');
  git('branch', 'agent', 'main');
}

const pack = (): string => git('pack-refs', '--all');

const deeds: [what: string, other: string, acts: (() => unknown)[]][] = [
  ['there is one below it', 'agent/fix/sub', [() => git('branch', 'agent/fix/sub', 'main')]],
  ['there is one below it, deep and packed', 'agent/fix/a/b', [() => git('branch', 'agent/fix/a/b'), pack]],
  ['its first part is one', 'agent', [shorten]],
  ['its first part is one, and packed', 'agent', [shorten, pack]],
];

it.each(deeds)('where %s, nothing is touched and the way out works', async (_what, other, acts) => {
  for (const act of acts) act();
  const places = ['reaper/quarantine', 'worktrees', 'refs'].map((name) => join(rich.at.repo.commonDir, name));
  const before = places.map((place) => snapshot(place));
  expect(await rich.at.restore(REAL, id)).toMatchObject({
    ok: false,
    problem: 'branch-taken',
    why: expect.stringContaining(`agent/fix cannot be made again as long as there is a branch ${other}`),
  });
  expect(places.map((place) => snapshot(place))).toEqual(before);
  expect(await rich.at.restore(REAL, id, { detach: true })).toMatchObject({ ok: true, leftBranch: 'agent/fix' });
  expect(rich.at.repo.git(['rev-parse', 'HEAD'], rich.fix)).toBe(head);
  expect(rich.at.repo.git(['status', '--porcelain'], rich.fix)).toBe('');
});

it('a branch with a name that only begins alike is no obstacle', async () => {
  git('branch', 'agent/fix-2', 'main');
  git('branch', 'agent/fi', 'main');
  expect(await rich.at.restore(REAL, id)).toMatchObject({ ok: true, leftBranch: null });
});

it('a killed restore that cannot be finished for that reason is finished detached', async () => {
  const machine = mortal(REAL, ({ name, args }) => name === 'writeFile' && String(args[0]).includes(id), 'after');
  expect((await machine.survive(rich.at.restore(machine.io, id))).died).toBe('disk.writeFile');
  buryHolder(rich.at.repo);
  git('branch', 'agent/fix/sub', 'main');
  await rich.at.pass(later(REAL, HOUR), { limit: 0 });
  expect([existsSync(rich.fix), leftovers(rich.at.repo).quarantine]).toEqual([false, [id]]);
  expect(await rich.at.restore(REAL, id)).toMatchObject({ ok: false, problem: 'branch-taken' });
  expect(await rich.at.restore(REAL, id, { detach: true })).toMatchObject({ ok: true });
  expect(rich.at.repo.git(['rev-parse', 'HEAD'], rich.fix)).toBe(head);
  expect(rich.at.repo.git(['status', '--porcelain'], rich.fix)).toBe('');
});
