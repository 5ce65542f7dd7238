/** Files that are being written while somebody sweeps up what killed processes left: the write still ends well. */
import { existsSync, readdirSync, readFileSync, statSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { sweepShared } from '../../src/act/sweep.ts';
import { layout } from '../../src/core/layout.ts';
import { REAL } from '../support/machine.ts';
import { sandbox } from '../support/repo.ts';

const { disk } = REAL;

let directory: string;

beforeEach(() => {
  directory = sandbox();
});

/** Runs `meanwhile` again and again until `work` has ended. */
async function beside<T>(work: Promise<T>, meanwhile: () => unknown): Promise<T> {
  let isOver = false;
  const ended = work.finally(() => {
    isOver = true;
  });
  while (!isOver) {
    await meanwhile();
    await turn();
  }
  return ended;
}

const temporaries = () => readdirSync(directory).filter((name) => name.endsWith('.tmp'));

describe('a file that is being written', () => {
  it.each(['createFile', 'writeFile'] as const)('by %s is left alone by a pass of the same process', async (write) => {
    const names = [...Array(20)].map((_, n) => join(directory, `file-${n}`));
    const written = Promise.all(names.map((name) => disk[write](name, 'whole')));
    const actor = { io: REAL, layout: layout(directory), passId: 'one' };
    expect(await beside(written, () => sweepShared(actor, directory))).toEqual(names.map(() => ({ ok: true })));
    expect(names.map((name) => readFileSync(name, 'utf8'))).toEqual(names.map(() => 'whole'));
    expect(temporaries()).toEqual([]);
  });

  it.each(['createFile', 'writeFile'] as const)(
    'by %s is written again when another machine swept it up',
    async (write) => {
      const path = join(directory, 'file');
      let swept = 0;
      const written = await beside(disk[write](path, 'whole'), () => {
        for (const name of swept === 0 ? temporaries() : []) {
          if (statSync(join(directory, name)).size === 0) continue;
          unlinkSync(join(directory, name));
          swept++;
        }
      });
      expect(swept).toBe(1);
      expect(written).toEqual({ ok: true });
      expect(readFileSync(path, 'utf8')).toBe('whole');
    },
  );

  it('at one time by two that have the same number, as in two containers, is written by one of them and whole', async () => {
    vi.resetModules();
    const { disk: other } = await import('../../src/io/disk.ts');
    expect(other).not.toBe(disk);
    const text = { one: '1'.repeat(300), other: '2'.repeat(300) };
    for (let n = 0; n < 200; n++) {
      const path = join(directory, `file-${n}`);
      const answers = await Promise.all([disk.createFile(path, text.one), other.createFile(path, text.other)]);
      expect(answers.map((answer) => (answer.ok ? 'made' : answer.code)).sort()).toEqual(['EEXIST', 'made']);
      expect(readFileSync(path, 'utf8')).toBe(answers[0].ok ? text.one : text.other);
    }
    expect(temporaries()).toEqual([]);
  });

  it('is swept up when its writer of the same number is long gone', async () => {
    const left = join(directory, `file.${process.pid}.tmp`);
    writeFileSync(left, 'half');
    await sweepShared({ io: REAL, layout: layout(directory), passId: 'one' }, directory);
    expect(existsSync(left)).toBe(false);
  });
});
