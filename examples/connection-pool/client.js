// @ts-check
'use strict';

const { once } = require('node:events');
const net = require('node:net');

const PROTOCOL_3 = 196_608;

/** What the server refuses; `code` is its SQLSTATE. */
class ServerError extends Error {
  /**
   * @param {string} message
   * @param {string} code
   */
  constructor(message, code) {
    super(message);
    this.code = code;
  }
}

/** A connection to PostgreSQL: as much of its protocol as one query after another takes, without a password. */
class Client {
  #socket;
  #received = Buffer.alloc(0);
  /** @type {string[][]} */
  #rows = [];
  /** @type {Error | null} */
  #error = null;
  /** Called when the server is ready for the next query, or the connection has ended. */
  #ready = () => {};

  /** @param {net.Socket} socket */
  constructor(socket) {
    this.#socket = socket;
    socket.on('data', (bytes) => this.#read(bytes));
    socket.on('error', (error) => (this.#error ??= error));
    socket.on('close', () => {
      this.#error ??= new Error('the connection has ended');
      this.#ready();
    });
  }

  /**
   * @param {string} socketPath
   * @param {string} applicationName what pg_stat_activity calls it
   */
  static async connect(socketPath, applicationName) {
    const client = new Client(net.connect(socketPath));
    const settings = ['user', 'postgres', 'application_name', applicationName, '', ''].join('\0');
    const version = Buffer.alloc(4);
    version.writeInt32BE(PROTOCOL_3);
    await client.#request('', Buffer.concat([version, Buffer.from(settings)]));
    return client;
  }

  /**
   * @param {string} sql
   * @returns {Promise<string[][]>} the rows, each value as text
   */
  query(sql) {
    return this.#request('Q', Buffer.from(`${sql}\0`));
  }

  /** Ends the connection. The server has forgotten it when this is fulfilled. */
  async end() {
    this.#send('X', Buffer.alloc(0));
    if (!this.#socket.closed) await once(this.#socket, 'close');
  }

  /**
   * @param {string} type
   * @param {Buffer} body
   */
  async #request(type, body) {
    this.#rows = [];
    const ready = new Promise((resolve) => (this.#ready = () => resolve(undefined)));
    this.#send(type, body);
    await ready;
    const error = this.#error;
    this.#error = null;
    if (error) throw error;
    return this.#rows;
  }

  /**
   * @param {string} type
   * @param {Buffer} body
   */
  #send(type, body) {
    const length = Buffer.alloc(4);
    length.writeInt32BE(4 + body.length);
    this.#socket.write(Buffer.concat([Buffer.from(type), length, body]));
  }

  /** @param {Buffer} bytes */
  #read(bytes) {
    this.#received = Buffer.concat([this.#received, bytes]);
    while (this.#received.length >= 5) {
      const end = 1 + this.#received.readInt32BE(1);
      if (this.#received.length < end) return;
      const type = String.fromCharCode(this.#received[0]);
      this.#handle(type, this.#received.subarray(5, end));
      this.#received = this.#received.subarray(end);
    }
  }

  /**
   * @param {string} type
   * @param {Buffer} body
   */
  #handle(type, body) {
    if (type === 'Z') this.#ready();
    else if (type === 'D') this.#rows.push(parseRow(body));
    else if (type === 'E') this.#error = parseError(body);
  }
}

/** @param {Buffer} body */
function parseRow(body) {
  let at = 2;
  return Array.from({ length: body.readInt16BE(0) }, () => {
    const length = Math.max(body.readInt32BE(at), 0); // -1 is null
    at += 4 + length;
    return body.toString('utf8', at - length, at);
  });
}

/** @param {Buffer} body */
function parseError(body) {
  const fields = body.toString().split('\0');
  const field = (/** @type {string} */ letter) =>
    fields.find((text) => text.startsWith(letter))?.slice(1) ?? '';
  return new ServerError(field('M'), field('C'));
}

module.exports = { Client, ServerError };
