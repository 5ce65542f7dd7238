/**
 * Additions to the configuration files of other hook managers: text in, text out.
 *
 * Contract: pure. An edit only ever inserts; every byte that was there stays, comments included,
 * and taking the inserted pieces out again gives the text back. The result is parsed and must hold
 * exactly what was there plus our entries.
 * Failure direction: a file that is not of the usual shape gets no edit, and says why.
 */
import { isDeepStrictEqual } from 'node:util';
import { isMap, isSeq, type Pair, parseDocument, type YAMLMap, type YAMLSeq } from 'yaml';

export interface Insertion {
  readonly at: number;
  readonly text: string;
}

export type Edit =
  | { readonly ok: true; readonly text: string; readonly pieces: readonly string[] }
  | { readonly ok: false; readonly why: string };

type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** What is to be in the file afterwards: its own content with these entries. */
export interface Addition {
  /** Keys from the root to the entry: `['post-checkout', 'commands', 'reaper-hook']`. */
  readonly path: readonly string[];
  /** The entry; for a list, what is appended to it. */
  readonly value: Json;
  readonly append?: true;
}

/** A larger file is not somebody's hook configuration. */
export const MAX_CONFIG_BYTES = 512 * 1024;

/** Inserts every addition that is not there yet. A text without anything to add comes back unchanged. */
export function addEntries(text: string, additions: readonly Addition[], style: 'yaml' | 'json'): Edit {
  const pieces: string[] = [];
  let current = text;
  for (const addition of additions) {
    const read = readDocument(current, style);
    if (!read.ok) return read;
    if (isThere(read.value, addition)) continue;
    const insertion = insertionOf(current, addition, style);
    if (insertion === null)
      return { ok: false, why: `${addition.path.join('.')} is not of a shape that can be added to` };
    const next = current.slice(0, insertion.at) + insertion.text + current.slice(insertion.at);
    const after = readDocument(next, style);
    if (!after.ok || !isDeepStrictEqual(after.value, withAddition(read.value, addition)))
      return { ok: false, why: 'an addition would change something else in it' };
    pieces.push(insertion.text);
    current = next;
  }
  return { ok: true, text: current, pieces };
}

/**
 * Takes the inserted pieces out again, last one first.
 *
 * A piece that is not there exactly once was changed by somebody; then nothing is taken out.
 */
export function takeOut(text: string, pieces: readonly string[]): Edit {
  let current = text;
  for (const piece of [...pieces].reverse()) {
    const at = current.indexOf(piece);
    if (at === -1 || current.indexOf(piece, at + 1) !== -1)
      return { ok: false, why: 'the lines of reaper-hook in it were changed by hand' };
    current = current.slice(0, at) + current.slice(at + piece.length);
  }
  return { ok: true, text: current, pieces: [] };
}

type ReadDocument = { readonly ok: true; readonly value: Json } | { readonly ok: false; readonly why: string };

function readDocument(text: string, style: 'yaml' | 'json'): ReadDocument {
  try {
    if (style === 'json') return { ok: true, value: JSON.parse(text) as Json };
    const document = parseDocument(text, { uniqueKeys: true });
    const [error] = document.errors;
    if (error !== undefined) return { ok: false, why: (error.message.split('\n', 1)[0] ?? '').replace(/:$/, '') };
    return { ok: true, value: document.toJS({ maxAliasCount: 100 }) as Json };
  } catch (error) {
    return { ok: false, why: error instanceof Error ? error.message : String(error) };
  }
}

function isThere(value: Json, { path, append, value: wanted }: Addition): boolean {
  const found = path.reduce<Json | undefined>((at, key) => childOf(at, key), value);
  if (append !== true) return found !== undefined;
  return Array.isArray(found) && found.some((each) => isDeepStrictEqual(each, wanted));
}

function childOf(value: Json | undefined, key: string): Json | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  return Object.hasOwn(value, key) ? (value as { [key: string]: Json })[key] : undefined;
}

function withAddition(value: Json, { path, value: entry, append }: Addition): Json {
  const [key, ...rest] = path;
  if (key === undefined) return append === true && Array.isArray(value) ? [...value, entry] : entry;
  const here = (value ?? {}) as { [key: string]: Json };
  const below = Object.hasOwn(here, key) ? (here[key] as Json) : append === true && rest.length === 0 ? [] : {};
  return { ...here, [key]: withAddition(below, { path: rest, value: entry, ...(append ? { append } : {}) }) };
}

/** Where the deepest part of the path that is there ends, and what has to be written after it. */
function insertionOf(text: string, addition: Addition, style: 'yaml' | 'json'): Insertion | null {
  const document = parseDocument(text);
  const lineEnd = /\r\n/.test(text) ? '\r\n' : '\n';
  let node: unknown = document.contents;
  let depth = 0;
  while (isMap(node) && depth < addition.path.length) {
    const below = pairOf(node, addition.path[depth] ?? '');
    if (below === undefined) break;
    node = below.value;
    depth += 1;
  }
  const missing = addition.path.slice(depth);
  if (style === 'json')
    return isMap(node) && missing.length === 1 ? intoJson(text, node, missing[0] ?? '', addition) : null;
  if (node === null && depth === 0)
    return { at: text.length, text: ended(text, lineEnd) + yamlLines(missing, addition, 0, lineEnd) };
  if (isMap(node) && node.flow !== true && missing.length > 0) return intoBlock(text, node, missing, addition, lineEnd);
  if (isSeq(node) && missing.length === 0 && addition.append === true) return intoList(text, node, addition, lineEnd);
  return null;
}

const pairOf = (map: YAMLMap, key: string): Pair | undefined =>
  map.items.find((pair) => (pair.key as { value?: unknown } | null)?.value === key);

function intoBlock(text: string, map: YAMLMap, missing: readonly string[], addition: Addition, lineEnd: string) {
  const first = map.items[0];
  const start = (first?.key as { range?: [number, number, number] } | undefined)?.range?.[0];
  const at = endOfLast(text, map);
  if (start === undefined || at === null) return null;
  const indent = start - (text.lastIndexOf('\n', start - 1) + 1);
  return { at, text: ended(text.slice(0, at), lineEnd) + yamlLines(missing, addition, indent, lineEnd) };
}

function intoList(text: string, list: YAMLSeq, addition: Addition, lineEnd: string): Insertion | null {
  const dash = list.range?.[0];
  const at = endOfLast(text, list);
  if (list.flow === true || dash === undefined || at === null || text[dash] !== '-') return null;
  const indent = ' '.repeat(dash - (text.lastIndexOf('\n', dash - 1) + 1));
  const lines = yamlOf(addition.value, 2);
  const [head = '', ...rest] = lines;
  const item = [`${indent}- ${head.trimStart()}`, ...rest.map((line) => indent + line)];
  return { at, text: ended(text.slice(0, at), lineEnd) + item.map((line) => line + lineEnd).join('') };
}

/** The start of the line after the last item of a block. */
function endOfLast(text: string, node: YAMLMap | YAMLSeq): number | null {
  const last = node.items.at(-1) as { value?: unknown; key?: unknown; range?: [number, number, number] } | undefined;
  if (last === undefined) return null;
  const range = rangeOf(isMap(node) ? (last.value ?? last.key) : last) ?? rangeOf(last.key);
  if (range === undefined) return null;
  const end = range[1];
  if (end > 0 && text[end - 1] === '\n') return end;
  const newline = text.indexOf('\n', end);
  return newline === -1 ? text.length : newline + 1;
}

const rangeOf = (node: unknown): [number, number, number] | undefined =>
  (node as { range?: [number, number, number] } | null | undefined)?.range;

const ended = (before: string, lineEnd: string): string => (before === '' || before.endsWith('\n') ? '' : lineEnd);

function yamlLines(missing: readonly string[], addition: Addition, indent: number, lineEnd: string): string {
  const value = addition.append === true ? [addition.value] : addition.value;
  const nested = [...missing].reverse().reduce<Json>((inner, key) => ({ [key]: inner }), value);
  return yamlOf(nested, indent)
    .map((line) => line + lineEnd)
    .join('');
}

/** A small writer for plain entries: mappings, lists, words and one-line commands. */
function yamlOf(value: Json, indent: number): string[] {
  const pad = ' '.repeat(indent);
  if (Array.isArray(value)) {
    return value.flatMap((each: Json) => {
      const [head = '', ...rest] = yamlOf(each, indent + 2);
      return [`${pad}- ${head.trimStart()}`, ...rest];
    });
  }
  if (typeof value !== 'object' || value === null) return [pad + scalar(value as string)];
  return Object.entries(value).flatMap(([key, inner]) => {
    if (typeof inner !== 'object' || inner === null) return [`${pad}${scalar(key)}: ${scalar(inner)}`];
    if (Array.isArray(inner) && inner.every((each) => typeof each === 'string'))
      return [`${pad}${scalar(key)}: [${inner.map(scalar).join(', ')}]`];
    return [`${pad}${scalar(key)}:`, ...yamlOf(inner, indent + 2)];
  });
}

function scalar(value: Json): string {
  if (typeof value !== 'string') return String(value);
  return /^[a-z][a-z0-9-]*$/i.test(value) && !/^(y|n|yes|no|on|off|true|false|null)$/i.test(value)
    ? value
    : `'${value.replaceAll("'", "''")}'`;
}

/** After the last entry of a JSON object, indented as that one is. */
function intoJson(text: string, map: YAMLMap, key: string, addition: Addition): Insertion | null {
  const last = map.items.at(-1);
  const at = rangeOf(last?.value)?.[1];
  const start = rangeOf(last?.key)?.[0];
  if (at === undefined || start === undefined) return null;
  const before = text.slice(0, start);
  const gap = /[\s]*$/.exec(before)?.[0] ?? '';
  return { at, text: `,${gap}${JSON.stringify(key)}: ${JSON.stringify(addition.value)}` };
}
