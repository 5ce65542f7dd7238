/** `why`: the dialogue of facts about one candidate, with the one that decided. */

import { resolve } from 'node:path';
import { loadLedger } from '../act/state.ts';
import { groundWords, reasonSentence, shortRef } from '../core/messages.ts';
import type { Fact, FactName, Landing, Lock, Verdict, WorktreeCandidate } from '../core/model.ts';
import { duration, plural, printable } from '../core/text.ts';
import { investigate } from '../observe/investigate.ts';
import { openView, type View } from '../observe/view.ts';
import { policyOf } from '../pass.ts';
import type { Workspace } from '../workspace.ts';
import { configProblem } from './config-answers.ts';
import { type Answer, type Context, JSON_VERSION, problem, ready } from './context.ts';
import { layOut, nameOf, nextCommand } from './tables.ts';

export async function why(context: Context, name: string): Promise<Answer> {
  const opened = await ready(context);
  if (!opened.ok) return opened.answer;
  const workspace = opened.value;
  if (!workspace.config.ok) return configProblem(workspace.config);
  const viewed = await viewOf(workspace);
  if (!viewed.known) return problem('unreadable', viewed.why);
  const view = viewed.value;
  const candidate = findCandidate(view, workspace, name);
  if (candidate === null)
    return problem('no-candidate', `no worktree or staging entry is called ${printable(name)}`, 'reaper-hook status');
  const { settings, io } = workspace;
  if (settings === null) return problem('config', 'the configuration is in error');
  const inquiry = await investigate(candidate, {
    probe: view.probe,
    policy: policyOf(settings),
    nowMs: io.clock.nowMs,
    isOutOfTime: () => false,
  });
  const nowMs = io.clock.nowMs();
  const rows = inquiry.asked.map(({ fact }) => [
    `  ${fact}`,
    answerWords(fact, inquiry.facts[fact] as Fact<unknown>, nowMs),
  ]);
  const next = nextCommand(candidate, inquiry.verdict, view);
  const text = [
    `${nameOf(candidate)}  ${printable(candidate.path)}`,
    layOut(rows, context.width, [1]),
    `${inquiry.verdict.verdict}: ${verdictWords(inquiry.verdict, nowMs)}`,
    ...(next === null ? [] : [`next: ${next}`]),
  ].join('\n');
  const facts = inquiry.asked.map(({ fact, ms }) => ({ fact, ms, answer: inquiry.facts[fact] }));
  return { exit: 0, text, json: { version: JSON_VERSION, candidate, facts, ...inquiry.verdict } };
}

async function viewOf(workspace: Workspace): Promise<Fact<View>> {
  const { io, layout, settings } = workspace;
  if (settings === null) return { known: false, why: 'the configuration is in error' };
  const { ledger } = await loadLedger({ io, layout });
  return openView({
    io,
    layout,
    mainRoot: workspace.mainRoot,
    home: workspace.home,
    settings,
    ledger,
    from: workspace.from,
    isOutOfTime: () => false,
  });
}

/** By branch, by path, by the name of the registration; worktrees that are not managed too. */
function findCandidate(view: View, workspace: Workspace, name: string) {
  const path = resolve(workspace.from, name);
  const matches = (each: WorktreeCandidate) =>
    each.branch === name || each.path === path || (each.id === name && !each.isMain);
  const staging = view.candidates.find((each) => each.kind === 'staging' && (each.path === path || each.id === name));
  return staging ?? view.worktrees.find(matches) ?? null;
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
