// @ts-check
'use strict';

const path = require('node:path');
const { spawnSync } = require('node:child_process');

/** The program in benchmark/native, which does the work of a question in Rust, and the addon beside it. */

const CRATE = path.join(__dirname, '../native');
const PROGRAM = path.join(CRATE, 'target/release/shared-sync-bench');
/** On Linux. */
const ADDON = path.join(CRATE, 'target/release/libshared_sync_bench_tsfn.so');

const BUILD_LIMIT_MS = 300_000;
const RUN_LIMIT_MS = 20_000;

/** What a check need not take its time for. */
const BRIEFLY = Object.freeze({ warmUpMs: 0, measuredMs: 50 });

/** @typedef {{ figure: number, extras: Record<string, number> }} Answer */

/**
 * Builds both, where it is not up to date.
 * @returns {string | undefined} why that failed
 */
function buildNative() {
  const args = ['build', '--release', '--locked', '--quiet'];
  const options = /** @type {const} */ ({ cwd: CRATE, encoding: 'utf8', timeout: BUILD_LIMIT_MS });
  const { status, error, stderr } = spawnSync('cargo', args, options);
  if (status === 0) return undefined;
  if (/** @type {NodeJS.ErrnoException} */ (error)?.code === 'ENOENT') {
    return 'not built: cargo is missing (https://rustup.rs)';
  }
  const why = error?.message ?? stderr.split('\n').find((line) => line.trim() !== '');
  return `not built: ${why ?? 'cargo did not say why'}`;
}

/**
 * @param {'std' | 'futex' | 'crossbeam'} kit
 * @param {import('./process.js').Order} order
 * @returns {Answer}
 */
function runNative(kit, { job, question, params }) {
  const all = {
    .../** @type {Record<string, unknown>} */ (params),
    ...(job === 'check' && BRIEFLY),
  };
  const args = Object.entries(all)
    .filter(([, value]) => typeof value === 'number')
    .map(([name, value]) => `${name}=${value}`);
  const options = /** @type {const} */ ({ encoding: 'utf8', timeout: RUN_LIMIT_MS });
  const { status, stdout, stderr } = spawnSync(PROGRAM, [kit, String(question), ...args], options);
  if (status !== 0) throw new Error(`wrong: ${stderr.trim() || 'no answer'}`);
  return JSON.parse(stdout);
}

/**
 * The addon's functions: `create` of a thread-safe function in the main thread, `call` of it in any.
 * @returns {{ create(callback: () => void): void, call(): void }}
 */
function loadNative() {
  /** @type {{ exports: any }} */
  const loaded = { exports: {} };
  process.dlopen(loaded, ADDON);
  return loaded.exports;
}

module.exports = { buildNative, loadNative, runNative };
