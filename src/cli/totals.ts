/**
 * The head of `status`: what there is to win, as numbers with a bar.
 *
 * Contract: pure. On a terminal the bar fits it; elsewhere there is none, so that the text is stable.
 */
import type { Ledger } from '../core/ledger.ts';
import { COMMAND } from '../core/messages.ts';
import type { Candidate, Verdict } from '../core/model.ts';
import { bytes, duration, plural } from '../core/text.ts';
import type { Extras } from '../documents.ts';
import type { PassReport } from '../pass.ts';
import { layOut } from './columns.ts';
import type { Context } from './context.ts';

/** A wider bar says no more. */
const MOST_BAR = 40;
/** What stands left of the bar. */
const BESIDE_BAR = 32;
/** A bar below this width shows nothing. */
const LEAST_BAR = 8;

interface Line {
  readonly name: string;
  readonly count: number;
  readonly size: number;
  readonly paint: (text: string) => string;
}

/** One line for each thing that can be done, and what was given back so far. */
export function totals(context: Context, report: PassReport, extras: Extras): string {
  const lines = linesOf(context, report, extras);
  const longest = Math.max(...lines.map(({ size }) => size));
  const room = context.width === null ? 0 : Math.min(MOST_BAR, context.width - BESIDE_BAR);
  const rows = lines.map(({ name, count, size, paint }) => {
    const filled = longest > 0 ? Math.ceil((size / longest) * room) : 0;
    const bar = room < LEAST_BAR || longest === 0 ? [] : [paint('█'.repeat(filled))];
    return [paint(name), String(count), size > 0 ? bytes(size) : '', ...bar];
  });
  const table = layOut(rows, null, { right: [1, 2] });
  return [table, givenBack(context, report), unmeasured(report, extras)].filter((part) => part !== '').join('\n');
}

function linesOf({ colors }: Context, { results }: PassReport, { entries, sizes }: Extras): Line[] {
  const line = (name: string, verdict: Verdict['verdict'], paint: Line['paint']): Line => {
    const those = results.filter(({ inquiry }) => inquiry.verdict.verdict === verdict);
    const size = those.reduce((sum, { inquiry }) => sum + (sizes.get(inquiry.candidate) ?? 0), 0);
    return { name, count: those.length, size, paint };
  };
  return [
    line('reclaimable', 'reclaim', colors.green),
    line('needs attention', 'attention', colors.yellow),
    line('waiting', 'wait', colors.cyan),
    line('kept', 'keep', colors.dim),
    {
      name: 'in quarantine',
      count: entries.length,
      size: entries.reduce((sum, entry) => sum + (entry.bytes ?? 0), 0),
      paint: colors.magenta,
    },
  ];
}

function givenBack({ colors }: Context, { ledger }: PassReport): string {
  const { reclaimed, bytes: count } = ledger.totals;
  if (reclaimed === 0) return '';
  return colors.bold(`given back in total: ${bytes(count)} (${plural(reclaimed, 'thing')} reclaimed)`);
}

/** A sum without what was not measured would be taken for all of it. */
function unmeasured({ results }: PassReport, { sizes }: Extras): string {
  const left = results.filter(({ inquiry }) => sizes.get(inquiry.candidate) == null && !isGone(inquiry.candidate));
  return left.length === 0
    ? ''
    : `${plural(left.length, 'size')} not measured yet; passes measure them in the background`;
}

const isGone = (candidate: Candidate): boolean => candidate.kind === 'worktree' && candidate.isMissing;

/**
 * How far the last pass came, and what happens next.
 *
 * @param isInstalled whether the hook is in place
 */
export function passLine({ lastPass }: Ledger, isInstalled: boolean, nowMs: number): string {
  if (!isInstalled) return `the hook is not installed: ${COMMAND} install`;
  if (lastPass === null) return 'no pass has run yet; the next git checkout, merge or pull starts one';
  const { atMs, complete, examined, total } = lastPass;
  const when = `last pass ${duration(nowMs - atMs)} ago`;
  if (complete || examined === undefined || total === undefined || examined >= total)
    return complete ? when : `${when}; it was cut short, the next checkout goes on`;
  return `${when}: its time was over after ${examined} of ${total}; the next checkout goes on, ${COMMAND} run does all at once`;
}
