import { describe, expect, it } from 'vitest';
import { type Addition, addEntries, takeOut } from '../../src/install/edits.ts';

const ENTRY: Addition = { path: ['post-checkout', 'commands', 'reaper-hook'], value: { run: 'it\'s $(x) "y"' } };
const ITEM: Addition = {
  path: ['repos'],
  append: true,
  value: { repo: 'local', hooks: [{ id: 'r', stages: ['a', 'b'], entry: 'x: y' }] },
};

describe('an addition to YAML', () => {
  it.each([
    ['an empty file', '', ENTRY],
    ['comments alone', '# nothing yet\n', ENTRY],
    ['no end of line', 'pre-push: {}', ENTRY],
    ['CRLF', 'pre-push: {}\r\npost-checkout:\r\n  commands:\r\n    a: {run: b}\r\n', ENTRY],
    [
      'another indentation',
      'post-checkout:\n      commands:\n         a:\n            run: b # c\n# end\n\nz: 1\n',
      ENTRY,
    ],
    [
      'a block of text at the end',
      'post-checkout:\n  commands:\n    a:\n      run: |\n        one\n        two\n\n\n# end\n',
      ENTRY,
    ],
    ['a hook without commands', 'post-checkout:\n  piped: true\npre-push: {}\n', ENTRY],
    ['quotes around the key', '"post-checkout":\n  "commands":\n    "a": {run: b}\n', ENTRY],
    ['an anchor that is used elsewhere', 'x: &x {run: b}\npost-checkout:\n  commands:\n    a: *x\n', ENTRY],
    ['a list at the margin', 'repos:\n- repo: a\n  hooks: []\n# end\nfail_fast: true\n', ITEM],
    ['an indented list', 'repos:\n    # one\n    -   repo: a\n        hooks: [{id: b}]   # b\n\nx: 1\n', ITEM],
    ['no list', 'fail_fast: true\n', ITEM],
  ])('to %s holds all that was there, and comes out again', (_what, text, addition) => {
    const edit = addEntries(text, [addition], 'yaml');
    expect(edit).toMatchObject({ ok: true });
    if (!edit.ok) return;
    expect(edit.text).not.toBe(text);
    expect(takeOut(edit.text, edit.pieces)).toMatchObject({ ok: true, text });
    expect(takeOut(`# before\n${edit.text}after: 1\n`, edit.pieces)).toMatchObject({
      text: expect.stringContaining('# before\n'),
    });
    expect(addEntries(edit.text, [addition], 'yaml')).toEqual({ ok: true, text: edit.text, pieces: [] });
  });

  it.each([
    ['a flow mapping', 'post-checkout: {commands: {a: {run: b}}}\n', ENTRY],
    ['a scalar in the way', 'post-checkout: later\n', ENTRY],
    ['an alias in the way', 'x: &x\n  commands: {}\npost-checkout: *x\n', ENTRY],
    ['a list in flow style', 'repos: [{repo: a}]\n', ITEM],
    ['a list at the root', '- a\n', ENTRY],
    ['an error', 'a: [\n', ENTRY],
    ['a key twice', 'a: 1\na: 2\n', ENTRY],
    ['a second document', 'a: 1\n---\nb: 2\n', ENTRY],
  ])('to %s is refused', (_what, text, addition) => {
    expect(addEntries(text, [addition], 'yaml')).toMatchObject({ ok: false });
  });
});

describe('an addition to JSON', () => {
  const hook: Addition = { path: ['simple-git-hooks', 'post-merge'], value: 'x "$@"' };

  it.each([
    ['tabs', '{\n\t"simple-git-hooks": {\n\t\t"pre-push": "a"\n\t}\n}\n', '"a",\n\t\t"post-merge": "x \\"$@\\""\n'],
    ['two blanks, no end', '{\n  "simple-git-hooks": {\n    "pre-push": "a"\n  }\n}', '"a",\n    "post-merge"'],
    ['one line', '{"simple-git-hooks":{"pre-push":"a"},"z":1}', '"a","post-merge": "x'],
    ['CRLF', '{\r\n  "simple-git-hooks": {\r\n    "pre-push": "a"\r\n  }\r\n}\r\n', '"a",\r\n    "post-merge"'],
  ])('with %s keeps them, and comes out again', (_what, text, written) => {
    const edit = addEntries(text, [hook], 'json');
    expect(edit).toMatchObject({ ok: true, text: expect.stringContaining(written) });
    if (edit.ok) expect(takeOut(edit.text, edit.pieces)).toMatchObject({ text });
  });

  it.each([
    ['an empty object', '{"simple-git-hooks":{}}'],
    ['no such key', '{"name":"x"}'],
    ['comments', '{\n  // a\n  "simple-git-hooks": {"a":"b"}\n}'],
    ['a list', '[]'],
  ])('with %s is refused', (_what, text) => {
    expect(addEntries(text, [hook], 'json')).toMatchObject({ ok: false });
  });
});

it('a piece that was changed, or that is there twice, is not taken out', () => {
  expect(takeOut('a reaper', ['reapers'])).toMatchObject({ ok: false });
  expect(takeOut('reaper reaper', ['reaper'])).toMatchObject({ ok: false });
});
