/**
 * The story of an owner, in words: who, how that is known, since when, what was seen of it, and what would
 * change it.
 *
 * Contract: pure; names from outside pass through `printable`. Nothing is said that was not seen: an owner that
 * only this look found dead was not seen dead by a pass yet, and its grace has not begun.
 */
import type { Entry } from './entry.ts';
import { COMMAND } from './messages.ts';
import type { Claim, Owner } from './model.ts';
import { duration, printable, remaining, shellWord } from './text.ts';

export interface Told {
  /** What says whose it is. */
  readonly by: 'lock' | 'name' | 'claim' | 'maker';
  readonly who: Owner | Claim;
  /** The candidate's path. */
  readonly path: string;
  readonly ownerGraceMs: number;
  readonly nowMs: number;
}

/** Some lines about one owner: who, what was seen, and what would change it. */
export function ownerStory(told: Told): string[] {
  const change = changeWords(told);
  return [
    `owner: ${printable(told.who.label)}, ${sourceWords(told)}`,
    `  ${stateWords(told)}`,
    ...(change === null ? [] : [`  ${change}`]),
  ];
}

function sourceWords({ by, who, path, nowMs }: Told): string {
  const { sinceMs = null } = who;
  const when = (verb: string) => (sinceMs === null ? '' : `, ${verb} ${agoWords(nowMs - sinceMs)}`);
  if (by === 'lock') return `by its lock${when('taken')}`;
  if (by === 'name') return `by the process id in its name${when('written')}`;
  if (by === 'maker')
    return `which made it${sinceMs === null ? '' : ` ${agoWords(nowMs - sinceMs)}`}, as the hook noted`;
  if ('via' in who && who.via !== undefined) return `by the claims of ${printable(who.via)}${when('begun')}`;
  const claimed = 'path' in who ? who.path : undefined;
  const place = claimed === undefined || claimed === path ? '' : ` on ${printable(claimed)}`;
  return `by a claim${place}${when('made')}`;
}

function stateWords(told: Told): string {
  const { by, who, nowMs } = told;
  const why = printable(who.why);
  if (who.liveness === 'alive') return `alive: ${why}; kept as long as that is so`;
  if (who.liveness === 'dead') return `gone: ${why}; ${by === 'name' ? 'its age decides' : graceWords(told)}`;
  const isLease = by === 'claim' && 'via' in who === false && (who.pid ?? null) === null;
  const leaseUntilMs = 'leaseUntilMs' in who ? who.leaseUntilMs : null;
  const lasting = leaseUntilMs === null ? 'kept' : `kept for ${remaining(leaseUntilMs - nowMs)} more`;
  if (isLease) return `${lasting}: ${why}, and each heartbeat begins it anew`;
  return `not known to be alive or gone: ${why}; ${lasting}`;
}

/** From when to when an owner that is gone still counts. */
function graceWords({ who, ownerGraceMs, nowMs }: Told): string {
  if (ownerGraceMs === 0) return 'no grace is set (worktrees.ownerGrace)';
  const grace = `its grace of ${duration(ownerGraceMs)}`;
  const { deadSinceMs = null } = who;
  if (deadSinceMs === null) return `no pass has seen that yet, so ${grace} begins with the next one`;
  const leftMs = deadSinceMs + ownerGraceMs - nowMs;
  const seen = `first seen so ${agoWords(nowMs - deadSinceMs)}`;
  if (leftMs <= 0) return `${seen}, so ${grace} is over`;
  return `${seen}; ${grace} ends in ${remaining(leftMs)}, and begins anew if it is seen alive`;
}

/** The command, or the event, after which this owner counts no more; null where it counts no more already. */
function changeWords({ by, who, path }: Told): string | null {
  if (who.liveness === 'dead') return null;
  if (by === 'lock') return `it ends with that process, or with: git worktree unlock ${shellWord(path)}`;
  if (by !== 'claim') return 'it ends with that process';
  const { owner, path: claimed = path, pid = null, via } = who as Claim;
  if (via !== undefined) return `it ends when ${printable(via)} says so`;
  if (owner === undefined) return null;
  const release = `${COMMAND} release --worktree ${shellWord(claimed)} --owner ${shellWord(owner)}`;
  return pid === null ? `to end it: ${release}` : `it ends with that process, or with: ${release}`;
}

/** `3h ago`; what was a moment ago is `just now`. */
const agoWords = (ms: number): string => (ms < JUST_NOW_MS ? 'just now' : `${duration(ms)} ago`);

/** Below this, `0s ago` would say less than the words. */
const JUST_NOW_MS = 1_000;

/** What was announced to move and did not. */
export const inPlaceWords = (path: string, kind: Entry['kind'] = 'worktree'): string =>
  `${kind === 'registration' ? 'the registration of ' : ''}${printable(path)} is in its place: a pass was cut off while moving it, and the next one puts that right`;

/** What became of a thing that is neither here nor in quarantine. */
export function goneWords(gone: {
  readonly name: string;
  readonly state: 'restored' | 'forgotten';
  readonly agoMs: number;
  readonly at?: string;
  readonly kind?: Entry['kind'];
}): string {
  const { name, state, agoMs, at, kind } = gone;
  if (state === 'restored')
    return `${name} was restored ${agoWords(agoMs)}, at ${at}: it is not in quarantine any more`;
  if (kind === 'staging') return `${name} was purged ${agoWords(agoMs)}: its files were all there was of it`;
  return `${name} was forgotten ${agoWords(agoMs)}: its time to be restored was over`;
}
