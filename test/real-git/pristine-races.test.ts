/** Somebody writes between the look that needs no git and the moves after it: it is noticed, however small it is. */
import { existsSync, lstatSync, readFileSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Io } from '../../src/io/ports.ts';
import { makeCase, REAL } from '../support/crash-case.ts';
import { type Call, interpose } from '../support/faults.ts';
import { backdate, DAY, makeRepo } from '../support/repo.ts';

const TEXT = 'landed\n';
/** As long as `TEXT`. */
const OTHER = 'edited\n';

function stage() {
  const repo = makeRepo();
  const tree = repo.worktree('agent/x');
  repo.commit('own.txt', TEXT, tree);
  repo.git(['merge', '-q', '--no-ff', '-m', 'land', 'agent/x']);
  backdate(repo, tree, 2 * DAY);
  return { at: makeCase(repo), tree, file: join(tree, 'own.txt') };
}

/** Keeps the file's time and length: only what no program can set gives it away. */
function editInPlace(file: string): void {
  const { atime, mtime } = lstatSync(file);
  writeFileSync(file, OTHER);
  utimesSync(file, atime, mtime);
}

function replace(file: string): void {
  const { atime, mtime } = lstatSync(file);
  writeFileSync(`${file}.new`, OTHER);
  utimesSync(`${file}.new`, atime, mtime);
  renameSync(`${file}.new`, file);
}

const GAPS: Readonly<Record<string, (call: Call, tree: string) => boolean>> = {
  'before the note': ({ name, args }) => name === 'createFile' && String(args[0]).endsWith('entry.json'),
  'before the pin': ({ name }) => name === 'update-ref create pin',
  'just before it is moved': ({ name, args }, tree) => name === 'rename' && args[0] === tree,
};

const acting = (isMeant: (call: Call) => boolean, act: () => void): Io =>
  interpose(REAL, async (call, proceed) => {
    if (isMeant(call)) act();
    return proceed();
  });

describe('a worktree that both looks find untouched', () => {
  it('is reclaimed without any git that reads its files', async () => {
    const { at, tree } = stage();
    const calls: string[] = [];
    const io = interpose(REAL, (call, proceed) => {
      if (call.port === 'git') calls.push(call.name);
      return proceed();
    });
    const passed = await at.pass(io);
    expect(passed.ok && passed.report.reclaimed.map(({ entry }) => entry.path)).toEqual([tree]);
    expect(calls).not.toContain('status');
    expect(calls).not.toContain('ls-files');
  });
});

describe('what is written with the same length and the same time', () => {
  const ways = { 'in place': editInPlace, 'by another file in its place': replace };
  const cases = Object.entries(ways).flatMap(([way, edit]) =>
    Object.entries(GAPS).map(([gap, isMeant]) => ({ way, gap, edit, isMeant })),
  );
  it.each(cases)('$way, $gap, is noticed and stays where it is', async ({ edit, isMeant }) => {
    const { at, tree, file } = stage();
    let acted = false;
    const io = acting(
      (call) => !acted && isMeant(call, tree),
      () => {
        acted = true;
        edit(file);
      },
    );
    const passed = await at.pass(io);
    expect(acted).toBe(true);
    expect(passed.ok && passed.report.results.map(({ outcome }) => outcome)).toEqual(['refused']);
    expect(readFileSync(file, 'utf8')).toBe(OTHER);
    expect(await at.entries()).toEqual([]);
  });

  it('and taken away again within the same moment is missed by nobody', async () => {
    const { at, tree, file } = stage();
    const io = acting(
      ({ name, args }) => name === 'rename' && args[0] === tree,
      () => rmSync(file),
    );
    const passed = await at.pass(io);
    expect(passed.ok && passed.report.results.map(({ outcome }) => outcome)).toEqual(['refused']);
    expect(existsSync(tree)).toBe(true);
  });
});
