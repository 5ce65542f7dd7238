/** A folder is a permission. These tests hold it. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';

const SRC = resolve(import.meta.dirname, '../../src');

interface Source {
  readonly name: string;
  readonly folder: string;
  readonly text: string;
  readonly imports: readonly string[];
}

const sources: Source[] = readdirSync(SRC, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts'))
  .map((name) => {
    const text = readFileSync(join(SRC, name), 'utf8');
    const imports = [...text.matchAll(/^(?:import|export)\b[^;]*?from '([^']+)'/gm)].map(([, from]) => from ?? '');
    return { name, folder: name.includes('/') ? name.slice(0, name.indexOf('/')) : '', text, imports };
  });

const foldersOf = (source: Source): string[] =>
  source.imports
    .filter((from) => from.startsWith('.'))
    .map((from) => relative(SRC, resolve(SRC, dirname(source.name), from)))
    .map((target) => (target.includes('/') ? target.slice(0, target.indexOf('/')) : 'top'));

/** What each folder may import. `top` is the story: pass.ts and its neighbours. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  core: ['core'],
  io: ['io', 'core'],
  observe: ['observe', 'io', 'core'],
  act: ['act', 'io', 'core'],
  config: ['config', 'io', 'core'],
  install: ['install', 'io', 'core'],
  cli: ['cli', 'install', 'config', 'act', 'observe', 'io', 'core', 'top'],
  '': ['config', 'act', 'observe', 'io', 'core', 'top', 'cli'],
};

describe('imports', () => {
  it.each(sources.map((source) => [source.name, source] as const))('of %s point the permitted way', (_name, source) => {
    const permitted = MAY_IMPORT[source.folder] ?? [];
    expect(foldersOf(source).filter((folder) => !permitted.includes(folder))).toEqual([]);
  });

  it('of the core reach nothing of the machine', () => {
    const reaching = sources.filter(
      ({ folder, imports }) => folder === 'core' && imports.some((from) => from.startsWith('node:')),
    );
    expect(reaching.map(({ name }) => name)).toEqual([]);
  });

  it('of the command line are made only by cli.ts', () => {
    const others = sources.filter(
      (source) => source.folder === '' && source.name !== 'cli.ts' && foldersOf(source).includes('cli'),
    );
    expect(others.map(({ name }) => name)).toEqual([]);
  });
});

describe('the core', () => {
  it('has no clock, no randomness and no async', () => {
    const impure = sources.filter(
      ({ folder, text }) =>
        folder === 'core' &&
        /\bDate\.now\(|new Date\(\)|Math\.random|\basync\b|\bawait\b|\bprocess\.(env|kill|cwd|exit|std|platform)\b/.test(
          withoutComments(text),
        ),
    );
    expect(impure.map(({ name }) => name)).toEqual([]);
  });
});

describe('danger', () => {
  it('git is started in one file', () => {
    expect(sources.filter(({ imports }) => imports.includes('simple-git')).map(({ name }) => name)).toEqual([
      'io/git.ts',
    ]);
  });

  it('no force flag is ever a git argument', () => {
    const forcing = sources.filter(({ text }) =>
      /['"`](--force(-\w+)*|-f|-ff|-D|-fd\w*)['"`]/.test(withoutComments(text)),
    );
    expect(forcing.map(({ name }) => name)).toEqual([]);
  });

  it('no git command of ours prunes, removes or cleans worktrees, or fetches', () => {
    const forbidden = /\[\s*['"](prune|gc|clean|fetch|pull|push|remote|ls-remote)['"]|['"]worktree['"],\s*['"](?!list)/;
    const using = sources.filter(({ folder, text }) => folder !== 'cli' && forbidden.test(withoutComments(text)));
    expect(using.map(({ name }) => name)).toEqual([]);
  });

  it("there is one recursive removal outside the demo, and it is purge's", () => {
    const recursive = sources.filter(({ text }) =>
      /\b(rm|rmSync|rmdir|rmdirSync)\([^)]*recursive/.test(withoutComments(text)),
    );
    expect(recursive.map(({ name }) => name).filter((name) => !name.startsWith('cli/demo'))).toEqual([]);
    const callers = sources.filter(
      ({ imports, folder }) => folder === 'act' && imports.some((from) => from.endsWith('/remove.ts')),
    );
    expect(callers.map(({ name }) => name)).toEqual(['act/purge.ts']);
  });

  it('only the rim and the demo start processes or signal them', () => {
    const starting = sources.filter(
      ({ folder, text }) => folder !== 'io' && /node:child_process|process\.kill\(/.test(withoutComments(text)),
    );
    expect(starting.map(({ name }) => name)).toEqual(['cli/demo-stage.ts']);
  });

  it('only cli.ts and the hook run print or exit', () => {
    const printing = sources.filter(({ text }) =>
      /process\.(stdout|stderr)\.write|console\.|process\.exit\(/.test(withoutComments(text)),
    );
    expect(printing.map(({ name }) => name).sort()).toEqual(['cli.ts', 'cli/hook-run.ts', 'cli/program.ts']);
  });
});

describe('size', () => {
  it.each(sources.map((source) => [source.name, source] as const))(
    '%s has no function over 70 lines',
    (_name, { text }) => {
      const lines = text.split('\n');
      const long = lines.flatMap((line, start) => {
        if (!/^(export )?(async )?function /.test(line)) return [];
        const end = lines.findIndex((each, index) => index > start && each === '}');
        return end - start > 70 ? [line] : [];
      });
      expect(long).toEqual([]);
    },
  );

  it('no file is over 300 lines', () => {
    expect(sources.filter(({ text }) => text.split('\n').length > 301).map(({ name }) => name)).toEqual([]);
  });
});

const withoutComments = (text: string): string => text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/^\s*\/\/.*$/gm, '');
