/** `landed`: is this revision in the base, how, into what, and proved by which commit? */
import { shortRef } from '../core/messages.ts';
import { printable } from '../core/text.ts';
import { landedRows } from '../landed.ts';
import type { LandedRow } from '../observe/landed/report.ts';
import { layOut } from './columns.ts';
import { type Answer, type Context, problem, ready } from './context.ts';

export interface LandedOptions {
  readonly base: readonly string[];
  /** Revisions, one a line, read from standard input; null when not asked for. */
  readonly stdin: string | null;
}

export async function landed(context: Context, revs: readonly string[], options: LandedOptions): Promise<Answer> {
  const opened = await ready(context);
  if (!opened.ok) return opened.answer;
  const fed = options.stdin?.split('\n').filter((line) => line !== '');
  const named = fed === undefined && revs.length === 0 ? {} : { revs: [...revs, ...(fed ?? [])] };
  const rows = await context.progress('proving', () => landedRows(opened.value, { ...named, base: options.base }));
  if (!rows.known)
    return problem('no-base', `the base is not known: ${printable(rows.why)}`, 'reaper-hook landed --base REF');
  const lines = rows.value.map((row) => lineOf(context, row));
  return {
    exit: rows.value.some(({ oid }) => oid === null) ? 1 : 0,
    text: lines.length === 0 ? 'no revisions' : layOut(lines, context.width, { give: [0, 2], middle: [0] }),
    json: rows.value,
  };
}

function lineOf({ colors }: Context, { rev, landed: is, evidence, reason }: LandedRow): string[] {
  const word =
    is === true ? colors.green('landed') : is === false ? colors.yellow('not landed') : colors.dim('unknown');
  if (evidence === null) return [printable(rev), word, withShortRefs(printable(reason ?? ''))];
  return [printable(rev), word, `${evidence.how} in ${shortRef(evidence.ref)} by ${evidence.commit.slice(0, 10)}`];
}

/** A line of a terminal is short, and the full names are in the document. */
const withShortRefs = (text: string): string => text.replace(/\brefs\/(?:heads|remotes)\//g, '');
