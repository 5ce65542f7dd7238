/**
 * Sizes as people write them: `500MB`, `10GB`, `1.5TB`.
 *
 * Contract: a number and a unit, nothing else; a thousand is 1024, as the library and `du` have it.
 * Failure direction: anything else is null, and the caller says so.
 */
import bytes from 'bytes';

/** The library would also take a bare number, and text after one. */
const FORM = /^(?:0|[1-9]\d{0,5})(?:\.\d{1,3})?(?:B|KB|MB|GB|TB)$/i;

/** Bytes, or null when the text is not a size. */
export function parseSize(text: string): number | null {
  return FORM.test(text) ? bytes.parse(text) : null;
}
