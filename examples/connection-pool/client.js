// @ts-check
'use strict';

const { loadDependency } = require('../shared/dependency.js');

/** @type {typeof import('pg')} */
const { Client } = loadDependency('pg');

/**
 * Connects to PostgreSQL, uses the connection, and ends it. The server has forgotten the connection when this resolves.
 *
 * @template T
 * @param {string} socketFolder
 * @param {string} applicationName what pg_stat_activity calls it
 * @param {(client: import('pg').Client) => Promise<T>} use
 */
async function withClient(socketFolder, applicationName, use) {
  const client = new Client({
    host: socketFolder,
    port: 5432, // a part of the socket's name
    user: 'postgres',
    database: 'postgres',
    ssl: false,
    application_name: applicationName,
  });
  client.on('error', () => {}); // the pending query rejects with it, too
  try {
    await client.connect();
    return await use(client);
  } finally {
    await client.end();
  }
}

module.exports = { withClient };
