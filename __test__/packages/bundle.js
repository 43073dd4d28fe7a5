// @ts-check
'use strict';

// Bundles a program and its worker with esbuild, webpack and Vite with the settings of docs/bundlers.md, and runs them.

const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const { after, test } = require('node:test');
const { npmPackages } = require('../../scripts/cache.js');
const { MAIN, PLATFORMS } = require('../../scripts/pack.js');
const { run } = require('../helpers/child.js');
const { makeFolder } = require('../helpers/folders.js');
const { root } = require('../helpers/installed.js');
const programs = require('../helpers/user-programs.js');

const tools = npmPackages('bundlers', ['esbuild@0.28.2', 'webpack@5.112.2', 'vite@8.3.8']);
const page = fs.readFileSync(path.join(root, 'docs', 'bundlers.md'), 'utf8');

/** @type {Record<string, string>} */
const sources = {
  'main.js': programs.commonJs,
  'main.mjs': programs.module,
  'package.json': JSON.stringify({ private: true, dependencies: { '@x/shared-sync': '0.1.0' } }),
};

/** The settings on the page, by the name of their file, which is in the comment of the first line. */
const settings = Object.fromEntries(
  [...page.matchAll(/^```js\n\/\/ ([\w.-]+)\n([^]*?)^```$/gm)].map(([, name, code]) => [
    name,
    code,
  ]),
);

/** Each file of settings. `alone`: the bundle needs nothing beside it. */
const ways = /** @type {const} */ ([
  { bundler: 'esbuild', how: 'with the package outside', file: 'esbuild-external.js' },
  { bundler: 'esbuild', how: 'with the addon copied', file: 'esbuild-copied.js', alone: true },
  { bundler: 'esbuild', how: 'as a module with the package outside', file: 'esbuild-module.js' },
  {
    bundler: 'esbuild',
    how: 'as a module with the addon copied',
    file: 'esbuild-module-copied.js',
    alone: true,
  },
  { bundler: 'webpack', how: 'with the package outside', file: 'webpack.config.js' },
  { bundler: 'webpack', how: 'with the addon outside', file: 'webpack.addon.config.js' },
  { bundler: 'vite', how: 'for a server', file: 'vite.config.mjs' },
]);

const { folder, remove } = makeFolder();
after(remove);

/** @param {string} name */
function project(name) {
  const cwd = path.join(folder, name);
  const installed = path.join(cwd, 'node_modules', '@x');
  fs.mkdirSync(installed, { recursive: true });
  fs.cpSync(MAIN, path.join(installed, 'shared-sync'), { recursive: true });
  for (const platform of fs.readdirSync(PLATFORMS)) {
    const from = path.join(PLATFORMS, platform);
    if (!fs.readdirSync(from).some((file) => file.endsWith('.node'))) continue;
    fs.cpSync(from, path.join(installed, `shared-sync-${platform}`), { recursive: true });
  }
  // The bundlers, as if they were installed here.
  for (const tool of ['esbuild', 'webpack', 'vite']) {
    fs.symlinkSync(path.join(tools, 'node_modules', tool), path.join(cwd, 'node_modules', tool));
  }
  for (const [file, source] of Object.entries(sources)) {
    fs.writeFileSync(path.join(cwd, file), source);
  }
  return cwd;
}

/** How each bundler is started with the settings of the page. */
const start = {
  esbuild: `require(process.argv[1])`,
  webpack: `
    require('webpack')(require(process.argv[1]), (error, stats) => {
      if (error || stats.hasErrors()) throw error ?? new Error(stats.toString());
    });`,
  vite: `import('vite').then(({ build }) => build({ logLevel: 'warn' }))`,
};

for (const { bundler, how, file, ...way } of ways) {
  test(`a program bundled by ${bundler} ${how} runs`, async () => {
    assert.ok(settings[file], `docs/bundlers.md has ${file}`);
    const cwd = project(file.replaceAll('.', '-'));
    const config = path.join(cwd, file);
    fs.writeFileSync(config, settings[file]);
    const built = await run(process.execPath, ['-e', start[bundler], config], {
      cwd,
      limit: 60_000,
    });
    assert.equal(built.code, 0, built.stdout + built.stderr);
    // If the bundle has everything, nothing else is installed.
    if ('alone' in way) fs.rmSync(path.join(cwd, 'node_modules'), { recursive: true });
    const dist = path.join(cwd, 'dist');
    const [main] = fs.readdirSync(dist).filter((name) => name.startsWith('main.'));
    const ended = await run(process.execPath, [path.join(dist, main)], { cwd });
    assert.equal(ended.stderr, '');
    assert.equal(ended.stdout, programs.PRINTED);
  });
}

test('each way of the page is tried', () => {
  assert.deepEqual(Object.keys(settings).sort(), ways.map(({ file }) => file).sort());
});
