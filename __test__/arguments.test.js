// @ts-check
'use strict';

const test = require('ava').default;
const vm = require('node:vm');
// Without types: what they forbid is what this is about.
const {
  Mutex,
  Condition,
  Barrier,
  Cancel,
  Latch,
  RwLock,
  Semaphore,
  Event,
  Once,
  Channel,
  SyncError,
  layout,
  select,
} = /** @type {any} */ (require('../index.js'));
const { runChild } = require('./helpers/child.js');

const shared = (length = 16) => new SharedArrayBuffer(length);
const cells = (length = 4) => new Int32Array(shared(4 * length));

/** @param {string} name */
const hasCount = (name) => name === 'Barrier' || name === 'Semaphore';

/** Every class, with a total where one is needed, so that only the view and the index differ. */
/** @type {[string, (...args: any[]) => unknown][]} */
const classes = Object.entries({
  Mutex: (/** @type {any[]} */ ...args) => new Mutex(...args),
  Condition: (/** @type {any[]} */ ...args) => new Condition(...args),
  Barrier: (/** @type {any} */ view, /** @type {any} */ index = 0) => new Barrier(view, index, 2),
  Latch: (/** @type {any[]} */ ...args) => new Latch(...args),
  RwLock: (/** @type {any[]} */ ...args) => new RwLock(...args),
  Cancel: (/** @type {any[]} */ ...args) => new Cancel(...args),
  Event: (/** @type {any[]} */ ...args) => new Event(...args),
  Once: (/** @type {any[]} */ ...args) => new Once(...args),
  Semaphore: (/** @type {any} */ view, /** @type {any} */ index = 0) =>
    new Semaphore(view, index, 2),
});
const byName = /** @type {any} */ ({
  Mutex,
  Condition,
  Barrier,
  Cancel,
  Latch,
  RwLock,
  Semaphore,
  Event,
  Once,
});

const invalidType = { instanceOf: TypeError, name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE' };
const outOfRange = { instanceOf: RangeError, name: 'RangeError', code: 'ERR_OUT_OF_RANGE' };

function detachedView() {
  const view = new Int32Array(4);
  structuredClone(view.buffer, { transfer: [view.buffer] });
  return view;
}

const notViews = {
  nothing: undefined,
  null: null,
  'a number': 5,
  'a string': 'view',
  'a bigint': 1n,
  'a symbol': Symbol('view'),
  'a function': () => {},
  'an array': [0, 0, 0, 0],
  'a plain object': { buffer: shared(), byteOffset: 0, length: 4 },
  'an empty object without prototype': Object.create(null),
  'an Int32Array over an ArrayBuffer': new Int32Array(4),
  'an Int32Array over a detached ArrayBuffer': detachedView(),
  'an Int32Array over an ordinary WebAssembly memory': new Int32Array(
    new WebAssembly.Memory({ initial: 1 }).buffer,
  ),
  'an ArrayBuffer': new ArrayBuffer(16),
  'a Buffer': Buffer.alloc(16),
  'an Int8Array': new Int8Array(shared()),
  'a Uint8Array': new Uint8Array(shared()),
  'a Uint8ClampedArray': new Uint8ClampedArray(shared()),
  'an Int16Array': new Int16Array(shared()),
  'a Uint16Array': new Uint16Array(shared()),
  'a Uint32Array': new Uint32Array(shared()),
  'a Float32Array': new Float32Array(shared()),
  'a Float64Array': new Float64Array(shared()),
  'a BigInt64Array': new BigInt64Array(shared()),
  'a BigUint64Array': new BigUint64Array(shared()),
  'a DataView': new DataView(shared()),
  'a Proxy of a view': new Proxy(cells(), {}),
  'a Proxy of a SharedArrayBuffer': new Proxy(shared(), {}),
  'an object that inherits from a view': Object.create(cells()),
  'an object that inherits from Int32Array.prototype': Object.create(Int32Array.prototype),
  'an object that inherits from SharedArrayBuffer.prototype': Object.create(
    SharedArrayBuffer.prototype,
  ),
  'an object that says it is a view': { [Symbol.toStringTag]: 'Int32Array' },
  'an object whose every property throws': new Proxy(
    {},
    {
      get() {
        throw new Error('touched');
      },
      getPrototypeOf() {
        throw new Error('touched');
      },
    },
  ),
  'a shared WebAssembly.Memory itself': new WebAssembly.Memory({
    initial: 1,
    maximum: 1,
    shared: true,
  }),
  'a primitive': new Mutex(shared()),
};

for (const [name, construct] of classes) {
  test(`${name} refuses what is not a view of shared memory, and says what to pass`, (t) => {
    for (const [what, view] of Object.entries(notViews)) {
      const error = t.throws(() => construct(view, 0), invalidType, what);
      t.regex(error?.message ?? '', /\bview\b[^]*SharedArrayBuffer/, what);
    }
    t.throws(() => construct(), invalidType);
  });

  test(`${name} refuses an index that is not one of a cell, and the message names the range`, (t) => {
    for (const index of [
      -1,
      0.5,
      NaN,
      4,
      5,
      Infinity,
      -Infinity,
      2 ** 31,
      2 ** 32,
      2 ** 53,
      1e300,
    ]) {
      for (const view of [cells(4), shared(16)]) {
        const error = t.throws(() => construct(view, index), outOfRange, String(index));
        t.regex(error?.message ?? '', /\bindex\b[^]*\b3\b/, String(index));
      }
    }
    for (const index of ['0', '', 0n, null, true, [], {}, Symbol('0'), () => 0, new Number(0)]) {
      const error = t.throws(() => construct(cells(), index), invalidType);
      t.regex(error?.message ?? '', /\bindex\b/);
    }
    t.throws(() => construct(cells(0), 0), outOfRange);
    t.throws(() => construct(shared(0), 0), outOfRange);
    t.throws(() => construct(shared(3), 0), outOfRange, 'no whole cell');
    t.notThrows(() => construct(shared(7), 0));
    t.throws(() => construct(shared(7), 1), outOfRange, 'the second cell is not whole');
    t.throws(() => construct(new Int32Array(shared(16), 8, 1), 1), outOfRange, 'past the view');
  });

  test(`${name} takes every cell of a view, -0 for the first, and undefined for index 0`, (t) => {
    for (const index of [0, 1, 2, 3, -0, undefined]) {
      t.notThrows(() => construct(cells(4), index));
      t.notThrows(() => construct(shared(16), index));
    }
  });

  test(`${name} is a class: calling it without new is a TypeError`, (t) => {
    const Class = byName[name];
    t.throws(() => Class(cells(), 0, 2), { instanceOf: TypeError, message: /new/ });
    const Extended = class extends Class {};
    const made = Reflect.construct(Extended, [cells(), 0, ...(hasCount(name) ? [2] : [])]);
    t.true(made instanceof Extended && made instanceof Class);
    t.is(Class.name, name);
  });

  test(`the methods of ${name} refuse to work on anything else`, async (t) => {
    const guarded = new Mutex(cells());
    await guarded.lockAsync();
    const Class = byName[name];
    for (const key of Reflect.ownKeys(Class.prototype)) {
      // Dispose may be silent: it must not hide another error.
      if (key === 'constructor' || typeof key === 'symbol') continue;
      const { value, get } = /** @type {PropertyDescriptor} */ (
        Object.getOwnPropertyDescriptor(Class.prototype, key)
      );
      for (const self of [undefined, {}, Object.create(Class.prototype), new Proxy({}, {})]) {
        const mutex = key === 'waitAsync' ? guarded : new Mutex(cells()).lock();
        const call = async () => (value ?? get).call(self, mutex);
        await t.throwsAsync(call, { instanceOf: TypeError }, String(key));
      }
    }
  });
}

test('Barrier refuses a total that is not a number of threads, and the message names the range', (t) => {
  for (const total of [0, -0, -1, 1.5, NaN, Infinity, 2 ** 24, 2 ** 32 + 1, 2 ** 53]) {
    const error = t.throws(() => new Barrier(cells(), 0, total), outOfRange, String(total));
    t.regex(error?.message ?? '', /\btotal\b[^]*16[,_]?777[,_]?215/, String(total));
  }
  for (const total of [undefined, null, '4', 4n, true, [4], {}]) {
    const error = t.throws(() => new Barrier(cells(), 0, total), invalidType, String(total));
    t.regex(error?.message ?? '', /\btotal\b/);
  }
  for (const total of [1, 2, 2 ** 24 - 1]) t.is(new Barrier(cells(), 0, total).total, total);
});

test('Semaphore refuses permits out of range, and the message names the range', (t) => {
  for (const permits of [-1, 0.5, NaN, Infinity, 2 ** 30, 2 ** 53]) {
    const error = t.throws(() => new Semaphore(cells(), 0, permits), outOfRange, String(permits));
    t.regex(error?.message ?? '', /\bpermits\b[^]*1073741823/);
  }
  for (const permits of [undefined, null, '4', 4n, true, [4], {}]) {
    const error = t.throws(() => new Semaphore(cells(), 0, permits), invalidType, String(permits));
    t.regex(error?.message ?? '', /\bpermits\b/);
  }
  for (const max of [-1, 0, 2, 3.5, NaN, -Infinity, 2 ** 30]) {
    const error = t.throws(() => new Semaphore(cells(), 0, 3, { max }), outOfRange, String(max));
    t.regex(error?.message ?? '', /\bmax\b[^]*\b3\b/);
  }
  t.throws(() => new Semaphore(cells(), 0, 0, { max: 0 }), outOfRange);
  for (const max of ['4', 4n, null, true, {}]) {
    t.throws(() => new Semaphore(cells(), 0, 3, { max }), { ...invalidType, message: /\bmax\b/ });
  }
  for (const options of [null, 4, 'max', () => {}]) {
    t.throws(() => new Semaphore(cells(), 0, 3, options), invalidType);
  }
  for (const max of [3, 4, 2 ** 30 - 1, Infinity, undefined]) {
    t.is(new Semaphore(cells(), 0, 3, { max }).available, 3);
  }
  for (const permits of [0, -0, 1, 2 ** 30 - 1]) {
    t.is(new Semaphore(cells(), 0, permits).available, permits + 0);
  }
});

test('the number of permits is checked before anything happens: an integer from 1 to the maximum', async (t) => {
  const semaphore = new Semaphore(cells(), 0, 2, { max: 3 });
  for (const n of [0, -1, 0.5, NaN, Infinity, 4, 2 ** 32 + 1]) {
    const message = /\bn\b[^]*\b3\b/;
    t.throws(() => semaphore.acquire(n), { ...outOfRange, message }, String(n));
    t.throws(() => semaphore.tryAcquire(n), { ...outOfRange, message });
    t.throws(() => semaphore.release(n), { ...outOfRange, message });
    await t.throwsAsync(semaphore.acquireAsync(n), { ...outOfRange, message });
  }
  for (const n of ['1', 1n, null, true, {}]) {
    t.throws(() => semaphore.acquire(n), { ...invalidType, message: /\bn\b/ });
    t.throws(() => semaphore.tryAcquire(n), { ...invalidType, message: /\bn\b/ });
    t.throws(() => semaphore.release(n), { ...invalidType, message: /\bn\b/ });
    await t.throwsAsync(semaphore.acquireAsync(n), invalidType);
  }
  // A time limit comes second.
  t.throws(() => semaphore.tryAcquire(1_000), {
    message:
      'n must be an integer from 1 to 3, the most permits that can ever be free, but is 1000.',
  });
  t.is(semaphore.available, 2);
});

test('time limits are numbers of milliseconds from 0 to Infinity', (t) => {
  const view = cells();
  const mutex = new Mutex(view, 0);
  const condition = new Condition(view, 1);
  const latch = new Latch(view, 2);
  /** @type {[string, (ms?: any) => unknown][]} */
  const bounded = [
    ['tryLock', (ms) => mutex.tryLock(ms)],
    ['waitFor', (ms) => condition.waitFor(mutex, () => true, ms)],
    ['tryAwait', (ms) => latch.tryAwait(ms)],
    ['tryRead', (ms) => new RwLock(view, 3).tryRead(ms)],
    ['tryWrite', (ms) => new RwLock(view, 3).tryWrite(ms)],
    ['tryRecover', (ms) => new RwLock(view, 3).tryRecover(ms)],
    ['tryAcquire', (ms) => new Semaphore(view, 3, 1).tryAcquire(1, ms)],
  ];
  for (const [name, call] of bounded) {
    for (const ms of [NaN, -1, -0.001, -Infinity]) {
      if (name === 'waitFor') mutex.lock();
      const error = t.throws(() => call(ms), outOfRange, `${name}(${ms})`);
      t.regex(error?.message ?? '', /\bms\b/);
      if (name === 'waitFor') mutex.unlock();
      t.false(mutex.locked);
    }
    for (const ms of ['1', 1n, null, true, {}, [], Symbol('1'), new Date()]) {
      if (name === 'waitFor') mutex.lock();
      const error = t.throws(() => call(ms), invalidType, `${name}(${typeof ms})`);
      t.regex(error?.message ?? '', /\bms\b/);
      if (name === 'waitFor') mutex.unlock();
      t.false(mutex.locked);
    }
  }
  mutex.lock();
  t.throws(() => condition.waitFor(mutex, () => true), invalidType, 'waitFor has no default');
  t.true(condition.waitFor(mutex, () => true, -0));
  mutex.unlock();
  t.true(mutex.tryLock(-0));
  mutex.unlock();
  t.false(latch.tryAwait(-0));
});

test('a wrong time limit throws even if the call would not wait', (t) => {
  const latch = new Latch(cells());
  latch.release();
  t.throws(() => latch.tryAwait(-1), outOfRange);
  t.throws(() => latch.tryAwait('1'), invalidType);
  const mutex = new Mutex(cells());
  t.throws(() => mutex.tryLock(NaN), outOfRange);
  t.false(mutex.locked);
});

test('Condition refuses what is not a Mutex or a predicate, and the mutex stays held', (t) => {
  const view = cells();
  const mutex = new Mutex(view, 0).lock();
  const condition = new Condition(view, 1);
  for (const wrong of [undefined, null, 0, 'm', {}, view, condition, new Latch(view, 2), Mutex]) {
    const message = /\bmutex\b/i;
    t.throws(() => condition.wait(wrong), { ...invalidType, message });
    t.throws(() => condition.wait(wrong, () => true), { ...invalidType, message });
    t.throws(() => condition.waitFor(wrong, () => true, 1), { ...invalidType, message });
  }
  const lookAlike = { lock() {}, unlock() {}, tryLock: () => true, locked: true, ownerThreadId: 0 };
  t.throws(() => condition.wait(lookAlike, () => true), invalidType);
  t.throws(() => condition.wait(Object.create(Mutex.prototype), () => true), invalidType);
  for (const wrong of [0, 1, true, 'p', {}, []]) {
    const message = /\bpredicate\b/;
    t.throws(() => condition.wait(mutex, wrong), { ...invalidType, message });
    t.throws(() => condition.waitFor(mutex, wrong, 1), { ...invalidType, message });
  }
  t.true(mutex.locked);
  mutex.unlock();
});

test('notify takes the number of threads to wake', (t) => {
  const condition = new Condition(cells(), 0);
  for (const n of [-1, 0.5, NaN, -Infinity]) {
    const error = t.throws(() => condition.notify(n), outOfRange, String(n));
    t.regex(error?.message ?? '', /\bn\b/);
  }
  for (const n of ['1', 1n, null, true, {}]) {
    const error = t.throws(() => condition.notify(n), invalidType);
    t.regex(error?.message ?? '', /\bn\b/);
  }
  t.notThrows(() => condition.notify(undefined));
  for (const n of [0, 2 ** 31, Infinity]) t.is(condition.notify(n), 0);
});

test('each message says which argument was passed and what to do next', (t) => {
  const view = cells();
  const mutex = new Mutex(view, 0);
  /** @type {[() => unknown, RegExp[]][]} */
  const told = [
    [() => new Mutex(new Int32Array(4)), [/SharedArrayBuffer/, /ArrayBuffer/]],
    [() => new Mutex(undefined), [/undefined/]],
    [() => new Mutex('cells'), [/string|'cells'|"cells"/]],
    [() => new Mutex(view, 9), [/\b9\b/]],
    [() => new Mutex(view, '9'), [/string|'9'|"9"/]],
    [() => new Barrier(view, 0, 0), [/\b0\b/]],
    [() => mutex.tryLock(-5), [/-5/, /Infinity/]],
    [() => mutex.unlock(), [/lock\(\)/]],
    [() => mutex.lock().lock(), [/\bunlock\b/i]],
    [() => new Condition(view, 1).wait(new Mutex(view, 2)), [/lock\(\)/]],
    [() => new Condition(view, 1).wait(mutex, async () => true), [/promise/i]],
  ];
  for (const [call, patterns] of told) {
    const { message } = /** @type {Error} */ (t.throws(call, { any: true }));
    for (const pattern of patterns) t.regex(message, pattern);
    t.true(message.length > 30, `too short to help: ${message}`);
    t.notRegex(message, /napi|unwrap|undefined is not|\[object Object\]/i);
  }
  mutex.unlock();
});

test('errors are ordinary ones: name, code, stack from the caller, instanceof', (t) => {
  const error = /** @type {any} */ (t.throws(() => new Mutex(cells()).unlock()));
  t.true(error instanceof SyncError && error instanceof Error);
  t.is(error.name, 'SyncError');
  t.is(error.code, 'ERR_NOT_OWNER');
  t.regex(error.stack, /arguments\.test\.js/);
  t.regex(String(error), /^SyncError/);
  t.true(Object.keys(error).every((key) => key === 'code'));
  t.regex(/** @type {any} */ (t.throws(() => new Mutex(5))).stack, /arguments\.test\.js/);
});

test('a view from another realm works like one of this realm', (t) => {
  const context = vm.createContext({});
  const foreign = vm.runInContext('new Int32Array(new SharedArrayBuffer(16))', context);
  t.false(foreign instanceof Int32Array);
  const mutex = new Mutex(foreign, 1).lock();
  t.true(new Mutex(foreign.buffer, 1).locked);
  t.not(foreign[1], 0);
  mutex.unlock();
  t.throws(() => new Mutex(foreign, 4), outOfRange);
  t.throws(() => new Mutex(vm.runInContext('new Int32Array(4)', context)), invalidType);
  t.throws(() => new Mutex(vm.runInContext('[]', context)), invalidType);
});

test('a view of a subclass works, and a view with false properties does no harm', async (t) => {
  class Cells extends Int32Array {}
  const view = Reflect.construct(Cells, [shared()]);
  new Mutex(view, 3).lock();
  t.not(view[3], 0);

  const ended = await runChild((_, { Mutex, Barrier, Latch, codeOf }) => {
    const results = [];
    for (const lie of [
      { byteOffset: 2 ** 30 },
      { length: 2 ** 30 },
      { byteLength: 2 ** 30 },
      { buffer: new SharedArrayBuffer(2 ** 16) },
      { buffer: null, byteOffset: -8, length: NaN },
      { constructor: null },
    ]) {
      const view = new Int32Array(new SharedArrayBuffer(16));
      for (const [key, value] of Object.entries(lie)) Object.defineProperty(view, key, { value });
      for (const index of [0, 3, 4, 2 ** 20]) {
        results.push(
          codeOf(() => {
            new Mutex(view, index).lock().unlock();
            new Barrier(view, index, 1).wait();
            new Latch(view, index).release();
            return index;
          }),
        );
      }
    }
    return results;
  });
  t.is(ended.code, 0, ended.stderr);
  t.is(ended.value.length, 24);
  ended.value.forEach((/** @type {any} */ result, /** @type {number} */ i) => {
    t.deepEqual(result, i % 4 < 2 ? { returned: [0, 3][i % 4] } : 'ERR_OUT_OF_RANGE');
  });
});

const invalidValue = { instanceOf: TypeError, name: 'TypeError', code: 'ERR_INVALID_ARG_VALUE' };

test('an unknown option is refused, and the message lists the known ones', async (t) => {
  const view = cells(8);
  const unknown = { naem: 'jobs' };
  /** @type {[() => unknown, RegExp][]} */
  const constructors = [
    [() => new Mutex(view, 0, unknown), /options\.naem .*is name\./],
    [() => new Condition(view, 0, unknown), /options\.naem .*is name\./],
    [() => new Barrier(view, 0, 2, unknown), /options\.naem .*are name, action\./],
    [() => new Latch(view, 0, 1, unknown), /options\.naem .*is name\./],
    [() => new Semaphore(view, 0, 1, unknown), /options\.naem .*are name, max\./],
    [() => new RwLock(view, 0, unknown), /options\.naem .*is name\./],
    [() => new Event(view, 0, unknown), /options\.naem .*are name, autoReset\./],
    [() => new Once(view, 0, unknown), /options\.naem .*is name\./],
    [() => new Mutex(view, 0, { max: 1 }), /options\.max /],
  ];
  for (const [construct, message] of constructors) {
    t.throws(construct, { ...invalidValue, message });
  }
  const [mutex, lock] = [new Mutex(view, 0), new RwLock(view, 5)];
  const guard = await mutex.lockAsync();
  const wrong = { timeOut: 10 };
  for (const wait of [
    () => mutex.lockAsync(wrong),
    () => mutex.recoverAsync(wrong),
    () => mutex.runExclusiveAsync(() => t.fail(), wrong),
    () => new Condition(view, 1).waitAsync(guard, undefined, wrong),
    () => new Barrier(view, 2, 2).waitAsync(wrong),
    () => new Latch(view, 3).awaitAsync(wrong),
    () => new Semaphore(view, 4, 1).acquireAsync(1, wrong),
    () => lock.readAsync(wrong),
    () => lock.writeAsync(wrong),
    () => lock.recoverAsync(wrong),
    () => lock.runReadingAsync(() => t.fail(), wrong),
    () => lock.runWritingAsync(() => t.fail(), wrong),
    () => new Semaphore(view, 4, 1).permitAsync(1, wrong),
    () => new Semaphore(view, 4, 1).runAsync(() => t.fail(), 1, wrong),
    () => new Event(view, 6).waitAsync(wrong),
    () => new Once(view, 7).runAsync(() => t.fail(), wrong),
    () => new Once(view, 7).waitAsync(wrong),
  ]) {
    const message = /options\.timeOut .*are timeout, signal, cancel, ref\./;
    await t.throwsAsync(wait, { ...invalidValue, message });
  }
  t.true(guard.held);
  guard.release();
  t.true(
    view.every((word) => word === 0),
    'nothing was begun',
  );
});

test('the first line of the stack has the code, also after a structured clone', async (t) => {
  const mutex = new Mutex(cells(), 0);
  const errors = [
    t.throws(() => mutex.unlock(), { instanceOf: SyncError }),
    t.throws(() => new Mutex(5), invalidType),
    t.throws(() => new Mutex(cells(), -1), outOfRange),
    t.throws(() => new Mutex(cells(), 0, { max: 1 }), invalidValue),
    await t.throwsAsync(new Latch(cells()).awaitAsync({ timeout: 0 }), { instanceOf: SyncError }),
  ];
  for (const error of /** @type {any[]} */ (errors)) {
    const { name, code, message, stack } = error;
    t.true(stack.startsWith(`${name} [${code}]: ${message}\n`), stack);
    t.false(Object.hasOwn(error, 'name'));
    t.is(SyncError.codeOf(error), code);
    t.is(SyncError.codeOf(structuredClone(error)), code);
  }
  for (const other of [undefined, null, 'ERR_TIMEOUT', {}, new Error('ERR_TIMEOUT')]) {
    t.is(SyncError.codeOf(other), undefined);
  }
});

test('an instance of a class in the place of the options is refused: it was ignored, and the call hung', (t) => {
  const [stop, event] = [new Cancel(cells(), 0), new Event(cells(), 0)];
  const mutex = new Mutex(cells(), 0);
  stop.abort();
  for (const instance of /** @type {any[]} */ ([stop, AbortSignal.abort(), [], new Map()])) {
    for (const call of [
      () => event.wait(instance),
      () => event.tryWait(0, instance),
      () => mutex.lock(instance),
      () => select([event], instance),
      () => new Event(cells(), 0, instance),
    ]) {
      t.throws(call, {
        code: 'ERR_INVALID_ARG_TYPE',
        message: /^options must be an object such as/,
      });
    }
  }
  t.false(mutex.locked);
  // Defaults that an object inherits are options.
  t.false(event.tryWait(0, Object.create({ cancel: undefined })));
  t.false(event.tryWait(0, Object.create(null)));
});

test('an index counts all cells of a buffer of 4 GiB or more', (t) => {
  const size = 2 ** 32;
  /** @type {SharedArrayBuffer} */
  let buffer;
  try {
    buffer = new SharedArrayBuffer(size + 64);
  } catch {
    t.log('no memory for it');
    return t.pass();
  }
  t.notThrows(() => new Mutex(buffer, 0).lock());
  const last = new Mutex(buffer, size / 4 + 15);
  last.lock();
  t.true(last.locked);
  t.throws(() => new Mutex(buffer, size / 4 + 16), { code: 'ERR_OUT_OF_RANGE' });
});

test('-0 is 0, and what has no name is shown without one', (t) => {
  const { share } = layout({ slots: [Semaphore, -0] });
  t.notThrows(() => layout.from(share(), { slots: [Semaphore, 0] }));
  const nameless = class {
    static name = Symbol('none');
  };
  t.throws(() => new Mutex(nameless), { code: 'ERR_INVALID_ARG_TYPE', message: /a function/ });
});

test('the options are read once', async (t) => {
  const stop = new Cancel(cells());
  /** Another value at each read. */
  const changing = () => {
    let reads = 0;
    return {
      get cancel() {
        return reads++ === 0 ? stop : /** @type {any} */ ({});
      },
    };
  };
  const { jobs } = layout({ jobs: [Channel, { capacity: 1_024 }] });
  jobs.send('a', changing());
  t.true(jobs.trySend('b', 0, changing()));
  jobs.sendMany(['c'], changing());
  await jobs.sendAsync('d', changing());
  t.is(jobs.receive(changing()), 'a');
  await new Semaphore(cells(), 0, 1).acquireAsync(1, changing());
  t.is(jobs.length, 3);
});
