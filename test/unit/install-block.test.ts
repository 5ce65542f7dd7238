/** The marked block: what goes in comes out again, character for character. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BEGIN, bodyOf, END, findBlock, insertBlock, removeBlock } from '../../src/install/block.ts';

const BODY = 'ours\nours too\n';

function inserted(text: string, body = BODY): string {
  const result = insertBlock(text, body);
  if (!result.ok) throw new Error(result.why);
  return result.text;
}

const fragment = fc.oneof(
  fc.constantFrom(
    '#!/bin/sh',
    'exec "$@"',
    'exit 0',
    'exit',
    '  exit 1',
    'exit 0 # done',
    'if true; then',
    'fi',
    '# comment',
    '',
    ' ',
    'a \\',
    'a \\\\',
    'false ||',
    'cat <<EOF',
    'EOF',
    'exec 2>/dev/null',
    'exit 0; fi',
    'exit\r',
    '# >>> other >>>',
    ' # >>> reaper-hook >>>',
    '\ufeff',
    'é\u2028',
  ),
  fc.string(),
  fc.string({ unit: 'binary' }),
);
const shellText = fc
  .tuple(fc.array(fc.tuple(fragment, fc.constantFrom('\n', '\n', '\r\n', '\r', '')), { maxLength: 12 }))
  .map(([lines]) => lines.map(([line, end]) => line + end).join(''))
  .filter((text) => findBlock(text).state === 'none' && insertBlock(text, BODY).ok);

describe('a block', () => {
  it('comes out of any text as if it had never been in', () => {
    fc.assert(
      fc.property(shellText, (text) => {
        expect(removeBlock(inserted(text))).toBe(text);
      }),
      { numRuns: 2000, seed: 1 },
    );
  });

  it('comes out after others have written before and after it, with their writing kept', () => {
    const writing = fc.array(fc.constantFrom('echo a\n', 'echo b\r\n', '\n', '# c\n')).map((lines) => lines.join(''));
    fc.assert(
      fc.property(shellText, writing, writing, (text, before, after) => {
        const whole = inserted(text);
        const isLast = findEnd(whole) === whole.length;
        const expected = isLast && after !== '' && text !== '' && !text.endsWith('\n') ? `${text}\n` : text;
        expect(removeBlock(before + whole + after)).toBe(before + expected + after);
      }),
      { numRuns: 1000, seed: 2 },
    );
  });

  it('comes out after an editor has rewritten all line ends', () => {
    const text = 'echo a\nexit 0\n';
    expect(removeBlock(inserted(text).replaceAll('\n', '\r\n'))).toBe(text.replaceAll('\n', '\r\n'));
    expect(removeBlock(inserted('echo a').replaceAll('\n', '\r\n'))).toBe('echo a');
  });

  it('is replaced in place, so that putting it in twice is putting it in once', () => {
    fc.assert(
      fc.property(shellText, (text) => {
        expect(inserted(inserted(text))).toBe(inserted(text));
        expect(inserted(inserted(text, 'older\n'))).toBe(inserted(text));
      }),
      { numRuns: 500, seed: 3 },
    );
  });

  it.each([
    ['a last exit', 'echo a\nexit 0\n', 'echo a\n'],
    ['a last exit with trailing comments', 'echo a\nexit $?\n\n# end\n', 'echo a\n'],
    ['a last exec over several lines', 'echo a\nexec foo \\\n  --bar "$@"\n', 'echo a\n'],
    ['an exit without an end of line', 'echo a\nexit', 'echo a\n'],
  ])('goes before %s', (_what, text, head) => {
    expect(inserted(text)).toBe(head + inserted('') + text.slice(head.length));
  });

  it.each([
    ['nothing', ''],
    ['a command', 'echo a\n'],
    ['an indented exit', 'if x; then\n  exit 0\nfi\n'],
    ['an exit that closes something', 'if x; then\nexit 0; fi\n'],
    ['an exit that belongs to the line before', 'x ||\nexit 0\n'],
    ['an exit inside a branch', 'x &&\n# why\nexit 0\n'],
    ['a word that starts like exit', 'exits\n'],
    ['only comments', '#!/bin/sh\n# nothing yet\n'],
  ])('goes to the end after %s', (_what, text) => {
    expect(inserted(text)).toBe(text + inserted(''));
  });

  it('is not put where the shell would take it for the rest of a statement', () => {
    expect(insertBlock('foo \\\n', BODY)).toEqual({ ok: false, why: 'unfinished' });
    expect(insertBlock('foo \\', BODY)).toEqual({ ok: false, why: 'unfinished' });
    expect(insertBlock('foo \\\\\n', BODY).ok).toBe(true);
    expect(insertBlock('# comment \\\n', BODY).ok).toBe(true);
  });

  it.each([
    ['its end', `a\n${BEGIN}\nb\n`],
    ['its beginning', `a\n${END}\nb\n`],
    ['the right order', `${END}\n${BEGIN}\n`],
    ['solitude', inserted('') + inserted('')],
  ])('is left alone when it has lost %s', (_what, text) => {
    expect(findBlock(text)).toEqual({ state: 'damaged' });
    expect(insertBlock(text, BODY)).toEqual({ ok: false, why: 'damaged' });
    expect(removeBlock(text)).toBe(text);
  });

  it('shows when its lines were changed by hand, and not when only their ends were', () => {
    const text = inserted('echo a\n');
    const intact = (changed: string) => {
      const found = findBlock(changed);
      return found.state === 'found' && found.block.intact;
    };
    expect(intact(text)).toBe(true);
    expect(intact(text.replaceAll('\n', '\r\n'))).toBe(true);
    expect(intact(text.replace('ours too', 'mine'))).toBe(false);
    expect(intact(text.replace(/<<< [0-9a-f]+/, '<<<'))).toBe(false);
  });

  it('is read from a template, which carries no seal', () => {
    expect(bodyOf(`#!/bin/sh\n${BEGIN}\n${BODY}${END}\n`)).toBe(BODY);
    expect(bodyOf('#!/bin/sh\n')).toBe(null);
  });
});

function findEnd(text: string): number {
  const found = findBlock(text);
  return found.state === 'found' ? found.block.end : -1;
}
