/** What a pass remembers of many claims: the next one reads few of them, and still lets nothing go that is claimed. */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { saveClaimed } from '../../src/act/claims.ts';
import { layout } from '../../src/core/layout.ts';
import { explain } from '../../src/explain.ts';
import { claimFileName } from '../../src/io/claimfile.ts';
import type { Io } from '../../src/io/ports.ts';
import type { Phase } from '../../src/pass.ts';
import { openWorkspace } from '../../src/workspace.ts';
import { type ClaimsCase, claimsCase, codeOf, MANY, outcomes } from '../support/claims-case.ts';
import { later, REAL } from '../support/crash-case.ts';
import { DEAD_PID } from '../support/pids.ts';
import { backdate, backdateTree, DAY, HOUR, type TestRepo } from '../support/repo.ts';

let at: ClaimsCase;
let repo: TestRepo;
let claims: string;
let claimed: string;
/** Lies where the claimed ones do. */
let tree: string;
let read: string[];
let moved: string[];
/** This machine, on which what is read of claims and what is moved is written down. */
let io: Io;

beforeEach(() => {
  at = claimsCase();
  ({ repo, claims, tree } = at);
  claimed = join(repo.commonDir, 'reaper/claimed.json');
  [read, moved] = [[], []];
  const { disk } = REAL;
  const seen = (names: readonly string[]) => read.push(...names.filter((name) => name.endsWith('.json')));
  io = {
    ...REAL,
    disk: {
      ...disk,
      readTexts: (directory, names, most) => {
        seen(names);
        return disk.readTexts(directory, names, most);
      },
      readText: (path, most) => {
        if (path.startsWith(claims)) seen([path]);
        return disk.readText(path, most);
      },
      rename: (from, to) => {
        moved.push(from);
        return disk.rename(from, to);
      },
    },
  };
});

async function passed(laterMs = 0, onPhase: (phase: Phase) => void = () => {}) {
  [read, moved] = [[], []];
  return at.passed(later(io, laterMs), { onPhase });
}

const put: ClaimsCase['put'] = (...claim) => at.put(...claim);

/** Claims on as many directories beside the tree, each of which is there. */
function putMany(count = MANY): string[] {
  const paths = [...Array(count)].map((_, n) => join(tree, `../claimed-${n}`));
  for (const path of paths) mkdirSync(path, { recursive: true });
  return paths.map((path) => put(path));
}

/** Many claims that a pass remembers, the tree's among them, which is gone since; answers one of the others. */
async function putManyAndRelease(): Promise<string> {
  const [first = ''] = putMany();
  const own = put(tree);
  await passed();
  rmSync(own);
  return first;
}

describe('of many claims', () => {
  it('the next pass reads those that may hold a candidate, and no other', async () => {
    putMany();
    const own = put(tree);
    expect(outcomes(await passed())).toEqual([[null, 'claimed']]);
    expect(read).toHaveLength(MANY + 1);
    expect(outcomes(await passed())).toEqual([[null, 'claimed']]);
    expect(read).toEqual([own]);
    rmSync(own);
    const below = put(join(tree, 'packages/a'));
    expect(outcomes(await passed())).toEqual([[null, 'claimed']]);
    expect(read).toEqual([below.slice(claims.length + 1)]);
  });

  it('every one is read before anything goes', async () => {
    putMany();
    put(tree, undefined, { heartbeatMs: Date.now() - 3 * HOUR, ttlMs: HOUR });
    repo.git(['config', 'reaper.mode', 'report']);
    await passed();
    repo.git(['config', '--unset', 'reaper.mode']);
    const names = readdirSync(claims);
    expect(names).toHaveLength(MANY + 1);
    const report = await passed();
    expect(outcomes(report)).toEqual([['reclaimed', undefined]]);
    expect(read).toEqual(expect.arrayContaining(names));
    const asked = report.results.flatMap(({ inquiry }) => inquiry.asked.map(({ fact }) => fact));
    expect(asked).toEqual([...new Set(asked)]);
  });

  it('one that says another path than its name does holds that path, and nothing is moved to find out', async () => {
    const first = await putManyAndRelease();
    put(tree, first.slice(claims.length + 1));
    expect(outcomes(await passed())).toEqual([[null, 'claimed']]);
    expect(moved).not.toContain(tree);
    expect(existsSync(tree)).toBe(true);
  });

  it('one that says another path than its name does holds a staging entry too, which is not moved to find out', async () => {
    const entry = join(repo.root, `.agent-config/pack-compose.staging-${DEAD_PID}`);
    repo.write('one.txt', 'one\n', entry);
    backdateTree(entry, 3 * DAY);
    const [first = ''] = putMany();
    put(tree);
    put(entry);
    const held = [
      [entry, 'claimed'],
      [tree, 'claimed'],
    ];
    const seen = async () => (await passed()).results.map(({ inquiry }) => [inquiry.candidate.path, codeOf(inquiry)]);
    expect((await seen()).sort()).toEqual(held);
    rmSync(put(entry));
    put(entry, first.slice(claims.length + 1));
    expect((await seen()).sort()).toEqual(held);
    expect(moved).not.toContain(entry);
  });

  it('one on what all candidates lie in is read once for all of them', async () => {
    putMany();
    const above = put(dirname(tree));
    for (const name of ['a', 'b', 'c']) repo.worktree(`agent/${name}`, join(tree, '..', name));
    await passed();
    const { results } = await passed(HOUR * 2);
    expect(results).toHaveLength(4);
    expect(results.map(({ inquiry }) => codeOf(inquiry))).toEqual(Array(4).fill('claimed'));
    expect(read).toEqual([above]);
  });

  it('one on a path that leads to a candidate only since holds it, as every reason says', async () => {
    putMany();
    const [before, link] = [join(repo.home, 'before'), join(repo.home, 'link')];
    for (const place of [before, join(before, basename(tree))]) mkdirSync(place);
    symlinkSync(before, link);
    put(join(link, basename(tree)));
    repo.write('untracked.txt', 'mine\n', tree);
    backdate(repo, tree, 3 * DAY);
    await passed();
    rmSync(link);
    symlinkSync(dirname(tree), link);
    expect(outcomes(await passed())).toEqual([[null, 'claimed']]);
    expect(read).toHaveLength(1);
  });

  it('one that cannot be read any more may hold everything on its first day, and nothing is moved to find out', async () => {
    const first = await putManyAndRelease();
    writeFileSync(first, 'not a claim');
    expect(outcomes(await passed())).toEqual([[null, 'owner-unknown']]);
    expect(moved).not.toContain(tree);
    await passed(2 * DAY);
    expect(existsSync(tree)).toBe(false);
  });

  it('one that says another path than its name does since the look before the move is seen by the one after it', async () => {
    const first = await putManyAndRelease();
    const { rename } = io.disk;
    const disk: Io['disk'] = {
      ...io.disk,
      rename: (from, to) => {
        if (from === tree) put(tree, basename(first));
        return rename(from, to);
      },
    };
    io = { ...io, disk };
    expect(outcomes(await passed())).toEqual([['refused', 'claimed']]);
    expect(existsSync(tree)).toBe(true);
  });

  it('one that says another path than its name does is why that path is kept', async () => {
    const first = await putManyAndRelease();
    put(tree, basename(first));
    const opened = await openWorkspace({ cwd: repo.root, home: repo.home, io });
    if (!opened.ok) throw new Error(opened.why);
    const explained = await explain(opened.value, tree);
    expect(explained.known && explained.value && codeOf(explained.value.inquiry)).toBe('claimed');
  });

  it('one that was released holds nothing', async () => {
    await putManyAndRelease();
    await passed();
    expect(existsSync(tree)).toBe(false);
  });

  it('one whose place is gone is found, and released once its lease has ended', async () => {
    const [first = ''] = putMany();
    put(tree, undefined, { ttlMs: 10 * DAY });
    await passed();
    const { path } = JSON.parse(readFileSync(first, 'utf8'));
    rmSync(path, { recursive: true });
    expect((await passed()).missingClaims).toMatchObject([{ path, released: false }]);
    expect(read.filter((name) => name === first)).toHaveLength(1);
    expect((await passed(DAY + HOUR)).missingClaims).toMatchObject([{ path, released: true }]);
    expect(existsSync(first)).toBe(false);
  });

  it('what is remembered is forgotten when it is damaged', async () => {
    putMany();
    put(tree);
    await passed();
    const names = readdirSync(claims);
    for (const text of ['', '{', '[]', 'null', '{"version":2,"claimed":{}}', '{"version":1,"claimed":null}'])
      await expectAllRead(text);
    for (const wrong of ['x', 'relative/path', [], ['/a'], 1, null])
      await expectAllRead(JSON.stringify({ version: 1, claimed: { [names[0] ?? '']: wrong } }));

    async function expectAllRead(text: string) {
      writeFileSync(claimed, text);
      expect(outcomes(await passed())).toEqual([[null, 'claimed']]);
      expect([text, read.length]).toEqual([text, MANY + 1]);
    }
  });

  it('what is remembered is written last: a pass that is ended over it has left everything else', async () => {
    putMany();
    const written: string[] = [];
    let phase = '';
    const { writeFile } = io.disk;
    const disk: Io['disk'] = {
      ...io.disk,
      writeFile: (path, text, mode) => {
        written.push(`${phase} ${basename(path)}`);
        return writeFile(path, text, mode);
      },
    };
    io = { ...io, disk };
    await passed(0, (now) => {
      phase = now;
    });
    expect(written.slice(-2)).toEqual(['recording state.json', 'recording claimed.json']);
  });

  it('what is remembered is taken back when few are left', async () => {
    const files = putMany();
    put(tree);
    await passed();
    expect(existsSync(claimed)).toBe(true);
    for (const file of files.slice(50)) rmSync(file);
    await passed();
    expect(existsSync(claimed)).toBe(false);
  });

  it('those that are not named as the hashes of their path and owner are read each time', async () => {
    for (let n = 0; n < MANY; n++) put(join(tree, `../claimed-${n}`), `session-${n}.json`);
    put(tree, `${createHash('sha256').update('other').digest('hex').slice(0, 32)}.0123456789abcdef.json`);
    await passed();
    expect(outcomes(await passed())).toEqual([[null, 'claimed']]);
    expect(read).toHaveLength(MANY + 1);
    expect(existsSync(claimed)).toBe(false);
  });
});

it.each([
  ['on it', () => [dirname(tree), basename(tree)]],
  ['on what lies in it', () => [dirname(tree), join(basename(tree), 'packages/a')]],
  ['on nothing but the link', () => [tree, '']],
  ['below the link', () => [tree, 'packages/a']],
  ['with links behind the link', () => [join(repo.home, 'second'), 'packages/a']],
])('a claim %s that is made through a link while it is moved brings it back', async (_where, leading) => {
  const link = join(repo.home, 'link');
  const [target = '', below = ''] = leading();
  symlinkSync('../wt/agent-landed', join(repo.home, 'second'));
  symlinkSync(target, link);
  const { rename } = io.disk;
  const disk: Io['disk'] = {
    ...io.disk,
    rename: (from, to) => {
      if (from === tree) put(join(link, below));
      return rename(from, to);
    },
  };
  io = { ...io, disk };
  expect(outcomes(await passed())).toEqual([['refused', 'claimed']]);
  expect(existsSync(tree)).toBe(true);
});

it('of claims whose paths are longer than the next pass would read nothing is left', async () => {
  const actor = { io: REAL, layout: layout(repo.commonDir) };
  const long = new Map([...Array(MANY)].map((_, n) => [`${n}.json`, `/${'ü'.repeat(100_000)}`]));
  await saveClaimed(actor, new Map([['one.json', '/one']]));
  expect(existsSync(claimed)).toBe(true);
  await saveClaimed(actor, long);
  expect(existsSync(claimed)).toBe(false);
});

it('what writers of claims left that were killed is swept up by a pass, and what a living one writes is not', async () => {
  const left = join(claims, `${claimFileName(tree, 'lane')}.7.${DEAD_PID}.tmp`);
  const underWay = join(claims, `${claimFileName(tree, 'lane')}.7.${process.ppid}.tmp`);
  for (const path of [left, underWay]) writeFileSync(path, '{"version":');
  await passed();
  expect([existsSync(left), existsSync(underWay)]).toEqual([false, true]);
});
