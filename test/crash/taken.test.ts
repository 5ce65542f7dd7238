/** Somebody takes a place that a restore is about to fill: theirs stays, and all of it can still be had back. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { assertSound, later, REAL, type Rich, refAt, richCase, unreachable } from '../support/crash-case.ts';
import { labelled } from '../support/every-step.ts';
import { interrupted } from '../support/faults.ts';
import { tell } from '../support/figures.ts';
import { HOUR, snapshot } from '../support/repo.ts';
import { isChosen } from '../support/sample.ts';

/** A restore has some twenty effects. */
const MAX_STEPS = 60;

/** Of all of them, those that a run on every change can afford. */
const SHARE = 1 / 3;

const ends = new Map<string, number>();

afterAll(() => {
  const all = [...ends.values()].reduce((sum, each) => sum + each, 0);
  tell('races', all, ends);
});

/** Takes a place; answers what shows that it is still taken by the same one, or null when it was too late for that. */
type Taking = (rich: Rich) => (() => unknown) | null;

const git = ({ at }: Rich, ...args: string[]): boolean =>
  spawnSync('git', args, { cwd: at.repo.root, env: at.repo.env() }).status === 0;

const TAKINGS: Readonly<Record<string, Taking>> = {
  'its path': ({ fix }) => {
    if (existsSync(fix)) return null;
    mkdirSync(fix);
    writeFileSync(join(fix, 'theirs.txt'), 'theirs\n');
    return () => snapshot(fix);
  },
  'its path, by a worktree of their own': (rich) =>
    git(rich, 'worktree', 'add', '-q', '-b', 'feature/theirs', rich.fix, 'main')
      ? () => [snapshot(rich.fix), rich.at.repo.git(['branch', '--show-current'], rich.fix)]
      : null,
  'the name of its registration': (rich) => {
    const other = join(dirname(dirname(rich.fix)), 'other/fix');
    const isTaken = git(rich, 'worktree', 'add', '-q', '-b', 'feature/theirs', other, 'main');
    return isTaken ? () => [snapshot(other), rich.at.repo.git(['branch', '--show-current'], other)] : null;
  },
  'its branch, at another commit': (rich) => {
    const isTaken = git(rich, 'branch', 'agent/fix', 'main~1');
    return isTaken ? () => refAt(rich.at.repo, 'refs/heads/agent/fix') : null;
  },
  'its branch, in another worktree': (rich) => {
    const other = join(dirname(dirname(rich.fix)), 'other/elsewhere');
    const isTaken = git(rich, 'worktree', 'add', '-q', other, 'agent/fix');
    return isTaken ? () => [snapshot(other), rich.at.repo.git(['branch', '--show-current'], other)] : null;
  },
};

/** What the restored worktree has to hold, wherever it is now. */
function checkContent(path: string): void {
  expect(readFileSync(join(path, 'src/new.txt'), 'utf8')).toBe('second try, longer\n');
  expect(readFileSync(join(path, 'dist/made-by-hand.txt'), 'utf8')).toBe('weak, so it stays\n');
}

describe('during a restore somebody takes', () => {
  test.each(Object.entries(TAKINGS))('%s', async (name, taking) => {
    const rich = await richCase({ alone: true });
    const { at, fix } = rich;
    const commits = at.repo.git(['rev-list', '--all', '--reflog']).split('\n');
    await at.pass(REAL);
    at.keep();
    const [entry] = await at.entries();
    const id = entry?.id ?? '';
    const count = (end: string) => ends.set(`${name}: ${end}`, (ends.get(`${name}: ${end}`) ?? 0) + 1);
    let isOver = false;
    for (let k = 1; !isOver && k <= MAX_STEPS; k++) {
      if (!isChosen(`${name} ${k}`, SHARE)) continue;
      at.reset();
      let theirs: (() => unknown) | null = null;
      let taken: unknown;
      isOver = true;
      const io = interrupted(REAL, k, () => {
        isOver = false;
        theirs = taking(rich);
        taken = theirs?.();
      });
      await labelled(`${name}, before effect ${k}`, async () => {
        const first = await at.restore(io, id);
        expect((await at.pass(later(REAL, HOUR), { limit: 0 })).ok).toBe(true);
        const isLeft = (await at.entries()).some((each) => each.id === id);
        const target = isLeft ? join(dirname(fix), 'restored') : fix;
        const again = isLeft ? await at.restore(REAL, id, { to: target, detach: true }) : first;
        count(isLeft ? 'asked for again' : first.ok ? 'restored at once' : 'finished by the next pass');
        checkContent(again.ok ? again.path : target);
        if (theirs !== null) expect((theirs as () => unknown)()).toEqual(taken);
        expect(unreachable(at.repo, commits)).toEqual([]);
        assertSound(at.repo);
      });
    }
    expect(isOver).toBe(true);
  });
});
