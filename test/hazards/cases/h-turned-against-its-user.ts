/** H. Turned against its user: what a checked-out branch can bring along, and a hook that gets in the way. */
import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdirSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import type { PassReport } from '../../../src/pass.ts';
import { DAY } from '../../support/repo.ts';
import { family, type Hazard } from '../hazard.ts';
import type { Stage } from '../stage.ts';

const { keeps, reclaims } = family('H');
const notOurs = { because: 'not a candidate' } as const;
const noPass = { because: 'no pass' } as const;

/** Commits a file to main, as a pull that brought it. */
const pulled = (stage: Stage, file: string, text: string): string => stage.commit(stage.root, file, text);

const configured = (stage: Stage, ...lines: string[]): string => pulled(stage, '.reaperrc', `${lines.join('\n')}\n`);

/** Code that leaves a mark where it was run. */
const markOf = (stage: Stage): string => join(stage.place, 'was-run');
const code = (stage: Stage): string =>
  `require('fs').writeFileSync(${JSON.stringify(markOf(stage))}, ''); module.exports = {};\n`;
const unmarked = (stage: Stage) => () => assert.equal(existsSync(markOf(stage)), false, 'code of the branch was run');

/** A person's worktree, finished and clean: it is nobody else's to take all the same. */
function mine(stage: Stage, branch = 'feature/mine'): string {
  const path = join(stage.place, 'wt/mine');
  stage.git(['worktree', 'add', '-q', '-b', branch, path]);
  return path;
}

/** Configuration that came with a branch. */
export const CONFIGURATION: readonly Hazard[] = [
  ...['.reaperrc.js', '.reaperrc.cjs', 'reaper.config.js', '.config/config.js', '.config/reaperrc.cjs'].map((file) =>
    reclaims(`a landed worktree, without running ${file} of the branch`, (stage) => {
      pulled(stage, file, code(stage));
      return { goes: [stage.landed()], afterwards: unmarked(stage) };
    }),
  ),
  keeps('everything, when the configuration imports code', noPass, (stage) => {
    pulled(stage, 'evil.cjs', code(stage));
    configured(stage, '$import: ./evil.cjs');
    return { survives: [stage.landed()], afterwards: unmarked(stage) };
  }),
  keeps('a person’s worktree, when the branch widens the patterns to everything', notOurs, (stage) => {
    configured(stage, 'worktrees:', '  branches: ["**"]', '  paths: ["../wt/*"]');
    return { survives: [mine(stage)] };
  }),
  keeps('a person’s worktree, when package.json widens the patterns', notOurs, (stage) => {
    pulled(stage, 'package.json', '{"reaper": {"worktrees": {"branches": ["feature/*"]}}}\n');
    return { survives: [mine(stage)] };
  }),
  keeps('a person’s worktree, when an included file of the branch widens the patterns', notOurs, (stage) => {
    pulled(stage, '.gitconfig', '[reaper]\n\tbranches = feature/*\n');
    stage.config('include.path', '../.gitconfig');
    return { survives: [mine(stage)] };
  }),
  keeps('a worktree of five minutes, when the branch lowers the ages', { because: 'too-young' }, (stage) => {
    configured(stage, 'worktrees:', '  idle: 1s', '  emptyIdle: 1s');
    return { survives: [stage.landed()], ageMs: 5 * 60_000 };
  }),
  keeps('an unlanded branch, when the branch names itself as the base', { because: 'not-landed' }, (stage) => {
    configured(stage, 'worktrees:', '  base: ["agent/*", "release"]');
    const path = stage.unlanded();
    stage.git(['branch', 'release', 'agent/done']);
    return { survives: [path] };
  }),
  keeps('ignored notes, when the branch calls them rebuildable', { because: 'ignored-precious' }, (stage) => {
    configured(stage, 'worktrees:', '  rebuildable: [notes, node_modules]');
    const path = stage.landed();
    stage.ignore('notes');
    stage.put(join(path, 'notes/today.md'));
    return { survives: [path] };
  }),
  keeps('what lies outside, when the branch points staging there', noPass, (stage) => {
    configured(stage, 'staging:', '  - path: "../../mine/data-{pid}"', '    age: 1h');
    const path = stage.put(join(stage.place, 'mine/data-4194000'));
    return { survives: [path] };
  }),
  keeps('a directory of the project, when the branch calls it a leftover', notOurs, (stage) => {
    configured(stage, 'staging:', '  - path: "data-*"', '    age: 1h');
    const path = join(stage.root, 'data-2026');
    stage.put(join(path, 'measured.csv'));
    return { survives: [path] };
  }),
  keeps('everything, when the branch points staging into .git', noPass, (stage) => {
    configured(stage, 'staging:', '  - path: ".git/refs/*"', '    age: 24h');
    return { survives: [stage.landed()] };
  }),
  keeps('everything, when the configuration is a link to a file elsewhere', noPass, (stage) => {
    const path = stage.landed();
    stage.put(join(stage.repo.home, 'secret'), 'worktrees: {}\n');
    symlinkSync(join(stage.repo.home, 'secret'), join(stage.root, '.reaperrc'));
    return { survives: [path] };
  }),
  keeps('everything, when the configuration multiplies itself', noPass, (stage) => {
    configured(stage, 'a: &a [x, x]', 'b: &b [*a, *a]', 'worktrees: {branches: [*b, *b]}');
    return { survives: [stage.landed()] };
  }),
  keeps('a worktree that the branch asks to keep: narrowing needs nobody’s leave', notOurs, (stage) => {
    configured(stage, 'worktrees:', '  branches: ["agent/*", "!agent/done"]');
    return { survives: [stage.landed()] };
  }),
  keeps('everything, in report mode', { because: 'limit' }, (stage) => {
    configured(stage, 'mode: report');
    return { survives: [stage.landed()] };
  }),
  keeps('work in a worktree whose own branch brings a configuration', { because: 'changes' }, (stage) => {
    const path = stage.landed();
    stage.put(join(path, '.reaperrc'), 'worktrees:\n  branches: ["**"]\n');
    stage.git(['add', '.'], path);
    return { survives: [path] };
  }),
  reclaims('a landed worktree, whose commit stays restorable although the branch shortens the wait', (stage) => {
    configured(stage, 'quarantine:', '  keep: 1s', '  forget: 1s');
    const afterwards = (report: PassReport | null) => {
      const entry = report?.reclaimed[0]?.entry;
      assert.ok(entry !== undefined && entry.keepUntilMs - entry.atMs >= DAY, 'kept for a day at the least');
    };
    return { goes: [stage.landed()], afterwards };
  }),
  reclaims('a squashed worktree, whose branch stays although the branch asks to delete it', (stage) => {
    configured(stage, 'worktrees:', '  branch: landed');
    const path = stage.squashed();
    const afterwards = () => void stage.git(['rev-parse', '--verify', 'refs/heads/agent/done']);
    return { goes: [path], afterwards };
  }),
  reclaims('a landed worktree, within a limit that the branch raised', (stage) => {
    configured(stage, 'pass:', '  limit: 100000', '  budget: 10h');
    return { goes: [stage.landed()] };
  }),
];

/** Code that is not configuration. */
export const CODE: readonly Hazard[] = [
  ...['post-checkout', 'post-index-change', 'reference-transaction', 'pre-auto-gc'].map((hook) =>
    reclaims(`a landed worktree, without running the repository’s ${hook} hook`, (stage) => {
      const path = stage.landed();
      const file = stage.put(join(stage.commonDir, 'hooks', hook), `#!/bin/sh\ntouch ${markOf(stage)}\nexit 1\n`);
      return {
        goes: [path],
        restores: false,
        lastly: () => chmodSync(file, 0o755),
        afterwards: () => {
          chmodSync(file, 0o644);
          unmarked(stage)();
        },
      };
    }),
  ),
  reclaims('a landed worktree, without starting the monitor that the configuration names', (stage) => {
    const path = stage.landed();
    const monitor = stage.put(join(stage.place, 'monitor'), `#!/bin/sh\ntouch ${markOf(stage)}\n`);
    chmodSync(monitor, 0o755);
    return { goes: [path], lastly: () => stage.config('core.fsmonitor', monitor), afterwards: unmarked(stage) };
  }),
  reclaims('a landed worktree, without running a filter that the branch brings along', (stage) => {
    pulled(stage, '.gitattributes', '*.txt filter=evil\n');
    const file = stage.put(join(stage.root, 'evil.sh'), `#!/bin/sh\ntouch ${markOf(stage)}\ncat\n`);
    chmodSync(file, 0o755);
    stage.git(['add', '.']);
    stage.git(['commit', '-q', '-m', 'a filter']);
    const path = stage.landed();
    return {
      goes: [path],
      lastly: () => {
        stage.config('filter.evil.clean', './evil.sh');
        stage.config('filter.evil.smudge', './evil.sh');
      },
      afterwards: unmarked(stage),
    };
  }),
  reclaims('a landed worktree, without starting a git that the branch brings along', (stage) => {
    const path = stage.landed();
    for (const name of ['git', 'node', 'reaper-hook', 'node_modules/.bin/git']) {
      const file = stage.put(join(stage.root, name), `#!/bin/sh\ntouch ${markOf(stage)}\n`);
      chmodSync(file, 0o755);
    }
    return { goes: [path], env: { PATH: `.:node_modules/.bin:${process.env.PATH}` }, afterwards: unmarked(stage) };
  }),
  reclaims('a landed worktree, without merge drivers and filters that the base asks for', (stage) => {
    pulled(stage, '.gitattributes', '* merge=evil diff=evil\n');
    stage.config('merge.evil.driver', `touch ${markOf(stage)}`);
    stage.config('diff.evil.command', `touch ${markOf(stage)}`);
    stage.config('diff.evil.textconv', `touch ${markOf(stage)}`);
    const path = stage.squashed();
    rmSync(markOf(stage), { force: true });
    stage.commit(stage.root, 'done.txt', 'done\nand changed since\n');
    return { goes: [path], afterwards: unmarked(stage) };
  }),
  keeps('everything, when our own place is a link to somewhere else', noPass, (stage) => {
    const path = stage.landed();
    const elsewhere = join(stage.place, 'mine');
    stage.put(join(elsewhere, 'irreplaceable.txt'));
    mkdirSync(join(stage.commonDir, 'reaper'));
    symlinkSync(elsewhere, join(stage.commonDir, 'reaper/quarantine'));
    return { survives: [path, elsewhere] };
  }),
];
