/** The published schema of a claim says what the reader of claims says, over documents right and wrong. */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type ClaimData, formatClaim, parseClaim } from '../../src/core/claims.ts';

interface Schema {
  readonly type?: string | readonly string[];
  readonly const?: unknown;
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly oneOf?: readonly Schema[];
  readonly $ref?: string;
  readonly $defs?: Readonly<Record<string, Schema>>;
  readonly pattern?: string;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minimum?: number;
}

const SCHEMA: Schema = JSON.parse(readFileSync(resolve(import.meta.dirname, '../../schema/claim.schema.json'), 'utf8'));

const KNOWN = [
  '$schema $id title description $defs type const required properties oneOf $ref pattern minLength maxLength minimum',
].flatMap((words) => words.split(' '));

const typeOf = (value: unknown): string => (value === null ? 'null' : Array.isArray(value) ? 'array' : typeof value);

/** The keywords that the schema uses, and no others. */
function isValid(schema: Schema, value: unknown): boolean {
  const strange = Object.keys(schema).filter((key) => !KNOWN.includes(key));
  if (strange.length > 0) throw new Error(`not understood here: ${strange}`);
  const { type, properties = {}, required = [], oneOf, $ref } = schema;
  if ($ref !== undefined) return isValid(SCHEMA.$defs?.[$ref.replace('#/$defs/', '')] ?? {}, value);
  if (oneOf !== undefined) return oneOf.filter((each) => isValid(each, value)).length === 1;
  if ('const' in schema && value !== schema.const) return false;
  if (type !== undefined && ![type].flat().includes(typeOf(value))) return false;
  if (typeof value === 'string') return isText(schema, value);
  if (typeof value === 'number') return value >= (schema.minimum ?? Number.NEGATIVE_INFINITY);
  if (typeOf(value) !== 'object') return true;
  const members = value as Record<string, unknown>;
  const hasAll = required.every((key) => members[key] !== undefined);
  return hasAll && Object.entries(properties).every(([key, each]) => !(key in members) || isValid(each, members[key]));
}

const isText = ({ pattern = '', minLength = 0, maxLength = Number.POSITIVE_INFINITY }: Schema, text: string): boolean =>
  new RegExp(pattern).test(text) && text.length >= minLength && text.length <= maxLength;

const number = fc.oneof(fc.nat(), fc.constantFrom<unknown>(-1, null, '1', undefined));
const text = fc.oneof(fc.stringMatching(/^[a-z]{1,9}$/), fc.constantFrom<unknown>('', null, 7, undefined));
const processes = fc.record({
  pid: number,
  startedMs: number,
  startTicks: number,
  recordedMs: number,
  host: text,
  bootId: text,
  pidNamespace: text,
});
const documents = fc.record({
  version: fc.constantFrom<unknown>(1, 1, 1, 2, '1', undefined),
  path: fc.constantFrom<unknown>('/r/wt', '/', 'wt', '', 7, undefined),
  owner: fc.oneof(text, fc.constantFrom('x'.repeat(200), 'x'.repeat(201))),
  createdMs: number,
  heartbeatMs: number,
  ttlMs: number,
  process: fc.oneof(fc.constant(null), processes, fc.constantFrom<unknown>(undefined, 7, [])),
});

const SOUND: ClaimData = {
  version: 1,
  path: '/r/wt',
  owner: 'lane 3',
  createdMs: 1,
  heartbeatMs: 2,
  ttlMs: 3,
  process: {
    pid: 7,
    startedMs: null,
    startTicks: null,
    recordedMs: 1,
    host: 'box',
    bootId: 'b',
    pidNamespace: 'pid:[1]',
  },
};

describe('the schema of a claim', () => {
  it('accepts what this program writes', () => {
    for (const claim of [SOUND, { ...SOUND, process: null }])
      expect(isValid(SCHEMA, JSON.parse(formatClaim(claim)))).toBe(true);
  });

  it.each(Object.keys(SOUND))('refuses a claim without its %s, as the reader does', (key) => {
    const document = Object.fromEntries(Object.entries(SOUND).filter(([name]) => name !== key));
    expect([isValid(SCHEMA, document), parseClaim(JSON.stringify(document))]).toEqual([false, null]);
  });

  it('agrees with the reader about every document', () => {
    let sound = 0;
    const agrees = fc.property(documents, (document) => {
      const json = JSON.parse(JSON.stringify(document)) as unknown;
      const isRead = parseClaim(JSON.stringify(json)) !== null;
      if (isRead) sound++;
      expect(isRead).toBe(isValid(SCHEMA, json));
    });
    const one = fc
      .constantFrom(...Object.keys(SOUND))
      .chain((key) => documents.map((document) => ({ ...SOUND, [key]: document[key as keyof typeof document] })));
    fc.assert(agrees, { numRuns: 500, seed: 11 });
    fc.assert(
      fc.property(one, (document) => {
        const json = JSON.parse(JSON.stringify(document)) as unknown;
        const isRead = parseClaim(JSON.stringify(json)) !== null;
        if (isRead) sound++;
        expect([json, isRead]).toEqual([json, isValid(SCHEMA, json)]);
      }),
      { numRuns: 1_000, seed: 11 },
    );
    expect(sound).toBeGreaterThan(100);
  });
});
