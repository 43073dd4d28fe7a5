// @ts-check
'use strict';

// The workers of an exploration, one for each thread.

const path = require('node:path');
const { MessageChannel, Worker, receiveMessageOnPort } = require('node:worker_threads');

/**
 * @typedef {object} ThreadData
 * @property {string} file
 * @property {number} exploration
 * @property {number} index
 * @property {number} random
 * @property {import('node:worker_threads').MessagePort} port
 * @property {Int32Array} counter numbers what is printed
 */

/**
 * @typedef {object} Member
 * @property {Worker} worker
 * @property {import('node:worker_threads').MessagePort} port
 * @property {Promise<number>} exited
 * @property {unknown} [error] with which it ended
 */

/** The workers of an exploration. */
class Crew {
  /** @type {Member[]} */
  #members = [];

  /**
   * @param {Omit<ThreadData, 'index' | 'port' | 'counter'>} data
   * @param {number} count
   */
  constructor(data, count) {
    this.data = data;
    this.count = count;
    this.counter = new Int32Array(new SharedArrayBuffer(4));
  }

  /** Starts all workers. Rejects with the error of a module that does not load. */
  async start() {
    const starting = Array.from({ length: this.count }, (_, index) => this.#startOne(index));
    const results = await Promise.allSettled(starting);
    for (const result of results) if (result.status === 'rejected') throw result.reason;
  }

  /** @param {number} index */
  async #startOne(index) {
    const { port1, port2 } = new MessageChannel();
    const worker = new Worker(path.join(__dirname, 'thread.js'), {
      name: `explored ${index}`,
      workerData: { ...this.data, index, counter: this.counter, port: port2 },
      transferList: [port2],
      stdout: true,
      stderr: true,
    });
    // What is written to the descriptors in another way than by the exchanged streams.
    worker.stdout.resume();
    worker.stderr.resume();
    const exited = new Promise((resolve) => worker.once('exit', resolve));
    /** @type {Member} */
    const member = { worker, port: port1, exited };
    this.#members[index] = member;
    await new Promise((resolve, reject) => {
      worker.once('message', resolve);
      worker.once('error', reject);
      exited.then((code) =>
        reject(
          new Error(`The module ended its worker with exit code ${code} while it was loaded.`),
        ),
      );
    });
    worker.removeAllListeners('error');
    // The end of a worker is noticed natively, and then told as a failure.
    worker.on('error', (error) => (member.error = error));
  }

  /** Replaces all workers by new ones. */
  async renew() {
    await this.stop();
    await this.start();
  }

  /** Ends all workers. */
  async stop() {
    const members = this.#members;
    this.#members = [];
    await Promise.all(
      members.map(async ({ worker, port }) => {
        port.close();
        await worker.terminate();
      }),
    );
  }

  /** The threadIds of the workers. */
  get threadIds() {
    return this.#members.map(({ worker }) => worker.threadId);
  }

  /**
   * Sends each thread the data of the next schedule.
   * @param {unknown} message
   */
  send(message) {
    for (const { port } of this.#members) port.postMessage(message);
  }

  /** What each thread told of the last schedule. */
  receive() {
    return this.#members.map(
      ({ port }) =>
        /** @type {(import('./thread.js').ThreadResult & { code?: string }) | undefined} */ (
          receiveMessageOnPort(port)?.message
        ),
    );
  }

  /**
   * The exit code of a worker that has ended, and its error.
   * @param {number} index
   */
  async endOf(index) {
    const member = this.#members[index];
    return { exitCode: await member.exited, error: member.error };
  }
}

module.exports = { Crew };
