// @ts-check
'use strict';

const WIDTH = 30;
const CLEAR_LINE = '\r\x1b[K';

/**
 * Draws a bar on standard error until the promise is settled, if that is a terminal.
 *
 * @template T
 * @param {string} what
 * @param {() => number} share from 0 to 1
 * @param {Promise<T>} promise
 */
async function withProgress(what, share, promise) {
  if (!process.stderr.isTTY) return promise;
  const timer = setInterval(() => {
    const done = Math.min(Math.max(share(), 0), 1);
    const bar = '█'.repeat(done * WIDTH).padEnd(WIDTH, '░');
    process.stderr.write(`${CLEAR_LINE}${bar} ${(100 * done).toFixed().padStart(3)} %  ${what}`);
  }, 50);
  try {
    return await promise;
  } finally {
    clearInterval(timer);
    process.stderr.write(CLEAR_LINE);
  }
}

module.exports = { withProgress };
