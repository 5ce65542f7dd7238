/** What the second look does not read again: never where reading it again would find anything else. */
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { disk } from '../../src/io/disk.ts';
import { swift } from '../../src/io/swift.ts';
import { sortIgnored } from '../../src/observe/ignored.ts';
import { createWalks, type Walks } from '../../src/observe/walks.ts';
import { makeCase, REAL } from '../support/crash-case.ts';
import { interpose } from '../support/faults.ts';
import { backdate, DAY, makeRepo } from '../support/repo.ts';

const HOUR = 3_600_000;
/** A clock by which everything that was made here is settled, */
const later = { nowMs: () => Date.now() + HOUR };
/** and the time after which a change here really has another time than what it follows. */
const settle = () => new Promise((resolve) => setTimeout(resolve, 25));

let tree: string;
let listed: string[];
const machine = swift(disk);
const counting = {
  ...machine,
  list: (path: string) => {
    listed.push(path);
    return machine.list(path);
  },
};

const put = (path: string) => {
  mkdirSync(dirname(join(tree, path)), { recursive: true });
  writeFileSync(join(tree, path), '');
};
const look = (walks: Walks) => {
  listed = [];
  const index = { hasTracked: () => false, directories: [] };
  return sortIgnored(counting, tree, ['build/'], index, ['build'], walks);
};
const anew = () => look(createWalks(later).of('another'));

beforeEach(async () => {
  tree = mkdtempSync(join(process.env.REAPER_TEST_SANDBOX ?? tmpdir(), 'walks-'));
  for (const path of ['build/a/1', 'build/a/deep/2', 'build/a/deep/er/3', 'build/b/4', 'build/c/5']) put(path);
  await settle();
});
afterEach(() => rmSync(tree, { recursive: true, force: true }));

describe('directories in which nothing changed', () => {
  it('are not listed again, but for the topmost', async () => {
    const walks = createWalks(later).of('x');
    const first = await look(walks);
    expect(listed).toHaveLength(6);
    expect(await look(walks)).toEqual(first);
    expect(listed).toEqual([join(tree, 'build')]);
  });

  it('are recognised where the tree lies now', async () => {
    const walks = createWalks(later).of('x');
    const first = await look(walks);
    const before = tree;
    tree = `${before}-moved`;
    renameSync(before, tree);
    expect(await look(walks)).toEqual(first);
    expect(listed).toHaveLength(1);
  });

  it('are listed again for another candidate', async () => {
    const all = createWalks(later);
    await look(all.of('x'));
    await look(all.of('y'));
    expect(listed).toHaveLength(6);
  });

  it('are listed again when they changed so lately that they may have changed unseen', async () => {
    const walks = createWalks({ nowMs: () => Date.now() }).of('x');
    await look(walks);
    await look(walks);
    expect(listed).toHaveLength(6);
  });
});

it('one directory that changed lately is enough, whatever is found beside it', async () => {
  const agedMs = (path: string) => (path.endsWith('/build/a') ? 10_000 : 0);
  const aged = {
    ...machine,
    lstat: async (path: string) => {
      const info = await machine.lstat(path);
      return info.ok ? { ...info, value: { ...info.value, ctimeMs: agedMs(path), mtimeMs: agedMs(path) } } : info;
    },
  };
  for (const [nowMs, isRecalled] of [
    [10_500, false],
    [60_000, true],
  ] as const) {
    const walks = createWalks({ nowMs: () => nowMs }).of('x');
    const walk = walks.begin(aged, tree, 'build');
    await Promise.all(['build', 'build/a', 'build/b', 'build/c'].map((path) => walk.note(path)));
    walk.keep({ repositories: [], data: [] });
    expect((await walks.recall(aged, tree, 'build')) !== null).toBe(isRecalled);
  }
});

it('one directory that could not be looked at is enough', async () => {
  const walks = createWalks(later).of('x');
  const walk = walks.begin(machine, tree, 'build');
  await Promise.all(['build', 'build/none', 'build/a'].map((path) => walk.note(path)));
  walk.keep({ repositories: [], data: [] });
  expect(await walks.recall(machine, tree, 'build')).toBeNull();
});

const CHANGES: Readonly<Record<string, () => void>> = {
  'a repository appears at the top': () => put('build/.git/HEAD'),
  'a repository appears deep inside': () => put('build/a/deep/er/.git/HEAD'),
  'a key appears deep inside': () => put('build/a/deep/id_rsa'),
  'a directory appears with a key in it': () => put('build/c/new/server.pem'),
  'a file becomes a directory with a repository in it': () => {
    rmSync(join(tree, 'build/b/4'));
    put('build/b/4/.git/HEAD');
  },
  'a directory changes places with another of the same name': () => {
    put('other/2');
    put('other/er/3');
    put('other/er/.jj/store');
    rmSync(join(tree, 'build/a/deep'), { recursive: true });
    renameSync(join(tree, 'other'), join(tree, 'build/a/deep'));
  },
  'a directory goes': () => rmSync(join(tree, 'build/c'), { recursive: true }),
  'a directory becomes a link': () => {
    renameSync(join(tree, 'build/c'), join(tree, 'elsewhere'));
    symlinkSync('../elsewhere', join(tree, 'build/c'));
  },
};

describe('it is looked through again when', () => {
  it.each(Object.entries(CHANGES))('%s', async (_what, change) => {
    const walks = createWalks(later).of('x');
    await look(walks);
    change();
    const second = await look(walks);
    expect(listed.length).toBeGreaterThan(1);
    expect(second).toEqual(await anew());
  });

  it('whatever happened there', async () => {
    const NAMES = ['a', 'deep', 'er', 'id_rsa', '.git', 'data.sqlite', 'HEAD'];
    const path = fc.array(fc.constantFrom(...NAMES), { minLength: 1, maxLength: 4 }).map((parts) => parts.join('/'));
    const step = fc.record({ path, how: fc.constantFrom('put', 'remove', 'move'), to: path });
    const apply = ({ path: one, how, to }: { path: string; how: string; to: string }) => {
      try {
        if (how === 'put') put(`build/${one}`);
        else if (how === 'remove') rmSync(join(tree, 'build', one), { recursive: true });
        else renameSync(join(tree, 'build', one), join(tree, 'build', to));
      } catch {
        // What cannot be done there is not done.
      }
    };
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 6 }), fc.array(step, { maxLength: 3 }), async (before, between) => {
        before.forEach(apply);
        await settle();
        const walks = createWalks(later).of('x');
        await look(walks);
        between.forEach(apply);
        expect(await look(walks)).toEqual(await anew());
      }),
      { numRuns: 150 },
    );
  });
});

describe('between the two looks at a worktree', () => {
  const stage = async () => {
    const repo = makeRepo();
    repo.write('.gitignore', 'node_modules/\n');
    repo.git(['add', '-A']);
    repo.git(['commit', '-q', '-m', 'ignore']);
    const path = repo.worktree('agent/x');
    repo.commit('own.txt', 'landed\n', path);
    repo.git(['merge', '-q', '--no-ff', '-m', 'land', 'agent/x']);
    repo.write('node_modules/.package-lock.json', '{}\n', path);
    repo.write('node_modules/left-pad/lib/index.js', 'x\n', path);
    backdate(repo, path, 2 * DAY);
    await settle();
    return { at: makeCase(repo), path };
  };

  it('a repository that appears in a directory that nobody lists again keeps it', async () => {
    const { at, path } = await stage();
    const lists: string[] = [];
    const io = interpose({ ...REAL, clock: later }, async (call, proceed) => {
      if (call.name === 'list') lists.push(String(call.args[0]));
      if (call.name === 'rename' && call.args[0] === path)
        mkdirSync(join(path, 'node_modules/left-pad/lib/.git/objects'), { recursive: true });
      return proceed();
    });
    const passed = await at.pass(io);
    expect(passed.ok && passed.report.results.map(({ outcome, reasons }) => [outcome, reasons[0]?.code])).toEqual([
      ['refused', 'nested-repository'],
    ]);
    expect(lists.filter((each) => each.endsWith('left-pad/lib'))).toHaveLength(2);
  });

  it('and nothing that appears lets it go without another listing', async () => {
    const { at, path } = await stage();
    const lists: string[] = [];
    let isDecided = false;
    const io = interpose({ ...REAL, clock: later }, async (call, proceed) => {
      if (call.name === 'list' && !isDecided) lists.push(String(call.args[0]));
      isDecided ||= call.name === 'rename' && String(call.args[0]).includes('/.git/worktrees/');
      return proceed();
    });
    const passed = await at.pass(io);
    expect(passed.ok && passed.report.reclaimed.map(({ entry }) => entry.path)).toEqual([path]);
    expect(lists.filter((each) => each.endsWith('left-pad/lib'))).toHaveLength(1);
  });
});
