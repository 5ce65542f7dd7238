/** What a person has to type to start this program again. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { commandFor, commandOfHook } from '../../src/cli/called.ts';
import { asCalled } from '../../src/core/messages.ts';
import type { InstallRecord } from '../../src/install/record.ts';
import { sandbox } from '../support/repo.ts';

describe('the command that works here', () => {
  it.each([
    ['/home/ana/.npm/_npx/0a1b/node_modules/reaper-hook/dist/cli.js', null, 'npx reaper-hook'],
    ['/home/ana/shop/node_modules/reaper-hook/dist/cli.js', null, 'npx reaper-hook'],
    ['/usr/lib/node_modules/reaper-hook/dist/cli.js', '/usr/lib/node_modules/reaper-hook/dist/cli.js', 'reaper-hook'],
    ['/usr/lib/node_modules/reaper-hook/dist/cli.js', '/opt/other/reaper-hook', 'npx reaper-hook'],
    ['/home/ana/reaper-hook/dist/cli.js', null, null],
    ['/home/ana/reaper-hook/dist/cli.js', '/home/ana/reaper-hook/dist/cli.js', 'reaper-hook'],
  ])('for %s, with %s on PATH, is %s', (program, onPath, command) => {
    expect(commandFor(program, onPath)).toBe(command);
  });

  it('is, for the hook, what installed it while that is there, else its own copy', () => {
    const source = join(sandbox(), 'cli.js');
    const record: InstallRecord = {
      format: 1,
      version: '1.0.0',
      sha256: '',
      at: '',
      nodePath: '/usr/bin/node',
      changes: [],
      command: 'npx reaper-hook',
      source,
    };
    expect(commandOfHook(record, "/it's/reaper-hook.mjs")).toBe("node '/it'\\''s/reaper-hook.mjs'");
    writeFileSync(source, '');
    expect(commandOfHook(record, '/own.mjs')).toBe('npx reaper-hook');
    expect(commandOfHook(null, '/own.mjs')).toBe('node /own.mjs');
  });

  it('takes the place of the name that sentences carry', () => {
    expect(asCalled('undo: npx reaper-hook restore a', 'reaper-hook')).toBe('undo: reaper-hook restore a');
  });
});
