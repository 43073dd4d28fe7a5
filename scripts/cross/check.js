// @ts-check
'use strict';

// What has to hold for a binary that is published, read from the file itself by readers of its format: readelf, llvm-objdump,
// macholib and pefile.

const fs = require('node:fs');
const path = require('node:path');
const { spawnSync } = require('node:child_process');
const { checkGlibc } = require('../elf.js');
const { linker, llvm } = require('./toolchain.js');

/** The largest file, in bytes. */
const LARGEST = 700_000;

/** What Node-API calls when it loads the addon, and the only symbol that the addon exports. */
const ENTRY = 'napi_register_module_v1';

/**
 * What macOS binaries export besides: std's answers to `@available`, and what zig's linker adds to each library. zig has no
 * list of exported symbols for this format.
 */
const MACOS_EXPORTS = [
  '___isOSVersionAtLeast',
  '___isPlatformVersionAtLeast',
  '___dso_handle',
  '__mh_dylib_header',
];

/** The libraries that each system has. */
const LIBRARIES = {
  elf: /^(lib(c|dl|m|pthread|rt)\.so\.6|lib(dl|pthread|rt)\.so\.\d|ld-linux-[\w-]+\.so\.\d|libc\.so)$/,
  macho: /^\/usr\/lib\/libSystem\.B\.dylib$/,
  pe: /^(kernel32|ntdll|bcryptprimitives|ws2_32|userenv|api-ms-win-(core|crt)-[\w-]+)\.dll$/i,
};

/**
 * @typedef {object} Facts
 * @property {string} machine
 * @property {string[]} libraries that it needs
 * @property {string[]} imports
 * @property {string[]} exports
 * @property {string | null} system the oldest glibc or macOS that it runs on, where it says so
 * @property {string} [name] that macOS knows it by
 * @property {number[] | null} [wrongPages] that the signature of macOS does not fit
 */

/**
 * @param {string} program
 * @param {string[]} args
 * @param {NodeJS.ProcessEnv} [env]
 */
function output(program, args, env = process.env) {
  const { stdout, stderr, status, error } = spawnSync(program, args, {
    encoding: 'utf8',
    env: { ...env, LC_ALL: 'C' },
    maxBuffer: 64e6,
  });
  if (error) throw error;
  if (status !== 0) throw new Error(`${program} ${args.join(' ')} failed: ${stderr}`);
  return stdout;
}

/**
 * @param {string} file
 * @param {import('./targets.js').Target} target
 * @returns {Facts}
 */
function readElf(file, { oldest }) {
  const header = output('readelf', ['--file-header', '--wide', file]);
  const dynamic = output('readelf', ['--dynamic', '--wide', file]);
  const symbols = output('readelf', ['--dyn-syms', '--wide', file])
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    // Number, value, size, type, binding, visibility, section, name.
    .filter((fields) => /^\d+:$/.test(fields[0]) && fields.length >= 8)
    .map(([, , , , binding, , section, name]) => ({ binding, section, name }));
  const imported = symbols.filter(({ section }) => section === 'UND');
  return {
    machine: /Machine: +(.*)/.exec(header)?.[1].split(' ').at(-1) ?? 'unknown',
    libraries: [...dynamic.matchAll(/\(NEEDED\) .*\[(.*)\]/g)].map(([, name]) => name),
    // A weak one may be missing.
    imports: imported.filter(({ binding }) => binding !== 'WEAK').map(({ name }) => name),
    exports: symbols.filter(({ section }) => section !== 'UND').map(({ name }) => name),
    system: oldest ? checkGlibc(file, oldest) : null,
  };
}

/** @param {string} file */
function readByPython(file) {
  const script = path.join(__dirname, 'read.py');
  return JSON.parse(output('python3', [script, file], { ...process.env, PYTHONPATH: linker() }));
}

/**
 * @param {string} file
 * @returns {Facts}
 */
function readMacho(file) {
  const { program, env } = llvm('llvm-objdump');
  const trie = output(program, ['--macho', '--exports-trie', file], env);
  const exported = [...trie.matchAll(/^0x[\dA-F]+ +(\S+)/gm)].map(([, name]) => name);
  return { ...readByPython(file), exports: exported };
}

/**
 * @param {string} file
 * @returns {Facts}
 */
const readPe = (file) => ({ ...readByPython(file), system: null });

const readers = { elf: readElf, macho: readMacho, pe: readPe };

/**
 * What is wrong with a binary.
 *
 * @param {import('./targets.js').Target} target
 * @param {Facts} facts
 * @param {number} size
 */
function faults({ format, machine, oldest }, facts, size) {
  const { libraries, imports, exports: exported } = facts;
  const entry = format === 'macho' ? `_${ENTRY}` : ENTRY;
  const allowed = [entry, ...(format === 'macho' ? MACOS_EXPORTS : [])];
  // Linux alone binds the functions of Node-API when it loads the addon.
  const host = format === 'elf' ? /^(uv_|_ZN2v8|_ZN4node|node_)/ : /^_?(napi_|node_|uv_)/;
  const wrong = [
    facts.machine !== machine && `is for ${facts.machine}, not ${machine}`,
    ...libraries.filter((name) => !LIBRARIES[format].test(name)).map((name) => `needs ${name}`),
    ...imports.filter((name) => host.test(name)).map((name) => `imports ${name} from the runtime`),
    !exported.includes(entry) && `does not export ${ENTRY}`,
    ...exported.filter((name) => !allowed.includes(name)).map((name) => `exports ${name}`),
    size > LARGEST && `has ${size} bytes, more than ${LARGEST}`,
  ];
  if (format === 'elf') {
    // glibc's symbols have a version, and musl's have none.
    const foreign = oldest ? imports.filter((name) => !/@|^napi_\w+$/.test(name)) : [];
    wrong.push(...foreign.map((name) => `imports ${name}, which no library has`));
  }
  if (format === 'macho') {
    wrong.push(
      facts.system !== oldest && `needs macOS ${facts.system}, not ${oldest}`,
      // Only Macs with Apple's processors demand a signature.
      machine === 'ARM64' && facts.wrongPages === null && 'has no signature',
      (facts.wrongPages?.length ?? 0) > 0 && `is signed wrong in the pages ${facts.wrongPages}`,
      (facts.name ?? '').includes('/target/') && `is named ${facts.name}, a path of this machine`,
    );
  }
  return wrong.filter((fault) => typeof fault === 'string');
}

/**
 * Reads a binary, and throws if anything is wrong with it.
 *
 * @param {import('./targets.js').Target} target
 * @param {string} file
 */
function check(target, file) {
  const facts = readers[target.format](file, target);
  const { size } = fs.statSync(file);
  const wrong = faults(target, facts, size);
  if (wrong.length > 0) throw new Error(`${path.basename(file)} ${wrong.slice(0, 9).join('; ')}`);
  return { ...facts, size };
}

module.exports = { LARGEST, check, faults };
