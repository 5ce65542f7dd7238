/** Every case, by family. */
import type { Family, Hazard } from '../hazard.ts';
import { LANDED, WRONG_BASE } from './a-bases.ts';
import { NOT_LANDED } from './a-looks-finished.ts';
import { CONFIGURED_AWAY } from './b-configured-away.ts';
import { BEHIND_THE_INDEX, IGNORED } from './b-hidden-work.ts';
import { IN_PROGRESS, REBUILDABLE, WITHOUT_A_REF } from './b-in-progress.ts';
import { INSIDE, NOBODY, PROCESSES, WITHOUT_A_PROCESS } from './c-somebody-is-using-it.ts';
import { LEFTOVERS, LOCKS, NOT_UNDERSTOOD, OWNERLESS, PERSONS_OWN } from './d-wrong-owner.ts';
import { NAMED, RIGHT_THING } from './e-names.ts';
import { STAGING, TAKEN_OVER } from './e-taken-over.ts';
import { RACES } from './f-between-check-and-act.ts';
import { CUT_OFF, UNDISTURBED } from './f-cut-off.ts';
import { ABSENT, OTHERS_GO_ON } from './g-absent.ts';
import { NO_ANSWER, UNREADABLE } from './g-failing-open.ts';
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
