/** Names that are not UTF-8 keep every byte on the way through the program. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nativePath, readableName } from '../../src/io/rawpath.ts';

const back = (name: string): Buffer => Buffer.from(nativePath(name) as string);

describe('a file name as a string', () => {
  it('gives back the very bytes it was made of, whatever they are', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => back(readableName(Buffer.from(bytes))).equals(bytes)),
    );
  });

  it('is the text itself where it is UTF-8, with every kind of character', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 40 }), (text) => {
        expect(readableName(Buffer.from(text))).toBe(text);
        expect(nativePath(text)).toBe(text);
      }),
    );
  });

  it('tells names apart that the usual decoding shows alike', () => {
    const [one, other] = [readableName(Buffer.from([0x61, 0xff])), readableName(Buffer.from([0x61, 0xfe]))];
    expect(one).not.toBe(other);
    expect(readableName(Buffer.from('a\uFFFD'))).toBe('a\uFFFD');
  });

  it('survives being written into a note and read back', () => {
    const name = readableName(Buffer.from([0x2f, 0xc3, 0x28, 0x80]));
    expect(JSON.parse(JSON.stringify(name))).toBe(name);
  });
});
