/**
 * What of package.json is published: `npm pack` calls it before (`strip`) and after (`restore`).
 *
 * Scripts and development dependencies are for a checkout. Published, npm would warn whoever installs the package
 * that it has a `prepare` script. Cut off in between, the next call finds the copy and puts it back first.
 */
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';

const COPY = '.package.json.whole';

if (existsSync(COPY)) renameSync(COPY, 'package.json');
if (process.argv[2] === 'strip') {
  const text = readFileSync('package.json', 'utf8');
  const { scripts: _scripts, devDependencies: _development, ...published } = JSON.parse(text);
  writeFileSync(COPY, text);
  writeFileSync('package.json', `${JSON.stringify(published, null, 2)}\n`);
}
