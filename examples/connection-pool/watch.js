// @ts-check
'use strict';

const { withClient } = require('./client.js');

const SQL = "SELECT count(*)::int FROM pg_stat_activity WHERE application_name = 'worker'";
const BARS = ' ▁▂▃▄▅▆▇█';
const WIDTH = 60;

/**
 * Asks the server again and again how many connections the workers have, until the promise is settled.
 *
 * @param {string} socketFolder
 * @param {Promise<unknown>} promise
 * @returns {Promise<number[]>}
 */
async function watchConnections(socketFolder, promise) {
  /** @type {number[]} */
  const counts = [];
  let isSettled = false;
  const end = promise.finally(() => (isSettled = true));
  end.catch(() => {}); // if asking fails first, that is the error to see
  await withClient(socketFolder, 'watcher', async (client) => {
    while (!isSettled) {
      counts.push((await client.query(SQL)).rows[0].count);
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
  });
  await end;
  return counts;
}

/**
 * A picture of the numbers in one line.
 *
 * @param {number[]} counts
 * @param {number} full what a full bar stands for
 */
function inBars(counts, full) {
  const each = Math.max(counts.length / WIDTH, 1);
  const bars = Array.from({ length: Math.min(WIDTH, counts.length) }, (_, i) => {
    const most = Math.max(...counts.slice(Math.floor(i * each), Math.ceil((i + 1) * each)));
    return BARS[Math.min(Math.ceil((most / full) * 8), 8)];
  });
  return bars.join('');
}

module.exports = { inBars, watchConnections };
