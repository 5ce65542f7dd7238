/** How values on the command line are read. */
import { type Command, InvalidArgumentError } from 'commander';
import { parseDuration } from '../config/duration.ts';

/** A duration in milliseconds. */
export const ms = (text: string): number => {
  const value = parseDuration(text);
  if (value === null) throw new InvalidArgumentError('Expected a duration such as 90s, 30m, 24h or 7d.');
  return value;
};

/** A number of things. */
export const count = (text: string): number => {
  if (!/^\d{1,6}$/.test(text)) throw new InvalidArgumentError('Expected a whole number.');
  return Number(text);
};

/** An option that may be repeated: every value, in order. */
export const collect = (value: string, previous: readonly string[] = []): string[] => [...previous, value];

/** `help nope` is answered as `nope` is: an unknown command, with the nearest one. */
export function withoutVainHelp(program: Command, argv: readonly string[]): string[] {
  const [node = '', file = '', first, name = '-', ...rest] = argv;
  const isKnown = name.startsWith('-') || program.commands.some((command) => command.name() === name);
  return first === 'help' && !isKnown ? [node, file, name, ...rest] : [...argv];
}
