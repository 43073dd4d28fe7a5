// @ts-check
'use strict';

const { fork } = require('node:child_process');
const { loadRival } = require('../rivals/index.js');

/** Far more than any measurement takes. */
const LIMIT_MS = 45_000;

/**
 * What a measuring process is told to do, and what it answers.
 * @typedef {object} Order
 * @property {'probe' | 'check' | 'measure'} job
 * @property {string} rival
 * @property {string} [question]
 * @property {unknown} [params]
 * @property {boolean} [quick]
 *
 * @typedef {{ value: any } | { error: string }} Reply
 */

/** The process ended without an answer, or did not end. */
class CrashError extends Error {}

/** The answer was wrong. */
class WrongAnswerError extends Error {}

/**
 * Has an order carried out in a fresh process, and returns when that is gone.
 * @param {Order} order
 * @returns {Promise<any>}
 */
function runInProcess(order) {
  const child = fork(require.resolve('./child.js'), {
    execArgv: loadRival(order.rival).nodeFlags ?? [],
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    timeout: LIMIT_MS,
    killSignal: 'SIGKILL',
  });
  /** @type {Reply | undefined} */
  let reply;
  let complaint = '';
  child.once('message', (message) => (reply = /** @type {Reply} */ (message)));
  child.stderr?.setEncoding('utf8').on('data', (text) => (complaint += text));
  // A process that ends at once, as for a flag that it does not know, never reads its order.
  child.send(order, () => {});

  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => {
      if (child.killed) {
        reject(new CrashError(`not finished within ${LIMIT_MS / 1000} s`));
      } else if (!reply) {
        const how = signal ? `ended by ${signal}` : `ended with code ${code}`;
        reject(new CrashError(`${how} ${firstLine(complaint)}`.trim()));
      } else if ('error' in reply) {
        reject(new WrongAnswerError(reply.error));
      } else {
        resolve(reply.value);
      }
    });
  });
}

/** @param {string} text */
function firstLine(text) {
  return text.split('\n').find((line) => line.trim() !== '') ?? '';
}

module.exports = { CrashError, WrongAnswerError, runInProcess };
