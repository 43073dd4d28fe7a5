// @ts-check
'use strict';

/** The package `multithreading` from npm. Its locks lie in memory of their own, and are released by a guard. */

const { installed } = require('../harness/installed.js');

const PACKAGE = 'multithreading';

/** @type {any} */
let loaded;
const load = () => (loaded ??= require(installed(PACKAGE).entry));

/** A kind's own memory, in int32 cells, as its `toSerialized` would send it. */
const CELLS = Object.freeze({ mutex: 1, condition: 1, barrier: 4, semaphore: 2, rwLock: 1 });

/** A lock whose guard is kept where `unlock()` finds it. */
class Locked {
  /** @param {unknown} shared */
  constructor(shared) {
    this.mutex = new (load().Mutex)(undefined, shared);
    /** @type {any} */
    this.guard = undefined;
  }

  lock() {
    this.guard = this.mutex.blockingLock();
  }

  unlock() {
    this.guard.dispose();
  }
}

/** @type {import('./index.js').Rival} */
module.exports = {
  name: PACKAGE,
  style: 'pair',
  prepare() {
    try {
      installed(PACKAGE);
      return undefined;
    } catch (error) {
      return `not installed: ${/** @type {Error} */ (error).message}`;
    }
  },
  isAvailable() {
    try {
      return typeof load().Mutex === 'function';
    } catch {
      return false; // it reads `navigator`, and is an ES module: Node 22 and older lack one or the other
    }
  },
  share(kind, count = 0) {
    const cells = new Int32Array(
      new SharedArrayBuffer(
        CELLS[/** @type {keyof typeof CELLS} */ (kind)] * Int32Array.BYTES_PER_ELEMENT,
      ),
    );
    if (kind === 'semaphore') cells[0] = count;
    if (kind === 'barrier') {
      cells[1] = count;
      cells[2] = count;
    }
    return cells.buffer;
  },
  mutex: (_view, _index, shared) => new Locked(shared),
  condition(_view, _index, shared) {
    const condition = new (load().Condvar)(shared);
    return {
      wait(/** @type {Locked} */ mutex, predicate) {
        while (!predicate()) condition.blockingWait(mutex.guard);
      },
      notify: () => condition.notifyOne(),
      notifyAll: () => condition.notifyAll(),
    };
  },
  barrier(_view, _index, total, shared) {
    const barrier = new (load().Barrier)(total, shared);
    return { wait: () => barrier.blockingWait() };
  },
  semaphore(_view, _index, permits, shared) {
    const semaphore = new (load().Semaphore)(permits, shared);
    // A permit that another thread has acquired is released by the library's guard only: this is what that calls.
    const controller = semaphore[load().INTERNAL_SEMAPHORE_CONTROLLER];
    return { acquire: () => semaphore.blockingAcquire(), release: () => controller.release(1) };
  },
  rwLock(_view, _index, shared) {
    const lock = new (load().RwLock)(undefined, shared);
    /** @type {any} */
    let guard;
    return {
      read: () => (guard = lock.blockingRead()),
      unlockRead: () => guard.dispose(),
      write: () => (guard = lock.blockingWrite()),
      unlockWrite: () => guard.dispose(),
    };
  },
  lockAsync(_view, _index, shared) {
    const mutex = new (load().Mutex)(undefined, shared);
    return async () => {
      const guard = await mutex.lock();
      return { release: () => guard.dispose() };
    };
  },
};
