/** What a hook adds to `git checkout`, ours beside other people's. */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, join, resolve } from 'node:path';
import { ms, row, sideBySide, start, times } from './measure.mjs';
import { makeRepo, put } from './stage.mjs';

const MODULES = resolve(import.meta.dirname, '../node_modules');
const MANAGERS = resolve(import.meta.dirname, '../.ci/tools/node_modules');

/** Checkouts in one sample: starting a shell to run them weighs less the more there are. */
const AT_ONCE = 20;

const hookFile = (root) => join(root, '.git', 'hooks', 'post-checkout');

function executable(stage, path, text) {
  put(path, text);
  stage.sh(`chmod +x '${path}'`, '/');
}

/** Every set-up: how it is made, or why it is skipped. */
const SETUPS = {
  bare: () => null,
  'empty sh hook': (stage, root) => void executable(stage, hookFile(root), '#!/bin/sh\nexit 0\n'),
  ours: (stage, root) => {
    stage.reaper(['install', '--quiet'], root);
    stage.reaper(['run', '--quiet'], root);
  },
  "husky's empty hook": (stage, root) => {
    const husky = join(MODULES, 'husky', 'bin.js');
    if (!existsSync(husky)) return 'husky is not installed';
    put(join(root, '.husky', 'post-checkout'), '\n');
    stage.sh(`'${process.execPath}' '${husky}'`, root);
    return null;
  },
  "lefthook's": (stage, root) => {
    const lefthook = onPath(stage, 'lefthook') ?? inModules('lefthook');
    if (lefthook === null) return 'lefthook is not installed';
    put(join(root, 'lefthook.yml'), 'post-checkout:\n  commands:\n    nothing:\n      run: "true"\n');
    stage.sh(`'${lefthook}' install`, root);

    return null;
  },
  "pre-commit's": (stage, root) => {
    if (onPath(stage, 'pre-commit') === null) return 'pre-commit is not installed';
    put(join(root, '.pre-commit-config.yaml'), 'repos: []\n');
    stage.sh('pre-commit install -t post-checkout', root);
    return null;
  },
  "git-lfs's": (stage, root) => {
    if (onPath(stage, 'git-lfs') === null) return 'git-lfs is not installed';
    stage.git(['lfs', 'install', '--local'], root);
    return null;
  },
};

function onPath(stage, name) {
  return (
    (stage.env.PATH ?? '')
      .split(delimiter)
      .map((each) => join(each, name))
      .find((each) => existsSync(each)) ?? null
  );
}

const inModules = (name) =>
  [MODULES, MANAGERS].map((each) => join(each, '.bin', name)).find((each) => existsSync(each)) ?? null;

/** Rows for a checkout with nothing due. */
export async function checkouts(stage, { rounds, files }) {
  const cases = {};
  const skipped = {};
  for (const [name, prepare] of Object.entries(SETUPS)) {
    const root = makeRepo(stage, `checkout-${Object.keys(cases).length}`, { files });
    stage.git(['branch', 'side'], root);
    const why = prepare(stage, root);
    if (why) skipped[name] = why;
    else cases[name] = { run: () => batch(stage, root) };
    stage.git(['checkout', '-q', 'side'], root);
  }
  const found = await sideBySide(cases, rounds);
  const added = Object.fromEntries(Object.entries(found).map(([name, all]) => [name, all - found.bare]));
  const ours = added.ours;
  const empty = added['empty sh hook'];
  const others = Object.keys(SETUPS).filter((name) => !['bare', 'ours', 'empty sh hook'].includes(name));
  const what = '`git checkout`, nothing due';
  return [
    row(what, 'bare checkout', '', `${ms(found.ours)} against ${ms(found.bare)}: adds ${ms(ours)}`, null),
    row(
      what,
      'an empty sh hook',
      'adds up to 1.5x',
      `adds ${ms(ours)} against ${ms(empty)}: ${times(ours / empty)}`,
      ours <= 1.5 * empty,
    ),
    ...others.map((name) =>
      name in skipped
        ? row(what, name, 'adds less', `skipped: ${skipped[name]}`, null)
        : row(
            what,
            name,
            'adds less',
            `adds ${ms(ours)} against ${ms(added[name])}: ${times(ours / added[name])}`,
            ours < added[name],
          ),
    ),
  ];
}

function batch(stage, root) {
  const startMs = performance.now();
  start('sh', ['-c', `i=0; while [ $i -lt ${AT_ONCE} ]; do git checkout -q -; i=$((i+1)); done`], {
    cwd: root,
    env: stage.env,
  });
  return (performance.now() - startMs) / AT_ONCE;
}

/** A row for a checkout that starts a pass over worktrees that give it something to do. */
export async function dueCheckout(stage, { rounds, root }) {
  const bare = makeRepo(stage, 'due-bare', { files: 20 });
  for (const each of [bare, root]) stage.git(['branch', 'side'], each);
  stage.reaper(['install', '--quiet'], root);
  const state = join(root, '.git', 'reaper');
  const found = await sideBySide(
    {
      bare: { run: () => start('git', ['checkout', '-q', other(bare)], { cwd: bare, env: stage.env }) },
      due: {
        before: () => writeFileSync(join(state, 'due'), ''),
        run: () => start('git', ['checkout', '-q', other(root)], { cwd: root, env: stage.env }),
        after: () => passEnded(state),
      },
    },
    rounds,
  );
  const adds = found.due - found.bare;
  return row(
    '`git checkout`, a pass due and started',
    'bare checkout',
    'adds under 4 ms',
    `${ms(found.due)} against ${ms(found.bare)}: adds ${ms(adds)}`,
    adds < 4,
  );
}

function other(root) {
  return readFileSync(join(root, '.git', 'HEAD'), 'utf8').includes('side') ? 'main' : 'side';
}

/** The pass takes `due` away first and its lock last. */
async function passEnded(state) {
  const endMs = Date.now() + 20_000;
  const waits = () => existsSync(join(state, 'due')) || existsSync(join(state, 'lock'));
  while (waits()) {
    if (Date.now() > endMs) throw new Error('the pass did not end');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  rmSync(join(state, 'report'), { force: true });
  mkdirSync(state, { recursive: true });
}
