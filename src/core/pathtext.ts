/**
 * Whether a text that the kernel or a person wrote names a directory, or something below it.
 *
 * Contract: pure; directories are absolute and normalised.
 * Failure direction: too many texts are taken to name it rather than too few: a false "yes" keeps.
 */
import { isInside } from './paths.ts';

/** What the kernel appends to the path of something that was deleted. */
const DELETED = ' (deleted)';

/** A link text without the mark of deletion, and whether it had one. */
export function undeleted(text: string): { readonly path: string; readonly wasDeleted: boolean } {
  const wasDeleted = text.endsWith(DELETED);
  return { path: wasDeleted ? text.slice(0, -DELETED.length) : text, wasDeleted };
}

/** True when the link text leads to one of `directories` or below, with the mark of deletion or as a name. */
export function leadsInto(text: string, directories: readonly string[]): boolean {
  const { path } = undeleted(text);
  return directories.some((directory) => isInside(text, directory) || isInside(path, directory));
}

/** A character that would make the name before it another, longer name. */
const NAME_CHARACTER = /[\p{L}\p{N}_.~+@%-]/u;

/**
 * True when `text` holds `directory`, alone or followed by anything that ends its name, wherever in the text:
 * `/a/b`, `--cwd=/a/b/c`, `file:///a/b`, `cd /a/b && make`; but `/a/b-2` does not hold `/a/b`.
 */
export function mentions(text: string, directory: string): boolean {
  for (let at = text.indexOf(directory); at !== -1; at = text.indexOf(directory, at + 1)) {
    const [next] = text.slice(at + directory.length, at + directory.length + 2);
    if (next === undefined || !NAME_CHARACTER.test(next)) return true;
    // `.` may end a sentence, or start `..`: only a name that goes on is another one.
    if (/^\.(?![\p{L}\p{N}_.~+@%-])/u.test(text.slice(at + directory.length))) return true;
  }
  return false;
}

/**
 * The readings of one argument that may hold a path: itself, a relative path from `cwd`, and with its
 * percent signs decoded when it is a URL.
 */
export function readingsOf(arg: string, cwd: string | null): string[] {
  const readings = [arg];
  const value = arg.startsWith('-') ? arg.slice(arg.indexOf('=') + 1) : arg;
  if (cwd !== null && value !== '' && !value.startsWith('/') && !value.startsWith('-'))
    readings.push(resolve(cwd, value));
  if (arg.includes('%') && arg.includes('://')) readings.push(decoded(arg));
  return readings;
}

/** Joins and normalises; what is no path at all becomes a name below `cwd`, which does no harm. */
function resolve(cwd: string, relative: string): string {
  const steps = undeleted(cwd)
    .path.split('/')
    .filter((step) => step !== '');
  for (const step of relative.split('/')) {
    if (step === '..') steps.pop();
    else if (step !== '' && step !== '.') steps.push(step);
  }
  return `/${steps.join('/')}`;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** A shell's line may name many paths; the ones just before a name are those that may lead to it. */
const MOST_STARTS = 8;

/**
 * The absolute paths in `text` that end in the component `name`, as far as that component. They may lead, through
 * a symbolic link above it, to the directory of that name.
 */
export function pathsEndingIn(text: string, name: string): string[] {
  const found: string[] = [];
  const component = `/${name}`;
  for (let at = text.indexOf(component); at !== -1; at = text.indexOf(component, at + 1)) {
    const end = at + component.length;
    if (!mentions(text.slice(at, end + 2), component)) continue;
    const starts = [...text.slice(0, at + 1).matchAll(/(?<=^|[=:'" ,;(])\//g)].slice(-MOST_STARTS);
    for (const { index } of starts) found.push(text.slice(index, end));
  }
  return found;
}
