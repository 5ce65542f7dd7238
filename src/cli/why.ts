/** `why`: the dialogue of facts about one candidate, with the one that decided. */

import { COMMAND, groundWords, reasonSentence, shortRef, undo } from '../core/messages.ts';
import type { Fact, FactName, Landing, Lock, Verdict } from '../core/model.ts';
import { goneWords, ownerStory } from '../core/owner-words.ts';
import { duration, plural, printable, shellWord } from '../core/text.ts';
import { entryRow, ownerOf, ownersIn } from '../documents.ts';
import { explain } from '../explain.ts';
import type { Inquiry } from '../observe/investigate.ts';
import { whereabouts } from '../whereabouts.ts';
import type { Workspace } from '../workspace.ts';
import { configProblem } from './config-answers.ts';
import { type Answer, type Context, JSON_VERSION, problem, ready } from './context.ts';
import { layOut, nameOf, nextCommand } from './tables.ts';

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
  const rows = inquiry.asked.map(({ fact }) => [
    `  ${fact}`,
    answerWords(fact, inquiry.facts[fact] as Fact<unknown>, nowMs),
  ]);
  const owner = ownerOf({ inquiry });
  const next = nextCommand(candidate, inquiry.verdict, view);
  const text = [
    `${nameOf(candidate)}  ${printable(candidate.path)}`,
    layOut(rows, context.width, [1]),
    `${inquiry.verdict.verdict}: ${verdictWords(inquiry.verdict, nowMs)}`,
    ...ownerStories(workspace, inquiry, nowMs),
    ...(next === null ? [] : [`next: ${next}`]),
  ].join('\n');
  const facts = inquiry.asked.map(({ fact, ms }) => ({ fact, ms, answer: inquiry.facts[fact] }));
  return { exit: 0, text, json: { version: JSON_VERSION, candidate, facts, owner, ...inquiry.verdict } };
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
  if (became.state !== 'quarantined') {
    const said = printable(goneWords({ name, ...became, agoMs: nowMs - became.record.at }));
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
  return verdict.verdict === 'wait' ? `${reasons} (${duration(verdict.untilMs - nowMs)} to go)` : reasons;
}

/** A fact's value in words; long lists are counted. */
function answerWords(fact: FactName, answer: Fact<unknown>, nowMs: number): string {
  if (!answer.known) return `unknown: ${printable(answer.why)}`;
  const { value } = answer;
  if (value === null || (Array.isArray(value) && value.length === 0)) return 'none';
  if (Array.isArray(value))
    return `${plural(value.length, 'item')}: ${printable(value.slice(0, 3).map(itemWords).join(', '))}`;
  if (fact === 'idle') return `for ${duration(nowMs - (value as { lastActivityMs: number }).lastActivityMs)}`;
  if (fact === 'landed') return landingWords(value as Landing);
  if (fact === 'lock') return lockWords(value as Lock);
  if (typeof value === 'object')
    return Object.entries(value)
      .map(([key, each]) => `${key} ${valueWords(each)}`)
      .join(', ');
  return printable(String(value));
}

function landingWords(landing: Landing): string {
  if (!landing.landed) return `no: ${printable(landing.why)}`;
  const { how, ref, commit } = landing.evidence;
  return `${landing.ground === 'empty' ? 'empty' : 'yes'}: ${how} in ${shortRef(ref)}, proved by ${commit.slice(0, 12)}`;
}

function lockWords({ reason, owner }: Lock): string {
  const said = reason === '' ? 'locked without a reason' : `"${printable(reason)}"`;
  return owner === null
    ? `${said}, which names no owner that could be asked`
    : `${said}, ${owner.liveness}: ${owner.why}`;
}

const itemWords = (item: unknown): string => (typeof item === 'object' ? JSON.stringify(item) : String(item));

function valueWords(value: unknown): string {
  if (Array.isArray(value)) return value.length === 0 ? 'none' : printable(value.slice(0, 3).map(itemWords).join(' '));
  if (value !== null && typeof value === 'object') return printable(JSON.stringify(value));
  return printable(String(value));
}
