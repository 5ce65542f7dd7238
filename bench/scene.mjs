/**
 * The repository that the pictures are taken in: a shop, the worktrees its agents left, and a week of passes.
 *
 * Contract: everything lies below `place`, which plays the home directory. The worktrees, their states, the hook's
 * passes and what they reclaim are real; staged are the ages (times set back) and the weight of the dependencies
 * (files of the given size without content of their own, so that gigabytes take no time).
 */
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { appendFileSync, lstatSync, mkdirSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** name, how it stands to the base, hours since anybody did anything in it, megabytes of dependencies. */
const TREES = [
  ['cart-totals', 'squashed', 191, 1180, 'Round cart totals per line'],
  ['fix-login-redirect', 'merged', 190, 640, 'Keep the query on login'],
  ['flaky-e2e', 'merged', 189, 410, 'Wait for the toast'],
  ['checkout-retries', 'squashed', 52, 1310, 'Retry the payment once'],
  ['upgrade-vite', 'rebased', 47, 1220, 'Move to the new bundler'],
  ['invoice-pdf', 'merged', 30, 870, 'Print invoices'],
  ['try-sqlite-cache', 'empty', 75, 0, ''],
  ['search-index', 'dirty', 98, 930, 'Index the catalogue'],
  ['dark-mode', 'open', 120, 760, 'Add a dark theme'],
  ['stripe-webhooks', 'secret', 66, 640, 'Verify webhooks'],
  ['gift-cards', 'claimed', 26, 810, 'Sell gift cards'],
  ['review-queue', 'fresh', 0, 290, 'Queue reviews'],
];

/** How many of them, from the top, an earlier pass has reclaimed. */
const EARLIER = 3;

/**
 * @param place an empty directory
 * @param program the built command
 * @param unit bytes of one "megabyte": smaller ones make the same scene on a small disk
 */
export function openScene(place, program, unit = 1_000_000) {
  const root = join(place, 'code', 'storefront');
  const trees = join(place, 'code', 'storefront-agents');
  const env = environment(place);
  const run = (file, args, cwd) => execFileSync(file, args, { cwd, env, encoding: 'utf8', stdio: 'pipe' });
  const git = (args, cwd = root) => run('git', args, cwd);
  const reaper = (args, cwd = root) => run(process.execPath, [program, ...args], cwd);
  const scene = { place, root, trees, env, git, reaper, unit, children: [] };
  mkdirSync(root, { recursive: true });
  writeFileSync(
    join(place, '.gitconfig'),
    '[user]\n\tname = Ana\n\temail = ana@example.invalid\n[reaper]\n\tbudget = 30s\n',
  );
  git(['init', '-q', '-b', 'main']);
  commit(scene, root, 'README.md', '# Storefront\n', 'Open the shop');
  commit(scene, root, '.gitignore', 'node_modules/\n.env\n', 'Ignore what is built');
  for (const tree of TREES.slice(0, EARLIER)) grow(scene, tree);
  reaper(['install', '--quiet']);
  // Measured before, reclaimed and measured after: what a week of passes would have written.
  pass(scene);
  for (const [name, how] of TREES.slice(0, EARLIER)) land(scene, name, how);
  age(scene, TREES.slice(0, EARLIER));
  forgetWaits(scene);
  pass(scene);
  writeBack(scene, 6 * DAY);
  for (const tree of TREES.slice(EARLIER)) grow(scene, tree);
  for (const [name, how] of TREES.slice(EARLIER)) land(scene, name, how);
  age(scene, TREES.slice(EARLIER));
  return { ...scene, close: () => scene.children.map((child) => child.kill()) };
}

/** Neither git's variables nor CI's reach the scene: the hook would keep quiet. */
function environment(home) {
  const kept = Object.entries(process.env).filter(([name]) => !/^(GIT_|CI$|REAPER_|HUSKY|npm_)/.test(name));
  // Passes run when the scene says so.
  return {
    ...Object.fromEntries(kept),
    REAPER_HOOK: '0',
    HOME: home,
    XDG_CONFIG_HOME: join(home, '.config'),
    TZ: 'UTC',
  };
}

function commit({ git }, cwd, name, text, message) {
  mkdirSync(dirname(join(cwd, name)), { recursive: true });
  writeFileSync(join(cwd, name), text);
  git(['add', '--', name], cwd);
  git(['commit', '-q', '-m', message], cwd);
}

function grow(scene, [name, how, , weight, message]) {
  const path = join(scene.trees, name);
  scene.git(['worktree', 'add', '-q', '-b', `agent/${name}`, path, 'main']);
  if (how !== 'empty')
    commit(scene, path, `src/${name}.ts`, `export const ${name.replaceAll('-', '_')} = 1;\n`, message);
  if (how === 'rebased') commit(scene, path, `src/${name}-2.ts`, 'export {};\n', `${message}, everywhere`);
  if (weight > 0) dependencies(scene, path, weight);
}

function dependencies({ unit }, path, weight) {
  const modules = join(path, 'node_modules');
  mkdirSync(join(modules, '.cache'), { recursive: true });
  writeFileSync(join(modules, '.package-lock.json'), '{}\n');
  const file = join(modules, '.cache', 'packages.bin');
  const made = spawnSync('fallocate', ['-l', String(weight * unit), file]);
  if (made.status !== 0) writeFileSync(file, Buffer.alloc(Math.min(weight * unit, 1_000_000)));
}

function land(scene, name, how) {
  const { git, root, trees } = scene;
  const path = join(trees, name);
  if (how === 'merged') git(['merge', '-q', '--no-ff', '--no-edit', `agent/${name}`], root);
  if (how === 'squashed') {
    git(['merge', '-q', '--squash', `agent/${name}`], root);
    git(['commit', '-q', '-m', `${name} (squashed)`], root);
  }
  if (how === 'rebased') git(['cherry-pick', `main..agent/${name}`], root);
  if (how === 'dirty') writeFileSync(join(path, 'src', `${name}.ts`), 'export const half = true;\n');
  if (how === 'secret') writeFileSync(join(path, '.env'), 'STRIPE_KEY=only-copy\n');
  if (['dirty', 'secret', 'claimed'].includes(how)) git(['merge', '-q', '--no-ff', '--no-edit', `agent/${name}`], root);
  if (how !== 'claimed') return;
  const agent = spawn('sleep', ['600'], { cwd: scene.place, stdio: 'ignore' });
  scene.children.push(agent);
  scene.reaper(['claim', '--worktree', path, '--owner', 'claude, lane 3', '--pid', String(agent.pid)]);
  const claims = join(root, '.git', 'reaper', 'claims');
  for (const file of readdirSync(claims).map((each) => join(claims, each))) {
    const claim = JSON.parse(readFileSync(file, 'utf8'));
    writeFileSync(file, JSON.stringify({ ...claim, createdMs: claim.createdMs - 26 * HOUR }));
  }
}

function age({ root, trees }, rows) {
  for (const [name, , hours] of rows) {
    const at = Date.now() - hours * HOUR;
    setTimes(join(root, '.git', 'worktrees', name), at);
    setTimes(join(root, '.git', 'logs', 'refs', 'heads', 'agent', name), at);
    setTimes(join(trees, name), at);
  }
}

function setTimes(path, atMs) {
  const info = lstatSync(path);
  if (info.isDirectory()) for (const name of readdirSync(path)) setTimes(join(path, name), atMs);
  if (!info.isSymbolicLink()) utimesSync(path, new Date(atMs), new Date(atMs));
}

/** The hook's own pass, waited for. */
function pass({ env, root }) {
  const program = join(root, '.git', 'reaper', 'bin', 'reaper-hook.mjs');
  execFileSync(process.execPath, [program, 'run', '--hook', 'post-checkout', '--from', root], { cwd: root, env });
}

/** A pass remembers until when a tree is too young; here days go by at once. */
function forgetWaits({ root }) {
  const state = join(root, '.git', 'reaper', 'state.json');
  const ledger = JSON.parse(readFileSync(state, 'utf8'));
  writeFileSync(state, JSON.stringify({ ...ledger, resting: { idleMs: 0, untilMs: {} } }));
}

/** What has happened so far happened `ms` ago. */
function writeBack({ root }, ms) {
  const own = join(root, '.git', 'reaper');
  const journal = join(own, 'journal.jsonl');
  const lines = readFileSync(journal, 'utf8').trimEnd().split('\n').map(JSON.parse);
  writeFileSync(journal, '');
  for (const line of lines) appendFileSync(journal, `${JSON.stringify({ ...line, at: line.at - ms })}\n`);
  for (const id of readdirSync(join(own, 'quarantine'))) {
    const file = join(own, 'quarantine', id, 'entry.json');
    const entry = JSON.parse(readFileSync(file, 'utf8'));
    const earlier = { atMs: entry.atMs - ms, keepUntilMs: entry.keepUntilMs - ms, forgetAtMs: entry.forgetAtMs - ms };
    writeFileSync(file, JSON.stringify({ ...entry, ...earlier }));
  }
  const state = join(own, 'state.json');
  const ledger = JSON.parse(readFileSync(state, 'utf8'));
  const disk = ledger.disk.map((point, index) => ({ ...point, atMs: point.atMs - ms - (index === 0 ? 2 * HOUR : 0) }));
  writeFileSync(
    state,
    JSON.stringify({ ...ledger, disk, lastPass: { ...ledger.lastPass, atMs: Date.now() - 42 * MINUTE } }),
  );
}
