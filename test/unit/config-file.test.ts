import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { cosmiconfig, cosmiconfigSync } from 'cosmiconfig';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { PLACES, readConfigFile } from '../../src/config/file.ts';
import { validate } from '../../src/config/validate.ts';
import { disk } from '../../src/io/disk.ts';
import { sandbox } from '../support/repo.ts';

const home = process.cwd();
afterEach(() => process.chdir(home));

const plant = (root: string, files: Record<string, string>) => {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, name)), { recursive: true });
    writeFileSync(join(root, name), text);
  }
  return root;
};

const tree = (files: Record<string, string>) => plant(sandbox(), files);

const why = async (root: string) => {
  const found = await readConfigFile(disk, root);
  return found.ok ? null : found.problems.map(({ message }) => message).join('\n');
};

describe('the place that counts', () => {
  it.each([
    ['.reaperrc', 'mode: report\n'],
    ['.reaperrc', '{"mode": "report"}'],
    ['.reaperrc.json', '{"mode": "report"}'],
    ['.reaperrc.json', '\uFEFF{"mode": "report"}'],
    ['.reaperrc.yaml', 'mode: report\n'],
    ['.reaperrc.yml', 'mode: report\n'],
    ['package.json', '{"name": "x", "reaper": {"mode": "report"}}'],
  ])('%s is read: %j', async (place, text) => {
    const found = await readConfigFile(disk, tree({ [place]: text }));
    expect(found).toEqual({ ok: true, source: place, document: { mode: 'report' }, notes: [] });
  });

  it('is the first of several, and a note names each of the others', async () => {
    const root = tree({
      '.reaperrc.yml': 'mode: reap',
      '.reaperrc.json': '{"mode": "report"}',
      'package.json': '{"reaper": {}}',
    });
    const found = await readConfigFile(disk, root);
    expect(found).toMatchObject({ ok: true, source: '.reaperrc.json', document: { mode: 'report' } });
    expect(found.ok && found.notes).toEqual([
      '.reaperrc.yml is ignored, because .reaperrc.json comes first; one of the two can go',
      'package.json is ignored, because .reaperrc.json comes first; one of the two can go',
    ]);
  });

  it('is not one that is empty, or holds only comments', async () => {
    const root = tree({ '.reaperrc': '', '.reaperrc.yaml': '# later\n', '.reaperrc.yml': 'mode: report' });
    expect(await readConfigFile(disk, root)).toMatchObject({ ok: true, source: '.reaperrc.yml', notes: [] });
  });

  it.each([
    '{"name": "x"}',
    '{"reaper": null}',
    '[]',
    'null',
    '',
    '<<<<<<< HEAD\n{"devDependencies": {"reaper-hook": "1"}}',
  ])('is not a package.json without our key: %j', async (text) => {
    const found = await readConfigFile(disk, tree({ 'package.json': text }));
    expect(found).toEqual({ ok: true, source: null, document: {}, notes: [] });
  });

  it('is not one that is found in a directory above, in the home directory or in .config', async () => {
    const above = tree({ '.reaperrc': 'mode: report', 'package.json': '{"reaper": {"mode": "report"}}' });
    const root = plant(join(above, 'repo'), { '.config/reaperrc': 'mode: report', 'sub/.reaperrc': 'mode: report' });
    expect(await readConfigFile(disk, root)).toMatchObject({ ok: true, source: null });
  });
});

describe('a file that cannot be used is a problem', () => {
  it.each([
    ['.reaperrc', 'cannot be understood', 'a: ['],
    ['.reaperrc', 'unique', 'a: 1\na: 2'],
    ['.reaperrc', 'Alias', 'a: &x [1]\nb: *x'],
    ['.reaperrc', 'tag', 'a: !!js/function x'],
    ['.reaperrc', 'tag', '!mine {a: 1}'],
    ['.reaperrc', 'multiple documents', 'a: 1\n---\nb: 2'],
    ['.reaperrc', 'keys must be strings', '? {a: 1}\n: 2'],
    ['.reaperrc.json', 'cannot be understood', '{a: 1}'],
    ['.reaperrc.json', '.reaperrc.json', '{"a": "\u001b[31m'],
    ['package.json', 'package.json cannot be understood', '{"reaper": {"mode": "report"}'],
    ['.reaperrc', '64 KiB', `a: ${'x'.repeat(64 * 1024)}`],
    ['.reaperrc', 'cannot be understood', '['.repeat(60_000)],
    ['.reaperrc', 'cannot be understood', '{a: '.repeat(10_000)],
    ['.reaperrc', 'cannot be understood', '- '.repeat(30_000)],
  ])('%s: %s', async (place, words, text) => {
    const message = await why(tree({ [place]: text }));
    expect(message).toContain(words);
    expect(message).not.toMatch(/[\u0000-\u001f\u007f]/);
    expect(message?.length).toBeLessThan(300);
  });

  it('whose aliases would expand to billions of entries is refused without expanding them', async () => {
    const levels = Array.from({ length: 30 }, (_, level) => `l${level + 1}: &l${level + 1} [*l${level}, *l${level}]`);
    expect(await why(tree({ '.reaperrc': ['l0: &l0 [x]', ...levels].join('\n') }))).toContain('Alias');
  });

  it('and comes first, so that nothing further down replaces it', async () => {
    expect(await why(tree({ '.reaperrc': 'a: [', '.reaperrc.json': '{}' }))).toContain('.reaperrc cannot');
  });

  it('when it is huge, and is not read to find out', async () => {
    const root = tree({ '.reaperrc': '' });
    truncateSync(join(root, '.reaperrc'), 5 * 1024 ** 3);
    expect(await why(root)).toBe('.reaperrc is larger than 64 KiB, the most that is read');
  });

  it.each(['lstat', 'realpath', 'stat'] as const)('when %s fails, because unreadable is not absent', async (call) => {
    const root = tree({ '.reaperrc': 'mode: report' });
    const failing = { ...disk, [call]: async () => ({ ok: false, code: 'EACCES', why: 'permission denied' }) };
    expect(await readConfigFile(failing, root)).toMatchObject({ ok: false, source: '.reaperrc' });
  });

  it('when it is a directory, a pipe, or a link to nothing', async () => {
    const directory = tree({ '.reaperrc/x': '' });
    expect(await why(directory)).toBe('.reaperrc is not a regular file');
    const pipe = sandbox();
    execFileSync('mkfifo', [join(pipe, '.reaperrc')]);
    expect(await why(pipe)).toBe('.reaperrc is not a regular file');
    const dangling = sandbox();
    symlinkSync('nowhere', join(dangling, '.reaperrc'));
    expect(await why(dangling)).toContain('.reaperrc could not be read');
  });

  it('when it is a link out of the repository, but not when it is one inside', async () => {
    const outside = tree({ 'secret.yaml': 'mode: report' });
    const root = tree({ 'conf/reaper.yaml': 'mode: report' });
    symlinkSync(join(outside, 'secret.yaml'), join(root, '.reaperrc'));
    expect(await why(root)).toBe('.reaperrc is a symbolic link out of the repository, and is not followed');
    const inside = tree({ 'conf/reaper.yaml': 'mode: report' });
    symlinkSync('conf/reaper.yaml', join(inside, '.reaperrc'));
    expect(await readConfigFile(disk, inside)).toMatchObject({ ok: true, source: '.reaperrc' });
  });

  it('when the place itself is reached through a linked root, the root is what it is compared with', async () => {
    const root = tree({ '.reaperrc': 'mode: report' });
    const link = join(sandbox(), 'link');
    symlinkSync(root, link);
    expect(await readConfigFile(disk, link)).toMatchObject({ ok: true, source: '.reaperrc' });
  });
});

/** Each trap, with a call of the library that falls into it: so that the trap is known to be armed. */
const code = (marker: string) => `require('node:fs').writeFileSync(${JSON.stringify(marker)}, 'ran');\n`;
const modules = (marker: string) =>
  `import { writeFileSync } from 'node:fs';\nwriteFileSync(${JSON.stringify(marker)}, 'ran');\n`;
const ours = { searchPlaces: [...PLACES] };

interface Trap {
  readonly name: string;
  readonly files: (marker: string) => Record<string, string>;
  readonly naive: (root: string) => unknown;
  readonly outcome: 'absent' | 'refused';
}

const naiveSearch = (root: string) => cosmiconfig('reaper').search(root);
const fromOutside = (root: string) => {
  process.chdir(sandbox());
  return naiveSearch(root);
};

const traps: Trap[] = [
  ...['cjs', 'js'].map((extension) => ({
    name: `.config/config.${extension} in the working directory`,
    files: (marker: string) => ({ [`.config/config.${extension}`]: code(marker) }),
    naive: () => cosmiconfig('reaper', { ...ours, loaders: { '.js': refuse, '.cjs': refuse } }),
    outcome: 'absent' as const,
  })),
  {
    name: 'search places of code, named in .config/config.json of the working directory',
    files: (marker) => ({
      '.config/config.json': '{"cosmiconfig": {"searchPlaces": ["evil.cjs"]}}',
      'evil.cjs': code(marker),
    }),
    naive: (root) => cosmiconfig('reaper', ours).search(root),
    outcome: 'absent',
  },
  ...['js', 'cjs', 'mjs'].map((extension) => ({
    name: `.reaperrc.${extension}`,
    files: (marker: string) => ({ [`.reaperrc.${extension}`]: extension === 'mjs' ? modules(marker) : code(marker) }),
    naive: fromOutside,
    outcome: 'absent' as const,
  })),
  ...['.reaperrc', '.reaperrc.json', 'package.json'].map((place) => ({
    name: `$import of code in ${place}`,
    files: (marker: string) => ({
      [place]: JSON.stringify(
        place === 'package.json' ? { reaper: { $import: './evil.cjs' } } : { $import: './evil.cjs' },
      ),
      'evil.cjs': code(marker),
    }),
    naive: fromOutside,
    outcome: 'refused' as const,
  })),
];

const refuse = () => {
  throw new Error('refused');
};

describe('nothing in the tree runs', () => {
  const quiet: string[] = [];

  it.each(traps)('$name: not when the configuration is loaded', async ({ files, outcome }) => {
    const root = sandbox();
    const marker = join(root, 'RAN');
    quiet.push(marker);
    plant(root, outcome === 'absent' ? { '.reaperrc': 'mode: report', ...files(marker) } : files(marker));
    process.chdir(root);
    const found = await readConfigFile(disk, root);
    expect(existsSync(marker)).toBe(false);
    if (outcome === 'absent')
      expect(found).toMatchObject({ ok: true, source: '.reaperrc', document: { mode: 'report' } });
    else expect(found).toMatchObject({ ok: false, problems: [{ key: '$import' }] });
  });

  it('.reaperrc that is a link to code in the tree is read as text', async () => {
    const root = sandbox();
    const marker = join(root, 'RAN');
    plant(root, { 'evil.cjs': code(marker) });
    symlinkSync('evil.cjs', join(root, '.reaperrc'));
    await readConfigFile(disk, root);
    expect(existsSync(marker)).toBe(false);
  });

  it.each(traps)('$name: the library runs it when called as documented', async ({ files, naive }) => {
    const root = sandbox();
    const marker = join(root, 'RAN');
    plant(root, files(marker));
    process.chdir(root);
    await Promise.resolve(naiveOrThrow(naive, root)).catch(() => undefined);
    await vi.waitFor(() => expect(existsSync(marker)).toBe(true));
  });

  it('and none ran late: by now everything that the library started has run', () => {
    expect(quiet.length).toBe(traps.length);
    expect(quiet.filter((marker) => existsSync(marker))).toEqual([]);
  });
});

function naiveOrThrow(naive: Trap['naive'], root: string): Promise<unknown> {
  return (async () => naive(root))();
}

describe('nothing else of the working directory is read', () => {
  it('.config/config.json there overrides the library, and not us', async () => {
    const cwd = tree({ '.config/config.json': '{"reaper": {"mode": "reap"}}' });
    const root = tree({ '.reaperrc': 'mode: report' });
    process.chdir(cwd);
    expect(cosmiconfigSync('reaper', ours).search(root)?.config).toEqual({ mode: 'reap' });
    expect(await readConfigFile(disk, root)).toMatchObject({ source: '.reaperrc', document: { mode: 'report' } });
  });

  it('$import does not read a file outside the repository', async () => {
    const outside = tree({ 'secret.yaml': 'mode: report' });
    const root = tree({ '.reaperrc': `$import: ${join(outside, 'secret.yaml')}` });
    process.chdir(outside);
    expect((await cosmiconfig('reaper', ours).search(root))?.config).toEqual({ mode: 'report' });
    expect(await why(root)).toBe(
      '$import in .reaperrc is refused: a configuration that a branch brings along reads no other file',
    );
  });

  it('a nested $import is an unknown key', async () => {
    const found = await readConfigFile(disk, tree({ '.reaperrc': 'worktrees:\n  $import: ./x.yaml\n' }));
    const checked = validate(found.ok && found.document, { source: '.reaperrc', level: 'file' });
    expect(checked.problems.map(({ key }) => key)).toEqual(['worktrees.$import']);
  });
});
