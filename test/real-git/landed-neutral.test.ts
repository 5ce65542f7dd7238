import { appendFileSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { script } from '../support/repo.ts';
import { type LandedRepo, landedRepo, numbers, verdict } from './landed-support.ts';

const home = process.env.HOME;
let repo: LandedRepo;

beforeEach(() => {
  repo = landedRepo();
  process.env.HOME = repo.home;
});
afterEach(() => {
  process.env.HOME = home;
});

/** Branches with every outcome; the verdicts are those of plain git. */
function branches(): { revs: string[]; verdicts: unknown[] } {
  repo.change({ 'other.txt': numbers() });
  repo.start('agent/conflict');
  repo.change({ 'notes.txt': numbers({ 3: 'mine' }) });
  repo.start('agent/squashed', 'main');
  repo.change({ 'notes.txt': numbers({ 9: 'nine' }) });
  repo.start('agent/renamed', 'main');
  repo.git(['mv', 'other.txt', 'renamed.txt']);
  repo.change({ 'renamed.txt': numbers({ 9: 'nine' }) });
  repo.start('agent/picked', 'main');
  const first = repo.change({ 'a.txt': 'a\n' });
  const second = repo.change({ 'b.txt': 'b\n' });
  repo.git(['switch', '-q', 'main']);
  repo.change({ 'other.txt': numbers({ 18: 'edited' }) });
  repo.squash('agent/renamed');
  repo.change({ 'notes.txt': numbers({ 3: 'theirs' }) });
  repo.squash('agent/squashed');
  repo.change({ 'notes.txt': numbers({ 3: 'theirs', 9: 'NINE' }), 'renamed.txt': 'rewritten\n' });
  repo.git(['cherry-pick', second]);
  repo.change({ 'b.txt': 'B\n' });
  repo.git(['cherry-pick', first]);
  repo.change({ 'a.txt': 'A\n' });
  return {
    revs: ['agent/conflict', 'agent/squashed', 'agent/renamed', 'agent/picked'],
    verdicts: [expect.stringContaining('conflicts in notes.txt'), 'replayed', 'replayed', 'patches'],
  };
}

describe('the answers depend on history alone', () => {
  it('as the repository is', async () => {
    const { revs, verdicts } = branches();
    const { proofs } = await repo.ask(revs);
    expect(proofs.map(verdict)).toEqual(verdicts);
  });

  it.each([
    ['in the tree', () => repo.change({ '.gitattributes': ATTRIBUTES })],
    ['in info/attributes', () => writeFileSync(join(repo.commonDir, 'info/attributes'), ATTRIBUTES)],
    [
      'in core.attributesFile',
      () => repo.git(['config', '--global', 'core.attributesFile', repo.write('.git/my-attributes', ATTRIBUTES)]),
    ],
    [
      'in the default attributes file of the user',
      () => {
        mkdirSync(join(repo.home, '.config/git'), { recursive: true });
        writeFileSync(join(repo.home, '.config/git/attributes'), ATTRIBUTES);
      },
    ],
    ['nowhere, but with merge.default', () => repo.git(['config', '--global', 'merge.default', 'evil'])],
  ])('and no driver, filter or textconv runs: attributes %s', async (_where, set) => {
    const { revs, verdicts } = branches();
    const marker = join(repo.home, 'ran');
    const evil = script(
      join(repo.home, 'evil'),
      `#!/bin/sh\ntouch '${marker}'\ncp "$3" "$2" 2>/dev/null\ncat\nexit 0\n`,
    );
    for (const scope of ['--global', '--local']) {
      repo.git(['config', scope, 'merge.evil.driver', `${evil} %O %A %B`]);
      repo.git(['config', scope, 'merge.evil.recursive', 'evil']);
      repo.git(['config', scope, 'diff.evil.textconv', evil]);
      repo.git(['config', scope, 'diff.evil.command', evil]);
      repo.git(['config', scope, 'diff.external', evil]);
      repo.git(['config', scope, 'filter.evil.clean', evil]);
      repo.git(['config', scope, 'filter.evil.smudge', evil]);
    }
    set();
    rmSync(marker, { force: true });
    const { proofs } = await repo.ask(revs, { bases: [repo.base()] });
    expect(existsSync(marker)).toBe(false);
    expect(proofs.map(verdict)).toEqual(verdicts);
    // The same setting is alive: plain git runs the driver.
    repo.git(['merge-tree', '--write-tree', 'main', 'agent/conflict']);
    expect(existsSync(marker)).toBe(true);
  });

  it('and a union or binary attribute neither makes nor breaks a conflict', async () => {
    const { revs, verdicts } = branches();
    for (const text of ['* merge=union\n', '* merge=binary -diff\n', '* conflict-marker-size=1\n']) {
      writeFileSync(join(repo.commonDir, 'info/attributes'), text);
      const { proofs } = await repo.ask(revs);
      expect(proofs.map(verdict)).toEqual(verdicts);
    }
  });

  it('and settings of merges, differences and logs change nothing', async () => {
    const { revs, verdicts } = branches();
    const settings = `
[merge]\n\trenames = false\n\trenameLimit = 1\n\tdirectoryRenames = true\n\trenormalize = true\n\tconflictStyle = diff3\n\tff = no
[diff]\n\trenames = copies\n\trenameLimit = 1\n\tnoprefix = true\n\talgorithm = patience\n\tcontext = 0\n\tignoreSubmodules = all
\trelative = true\n\tinterHunkContext = 20\n\tmnemonicPrefix = true\n\tsubmodule = log\n\twsErrorHighlight = all
[log]\n\tshowSignature = true\n\tfollow = true\n\tdecorate = full\n\tshowRoot = false\n\tdiffMerges = off
[core]\n\tquotePath = false\n\tautocrlf = true\n\teol = crlf\n\tabbrev = 4\n\tignoreCase = true\n\tcommitGraph = false
[color]\n\tui = always\n[format]\n\tpretty = oneline\n[i18n]\n\tlogOutputEncoding = latin1\n`;
    appendFileSync(join(repo.home, '.gitconfig'), settings);
    appendFileSync(join(repo.commonDir, 'config'), settings);
    const { proofs } = await repo.ask(revs);
    expect(proofs.map(verdict)).toEqual(verdicts);
  });

  it('and paths with spaces, quotes, newlines and leading dashes are paths', async () => {
    const odd = { 'a "b".txt': 'x\n', 'new\nline.txt': 'x\n', '-f': 'x\n', ' :lead': 'x\n', 'dir é/ü.txt': 'x\n' };
    repo.start('agent/odd');
    repo.change(odd);
    repo.git(['switch', '-q', 'main']);
    const squash = repo.squash('agent/odd');
    repo.change(Object.fromEntries(Object.keys(odd).map((path) => [path, 'rewritten\n'])));
    const proof = await repo.prove('agent/odd');
    expect(proof).toMatchObject({ value: { evidence: { how: 'replayed', commit: squash } } });
  });
});

const ATTRIBUTES = '* merge=evil diff=evil filter=evil\n[attr]binary -merge\n';
