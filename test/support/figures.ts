/**
 * What a test file has tried, for people and for the table in README.md.
 *
 * Contract: printed at the end of the file; with `REAPER_FIGURES=FILE` a line of JSON is added there as well.
 */
import { appendFileSync } from 'node:fs';
import { chosenBy } from './sample.ts';

/** @param what a plural, such as `crashes of a purge` */
export function tell(what: string, count: number, details: ReadonlyMap<string, number>): void {
  console.log(`${count} ${what} (${chosenBy}), nothing lost`, Object.fromEntries([...details].sort()));
  const file = process.env.REAPER_FIGURES;
  if (file !== undefined) appendFileSync(file, `${JSON.stringify({ what, count })}\n`);
}
