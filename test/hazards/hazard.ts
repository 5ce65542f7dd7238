/**
 * What a hazard is: one sentence, how to bring it about on real git, and what must come of it.
 *
 * Contract: plain data and functions, without a test runner, so that the specification, the
 * comparison of cleaners and the search for idle rules all run the same cases. `keeps` is work
 * that must survive any cleaner; `reclaims` is the balance: what a cleaner that is worth having takes.
 */
import type { ReasonCode } from '../../src/core/model.ts';
import type { Io } from '../../src/io/ports.ts';
import type { PassReport } from '../../src/pass.ts';
import type { Stage } from './stage.ts';

export const FAMILIES = {
  A: 'Looks finished, is not',
  B: 'Work that status does not show',
  C: 'Somebody is using it',
  D: 'Wrong idea of who owns it',
  E: 'Wrong thing',
  F: 'Between the check and the act',
  G: 'Failing open',
  H: 'Turned against its user',
} as const;
export type Family = keyof typeof FAMILIES;

/** Why it is kept: a reason's code, or that it was not looked at, the pass did not begin, or moving it was refused. */
export type Because = ReasonCode | 'not a candidate' | 'no pass' | 'failed';

export interface Hazard {
  readonly family: Family;
  readonly kind: 'keeps' | 'reclaims' | 'holds';
  /** What is there, as the rest of a sentence that begins with the kind. */
  readonly name: string;
  /** Where it happened to somebody. */
  readonly incident: string | null;
  /** For `keeps`: the reason that must be given for the first of `Scene.survives`. */
  readonly because: Because | null;
  /** Why this machine cannot bring it about, or null. */
  readonly impossible: string | null;
  readonly make: (stage: Stage) => Scene | Promise<Scene>;
}

/** What was brought about. All paths are absolute. */
export interface Scene {
  /** Files and directories that must be as they were; a worktree together with its registration. */
  readonly survives?: readonly string[];
  /** Worktrees, registrations and staging entries that must go, restorably. */
  readonly goes?: readonly string[];
  /** For how long nobody has touched anything, in milliseconds; 30 days unless said, so that age saves nothing. */
  readonly ageMs?: number;
  /** What happens after everything was dated back. */
  readonly lastly?: () => void;
  /** What happens between a cleaner's look and its act. */
  readonly between?: () => void;
  /** The machine as the pass finds it; one that lets the moment come itself calls it. */
  readonly machine?: (io: Io, moment: () => void) => Io;
  /** The directory the cleaner's caller stands in. */
  readonly from?: string;
  /** Environment variables that the cleaner inherits. */
  readonly env?: Readonly<Record<string, string>>;
  /** Milliseconds that the pass has; no limit unless said. */
  readonly budgetMs?: number;
  /** Passes until everything that can go has gone; 1 unless said. */
  readonly passes?: number;
  /** False when what went cannot come back as it was, because the case lets its time run out. */
  readonly restores?: false;
  /** What else must be so, asserted with node:assert. `report` is null when no pass began. */
  readonly afterwards?: (report: PassReport | null) => void | Promise<void>;
}

interface Told {
  readonly because: Because;
  readonly incident?: string;
  readonly impossible?: string | null;
}

type Make = Hazard['make'];

/** The vocabulary in which one family's table is written. */
export function family(letter: Family) {
  const base = { family: letter, incident: null, because: null, impossible: null };
  return {
    /** Work, or somebody's place, that must survive. */
    keeps: (name: string, { because, incident, impossible }: Told, make: Make): Hazard => ({
      ...base,
      kind: 'keeps',
      name,
      because,
      incident: incident ?? null,
      impossible: impossible ?? null,
      make,
    }),
    /** Something that is over and done with, and must go. */
    reclaims: (name: string, make: Make, told: Omit<Told, 'because'> = {}): Hazard => ({
      ...base,
      kind: 'reclaims',
      name,
      incident: told.incident ?? null,
      impossible: told.impossible ?? null,
      make,
    }),
    /** Another promise, which has no path of its own: `Scene.afterwards` asserts it. */
    holds: (name: string, make: Make, told: Omit<Told, 'because'> = {}): Hazard => ({
      ...base,
      kind: 'holds',
      name,
      incident: told.incident ?? null,
      impossible: told.impossible ?? null,
      make,
    }),
  };
}

/** A case as a sentence. */
export const sentence = ({ kind, name, incident }: Hazard): string =>
  `${kind === 'holds' ? '' : `${kind} `}${name}${incident === null ? '' : ` (${incident})`}`;
