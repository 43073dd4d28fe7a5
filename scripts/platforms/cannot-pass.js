// @ts-check
'use strict';

// What cannot run on a platform that is imitated, and why: it counts as skipped.

/**
 * The tests that cannot pass. What ava says of a failure may follow its title.
 *
 * @type {Record<string, { test: RegExp, reason: string }[]>}
 */
const CANNOT_PASS = {
  'linux-arm64-gnu': [
    {
      test: /^(examples|worker-errors) › .*connection-pool/,
      reason:
        'it gives a folder to another user, and the namespace in which qemu starts programs has one user',
    },
  ],
  'win32-x64-msvc': [
    {
      test: /^fake-clocks › .*(jest|vitest|node:test|sinonjs)|^fixtures › an? (ava|jest) project|^uncloneable › (jest|the pool vm)/,
      reason:
        'Wine 8 makes no links between folders, by which the packages that it uses are installed',
    },
    {
      test: /^pages › .*A server that waits|^worker-errors › .*example 1 of docs\/recipes\.md\b/,
      reason:
        "in Wine 8 Node's fetch() does not connect (`connect UNKNOWN`), without the package, too",
    },
    {
      test: /^memory › a worker that had ended left its tables/,
      reason: 'in Wine 8 a process grows by 190 KiB with each worker, one that does nothing, too',
    },
    {
      test: /^chaos › chaos fails when a promise is lost/,
      reason: 'in Wine 8 the workers get through too few operations in the time that this run has',
    },
    {
      test: /^hang-report › while standard error is not read/,
      reason:
        'it compares the times of two processes, and that of Wine 8 to end one varies by more',
    },
  ],
};

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
