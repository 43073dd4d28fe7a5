// @ts-check
'use strict';

// Loads the native addon through its generated loader, and says what to do where there is none for this platform, or
// where the runtime does not let it be loaded.

/** The platforms that a binary is made for, by the names of their packages: the targets of package.json. */
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
 * What went wrong, the last first: the loader gives one error for each of its attempts.
 *
 * @param {any} error
 * @returns {string[]}
 */
function messages(error) {
  return error ? [String(error.message ?? error), ...messages(error.cause)] : [];
}

/**
 * This platform, named as its package would be.
 *
 * @param {string[]} tried
 */
function platformName(tried) {
  const system = `${process.platform}-${process.arch}`;
  // The loader has found out which C library this is; it tries no other platform's files.
  const names = tried.join('\n').matchAll(/shared-sync[-.]([a-z\d]+-[a-z\d]+(?:-[a-z\d]+)?)/g);
  for (const [, name] of names) if (name === system || name.startsWith(`${system}-`)) return name;
  return system;
}

/**
 * @param {string[]} tried
 * @returns {{ code: string, message: string }}
 */
function explanation(tried) {
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
  const platform = platformName(tried);
  const file = process.env.NAPI_RS_NATIVE_LIBRARY_PATH;
  // What is more than that a file is not there.
  const [failure] = tried.filter((message) => !/^Cannot find (module|native)/.test(message));
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
 * The error for one of the generated loader's, which stays its cause.
 *
 * @param {unknown} cause
 */
function explained(cause) {
  const { code, message } = explanation(messages(cause));
  return Object.assign(new Error(message, { cause }), { code });
}

function load() {
  try {
    return require('../binding.js');
  } catch (error) {
    throw explained(error);
  }
}

module.exports = { PLATFORMS, explained, native: load() };
