/** Runs one family's table as a specification: one test a case, on real git. */
import { describe, expect, it } from 'vitest';
import { FAMILIES, type Hazard, sentence } from './hazard.ts';
import './rule-off.ts';
import { tryOut } from './trial.ts';

const NOTHING = { lost: [], kept: [], wrong: [] };

/** Every case begins on a fresh repository, dated back by 30 days so that age saves nothing. */
export function specify(hazards: readonly Hazard[]): void {
  const [first] = hazards;
  if (first === undefined) throw new Error('a family without cases');
  describe(`${first.family}. ${FAMILIES[first.family]}: a live pass`, () => {
    for (const hazard of hazards)
      it.skipIf(hazard.impossible !== null)(sentence(hazard), async () => {
        const { lost, kept, wrong } = await tryOut(hazard);
        expect({ lost, kept, wrong }).toEqual(NOTHING);
      });
    it('has as many names as cases, and a balance', () => {
      expect(new Set(hazards.map(({ name }) => name)).size).toBe(hazards.length);
      expect(hazards.some(({ kind }) => kind === 'reclaims')).toBe(true);
      expect(hazards.some(({ kind }) => kind === 'keeps')).toBe(true);
    });
  });
}
