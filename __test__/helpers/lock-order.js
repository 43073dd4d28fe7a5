// @ts-check
'use strict';

// Programs under lock order, each in a process of its own, since it is on for a whole process.

const path = require('node:path');
const { runChild } = require('./child.js');
const { root } = require('./installed.js');

/** Options of Node that turn lock order on. */
const PRELOAD = ['-r', path.join(root, 'lock-order.js')];

/**
 * Runs a body under lock order. Returns what it returns, the inversions of its process, and its standard error.
 *
 * @param {import('ava').ExecutionContext} t
 * @param {import('./types.js').Body} body
 * @param {object} [data]
 * @param {string[]} [execArgv]
 */
async function observe(t, body, data = {}, execArgv = []) {
  const ended = await runChild(
    async ({ source, data }, tools) => {
      const value = await (0, eval)(`(${source})`)(data, tools);
      const { inversions } = tools.require('../../lock-order.js');
      return { value, inversions: inversions() };
    },
    { source: body.toString(), data },
    { execArgv: [...PRELOAD, ...execArgv], limit: 150_000 },
  );
  t.false(ended.timedOut);
  return { ...ended, ...ended.value };
}

/**
 * @param {import('ava').ExecutionContext} t
 * @param {import('./types.js').Body} body
 * @param {object} [data]
 */
async function silent(t, body, data) {
  const { inversions, stderr, code } = await observe(t, body, data);
  t.deepEqual(inversions, []);
  t.is(stderr, '');
  t.is(code, 0);
}

/**
 * @param {import('ava').ExecutionContext} t
 * @param {string[]} locks the names of the locks of the one inversion
 * @param {import('./types.js').Body} body
 * @param {object} [data]
 */
async function told(t, locks, body, data) {
  const ended = await observe(t, body, data);
  t.is(ended.inversions.length, 1, ended.stderr);
  const [{ message, edges }] = ended.inversions;
  const names = ended.inversions[0].locks.map(
    (/** @type {string} */ lock) => /"(.*)"/.exec(lock)?.[1],
  );
  t.deepEqual(names.sort(), [...locks].sort());
  t.is(ended.stderr.split('[SHARED_SYNC_LOCK_ORDER]').length, 2, ended.stderr);
  for (const name of locks) t.true(ended.stderr.includes(`"${name}"`));
  t.true(ended.stderr.includes(message.split('\n')[0]));
  return { ...ended, edges };
}

module.exports = { PRELOAD, observe, silent, told };
