/** Directories made by the real tools: they go with their worktree, and keep it when somebody put something into them. */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { makeCase, REAL } from '../support/crash-case.ts';
import { backdate, DAY, makeRepo, sandbox, type TestRepo } from '../support/repo.ts';

let repo: TestRepo;
let path: string;

const has = (program: string, ...args: string[]): boolean => spawnSync(program, args, { stdio: 'ignore' }).status === 0;

/** Runs a tool without network, with its caches in the test's own home. */
function run(program: string, args: string[], cwd: string): void {
  const env = repo.env({
    npm_config_cache: join(repo.home, '.npm'),
    npm_config_audit: 'false',
    npm_config_fund: 'false',
  });
  // Toolchain managers look for their toolchains below the real home.
  const toolchains = { HOME: process.env.REAL_HOME ?? env.HOME ?? '', CARGO_NET_OFFLINE: 'true' };
  execFileSync(program, args, { cwd, env: program === 'npm' ? env : { ...env, ...toolchains }, stdio: 'pipe' });
}

process.env.REAL_HOME ??= process.env.HOME;

interface Tool {
  readonly name: string;
  readonly isHere: boolean;
  readonly directory: string;
  /** Puts what is tracked into the worktree. */
  readonly project: () => void;
  readonly make: () => void;
  /** A directory deep inside, where a person might work. */
  readonly deep: () => string;
}

const TOOLS: readonly Tool[] = [
  {
    name: 'npm ci',
    isHere: has('npm', '--version'),
    directory: 'node_modules',
    project() {
      const made = sandbox();
      repo.write('package.json', '{"name":"dep","version":"1.0.0","main":"index.js"}', made);
      repo.write('index.js', 'module.exports = 1;\n', made);
      run('npm', ['pack', '--silent'], made);
      execFileSync('cp', [join(made, 'dep-1.0.0.tgz'), join(path, 'dep.tgz')]);
      repo.write('package.json', '{"name":"app","version":"1.0.0","dependencies":{"dep":"file:dep.tgz"}}', path);
      run('npm', ['install', '--offline', '--package-lock-only', '--silent'], path);
    },
    make: () => run('npm', ['ci', '--offline', '--silent'], path),
    deep: () => join(path, 'node_modules/dep'),
  },
  {
    name: 'python3 -m venv',
    isHere: has('python3', '-c', 'import venv'),
    directory: '.venv',
    project: () => void repo.write('main.py', 'print(1)\n', path),
    make: () => run('python3', ['-m', 'venv', '--without-pip', '.venv'], path),
    deep: () => join(path, '.venv/lib', readdirSync(join(path, '.venv/lib'))[0] ?? '', 'site-packages'),
  },
  {
    name: 'cargo build',
    isHere: has('cargo', '--version'),
    directory: 'target',
    project() {
      repo.write('Cargo.toml', '[package]\nname = "app"\nversion = "0.1.0"\nedition = "2021"\n', path);
      repo.write('src/main.rs', 'fn main() {}\n', path);
      run('cargo', ['generate-lockfile', '--offline'], path);
    },
    make: () => run('cargo', ['build', '--offline', '--quiet'], path),
    deep: () => join(path, 'target/debug'),
  },
];

beforeEach(() => {
  repo = makeRepo();
  repo.commit('.gitignore', 'node_modules/\n.venv/\ntarget/\n');
  path = repo.worktree('agent/work');
});

/** The tool has run in a worktree that has landed; then a pass, three days later. */
async function passOver(tool: Tool, lastly: () => void = () => undefined) {
  tool.project();
  repo.git(['add', '.'], path);
  repo.git(['commit', '-qm', 'work'], path);
  repo.git(['merge', '-q', '--no-ff', '--no-edit', 'agent/work']);
  tool.make();
  lastly();
  backdate(repo, path, 3 * DAY);
  const passed = await makeCase(repo).pass(REAL);
  if (!passed.ok) throw new Error(passed.why);
  return passed.report;
}

describe.each(TOOLS)('what $name makes', (tool) => {
  const { isHere, directory } = tool;

  it.skipIf(!isHere)('goes with its worktree, and its bytes come back at once', async () => {
    const { reclaimed, purge } = await passOver(tool);
    expect(reclaimed.map(({ entry }) => [entry.path, entry.ballast])).toEqual([[path, [directory]]]);
    expect(purge?.bytes).toBeGreaterThan(0);
    expect(existsSync(path)).toBe(false);
  });

  it.skipIf(!isHere).each([
    ['credentials at its top', () => repo.write('.env', 'TOKEN=1\n', join(path, directory)), 'ignored-precious'],
    ['a database at its top', () => repo.write('app.sqlite', 'rows\n', join(path, directory)), 'ignored-precious'],
    [
      'a repository deep inside, with its only commit',
      () => {
        const inner = join(tool.deep(), 'mine');
        mkdirSync(inner, { recursive: true });
        repo.git(['init', '-q'], inner);
        repo.commit('only.txt', 'the only copy\n', inner);
      },
      'nested-repository',
    ],
  ] as const)('keeps its worktree when it holds %s', async (_what, put, because) => {
    const { results, reclaimed } = await passOver(tool, () => void put());
    expect(reclaimed).toEqual([]);
    expect(results.flatMap(({ reasons }) => reasons.map(({ code }) => code))).toContain(because);
    expect(existsSync(join(path, directory))).toBe(true);
  });
});
