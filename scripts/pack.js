// @ts-check
'use strict';

// Packs what is published into target/pack: the package itself, without any binary, and one package for each platform whose
// binary lies in target/binaries. Just these tarballs are tested (npm run test:packages) and published.

const fs = require('node:fs');
const path = require('node:path');
const { spawnSync } = require('node:child_process');
const { NapiCli, parseTriple } = require('@napi-rs/cli');
const { command } = require('./command.js');
const { npmCommand } = require('./npm.js');
const { BINARIES, build } = require('./cross/build.js');
const { check } = require('./cross/check.js');
const { TARGETS } = require('./cross/targets.js');

const USAGE = `Usage: node scripts/pack.js [--local | --all]

Packs the package and its platforms into target/pack.

  --local  build the binary of this platform first, as it is published
  --all    fail where the binary of a platform is missing`;

const OPTIONS = /** @type {const} */ ({
  local: { type: 'boolean', default: false },
  all: { type: 'boolean', default: false },
});

const root = path.join(__dirname, '..');
const OUT = path.join(root, 'target', 'pack');
const PLATFORMS = path.join(OUT, 'npm');
const MAIN = path.join(OUT, 'main');
/** Of package.json: what is only for development. */
const NOT_SHIPPED = ['scripts', 'devDependencies', 'ava'];

/** @param {string} file */
const readJson = (file) => JSON.parse(fs.readFileSync(file, 'utf8'));

/**
 * @param {string} file
 * @param {object} value
 */
const writeJson = (file, value) => fs.writeFileSync(file, `${JSON.stringify(value, null, 2)}\n`);

/**
 * Runs npm, and gives what it prints as JSON.
 *
 * @param {string} cwd
 * @param {string[]} args
 */
function npm(cwd, ...args) {
  const encoding = /** @type {const} */ ('utf8');
  const { status, stdout, stderr } = spawnSync(
    ...npmCommand([...args, '--json'], { cwd, encoding }),
  );
  if (status !== 0) throw new Error(`npm ${args.join(' ')} failed: ${stdout}${stderr}`);
  return JSON.parse(stdout);
}

/** Where the source is, for npm to hold the provenance against; known where a workflow of GitHub's runs this. */
function repository() {
  const { GITHUB_SERVER_URL: server, GITHUB_REPOSITORY: name } = process.env;
  return name ? { repository: { type: 'git', url: `git+${server}/${name}.git` } } : {};
}

/** The names of the files that npm packs of a folder. */
function filesOf(/** @type {string} */ folder) {
  const [{ files }] = npm(folder, 'pack', '--dry-run', '--ignore-scripts');
  return files.map((/** @type {{ path: string }} */ file) => file.path);
}

/** @param {string} triple */
function targetOf(triple) {
  const target = TARGETS.find((target) => target.triple === triple);
  if (target) return target;
  throw new Error(`scripts/cross/targets.js has no ${triple}, which package.json names`);
}

/**
 * Packs a folder into {@link OUT}.
 *
 * @param {string} folder
 */
function pack(folder) {
  const [packed] = npm(folder, 'pack', '--pack-destination', OUT, '--ignore-scripts');
  const kB = (/** @type {number} */ bytes) => `${Math.ceil(bytes / 1_000)} kB`;
  console.log(`${packed.filename}: ${kB(packed.size)}, ${kB(packed.unpackedSize)} unpacked`);
  return packed;
}

/** @param {boolean} all whether every platform's binary has to be there */
async function main(all) {
  fs.rmSync(OUT, { recursive: true, force: true });
  fs.mkdirSync(OUT, { recursive: true });
  const manifest = readJson(path.join(root, 'package.json'));

  await new NapiCli().createNpmDirs({ cwd: root, npmDir: path.relative(root, PLATFORMS) });
  /** @type {Record<string, string>} */
  const optionalDependencies = {};
  for (const triple of manifest.napi.targets) {
    const { platformArchABI: platform } = parseTriple(triple);
    const folder = path.join(PLATFORMS, platform);
    const file = path.join(folder, 'package.json');
    const { name, version, main: binary, ...rest } = readJson(file);
    optionalDependencies[name] = version;
    writeJson(file, { name, version, type: 'commonjs', main: binary, ...rest, ...repository() });
    fs.copyFileSync(path.join(root, 'LICENSE'), path.join(folder, 'LICENSE'));
    const built = path.join(BINARIES, binary);
    if (!fs.existsSync(built)) {
      if (all) throw new Error(`there is no ${path.relative(root, built)}`);
      continue;
    }
    check(targetOf(triple), built);
    fs.copyFileSync(built, path.join(folder, binary));
    pack(folder);
  }

  for (const name of filesOf(root)) {
    fs.mkdirSync(path.dirname(path.join(MAIN, name)), { recursive: true });
    fs.copyFileSync(path.join(root, name), path.join(MAIN, name));
  }
  const shipped = Object.entries(manifest).filter(([name]) => !NOT_SHIPPED.includes(name));
  writeJson(path.join(MAIN, 'package.json'), {
    ...Object.fromEntries(shipped),
    ...repository(),
    optionalDependencies,
  });
  pack(MAIN);
}

if (require.main === module) {
  command(USAGE, OPTIONS, async ({ local, all }) => {
    if (local) {
      const machine = process.arch === 'arm64' ? 'aarch64' : 'x86_64';
      await build(targetOf(`${machine}-unknown-linux-gnu`));
    }
    await main(all);
  });
}

module.exports = { MAIN, OUT, PLATFORMS, filesOf };
