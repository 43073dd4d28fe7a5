// @ts-check
'use strict';

// Loads the native addon through its loader. If there is no binary for this platform, or the runtime forbids
// native addons, the error says what to do.

const { coded } = require('./errors.js');

/** The platforms that have a binary, named as in their packages: the targets of package.json. */
const PLATFORMS = [
  'linux-x64-gnu',
  'linux-arm64-gnu',
  'linux-x64-musl',
  'linux-arm64-musl',
  'darwin-x64',
  'darwin-arm64',
  'win32-x64-msvc',
  'win32-arm64-msvc',
];

const BUILD =
  'To build the addon: in a clone of the repository of @x/shared-sync, with a Rust toolchain (https://rustup.rs), run ' +
  '`npm run build`, and set the environment variable NAPI_RS_NATIVE_LIBRARY_PATH to the .node file that it makes.';

/**
 * What the loader throws.
 *
 * @typedef {object} LoadError
 * @property {string | undefined} file the file that NAPI_RS_NATIVE_LIBRARY_PATH names
 * @property {string} platform the name of this platform, as in the name of its package
 * @property {unknown[]} failures the errors of its attempts, the last one first
 */

/**
 * Explains why the addon was not loaded, and what to do.
 *
 * @param {LoadError} error
 * @returns {{ code: string, message: string }}
 */
function explanation({ file, platform, failures }) {
  const tried = failures.map((error) => String(/** @type {any} */ (error)?.message ?? error));
  if (tried.some((message) => message.includes('loading addons is disabled'))) {
    const why = /** @type {any} */ (process).permission
      ? "Node's permission model is on and keeps native addons from being loaded: start Node with --allow-addons too."
      : 'Node was told to load no native addons: start it without --no-addons.';
    return {
      code: 'ERR_DLOPEN_DISABLED',
      message: `@x/shared-sync needs its native addon. ${why}`,
    };
  }
  const code = 'ERR_NO_ADDON';
  // The first message that says more than that a file does not exist.
  const [failure] = tried.filter((message) => !/^Cannot find module/.test(message));
  if (file) {
    return {
      code,
      message: `@x/shared-sync could not load ${file}, which NAPI_RS_NATIVE_LIBRARY_PATH names: ${failure ?? 'there is no such file'}`,
    };
  }
  if (!PLATFORMS.includes(platform)) {
    return {
      code,
      message: `@x/shared-sync has no binary for ${platform}. There are binaries for ${PLATFORMS.join(', ')}. ${BUILD}`,
    };
  }
  if (failure) {
    return {
      code,
      message: `@x/shared-sync could not load its binary for ${platform}: ${failure}. ${BUILD}`,
    };
  }
  return {
    code,
    message:
      `@x/shared-sync did not find its binary for ${platform}: the package @x/shared-sync-${platform} is not installed. ` +
      'It is an optional dependency: install again without --omit=optional (--no-optional), on the platform that runs ' +
      `the program. There are binaries for ${PLATFORMS.join(', ')}. ${BUILD}`,
  };
}

/**
 * Makes an error that explains an error of the loader, with that as its cause.
 *
 * @param {LoadError} cause
 */
function explained(cause) {
  const { code, message } = explanation(cause);
  return coded(new Error(message, { cause }), code);
}

function load() {
  try {
    return require('../binding.js');
  } catch (cause) {
    // Not from the loader: the loader itself is missing, say, where a bundler left it out.
    if (!(/** @type {any} */ (cause)?.failures)) throw cause;
    throw explained(/** @type {LoadError} */ (cause));
  }
}

module.exports = { PLATFORMS, explained, native: load() };
