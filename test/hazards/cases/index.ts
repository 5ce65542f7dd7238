/** Every case, by family. */
import type { Family, Hazard } from '../hazard.ts';
import { LANDED, NOT_LANDED, WRONG_BASE } from './a-looks-finished.ts';
import { BEHIND_THE_INDEX, CONFIGURED_AWAY, IGNORED } from './b-hidden-work.ts';
import { IN_PROGRESS, REBUILDABLE, WITHOUT_A_REF } from './b-in-progress.ts';
import { INSIDE, NOBODY, PROCESSES, WITHOUT_A_PROCESS } from './c-somebody-is-using-it.ts';
import { LEFTOVERS, LOCKS, NOT_UNDERSTOOD, OWNERLESS, PERSONS_OWN } from './d-wrong-owner.ts';
import { NAMED, RIGHT_THING, STAGING, TAKEN_OVER } from './e-wrong-thing.ts';
import { CUT_OFF, RACES, UNDISTURBED } from './f-between-check-and-act.ts';
import { ABSENT, NO_ANSWER, OTHERS_GO_ON, UNREADABLE } from './g-failing-open.ts';
import { THE_HOOK } from './h-the-hook-itself.ts';
import { CODE, CONFIGURATION } from './h-turned-against-its-user.ts';

export const HAZARDS: Readonly<Record<Family, readonly Hazard[]>> = {
  A: [...NOT_LANDED, ...WRONG_BASE, ...LANDED],
  B: [...CONFIGURED_AWAY, ...BEHIND_THE_INDEX, ...IGNORED, ...IN_PROGRESS, ...WITHOUT_A_REF, ...REBUILDABLE],
  C: [...PROCESSES, ...WITHOUT_A_PROCESS, ...INSIDE, ...NOBODY],
  D: [...LOCKS, ...NOT_UNDERSTOOD, ...PERSONS_OWN, ...LEFTOVERS, ...OWNERLESS],
  E: [...TAKEN_OVER, ...NAMED, ...STAGING, ...RIGHT_THING],
  F: [...RACES, ...CUT_OFF, ...UNDISTURBED],
  G: [...NO_ANSWER, ...UNREADABLE, ...ABSENT, ...OTHERS_GO_ON],
  H: [...CONFIGURATION, ...CODE, ...THE_HOOK],
};
