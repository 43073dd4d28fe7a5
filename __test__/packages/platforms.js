// @ts-check
'use strict';

// The packages of all platforms, from a registry on this machine (verdaccio): npm and pnpm install just the one for the platform
// that is passed to them, and the loader takes it there. Needs the eight binaries of `npm run build:all`.

const assert = require('node:assert/strict');
const fs = require('node:fs');
const http = require('node:http');
const path = require('node:path');
const { spawn } = require('node:child_process');
const { after, before, test } = require('node:test');
const { npmPackages } = require('../../scripts/cache.js');
const { BINARIES } = require('../../scripts/cross/build.js');
const { TARGETS } = require('../../scripts/cross/targets.js');
const { OUT } = require('../../scripts/pack.js');
const { run } = require('../helpers/child.js');
const { makeFolder } = require('../helpers/folders.js');

const npmCli =
  process.env.npm_execpath ??
  path.join(fs.realpathSync(process.execPath), '../../lib/node_modules/npm/bin/npm-cli.js');

const binaryOf = (/** @type {string} */ platform) =>
  path.join(BINARIES, `shared-sync.${platform}.node`);
const missing = TARGETS.filter(({ platform }) => !fs.existsSync(binaryOf(platform)));
const skip = missing.length > 0 && `no binary of ${missing[0].platform}: run npm run build:all`;

const { folder, remove } = makeFolder();
after(remove);

/** @type {Record<string, () => string[]>} */
const managers = {
  npm: () => [process.execPath, npmCli, 'install', '--no-audit', '--no-fund'],
  pnpm: () => {
    const tools = npmPackages('pnpm', ['pnpm@12.21.0']);
    return [path.join(tools, 'node_modules', '.bin', 'pnpm'), 'install'];
  },
};

/** The loader's view of a platform: prints the binary that it loads, and loads nothing. */
const LOADER = `
const fs = require('node:fs');
const Module = require('node:module');
const [platform, arch, libc] = process.argv.slice(2);
Object.defineProperty(process, 'platform', { value: platform });
Object.defineProperty(process, 'arch', { value: arch });
// No program tells the C library, so the report does.
process.execPath = '';
process.report.getReport = () => ({ header: libc === 'musl' ? {} : { glibcVersionRuntime: '2.36' } });
Module._extensions['.node'] = (_module, file) => {
  console.log(fs.realpathSync(file));
  process.exit(0);
};
require('@x/shared-sync');
`;

let registry = '';
/** @type {import('node:child_process').ChildProcess | undefined} */
let server;

/** @param {string[]} command @param {string} cwd */
async function must(command, cwd) {
  const [program, ...args] = command;
  const env = { ...process.env, HOME: folder, CI: 'true' };
  const ended = await run(program, args, { cwd, env, limit: 120_000 });
  assert.equal(ended.code, 0, `${command.join(' ')}\n${ended.stdout}${ended.stderr}`);
  return ended.stdout;
}

/**
 * @param {string} address
 * @returns {Promise<boolean>}
 */
const answers = (address) =>
  new Promise((resolve) => {
    http
      .get(address, (response) => {
        response.resume();
        resolve(response.statusCode === 200);
      })
      .once('error', () => resolve(false));
  });

before(async () => {
  if (skip) return;
  // A tag, which not every mirror of npm's registry has.
  const overrides = { 'node-fetch': '2.6.7' };
  const tools = npmPackages('verdaccio', ['verdaccio@6.2.0'], { overrides });
  const config = path.join(folder, 'verdaccio.yaml');
  const rights = { access: '$all', publish: '$all' };
  // YAML is a superset of JSON.
  const settings = {
    storage: path.join(folder, 'storage'),
    packages: { '@x/*': rights, '**': rights },
    log: { type: 'stdout', level: 'warn' },
  };
  fs.writeFileSync(config, JSON.stringify(settings));
  const program = path.join(tools, 'node_modules', 'verdaccio', 'bin', 'verdaccio');
  const port = 20_000 + (process.pid % 20_000);
  registry = `http://127.0.0.1:${port}/`;
  const args = [program, '--config', config, '--listen', `127.0.0.1:${port}`];
  server = spawn(process.execPath, args, {
    stdio: 'ignore',
    env: { ...process.env, HOME: folder },
  });
  for (let tries = 0; ; tries++) {
    if (await answers(`${registry}-/ping`)) break;
    assert.ok(tries < 600, 'verdaccio does not answer');
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  const npmrc = `registry=${registry}\n//127.0.0.1:${port}/:_authToken=anyone\n`;
  fs.writeFileSync(path.join(folder, '.npmrc'), npmrc);
  for (const tarball of fs.readdirSync(OUT).filter((name) => name.endsWith('.tgz'))) {
    const publish = ['publish', path.join(OUT, tarball), '--registry', registry];
    await must([process.execPath, npmCli, ...publish, '--ignore-scripts'], folder);
  }
});

after(() => server?.kill());

for (const [name, command] of Object.entries(managers)) {
  for (const { platform } of TARGETS) {
    test(
      `${name} installs the package of ${platform} alone, and the loader takes it`,
      { skip },
      async () => {
        const [os, cpu, abi] = platform.split('-');
        const libc = abi === 'gnu' ? 'glibc' : abi;
        const cwd = path.join(folder, `${name}-${platform}`);
        fs.mkdirSync(cwd);
        const dependencies = { '@x/shared-sync': '0.1.0' };
        fs.writeFileSync(
          path.join(cwd, 'package.json'),
          JSON.stringify({ private: true, dependencies }),
        );
        fs.copyFileSync(path.join(folder, '.npmrc'), path.join(cwd, '.npmrc'));
        const libcs = os === 'linux' ? [`--libc=${libc}`] : [];
        await must([...command(), `--os=${os}`, `--cpu=${cpu}`, ...libcs], cwd);

        // pnpm keeps the dependencies of a package in a store of its own.
        const found = /** @type {string[]} */ (
          fs.readdirSync(path.join(cwd, 'node_modules'), { recursive: true })
        ).filter(
          (file) =>
            file.endsWith('.node') &&
            !fs.lstatSync(path.join(cwd, 'node_modules', file)).isSymbolicLink(),
        );
        assert.deepEqual(
          [...new Set(found.map((file) => path.basename(file)))],
          [`shared-sync.${platform}.node`],
        );
        const script = path.join(cwd, 'loader.js');
        fs.writeFileSync(script, LOADER);
        const loaded = (await must([process.execPath, script, os, cpu, libc ?? ''], cwd)).trim();
        assert.equal(path.basename(loaded), `shared-sync.${platform}.node`);
        assert.ok(fs.readFileSync(loaded).equals(fs.readFileSync(binaryOf(platform))));
      },
    );
  }
}
