/**
 * Sizes as people write them: `500MB`, `10GB`, `1.5TiB`.
 *
 * Contract: a number and a unit, nothing else. KB, MB, GB and TB are powers of 1000, as sizes are shown;
 * KiB, MiB, GiB and TiB are powers of 1024. Failure direction: anything else is null, and the caller says so.
 */

/** More digits than a disk needs are a mistake. */
const FORM = /^((?:0|[1-9]\d{0,5})(?:\.\d{1,3})?)(?:([KMGT])(i)?)?B$/i;

const PREFIXES = ['K', 'M', 'G', 'T'];

/** Bytes, rounded down, or null when the text is not a size. */
export function parseSize(text: string): number | null {
  const [, amount, prefix, binary] = FORM.exec(text) ?? [];
  if (amount === undefined) return null;
  const power = prefix === undefined ? 0 : PREFIXES.indexOf(prefix.toUpperCase()) + 1;
  const bytes = Math.floor(Number(amount) * (binary === undefined ? 1000 : 1024) ** power);
  return Number.isSafeInteger(bytes) ? bytes : null;
}
