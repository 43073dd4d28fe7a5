// @ts-check
'use strict';

const fs = require('node:fs/promises');
const http = require('node:http');
const { Ledger, Report } = require('./ledger.js');

const LONGEST_WAIT_MS = 5_000;

/**
 * @typedef {import('../..').WaitOptions} WaitOptions
 * @typedef {{ status?: number, body: object }} Answer
 */

/** Answers requests from shared memory. No method of it blocks the thread. */
class Server {
  #memory;
  #ledger;
  #journal;
  #entries = 0;
  #http = http.createServer((request, response) => {
    this.#serve(request, response).catch((error) => this.#http.emit('error', error));
  });

  /**
   * @param {import('./ledger.js').LedgerMemory} memory
   * @param {string} journal the file that tells each transfer, numbered, a line each
   */
  constructor(memory, journal) {
    this.#memory = memory;
    this.#ledger = new Ledger(memory);
    this.#journal = journal;
  }

  /**
   * @param {number} port 0 for any that is free
   * @returns {Promise<number>} the port
   */
  listen(port) {
    return new Promise((resolve, reject) => {
      this.#http.once('error', reject);
      this.#http.listen(port, '127.0.0.1', () => {
        resolve(/** @type {import('node:net').AddressInfo} */ (this.#http.address()).port);
      });
    });
  }

  close() {
    return new Promise((resolve) => {
      this.#http.close(resolve);
      this.#http.closeAllConnections();
    });
  }

  /**
   * @param {http.IncomingMessage} request
   * @param {http.ServerResponse} response
   */
  async #serve(request, response) {
    const gone = new AbortController(); // a client that has gone does not wait in the queue any longer
    response.once('close', () => gone.abort());
    const { status = 200, body } = await this.#answer(request, {
      timeout: LONGEST_WAIT_MS,
      signal: gone.signal,
    }).catch((error) => {
      if (gone.signal.aborted) return { body: {} }; // the client that would read it has gone
      return { status: error.code === 'ERR_TIMEOUT' ? 503 : 500, body: { error: error.message } };
    });
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(`${JSON.stringify(body)}\n`);
  }

  /**
   * @param {http.IncomingMessage} request
   * @param {WaitOptions} options
   * @returns {Promise<Answer>}
   */
  async #answer({ method, url = '/' }, options) {
    const { pathname, searchParams } = new URL(url, 'http://localhost');
    const [, path, number] = /^\/(\w*)(?:\/(\d+))?$/.exec(pathname) ?? [];
    if (method === 'GET' && path === '') return this.#tell(options);
    if (method === 'GET' && path === 'accounts' && this.#isAccount(Number(number))) {
      return this.#tellAccount(Number(number), options);
    }
    const [from, to, amount] = ['from', 'to', 'amount'].map((key) => Number(searchParams.get(key)));
    const isTransfer = this.#isAccount(from) && this.#isAccount(to) && amount > 0;
    if (method === 'POST' && path === 'transfers' && isTransfer && Number.isInteger(amount)) {
      return this.#transfer(from, to, amount, options);
    }
    return { status: 404, body: { error: `there is no ${method} ${url}` } };
  }

  /** @param {WaitOptions} options */
  async #tell(options) {
    const reading = await this.#memory.table.readAsync(options);
    try {
      const { total, report } = this.#ledger;
      return { body: { total, reports: report[Report.NUMBER], gini: report[Report.GINI] } };
    } finally {
      reading.release();
    }
  }

  /**
   * @param {number} account
   * @param {WaitOptions} options
   */
  async #tellAccount(account, options) {
    const reading = await this.#memory.table.readAsync(options);
    try {
      return { body: { account, balance: this.#ledger.balances[account] } };
    } finally {
      reading.release();
    }
  }

  /**
   * @param {number} from
   * @param {number} to
   * @param {number} amount
   * @param {WaitOptions} options
   */
  async #transfer(from, to, amount, options) {
    const writing = await this.#memory.table.writeAsync(options);
    try {
      if (!this.#ledger.transfer(from, to, amount)) {
        return { status: 409, body: { error: `account ${from} has less than ${amount}` } };
      }
    } finally {
      writing.release();
    }
    // The money has moved: from here on neither the time limit nor the signal ends it.
    const writingJournal = await this.#memory.journal.lockAsync();
    try {
      const entry = this.#entries + 1;
      await fs.appendFile(this.#journal, `${entry} ${from} ${to} ${amount}\n`);
      this.#entries = entry; // no other request was here while the file was written
      return { body: { entry } };
    } finally {
      writingJournal.release();
    }
  }

  /** @param {number} number */
  #isAccount(number) {
    return Number.isInteger(number) && number >= 0 && number < this.#ledger.balances.length;
  }
}

module.exports = { Server };
