// @ts-check
'use strict';

const test = require('ava').default;
const fs = require('node:fs');
const path = require('node:path');
const { parseTriple } = require('@napi-rs/cli');
const { PLATFORMS } = require('../lib/native.js');
const { run } = require('./helpers/child.js');
const { root, userFolder } = require('./helpers/installed.js');

const MAJOR = Number(process.versions.node.split('.')[0]);
const PERMISSION = MAJOR < 22 ? '--experimental-permission' : '--permission';
/** An architecture that binaries are made for, and that this machine is not. */
const OTHER = process.arch === 'arm64' ? 'x64' : 'arm64';

/**
 * Loads the package in a process of its own, and returns how that ended.
 *
 * @param {import('ava').ExecutionContext} t
 * @param {{ before?: string, flags?: string[], env?: NodeJS.ProcessEnv }} options before: what the program does first
 */
async function load(t, { before = '', flags = [], env = {} }) {
  const cwd = userFolder(t);
  fs.writeFileSync(
    path.join(cwd, 'program.js'),
    `${before}
    try {
      const { Mutex } = require('@x/shared-sync');
      new Mutex(new SharedArrayBuffer(4)).lock().unlock();
      console.log(JSON.stringify({ loaded: true }));
    } catch (error) {
      const { name, code, message, cause } = error;
      console.log(JSON.stringify({ name, code, message, caused: cause !== undefined }));
    }`,
  );
  const ended = await run(process.execPath, [...flags, 'program.js'], {
    cwd,
    env: { ...process.env, NODE_OPTIONS: '', NAPI_RS_NATIVE_LIBRARY_PATH: '', ...env },
  });
  t.is(ended.code, 0, ended.stderr);
  return JSON.parse(ended.stdout);
}

/** @param {{ platform?: string, arch?: string }} claimed */
const claim = (claimed) =>
  `for (const [name, value] of Object.entries(${JSON.stringify(claimed)}))
    Object.defineProperty(process, name, { value });`;

test('the platforms named in messages are the targets of package.json', (t) => {
  const { napi } = JSON.parse(fs.readFileSync(path.join(root, 'package.json'), 'utf8'));
  const names = napi.targets.map(
    (/** @type {string} */ triple) => parseTriple(triple).platformArchABI,
  );
  t.deepEqual(PLATFORMS, names);
});

for (const [platform, arch] of /** @type {const} */ ([
  ['linux', 'riscv64'],
  ['linux', 'mips'],
  ['freebsd', 'x64'],
  ['plan9', 'z80'],
])) {
  test(`on ${platform} ${arch}, which has no binary, the error lists the platforms and how to build`, async (t) => {
    const told = await load(t, {
      before: claim({ platform, arch }),
    });
    t.is(told.code, 'ERR_NO_ADDON');
    t.true(told.message.includes(`no binary for ${platform}-${arch}`), told.message);
    for (const name of PLATFORMS) t.true(told.message.includes(name));
    t.regex(told.message, /npm run build.*NAPI_RS_NATIVE_LIBRARY_PATH/);
    t.true(told.caused);
  });
}

test('a package for this platform that is not installed is named', async (t) => {
  const told = await load(t, { before: claim({ arch: OTHER }) });
  t.is(told.code, 'ERR_NO_ADDON');
  t.regex(
    told.message,
    new RegExp(`@x/shared-sync-${process.platform}-${OTHER}\\S* is not installed`),
  );
  t.regex(told.message, /--omit=optional/);
});

/**
 * The start of a 64-bit ELF program that asks for a loader, behind a segment of another type.
 *
 * @param {string} loader
 * @param {number} at where the loader's name stands
 */
function elf(loader, at) {
  const bytes = Buffer.alloc(at + loader.length + 1);
  bytes.write('\x7fELF\x02\x01\x01', 'latin1');
  const [segments, entry] = [64, 56];
  bytes.writeBigUInt64LE(BigInt(segments), 32);
  bytes.writeUInt16LE(entry, 54);
  bytes.writeUInt16LE(2, 56);
  bytes.writeUInt32LE(6, segments);
  bytes.writeUInt32LE(3, segments + entry);
  bytes.writeBigUInt64LE(BigInt(at), segments + entry + 8);
  bytes.writeBigUInt64LE(BigInt(loader.length + 1), segments + entry + 32);
  bytes.write(loader, at, 'latin1');
  return bytes;
}

for (const [library, loader] of [
  ['gnu', '/lib64/ld-linux-x86-64.so.2'],
  ['musl', '/lib/ld-musl-aarch64.so.1'],
]) {
  test(`the binary for ${library} is asked for by a program of ${library}, whatever the machine has`, async (t) => {
    // A tool such as patchelf moves the name to the end of the program.
    for (const at of [176, 100_000]) {
      const program = path.join(userFolder(t), 'node');
      fs.writeFileSync(program, elf(loader, at));
      const before = `${claim({ platform: 'linux', arch: OTHER })}
        process.execPath = ${JSON.stringify(program)};`;
      const told = await load(t, { before });
      t.true(told.message.includes(`-linux-${OTHER}-${library} is not installed`), told.message);
    }
  });
}

for (const [library, header] of [
  ['gnu', { glibcVersionRuntime: '2.36' }],
  ['musl', {}],
]) {
  test(`where the program cannot be read, the report of the process tells ${library}`, async (t) => {
    for (const program of ['', __filename]) {
      const before = `${claim({ platform: 'linux', arch: OTHER })}
        process.execPath = ${JSON.stringify(program)};
        process.report.getReport = () => (${JSON.stringify({ header })});`;
      const told = await load(t, { before });
      t.true(told.message.includes(`-linux-${OTHER}-${library} is not installed`), told.message);
    }
  });
}

test('a loader that is missing is named, as where a bundler left out a file of the package', async (t) => {
  const told = await load(t, {
    before: `const { _resolveFilename } = require('node:module');
      require('node:module')._resolveFilename = (name, ...rest) =>
        _resolveFilename(name === '../binding.js' ? '../no-binding.js' : name, ...rest);`,
  });
  t.is(told.code, 'MODULE_NOT_FOUND');
  t.regex(told.message, /no-binding\.js/);
});

test('a file that NAPI_RS_NATIVE_LIBRARY_PATH names is loaded, or named in the error', async (t) => {
  const [addon] = fs.readdirSync(root).filter((name) => name.endsWith('.node'));
  t.true((await load(t, { env: { NAPI_RS_NATIVE_LIBRARY_PATH: path.join(root, addon) } })).loaded);

  const missing = path.join(root, 'no-such.node');
  const absent = await load(t, { env: { NAPI_RS_NATIVE_LIBRARY_PATH: missing } });
  t.is(absent.code, 'ERR_NO_ADDON');
  t.true(absent.message.includes(missing), absent.message);

  const wrong = path.join(userFolder(t), 'text.node');
  fs.writeFileSync(wrong, 'not an addon');
  const failed = await load(t, { env: { NAPI_RS_NATIVE_LIBRARY_PATH: wrong } });
  t.is(failed.code, 'ERR_NO_ADDON');
  t.true(failed.message.includes(`could not load ${wrong}`), failed.message);
});

test('the error names the switch of the permission model that forbids the addon', async (t) => {
  const flags = [PERMISSION, '--allow-fs-read=*'];
  const told = await load(t, { flags });
  t.is(told.code, 'ERR_DLOPEN_DISABLED');
  t.regex(told.message, /--allow-addons/);
  t.true((await load(t, { flags: [...flags, '--allow-addons'] })).loaded);
});

test('the error names --no-addons if that forbids the addon', async (t) => {
  const told = await load(t, { flags: ['--no-addons'] });
  t.is(told.code, 'ERR_DLOPEN_DISABLED');
  t.regex(told.message, /--no-addons/);
});
