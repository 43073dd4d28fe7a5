// @ts-check
'use strict';

// A call near the end of the stack throws a RangeError. Then it has acquired nothing, and what was to be released can be
// released by another call.

const test = require('ava').default;
const { Barrier, Channel, Event, Mutex, Once, RwLock, Semaphore } = require('../index.js');
const { cells } = require('./helpers/cells.js');
const { codeOf } = require('./helpers/waiting.js');

/** One call takes no more arguments than this. */
const PART = 30_000;
/** How far from the end of the stack the calls begin, in arguments of 8 bytes. */
const DEPTHS = Array.from({ length: 300 }, (_, depth) => depth);

/** @type {(fn: () => void, ...rest: number[]) => void} */
const deepest = (fn) => fn();

/**
 * Calls `fn` when so many arguments lie on the stack.
 * @param {number} depth
 * @param {() => void} fn
 */
function under(depth, fn) {
  const rest = new Array(Math.min(depth, PART)).fill(0);
  if (depth > PART) Reflect.apply(() => under(depth - PART, fn), undefined, rest);
  else deepest(fn, ...rest);
}

/**
 * As `under`. Returns whether the stack sufficed.
 * @param {number} depth
 * @param {() => void} fn
 */
function fits(depth, fn) {
  try {
    under(depth, fn);
    return true;
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return false;
  }
}

/** How many arguments lie on the stack when it is full. */
function fullStack() {
  let [low, high] = [0, 2 ** 20];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (fits(middle, () => {})) low = middle;
    else high = middle;
  }
  return low;
}

/**
 * One call, and how to find out what it left behind.
 * @typedef {{ call: () => unknown, isLost: () => boolean }} Attempt
 */

/**
 * Calls at each depth. Returns how many calls failed, and of how many something was lost.
 * @param {() => Attempt | Promise<Attempt>} make
 */
async function atEachDepth(make) {
  // Compiled before, so that each call takes as much of the stack as the next one.
  for (let i = 0; i < 3; i++) {
    const { call, isLost } = await make();
    fits(i, call);
    isLost();
  }
  const full = fullStack();
  let [failed, lost] = [0, 0];
  for (const depth of DEPTHS) {
    const { call, isLost } = await make();
    if (fits(full - depth, call)) continue;
    failed++;
    if (isLost()) lost++;
  }
  return { failed, lost };
}

const limited = { timeout: 5 };
const channel = () =>
  new Channel(new SharedArrayBuffer(Channel.byteLength(256)), 0, { capacity: 256 });
const message = new Uint8Array(8);

/** Whether a call throws. @param {() => unknown} call */
const fails = (call) => !Object.hasOwn(Object(codeOf(call)), 'returned');

/**
 * @param {(lock: Mutex) => unknown} call
 * @returns {() => Attempt}
 */
const ofMutex = (call) => () => {
  const mutex = new Mutex(cells(1));
  return { call: () => call(mutex), isLost: () => mutex.locked };
};
/**
 * @param {(lock: RwLock) => unknown} call
 * @returns {() => Attempt}
 */
const ofRwLock = (call) => () => {
  const lock = new RwLock(cells(1));
  return { call: () => call(lock), isLost: () => lock.readers > 0 || lock.writerThreadId !== null };
};
/**
 * @param {(semaphore: Semaphore) => unknown} call
 * @returns {() => Attempt}
 */
const ofSemaphore = (call) => () => {
  const semaphore = new Semaphore(cells(1), 0, 1);
  return { call: () => call(semaphore), isLost: () => semaphore.available !== 1 };
};

/** @type {Record<string, () => Attempt>} */
const ACQUIRING = {
  'Mutex.lock()': ofMutex((mutex) => mutex.lock()),
  'Mutex.lock({ timeout })': ofMutex((mutex) => mutex.lock(limited)),
  'Mutex.recover()': ofMutex((mutex) => mutex.recover()),
  'Mutex.runExclusive()': ofMutex((mutex) => mutex.runExclusive(() => 1)),
  'RwLock.read()': ofRwLock((lock) => lock.read()),
  'RwLock.write()': ofRwLock((lock) => lock.write()),
  'RwLock.write({ timeout })': ofRwLock((lock) => lock.write(limited)),
  'RwLock.runReading()': ofRwLock((lock) => lock.runReading(() => 1)),
  'RwLock.runWriting()': ofRwLock((lock) => lock.runWriting(() => 1)),
  'Semaphore.acquire({ timeout })': ofSemaphore((semaphore) => semaphore.acquire(1, limited)),
  'Semaphore.permit()': ofSemaphore((semaphore) => semaphore.permit()),
  'Semaphore.run()': ofSemaphore((semaphore) => semaphore.run(() => 1)),
  'Event.wait({ timeout })'() {
    const event = new Event(cells(1), 0, { autoReset: true });
    event.set();
    return { call: () => event.wait(limited), isLost: () => !event.isSet };
  },
  'Once.run({ timeout })'() {
    const once = new Once(cells(1));
    return { call: () => once.run(() => {}, limited), isLost: () => once.runnerThreadId !== null };
  },
  'Barrier.wait(), with an action'() {
    const view = cells(1);
    const barrier = new Barrier(view, 0, 1, { action() {} });
    // The action counts as running.
    return { call: () => barrier.wait(), isLost: () => Atomics.load(view, 0) < 0 };
  },
  'Channel.peek()'() {
    const jobs = channel();
    jobs.send(message);
    return { call: () => jobs.peek(), isLost: () => fails(() => jobs.receive()) };
  },
  'Channel.reserve()'() {
    const jobs = channel();
    const isLost = () => {
      jobs.send(message);
      return fails(() => jobs.receive());
    };
    return { call: () => jobs.reserve(8), isLost };
  },
};

for (const [name, make] of Object.entries(ACQUIRING)) {
  test(`${name} near the end of the stack loses nothing`, async (t) => {
    const { failed, lost } = await atEachDepth(make);
    // How many depends on the processor, and on what V8 has compiled.
    t.log(`${failed} of ${DEPTHS.length} calls failed`);
    t.is(lost, 0);
  });
}

/** @type {Record<string, () => Attempt | Promise<Attempt>>} Each lets go of something; `isLost` tries that again. */
const RELEASING = {
  async 'ReadGuard.release()'() {
    const lock = new RwLock(cells(1));
    const guard = await lock.readAsync();
    return { call: () => guard.release(), isLost: () => !guard.tryRelease() && lock.readers > 0 };
  },
  async 'WriteGuard.release()'() {
    const lock = new RwLock(cells(1));
    const guard = await lock.writeAsync();
    const isLost = () => !guard.tryRelease() && lock.writerThreadId !== null;
    return { call: () => guard.release(), isLost };
  },
  async 'WriteGuard.downgrade()'() {
    const lock = new RwLock(cells(1));
    const guard = await lock.writeAsync();
    const isLost = () => !guard.tryRelease() && lock.writerThreadId !== null;
    return { call: () => guard.downgrade(), isLost };
  },
  'release() of the guard of write()'() {
    const lock = new RwLock(cells(1));
    const guard = lock.write();
    const isLost = () => !guard.tryRelease() && lock.writerThreadId !== null;
    return { call: () => guard.release(), isLost };
  },
  'Peek.consume()'() {
    const jobs = channel();
    jobs.send(message);
    const peek = jobs.peek();
    const isLost = () => fails(() => peek.consume()) && jobs.length > 0;
    return { call: () => peek.consume(), isLost };
  },
  'Reservation.commit()'() {
    const jobs = channel();
    const reservation = jobs.reserve(8);
    const isLost = () => fails(() => reservation.commit()) && jobs.length === 0;
    return { call: () => reservation.commit(), isLost };
  },
};

for (const [name, make] of Object.entries(RELEASING)) {
  test(`${name} that failed near the end of the stack can be called again`, async (t) => {
    const { failed, lost } = await atEachDepth(make);
    // How many depends on the processor, and on what V8 has compiled.
    t.log(`${failed} of ${DEPTHS.length} calls failed`);
    t.is(lost, 0);
  });
}
