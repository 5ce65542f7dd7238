/** Help, completion and the manual: from one definition, read by the programs they are made for. */
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { examplesOf, SUMMARY } from '../../src/cli/help.ts';
import { PROGRAM, reaper } from '../support/program.ts';
import { backdate, environment, HOUR, makeRepo, sandbox } from '../support/repo.ts';

const has = (program: string): boolean => spawnSync(program, ['--version'], { stdio: 'ignore' }).error === undefined;

function run(program: string, args: readonly string[], cwd: string): { code: number | null; out: string; err: string } {
  const env = environment(cwd, { LC_ALL: 'C.UTF-8', TERM: 'xterm' });
  const ran = spawnSync(program, args, { cwd, env, encoding: 'utf8', timeout: 30_000 });
  return { code: ran.status, out: ran.stdout, err: ran.stderr };
}

/** A directory with the text that `reaper-hook ARGS` prints. */
function printed(args: readonly string[]): { place: string; file: string } {
  const place = sandbox();
  const { out } = run(process.execPath, [PROGRAM, ...args], place);
  const file = join(place, 'printed');
  writeFileSync(file, out);
  return { place, file };
}

describe('completion', () => {
  it.skipIf(!has('bash')).each([
    [['sta'], ['status']],
    [['run', '--dr'], ['--dry-run']],
    [['completion', 'fi'], ['fish']],
    [
      ['--json', 'purge', '--n'],
      ['--now', '--no-color'],
    ],
    [['--repo', '/tmp', 'purge', '--now'], ['--now']],
    [['--repo', 's'], []],
  ])('of bash answers %j with %j (needs bash)', (words, wanted) => {
    const { place, file } = printed(['completion', 'bash']);
    const script = `source ${file}; COMP_WORDS=(reaper-hook ${words.join(' ')}); COMP_CWORD=${words.length}
      COMPREPLY=(); _reaper_hook; printf '%s\\n' "\${COMPREPLY[@]}"`;
    const { out, err } = run('bash', ['--norc', '-c', script], place);
    expect(err).toBe('');
    expect(out.split('\n').filter((line) => line !== '')).toEqual(wanted);
  });

  it.skipIf(!has('fish')).each([
    ['sta', ['status']],
    ['run --dr', ['--dry-run']],
    ['completion ', ['bash', 'fish', 'zsh']],
    ['purge --now --dr', ['--dry-run']],
  ])('of fish answers "%s" with %j (needs fish)', (line, wanted) => {
    const { place, file } = printed(['completion', 'fish']);
    const { out } = run('fish', ['--no-config', '-c', `source ${file}; complete -C "reaper-hook ${line}"`], place);
    expect(out.split('\n').flatMap((each) => (each === '' ? [] : [each.split('\t')[0]]))).toEqual(wanted);
  });

  it.skipIf(!has('zsh')).each([
    ['statu', 'reaper-hook status'],
    ['run --dry', 'reaper-hook run --dry-run'],
    ['completion fi', 'reaper-hook completion fish'],
  ])('of zsh completes "%s" to "%s" at the keyboard (needs zsh)', (typed, wanted) => {
    const { place, file } = printed(['completion', 'zsh']);
    const script = `zmodload zsh/zpty; zpty z zsh -f -i
      zpty -w z 'PS1=; autoload -Uz compinit; compinit -u -D; source ${file}; echo REA""DY'
      zpty -r z out '*READY*'
      zpty -n -w z 'reaper-hook ${typed}'$'\\t'
      zpty -r -m z out '*${wanted}*' && print -r -- found; zpty -d z`;
    expect(run('zsh', ['-f', '-c', script], place).out).toContain('found');
  });
});

describe('the manual', () => {
  it.skipIf(!has('groff'))('is typeset by groff without a warning (needs groff)', () => {
    const { place, file } = printed(['man']);
    const { out, err, code } = run('groff', ['-man', '-ww', '-Tutf8', file], place);
    expect({ err, code }).toEqual({ err: '', code: 0 });
    const text = out.replace(/.\u0008/g, '');
    for (const command of Object.keys(SUMMARY)) expect(text).toContain(`\n   ${command}`);
  });

  it.skipIf(spawnSync('mandoc', ['/dev/null']).error !== undefined)(
    'has nothing that mandoc objects to but its missing date, which would change with every build (needs mandoc)',
    () => {
      const { place, file } = printed(['man']);
      const objections = run('mandoc', ['-Tlint', file], place)
        .out.split('\n')
        .filter((line) => line !== '');
      expect(objections.filter((line) => !line.includes('missing date'))).toEqual([]);
    },
  );

  it.skipIf(!has('man'))('is shown by man (needs man)', () => {
    const { place, file } = printed(['man']);
    expect(run('man', ['-l', file], place).out).toMatch(/REAPER-HOOK\(1\)/);
  });
});

describe('help', () => {
  it('gives examples that work as they stand', () => {
    const repo = makeRepo('shop');
    const tree = repo.worktree('agent/fix-login');
    repo.commit('login.txt', 'fixed\n', tree);
    backdate(repo, tree, 48 * HOUR);
    const lines = Object.keys(SUMMARY).flatMap((command) => examplesOf(command).map(([line]) => line));
    const ours = lines.filter((line) => line.startsWith('npx reaper-hook '));
    expect(ours.length).toBeGreaterThan(15);
    for (const line of ours.filter((each) => !each.includes('"')))
      expect(reaper(repo, line.replace('npx reaper-hook ', '').split(' ')).code, line).not.toBe(2);
  });

  it.each(Object.keys(SUMMARY))('of "%s" fits a terminal of 80 columns, examples apart', (command) => {
    const [text = ''] = run(process.execPath, [PROGRAM, command, '--help'], sandbox()).out.split('\nExamples:');
    expect(text).toContain(`Usage: reaper-hook ${command}`);
    expect(text.split('\n').filter((line) => line.length > 80)).toEqual([]);
  });
});
