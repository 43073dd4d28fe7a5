// @ts-check
'use strict';

const { withClient } = require('./client.js');

const SQL = "SELECT count(*)::int FROM pg_stat_activity WHERE application_name = 'worker'";

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

module.exports = { watchConnections };
