// @ts-check
'use strict';

// loom cannot run JavaScript, so the models run a Rust transcription of the JavaScript fast path. The native functions begin
// with that transcription. Here each method of a class and its native function start from the same word, for thousands of
// words. Both must have the same result, and leave the same word and the same counts of reads.

const test = require('ava').default;
const { Condition, Event, Latch, Mutex, Once, RwLock, Semaphore } = require('../index.js');
const { slotOf } = require('../lib/read-counts.js');
const { native, realm, THREAD } = require('../lib/realm.js');
const { Random } = require('./chaos/random.js');
const { startWorker } = require('./helpers/threads.js');

const { number } = realm;
const {
  LATCH_MAX_COUNT,
  RWLOCK_MOST_READS,
  RWLOCK_READ: READ,
  RWLOCK_WRITE: WRITE,
  SEMAPHORE_MAX_PERMITS,
} = native;
const NAME = 'both';
const SEED = 20_261_128;
const RANDOM_WORDS = 3_000;

/**
 * The words to start from: all words of at most two bits and their complements, each boundary with the words beside it, small
 * numbers with each combination of the four highest bits, and random words.
 *
 * @param {number[]} boundaries the values to which the code compares a word
 * @returns {number[]} 32-bit integers, each once
 */
function wordsFrom(boundaries) {
  const words = new Set([0, -1]);
  for (let i = 0; i < 32; i++) {
    for (let j = 0; j < 32; j++) {
      const bits = (1 << i) | (1 << j);
      words.add(bits).add(~bits);
    }
  }
  for (const boundary of boundaries) {
    for (let beside = -2; beside <= 2; beside++) words.add((boundary + beside) | 0);
  }
  const random = new Random(SEED);
  for (let flags = 0; flags < 16; flags++) {
    for (let small = 0; small < 12; small++) words.add((flags << 28) | small);
  }
  for (let i = 0; i < RANDOM_WORDS; i++) {
    words.add(random.integer(0, 0xffff_ffff) | 0);
  }
  return [...words];
}

/**
 * One case: how the class does it, and how native functions alone do.
 *
 * @typedef {object} Case
 * @property {string} title
 * @property {(view: Int32Array) => any} construct
 * @property {(primitive: any) => unknown} inline
 * @property {(cell: Int32Array) => unknown} called
 * @property {boolean} [blocks] whether `inline` blocks where `called` returns false, and so runs only where that returns true
 */

/** @type {Case[]} */
const CASES = [];

const mutex = { construct: (/** @type {Int32Array} */ view) => new Mutex(view, 0, { name: NAME }) };
CASES.push(
  {
    ...mutex,
    title: 'Mutex.tryLock',
    inline: (mutex) => mutex.tryLock(),
    called: (cell) => native.mutexLock(number, cell, NAME, 0) === native.ACQUIRED,
  },
  {
    ...mutex,
    title: 'Mutex.lock',
    blocks: true,
    inline: (mutex) => mutex.lock() instanceof Mutex,
    called: (cell) => native.mutexLock(number, cell, NAME, 0) === native.ACQUIRED,
  },
  {
    ...mutex,
    title: 'Mutex.unlock',
    inline: (mutex) => mutex.unlock(),
    called: (cell) => native.mutexUnlock(number, cell, NAME),
  },
  {
    ...mutex,
    title: 'Mutex.locked',
    inline: (mutex) => mutex.locked,
    called: (cell) => native.mutexOwner(number, cell, NAME) !== 0,
  },
);

for (const n of [0, 1, Infinity]) {
  CASES.push({
    title: `Condition.notify(${n})`,
    construct: (view) => new Condition(view, 0, { name: NAME }),
    inline: (condition) => condition.notify(n),
    called: (cell) => native.conditionNotify(number, cell, NAME, n),
  });
}

for (const count of [1, 5, LATCH_MAX_COUNT]) {
  const latch = {
    construct: (/** @type {Int32Array} */ view) => new Latch(view, 0, count, { name: NAME }),
  };
  for (const n of [1, 3, LATCH_MAX_COUNT]) {
    CASES.push({
      ...latch,
      title: `Latch(${count}).countDown(${n})`,
      inline: (latch) => latch.countDown(n),
      called: (cell) => native.latchCountDown(number, cell, NAME, count, n),
    });
  }
  CASES.push(
    {
      ...latch,
      title: `Latch(${count}).release`,
      inline: (latch) => latch.release(),
      called: (cell) => native.latchCountDown(number, cell, NAME, count, count),
    },
    {
      ...latch,
      title: `Latch(${count}).remaining`,
      inline: (latch) => latch.remaining,
      called: (cell) => native.latchRemaining(number, cell, NAME, count),
    },
    {
      ...latch,
      title: `Latch(${count}).released`,
      inline: (latch) => latch.released,
      called: (cell) => native.latchWait(number, cell, NAME, count, 0) === native.ACQUIRED,
    },
    {
      ...latch,
      title: `Latch(${count}).await`,
      blocks: true,
      inline: (latch) => latch.await() ?? true,
      called: (cell) => native.latchWait(number, cell, NAME, count, 0) === native.ACQUIRED,
    },
  );
}

for (const [permits, max] of [
  [0, 1],
  [5, 7],
  [3, SEMAPHORE_MAX_PERMITS],
  [SEMAPHORE_MAX_PERMITS, SEMAPHORE_MAX_PERMITS],
]) {
  const semaphore = {
    construct: (/** @type {Int32Array} */ view) =>
      new Semaphore(view, 0, permits, { name: NAME, max }),
  };
  for (const n of new Set([1, Math.min(2, max), max])) {
    const title = `Semaphore(${permits}, ${max})`;
    CASES.push(
      {
        ...semaphore,
        title: `${title}.tryAcquire(${n})`,
        inline: (semaphore) => semaphore.tryAcquire(n),
        called: (cell) =>
          native.semaphoreAcquire(number, cell, NAME, permits, max, n, 0) === native.ACQUIRED,
      },
      {
        ...semaphore,
        title: `${title}.acquire(${n})`,
        blocks: true,
        inline: (semaphore) => semaphore.acquire(n) ?? true,
        called: (cell) =>
          native.semaphoreAcquire(number, cell, NAME, permits, max, n, 0) === native.ACQUIRED,
      },
      {
        ...semaphore,
        title: `${title}.release(${n})`,
        inline: (semaphore) => semaphore.release(n) ?? true,
        called: (cell) =>
          native.semaphoreRelease(number, cell, NAME, permits, max, n) || 'ERR_OUT_OF_RANGE',
      },
    );
  }
}

const rwlock = {
  construct: (/** @type {Int32Array} */ view) => new RwLock(view, 0, { name: NAME }),
};
CASES.push(
  {
    ...rwlock,
    title: 'RwLock.tryRead',
    inline: (lock) => lock.tryRead(),
    called: (cell) => native.rwlockEnter(number, cell, NAME, READ, 0) === native.ACQUIRED,
  },
  {
    ...rwlock,
    title: 'RwLock.read',
    blocks: true,
    inline: (lock) => typeof lock.read() === 'object',
    called: (cell) => native.rwlockEnter(number, cell, NAME, READ, 0) === native.ACQUIRED,
  },
  {
    ...rwlock,
    title: 'RwLock.unlockRead',
    inline: (lock) => lock.unlockRead(),
    called: (cell) => native.rwlockUnlock(number, cell, NAME, READ),
  },
  {
    ...rwlock,
    title: 'RwLock.tryWrite',
    inline: (lock) => lock.tryWrite(),
    called: (cell) => native.rwlockEnter(number, cell, NAME, WRITE, 0) === native.ACQUIRED,
  },
  {
    ...rwlock,
    title: 'RwLock.write',
    blocks: true,
    inline: (lock) => typeof lock.write() === 'object',
    called: (cell) => native.rwlockEnter(number, cell, NAME, WRITE, 0) === native.ACQUIRED,
  },
  {
    ...rwlock,
    title: 'RwLock.unlockWrite',
    inline: (lock) => lock.unlockWrite(),
    called: (cell) => native.rwlockUnlock(number, cell, NAME, WRITE),
  },
);

for (const autoReset of [false, true]) {
  const event = {
    construct: (/** @type {Int32Array} */ view) => new Event(view, 0, { name: NAME, autoReset }),
  };
  const title = `Event(${autoReset})`;
  CASES.push(
    {
      ...event,
      title: `${title}.wait`,
      blocks: true,
      inline: (event) => event.wait() ?? true,
      called: (cell) => native.eventWait(number, cell, NAME, autoReset, 0) === native.ACQUIRED,
    },
    {
      ...event,
      title: `${title}.tryWait`,
      inline: (event) => event.tryWait(),
      called: (cell) => native.eventWait(number, cell, NAME, autoReset, 0) === native.ACQUIRED,
    },
    {
      ...event,
      title: `${title}.set`,
      inline: (event) => event.set(),
      called: (cell) => native.eventSet(number, cell, NAME, autoReset),
    },
    {
      ...event,
      title: `${title}.reset`,
      inline: (event) => event.reset(),
      called: (cell) => native.eventReset(number, cell, NAME, autoReset),
    },
    {
      ...event,
      title: `${title}.isSet`,
      inline: (event) => event.isSet,
      called: (cell) => native.eventIsSet(number, cell, NAME, autoReset),
    },
  );
}

const once = { construct: (/** @type {Int32Array} */ view) => new Once(view, 0, { name: NAME }) };
CASES.push(
  {
    ...once,
    title: 'Once.run',
    // A word that names another runner makes it wait.
    inline: (once) => {
      try {
        return once.run(() => {}, { timeout: 0 });
      } catch (error) {
        if (/** @type {any} */ (error).code === 'ERR_TIMEOUT') return 'waits';
        throw error;
      }
    },
    called: (cell) => {
      const began = native.onceBegin(number, cell, NAME, 0);
      if (began === native.TIMED_OUT) return 'waits';
      if (began === native.ACQUIRED) native.onceFinish(number, cell, NAME, false);
      return began === native.ACQUIRED;
    },
  },
  {
    ...once,
    title: 'Once.run without limits',
    blocks: true,
    inline: (once) => {
      once.run(() => {});
      return true;
    },
    called: (cell) => {
      const began = native.onceBegin(number, cell, NAME, 0);
      if (began === native.ACQUIRED) native.onceFinish(number, cell, NAME, false);
      return began !== native.TIMED_OUT;
    },
  },
  {
    ...once,
    title: 'Once.wait',
    blocks: true,
    inline: (once) => once.wait() ?? true,
    called: (cell) => native.onceWait(number, cell, NAME, 0) !== native.TIMED_OUT,
  },
  {
    ...once,
    title: 'Once.done',
    inline: (once) => once.done,
    called: (cell) => (native.onceRunner(number, cell, NAME), cell[0] === (native.ONCE_DONE | 0)),
  },
);

/**
 * What a call returns, or the code and the message with which it throws.
 *
 * @param {() => unknown} call
 */
function outcomeOf(call) {
  try {
    return call();
  } catch (error) {
    const { code, message } = /** @type {any} */ (error);
    return code === 'ERR_OUT_OF_RANGE' ? code : `${code}: ${message}`;
  }
}

/** How often this thread reads by itself and by guards. @param {Int32Array} cell */
function readsOf(cell) {
  const { counts, own } = slotOf(cell);
  const start = own - native.READ_OWN;
  return [counts[start + native.READ_OWN], counts[start + native.READ_BY_GUARDS]];
}

/**
 * Makes this thread read the lock in a cell, and then leaves another word in it.
 *
 * @param {Int32Array} cell
 * @param {number} reads
 * @param {number} word
 */
function prepare(cell, reads, word) {
  cell[0] = 0;
  for (let i = 0; i < reads; i++) native.rwlockEnter(number, cell, NAME, READ, 0);
  cell[0] = word;
}

/** Ends what this thread still reads. @param {Int32Array} cell */
function clean(cell) {
  const [own] = readsOf(cell);
  cell[0] = own;
  for (let i = 0; i < own; i++) native.rwlockUnlock(number, cell, NAME, READ);
  cell[0] = 0;
}

/** A worker that lives until it is terminated, and one that has died: words can name both. */
async function startNeighbours() {
  const tag = (/** @type {any} */ _, /** @type {any} */ { Mutex, ready }) => {
    const view = new Int32Array(new SharedArrayBuffer(4));
    new Mutex(view).lock();
    ready();
    return view[0];
  };
  const dead = startWorker(tag);
  const deadTag = await dead.done;
  await dead.exited;
  const view = new Int32Array(new SharedArrayBuffer(8));
  const alive = startWorker(
    ({ view }, { Mutex }) => {
      new Mutex(view).lock();
      Atomics.notify(view, 0);
      Atomics.wait(view, 1, 0);
    },
    { view },
  );
  while (Atomics.load(view, 0) === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  return { aliveTag: view[0], deadTag, stop: () => alive.worker.terminate() };
}

test('each fast path has the result of its native function and leaves its word, from thousands of words', async (t) => {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0; // hundreds of thousands of errors are thrown
  const { aliveTag, deadTag, stop } = await startNeighbours();
  t.teardown(() => {
    Error.stackTraceLimit = stackTraceLimit;
    return stop();
  });
  const owners = [THREAD, aliveTag, deadTag].flatMap((tag) =>
    [0, native.RWLOCK_WRITER, native.RWLOCK_GUARD, 1 << 31].flatMap((kind) =>
      [0, native.MUTEX_WAITERS, native.RWLOCK_WAITERS].map((waiters) => tag | kind | waiters),
    ),
  );
  const words = wordsFrom([
    ...owners,
    RWLOCK_MOST_READS,
    LATCH_MAX_COUNT,
    native.LATCH_WAITERS,
    native.EVENT_SET | native.EVENT_AUTOMATIC,
    native.ONCE_DONE,
    ...[5, 5 - 7, 3 - SEMAPHORE_MAX_PERMITS, SEMAPHORE_MAX_PERMITS].map(
      (permits) => permits * native.SEMAPHORE_PERMIT,
    ),
  ]);
  t.true(words.length > 4_000, `${words.length} words`);
  let compared = 0;
  for (const { title, construct, inline, called, blocks } of CASES) {
    const cells = [0, 1].map(() => new Int32Array(new SharedArrayBuffer(4)));
    const primitive = construct(cells[0]);
    const outcomes = new Set();
    for (const reads of primitive instanceof RwLock ? [0, 1, 2] : [0]) {
      for (const word of words) {
        // The cell was written over while the thread reads. Only the native function notices that.
        if (word >= 0 && word < reads) continue;
        for (const cell of cells) prepare(cell, reads, word);
        const expected = outcomeOf(() => called(cells[1]));
        if (!blocks || expected === true) {
          const found = outcomeOf(() => inline(primitive));
          const same =
            found === expected &&
            cells[0][0] === cells[1][0] &&
            (!(primitive instanceof RwLock) ||
              readsOf(cells[0]).join() === readsOf(cells[1]).join());
          if (!same) {
            t.fail(
              `${title} from 0x${(word >>> 0).toString(16)} with ${reads} reads: ${found}, ${cells[0][0]}, [${readsOf(cells[0])}]` +
                `, but natively ${expected}, ${cells[1][0]}, [${readsOf(cells[1])}]`,
            );
            for (const cell of cells) clean(cell);
            return;
          }
          compared++;
          outcomes.add(String(found).split(':')[0]);
        }
        if (primitive instanceof RwLock) for (const cell of cells) clean(cell);
      }
    }
    t.true(blocks || outcomes.size > 1, `${title} has only the outcome ${[...outcomes]}`);
  }
  t.true(compared > 100_000, `${compared} comparisons`);
  t.log(`${compared} comparisons, ${words.length} words`);
});
