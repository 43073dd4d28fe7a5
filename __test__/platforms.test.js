// @ts-check
'use strict';

const test = require('ava').default;
const fs = require('node:fs');
const path = require('node:path');
const { parseTriple } = require('@napi-rs/cli');
const { faults } = require('../scripts/cross/check.js');
const { TARGETS } = require('../scripts/cross/targets.js');
const { failures, PLATFORMS, withoutKnown } = require('../scripts/platforms/main.js');
const { root } = require('./helpers/installed.js');

const read = (/** @type {string} */ file) => fs.readFileSync(path.join(root, file), 'utf8');

/** The facts of a file with which nothing is wrong. @param {string} platform */
function good(platform) {
  const target = TARGETS.find((target) => target.platform === platform);
  if (!target) throw new Error(`${platform} is no platform`);
  const entry = target.format === 'macho' ? '_napi_register_module_v1' : 'napi_register_module_v1';
  const { machine, oldest = null } = target;
  /** @type {import('../scripts/cross/check.js').Facts} */
  const facts = { machine, libraries: [], imports: [], exports: [entry], system: oldest };
  return { target, facts: { ...facts, wrongPages: [] } };
}

test('package.json, the loader, the docs and the workflows name the platforms that are built', (t) => {
  const { napi, scripts } = JSON.parse(read('package.json'));
  t.deepEqual(TARGETS.map(({ triple }) => triple).sort(), [...napi.targets].sort());
  for (const { triple, platform } of TARGETS) {
    t.is(parseTriple(triple).platformArchABI, platform);
    t.true(read('binding.js').includes(`'@x/shared-sync-${platform}'`), platform);
    t.true(read('docs/runtimes.md').includes(`| \`${platform}\``), `docs/runtimes.md: ${platform}`);
    t.regex(read('.github/workflows/build.yml'), new RegExp(`target: ${triple}\\b`), triple);
  }
  for (const name of ['build:all', 'test:platforms']) {
    t.truthy(scripts[name]);
    t.true(read('docs/runtimes.md').includes(`npm run ${name}`), name);
    t.true(read('CONTRIBUTING.md').includes(`npm run ${name}`), name);
  }
  for (const { platform } of PLATFORMS)
    t.true(TARGETS.some((target) => target.platform === platform));
});

test('nothing is wrong with a binary that is as it has to be', (t) => {
  for (const { platform } of TARGETS) {
    const { target, facts } = good(platform);
    t.deepEqual(faults(target, facts, 500_000), [], platform);
  }
});

test('each fault of a binary is named', (t) => {
  for (const [platform, wrong, said] of /** @type {[string, object, RegExp][]} */ ([
    ['linux-x64-gnu', { machine: 'AArch64' }, /is for AArch64, not X86-64/],
    ['linux-x64-gnu', { libraries: ['libgcc_s.so.1'] }, /needs libgcc_s\.so\.1/],
    ['linux-x64-gnu', { imports: ['uv_backend_fd'] }, /imports uv_backend_fd from the runtime/],
    ['linux-x64-gnu', { imports: ['gettidd'] }, /imports gettidd, which no library has/],
    ['linux-x64-gnu', { exports: [] }, /does not export napi_register_module_v1/],
    ['linux-x64-musl', { exports: ['napi_register_module_v1', 'malloc'] }, /exports malloc/],
    ['darwin-arm64', { system: '15.0' }, /needs macOS 15\.0, not 11\.0/],
    ['darwin-arm64', { wrongPages: null }, /has no signature/],
    ['darwin-x64', { wrongPages: [3] }, /is signed wrong in the pages 3/],
    ['darwin-x64', { imports: ['_napi_throw'] }, /imports _napi_throw from the runtime/],
    ['darwin-x64', { name: '/home/target/deps/x.dylib' }, /a path of this machine/],
    ['win32-x64-msvc', { libraries: ['libnode.dll'] }, /needs libnode\.dll/],
    ['win32-arm64-msvc', { imports: ['napi_throw'] }, /imports napi_throw from the runtime/],
  ])) {
    const { target, facts } = good(platform);
    t.regex(faults(target, { ...facts, ...wrong }, 500_000).join('; '), said);
  }
  const { target, facts } = good('linux-x64-gnu');
  t.regex(faults(target, facts, 700_001).join(), /has 700001 bytes, more than 700000/);
});

test('a test that cannot pass on a platform counts as skipped, and no other does', (t) => {
  const output = '  ✔ mutex › one\n  ✘ [fail]: mutex › two\n  ✘ [fail]: mutex › three (1.2s)\n';
  t.deepEqual(failures(output), ['mutex › two', 'mutex › three']);
  const onWindows = output.replaceAll('✔', '√').replaceAll('✘', '×');
  t.deepEqual(failures(onWindows), ['mutex › two', 'mutex › three']);
  const known = { here: [{ test: /› two$/, reason: 'no such call' }] };
  const result = { passed: 1, failed: 2, skipped: 0, output };
  t.deepEqual(withoutKnown('here', result, known), {
    passed: 1,
    failed: 1,
    skipped: 1,
    reasons: ['mutex › two: no such call'],
  });
  t.is(withoutKnown('there', result, known).failed, 2);
});
