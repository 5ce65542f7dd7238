/**
 * File names that are not UTF-8, carried in strings: each byte that belongs to no character becomes one of
 * the lone surrogates U+DC80 to U+DCFF, which no text holds otherwise, and the same byte again on the way out.
 *
 * Contract: `nativePath(readableName(bytes))` names the same file; text that is plain UTF-8 is left as it is.
 * Failure direction: a name that was decoded the ordinary way (with U+FFFD) names no file.
 */

/** What the ordinary decoding puts in place of bytes that it does not understand. */
const REPLACED = '\uFFFD';

/** One byte in disguise: the second half of a pair whose first half is not there. */
const LONE = /(?<![\uD800-\uDBFF])[\uDC80-\uDCFF]/;
const EACH_LONE = new RegExp(LONE, 'g');

const DISGUISE = 0xdc00;

/** True when a name that was decoded the ordinary way may have lost bytes. */
export const mayHaveLost = (name: string): boolean => name.includes(REPLACED);

/** The path as the system knows it. */
export function nativePath(path: string): string | Buffer {
  if (!LONE.test(path)) return path;
  const parts: Buffer[] = [];
  let start = 0;
  for (const { index } of path.matchAll(EACH_LONE)) {
    parts.push(Buffer.from(path.slice(start, index), 'utf8'), Buffer.from([path.charCodeAt(index) - DISGUISE]));
    start = index + 1;
  }
  return Buffer.concat([...parts, Buffer.from(path.slice(start), 'utf8')]);
}

/** A name as a string that `nativePath` turns back. */
export function readableName(bytes: Buffer): string {
  const plain = bytes.toString('utf8');
  if (!mayHaveLost(plain)) return plain;
  let text = '';
  for (let at = 0; at < bytes.length; ) {
    const length = characterAt(bytes, at);
    text += length === 0 ? String.fromCharCode(DISGUISE + (bytes[at] ?? 0)) : bytes.toString('utf8', at, at + length);
    at += length === 0 ? 1 : length;
  }
  return text;
}

/** How many bytes the character at `at` takes, or 0 when there is none. */
function characterAt(bytes: Buffer, at: number): number {
  for (let length = 1; length <= 4 && at + length <= bytes.length; length++) {
    const part = bytes.subarray(at, at + length);
    const text = part.toString('utf8');
    if (!text.includes(REPLACED) || part.equals(Buffer.from(REPLACED, 'utf8'))) return length;
  }
  return 0;
}
