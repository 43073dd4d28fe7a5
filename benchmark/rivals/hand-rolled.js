// @ts-check
'use strict';

/**
 * The classes that this package replaces: everything over `Atomics.wait` and `Atomics.notify`. Their
 * faults are the point (see barrier-demo.js and condition-demo.js), so they are kept as they were.
 */

class Mutex {
  /**
   * @param {Int32Array} view
   * @param {number} idx
   */
  constructor(view, idx) {
    this.view = view;
    this.idx = idx;
  }

  lock() {
    while (Atomics.compareExchange(this.view, this.idx, 0, 1) !== 0) {
      Atomics.wait(this.view, this.idx, 1);
    }
  }

  unlock() {
    Atomics.store(this.view, this.idx, 0);
    Atomics.notify(this.view, this.idx, 1);
  }
}

class Condition {
  /**
   * @param {Int32Array} view
   * @param {number} idx
   */
  constructor(view, idx) {
    this.view = view;
    this.idx = idx;
  }

  /**
   * @param {{ lock(): unknown, unlock(): void }} mutex
   * @param {() => unknown} predicate
   */
  wait(mutex, predicate) {
    while (!predicate()) {
      mutex.unlock();
      // The fault: a notification between these two lines has changed the version already.
      Atomics.wait(this.view, this.idx, Atomics.load(this.view, this.idx));
      mutex.lock();
    }
  }

  notifyAll() {
    Atomics.add(this.view, this.idx, 1);
    Atomics.notify(this.view, this.idx);
  }
}

class Barrier {
  /**
   * @param {Int32Array} view
   * @param {number} idx
   * @param {number} total
   */
  constructor(view, idx, total) {
    this.view = view;
    this.idx = idx;
    this.total = total;
  }

  wait() {
    const before = Atomics.add(this.view, this.idx, 1);
    if (before === this.total - 1) {
      Atomics.store(this.view, this.idx, 0);
      Atomics.notify(this.view, this.idx, this.total - 1);
    } else {
      // The fault: once another worker has arrived the count differs, and this returns at once.
      Atomics.wait(this.view, this.idx, before + 1);
    }
  }
}

class Latch {
  /**
   * @param {Int32Array} view
   * @param {number} idx
   */
  constructor(view, idx) {
    this.view = view;
    this.idx = idx;
  }

  await() {
    while (Atomics.load(this.view, this.idx) === 0) {
      Atomics.wait(this.view, this.idx, 0);
    }
  }

  release() {
    Atomics.store(this.view, this.idx, 1);
    Atomics.notify(this.view, this.idx);
  }
}

/** @type {import('./index.js').Rival} */
module.exports = {
  name: 'hand-rolled',
  style: 'pair',
  mutex: (view, index) => new Mutex(view, index),
  condition: (view, index) => new Condition(view, index),
  barrier: (view, index, total) => new Barrier(view, index, total),
  latch: (view, index) => new Latch(view, index),
};
