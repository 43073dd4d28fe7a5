// @ts-check
'use strict';

// Builds the addon for every platform into target/binaries, and checks each file. Brings what it needs into the cache.

const fs = require('node:fs');
const path = require('node:path');
const { spawn } = require('node:child_process');
const { must } = require('../cache.js');
const { choices, command, count } = require('../command.js');
const { markdown } = require('../runtimes.js');
const { check } = require('./check.js');
const { TARGETS } = require('./targets.js');
const { compiler, linker, llvm } = require('./toolchain.js');

const root = path.join(__dirname, '..', '..');
const BINARIES = path.join(root, 'target', 'binaries');
/** For each target a folder of its own, since cargo locks the whole of one. */
const FOLDERS = path.join(root, 'target', 'cross');

/** @typedef {import('./targets.js').Target} Target */

/**
 * How large a function may be, by LLVM's estimate, to be copied into those that call it. LLVM's own limit of 225 makes the files
 * 10 % larger and few operations faster (docs/runtimes.md).
 */
const SMALL = '-Cllvm-args=-inline-threshold=80';

/**
 * What rustc is told besides.
 *
 * @type {Record<Target['format'], (target: Target) => string[]>}
 */
const rustFlags = {
  elf: ({ platform, oldest }) => [
    // No table for the functions that nothing unwinds.
    '-Cforce-unwind-tables=no',
    // Calls within the library go there straight, and not by a table of addresses that is filled when it is loaded.
    ...(platform.includes('x64') ? ['-Zplt=yes'] : []),
    // For musl, Rust makes static programs unless told otherwise, and an addon is a shared library.
    ...(oldest ? [] : ['-Ctarget-feature=-crt-static']),
  ],
  macho: ({ platform }) => [
    // zig exports each symbol that is visible, and ignores the list of those that are meant to be.
    '-Zdefault-visibility=hidden',
    `-Clink-arg=-Wl,-install_name,@rpath/shared-sync.${platform}.node`,
    '-Clink-arg=-Wl,-dead_strip_dylibs',
  ],
  // zig exports each symbol without this list.
  pe: () => [`-Clink-arg=${path.join(__dirname, 'exports.def')}`],
};

/**
 * Runs cargo, and gives what it prints if it fails.
 *
 * @param {string[]} args
 * @param {NodeJS.ProcessEnv} env
 * @returns {Promise<void>}
 */
function cargo(args, env) {
  const child = spawn('cargo', args, { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const from of [child.stdout, child.stderr]) {
    from.setEncoding('utf8').on('data', (chunk) => (output += chunk));
  }
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => {
      if (code === 0) resolve();
      else reject(new Error(`cargo ${args.join(' ')} failed:\n${output}`));
    });
  });
}

/** @param {Target} target */
const binaryOf = ({ platform }) => path.join(BINARIES, `shared-sync.${platform}.node`);

/**
 * Builds the addon for a target, and checks the file.
 *
 * @param {Target} target
 */
async function build(target) {
  const { triple, platform, rust, format, oldest, library } = target;
  const start = performance.now();
  const tools = linker();
  const { name, env, args } = compiler(rust);
  const folder = path.join(FOLDERS, platform);
  const flags = [process.env.RUSTFLAGS ?? '', SMALL, ...rustFlags[format](target)];
  const versioned = format === 'elf' && oldest ? `${rust}.${oldest}` : rust;
  await cargo(['zigbuild', '--release', '--locked', '--lib', '--target', versioned, ...args], {
    ...process.env,
    ...env,
    PATH: `${path.join(tools, 'bin')}${path.delimiter}${process.env.PATH}`,
    PYTHONPATH: tools,
    CARGO_ZIGBUILD_ZIG_PATH: path.join(tools, 'ziglang', 'zig'),
    CARGO_TARGET_DIR: folder,
    RUSTFLAGS: flags.join(' ').trim(),
    // cargo strips Mach-O by a tool that not every toolchain has.
    ...(format === 'macho' ? { CARGO_PROFILE_RELEASE_STRIP: 'false' } : {}),
    ...(format === 'macho' ? { MACOSX_DEPLOYMENT_TARGET: oldest } : {}),
  });
  const file = binaryOf(target);
  fs.mkdirSync(BINARIES, { recursive: true });
  fs.copyFileSync(path.join(folder, rust, 'release', library), file);
  if (format === 'macho') {
    // Signs anew what it strips.
    const strip = llvm('llvm-strip');
    must(strip.program, ['-x', file], { env: strip.env });
  }
  const facts = check(target, file);
  const seconds = (performance.now() - start) / 1_000;
  console.error(`built ${path.relative(root, file)} for ${triple} in ${seconds.toFixed(0)} s`);
  return { platform, compiler: name, ...facts };
}

/** @param {Awaited<ReturnType<typeof build>>[]} built */
function table(built) {
  const heads = ['platform', 'bytes', 'compiler', 'system', 'needs', 'exports'];
  const lines = built.map((row) => [
    row.platform,
    String(row.size),
    row.compiler,
    system(row),
    row.libraries.join(', '),
    row.exports.length === 1 ? row.exports[0] : `${row.exports.length} symbols`,
  ]);
  return markdown(heads, lines);
}

/** @param {{ platform: string, system: string | null }} row */
function system({ platform, system }) {
  if (platform.startsWith('win32')) return 'Windows 10';
  if (platform.endsWith('musl')) return 'musl';
  return platform.startsWith('darwin') ? `macOS ${system}` : `glibc ${system}`;
}

/**
 * Builds several targets, some at the same time.
 *
 * @param {Target[]} targets
 * @param {number} jobs
 */
async function buildAll(targets, jobs) {
  // What all of them need comes first, since each is fetched once.
  linker();
  targets.forEach(({ rust }) => compiler(rust));
  const waiting = [...targets];
  /** @type {Map<string, Awaited<ReturnType<typeof build>>>} */
  const built = new Map();
  const worker = async () => {
    for (let target = waiting.shift(); target; target = waiting.shift()) {
      built.set(target.platform, await build(target));
    }
  };
  await Promise.all(Array.from({ length: jobs }, worker));
  return targets.flatMap(({ platform }) => built.get(platform) ?? []);
}

const NAMES = TARGETS.map(({ triple }) => triple);

const USAGE = `Usage: npm run build:all -- [--jobs N] [TARGET...]

Builds the addon for these targets, or for all of them, into target/binaries, and checks each file:
${NAMES.join('\n')}

  --jobs N  how many targets are built at the same time (default: 2)`;

const OPTIONS = /** @type {const} */ ({ jobs: { type: 'string', default: '2' } });

if (require.main === module) {
  command(USAGE, OPTIONS, async ({ jobs }, names) => {
    const asked = choices('TARGET', names, NAMES);
    const targets = TARGETS.filter(({ triple }) => asked.includes(triple));
    console.log(table(await buildAll(targets, count('--jobs', jobs, 1, 16))));
  });
}

module.exports = { BINARIES, binaryOf, build, buildAll, table };
