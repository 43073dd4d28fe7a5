// @ts-check
'use strict';

const { SyncError } = require('../../index.js');

/**
 * What ava's `throws` expects of a call that throws an error of the package.
 *
 * @param {string} code
 */
const syncError = (code) => ({ instanceOf: SyncError, code });

module.exports = { syncError };
