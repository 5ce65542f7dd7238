/**
 * Which content filters are configured, for the repository or for one worktree, and what its remotes fetch.
 *
 * Contract: git's own answer, in place: an include can depend on the branch that is checked out and on where the
 * registration lies. Failure direction: what cannot be read, or could not be switched off, is unknown.
 */
import { basename } from 'node:path';
import { type Fact, known, unknown } from '../core/model.ts';
import type { Fetch } from '../core/refspecs.ts';
import type { Io } from '../io/ports.ts';
import { inWorktree, type Place } from './changes.ts';

export interface Filters {
  readonly names: readonly string[];
  /** False where a worktree may have others than the repository. */
  readonly areSameEverywhere: boolean;
  /** Every refspec of every remote; here because it takes no further call. */
  readonly fetches: readonly Fetch[];
}

/** The names of the filters that are configured in a worktree. */
export async function configuredFilters(io: Pick<Io, 'git'>, place: Place): Promise<Fact<readonly string[]>> {
  const filters = await readFilters(io, place);
  return filters.known ? known(filters.value.names) : filters;
}

/** The same for the repository. A worktree with a configuration file of its own is not spoken of. */
export const repositoryFilters = (io: Pick<Io, 'git'>, commonDir: string): Promise<Fact<Filters>> =>
  readFilters(io, { adminDir: commonDir, tree: commonDir });

async function readFilters(io: Pick<Io, 'git'>, place: Place): Promise<Fact<Filters>> {
  const args = ['config', '--null', '--get-regexp', '^(filter|includeif)\\.|^remote\\..*\\.fetch$'];
  const answer = await io.git.run({ ...inWorktree(place, args), okCodes: [1] });
  if (!answer.ok) return unknown(`the configured filters could not be read: ${answer.why}`);
  if (answer.stdout !== '' && !answer.stdout.endsWith('\0')) return unknown('git config ended before its end');
  const names = new Set<string>();
  const fetches: Fetch[] = [];
  let areSameEverywhere = true;
  for (const record of answer.stdout.split('\0').filter((each) => each !== '')) {
    // A key without `=` has no value.
    const [, key = '', value = ''] = /^([^\n]*)(?:\n([\s\S]*))?$/.exec(record) ?? [];
    if (key.startsWith('remote.')) fetches.push({ key, refspec: value });
    const [, section, name] = /^(filter|includeif)\.([\s\S]+)\.[^.]+$/.exec(key) ?? [];
    if (name === undefined) continue;
    if (section === 'includeif') areSameEverywhere &&= isSameEverywhere(name, basename(place.adminDir));
    else if (/[=\n]/.test(name)) return unknown(`the filter ${JSON.stringify(name)} cannot be switched off`);
    else names.add(name);
  }
  return known({ names: [...names], areSameEverywhere, fetches });
}

/**
 * Whether a condition holds for every worktree when it holds for the repository: one about remotes, or a plain
 * directory above it (`gitdir:~/work/`), which is what people sort their repositories by.
 */
function isSameEverywhere(condition: string, commonName: string): boolean {
  if (condition.startsWith('hasconfig:')) return true;
  const directory = /^gitdir(?:\/i)?:((?:~\/|\/)[^*?[\]\\]*\/)$/.exec(condition)?.[1];
  return directory !== undefined && !directory.toLowerCase().split('/').includes(commonName.toLowerCase());
}
