/**
 * Values in a JSON document by pointer (RFC 6901), with `*` for every member of a list or mapping.
 *
 * Contract: pure. A pointer that leads nowhere has no values; that is an answer and not a failure.
 */

/** A document that is deeper than this was not written by a tool. */
const MAX_STEPS = 32;

/** `*` multiplies; no state file holds more than this. */
const MAX_VALUES = 10_000;

/** Why a pointer cannot be used, or null. */
export function pointerProblem(pointer: string): string | null {
  if (pointer !== '' && !pointer.startsWith('/')) return 'does not start with a slash';
  if (/~(?![01])/.test(pointer)) return 'holds a ~ that is neither ~0 nor ~1';
  return pointer.split('/').length > MAX_STEPS ? `has more than ${MAX_STEPS} steps` : null;
}

/** All values that `pointer` leads to; null when there are too many to look at. */
export function valuesAt(document: unknown, pointer: string): readonly unknown[] | null {
  let found: unknown[] = [document];
  for (const step of pointer.split('/').slice(1)) {
    found = found.flatMap((value) => membersOf(value, step));
    if (found.length > MAX_VALUES) return null;
  }
  return found;
}

function membersOf(value: unknown, step: string): unknown[] {
  if (value === null || typeof value !== 'object') return [];
  if (step === '*') return Object.values(value);
  const name = step.replaceAll('~1', '/').replaceAll('~0', '~');
  if (Array.isArray(value) && !/^(?:0|[1-9]\d*)$/.test(name)) return [];
  return Object.hasOwn(value, name) ? [(value as Record<string, unknown>)[name]] : [];
}
