/** The texts that are written into hook files and printed for other managers. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { bodyOf, findBlock, removeBlock } from '../../src/install/block.ts';
import { configHookCommands, lineFor, managerOf, shellLine } from '../../src/install/managers.ts';
import { placeAlternatives, quoted, refusedPlace } from '../../src/install/messages.ts';
import { FRAMES, HOOK_NAMES } from '../../src/install/names.ts';
import { mergeChanges } from '../../src/install/record.ts';

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');

describe.each(HOOK_NAMES)('the template of %s', (hook) => {
  it('is our frame around a block, and names its own hook', () => {
    const text = read(`hooks/${hook}`);
    expect(removeBlock(text)).toBe(FRAMES.git);
    expect(bodyOf(text)).toContain(`\nreaper_hook ${hook} "$@" && :\n`);
  });

  it('is the one that this project runs on itself', () => {
    const own = findBlock(read(`.husky/${hook}`));
    expect(own).toMatchObject({ state: 'found', block: { intact: true, body: bodyOf(read(`hooks/${hook}`)) } });
  });

  it('uses no name in the shell that is not ours', () => {
    const assigned = [...(bodyOf(read(`hooks/${hook}`)) ?? '').matchAll(/\b([A-Za-z_]\w*)(?==|\(\))/g)].map(
      ([, name]) => name,
    );
    expect(assigned.filter((name) => !/^(reaper_hook\w*|IFS|REAPER_HOOK|source)$/.test(name ?? ''))).toEqual([]);
  });
});

describe('what others are given to paste', () => {
  it('holds no quote that ends a string in another language, and no path of this machine', () => {
    expect(shellLine('post-merge')).not.toMatch(/['\\{}]|\/(home|Users|tmp)\//);
    for (const interpreter of [null, 'python3', 'ruby', 'perl', 'node', 'fish', 'tclsh'])
      expect(lineFor(interpreter, 'post-merge')).toContain(shellLine('post-merge'));
  });

  it('for git’s configuration names the command before the event, and leaves the arguments to git', () => {
    const [command, event] = configHookCommands(['post-merge']);
    expect(command).toMatch(/^git config hook\.reaper-post-merge\.command '.* post-merge'$/);
    expect(event).toBe('git config hook.reaper-post-merge.event post-merge');
  });

  it('does not take a script that merely calls a manager for the manager’s own', () => {
    expect(managerOf('#!/bin/sh\ngit lfs post-merge "$@"\nnpm ci\n')).toBe(null);
    expect(managerOf('git lfs post-merge "$@"\n')).toBe(null);
    expect(managerOf('#!/bin/sh\nlefthook run x\n')).toBe(null);
    expect(managerOf('#!/bin/sh\n')).toBe(null);
  });
});

describe('sentences', () => {
  const places = (['global', 'disabled', 'bare', 'unreadable'] as const).map(
    (why) => ({ kind: 'refused', why, value: '/x y', origin: '/home/a/.gitconfig', scope: 'global' }) as const,
  );

  it('name the setting, where it stands, and what to do', () => {
    expect(places.map(refusedPlace)).toEqual([
      "core.hooksPath=/x y is set in /home/a/.gitconfig (global), so git runs the hooks of that directory in every repository, and none of this one's own",
      'core.hooksPath=/x y in /home/a/.gitconfig names no directory, so git runs no hooks here at all',
      'core.hooksPath=/x y in /home/a/.gitconfig is relative to each worktree, and this repository is bare',
      'git could not say where it looks for hooks: /x y',
    ]);
    for (const place of places) expect(placeAlternatives(place, "/it's").length).toBeGreaterThan(0);
    expect(placeAlternatives(places[0] as never, "/it's")[0]).toContain("'/it'\\''s/hooks'");
  });

  it('quote paths for a shell only where they need it', () => {
    expect(['/a/b-c.d', '/a b', "it's", ''].map(quoted)).toEqual(['/a/b-c.d', "'/a b'", "'it'\\''s'", "''"]);
  });
});

it('remembers each change once, the earliest first', () => {
  const [a, b] = [
    { kind: 'hook', path: '/a' },
    { kind: 'directory', path: '/a' },
  ] as const;
  expect(mergeChanges([a], [b, a])).toEqual([a, b]);
});
