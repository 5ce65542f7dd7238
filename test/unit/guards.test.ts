/** The guards that the mutation run takes away: each has its text in the sources exactly once and leaves a program behind, or the run proves nothing. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { transform } from 'esbuild';
import { describe, expect, it } from 'vitest';

interface Guard {
  readonly name: string;
  readonly edits: readonly (readonly [file: string, from: string, to: string])[];
}

const list = new URL('../mutation/guards.mjs', import.meta.url).href;
const { GUARDS } = (await import(/* @vite-ignore */ list)) as { GUARDS: readonly Guard[] };

describe('the guards of the landing proofs', () => {
  it.each(GUARDS.map((guard) => [guard.name, guard.edits] as const))('%s', async (_name, edits) => {
    for (const [file, from, to] of edits) {
      const source = readFileSync(fileURLToPath(new URL(`../../src/${file}`, import.meta.url)), 'utf8');
      expect(source.split(from), `${file}: ${from}`).toHaveLength(2);
      expect(to).not.toBe(from);
      const without = source.replace(from, () => to);
      await expect(transform(without, { loader: 'ts' })).resolves.toBeDefined();
    }
  });
});
