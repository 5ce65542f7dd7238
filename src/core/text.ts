/**
 * Makes names from outside safe to print, and numbers easy to read.
 *
 * Contract: pure. Whatever a branch, path, lock reason or process is called, the result has no
 * control, formatting or bidirectional characters, so nothing in it can speak to a terminal.
 */
import prettyBytes from 'pretty-bytes';

/** Longer names than this are cut: they can only be noise on a screen. */
const MAX_PRINTED = 400;

const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Co}\p{Cs}\p{Zl}\p{Zp}]/gu;

/** `text` with every character that is not plainly visible shown as an escape. */
export function printable(text: string): string {
  const cut = text.length > MAX_PRINTED ? `${text.slice(0, MAX_PRINTED)}...` : text;
  return cut.replace(UNPRINTABLE, escaped);
}

/**
 * A finished page with whatever is still in it that is not plainly visible shown as an escape: the last
 * line of defence, behind `printable` for each name. Line ends stay, and with `colors` our own colours.
 */
export function forTerminal(page: string, { colors }: { readonly colors: boolean }): string {
  const parts = colors ? page.split(COLOR) : [page];
  return parts
    .map((part, index) =>
      index % 2 === 1 ? part : part.replace(UNPRINTABLE, (each) => (each === '\n' ? each : escaped(each))),
    )
    .join('');
}

const COLOR = /(\u001b\[\d{1,2}m)/;

/** A JSON document that can be shown as it is: what JSON itself leaves as it is becomes an escape of JSON's. */
export const jsonForTerminal = (json: string): string =>
  json.replace(UNPRINTABLE, (each) =>
    each === '\n'
      ? each
      : [...Array(each.length).keys()].map((at) => `\\u${each.charCodeAt(at).toString(16).padStart(4, '0')}`).join(''),
  );

function escaped(character: string): string {
  if (character === '\n') return '\\n';
  if (character === '\t') return '\\t';
  const code = character.codePointAt(0) ?? 0;
  return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u{${code.toString(16)}}`;
}

/** `text` as one word of a POSIX shell command. */
export function shellWord(text: string): string {
  if (/^[A-Za-z0-9_./@%+=:,-]+$/.test(text) && !text.startsWith('-')) return text;
  const safe = text.startsWith('-') ? `./${text}` : text;
  if (printable(safe) !== safe) return `$'${printable(safe).replaceAll("'", "\\'")}'`;
  return `'${safe.replaceAll("'", `'\\''`)}'`;
}

/** The same for a path, with `~` where a shell puts the home directory. */
export function shellPath(path: string, home: string): string {
  return home !== '' && path.startsWith(`${home}/`) ? `~/${shellWord(path.slice(home.length + 1))}` : shellWord(path);
}

/** A path to be read, with `~` for the home directory. */
export function readablePath(path: string, home: string): string {
  return printable(home !== '' && path.startsWith(`${home}/`) ? `~${path.slice(home.length)}` : path);
}

const SECOND = 1000;
const UNITS: readonly (readonly [string, number])[] = [
  ['d', 86_400 * SECOND],
  ['h', 3_600 * SECOND],
  ['m', 60 * SECOND],
  ['s', SECOND],
];

/** A duration in its largest fitting unit: `3d`, `40m`, `0s`. */
export function duration(ms: number): string {
  const size = Math.max(0, ms);
  for (const [unit, unitMs] of UNITS) if (size >= unitMs) return `${Math.floor(size / unitMs)}${unit}`;
  return size === 0 ? '0s' : '<1s';
}

/** As much of a unit counts as the whole of it: what is kept for seven days is not kept for six a minute later. */
const NEARLY = 0.98;

/** What is left of a duration, in its largest unit: `7d` also a minute after seven days began, and never much more than is left. */
export function remaining(ms: number): string {
  for (const [unit, unitMs] of UNITS)
    if (ms >= unitMs * NEARLY) return `${Math.floor(ms / unitMs + 1 - NEARLY)}${unit}`;
  return duration(ms);
}

/** Bytes with a decimal unit, in two or three digits: `4.1 GB`, `290 MB`, `77 kB`. The same in every locale. */
export function bytes(count: number): string {
  const unit = 1000 ** Math.floor(Math.log10(Math.max(1, count)) / 3);
  const step = count < 1e6 || count >= 100 * unit ? unit : unit / 10;
  return prettyBytes(Math.round(count / step) * step);
}

/** `1 worktree`, `3 worktrees`. */
export const plural = (count: number, noun: string, many = `${noun}s`): string =>
  `${count} ${count === 1 ? noun : many}`;
