/**
 * Builds dist/: the command in parts that are loaded when they are needed, one file for the library, its types.
 * Every dependency is bundled, so that installing pulls in nothing.
 */

import { execFileSync } from 'node:child_process';
import { chmod, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { build } from 'esbuild';

const { version } = JSON.parse(await readFile('package.json', 'utf8'));

/** cosmiconfig's own loaders can run code and bring in a compiler; ours replace them all, so they stay out. */
const withoutLoaders = {
  name: 'without-cosmiconfig-loaders',
  setup: ({ onLoad }) =>
    onLoad({ filter: /cosmiconfig[\\/]dist[\\/]loaders\.js$/ }, () => ({ contents: 'module.exports = {};' })),
};

const shared = {
  plugins: [withoutLoaders],
  bundle: true,
  platform: 'node',
  target: 'node20.19',
  format: 'esm',
  minifySyntax: true,
  minifyWhitespace: true,
  legalComments: 'none',
  metafile: true,
  logLevel: 'warning',
  define: { REAPER_VERSION: JSON.stringify(version) },
  // Bundled CommonJS dependencies ask for node's own modules through require.
  banner: {
    js: "import { createRequire as reaperRequire } from 'node:module'; const require = reaperRequire(import.meta.url);",
  },
};

await rm('dist', { recursive: true, force: true });
await mkdir('dist');
const results = await Promise.all([
  // In parts, so that a command loads and compiles what it needs and no more.
  build({
    ...shared,
    entryPoints: ['src/cli.ts'],
    outdir: 'dist',
    splitting: true,
    outExtension: { '.js': '.mjs' },
    chunkNames: 'part-[hash]',
  }),
  build({ ...shared, entryPoints: ['src/index.ts'], outfile: 'dist/index.js' }),
  // CommonJS, which node starts sooner.
  build({ ...shared, entryPoints: ['src/quick.ts'], outfile: 'dist/quick.cjs', format: 'cjs', banner: {} }),
]);
await writeFile('dist/cli.js', "#!/usr/bin/env node\nimport './cli.mjs';\n");
await chmod('dist/cli.js', 0o755);
await writeFile('dist/THIRD-PARTY-LICENSES.txt', await licences(results));
const tsc = join('node_modules', '.bin', process.platform === 'win32' ? 'tsc.cmd' : 'tsc');
const types = [
  '--noEmit',
  'false',
  '--emitDeclarationOnly',
  '--declaration',
  '--rootDir',
  'src',
  '--outDir',
  'dist/types',
];
execFileSync(tsc, ['-p', '.ci/types.json', ...types], { stdio: 'inherit' });

/** The licence of every package whose code is in the bundles. */
async function licences(builds) {
  const inputs = builds.flatMap(({ metafile }) => Object.keys(metafile.inputs));
  const roots = [
    ...new Set(inputs.map((path) => /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)/.exec(path)?.[1]).filter(Boolean)),
  ];
  const texts = await Promise.all(roots.sort().map(licence));
  return texts.join(`\n${'-'.repeat(78)}\n\n`);
}

async function licence(root) {
  const { name, version, license } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));
  for (const file of ['LICENSE', 'LICENSE.md', 'LICENSE.txt', 'license', 'license.md', 'LICENCE']) {
    const text = await readFile(join(root, file), 'utf8').catch(() => null);
    if (text !== null) return `${name} ${version} (${license})\n\n${text.trim()}\n`;
  }
  return `${name} ${version} (${license}), from ${dirname(root)}\n`;
}
