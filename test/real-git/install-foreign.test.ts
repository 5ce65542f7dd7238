/** Installing into hooks that are somebody else's. */
import { execFileSync } from 'node:child_process';
import { existsSync, lstatSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { describeInstall } from '../../src/install/describe.ts';
import type { Disk } from '../../src/io/ports.ts';
import { installCase } from '../support/install-case.ts';
import { makeRepo } from '../support/repo.ts';

const bytes = (path: string) => readFileSync(path).toString('latin1');
const modeOf = (path: string) => (lstatSync(path).mode & 0o7777).toString(8);

describe('a shell hook that is there', () => {
  it.each([
    ['sh', '#!/bin/sh\necho theirs >&2\n'],
    ['sh with an option', '#!/bin/sh -e\necho theirs >&2\n'],
    ['bash through env', '#!/usr/bin/env bash\nset -euo pipefail\necho theirs >&2\n'],
    ['env with options', '#!/usr/bin/env -S bash -eu\necho theirs >&2\n'],
    ['dash, with spaces', '#! /bin/dash \necho theirs >&2\n'],
    ['a last exit', '#!/bin/sh\necho theirs >&2\nexit 0\n'],
    ['a last exec', '#!/bin/sh\nexec sh -c "echo theirs >&2"\n'],
    ['no last line end', '#!/bin/sh\necho theirs >&2'],
  ])('keeps working (%s), runs ours as well, and is byte for byte itself afterwards', async (_what, text) => {
    const here = installCase();
    const path = here.put(join(here.hooks, 'post-checkout'), text, 0o750);
    const report = await here.install();
    expect(report.hooks[0]).toMatchObject({ action: 'block-added', path });
    expect(report.complete).toBe(true);
    expect(modeOf(path)).toBe('750');
    const command = ['-c', 'git checkout -q -b topic 2>&1'];
    const out = execFileSync('sh', command, { cwd: here.repo.root, env: here.repo.env(), encoding: 'utf8' });
    expect(out).toBe('theirs\n');
    expect(here.runs()).toHaveLength(1);
    await here.install();
    await here.uninstall();
    expect(bytes(path)).toBe(text);
    expect(modeOf(path)).toBe('750');
  });

  it('keeps its CRLF line ends and is named, because most shells cannot run them', async () => {
    const here = installCase();
    const text = '#!/bin/sh\r\necho theirs\r\nexit 0\r\n';
    const path = here.put(join(here.hooks, 'post-checkout'), text);
    const report = await here.install();
    expect(report.notes.join()).toContain('CRLF');
    expect(bytes(path).startsWith('#!/bin/sh\r\necho theirs\r\n#')).toBe(true);
    expect(bytes(path).endsWith('exit 0\r\n')).toBe(true);
    await here.uninstall();
    expect(bytes(path)).toBe(text);
  });

  it('keeps what others wrote around the block in the meantime', async () => {
    const here = installCase();
    const path = here.put(join(here.hooks, 'post-merge'), '#!/bin/bash\necho one\nexit 0\n');
    await here.install();
    const edited = bytes(path).replace('echo one', 'echo uno').replace('exit 0', 'echo two\nexit 1');
    here.put(path, edited, 0o700);
    await here.uninstall();
    expect(bytes(path)).toBe('#!/bin/bash\necho uno\necho two\nexit 1\n');
    expect(modeOf(path)).toBe('700');
  });

  it('is byte for byte itself afterwards, whatever it says', async () => {
    const here = installCase(makeRepo());
    const path = join(here.hooks, 'post-checkout');
    const line = fc.oneof(
      fc.string({ unit: 'grapheme' }),
      fc.constantFrom('exit 0', 'exec x', 'fi', '', 'a \\', "cat <<'E'", 'E'),
    );
    const text = fc.tuple(fc.array(line), fc.constantFrom('\n', '\r\n'), fc.constantFrom('', '\n', ' '));
    await fc.assert(
      fc.asyncProperty(text, async ([lines, lineEnd, last]) => {
        const whole = ['#!/bin/sh', ...lines].join(lineEnd) + last;
        here.put(path, whole);
        await here.install();
        await here.uninstall();
        expect(readFileSync(path, 'utf8')).toBe(whole);
      }),
      { numRuns: 25, seed: 4 },
    );
  });

  it.each([
    ['is switched off', '#!/bin/sh\necho never\n', 0o644, 'not executable'],
    ['ends in the middle of a statement', '#!/bin/sh\necho \\\n', 0o755, 'middle of a statement'],
    ['has a block that lost its end', '#!/bin/sh\n# >>> reaper-hook >>>\n', 0o755, 'do not pair'],
  ])('is left alone when it %s', async (_what, text, mode, why) => {
    const here = installCase();
    const path = here.put(join(here.hooks, 'post-checkout'), text, mode);
    const report = await here.install();
    expect(report.hooks[0]).toMatchObject({ action: 'left', why: expect.stringContaining(why) });
    expect(report.complete).toBe(false);
    expect(report.hooks.slice(1).map(({ action }) => action)).toEqual(['created', 'created']);
    expect([bytes(path), modeOf(path)]).toEqual([text, mode.toString(8)]);
    await here.uninstall();
    expect([bytes(path), modeOf(path)]).toEqual([text, mode.toString(8)]);
  });
});

it('leaves a hook alone that changes while it is being looked at', async () => {
  const here = installCase();
  const path = here.put(join(here.hooks, 'post-checkout'), '#!/bin/sh\necho one\n');
  const disk: Disk = {
    ...here.io.disk,
    writeFile(file, text, mode) {
      if (file.endsWith('installed.json')) here.put(path, '#!/bin/sh\necho two\n');
      return here.io.disk.writeFile(file, text, mode);
    },
  };
  const report = await here.install({ io: { ...here.io, disk } });
  expect(report.hooks[0]).toMatchObject({ action: 'left', why: expect.stringContaining('changed while') });
  expect(bytes(path)).toBe('#!/bin/sh\necho two\n');
});

it('says which hook could not be written, and writes the others', async () => {
  const here = installCase();
  const disk: Disk = {
    ...here.io.disk,
    writeFile: async (file, text, mode) =>
      file.endsWith('post-merge')
        ? { ok: false, code: 'EROFS', why: 'read-only file system' }
        : here.io.disk.writeFile(file, text, mode),
  };
  const report = await here.install({ io: { ...here.io, disk } });
  expect(report.hooks.map(({ action, why }) => [action, why])).toEqual([
    ['created', null],
    ['left', 'read-only file system'],
    ['created', null],
  ]);
  expect(report.complete).toBe(false);
});

describe('a hook that is no shell script', () => {
  it.each([
    ['a python3 script', '#!/usr/bin/env python3\nimport sys\n', 'subprocess.run(["sh", "-c", '],
    ['a ruby script', '#!/usr/bin/ruby\nexit\n', 'system("sh", "-c", '],
    ['a perl script', '#!/usr/bin/perl -w\nexit;\n', 'system("sh", "-c", q'],
    ['a node script', '#!/usr/bin/env node\n', "spawnSync('sh', ['-c', "],
    ['a fish script', '#!/usr/bin/env fish\n', 'sh -c '],
    ['a pwsh script', '#!/usr/bin/env pwsh\n', 'reaper=$(git rev-parse'],
    ['a file without an interpreter line', 'echo whose\n', 'reaper=$(git rev-parse'],
    ['a binary program', '\x7fELF\0\0', 'reaper=$(git rev-parse'],
    ['a file that is not UTF-8 text', Buffer.from('#!/bin/sh\n# caf\xe9\n', 'latin1'), 'reaper=$(git rev-parse'],
  ])('is left alone: %s, with the line to add', async (found, content, line) => {
    const here = installCase();
    const path = here.put(join(here.hooks, 'post-checkout'), content);
    const before = bytes(path);
    const [outcome] = (await here.install()).hooks;
    expect(outcome).toMatchObject({ action: 'left', found, add: { to: path } });
    expect(outcome?.add?.text).toContain(line.replace(', q', ', '));
    await here.uninstall();
    expect(bytes(path)).toBe(before);
  });

  it('is left alone when it is a symbolic link, and so is its target', async () => {
    const here = installCase();
    const target = here.put(join(here.repo.root, 'scripts', 'hook'), '#!/bin/sh\n');
    symlinkSync('../../scripts/hook', join(here.hooks, 'post-checkout'));
    const [outcome] = (await here.install()).hooks;
    expect(outcome).toMatchObject({ action: 'left', found: 'a symbolic link to ../../scripts/hook' });
    await here.uninstall();
    expect(bytes(target)).toBe('#!/bin/sh\n');
    expect(lstatSync(join(here.hooks, 'post-checkout')).isSymbolicLink()).toBe(true);
  });

  it('is left alone when it is a directory', async () => {
    const here = installCase();
    mkdirSync(join(here.hooks, 'post-checkout'));
    expect((await here.install()).hooks[0]).toMatchObject({ action: 'left', found: 'a directory' });
  });

  it('runs ours once the printed line is in it', async () => {
    const here = installCase();
    const path = join(here.hooks, 'post-checkout');
    for (const interpreter of [process.execPath, '/usr/bin/python3', '/usr/bin/perl'].filter((each) =>
      existsSync(each),
    )) {
      here.put(path, `#!${interpreter}\n`);
      const before = here.runs().length;
      const [outcome] = (await here.install()).hooks;
      here.put(path, `#!${interpreter}\n${outcome?.add?.text}`);
      here.checkout('topic');
      expect(here.runs().length, interpreter).toBe(before + 1);
      expect(here.runs().at(-1)).toEqual(['run', '--hook', 'post-checkout', '--from', here.repo.root]);
    }
  });
});

it('tells what was left, why, and what to add to which file', async () => {
  const here = installCase();
  const path = here.put(join(here.hooks, 'post-checkout'), '#!/usr/bin/env python3\n');
  const lines = describeInstall(await here.install());
  expect(lines).toEqual([
    `program: ${join(here.root, 'bin', 'reaper-hook.mjs')} written`,
    `post-checkout: left alone: ${path} is a python3 script; it is not ours to edit`,
    `  next, add to ${path}:`,
    expect.stringMatching(/^ {4}import subprocess, sys; /),
    `post-merge: written (${join(here.hooks, 'post-merge')})`,
    `post-rewrite: written (${join(here.hooks, 'post-rewrite')})`,
  ]);
});
