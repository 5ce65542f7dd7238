/**
 * The user's own settings: `git config reaper.*`.
 *
 * Contract: one git call against an explicit repository. Every scope is the user's, because a
 * branch cannot write git's configuration; a file that an include pulls out of a worktree is not.
 * Failure direction: values of doubtful origin are ignored with a note, a failing git is a problem.
 */
import { resolve } from 'node:path';
import type { Layout } from '../core/layout.ts';
import type { Io } from '../io/ports.ts';
import { isInside } from '../io/program.ts';
import { KEYS, type KeySpec, type UserValues } from './keys.ts';
import * as messages from './messages.ts';
import { type ConfigProblem, gitName, problemAbout, unknownKeyProblem, validate } from './validate.ts';

export const GIT_SOURCE = 'git config';

/** Fields that `--show-scope --show-origin --null` prints for one value. */
const FIELDS = 3;

export interface UserSettings {
  readonly values: Partial<UserValues>;
  readonly problems: readonly ConfigProblem[];
  readonly notes: readonly string[];
}

export interface UserSettingsArgs {
  readonly io: Io;
  readonly gitDir: string;
  /** Shortens paths in notes. */
  readonly home: string;
  readonly layout: Layout;
  readonly worktreeRoots: readonly string[];
}

interface Entry {
  readonly origin: string;
  /** Lower case, with the section: `reaper.emptyidle`. */
  readonly key: string;
  /** Null for a key without `=`, which git reads as true. */
  readonly value: string | null;
}

/** Reads and checks `git config reaper.*`. */
export async function readUserSettings(args: UserSettingsArgs): Promise<UserSettings> {
  const answer = await args.io.git.run({
    args: ['config', '--null', '--show-scope', '--show-origin', '--get-regexp', '^reaper\\.'],
    cwd: args.layout.commonDir,
    gitDir: args.gitDir,
    okCodes: [1],
  });
  if (!answer.ok) return failed(messages.unreadable(GIT_SOURCE, answer.why));
  const entries = entriesOf(answer.stdout);
  if (entries === null) return failed(messages.notParsed(GIT_SOURCE, 'its answer has another form than expected'));
  const { own, notes } = await sorted(entries, args);
  const { document, problems } = documentOf(own);
  const checked = validate(document, { source: GIT_SOURCE, level: 'user' });
  return { values: checked.values, problems: [...problems, ...checked.problems], notes };
}

const failed = (message: string): UserSettings => ({
  values: {},
  problems: [problemAbout(GIT_SOURCE, message)],
  notes: [],
});

function entriesOf(output: string): Entry[] | null {
  const fields = output.split('\0');
  if (fields.pop() !== '' || fields.length % FIELDS !== 0) return null;
  return Array.from({ length: fields.length / FIELDS }, (_, index) => {
    const [, origin = '', pair = ''] = fields.slice(index * FIELDS);
    const end = pair.indexOf('\n');
    return { origin, key: end === -1 ? pair : pair.slice(0, end), value: end === -1 ? null : pair.slice(end + 1) };
  });
}

/** Takes out what a branch could have written. */
async function sorted(entries: readonly Entry[], args: UserSettingsArgs) {
  const isOwn = new Map<string, boolean>();
  for (const { origin } of entries) if (!isOwn.has(origin)) isOwn.set(origin, await isUsers(origin, args));
  const foreign = entries.filter(({ origin }) => isOwn.get(origin) !== true);
  const notes = foreign.map(({ key, origin }) => messages.foreignOrigin(messages.show(key), tilde(origin, args.home)));
  return { own: entries.filter(({ origin }) => isOwn.get(origin) === true), notes: [...new Set(notes)] };
}

/** True for a file outside every worktree of the repository; git's own files in the common directory count. */
async function isUsers(origin: string, { io, layout, worktreeRoots }: UserSettingsArgs): Promise<boolean> {
  if (!origin.startsWith('file:')) return false;
  const file = await io.disk.realpath(resolve(layout.commonDir, origin.slice('file:'.length)));
  const commonDir = await io.disk.realpath(layout.commonDir);
  if (!file.ok || !commonDir.ok) return false;
  if (isInside(file.value, resolve(commonDir.value, 'reaper'))) return false;
  for (const root of worktreeRoots) {
    const real = await io.disk.realpath(root);
    const tree = real.ok ? real.value : root;
    const isGitsOwn = isInside(commonDir.value, tree) && isInside(file.value, commonDir.value);
    if (isInside(file.value, tree) && !isGitsOwn) return false;
  }
  return true;
}

const tilde = (origin: string, home: string): string =>
  origin.startsWith(`file:${home}/`) ? `~${origin.slice(`file:${home}`.length)}` : origin.replace(/^file:/, '');

/** Brings the entries into the shape of the file, so that one schema checks both. */
function documentOf(entries: readonly Entry[]): { document: unknown; problems: ConfigProblem[] } {
  const document: Record<string, unknown> = {};
  const problems: ConfigProblem[] = [];
  const isOf = (spec: KeySpec, { key }: Entry) => key === gitName(spec).toLowerCase();
  for (const entry of entries)
    if (!KEYS.some((spec) => isOf(spec, entry)))
      problems.push(unknownKeyProblem(entry.key, entry.value, GIT_SOURCE, KEYS.map(gitName)));
  for (const spec of KEYS) {
    const lines = entries.filter((entry) => isOf(spec, entry)).map(({ value }) => value);
    if (lines.length > 0) place(document, spec, coerced(spec, lines));
  }
  const { staging, stagingAge } = document;
  if (Array.isArray(staging)) document['staging'] = staging.map((path) => ({ path, ...aged(stagingAge) }));
  return { document, problems };
}

const aged = (age: unknown): { age?: unknown } => (age === undefined ? {} : { age });

function place(document: Record<string, unknown>, { file }: KeySpec, value: unknown): void {
  const [section, key] = file.split('.');
  if (section === undefined) return;
  if (key === undefined) document[section] = value;
  else document[section] = { ...(document[section] as object | undefined), [key]: value };
}

/** As git reads it: the last line counts; a list collects every line since the last empty one. */
function coerced({ kind }: KeySpec, lines: readonly (string | null)[]): unknown {
  if (kind === 'list') return lines.slice(lines.lastIndexOf('') + 1);
  const last = lines.at(-1) ?? null;
  if (kind === 'switch') return switchOf(last);
  if (kind === 'count') return last !== null && /^\d{1,9}$/.test(last) ? Number(last) : last;
  return last;
}

/** The spellings that git accepts for a boolean. */
function switchOf(value: string | null): unknown {
  const word = value?.toLowerCase() ?? 'true';
  if (['true', 'yes', 'on', '1'].includes(word)) return true;
  return ['false', 'no', 'off', '0', ''].includes(word) ? false : value;
}
