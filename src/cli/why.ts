/** `why`: the dialogue of facts about one candidate, with the one that decided. */

import { isOurLock } from '../core/entry.ts';
import { COMMAND, groundWords, ONLY_REPORTS, reasonSentence, undo, untilWords } from '../core/messages.ts';
import type { Fact, FactName, Reason, Verdict } from '../core/model.ts';
import { stepWords } from '../core/next-steps.ts';
import { goneWords, inPlaceWords, ownerStory } from '../core/owner-words.ts';
import { duration, printable, readablePath, shellWord } from '../core/text.ts';
import { entryRow, ownerOf, ownersIn } from '../documents.ts';
import { explain } from '../explain.ts';
import type { Inquiry } from '../observe/investigate.ts';
import type { View } from '../observe/view.ts';
import { whereabouts } from '../whereabouts.ts';
import type { Workspace } from '../workspace.ts';
import { layOut } from './columns.ts';
import { configProblem } from './config-answers.ts';
import { type Answer, type Context, JSON_VERSION, problem, ready } from './context.ts';
import { nameOf, nextCommand } from './tables.ts';
import { answerWords } from './why-words.ts';

export async function why(context: Context, name: string): Promise<Answer> {
  const opened = await ready(context);
  if (!opened.ok) return opened.answer;
  const workspace = opened.value;
  if (!workspace.config.ok) return configProblem(workspace.config);
  const explained = await explain(workspace, name);
  if (!explained.known) return problem('unreadable', explained.why);
  if (explained.value === null) return noCandidate(workspace, name);
  const { candidate, inquiry, view } = explained.value;
  const nowMs = workspace.io.clock.nowMs();
  const owner = ownerOf({ inquiry });
  const text = [
    `${context.colors.bold(nameOf(candidate))}  ${readablePath(candidate.path, workspace.home)}`,
    dialogue(context, inquiry, nowMs),
    `${inquiry.verdict.verdict}: ${verdictWords(inquiry.verdict, nowMs)}`,
    ...ownerStories(workspace, inquiry, nowMs),
    ...(isBeingMoved(inquiry) ? [inPlaceWords(candidate.path)] : []),
    ...nextLines(workspace, inquiry, view),
  ].join('\n');
  const facts = inquiry.asked.map(({ fact, ms }) => ({ fact, ms, answer: inquiry.facts[fact] }));
  const decided = decidingFact(inquiry);
  return { exit: 0, text, json: { version: JSON_VERSION, candidate, facts, decided, owner, ...inquiry.verdict } };
}

/** True when the lock on it is our own, which a pass that was cut off left. */
function isBeingMoved({ facts: { lock } }: Inquiry): boolean {
  return lock?.known === true && lock.value !== null && isOurLock(lock.value.reason);
}

/** Every fact that was asked for, in order; the one that decided is marked. */
function dialogue({ colors, width }: Context, inquiry: Inquiry, nowMs: number): string {
  const decided = decidingFact(inquiry);
  const rows = inquiry.asked.map(({ fact }) => [
    `${fact === decided ? '>' : ' '} ${fact}`,
    answerWords(fact, inquiry.facts[fact] as Fact<unknown>, { kind: inquiry.candidate.kind, nowMs }),
  ]);
  const lines = layOut(rows, width, { give: [1] }).split('\n');
  return lines.map((line) => (line.startsWith('>') ? colors.bold(line) : line)).join('\n');
}

/**
 * For what may go, the proof that it has landed; where whose it is was asked after a wait was certain, the fact
 * behind the reason; else the last one asked, because after a veto nothing more is.
 */
function decidingFact({ asked, verdict, facts }: Inquiry): FactName | null {
  const wasAsked = (name: FactName) => asked.some(({ fact }) => fact === name);
  if (verdict.verdict === 'reclaim') return wasAsked('landed') ? 'landed' : wasAsked('owner') ? 'owner' : null;
  const last = asked.at(-1)?.fact ?? null;
  const [reason] = verdict.reasons;
  if (reason === undefined || (verdict.verdict !== 'wait' && !OF_OWNERS.has(reason.code))) return last;
  if (reason.code === 'too-young') return 'idle';
  if (reason.code === 'empty-too-young') return 'landed';
  if (reason.code === 'locked') return 'lock';
  const owners = (['lock', 'owner', 'maker', 'claim'] as const).filter((name) => {
    const fact = facts[name];
    const value = fact?.known === true ? fact.value : null;
    const owner = value !== null && 'reason' in value ? value.owner : value;
    return owner !== null && reason.detail === `${owner.label}: ${owner.why}`;
  });
  return owners[0] ?? last;
}

/** Reasons that a lock, a maker, a name or a claim gives, of which all are asked once something waits. */
const OF_OWNERS: ReadonlySet<Reason['code']> = new Set([
  'locked',
  'claimed',
  'owner-alive',
  'owner-unknown',
  'owner-grace',
]);

function nextLines({ settings }: Workspace, inquiry: Inquiry, view: View): string[] {
  const { verdict } = inquiry;
  if (verdict.verdict === 'reclaim' && settings?.mode === 'report') return [ONLY_REPORTS];
  if (verdict.verdict === 'reclaim') return [`next: ${COMMAND} run`];
  const next = nextCommand(inquiry, view);
  const [reason] = verdict.reasons;
  return next === null || reason === undefined ? [] : [`${stepWords(reason)}: ${next}`];
}

/** The story of each owner, the one that decides first. */
function ownerStories(workspace: Workspace, inquiry: Inquiry, nowMs: number): string[] {
  const ownerGraceMs = workspace.settings?.worktrees.ownerGraceMs ?? 0;
  const { path } = inquiry.candidate;
  return ownersIn(inquiry).flatMap(({ by, who }) => ownerStory({ by, who, path, ownerGraceMs, nowMs }));
}

/** What is no worktree any more may be in quarantine, or have been. */
async function noCandidate(workspace: Workspace, name: string): Promise<Answer> {
  const became = await whereabouts(workspace, name);
  const nowMs = workspace.io.clock.nowMs();
  if (became === null)
    return problem('no-candidate', `no worktree or staging entry is called ${printable(name)}`, `${COMMAND} status`);
  if (became.state === 'unmoved')
    return problem('no-candidate', inPlaceWords(became.entry.path, became.entry.kind), `${COMMAND} run`);
  if (became.state !== 'quarantined') {
    const said = printable(goneWords({ name, ...became, kind: became.record.kind, agoMs: nowMs - became.record.at }));
    return problem(
      'no-candidate',
      said,
      became.state === 'restored' ? `${COMMAND} why ${shellWord(became.at)}` : `${COMMAND} log`,
    );
  }
  const { entry } = became;
  const lines = [
    `${printable(entry.branch ?? entry.id)}  ${printable(entry.path)}`,
    `in quarantine for ${duration(nowMs - entry.atMs)}: ${printable(entry.because)}`,
    `next: ${undo(entry.id)}`,
  ];
  return { exit: 0, text: lines.join('\n'), json: { version: JSON_VERSION, quarantined: entryRow(entry) } };
}

function verdictWords(verdict: Verdict, nowMs: number): string {
  if (verdict.verdict === 'reclaim') return groundWords(verdict);
  const reasons = verdict.reasons.map(reasonSentence).join('; ');
  return verdict.verdict === 'wait' ? `${reasons} (looked at ${untilWords(verdict.untilMs, nowMs)})` : reasons;
}
