/**
 * Processes that should have a parent of some name, and have lost it.
 *
 * Contract: reported with guidance, never ended. Only this user's readable processes can be matched.
 * Failure direction: an ancestor that cannot be looked at may be the one, so nothing is reported then.
 */
import { MAKER_HOPS, programIn } from '../core/makers.ts';
import type { OrphanPattern } from '../core/settings.ts';
import { printable } from '../core/text.ts';
import { ancestors, type OrphanProcess, type ProcessTable } from './processes.ts';

/** Processes that match a pattern and have none of its ancestors within eight steps. */
export function unparented(table: ProcessTable, patterns: readonly OrphanPattern[]): OrphanProcess[] {
  if (patterns.length === 0) return [];
  return table.view.pids.flatMap((pid) => {
    const args = table.view.args(pid);
    const seen = table.view.describe(pid);
    if (!args.ok || !seen.ok || seen.value.zombie || pid === table.self) return [];
    const pattern = patterns.find(({ match }) => args.value.some((arg) => names(arg, match)));
    if (pattern === undefined || hasAncestor(table, pid, pattern.ancestors) !== false) return [];
    const why = `no ${pattern.ancestors.map(printable).join(' or ')} among its ${MAKER_HOPS} nearest ancestors`;
    return [{ pid, command: printable(seen.value.command), why }];
  });
}

/** `match` as the whole of an argument, or as the last components of a path in it. */
const names = (arg: string, match: string): boolean =>
  arg === match || arg.endsWith(match.startsWith('/') ? match : `/${match}`);

/** Null when an ancestor could not be looked at. */
function hasAncestor(table: ProcessTable, pid: number, programs: readonly string[]): boolean | null {
  const own = table.view.describe(pid);
  if (!own.ok) return null;
  const chain = ancestors(pid, table, MAKER_HOPS);
  for (const each of chain) {
    const seen = table.view.describe(each);
    if (!seen.ok) return null;
    const args = table.view.args(each);
    if (programIn({ command: seen.value.command, args: args.ok ? args.value : [] }, programs) !== null) return true;
    if (!args.ok) return null;
  }
  const top = table.view.describe(chain.at(-1) ?? pid);
  const isComplete = chain.length === MAKER_HOPS || (top.ok && !(top.value.ppid > 0));
  return isComplete ? false : null;
}
