// @ts-check
'use strict';

/**
 * @typedef {object} Job
 * @property {string} name
 * @property {number} ms how long it takes
 * @property {number} priority of the jobs that may begin, the one with the highest does
 * @property {string[]} needs the jobs that have to be done before
 */

/**
 * A build, as an example.
 *
 * @type {Job[]}
 */
const jobs = [
  { name: 'fetch', ms: 40, priority: 9, needs: [] },
  { name: 'lint', ms: 30, priority: 1, needs: ['fetch'] },
  { name: 'icons', ms: 20, priority: 2, needs: ['fetch'] },
  { name: 'compile-core', ms: 80, priority: 9, needs: ['fetch'] },
  { name: 'compile-ui', ms: 50, priority: 7, needs: ['fetch'] },
  { name: 'compile-cli', ms: 30, priority: 5, needs: ['compile-core'] },
  { name: 'docs', ms: 40, priority: 2, needs: ['compile-core'] },
  { name: 'test-core', ms: 60, priority: 8, needs: ['compile-core'] },
  { name: 'test-ui', ms: 40, priority: 6, needs: ['compile-core', 'compile-ui'] },
  { name: 'bundle', ms: 50, priority: 7, needs: ['compile-ui', 'icons'] },
  { name: 'package', ms: 30, priority: 8, needs: ['bundle', 'compile-cli', 'docs'] },
  { name: 'publish', ms: 20, priority: 9, needs: ['package', 'test-core', 'test-ui', 'lint'] },
];

module.exports = { jobs };
