// @ts-check
'use strict';

const WIDTH = 30;
const REDRAW_MS = 50;
const CLEAR_LINE = '\r\x1b[K';

/**
 * Draws a line on standard error again and again until the promise settles, if standard error is a terminal.
 *
 * @template T
 * @param {() => string} text
 * @param {Promise<T>} promise
 */
async function withProgress(text, promise) {
  if (!process.stderr.isTTY) return promise;
  const draw = () => process.stderr.write(CLEAR_LINE + text());
  draw();
  const timer = setInterval(draw, REDRAW_MS);
  try {
    return await promise;
  } finally {
    clearInterval(timer);
    process.stderr.write(CLEAR_LINE);
  }
}

/** @param {number} share from 0 to 1 */
function bar(share) {
  const done = Math.min(Math.max(share, 0), 1);
  const blocks = '█'.repeat(done * WIDTH).padEnd(WIDTH, '░');
  return `${blocks} ${(100 * done).toFixed().padStart(3)} %`;
}

module.exports = { bar, withProgress };
