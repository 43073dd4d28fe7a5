// @ts-check
'use strict';

// Installs the tarballs of target/pack as a user would, with npm, pnpm and yarn: into an empty project, from a registry
// that has nothing else, without install scripts, and without Rust. `npm run test:packages` makes the tarballs first.

const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const { after, before, test } = require('node:test');
const ts = require('typescript');
const { npmPackages } = require('../../scripts/cache.js');
const { LARGEST } = require('../../scripts/cross/check.js');
const { MAIN, OUT } = require('../../scripts/pack.js');
const { run } = require('../helpers/child.js');
const { makeFolder } = require('../helpers/folders.js');
const { root } = require('../helpers/installed.js');
const { startRegistry } = require('../helpers/registry.js');
const sources = require('../helpers/user-programs.js');

/**
 * The time limit of an installation, in milliseconds, and the number of tries. The best try counts, since other
 * programs run here too.
 */
const LIMIT = 2_000;
const TRIES = 5;

const tools = npmPackages('package-managers', [
  'pnpm@12.21.0',
  'yarn@1.22.22',
  '@yarnpkg/cli-dist@4.18.1',
]);
const npmCli =
  process.env.npm_execpath ??
  path.join(fs.realpathSync(process.execPath), '../../lib/node_modules/npm/bin/npm-cli.js');
const yarn = path.join(tools, 'node_modules', '@yarnpkg', 'cli-dist', 'bin', 'yarn.js');
const classic = path.join(tools, 'node_modules', 'yarn', 'bin', 'yarn.js');

/** @type {Record<string, { command: string[], settings?: string }>} */
const managers = {
  npm: {
    command: [process.execPath, npmCli, 'install', '--ignore-scripts', '--no-audit', '--no-fund'],
  },
  pnpm: {
    command: [path.join(tools, 'node_modules', '.bin', 'pnpm'), 'install', '--ignore-scripts'],
  },
  'yarn 1': { command: [process.execPath, classic, 'install', '--ignore-scripts', '--silent'] },
  'yarn 4': {
    command: [process.execPath, yarn, 'install', '--mode=skip-build'],
    settings: 'enableScripts: false\nnodeLinker: node-modules\nenableTelemetry: false\n',
  },
};

/** @type {Record<string, string>} */
const programs = {
  'commonjs.cjs': sources.commonJs,
  'module.mjs': sources.module,
  'typescript.cts': sources.typedCommonJs,
  'typescript.mts': sources.typedModule,
};

const { folder, remove } = makeFolder();
/** @type {Awaited<ReturnType<typeof startRegistry>>} */
let registry;
/** @type {NodeJS.ProcessEnv} */
let env;

before(async () => {
  registry = await startRegistry();
  // Nothing but Node and a shell: no cargo, and no settings of the user who runs the tests.
  const bin = path.join(folder, 'bin');
  fs.mkdirSync(bin);
  fs.symlinkSync(process.execPath, path.join(bin, 'node'));
  fs.symlinkSync('/bin/sh', path.join(bin, 'sh'));
  env = {
    PATH: bin,
    HOME: folder,
    CI: 'true',
    npm_config_cache: path.join(folder, 'npm-cache'),
    YARN_CACHE_FOLDER: path.join(folder, 'yarn-cache'),
    YARN_GLOBAL_FOLDER: path.join(folder, 'yarn'),
    YARN_ENABLE_IMMUTABLE_INSTALLS: 'false',
  };
});

after(() => {
  registry.close();
  remove();
});

/**
 * An empty project that depends on the package.
 *
 * @param {string} name
 * @param {string} [settings] of yarn 4
 */
function project(name, settings) {
  const cwd = path.join(folder, name);
  fs.mkdirSync(cwd);
  const dependencies = { '@x/shared-sync': '0.1.0' };
  fs.writeFileSync(path.join(cwd, 'package.json'), JSON.stringify({ private: true, dependencies }));
  fs.writeFileSync(path.join(cwd, '.npmrc'), `registry=${registry.address}\n`);
  if (settings) {
    const server = `npmRegistryServer: ${registry.address}\nunsafeHttpWhitelist: [127.0.0.1]\n`;
    fs.writeFileSync(path.join(cwd, '.yarnrc.yml'), settings + server);
    fs.writeFileSync(path.join(cwd, 'yarn.lock'), '');
  }
  return cwd;
}

/**
 * Compiles the TypeScript programs of a project in place.
 *
 * @param {string} cwd
 */
function compile(cwd) {
  const program = ts.createProgram(
    Object.keys(programs)
      .filter((name) => name.startsWith('typescript'))
      .map((name) => path.join(cwd, name)),
    {
      strict: true,
      target: ts.ScriptTarget.ES2022,
      module: ts.ModuleKind.Node16,
      moduleResolution: ts.ModuleResolutionKind.Node16,
      typeRoots: [path.join(root, 'node_modules', '@types')],
      types: ['node'],
    },
  );
  const { diagnostics } = program.emit();
  const wrong = [...ts.getPreEmitDiagnostics(program), ...diagnostics];
  assert.deepEqual(
    wrong.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n')),
    [],
  );
}

for (const [name, { command, settings }] of Object.entries(managers)) {
  test(`${name} installs the package, and it works from CommonJS, ES modules and TypeScript`, async (t) => {
    let best = Infinity;
    let cwd = '';
    for (let i = 0; i < TRIES && best >= LIMIT; i++) {
      cwd = project(`${name.replace(' ', '-')}-${i}`, settings);
      registry.fetched.length = 0;
      const [program, ...args] = command;
      const ended = await run(program, args, { cwd, env, limit: 60_000 });
      assert.equal(ended.code, 0, ended.stdout + ended.stderr);
      best = Math.min(best, ended.ms);
      for (const cache of ['npm-cache', 'yarn-cache', 'yarn', '.local', '.cache']) {
        fs.rmSync(path.join(folder, cache), { recursive: true, force: true });
      }
    }
    t.diagnostic(`installed in ${Math.round(best)} ms`);
    const fetched = [...new Set(registry.fetched)].sort();
    const own = new RegExp(`^@x/shared-sync(-${process.platform}-${process.arch}.*)?$`);
    if (name !== 'yarn 1')
      assert.deepEqual(
        fetched.filter((other) => !own.test(other)),
        [],
      );

    for (const [file, source] of Object.entries(programs)) {
      fs.writeFileSync(path.join(cwd, file), source);
    }
    compile(cwd);
    for (const file of Object.keys(programs)) {
      const compiled = file.replace(/\.([cm])ts$/, '.$1js');
      const ended = await run(process.execPath, [compiled], { cwd, env });
      assert.equal(ended.stderr, '', compiled);
      assert.equal(ended.stdout, sources.PRINTED, compiled);
    }
    assert.ok(best < LIMIT, `the installation took ${Math.round(best)} ms`);
  });
}

test('a package that is installed without its optional dependencies says what is missing', async () => {
  const cwd = project('no-optional');
  const [program, ...args] = managers.npm.command;
  const installed = await run(program, [...args, '--omit=optional'], { cwd, env });
  assert.equal(installed.code, 0, installed.stderr);
  const ended = await run(process.execPath, ['-e', "require('@x/shared-sync')"], { cwd, env });
  assert.equal(ended.code, 1);
  assert.match(ended.stderr, /@x\/shared-sync-\S+ is not installed.*--omit=optional/);
});

test('the packages hold what they need and nothing else', () => {
  const files = /** @type {string[]} */ (
    fs.readdirSync(MAIN, { recursive: true, withFileTypes: true }).flatMap((entry) => {
      const parent = /** @type {any} */ (entry).parentPath ?? entry.path;
      return entry.isFile() ? [path.relative(MAIN, path.join(parent, entry.name))] : [];
    })
  );
  const expected =
    /^((index|explore|lock-order)\.d\.ts|(index|lock-order|binding)\.js|bin\/shared-sync\.js|lib\/([\w-]+\/)?[\w-]+\.js|docs\/[\w-]+\.md|mini-map-reduce\.js|README\.md|CHANGELOG\.md|LICENSE|package\.json)$/;
  assert.deepEqual(
    files.filter((file) => !expected.test(file)),
    [],
  );
  const { scripts, devDependencies, optionalDependencies } = JSON.parse(
    fs.readFileSync(path.join(MAIN, 'package.json'), 'utf8'),
  );
  assert.equal(scripts, undefined);
  assert.equal(devDependencies, undefined);
  assert.equal(Object.keys(optionalDependencies).length, 8);
});

test(`the package of a platform is smaller than ${LARGEST / 1_000} kB, unpacked`, async (t) => {
  const tarballs = fs.readdirSync(OUT).filter((name) => /^x-shared-sync-[a-z]/.test(name));
  assert.notEqual(tarballs.length, 0);
  for (const name of tarballs) {
    const listed = await run('tar', ['tzvf', path.join(OUT, name)]);
    const sizes = [...listed.stdout.matchAll(/^\S+ +\S+ +(\d+)/gm)].map(([, size]) => Number(size));
    const total = sizes.reduce((sum, size) => sum + size, 0);
    t.diagnostic(`${name}: ${total} bytes`);
    assert.ok(total > 0 && total < LARGEST, `${name}: ${total} bytes`);
  }
});
