/** Everything works with git 2.38: no call of ours knows anything newer, but for what has a fallback. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runsConfigHooks } from '../../src/install/confighooks.ts';
import type { Io } from '../../src/io/ports.ts';
import { PROJECT } from '../support/program.ts';

/** What came after 2.38, with its version. */
const NEWER: Readonly<Record<string, RegExp>> = {
  '2.39 rev-list --exclude-hidden': /--exclude-hidden/,
  '2.40 merge-tree --merge-base': /'--merge-base/,
  '2.41 for-each-ref %(ahead-behind)': /ahead-behind:/,
  '2.41 --attr-source': /--attr-source/,
  '2.42 for-each-ref --exclude': /'for-each-ref'[^\]]*'--exclude/,
  '2.43 merge-tree -X': /'merge-tree'[^\]]*'-X/,
  '2.44 --no-lazy-fetch, replay': /--no-lazy-fetch|\['replay'/,
  '2.45 --include-root-refs, --show-ref-format': /--include-root-refs|--show-ref-format/,
  '2.46 config list, get, set; refs': /'config', '(list|get|set|unset|rename-section|remove-section)'|\['refs'/,
  '2.47 %(is-base)': /is-base:/,
  '2.48 worktree --relative-paths': /--relative-paths/,
  '2.49 backfill': /\['backfill'/,
  '2.50 diff-pairs, cat-file filters': /\['diff-pairs'/,
  '2.52 repo, last-modified': /args: \['(repo|last-modified)'/,
};

const sources = readdirSync(join(PROJECT, 'src'), { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts'))
  .map((name) => ({
    name,
    text: readFileSync(join(PROJECT, 'src', name), 'utf8').replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, ''),
  }));

describe('git newer than 2.38', () => {
  it.each(Object.entries(NEWER))('is not needed: %s', (_what, pattern) => {
    expect(sources.filter(({ text }) => pattern.test(text)).map(({ name }) => name)).toEqual([]);
  });

  it.each([
    ['2.38.0', false],
    ['2.53.9', false],
    ['2.54.0', true],
    ['2.54.0.windows.1', true],
    ['2.100.0 (Apple Git-200)', true],
    ['3.0.0', true],
  ])('%s reads hooks from its configuration: %s', async (version, expected) => {
    const io = { git: { run: async () => ({ ok: true, stdout: `git version ${version}\n` }) } } as unknown as Io;
    const repo = { commonDir: '/r/.git', gitDir: '/r/.git', topLevel: '/r', isBare: false };
    expect(await runsConfigHooks(io, repo)).toBe(expected);
  });
});
