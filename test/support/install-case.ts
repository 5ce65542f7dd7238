/** A real repository with everything that install needs, on the real machine port. */
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type InstallReport, install } from '../../src/install/install.ts';
import type { Repo } from '../../src/install/place.ts';
import { type UninstallReport, uninstall } from '../../src/install/uninstall.ts';
import { createMachine } from '../../src/io/machine.ts';
import type { Io } from '../../src/io/ports.ts';
import { findProgram } from '../../src/io/program.ts';
import { HOOKS_SOURCE, QUICK, RECORDING } from './hook-case.ts';
import { makeRepo, type TestRepo } from './repo.ts';

export interface InstallCase {
  readonly repo: TestRepo;
  /** With a git that says it is older than 2.54, whatever runs: so only files are hooks. */
  readonly io: Io;
  /** As it is on this machine. */
  readonly machine: Io;
  readonly at: Repo;
  /** `<common-dir>/reaper`. */
  readonly root: string;
  /** Where git looks by default. */
  readonly hooks: string;
  install(changes?: {
    program?: string;
    version?: string;
    hooksSource?: string;
    at?: Repo;
    io?: Io;
    nodePath?: string;
    write?: boolean;
    chain?: boolean;
  }): Promise<InstallReport>;
  uninstall(at?: Repo): Promise<UninstallReport>;
  /** Writes a file with a mode, and returns its path. */
  put(path: string, text: string | Buffer, mode?: number): string;
  /** The arguments of every recorded start of the program. */
  runs(): string[][];
  /** Checks a branch out in the foreground and returns git's stderr. */
  checkout(branch: string, cwd?: string): string;
}

/** Note that git's user configuration is this repository's HOME from here on. */
export function installCase(repo: TestRepo = makeRepo(), topLevel: string | null = repo.root): InstallCase {
  process.env.HOME = repo.home;
  process.env.XDG_CONFIG_HOME = join(repo.home, '.config');
  const binary = findProgram('git');
  if (binary === null) throw new Error('git is not on PATH');
  const machine = createMachine(binary);
  const io = withGitVersion(machine, '2.53.0');
  const at: Repo = { commonDir: repo.commonDir, gitDir: repo.commonDir, topLevel, isBare: topLevel === null };
  const root = join(repo.commonDir, 'reaper');
  const bundle = join(repo.home, 'bundle.mjs');
  const here: InstallCase = {
    repo,
    io,
    machine,
    at,
    root,
    hooks: join(repo.commonDir, 'hooks'),
    async install({
      program = RECORDING,
      version = '1.0.0',
      hooksSource = HOOKS_SOURCE,
      at: where = at,
      io: port = io,
      nodePath = process.execPath,
      write = false,
      chain = false,
    } = {}) {
      writeFileSync(bundle, program);
      writeFileSync(join(dirname(bundle), 'quick.cjs'), QUICK);
      const report = await install({
        io: port,
        repo: where,
        programFile: bundle,
        hooksSource,
        nodePath,
        version,
        write,
        chain,
      });
      if (existsSync(root)) writeFileSync(join(root, 'foreground'), '');
      return report;
    },
    uninstall: (where = at) => uninstall({ io, repo: where }),
    put(path, text, mode = 0o755) {
      mkdirSync(dirname(path), { recursive: true });
      rmSync(path, { force: true });
      writeFileSync(path, text);
      chmodSync(path, mode);
      return path;
    },
    runs() {
      const file = join(root, 'runs.jsonl');
      if (!existsSync(file)) return [];
      const lines = readFileSync(file, 'utf8').split('\n').slice(0, -1);
      return lines.map((line) => (JSON.parse(line) as { args: string[] }).args);
    },
    checkout(branch, cwd = repo.root) {
      return repo.git(['checkout', '-q', '-B', branch], cwd);
    },
  };
  return here;
}

/** The same machine with a git that calls itself another version. */
export function withGitVersion(io: Io, version: string): Io {
  const run: Io['git']['run'] = async (call) =>
    call.args[0] === 'version' ? { ok: true, stdout: `git version ${version}\n` } : io.git.run(call);
  return { ...io, git: { run } };
}
