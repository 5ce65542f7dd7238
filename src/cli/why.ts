/** `why`: the dialogue of facts about one candidate, with the one that decided. */

import { groundWords, reasonSentence, shortRef } from '../core/messages.ts';
import type { Claim, Fact, FactName, Landing, Lock, Owner, Verdict } from '../core/model.ts';
import { duration, plural, printable } from '../core/text.ts';
import { type OwnerRow, ownerOf } from '../documents.ts';
import { explain } from '../explain.ts';
import type { Inquiry } from '../observe/investigate.ts';
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
  if (explained.value === null)
    return problem('no-candidate', `no worktree or staging entry is called ${printable(name)}`, 'reaper-hook status');
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
    ...ownerStory(owner, inquiry, nowMs),
    ...(next === null ? [] : [`next: ${next}`]),
  ].join('\n');
  const facts = inquiry.asked.map(({ fact, ms }) => ({ fact, ms, answer: inquiry.facts[fact] }));
  return { exit: 0, text, json: { version: JSON_VERSION, candidate, facts, owner, ...inquiry.verdict } };
}

/** Whose it is, since when, and what that rests on. */
function ownerStory(owner: OwnerRow | null, { facts }: Inquiry, nowMs: number): string[] {
  if (owner === null) return [];
  const since = owner.since === null ? '' : ` since ${duration(nowMs - Date.parse(owner.since))} ago`;
  const state = { alive: 'is alive', dead: 'is gone', unknown: 'may be alive' }[owner.liveness];
  const dead = [facts.lock, facts.claim, facts.maker].flatMap((fact) =>
    fact?.known === true ? deadSinceOf(fact.value) : [],
  );
  const first = dead.length > 0 ? `, first seen gone ${duration(nowMs - Math.min(...dead))} ago` : '';
  return [`owner: ${printable(owner.label)}${since}; ${state}: ${printable(owner.why)}${first}`];
}

function deadSinceOf(value: Lock | Owner | Claim | null): number[] {
  const owner = value !== null && 'reason' in value ? value.owner : value;
  const sinceMs = owner?.liveness === 'dead' ? owner.deadSinceMs : null;
  return sinceMs == null ? [] : [sinceMs];
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
