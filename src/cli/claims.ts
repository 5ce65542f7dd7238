/** `claim`, `heartbeat` and `release`: how a tool says "mine, alive". */
import { resolve } from 'node:path';
import { heartbeat, releaseClaim, writeClaim } from '../act/claims.ts';
import type { ClaimData } from '../core/claims.ts';
import { COMMAND, reasonSentence, undo } from '../core/messages.ts';
import type { Reason } from '../core/model.ts';
import { duration, printable, shellWord } from '../core/text.ts';
import { readClaims } from '../observe/claims.ts';
import type { CandidateResult } from '../pass.ts';
import { reapOwn } from '../reap.ts';
import type { Workspace } from '../workspace.ts';
import { type Answer, type Context, JSON_VERSION, problem, ready } from './context.ts';

export interface ClaimOptions {
  readonly worktree?: string;
  readonly pid?: number;
  readonly ttlMs: number;
  readonly owner?: string;
}

/** A claim that nobody named belongs to whoever runs the command. */
const ownerOf = (options: Pick<ClaimOptions, 'owner'>): string => options.owner ?? process.env['USER'] ?? 'unnamed';

/** The worktree that has a branch of that name, else the path; where the command stands when nothing is named. */
function placeOf({ repository, worktrees, from }: Workspace, name: string | undefined): string {
  if (name === undefined) return repository.topLevel ?? from;
  return worktrees.find(({ branch }) => branch === name)?.path ?? resolve(from, name);
}

export async function claimCommand(context: Context, options: ClaimOptions): Promise<Answer> {
  const opened = await ready(context);
  if (!opened.ok) return opened.answer;
  const { io, layout } = opened.value;
  const path = placeOf(opened.value, options.worktree);
  if (!(await io.disk.stat(path)).ok)
    return problem('no-path', `${printable(path)} does not exist, so there is nothing to claim`, 'git worktree list');
  const written = await writeClaim(
    { io, layout },
    { path, owner: ownerOf(options), pid: options.pid ?? null, ttlMs: options.ttlMs },
  );
  if (!written.ok) return problem('claim', `${printable(path)} could not be claimed: ${printable(written.why)}`);
  const until = options.pid === undefined ? `for ${duration(options.ttlMs)}` : `while process ${options.pid} lives`;
  return {
    exit: 0,
    text: `claimed ${printable(path)} and all inside it ${until}; to end it: ${COMMAND} release --worktree ${shellWord(path)} --owner ${shellWord(ownerOf(options))}`,
    json: { version: JSON_VERSION, claim: written.value },
  };
}

export async function heartbeatCommand(context: Context, options: Omit<ClaimOptions, 'ttlMs'>): Promise<Answer> {
  const opened = await ready(context);
  if (!opened.ok) return opened.answer;
  const { io, layout } = opened.value;
  const path = placeOf(opened.value, options.worktree);
  const beaten = await heartbeat({ io, layout }, { path, owner: ownerOf(options) });
  if (!beaten.ok) {
    const owners = await ownersOn(opened.value, path);
    const why = beaten.code === 'ENOENT' ? 'there is none' : printable(beaten.why);
    const next = owners[0] === undefined ? `${COMMAND} claim` : `${COMMAND} heartbeat --owner ${shellWord(owners[0])}`;
    return problem('claim', `no claim of ${printable(ownerOf(options))} on ${printable(path)}: ${why}`, next);
  }
  return { exit: 0, text: `claim on ${printable(path)} renewed`, json: { version: JSON_VERSION, claim: beaten.value } };
}

export interface ReleaseOptions extends Omit<ClaimOptions, 'ttlMs'> {
  /** Reclaim the path at once if nothing else is in the way. */
  readonly reap?: boolean;
}

/** Without an owner, every claim on that very path that was not bound to a process is released. */
export async function releaseCommand(context: Context, options: ReleaseOptions): Promise<Answer> {
  const opened = await ready(context);
  if (!opened.ok) return opened.answer;
  const { io, layout } = opened.value;
  const path = placeOf(opened.value, options.worktree);
  const owners = options.owner === undefined ? await ownersOn(opened.value, path) : [options.owner];
  const pids = options.reap === true ? await pidsOf(opened.value, path, owners) : [];
  const released: string[] = [];
  for (const owner of owners) {
    const done = await releaseClaim({ io, layout }, { path, owner });
    if (done.ok) released.push(owner);
    else if (done.code !== 'ENOENT')
      return problem('claim', `the claim of ${printable(owner)} could not be released: ${printable(done.why)}`);
  }
  const text =
    released.length === 0
      ? nothingReleased(path, options.owner, await everybodyOn(opened.value, path))
      : `released ${printable(path)}, claimed by ${printable(released.join(', '))}`;
  if (options.reap === true && !(await isThereToReap(opened.value, path)))
    return problem(
      'no-path',
      `${text}; ${printable(path)} does not exist, so there is nothing to reclaim`,
      'git worktree list',
    );
  if (options.reap === true) return reaped(opened.value, { path, released, pids, text });
  return { exit: 0, text, json: { version: JSON_VERSION, path, released } };
}

/** Somebody else's claim is not released by guessing; its owner has to be named. */
function nothingReleased(path: string, asked: string | undefined, owners: readonly string[]): string {
  const at = printable(path);
  const [first] = owners;
  if (first === undefined) return `no claim to release on ${at}`;
  const whose = asked === undefined ? 'bound to a process of its own' : `not by ${printable(asked)}`;
  const named = `${COMMAND} release --worktree ${shellWord(path)} --owner ${shellWord(first)}`;
  return `nothing was released: ${at} is claimed by ${printable(owners.join(', '))}, ${whose}; to end it all the same: ${named}`;
}

/** A directory, or the registration of a worktree whose directory is gone. */
const isThereToReap = async ({ io, worktrees }: Workspace, path: string): Promise<boolean> =>
  (await io.disk.stat(path)).ok || worktrees.some((each) => each.path === path);

interface Released {
  readonly path: string;
  readonly released: readonly string[];
  /** Processes that the released claims were bound to. */
  readonly pids: readonly number[];
  readonly text: string;
}

/** What is kept is no failure: a later pass looks again. */
async function reaped(workspace: Workspace, { path, released, pids, text }: Released): Promise<Answer> {
  const real = await workspace.io.disk.realpath(path);
  const passed = await reapOwn(workspace, real.ok ? real.value : path, pids);
  const result = passed.ok ? passed.report.results[0] : undefined;
  const json = { version: JSON_VERSION, path, released };
  if (result?.outcome === 'reclaimed' && result.quarantineId !== null) {
    const { quarantineId } = result;
    const said = `${text}\nreclaimed ${printable(path)}; undo: ${undo(quarantineId)}`;
    return { exit: 0, text: said, json: { ...json, outcome: 'reclaimed', quarantineId } };
  }
  const reasons = result === undefined ? [] : keptFor(result);
  const why = passed.ok ? reasons.map(reasonSentence).join('; ') || 'it is not managed' : passed.why;
  const said = `${text}\nkept ${printable(path)}: ${printable(why)}; look: ${COMMAND} why ${shellWord(path)}`;
  return { exit: 0, text: said, json: { ...json, outcome: result?.outcome ?? null, quarantineId: null, reasons, why } };
}

function keptFor({ inquiry, reasons }: CandidateResult): readonly Reason[] {
  return inquiry.verdict.verdict === 'reclaim' ? reasons : inquiry.verdict.reasons;
}

async function pidsOf({ io, layout }: Workspace, path: string, owners: readonly string[]): Promise<number[]> {
  const records = await readClaims(io, layout);
  if (!records.known) return [];
  return records.value.flatMap((record) => {
    if (record.state === 'broken' || record.data.process === null || !record.names.includes(path)) return [];
    return owners.includes(record.data.owner) ? [record.data.process.pid] : [];
  });
}

/** Owners whose claim on that very path is not bound to a process. */
const ownersOn = (place: ClaimPlace, path: string): Promise<string[]> =>
  claimants(place, path, ({ process }) => process === null);

/** All owners of a claim on that very path. */
const everybodyOn = (place: ClaimPlace, path: string): Promise<string[]> => claimants(place, path, () => true);

type ClaimPlace = Pick<Workspace, 'io' | 'layout'>;

async function claimants(
  { io, layout }: ClaimPlace,
  path: string,
  counts: (claim: ClaimData) => boolean,
): Promise<string[]> {
  const records = await readClaims(io, layout);
  if (!records.known) return [];
  return records.value.flatMap((record) =>
    record.state === 'read' && record.names.includes(path) && counts(record.data) ? [record.data.owner] : [],
  );
}
