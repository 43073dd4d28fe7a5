// @ts-check
'use strict';

const { MessageChannel, parentPort } = require('node:worker_threads');
const { LINE } = require('../harness/control.js');
const { END, objectOf, stamp } = require('./ledger.js');

/**
 * A queue of several senders and receivers as it is made of MessagePorts: one between each sender and each receiver, and each
 * sender posts to each receiver in turn. A port has no bound. So that no sender fills the memory, it sleeps when a receiver is
 * a window behind.
 */

/** @typedef {import('../questions/channel.js').Params} Params */
/** @typedef {import('node:worker_threads').MessagePort} MessagePort */
/** @typedef {import('./ledger.js').Ledger} Ledger */

/** The most messages of a window. */
const WINDOW = 1024;
/** Receivers say this often in a window how far they are. */
const STEPS = 4;

/** How many messages a receiver may be behind. @param {Params} params */
const windowOf = ({ capacity, length }) => Math.min(WINDOW, Math.floor(capacity / length));

/**
 * Gives each worker its ports. The workers call `receivePorts`.
 * @param {import('node:worker_threads').Worker[]} workers the senders first
 * @param {number} senders
 */
function sendPorts(workers, senders) {
  /** @type {MessagePort[][]} */
  const ports = workers.map(() => []);
  for (let sender = 0; sender < senders; sender++) {
    for (let receiver = senders; receiver < workers.length; receiver++) {
      const { port1, port2 } = new MessageChannel();
      ports[sender].push(port1);
      ports[receiver].push(port2);
    }
  }
  workers.forEach((worker, i) => worker.postMessage(ports[i], ports[i]));
}

/**
 * What the workers need besides their ports: a cell for each pair, which says how many messages were received.
 * @param {Params} params
 */
const createCredits = ({ senders, receivers }) =>
  new Int32Array(new SharedArrayBuffer(senders * receivers * LINE * Int32Array.BYTES_PER_ELEMENT));

/**
 * The cell of a pair.
 * @param {Params} params
 * @param {number} sender
 * @param {number} receiver
 */
const creditOf = ({ receivers }, sender, receiver) => (sender * receivers + receiver) * LINE;

/** @returns {Promise<MessagePort[]>} */
const receivePorts = () => new Promise((resolve) => parentPort?.once('message', resolve));

/** One sender. */
class MeshSender {
  #turn = 0;

  /**
   * @param {MessagePort[]} ports one for each receiver
   * @param {number} sender
   * @param {Params} params
   * @param {import('../rivals/index.js').Post} post
   * @param {Int32Array} credits
   */
  constructor(ports, sender, params, post, credits) {
    this.ports = ports;
    this.sender = sender;
    this.post = post;
    this.params = params;
    this.credits = credits;
    this.window = windowOf(params);
    this.isObjects = params.way === 'json';
    /** What was posted to each receiver. */
    this.posted = ports.map(() => 0);
    this.batch = Array.from(
      { length: post.batch ? params.batch : 1 },
      () => new Uint8Array(params.length),
    );
  }

  /** @param {number} messages */
  send(messages) {
    const { sender, batch, ports, post } = this;
    for (let number = 1; number <= messages; number += batch.length) {
      const to = this.#turn;
      this.#turn = to + 1 === ports.length ? 0 : to + 1;
      if (this.isObjects) {
        post.one(ports[to], objectOf(sender, number));
      } else {
        for (let i = 0; i < batch.length; i++) stamp(batch[i], sender, number + i);
        if (post.batch) post.batch(ports[to], batch);
        else post.one(ports[to], batch[0]);
      }
      this.posted[to] += batch.length;
      if (this.posted[to] % (this.window / STEPS) < batch.length) this.#waitForCredit(to);
    }
  }

  /** @param {number} to */
  #waitForCredit(to) {
    const { credits, window, posted } = this;
    const cell = creditOf(this.params, this.sender, to);
    for (;;) {
      const credit = Atomics.load(credits, cell);
      if (posted[to] - credit <= window) return;
      Atomics.wait(credits, cell, credit);
    }
  }

  /** Tells each receiver that no more comes. */
  end() {
    const { ports, post, sender, isObjects, batch } = this;
    stamp(batch[0], sender, END);
    for (const port of ports) post.one(port, isObjects ? objectOf(sender, END) : batch[0]);
  }
}

/** One receiver. */
class MeshReceiver {
  /** How many senders have not said yet that no more comes. */
  #open = 0;
  /** @type {() => void} */
  #resolve = () => {};
  /** @type {(error: unknown) => void} */
  #reject = () => {};

  /**
   * @param {MessagePort[]} ports one for each sender
   * @param {number} receiver
   * @param {Params} params
   * @param {Ledger} ledger
   * @param {Int32Array} credits
   */
  constructor(ports, receiver, params, ledger, credits) {
    this.senders = ports.length;
    const step = windowOf(params) / STEPS;
    ports.forEach((port, sender) => {
      const cell = creditOf(params, sender, receiver);
      let received = 0;
      /** @param {any} message */
      const note = (message) => {
        if (!(params.way === 'json' ? ledger.noteObject(message) : ledger.note(message))) {
          if (--this.#open === 0) this.#resolve();
        } else if (++received % step === 0) {
          Atomics.store(credits, cell, received);
          Atomics.notify(credits, cell);
        }
      };
      port.on('message', (message) => {
        try {
          if (Array.isArray(message)) for (let i = 0; i < message.length; i++) note(message[i]);
          else note(message);
        } catch (error) {
          this.#reject(error);
        }
      });
    });
  }

  /** Resolves when all senders have said that no more comes. */
  receive() {
    this.#open = this.senders;
    return new Promise((resolve, reject) => {
      this.#resolve = () => resolve(undefined);
      this.#reject = reject;
    });
  }
}

module.exports = { MeshReceiver, MeshSender, createCredits, receivePorts, sendPorts };
