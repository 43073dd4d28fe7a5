// @ts-check
'use strict';

const { types } = require('node:util');

/**
 * An error as it travels to another thread. One that structured clone does not carry is replaced by its text.
 * @param {unknown} error
 */
function travelling(error) {
  if (error === undefined) return undefined;
  try {
    const clone = structuredClone(error);
    // A DOMException arrives as an empty object.
    if (types.isNativeError(clone) || typeof error !== 'object' || error === null) return clone;
  } catch {
    // Replaced below.
  }
  const { stack, message } = /** @type {any} */ (error);
  return Object.assign(new Error(String(message ?? error)), stack === undefined ? {} : { stack });
}

/**
 * The code of an error, which structured clone loses.
 * @param {any} error
 * @returns {string | undefined}
 */
function codeOf(error) {
  return typeof error?.code === 'string' ? error.code : undefined;
}

module.exports = { codeOf, travelling };
