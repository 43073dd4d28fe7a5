// @ts-check
'use strict';

// What cannot run on a platform that is imitated, and why: it counts as skipped.

/**
 * The tests that cannot pass.
 *
 * @type {Record<string, { test: RegExp, reason: string }[]>}
 */
const CANNOT_PASS = {};

/**
 * The runtimes that do not start, with any program.
 *
 * @type {Record<string, Record<string, string>>}
 */
const CANNOT_START = {
  'win32-x64-msvc': {
    'node-24': "V8 cannot reserve the address space of its tables in Debian's Wine 8",
    bun: "it starts nothing and says nothing in Debian's Wine 8",
    deno: "it starts nothing and says nothing in Debian's Wine 8",
  },
};

module.exports = { CANNOT_PASS, CANNOT_START };
