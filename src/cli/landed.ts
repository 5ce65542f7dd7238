/** `landed`: is this revision in the base, how, into what, and proved by which commit? */
import { loadLedger } from '../act/state.ts';
import { shortRef } from '../core/messages.ts';
import { DEFAULTS } from '../core/settings.ts';
import { printable } from '../core/text.ts';
import { resolveBases } from '../observe/base.ts';
import { type LandedRow, landedReport } from '../observe/landed/report.ts';
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
  const { io, layout, settings } = opened.value;
  const named = options.stdin === null ? revs : [...revs, ...options.stdin.split('\n').filter((line) => line !== '')];
  const place = { io, gitDir: layout.commonDir, cwd: layout.commonDir, commonDir: layout.commonDir };
  const configured = options.base.length > 0 ? options.base : (settings ?? DEFAULTS).worktrees.base;
  const bases = await resolveBases({
    git: io.git,
    gitDir: layout.commonDir,
    cwd: layout.commonDir,
    configured,
    managedBranches: () => false,
  });
  if (!bases.known)
    return problem('no-base', `the base is not known: ${printable(bases.why)}`, 'reaper-hook landed --base REF');
  const { ledger } = await loadLedger({ io, layout });
  const rows = await context.progress('proving', () =>
    landedReport({ ...place, revs: named, bases: bases.value, cache: ledger.landings }),
  );
  return {
    exit: 0,
    text:
      rows.length === 0
        ? 'no branches'
        : layOut(
            rows.map((row) => lineOf(context, row)),
            context.width,
            { give: [0, 2], middle: [0] },
          ),
    json: rows,
  };
}

function lineOf({ colors }: Context, { rev, landed: is, evidence, reason }: LandedRow): string[] {
  const word =
    is === true ? colors.green('landed') : is === false ? colors.yellow('not landed') : colors.dim('unknown');
  if (evidence === null) return [printable(rev), word, printable(reason ?? '')];
  return [
    printable(rev),
    word,
    `${evidence.how} in ${shortRef(evidence.ref)}, proved by ${evidence.commit.slice(0, 12)}`,
  ];
}
