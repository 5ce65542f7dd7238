/** What a killed run leaves in the temporary directory, and what the next one makes of it. */
import { mkdirSync, readdirSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { reaper } from '../support/program.ts';
import { HOUR, sandbox, script, walk } from '../support/repo.ts';
import { landedRepo, numbers } from './landed-support.ts';

let temporary: string;
const before = process.env.TMPDIR;
beforeEach(() => {
  temporary = sandbox('tmp-');
  process.env.TMPDIR = temporary;
});
afterEach(() => {
  if (before === undefined) delete process.env.TMPDIR;
  else process.env.TMPDIR = before;
});

function squashed() {
  const repo = landedRepo();
  repo.start('agent/fix');
  repo.change({ 'notes.txt': numbers({ 3: 'three' }) });
  repo.git(['switch', '-q', 'main']);
  repo.squash('agent/fix');
  repo.change({ 'notes.txt': numbers({ 3: 'THREE' }) });
  return repo;
}

/** A scratch directory as a run makes it, last written to so long ago. */
function abandoned(ageMs: number, uuid = '0123abcd-0123-4567-89ab-0123456789ab'): string {
  const path = join(temporary, `reaper-hook-1-${uuid}`);
  mkdirSync(join(path, 'objects/ab'), { recursive: true });
  writeFileSync(join(path, 'objects/ab/cdef'), 'object', { mode: 0o444 });
  writeFileSync(join(path, 'HEAD'), 'ref: refs/heads/none\n');
  const at = new Date(Date.now() - ageMs);
  utimesSync(path, at, at);
  return path;
}

const left = () => readdirSync(temporary).sort();

describe('a scratch directory', () => {
  it('of a run that was killed while git merged is removed by a later one', () => {
    const repo = squashed();
    const bin = sandbox('bin-');
    const git = repo.git(['--exec-path']);
    script(
      join(bin, 'git'),
      `#!/bin/sh\ncase " $* " in *" merge-tree "*) kill -9 $PPID; exit 1;; esac\nexec '${git}/git' "$@"\n`,
    );
    const killed = reaper(repo, ['landed', 'agent/fix'], repo.root, { PATH: `${bin}:/usr/bin:/bin` });
    expect(killed.code).toBeNull();
    expect(left()).toEqual([expect.stringMatching(/^reaper-hook-\d+-/)]);
    const [name = ''] = left();
    const long = new Date(Date.now() - 2 * HOUR);
    utimesSync(join(temporary, name), long, long);
    const later = reaper(repo, ['landed', 'agent/fix']);
    expect(later.stdout).toContain('replayed');
    expect(left()).toEqual([]);
  });

  it('that may still be in use stays', async () => {
    const young = abandoned(HOUR / 2);
    await squashed().prove('agent/fix');
    expect(walk(young)).toHaveLength(4);
  });

  it('is told by its whole name, and only a directory is one', async () => {
    const repo = squashed();
    const target = abandoned(2 * HOUR, 'other');
    symlinkSync(target, join(temporary, 'reaper-hook-7-0123abcd-0123-4567-89ab-0123456789ab'));
    writeFileSync(join(temporary, 'reaper-hook-8-0123abcd-0123-4567-89ab-0123456789ab'), 'a file');
    const names = left();
    await repo.prove('agent/fix');
    expect(left()).toEqual(names);
    expect(walk(target)).toHaveLength(4);
  });

  it('is emptied without following a link in it', async () => {
    const repo = squashed();
    const precious = join(sandbox('other-'), 'precious');
    mkdirSync(precious);
    writeFileSync(join(precious, 'work'), 'work');
    const old = abandoned(2 * HOUR);
    symlinkSync(precious, join(old, 'objects/link'));
    const at = new Date(Date.now() - 2 * HOUR);
    utimesSync(old, at, at);
    await repo.prove('agent/fix');
    expect(left()).toEqual([]);
    expect(readdirSync(precious)).toEqual(['work']);
  });

  it('is removed with so many others only that a run is not held up', async () => {
    const repo = squashed();
    for (let at = 0; at < 60; at++)
      abandoned(2 * HOUR, `0123abcd-0123-4567-89ab-0123456789${String(at).padStart(2, '0')}`);
    await repo.prove('agent/fix');
    expect(left()).toHaveLength(10);
    await repo.prove('agent/fix');
    expect(left()).toEqual([]);
  });
});
