// @ts-check
'use strict';

// Exchanges the methods of the package's classes in an explored worker: each call is an operation with a point before and
// after it. The native functions do the same as always; only who runs when is decided by the scheduler.

const { inspect } = require('node:util');
const { threadId } = require('node:worker_threads');
const entry = require('../../index.js');
const { Barrier } = require('../barrier.js');
const { Cancel } = require('../cancel.js');
const { Channel } = require('../channel/channel.js');
const { Peek, Reservation } = require('../channel/in-place.js');
const { Condition } = require('../condition.js');
const { labelOf } = require('../describe.js');
const { Event } = require('../event.js');
const { Latch } = require('../latch.js');
const { Mutex } = require('../mutex.js');
const { Once } = require('../once.js');
const { native } = require('../realm.js');
const { RwLock } = require('../rwlock.js');
const { orderBy } = require('../select/order.js');
const { Semaphore } = require('../semaphore.js');
const { fail, kindOf } = require('./failing.js');
const {
  HAS_READ,
  HAS_WRITTEN,
  NOTHING,
  WILL_READ,
  WILL_WRITE,
  after,
  before,
  isOver,
  isRunning,
  operation,
  unscheduled,
} = require('./scheduling.js');

/** @typedef {{ cell: Int32Array, label: string }} Known */

/** The cell that a native description was last asked for. @type {Int32Array | undefined} */
let described;

/** The cells and labels of primitives. @type {WeakMap<object, Known>} */
const primitives = new WeakMap();

/** Whether an operation runs that calls others itself. */
let isInside = false;

/** The locks that this thread acquired in the present schedule. @type {Set<any>} */
const acquired = new Set();

/**
 * The cell and label of a primitive. Undefined for another object.
 * @param {any} primitive
 * @returns {Known | undefined}
 */
function knownOf(primitive) {
  const known = primitives.get(primitive);
  if (known !== undefined) return known;
  described = undefined;
  const show = primitive?.[inspect.custom];
  const text = String(
    show?.call(primitive, 1, { stylize: (/** @type {string} */ shown) => shown }),
  );
  const cell = /** @type {Int32Array | undefined} */ (described);
  if (cell === undefined) return undefined;
  const [, kind, name] = /^(\w+)(?: ("(?:[^"\\]|\\.)*"))?/.exec(text) ?? ['', 'primitive'];
  const label = labelOf(kind, name === undefined ? undefined : JSON.parse(name), cell);
  const found = { cell, label };
  primitives.set(primitive, found);
  return found;
}

/**
 * Notes that the operations of `part` are operations of a primitive.
 * @param {object} part
 * @param {object} primitive
 */
function belongsTo(part, primitive) {
  const known = isRunning() ? knownOf(primitive) : undefined;
  if (known !== undefined) primitives.set(part, known);
}

/** What an operation has done. @typedef {[effect: number, value?: number]} Done */

/** @type {(result: unknown) => Done} */
const writes = () => [HAS_WRITTEN];
/** @type {(result: unknown) => Done} */
const nothing = () => [NOTHING];
/** @type {(result: unknown) => Done} */
const reads = (result) => [HAS_READ, Number(result)];
/** Acquires, or finds that this is not possible. @type {(result: unknown) => Done} */
const attempts = (result) =>
  result === false || result === undefined ? [HAS_READ, 0] : [HAS_WRITTEN];

/**
 * Calls an operation between two points.
 *
 * @param {number} number
 * @param {string} name
 * @param {number} intent WILL_READ or WILL_WRITE
 * @param {(result: unknown) => Done} done
 * @param {any} primitive
 * @param {() => unknown} call
 */
function operate(number, name, intent, done, primitive, call) {
  const known = isInside || !isRunning() ? undefined : knownOf(primitive);
  if (known === undefined) return call();
  const { cell, label } = known;
  before(number, cell, 0, intent, () => `${label}.${name}`);
  let result;
  try {
    result = call();
  } catch (error) {
    // The program may go on after an error, such as ERR_TIMEOUT.
    if (!isOver(error)) after(number, cell, 0, HAS_WRITTEN);
    throw error;
  }
  const [effect, value] = done(result);
  after(number, cell, 0, effect, value);
  return result;
}

/**
 * Calls a function of the package, and notes the failures among its errors.
 * @param {() => unknown} call
 * @param {(error: any) => import('./failing.js').FailureKind | undefined} [kind]
 */
function noting(call, kind = kindOf) {
  try {
    return call();
  } catch (error) {
    const found = kind(error);
    if (found !== undefined && isRunning()) fail(found, error);
    throw error;
  }
}

/**
 * Calls a function of the package that may call other methods of the primitive itself.
 * @param {() => unknown} call
 */
function inside(call) {
  const outer = isInside;
  isInside = true;
  try {
    return call();
  } finally {
    isInside = outer;
  }
}

/**
 * @typedef {object} Exchange
 * @property {number} intent
 * @property {(result: unknown) => Done} done
 * @property {boolean} [acquires] whether the thread may own the primitive afterwards
 * @property {boolean} [runsCode] whether it calls code of the program
 * @property {boolean} [isInPlace] whether what it returns belongs to the same primitive
 * @property {(error: any) => import('./failing.js').FailureKind | undefined} [kind]
 */

/** @type {Exchange} */
const WRITE = { intent: WILL_WRITE, done: writes };
/** @type {Exchange} */
const ACQUIRE = { intent: WILL_WRITE, done: attempts, acquires: true };
/** A notification that finds no waiter only reads. @type {Exchange} */
const NOTIFY = {
  intent: WILL_WRITE,
  done: (result) => (result === 0 ? [HAS_READ, 0] : [HAS_WRITTEN]),
};
/** @type {Exchange} */
const READ = { intent: WILL_READ, done: reads };

/** @type {Array<[any, Record<string | symbol, Exchange>]>} */
const EXCHANGES = [
  [
    Mutex,
    {
      lock: { ...ACQUIRE, done: writes },
      tryLock: ACQUIRE,
      unlock: WRITE,
      recover: { ...ACQUIRE, done: writes },
      tryRecover: ACQUIRE,
      locked: READ,
      ownerThreadId: READ,
    },
  ],
  [Condition, { notify: NOTIFY, notifyAll: NOTIFY }],
  [
    Barrier,
    {
      wait: { ...WRITE, runsCode: true },
      waitFor: { ...WRITE, runsCode: true },
      abort: WRITE,
      reset: WRITE,
      broken: READ,
      waiting: READ,
    },
  ],
  [
    Latch,
    {
      await: { intent: WILL_READ, done: nothing },
      tryAwait: { intent: WILL_READ, done: reads },
      release: WRITE,
      countDown: WRITE,
      remaining: READ,
      released: READ,
    },
  ],
  [
    Semaphore,
    {
      acquire: WRITE,
      tryAcquire: { intent: WILL_WRITE, done: attempts },
      release: {
        ...WRITE,
        kind: (error) => (error?.code === 'ERR_OUT_OF_RANGE' ? 'misuse' : kindOf(error)),
      },
      tryRelease: { intent: WILL_WRITE, done: attempts },
      available: READ,
    },
  ],
  [
    RwLock,
    {
      read: WRITE,
      tryRead: { intent: WILL_WRITE, done: attempts },
      unlockRead: WRITE,
      write: { ...ACQUIRE, done: writes },
      tryWrite: ACQUIRE,
      unlockWrite: WRITE,
      downgrade: WRITE,
      recover: { ...ACQUIRE, done: writes },
      tryRecover: ACQUIRE,
      readers: READ,
      writerThreadId: READ,
    },
  ],
  [
    Event,
    {
      wait: WRITE,
      tryWait: { intent: WILL_WRITE, done: attempts },
      set: WRITE,
      reset: WRITE,
      isSet: READ,
    },
  ],
  [
    Once,
    {
      run: { ...WRITE, runsCode: true },
      wait: { intent: WILL_READ, done: nothing },
      tryWait: { intent: WILL_READ, done: reads },
      done: READ,
      runnerThreadId: READ,
    },
  ],
  [
    Cancel,
    {
      abort: WRITE,
      abortAfter: WRITE,
      aborted: READ,
      throwIfAborted: { intent: WILL_READ, done: nothing },
    },
  ],
  [
    Channel,
    {
      send: WRITE,
      trySend: { intent: WILL_WRITE, done: attempts },
      sendMany: WRITE,
      reserve: { ...WRITE, isInPlace: true },
      receive: WRITE,
      tryReceive: { intent: WILL_WRITE, done: attempts },
      receiveInto: WRITE,
      receiveMany: WRITE,
      peek: { ...WRITE, isInPlace: true },
      close: WRITE,
      closed: READ,
      length: READ,
    },
  ],
  [Reservation, { commit: WRITE, [Symbol.dispose]: WRITE }],
  [Peek, { consume: WRITE, [Symbol.dispose]: WRITE }],
];

/**
 * Gives an exchanged function the name and the length of its original.
 * @param {Function} exchanged
 * @param {Function} original
 */
function asOriginal(exchanged, original) {
  Object.defineProperty(exchanged, 'name', { value: original.name });
  Object.defineProperty(exchanged, 'length', { value: original.length });
}

/**
 * @param {any} Class
 * @param {string | symbol} key
 * @param {Exchange} exchange
 */
function exchangeMember(
  { name: className, prototype },
  key,
  { intent, done, acquires, runsCode, isInPlace, kind },
) {
  const name = typeof key === 'symbol' ? `[${key.description}]` : key;
  const number = operation(`${className}.${name}`);
  const descriptor = /** @type {PropertyDescriptor} */ (
    Object.getOwnPropertyDescriptor(prototype, key)
  );
  const original = /** @type {Function} */ (descriptor.value ?? descriptor.get);
  const title = descriptor.get === undefined ? `${name}()` : name;
  /** @type {(this: any, ...args: any[]) => unknown} */
  const exchanged = function (...args) {
    if (acquires && isRunning()) acquired.add(this);
    const run = () => Reflect.apply(original, this, args);
    const call = () => noting(runsCode ? run : () => inside(run), kind);
    const result = operate(number, title, intent, done, this, call);
    if (isInPlace) belongsTo(/** @type {object} */ (result), this);
    return result;
  };
  asOriginal(exchanged, original);
  Object.defineProperty(prototype, key, {
    ...descriptor,
    ...(descriptor.get === undefined ? { value: exchanged } : { get: exchanged }),
  });
}

/** A wait of a Condition has its points around each native wait: its predicate is code of the program. */
function exchangeConditionWaits() {
  const number = operation('Condition.wait');
  const { conditionWait } = native;
  /** @type {any} */ (native).conditionWait = function (
    /** @type {Parameters<typeof conditionWait>} */ ...args
  ) {
    const [, cell, name] = args;
    before(number, cell, 0, WILL_WRITE, () => `${labelOf('Condition', name, cell)}.wait()`);
    const status = conditionWait(...args);
    after(number, cell, 0, HAS_WRITTEN);
    return status;
  };
  for (const name of ['wait', 'waitFor']) {
    const original = /** @type {any} */ (Condition.prototype)[name];
    Object.defineProperty(Condition.prototype, name, {
      ...Object.getOwnPropertyDescriptor(Condition.prototype, name),
      /** @type {(this: any, ...args: any[]) => unknown} */
      value(...args) {
        return noting(() => Reflect.apply(original, this, args));
      },
    });
  }
}

/** The promise forms need an event loop that turns, and no explored thread has one. */
function refusePromiseForms() {
  for (const Class of [Mutex, Condition, Barrier, Latch, Semaphore, RwLock, Event, Once, Channel]) {
    const { name: className, prototype } = Class;
    for (const name of Object.getOwnPropertyNames(prototype)) {
      if (!name.endsWith('Async')) continue;
      Object.defineProperty(prototype, name, {
        ...Object.getOwnPropertyDescriptor(prototype, name),
        value() {
          throw fail(
            'misuse',
            new TypeError(
              `${className}.${name}() has no meaning under exploration, which runs synchronous code only. Call ` +
                `${name.slice(0, -'Async'.length)}().`,
            ),
          );
        },
      });
    }
  }
}

/** Memory by name is that of the process: it would outlive the schedule, and be that of the program that explores. */
function refuseNames() {
  const { layout } = entry;
  Object.defineProperty(layout, 'open', {
    ...Object.getOwnPropertyDescriptor(layout, 'open'),
    value() {
      throw fail(
        'misuse',
        new TypeError(
          'layout.open() has no meaning under exploration: its memory outlives a schedule. Make the memory in setup(), and ' +
            'pass it to the bodies: layout(...).share().',
        ),
      );
    },
  });
}

/**
 * A select tries its cases, each with the points of its primitive, and has points around each native wait. In which order
 * it tries them is a choice of the scheduler: it begins with the first, or one after the other with one further on.
 */
function exchangeSelect() {
  const number = operation('select');
  const natives = /** @type {any} */ (native);
  const { selectWait } = native;
  natives.selectWait = function (/** @type {Parameters<typeof selectWait>} */ ...args) {
    const [, cell, name] = args;
    before(number, cell, 0, WILL_WRITE, () => `select(${name})`);
    const status = selectWait(...args);
    after(number, cell, 0, HAS_WRITTEN);
    return status;
  };
  for (const name of /** @type {const} */ (['select', 'trySelect'])) {
    const original = entry[name];
    const exchanged = (/** @type {[any]} */ ...args) => noting(() => original(...args));
    asOriginal(exchanged, original);
    Object.defineProperty(entry, name, {
      ...Object.getOwnPropertyDescriptor(entry, name),
      value: exchanged,
    });
  }
  orderBy((indices) => {
    indices.sort((a, b) => a - b);
    if (!isRunning()) return;
    for (let i = 1; i < indices.length && native.exploreChoose(); i++) {
      indices.push(/** @type {number} */ (indices.shift()));
    }
  });
  natives.selectWaitAsync = () => {
    throw fail(
      'misuse',
      new TypeError(
        'selectAsync() has no meaning under exploration, which runs synchronous code only. Call select().',
      ),
    );
  };
}

/** Natives that take samples of time, which mean nothing where one thread runs at a time. */
function exchangeNatives() {
  const natives = /** @type {any} */ (native);
  natives.mutexBackOff = () => 2 ** 30;
  // A description of a Channel asks how many wait at its cells, and its first one stands for all.
  const describing = Object.keys(natives).filter((key) => /Describe$|^channelWaiting$/.test(key));
  for (const name of describing) {
    const original = natives[name];
    natives[name] = (/** @type {[Int32Array]} */ ...args) => {
      described ??= args[0];
      return original(...args);
    };
  }
}

/** Exchanges all of them. */
function exchangePrimitives() {
  exchangeNatives();
  for (const [Class, members] of EXCHANGES) {
    for (const key of Reflect.ownKeys(members)) exchangeMember(Class, key, members[key]);
  }
  exchangeConditionWaits();
  exchangeSelect();
  refusePromiseForms();
  refuseNames();
}

/** @param {any} lock */
function isOwned(lock) {
  try {
    return (lock instanceof Mutex ? lock.ownerThreadId : lock.writerThreadId) === threadId;
  } catch {
    // The cell was written over.
    return false;
  }
}

/** The labels of the locks that this thread owns although its body has ended. */
function stillOwned() {
  const owned = unscheduled(() => [...acquired].filter(isOwned));
  acquired.clear();
  return owned.map((lock) => knownOf(lock)?.label ?? 'lock');
}

module.exports = { exchangePrimitives, stillOwned };
