/**
 * The head of `status`: what there is to win, as numbers with a bar.
 *
 * Contract: pure. On a terminal the bar fits it; elsewhere there is none, so that the text is stable.
 */
import type { Verdict } from '../core/model.ts';
import { bytes, plural } from '../core/text.ts';
import type { Extras } from '../documents.ts';
import type { PassReport } from '../pass.ts';
import type { Context } from './context.ts';
import { layOut } from './tables.ts';

/** A wider bar says no more. */
const MOST_BAR = 40;
/** What stands left of the bar. */
const BESIDE_BAR = 34;
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
  return [layOut(rows, null, []), givenBack(context, report)].filter((part) => part !== '').join('\n');
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
