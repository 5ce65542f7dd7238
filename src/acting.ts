/**
 * Acting on what was decided: several reclaims side by side, and the purge at the end of a pass.
 *
 * Contract: one result for each inquiry, in their order. Reclaims that go side by side share one transaction
 * for their pins and one fresh look at the repository, which begins after the last of their trees was moved.
 * Failure direction: without a lock, out of time, over the limit or in mode `report`, nothing is touched.
 */
import { branchesAtWork } from './act/at-work.ts';
import type { Actor, Done } from './act/context.ts';
import type { PassLock } from './act/lock.ts';
import { updateRefs } from './act/pins.ts';
import { type PurgeReport, purge } from './act/purge.ts';
import { type Outcome, quarantine } from './act/quarantine.ts';
import type { Ledger } from './core/ledger.ts';
import type { Reason } from './core/model.ts';
import type { Settings } from './core/settings.ts';
import { policyOf } from './deciding.ts';
import { gathering, sharing } from './gathering.ts';
import { turns } from './io/turns.ts';
import { editedByHand } from './observe/edited.ts';
import type { Inquiry } from './observe/investigate.ts';
import { quietSince } from './observe/quiet.ts';
import { renew, type View } from './observe/view.ts';
import { type Planned, planReclaims } from './reclaim.ts';
import { pressureOf } from './sizing.ts';

export interface CandidateResult {
  readonly inquiry: Inquiry;
  readonly outcome: 'reclaimed' | 'refused' | 'failed' | 'skipped' | null;
  readonly quarantineId: string | null;
  readonly error: string | null;
  readonly reasons: readonly Reason[];
}

export interface Worked {
  readonly result: CandidateResult;
  readonly act: Outcome | null;
}

export interface Acting {
  readonly actor: Actor;
  readonly view: View;
  readonly settings: Settings;
  /** Null in a dry run. */
  readonly lock: PassLock | null;
  /** Reclaims that are still allowed in this pass. */
  readonly allowed: number;
  /** Most reclaims in one pass. */
  readonly limit: number;
  /** Milliseconds that are left. */
  readonly leftMs: () => number;
  /** What has been moved gets the time to arrive. */
  readonly enter: (phase: 'looking' | 'moving') => void;
}

/** Time a reclaim needs at the least; with less left none is started. */
const RESERVE_MS = 100;

/** What one more of them takes at the least, when they go side by side; on a busy machine it is measured. */
const EACH_MS = 25;

/** As many as are begun before it is known how long one takes here, where time is limited. */
const FIRST_GROUP = 4;

/** Trees that lie between their places at one time, with one look for all; a killed pass leaves them to the next. */
const SIDE_BY_SIDE = 64;

/** Trees that are looked through at one time, the second time. */
const LOOKS_AT_ONCE = 8;

/** Acts on one inquiry after the other, the reclaims among them in groups. */
export async function actOnAll(acting: Acting, inquiries: readonly Inquiry[]): Promise<Worked[]> {
  const worked = new Map<Inquiry, Worked>();
  const queue: Inquiry[] = [];
  for (const inquiry of inquiries) {
    const hindered = hindrance(acting, inquiry);
    if (hindered === null) queue.push(inquiry);
    else worked.set(inquiry, hindered);
  }
  const { nowMs } = acting.actor.io.clock;
  let { allowed } = acting;
  let most = Number.isFinite(acting.leftMs()) ? FIRST_GROUP : SIDE_BY_SIDE;
  let eachMs = EACH_MS;
  while (queue.length > 0) {
    const leftMs = acting.leftMs();
    const room = Math.floor((leftMs - RESERVE_MS) / eachMs) + 1;
    const size = Math.min(allowed, most, room);
    if (!(size >= 1)) break;
    const group = queue.splice(0, size);
    const startMs = nowMs();
    const outcomes = await reclaimGroup(acting, group);
    most = SIDE_BY_SIDE;
    eachMs = Math.max(EACH_MS, (nowMs() - startMs) / size);
    for (const [index, each] of outcomes.entries()) {
      worked.set(group[index] as Inquiry, each);
      if (each.act?.outcome === 'reclaimed') allowed--;
    }
  }
  for (const inquiry of queue) worked.set(inquiry, skipped(inquiry, [allowed < 1 ? tooMany(acting) : TOO_LATE]));
  return inquiries.map((inquiry) => worked.get(inquiry) as Worked);
}

/** Why nothing is done about it, or null. */
function hindrance({ lock, settings }: Acting, inquiry: Inquiry): Worked | null {
  const { verdict } = inquiry;
  if (verdict.verdict !== 'reclaim') return { result: { ...NOTHING, inquiry, reasons: verdict.reasons }, act: null };
  if (lock === null) return skipped(inquiry, []);
  return settings.mode === 'report' ? skipped(inquiry, [ONLY_LOOKING]) : null;
}

const NOTHING = { outcome: null, quarantineId: null, error: null } as const;
const ONLY_LOOKING: Reason = { code: 'limit', detail: 'mode is "report": look, never touch' };
const TOO_LATE: Reason = { code: 'out-of-time', detail: 'too little time was left to reclaim it' };
const tooMany = ({ limit }: Acting): Reason => ({ code: 'limit', detail: `this pass reclaims no more than ${limit}` });

const skipped = (inquiry: Inquiry, reasons: readonly Reason[]): Worked => ({
  result: { ...NOTHING, inquiry, outcome: 'skipped', reasons },
  act: null,
});

/** Reclaims a group side by side. */
async function reclaimGroup(acting: Acting, group: readonly Inquiry[]): Promise<Worked[]> {
  const { actor, view, settings } = acting;
  const lock = acting.lock as PassLock;
  const commands: string[] = [];
  const pins = gathering(group.length, async () => {
    const pinned = await updateRefs(actor, commands);
    if (pinned.ok) acting.enter('moving');
    return pinned;
  });
  const looks = gathering(group.length, () => renew(view));
  const inTurn = turns(LOOKS_AT_ONCE);
  const atWork = sharing(() => branchesAtWork(actor));
  const members = group.map((inquiry) => {
    const [pinning, looking] = [pins.member(), looks.member()];
    const updateRef = (command: string) => together(actor, command, commands, pinning.arrive);
    // Whoever looks again has no pin to wait for any more.
    const lookAfresh = () => {
      acting.enter('moving');
      pinning.leave();
      return looking.arrive();
    };
    const leave = () => {
      pinning.leave();
      looking.leave();
    };
    const own = { ...actor, updateRef, branchesAtWork: atWork };
    const policy = policyOf(settings);
    return { request: { actor: own, view, inquiry, settings, policy, lock, lookAfresh, inTurn }, leave };
  });
  const plans = await planReclaims(members.map(({ request }) => request));
  const worked = await Promise.all(
    members.map(async ({ request, leave }, index) => {
      try {
        return await reclaimOne(request.actor, request.inquiry, plans[index] as Planned);
      } finally {
        leave();
      }
    }),
  );
  acting.enter('looking');
  return worked;
}

/** All in one transaction; when that fails, each for itself, so that one bad pin spoils no other. */
async function together(actor: Actor, command: string, all: string[], arrive: () => Promise<Done>): Promise<Done> {
  all.push(command);
  const updated = await arrive();
  return updated.ok || all.length === 1 ? updated : updateRefs(actor, [command]);
}

async function reclaimOne(actor: Actor, inquiry: Inquiry, plan: Planned): Promise<Worked> {
  if (!plan.ok) return skipped(inquiry, [plan.reason]);
  const act = await quarantine(actor, plan.value);
  return {
    act,
    result: {
      inquiry,
      outcome: act.outcome,
      quarantineId: act.outcome === 'reclaimed' ? act.entry.id : null,
      error: act.outcome === 'failed' ? act.error : null,
      reasons: act.outcome === 'refused' ? act.reasons : [],
    },
  };
}

/** Purges what is due. */
export async function purgeDue(
  { actor, view, settings }: Pick<Acting, 'actor' | 'view' | 'settings'>,
  { lastPass }: Ledger,
  isOutOfTime: () => boolean,
): Promise<PurgeReport> {
  const { io } = actor;
  return purge(actor, {
    isOutOfTime,
    isQuiet: (tree, sinceMs) => quietSince(io, view, tree, sinceMs),
    editedByHand: (directory) => editedByHand(io.disk, directory),
    lastPassMs: lastPass?.atMs ?? null,
    pressure: pressureOf(io, settings, isOutOfTime),
  });
}
