// @ts-check
'use strict';

const contended = require('./contended.js');

/**
 * What does the search for a cycle of waits cost? A wait with a time limit is never part of a cycle and starts no search: the
 * rival does the same work with a limit at each wait. The workers hold other mutexes meanwhile, since only owners can close a
 * cycle.
 */

/** @type {import('./index.js').Question<import('./contended.js').Params>} */
const question = {
  name: 'deadlock-check',
  title:
    '4 workers at one mutex that hold others meanwhile, with and without the search for cycles',
  unit: 'million sections a second',
  better: 'higher',
  rivals: ['ours', 'ours-limited'],
  runs: 9,
  subject: 'others held by each',
  extras: { fairness: 'least / most served' },
  chart: { kind: 'bars' },
  cases: ({ quick }) =>
    [0, 10, 100].map((held) => ({
      label: String(held),
      params: {
        workers: 4,
        inside: 200,
        outside: 200,
        view: 'plain',
        held,
        ...(quick ? contended.QUICK_TIMES : contended.TIMES),
      },
    })),
  check: contended.question.check,
  measure: contended.question.measure,
};

module.exports = { question };
