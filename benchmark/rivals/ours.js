// @ts-check
'use strict';

const {
  Barrier,
  Cancel,
  Channel,
  Condition,
  Event,
  Latch,
  Mutex,
  Once,
  RwLock,
  Semaphore,
} = require('../../index.js');

/** @type {import('./index.js').Rival} */
module.exports = {
  name: 'ours',
  style: 'pair',
  mutex: (view, index) => new Mutex(view, index),
  condition: (view, index) => new Condition(view, index),
  barrier: (view, index, total) => new Barrier(view, index, total),
  semaphore: (view, index, permits) => new Semaphore(view, index, permits),
  latch: (view, index) => new Latch(view, index),
  rwLock: (view, index) => new RwLock(view, index),
  event: (view, index) => new Event(view, index, { autoReset: true }),
  once: (view, index) => new Once(view, index),
  channel: (view, index, capacity, way) =>
    new Channel(view, index, { capacity, codec: way === 'json' ? 'json' : undefined }),
  limitedWait(view, index) {
    const latch = new Latch(view, index);
    return (ms) => latch.tryAwait(ms);
  },
  cancelledWait(view, index) {
    const semaphore = new Semaphore(view, index, 0);
    return {
      wait(round) {
        try {
          semaphore.acquire(1, { cancel: new Cancel(view, index + round) });
        } catch (error) {
          if (/** @type {any} */ (error).code !== 'ERR_CANCELLED') throw error;
        }
      },
      end: (round) => new Cancel(view, index + round).abort(),
    };
  },
  lockAsync(view, index) {
    const mutex = new Mutex(view, index);
    return (signal) => mutex.lockAsync({ ref: true, signal });
  },
};
