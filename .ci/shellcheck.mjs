/** Runs shellcheck over the hooks where it is installed; says so where it is not. */
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';

const files = readdirSync('hooks').map((name) => `hooks/${name}`);
const { error, status } = spawnSync('shellcheck', ['--shell=sh', '--severity=style', ...files], { stdio: 'inherit' });
if (error?.code === 'ENOENT') console.log('SKIPPED shellcheck: not installed');
else process.exit(status ?? 1);
