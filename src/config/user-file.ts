/**
 * The user's own file: `~/.config/reaper-hook/config.{yaml,yml,json}`.
 *
 * Contract: holds what no repository may bring along: directories outside the repository, processes that
 * should have a parent, programs that count as agents. JSON and YAML only.
 * Failure direction: a file that is there and cannot be read, is in error, or lies in a worktree of the
 * repository, is a problem, and nothing is reclaimed until it is mended.
 */
import { join } from 'node:path';
import * as v from 'valibot';
import { pointerProblem } from '../core/jsonpointer.ts';
import { KNOWN_AGENTS } from '../core/makers.ts';
import type { KeepRule } from '../core/model.ts';
import { MAX_PATTERNS, UNSAFE_CHARACTER } from '../core/patterns.ts';
import { directoryPatternProblem } from '../core/patterns-outside.ts';
import { type DirectoryPattern, FLOORS, NO_USER_FILE, type OrphanPattern, type UserOnly } from '../core/settings.ts';
import type { DiskReader } from '../io/ports.ts';
import { isInside } from '../io/program.ts';
import { parseDuration } from './duration.ts';
import { parseText } from './file.ts';
import * as messages from './messages.ts';
import { isMapping } from './schema.ts';
import { type ConfigProblem, problemAbout } from './validate.ts';

/** In the order in which they count. */
export const USER_FILES = ['config.yaml', 'config.yml', 'config.json'] as const;

const MAX_BYTES = 64 * 1024;

/** Rules are checked for every directory of a pattern, on every pass. */
const MAX_RULES = 32;

export type ReadUserFile =
  | { readonly ok: true; readonly value: UserOnly; readonly source: string | null }
  | { readonly ok: false; readonly problems: readonly ConfigProblem[]; readonly source: string };

/**
 * Reads the first of the files that is there.
 *
 * @param configHome absolute; the directory that holds `reaper-hook/`
 * @param worktreeRoots a file in one of them is a branch's, and is refused
 */
export async function readUserFile(
  disk: DiskReader,
  configHome: string,
  worktreeRoots: readonly string[],
): Promise<ReadUserFile> {
  for (const name of USER_FILES) {
    const path = join(configHome, 'reaper-hook', name);
    const text = await disk.readText(path, MAX_BYTES);
    if (!text.ok && (text.code === 'ENOENT' || text.code === 'ENOTDIR')) continue;
    if (!text.ok) return failed(path, messages.unreadable(path, text.why));
    const real = await disk.realpath(path);
    if (!real.ok) return failed(path, messages.unreadable(path, real.why));
    if (worktreeRoots.some((root) => isInside(real.value, root))) return failed(path, messages.inWorktree(path));
    return parsed(path, text.value);
  }
  return { ok: true, value: NO_USER_FILE, source: null };
}

const failed = (path: string, message: string): ReadUserFile => ({
  ok: false,
  problems: [problemAbout(path, message)],
  source: path,
});

async function parsed(path: string, text: string): Promise<ReadUserFile> {
  const document = await parseText(path, text);
  if (!document.ok) return failed(path, document.why);
  const result = v.safeParse(USER_FILE_SCHEMA, document.value ?? {});
  if (result.success) return { ok: true, value: { ...NO_USER_FILE, ...result.output }, source: path };
  const problems = result.issues.map((issue) => {
    const key = (issue.path ?? []).map(({ key }) => (typeof key === 'number' ? `[${key}]` : `.${String(key)}`));
    const dotted = key.join('').replace(/^\./, '') || path;
    return problemAbout(dotted, messages.invalid(dotted, path, messages.quote(issue.input), issue.message));
  });
  return { ok: false, problems, source: path };
}

const text = (expected: string, problem: (value: string) => string | null) =>
  v.pipe(
    v.string(expected),
    v.check(
      (value) => problem(value) === null,
      (issue) => messages.withWhy(expected, problem(issue.input)),
    ),
  );

const duration = v.pipe(
  v.custom<string | 0>(
    (value) => value === 0 || (typeof value === 'string' && parseDuration(value) !== null),
    messages.EXPECTED.duration,
  ),
  v.transform((value) => parseDuration(String(value)) ?? Number.POSITIVE_INFINITY),
);

const mapping = <E extends v.ObjectEntries>(entries: E, expected: string) =>
  v.pipe(v.custom<Record<string, unknown>>(isMapping, expected), v.strictObject(entries, expected));

const listOf = <S extends v.GenericSchema>(item: S, expected: string, max = MAX_PATTERNS) =>
  v.pipe(v.array(item, `a list; each entry ${expected}`), v.maxLength(max, messages.EXPECTED.listLength(max)));

const NAME = 'the name of a program, such as claude';
const POINTER = 'a JSON pointer, such as /pid or /workers/*/pid';
const FILES = 'a relative path with * and ?, such as tasks/*.json';
const RULE = 'a mapping with files, and one of fresherThan, pidAlive and jsonEquals';

const programs = listOf(text(NAME, wordProblem), NAME);
const pointer = text(POINTER, pointerProblem);
const scalar = v.union([v.string(), v.number(), v.boolean(), v.null()], 'a string, a number, true, false or null');

const rule = v.pipe(
  mapping(
    {
      files: text(FILES, filesProblem),
      fresherThan: v.exactOptional(duration),
      pidAlive: v.exactOptional(pointer),
      jsonEquals: v.exactOptional(
        mapping({ pointer, values: listOf(scalar, 'is a value') }, 'a mapping with pointer and values'),
      ),
    },
    RULE,
  ),
  v.check(({ fresherThan, pidAlive, jsonEquals }) => {
    return [fresherThan, pidAlive, jsonEquals].filter((each) => each !== undefined).length === 1;
  }, RULE),
  v.transform(({ files, fresherThan, pidAlive, jsonEquals }): KeepRule => {
    if (fresherThan !== undefined) return { files, test: { kind: 'fresher-than', ageMs: fresherThan } };
    if (pidAlive !== undefined) return { files, test: { kind: 'pid-alive', pointer: pidAlive } };
    const { pointer: at = '', values = [] } = jsonEquals ?? {};
    return { files, test: { kind: 'json-equals', pointer: at, values } };
  }),
);

const directory = v.pipe(
  mapping(
    {
      path: text('a path such as ~/.tool/teams/*', directoryPatternProblem),
      age: v.exactOptional(duration),
      keepIf: v.exactOptional(listOf(rule, RULE, MAX_RULES)),
    },
    'a mapping with path, age and keepIf',
  ),
  v.transform(
    ({ path, age, keepIf = [] }): DirectoryPattern => ({
      path,
      ageMs: Math.max(age ?? FLOORS.stagingAgeWithoutPidMs, FLOORS.stagingAgeWithoutPidMs),
      keepIf,
    }),
  ),
);

const orphan = v.pipe(
  mapping(
    {
      match: text('a path among the arguments, such as orchestrator/dist/server.js', wordProblem),
      ancestor: v.union([text(NAME, wordProblem), programs], NAME),
    },
    'a mapping with match and ancestor',
  ),
  v.transform(
    ({ match, ancestor }): OrphanPattern => ({
      match,
      ancestors: typeof ancestor === 'string' ? [ancestor] : ancestor,
    }),
  ),
);

const USER_FILE_SCHEMA = v.pipe(
  mapping(
    {
      directories: v.exactOptional(listOf(directory, 'is a mapping with path, age and keepIf')),
      orphans: v.exactOptional(listOf(orphan, 'is a mapping with match and ancestor')),
      makers: v.exactOptional(programs),
    },
    'a mapping with directories, orphans and makers',
  ),
  v.transform(
    ({ directories = [], orphans = [], makers = KNOWN_AGENTS }): UserOnly => ({
      directories,
      orphans,
      makers,
    }),
  ),
);

function wordProblem(value: string): string | null {
  if (value === '' || value.trim() !== value || value.length > 255) return 'is empty, too long or spaced';
  return UNSAFE_CHARACTER.test(value) ? 'holds a control or invisible character' : null;
}

function filesProblem(value: string): string | null {
  if (UNSAFE_CHARACTER.test(value) || value.length > 255) return 'is too long, or holds a control character';
  if (/[\\[\]{}]/.test(value)) return 'holds a backslash, bracket or brace';
  const bad = value.split('/').some((step) => step === '' || step === '.' || step === '..');
  return bad ? 'has a segment that is empty, . or ..' : null;
}
