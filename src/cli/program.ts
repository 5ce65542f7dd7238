/**
 * The command line: every command, option and its help, in one definition.
 *
 * Contract: parsing and help only; each action hands a function from context to answer upwards.
 */
import { Argument, Command, Option } from 'commander';
import { JSON_VERSION } from '../core/version.ts';
import { collect, count, ms } from './arguments.ts';
import { commands } from './commands.ts';
import { completion, manual, SHELLS, type Shell } from './completion.ts';
import type { Answer, Context, GlobalOptions } from './context.ts';
import { EPILOGUE, exampleText, HELP, SUMMARY } from './help.ts';

type Run = (context: Context) => Promise<Answer>;

export interface Rim {
  readonly version: string;
  /** Runs a command and prints its answer. */
  readonly answer: (global: GlobalOptions, command: Run) => Promise<void>;
  readonly hookRun: (from: string) => Promise<void>;
  readonly readStdin: () => string;
}

/** Builds the parser. */
export function createProgram(rim: Rim): Command {
  const program = new Command('reaper-hook');
  program
    .description(HELP.program)
    .version(rim.version, '-V, --version', 'print the version')
    .addOption(
      new Option('--repo <path>', 'work on the repository that holds this directory').default(process.cwd(), 'here'),
    )
    .option('--json', 'print one JSON document on stdout')
    .option('--quiet', 'print no notes')
    .option('--no-color', 'print without colours')
    .helpOption('-h, --help', 'print help')
    .helpCommand('help [command]', 'print help for a command')
    .showSuggestionAfterError(true)
    .showHelpAfterError('(reaper-hook --help shows every command)')
    .addHelpText('after', EPILOGUE)
    .configureHelp({
      subcommandTerm: (command) => `${command.name()} ${command.usage().replace(/^\[options\] ?/, '')}`.trimEnd(),
    })
    .exitOverride((error) => {
      process.exit(error.exitCode === 0 ? 0 : 2);
    });
  const does = (command: Run) => {
    const { repo, json, quiet, color } = program.opts<Partial<GlobalOptions>>();
    return rim.answer(
      { repo: repo ?? process.cwd(), json: json === true, quiet: quiet === true, color: color !== false },
      command,
    );
  };
  addSetup(program, does);
  addLooking(program, does, rim);
  addRun(program, does, rim);
  addQuarantine(program, does);
  addClaims(program, does);
  addPapers(program, does, rim.version);
  for (const command of program.commands) {
    command.addHelpText('after', exampleText(command.name()));
    allowGlobalOptions(command);
  }
  return program;
}

type Does = (command: Run) => Promise<void>;

function addSetup(program: Command, does: Does): void {
  program
    .command('install')
    .summary(SUMMARY.install)
    .description(HELP.install)
    .option('--write', 'add entries to the configuration of lefthook, pre-commit or simple-git-hooks')
    .option('--chain', "go behind git-lfs's own text in its hook files")
    .action((options: { write?: boolean; chain?: boolean }) =>
      does(async (context) => (await commands.setup()).installCommand(context, options)),
    );
  program
    .command('uninstall')
    .summary(SUMMARY.uninstall)
    .description(HELP.uninstall)
    .action(() => does(async (context) => (await commands.setup()).uninstallCommand(context)));
  program
    .command('allow')
    .summary(SUMMARY.allow)
    .description(HELP.allow)
    .option('--yes', 'approve without being asked')
    .action((options: { yes?: boolean }) =>
      does(async (context) => (await commands.setup()).allow(context, options.yes === true)),
    );
  program
    .command('init')
    .summary(SUMMARY.init)
    .description(HELP.init)
    .option('--yes', 'write it without being asked')
    .action((options: { yes?: boolean }) =>
      does(async (context) => (await commands.init()).init(context, options.yes === true)),
    );
  program
    .command('doctor')
    .summary(SUMMARY.doctor)
    .description(HELP.doctor)
    .action(() => does(async (context) => (await commands.doctor()).doctor(context)));
  program
    .command('demo')
    .summary(SUMMARY.demo)
    .description(HELP.demo)
    .option('--keep', 'leave the throwaway repository in place')
    .action((options: { keep?: boolean }) =>
      does(async (context) => (await commands.demo()).demo(context, options.keep === true)),
    );
}

function addLooking(program: Command, does: Does, rim: Rim): void {
  program
    .command('status')
    .summary(SUMMARY.status)
    .description(HELP.status)
    .action(() => does(async (context) => (await commands.status()).status(context)));
  program
    .command('why')
    .summary(SUMMARY.why)
    .description(HELP.why)
    .argument('<branch|path>', 'a worktree or staging entry')
    .action((name: string) => does(async (context) => (await commands.why()).why(context, name)));
  program
    .command('landed')
    .summary(SUMMARY.landed)
    .description(HELP.landed)
    .argument('[rev...]', 'revisions; all local branches when none is given')
    .option('--stdin', 'read further revisions from standard input, one a line')
    .option('--base <commit>', 'judge against this alone; a pattern of branches, too; may be repeated', collect)
    .action((revs: string[], options: { stdin?: boolean; base?: string[] }) =>
      does(async (context) =>
        (await commands.landed()).landed(context, revs, {
          base: options.base ?? [],
          stdin: options.stdin === true ? rim.readStdin() : null,
        }),
      ),
    );
  program
    .command('log')
    .summary(SUMMARY.log)
    .description(HELP.log)
    .option('--since <duration>', 'only what is younger than this', ms)
    .action((options: { since?: number }) =>
      does(async (context) => (await commands.log()).log(context, options.since ?? null)),
    );
}

interface RunFlags {
  readonly dryRun?: boolean;
  readonly yes?: boolean;
  readonly budget?: number;
  readonly limit?: number;
  readonly idle?: number;
  readonly emptyIdle?: number;
  readonly stagingAge?: number;
  readonly hook?: string;
  readonly from?: string;
}

function addRun(program: Command, does: Does, rim: Rim): void {
  program
    .command('run')
    .summary(SUMMARY.run)
    .description(HELP.run)
    .option('-n, --dry-run', 'decide everything, touch nothing')
    .option('--yes', 'at a terminal: reclaim without being asked')
    .option('--budget <duration>', 'stop after this long; what is left waits for the next pass', ms)
    .option('--limit <n>', 'reclaim no more than this many', count)
    .option('--idle <duration>', 'instead of worktrees.idle', ms)
    .option('--empty-idle <duration>', 'instead of worktrees.emptyIdle', ms)
    .option('--staging-age <duration>', 'instead of the age of every staging pattern', ms)
    .addOption(new Option('--hook <name>').hideHelp())
    .addOption(new Option('--from <path>').hideHelp())
    .addOption(new Option('--created').hideHelp())
    .action((flags: RunFlags) => {
      if (flags.hook !== undefined) return rim.hookRun(flags.from ?? process.cwd());
      return does(async (context) =>
        (await commands.run()).run(context, {
          dryRun: flags.dryRun === true,
          yes: flags.yes === true,
          budgetMs: flags.budget ?? null,
          limit: flags.limit ?? null,
          idleMs: flags.idle ?? null,
          emptyIdleMs: flags.emptyIdle ?? null,
          stagingAgeMs: flags.stagingAge ?? null,
        }),
      );
    });
}

function addQuarantine(program: Command, does: Does): void {
  program
    .command('restore')
    .summary(SUMMARY.restore)
    .description(HELP.restore)
    .argument('<id|branch|path>', 'what to put back, as status and log name it')
    .option('--to <path>', 'put it there instead of where it was')
    .option('--detach', 'restore with a detached HEAD, for when its branch is in use')
    .action((name: string, options: { to?: string; detach?: boolean }) =>
      does(async (context) => (await commands.restore()).restoreCommand(context, name, options)),
    );
  program
    .command('purge')
    .summary(SUMMARY.purge)
    .description(HELP.purge)
    .argument('[id...]', 'only these entries')
    .option('--now', 'remove the files of the named entries before their time')
    .option('-n, --dry-run', 'show what would go and when each thing is due, touch nothing')
    .action((ids: string[], options: { now?: boolean; dryRun?: boolean }) =>
      does(async (context) =>
        (await commands.purge()).purgeCommand(context, ids, {
          now: options.now === true,
          dryRun: options.dryRun === true,
        }),
      ),
    );
}

/** What is made to be read elsewhere. */
function addPapers(program: Command, does: Does, version: string): void {
  program
    .command('report')
    .summary(SUMMARY.report)
    .description(HELP.report)
    .requiredOption('--html <file>', 'write one self-contained page to this file')
    .action((options: { html: string }) =>
      does(async (context) => (await commands.report()).htmlReport(context, options.html)),
    );
  const printed = (text: string): Run => {
    return async () => ({ exit: 0, text, json: { version: JSON_VERSION, text } });
  };
  program
    .command('completion')
    .summary(SUMMARY.completion)
    .description(HELP.completion)
    .addArgument(new Argument('<shell>', 'the shell').choices(SHELLS))
    .action((shell: Shell) => does(printed(completion(program, shell))));
  program
    .command('man')
    .summary(SUMMARY.man)
    .description(HELP.man)
    .action(() => does(printed(manual(program, version))));
}

interface ClaimFlags {
  readonly worktree?: string;
  readonly pid?: number;
  readonly ttl: number;
  readonly owner?: string;
}

/** Long enough for a night's run, short enough that a forgotten claim ends. */
const DEFAULT_TTL = '12h';

function addClaims(program: Command, does: Does): void {
  const claimed = (command: Command) =>
    command
      .option('--worktree <path>', 'the worktree or directory; the current worktree when absent')
      .option('--owner <name>', 'who claims it; the user when absent');
  claimed(program.command('claim').summary(SUMMARY.claim).description(HELP.claim))
    .option('--pid <n>', 'bind the claim to this process: it ends with it', count)
    .addOption(
      new Option('--ttl <duration>', 'without --pid: how long the claim lasts after its last heartbeat')
        .argParser(ms)
        .default(ms(DEFAULT_TTL), DEFAULT_TTL),
    )
    .action((flags: ClaimFlags) =>
      does(async (context) => (await commands.claims()).claimCommand(context, { ...flags, ttlMs: flags.ttl })),
    );
  claimed(program.command('heartbeat').summary(SUMMARY.heartbeat).description(HELP.heartbeat)).action(
    (flags: ClaimFlags) => does(async (context) => (await commands.claims()).heartbeatCommand(context, flags)),
  );
  claimed(program.command('release').summary(SUMMARY.release).description(HELP.release))
    .option('--reap', 'reclaim it at once if it is empty or landed and nobody else uses it')
    .action((flags: ClaimFlags & { reap?: boolean }) =>
      does(async (context) => (await commands.claims()).releaseCommand(context, flags)),
    );
}

/** `reaper-hook status --json` reads as well as `reaper-hook --json status`. */
function allowGlobalOptions(command: Command): void {
  command
    .addOption(new Option('--repo <path>').hideHelp())
    .addOption(new Option('--json').hideHelp())
    .addOption(new Option('--quiet').hideHelp())
    .addOption(new Option('--no-color').hideHelp().default(undefined))
    .hook('preAction', (_program, action) => {
      const parent = action.parent;
      if (parent === null) return;
      for (const name of ['repo', 'json', 'quiet', 'color']) {
        const value = action.getOptionValue(name);
        if (value !== undefined && action.getOptionValueSource(name) === 'cli') parent.setOptionValue(name, value);
      }
    });
}
