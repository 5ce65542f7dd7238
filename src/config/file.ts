/**
 * Finds and reads the repository's configuration file, through cosmiconfig.
 *
 * Contract: reads the main worktree's root and nothing else: JSON and YAML, no code, no `$import`,
 * no other directory. Failure direction: a file that is there and cannot be read is a problem.
 *
 * Why the Explorer class and not `cosmiconfig()`: the function first looks for a configuration of
 * its own in the working directory (`.config/config.{json,yaml,js,ts,cjs,mjs}`), runs it where it
 * is code, and lets it override what was asked for. The working directory is usually the tree that
 * was just checked out. The class behind it takes its options as they are.
 */
import { join } from 'node:path';
import type { CosmiconfigResult, Options } from 'cosmiconfig';
import * as explorerModule from 'cosmiconfig/dist/Explorer.js';
import type { DiskReader } from '../io/ports.ts';
import { isInside } from '../io/program.ts';
import * as messages from './messages.ts';
import { isMapping } from './schema.ts';
import { type ConfigProblem, problemAbout } from './validate.ts';

/** A full configuration is about 2 KiB; parsing much more than this would be felt. */
const MAX_BYTES = 64 * 1024;
/** A package.json holds more than ours; the largest in the wild are some 100 KiB. */
const MAX_PACKAGE_BYTES = 1024 * 1024;

/** In the order in which they count. */
export const PLACES = ['.reaperrc', '.reaperrc.json', '.reaperrc.yaml', '.reaperrc.yml', 'package.json'] as const;
type Place = (typeof PLACES)[number];

const PACKAGE_KEY = 'reaper';

export type FoundFile =
  | { readonly ok: true; readonly source: string | null; readonly document: unknown; readonly notes: readonly string[] }
  | { readonly ok: false; readonly source: string; readonly problems: readonly ConfigProblem[] };

/**
 * Reads the first place that holds a configuration; a note names every other one.
 *
 * @param root absolute path of the main worktree
 */
export async function readConfigFile(disk: DiskReader, root: string): Promise<FoundFile> {
  for (const [index, place] of PLACES.entries()) {
    const read = await readPlace(disk, root, place);
    if (read.state === 'refused')
      return { ok: false, source: place, problems: [problemAbout(read.key ?? place, read.why)] };
    if (read.state === 'empty') continue;
    const others = await Promise.all(PLACES.slice(index + 1).map((other) => isSecond(disk, root, other)));
    const notes = others.filter((other) => other !== null).map((other) => messages.secondFile(other, place));
    return { ok: true, source: place, document: read.document, notes };
  }
  return { ok: true, source: null, document: {}, notes: [] };
}

type Read =
  | { readonly state: 'read'; readonly document: unknown }
  | { readonly state: 'empty' }
  | { readonly state: 'refused'; readonly why: string; readonly key?: string };

const EMPTY: Read = { state: 'empty' };

async function readPlace(disk: DiskReader, root: string, place: Place): Promise<Read> {
  const path = join(root, place);
  const there = await disk.lstat(path);
  if (!there.ok) return isAbsence(there.code) ? EMPTY : refused(messages.unreadable(place, there.why));
  const objection = await objectionTo(disk, root, place);
  if (objection !== null) return refused(objection);
  try {
    const result = await explorer().load(path);
    return result === null || result.isEmpty === true ? EMPTY : { state: 'read', document: result.config };
  } catch (error) {
    if (place === 'package.json' && !(await mentionsUs(disk, path))) return EMPTY;
    if (error instanceof Refusal) return { state: 'refused', why: error.message, key: error.key };
    return refused(messages.unreadable(place, error instanceof Error ? error.message : String(error)));
  }
}

/** A file in error that comes second is still only ignored; every project has a package.json. */
async function isSecond(disk: DiskReader, root: string, place: Place): Promise<Place | null> {
  const { state } = await readPlace(disk, root, place);
  return state === 'read' || (state === 'refused' && place !== 'package.json') ? place : null;
}

const refused = (why: string): Read => ({ state: 'refused', why });

const isAbsence = (code: string): boolean => code === 'ENOENT' || code === 'ENOTDIR';

/** Followed links must stay in the tree: a link to a key file would have its lines quoted in an error. */
async function objectionTo(disk: DiskReader, root: string, place: Place): Promise<string | null> {
  const path = join(root, place);
  const [real, realRoot, info] = await Promise.all([disk.realpath(path), disk.realpath(root), disk.stat(path)]);
  if (!real.ok) return messages.unreadable(place, real.why);
  if (!realRoot.ok) return messages.unreadable(place, realRoot.why);
  if (!info.ok) return messages.unreadable(place, info.why);
  if (!isInside(real.value, realRoot.value)) return messages.leavesRepository(place);
  if (info.value.kind !== 'file') return messages.notAFile(place);
  const maxBytes = bytesAllowed(place);
  return info.value.size > maxBytes ? messages.tooLarge(place, maxBytes) : null;
}

const bytesAllowed = (place: string): number => (place === 'package.json' ? MAX_PACKAGE_BYTES : MAX_BYTES);

/** A package.json with a conflict in it says nothing about us as long as it does not name us. */
async function mentionsUs(disk: DiskReader, path: string): Promise<boolean> {
  const text = await disk.readText(path, MAX_PACKAGE_BYTES);
  return !text.ok || text.value.includes(`"${PACKAGE_KEY}"`);
}

class Refusal extends Error {
  constructor(
    message: string,
    readonly key: string,
  ) {
    super(message);
  }
}

type Explorer = { load(path: string): Promise<CosmiconfigResult> };

const { Explorer } = explorerModule as unknown as {
  Explorer: new (options: Options & { moduleName: string; metaConfigFilePath: null }) => Explorer;
};

/** One explorer a call: nothing is cached between passes. */
function explorer(): Explorer {
  return new Explorer({
    moduleName: 'reaper',
    packageProp: PACKAGE_KEY,
    searchPlaces: [...PLACES],
    searchStrategy: 'none',
    metaConfigFilePath: null,
    cache: false,
    ignoreEmptySearchPlaces: true,
    mergeImportArrays: false,
    mergeSearchPlaces: false,
    transform: (result) => result,
    loaders: {
      noExt: loadYaml,
      '.json': loadJson,
      '.yaml': loadYaml,
      '.yml': loadYaml,
      '.js': refuseCode,
      '.cjs': refuseCode,
      '.mjs': refuseCode,
      '.ts': refuseCode,
      '.cts': refuseCode,
      '.mts': refuseCode,
      default: refuseCode,
    },
  });
}

function refuseCode(path: string): never {
  throw new Refusal(messages.codeRefused(nameOf(path)), nameOf(path));
}

function loadJson(path: string, content: string): unknown {
  const name = nameOf(path);
  checkLength(name, content);
  const parsed = parseJson(name, content);
  if (name !== 'package.json') return withoutImports(parsed, name);
  const ours = isMapping(parsed) && Object.hasOwn(parsed, PACKAGE_KEY) ? parsed[PACKAGE_KEY] : null;
  return { [PACKAGE_KEY]: withoutImports(ours, name) };
}

function parseJson(name: string, content: string): unknown {
  try {
    return JSON.parse(content.replace(/^\uFEFF/, ''));
  } catch (error) {
    throw new Refusal(messages.notParsed(name, error instanceof Error ? error.message : String(error)), name);
  }
}

/** Aliases, tags of types and second documents have no use here, and each has a way to explode. */
async function loadYaml(path: string, content: string): Promise<unknown> {
  const name = nameOf(path);
  checkLength(name, content);
  // The largest library there is here; most repositories have no YAML for us.
  const { LineCounter, parseDocument } = await import('./yaml.ts');
  const document = parseDocument(content, {
    version: '1.2',
    schema: 'core',
    merge: false,
    stringKeys: true,
    uniqueKeys: true,
    logLevel: 'error',
    prettyErrors: true,
    lineCounter: new LineCounter(),
  });
  const complaint = document.errors[0] ?? document.warnings[0];
  if (complaint !== undefined)
    throw new Refusal(messages.notParsed(name, complaint.message.split('\n', 1)[0] ?? ''), name);
  try {
    return withoutImports(document.toJS({ maxAliasCount: 0 }), name);
  } catch (error) {
    if (error instanceof Refusal) throw error;
    throw new Refusal(messages.notParsed(name, error instanceof Error ? error.message : String(error)), name);
  }
}

/** The size is checked before reading; this holds when the file grew in between. */
function checkLength(name: string, content: string): void {
  const maxBytes = bytesAllowed(name);
  if (content.length > maxBytes) throw new Refusal(messages.tooLarge(name, maxBytes), name);
}

/** cosmiconfig would follow `$import` to any file, and run it where it is code. */
function withoutImports(document: unknown, name: string): unknown {
  if (isMapping(document) && Object.hasOwn(document, '$import'))
    throw new Refusal(messages.importRefused(name), '$import');
  return document;
}

const nameOf = (path: string): string => path.slice(path.lastIndexOf('/') + 1);

/** A text as the document it holds, by the ending of its name; the same JSON and YAML as the repository's file. */
export async function parseText(
  path: string,
  content: string,
): Promise<{ ok: true; value: unknown } | { ok: false; why: string }> {
  try {
    return { ok: true, value: path.endsWith('.json') ? loadJson(path, content) : await loadYaml(path, content) };
  } catch (error) {
    return { ok: false, why: error instanceof Error ? error.message : String(error) };
  }
}
