/**
 * Shell completion and the manual page, from the same definition as `--help`.
 *
 * Contract: pure; the commander program goes in, a text comes out. Hidden options stay hidden.
 * Names of commands and options are the program's own, so nothing in the scripts comes from outside.
 */
import type { Command, Option } from 'commander';
import { EPILOGUE, examplesOf } from './help.ts';

export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

/** The completion script of one shell. */
export function completion(program: Command, shell: Shell): string {
  if (shell === 'bash') return bash(program);
  return shell === 'zsh' ? zsh(program) : fish(program);
}

const visible = (command: Command): readonly Option[] => command.options.filter((option) => !option.hidden);
const flagsOf = (options: readonly Option[]): string[] =>
  options.flatMap(({ short, long }) => [short, long].filter((flag) => flag !== undefined));
const shared = (program: Command): string[] => [...flagsOf(visible(program)), '-h', '--help'];

function bash(program: Command): string {
  const cases = program.commands.map((command) => {
    const words = [...flagsOf(visible(command)), ...choicesOf(command), ...shared(program)];
    return `    ${command.name()}) words='${words.join(' ')}' ;;`;
  });
  return `# bash completion for ${program.name()}: source <(${program.name()} completion bash)
_reaper_hook() {
  local current=\${COMP_WORDS[COMP_CWORD]} command='' before='' word words
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case $before:$word in --repo:*) ;; *:-*) ;; *) command=$word; break ;; esac
    before=$word
  done
  [[ \${COMP_WORDS[COMP_CWORD-1]} != --repo ]] || return 0
  case $command in
${cases.join('\n')}
    *) words='${[...program.commands.map((each) => each.name()), 'help', ...shared(program)].join(' ')}' ;;
  esac
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
}
complete -o default -F _reaper_hook ${program.name()}`;
}

function zsh(program: Command): string {
  const commands = program.commands.map((each) => `    '${each.name()}:${quoted(each.summary())}'`);
  const cases = program.commands.map((command) => {
    const words = [...visible(command), ...visible(program)].map(zshOption);
    const choices = choicesOf(command);
    const rest = choices.length > 0 ? `'1:what:(${choices.join(' ')})'` : "'*:file:_files'";
    return `    ${command.name()}) _arguments ${[...words, rest].join(' ')} ;;`;
  });
  return `#compdef ${program.name()}
# zsh completion for ${program.name()}: source <(${program.name()} completion zsh)
_reaper_hook() {
  local -a commands
  commands=(
${commands.join('\n')}
  )
  if ((CURRENT == 2)); then
    _describe command commands
    return
  fi
  local command=$words[2]
  shift words
  ((CURRENT--))
  case $command in
${cases.join('\n')}
  esac
}
compdef _reaper_hook ${program.name()}`;
}

const zshOption = ({ long, short, description, required }: Option): string =>
  `'${long ?? short}[${quoted(description).replace(/[[\]]/g, '\\$&')}]${required ? ':value:_files' : ''}'`;

function fish(program: Command): string {
  const name = program.name();
  const lines = [`# fish completion for ${name}: ${name} completion fish | source`];
  const unused = `not __fish_seen_subcommand_from ${program.commands.map((each) => each.name()).join(' ')}`;
  for (const command of program.commands) {
    lines.push(`complete -c ${name} -f -n '${unused}' -a ${command.name()} -d '${quoted(command.summary())}'`);
    for (const option of visible(command))
      lines.push(`complete -c ${name} -n '__fish_seen_subcommand_from ${command.name()}' ${fishOption(option)}`);
    for (const choice of choicesOf(command))
      lines.push(`complete -c ${name} -f -n '__fish_seen_subcommand_from ${command.name()}' -a ${choice}`);
  }
  for (const option of visible(program)) lines.push(`complete -c ${name} ${fishOption(option)}`);
  return lines.join('\n');
}

function fishOption({ long, short, description, required }: Option): string {
  const flags = [long === undefined ? '' : `-l ${long.slice(2)}`, short === undefined ? '' : `-s ${short.slice(1)}`];
  return [...flags, required ? '-r' : '', `-d '${quoted(description)}'`].filter((part) => part !== '').join(' ');
}

const choicesOf = (command: Command): readonly string[] =>
  command.registeredArguments.flatMap(({ argChoices }) => argChoices ?? []);

/** Inside single quotes of any shell: the texts are ours, and an apostrophe becomes a typographic one. */
const quoted = (text: string): string => text.replaceAll("'", '’').replaceAll(':', ' -');

/** The manual page in roff. */
export function manual(program: Command, version: string): string {
  const name = program.name();
  const lines = [
    `.TH ${name.toUpperCase()} 1 "" "${name} ${version}" "User Commands"`,
    '.SH NAME',
    `${roff(name)} \\- a git hook that gives back the disk coding agents leave behind`,
    '.SH SYNOPSIS',
    `.B ${roff(name)}`,
    '[\\fIoptions\\fR] \\fIcommand\\fR [\\fIargument\\fR...]',
    '.SH DESCRIPTION',
    paragraphs(program.description()),
    '.SH OPTIONS',
    ...visible(program).flatMap(roffOption),
    '.SH COMMANDS',
    ...program.commands.flatMap((command) => [
      `.SS "${roff(`${command.name()} ${command.usage()}`.trim())}"`,
      paragraphs(command.description()),
      ...visible(command).flatMap(roffOption),
      ...roffExamples(examplesOf(command.name())),
    ]),
    '.SH NOTES',
    '.nf',
    EPILOGUE.trim().split('\n').map(roff).join('\n'),
    '.fi',
  ];
  return lines.join('\n');
}

const roffOption = ({ flags, description }: Option): string[] => ['.TP', `.B ${roff(flags)}`, roff(description)];

const roffExamples = (examples: readonly (readonly [string, string])[]): string[] =>
  examples.length === 0
    ? []
    : ['.PP', 'Examples:', ...examples.flatMap(([command, what]) => ['.TP', `.B ${roff(command)}`, roff(what)])];

const paragraphs = (text: string): string =>
  text
    .split('\n\n')
    .map((part) => roff(filled(part)))
    .join('\n.PP\n');

/** A longer line is frowned upon in a manual's source. */
const FILLED = 72;

/** One word after the other, as many on a line as fit. */
function filled(text: string): string {
  const lines: string[] = [];
  for (const word of text.split(/\s+/)) {
    const last = lines.at(-1);
    if (last === undefined || `${last} ${word}`.length > FILLED) lines.push(word);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines.join('\n');
}

/** A dash that stays a dash, and no line that starts a request. */
const roff = (text: string): string =>
  text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replace(/^(?=[.'])/gm, '\\&');
