// @ts-check
'use strict';

const test = require('ava').default;
const fs = require('node:fs');
const path = require('node:path');
const { counters, inWords, judge } = require('../scripts/test.js');
const {
  checkGlibc,
  compare,
  glibcNeeded,
  readelfMissing,
  versionsNeeded,
} = require('../scripts/elf.js');
const { addonIsBuilt, packagesAreInstalled } = require('../scripts/setup.js');
const { temporaryFolder } = require('./helpers/folders.js');
const { root } = require('./helpers/installed.js');

const CARGO = `
running 2 tests
test a ... ok
test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured; 3 filtered out; finished in 0.10s

     Running tests/other.rs
test result: FAILED. 5 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s
`;

const AVA_FAILED = `
  ✔ mutex › one
  ✔ mutex › two (1.2s)
  ✘ [fail]: mutex › three
  ─

  mutex › three

  Difference:

  ─

  1 test failed
  1 test skipped
  1 uncaught exception
`;

test('the tests of every program that cargo runs are added up', (t) => {
  t.deepEqual(counters.cargo(CARGO, false), { passed: 17, failed: 2, skipped: 1 });
});

test('the tests of ava are counted, even if it prints only the failures', (t) => {
  t.deepEqual(counters.ava('  ✔ a\n  ✔ b\n  ─\n\n  2 tests passed\n  1 test skipped\n', true), {
    passed: 2,
    failed: 0,
    skipped: 1,
  });
  t.deepEqual(counters.ava(AVA_FAILED, false), { passed: 2, failed: 2, skipped: 1 });
  t.is(
    counters.ava('  √ a\n  × [fail]: b\n  ─\n\n  1 test failed\n', false).passed,
    1,
    'on Windows',
  );
  t.deepEqual(counters.ava('  ✔ a\n  ─\n\n  1 test remained pending after a timeout\n', false), {
    passed: 1,
    failed: 1,
    skipped: 0,
  });
});

test('colours and line ends make no difference', (t) => {
  const output = '\x1b[32m  ✔\x1b[39m a\r\n  ─\r\n\r\n\x1b[32m  1 test passed\x1b[39m\r\n';
  t.is(judge(counters.ava, output, true).passed, 1);
});

test('a suite that runs no test, or fails before it does, has failed', (t) => {
  for (const [output, ok] of /** @type {const} */ ([
    ['', true],
    ['error[E0432]: unresolved import', false],
    ['test result: ok. 0 passed; 0 failed; 4 ignored; 0 measured; 9 filtered out', true],
    ["✘ Couldn't find any files to test", false],
  ])) {
    for (const count of [counters.cargo, counters.ava]) {
      const { failed, trouble } = judge(count, output, ok);
      t.is(failed, 1);
      t.not(trouble, '');
    }
  }
  t.is(judge(counters.cargo, 'test result: ok. 3 passed; 0 failed; 0 ignored;', false).failed, 1);
  t.is(judge(counters.tsc, 'error TS2322', false).failed, 1);
  t.is(judge(counters.tsc, '', true).passed, 1);
});

test('the closing line has skipped tests only where there are any', (t) => {
  t.is(inWords({ passed: 3, failed: 0, skipped: 0 }), '3 passed, 0 failed');
  t.is(inWords({ passed: 3, failed: 1, skipped: 2 }), '3 passed, 1 failed, 2 skipped');
});

test('packages count as installed when they are what the lock file names', (t) => {
  const folder = temporaryFolder(t);
  const [lock, installed] = [path.join(folder, 'lock.json'), path.join(folder, 'installed.json')];
  const write = (/** @type {string} */ file, /** @type {object} */ packages) =>
    fs.writeFileSync(file, JSON.stringify({ packages }));
  const a = { version: '1.0.0', integrity: 'sha512-a' };
  const b = { version: '2.0.0', integrity: 'sha512-b' };
  write(lock, { '': { name: 'root' }, 'node_modules/a': a, 'node_modules/b': b });
  t.false(packagesAreInstalled(lock, installed), 'nothing installed');
  write(installed, { 'node_modules/a': a });
  t.false(packagesAreInstalled(lock, installed), 'one is missing');
  write(installed, { 'node_modules/a': a, 'node_modules/b': { ...b, version: '2.0.1' } });
  t.false(packagesAreInstalled(lock, installed), 'another version');
  write(installed, { 'node_modules/a': a, 'node_modules/b': b, 'node_modules/c': a });
  t.false(packagesAreInstalled(lock, installed), 'one too many');
  write(installed, { 'node_modules/a': a, 'node_modules/b': b });
  t.true(packagesAreInstalled(lock, installed));
  write(lock, { 'node_modules/a': a, 'node_modules/b': b, 'node_modules/c': { optional: true } });
  t.true(packagesAreInstalled(lock, installed), 'an optional one for another system');
});

test('the addon counts as built when it is newer than each of its sources', (t) => {
  const folder = temporaryFolder(t);
  let time = 1_000_000;
  const touch = (/** @type {string} */ name) => {
    const file = path.join(folder, name);
    fs.mkdirSync(path.dirname(file), { recursive: true });
    fs.writeFileSync(file, '');
    fs.utimesSync(file, ++time, time);
  };
  const sources = ['src/lib.rs', 'src/deep/er/mod.rs', 'Cargo.toml', 'Cargo.lock', 'build.rs'];
  sources.forEach(touch);
  const addon = `shared-sync.${process.platform}-${process.arch}-any.node`;
  t.false(addonIsBuilt(folder), 'no addon');
  touch('shared-sync.plan9-z80.node');
  t.false(addonIsBuilt(folder), 'only one for another system');
  touch(addon);
  t.true(addonIsBuilt(folder));
  for (const source of sources) {
    touch(source);
    t.false(addonIsBuilt(folder), `${source} is newer`);
    touch(addon);
    t.true(addonIsBuilt(folder));
  }
});

/** Skipped where `readelf` is missing, with the reason in its title. */
const needsReadelf = (
  /** @type {string} */ title,
  /** @type {import('ava').Implementation<[]>} */ body,
) => {
  const missing = process.platform === 'linux' ? readelfMissing() : 'not Linux';
  if (missing) test.skip(`${title} (${missing})`, body);
  else test(title, body);
};

needsReadelf('the glibc that a binary needs is read from the file itself', (t) => {
  const [name] = fs.readdirSync(root).filter((file) => /\.linux-.*-gnu\.node$/.test(file));
  if (!name) return t.pass('this is musl');
  const file = path.join(root, name);
  const versions = versionsNeeded(file);
  t.true(versions.includes('GLIBC_2.18'), 'it registers destructors of threads');
  for (const version of versions) t.regex(version, /^(GLIBC|GCC)_[\d.]+$/);
  const needed = glibcNeeded(file) ?? '';
  t.true(compare(needed, '2.18') >= 0, needed);
  t.is(checkGlibc(file, needed), needed);
  t.throws(() => checkGlibc(file, '2.9'), { message: /may need no newer one than 2\.9/ });
  return undefined;
});

needsReadelf('a file that is not ELF is refused', (t) => {
  t.throws(() => versionsNeeded(__filename), {
    message: /readelf cannot read .*: .*Not an ELF file/,
  });
});

test.serial('where readelf is missing, the message tells what to install', (t) => {
  const { PATH } = process.env;
  t.teardown(() => (process.env.PATH = PATH));
  process.env.PATH = '/nonexistent';
  t.throws(() => versionsNeeded(__filename), { message: /install binutils/ });
});
