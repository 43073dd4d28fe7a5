// @ts-check
'use strict';

// What explored code prints: kept in the replay of a failing schedule, dropped otherwise.

/** @typedef {{ order: number, stream: 'stdout' | 'stderr', text: string }} Output */

/** @type {Output[] | undefined} */
let kept;
/** Numbers what is printed, across threads. @type {() => number} */
let order = () => 0;

/** Exchanges the standard streams of this worker. */
function exchangeOutput() {
  for (const stream of /** @type {const} */ (['stdout', 'stderr'])) {
    Object.defineProperty(process[stream], 'write', {
      configurable: true,
      writable: true,
      /** @param {string | Uint8Array} chunk @param {any[]} rest */
      value(chunk, ...rest) {
        const text = typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString();
        kept?.push({ order: order(), stream, text });
        const callback = rest.find((argument) => typeof argument === 'function');
        if (callback !== undefined) process.nextTick(callback);
        return true;
      },
    });
  }
}

/**
 * Keeps what is printed, or drops it.
 * @param {boolean} keeps
 * @param {() => number} numbered
 */
function beginOutput(keeps, numbered) {
  kept = keeps ? [] : undefined;
  order = numbered;
}

function endOutput() {
  const ended = kept;
  kept = undefined;
  return ended;
}

module.exports = { beginOutput, endOutput, exchangeOutput };
