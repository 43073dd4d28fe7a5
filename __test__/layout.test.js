// @ts-check
'use strict';

const test = require('ava').default;
const fc = require('fast-check');
const vm = require('node:vm');
const { types, inspect } = require('node:util');
const {
  Barrier,
  Cancel,
  Condition,
  Latch,
  Mutex,
  RwLock,
  Semaphore,
  layout: typed,
} = require('../index.js');
const { inWorkers, startWorker } = require('./helpers/threads.js');

// Without types: what they forbid also throws at run time.
const layout = /** @type {any} */ (typed);

const ARRAYS = [
  Int8Array,
  Uint8Array,
  Uint8ClampedArray,
  Int16Array,
  Uint16Array,
  Int32Array,
  Uint32Array,
  Float32Array,
  Float64Array,
  BigInt64Array,
  BigUint64Array,
];
/** The one that Node has from 24 on. */
const Float16Array = /** @type {any} */ (globalThis).Float16Array;

const whole = () => ({
  jobs: Mutex,
  ready: Condition,
  phase: [Barrier, 4],
  done: [Latch, 3],
  slots: [Semaphore, 2, { max: 5 }],
  table: RwLock,
  totals: [Float64Array, 16],
  bytes: [Uint8Array, 1000],
  flags: [Int32Array, 4],
  counters: [BigInt64Array, 2],
});

const invalidType = { instanceOf: TypeError, name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE' };
const invalidValue = { instanceOf: TypeError, name: 'TypeError', code: 'ERR_INVALID_ARG_VALUE' };
const outOfRange = { instanceOf: RangeError, name: 'RangeError', code: 'ERR_OUT_OF_RANGE' };

test('a layout has fresh primitives and zeroed arrays by name', (t) => {
  const locks = layout(whole());
  t.deepEqual(Object.keys(locks), Object.keys(whole()));
  t.true(locks.jobs instanceof Mutex);
  t.true(locks.ready instanceof Condition);
  t.true(locks.phase instanceof Barrier);
  t.true(locks.done instanceof Latch);
  t.is(locks.phase.total, 4);
  t.is(locks.done.remaining, 3);
  t.true(locks.slots instanceof Semaphore);
  t.true(locks.table instanceof RwLock);
  t.is(locks.slots.available, 2);
  t.is(locks.table.readers, 0);
  t.false(locks.jobs.locked);
  t.true(locks.totals instanceof Float64Array);
  t.is(locks.totals.length, 16);
  t.is(locks.bytes.length, 1000);
  t.is(locks.counters[1], 0n);
  t.true(types.isSharedArrayBuffer(locks.totals.buffer));
  t.is(locks.bytes.buffer, locks.totals.buffer);
  t.true(locks.bytes.every((/** @type {number} */ byte) => byte === 0));
});

test('the primitives are named as their fields, in messages and when they are printed', (t) => {
  const locks = layout({ jobs: Mutex, other: [Mutex, { name: 'mine' }], phase: [Barrier, 2, {}] });
  t.is(
    inspect(locks),
    `{
  jobs: Mutex "jobs" { free },
  other: Mutex "mine" { free },
  phase: Barrier "phase" { 0 of 2 arrived }
}`,
  );
  t.throws(() => locks.jobs.unlock(), { code: 'ERR_NOT_OWNER', message: /Mutex "jobs"/ });
  const { slots, table, other } = layout({
    slots: [Semaphore, 3],
    table: RwLock,
    other: [Semaphore, 1, { name: 'mine', max: 2 }],
  });
  t.is(inspect(slots), 'Semaphore "slots" { 3 permits free }');
  t.is(inspect(table), 'RwLock "table" { free }');
  t.is(inspect(other), 'Semaphore "mine" { 1 permit free }');
  t.throws(() => table.unlockRead(), { code: 'ERR_NOT_OWNER', message: /RwLock "table"/ });
});

test("a semaphore's maximum is an option of its field, and travels", (t) => {
  const spec = { slots: [Semaphore, 1, { max: 3 }], signals: [Semaphore, 0, { max: Infinity }] };
  const { slots, signals, share } = layout(spec);
  const there = layout.from(structuredClone(share()), spec);
  slots.release(2);
  t.is(there.slots.available, 3);
  t.throws(() => there.slots.release(), outOfRange);
  there.signals.release(1_000);
  t.is(signals.available, 1_000);
  signals.acquire(1_000);
  t.is(there.signals.available, 0);
});

test('every kind of typed array can be a field, aligned', (t) => {
  for (const Class of Float16Array ? [...ARRAYS, Float16Array] : ARRAYS) {
    for (const length of [0, 1, 3, 64]) {
      const { values, share } = layout({ odd: [Uint8Array, 3], values: [Class, length] });
      t.is(values.constructor, Class);
      t.is(values.length, length);
      t.is(values.byteOffset % 64, 0);
      if (length > 0) {
        values[0] = values instanceof BigInt64Array || values instanceof BigUint64Array ? 5n : 5;
        t.is(Number(layout.from(structuredClone(share())).values[0]), 5);
      }
    }
  }
});

test('no two fields meet in a cache line, wherever the buffer begins', (t) => {
  const element = fc.constantFrom(...ARRAYS);
  const field = fc.oneof(
    fc.constantFrom(Mutex, Condition, [Barrier, 2], [Latch, 5], [Semaphore, 5], RwLock),
    fc.tuple(element, fc.integer({ min: 0, max: 200 })),
  );
  fc.assert(
    fc.property(fc.array(field, { maxLength: 12 }), (fields) => {
      const spec = Object.fromEntries(fields.map((value, i) => [`f${i}`, value]));
      const { share, ...made } = layout(spec);
      const { buffer } = share();
      const views = Object.values(made).filter((value) => ArrayBuffer.isView(value));
      // A primitive is found by the word that it writes.
      for (const value of Object.values(made)) {
        if (value instanceof Latch) value.countDown();
        if (value instanceof Semaphore) value.acquire();
        if (value instanceof RwLock) value.read();
      }
      const words = new Int32Array(buffer);
      for (const [i, word] of words.entries()) {
        if (word !== 0) views.push(new Int32Array(buffer, 4 * i, 1));
      }
      views.sort((a, b) => a.byteOffset - b.byteOffset);
      for (const base of [0, 16, 32, 48]) {
        const lines = new Set();
        for (const view of views.filter(({ byteLength }) => byteLength > 0)) {
          const first = Math.floor((base + view.byteOffset) / 64);
          const last = Math.floor((base + view.byteOffset + view.byteLength - 1) / 64);
          for (let line = first; line <= last; line++) {
            if (lines.has(line)) return false;
            lines.add(line);
          }
        }
      }
      return views.every((view) => view.byteOffset % 64 === 0);
    }),
    { numRuns: 200 },
  );
  t.pass();
});

test('an empty layout is valid', (t) => {
  const empty = layout({});
  t.deepEqual(Object.keys(empty), []);
  t.deepEqual(Object.keys(layout.from(structuredClone(empty.share()), {})), []);
});

test('share() travels in workerData, and both sides have the same memory', async (t) => {
  const { jobs, phase, done, slots, table, totals, share } = layout({
    ...whole(),
    phase: [Barrier, 3],
  });
  const seen = await inWorkers(
    3,
    ({ shared, id }, { layout }) => {
      const { jobs, ready, phase, done, slots, table, totals, counters } = layout.from(shared);
      for (let i = 0; i < 1_000; i++) {
        jobs.lock();
        totals[0] += 0.5;
        counters[1] += 1n;
        ready.notify();
        jobs.unlock();
        slots.acquire(2);
        totals[2]++;
        slots.release(2);
        const guard = table[i % 2 ? 'read' : 'write']();
        if (i % 2 === 0) totals[3]++;
        guard.release();
      }
      phase.wait();
      if (id === 0) done.release();
      return totals[0];
    },
    { shared: share() },
  );
  t.deepEqual(seen, [1_500, 1_500, 1_500]);
  t.is(totals[0], 1_500);
  t.is(totals[2], 3_000, 'two permits of two at a time');
  t.is(totals[3], 1_500);
  t.is(slots.available, 2);
  t.is(table.readers, 0);
  t.true(done.released);
  t.false(jobs.locked);
  t.is(phase.total, 3);
});

test('share() travels by postMessage too, and on from a worker to the next', async (t) => {
  const locks = layout({ jobs: Mutex, totals: [Float64Array, 2] });
  const { worker, done } = startWorker((_, { layout, worker_threads }) => {
    const { parentPort } = worker_threads;
    return new Promise((resolve) =>
      parentPort?.once('message', (/** @type {any} */ shared) => {
        const again = layout.from(shared);
        again.jobs.lock();
        again.totals[1] = 7;
        again.jobs.unlock();
        resolve(again.share());
      }),
    );
  });
  worker.postMessage(locks.share());
  const back = layout.from(await done, { jobs: Mutex, totals: [Float64Array, 2] });
  t.is(locks.totals[1], 7);
  back.jobs.lock();
  t.true(locks.jobs.locked);
  t.is(inspect(back.jobs), 'Mutex "jobs" { locked by the main thread }');
  back.jobs.unlock();
});

test('a layout is frozen, and share() works without it', (t) => {
  const locks = layout({ jobs: Mutex });
  t.throws(() => (locks.jobs = null), { instanceOf: TypeError });
  t.throws(() => (locks.more = null), { instanceOf: TypeError });
  const { share } = locks;
  const first = share();
  first.fields.push(['more', 'Mutex']);
  t.is(share().fields.length, 1, 'each answer is one of its own');
});

test('symbols and the names of built-in properties are refused', (t) => {
  for (const name of ['share', '__proto__', 'constructor', 'toString', 'hasOwnProperty']) {
    const spec = { jobs: Mutex };
    Object.defineProperty(spec, name, { value: Mutex, enumerable: true });
    const error = t.throws(() => layout(spec), invalidValue, name);
    t.regex(error?.message ?? '', new RegExp(`${name}.*another name`));
  }
  t.throws(() => layout({ [Symbol('jobs')]: Mutex }), {
    ...invalidValue,
    message: /Symbol\(jobs\)/,
  });
  // A literal with this name has no such field, but another prototype.
  t.throws(() => layout({ __proto__: Mutex }), invalidType);
  t.throws(() => layout({ __proto__: [Barrier, 4] }), invalidType);
});

test('any other name is valid', (t) => {
  for (const name of ['', ' ', 'name', 'then', 'a.b', '0', 'ünïcode', 'buffer', 'fields', 'from']) {
    const { share } = layout({ [name]: Mutex });
    t.deepEqual(Object.keys(layout.from(structuredClone(share()))), [name]);
  }
});

test('an invalid spec is refused, and the message names the field', (t) => {
  for (const spec of [
    undefined,
    null,
    5,
    'jobs',
    [],
    [Mutex],
    () => {},
    Mutex,
    new Map(),
    new Date(),
  ]) {
    t.throws(() => layout(spec), { ...invalidType, message: /spec/ }, String(spec));
  }
  for (const value of [
    undefined,
    null,
    5,
    'Mutex',
    {},
    [],
    [[]],
    [5],
    [null, 1],
    new Mutex(new SharedArrayBuffer(4)),
    class extends Mutex {},
    Array,
    DataView,
    Buffer,
    SharedArrayBuffer,
    Object,
    new Float64Array(4),
  ]) {
    t.throws(() => layout({ odd: value }), {
      ...invalidType,
      message: /odd.*Mutex.*Semaphore.*RwLock.*Float64Array/,
    });
  }
});

test('the constructor checks the arguments, and the message names the field', (t) => {
  /** @type {[unknown, object][]} */
  const wrong = [
    [Barrier, invalidType],
    [[Barrier], invalidType],
    [[Barrier, '4'], invalidType],
    [[Barrier, 0], outOfRange],
    [[Barrier, 4, 5], invalidType],
    [[Barrier, 4, {}, 1], invalidType],
    [[Latch, 0], outOfRange],
    [[Latch, 1.5], outOfRange],
    [Semaphore, invalidType],
    [[Semaphore], invalidType],
    [[Semaphore, '4'], invalidType],
    [[Semaphore, -1], outOfRange],
    [[Semaphore, { max: 4 }], invalidType],
    [[Semaphore, 4, { max: 3 }], outOfRange],
    [[Semaphore, 4, { max: '5' }], invalidType],
    [[Semaphore, 4, 5], invalidType],
    [[Semaphore, 4, {}, 1], invalidType],
    [[RwLock, 1], invalidType],
    [[RwLock, { name: 5 }], invalidType],
    [[RwLock, {}, {}], invalidType],
    [[Mutex, 1], invalidType],
    [[Mutex, { name: 5 }], invalidType],
    [[Mutex, {}, {}], invalidType],
    [Float64Array, invalidType],
    [[Float64Array], invalidType],
    [[Float64Array, '16'], invalidType],
    [[Float64Array, -1], outOfRange],
    [[Float64Array, 1.5], outOfRange],
    [[Float64Array, NaN], outOfRange],
    [[Float64Array, 2 ** 53], outOfRange],
    [[Float64Array, 16, 0], invalidType],
  ];
  for (const [value, expected] of wrong) {
    t.throws(() => layout({ odd: value }), { ...expected, message: /field odd/ }, inspect(value));
  }
  t.is(layout({ gate: Latch }).gate.remaining, 1);
  t.is(layout({ gate: [Latch] }).gate.remaining, 1);
  t.is(layout({ gate: [Latch, undefined, { name: 'x' }] }).gate.remaining, 1);
});

test('a layout that needs more memory than there is throws', (t) => {
  const error = t.throws(() => layout({ a: [Float64Array, 2 ** 49] }), outOfRange);
  t.regex(error?.message ?? '', /bytes/);
  const much = 2 ** 52;
  t.throws(
    () => layout({ a: [Uint8Array, much], b: [Uint8Array, much], c: [Uint8Array, much] }),
    outOfRange,
  );
});

test('a spec that differs from shared is refused, and the message says where', (t) => {
  const shared = structuredClone(layout(whole()).share());
  t.notThrows(() => layout.from(shared, whole()));
  const less = Object.fromEntries(Object.entries(whole()).filter(([name]) => name !== 'done'));
  /** @type {[object, RegExp][]} */
  const others = [
    [less, /done \(\[Latch, 3\]\) is only in shared/],
    [{ ...whole(), more: Mutex }, /more \(Mutex\) is only in spec/],
    [
      { ...whole(), phase: [Barrier, 5] },
      /phase is \[Barrier, 4\] in shared and \[Barrier, 5\] in spec/,
    ],
    [
      { ...whole(), slots: [Semaphore, 3, { max: 5 }] },
      /slots is \[Semaphore, 2, \{ max: 5 \}\] in shared and \[Semaphore, 3, \{ max: 5 \}\] in spec/,
    ],
    [
      { ...whole(), slots: [Semaphore, 2] },
      /slots is \[Semaphore, 2, \{ max: 5 \}\] in shared and \[Semaphore, 2\] in spec/,
    ],
    [{ ...whole(), table: Mutex }, /table is RwLock in shared and Mutex in spec/],
    [{ ...whole(), totals: [Float32Array, 16] }, /\[Float64Array, 16\].*\[Float32Array, 16\]/],
    [{ ...whole(), jobs: Condition }, /jobs is Mutex in shared and Condition in spec/],
    [{ ...whole(), jobs: [Mutex, { name: 'x' }] }, /jobs is Mutex.*\[Mutex, \{ name: 'x' \}\]/],
    [
      Object.fromEntries(Object.entries(whole()).reverse()),
      /order.*number 1 is jobs in shared and counters in spec/,
    ],
    [{}, /jobs.*; ready.*; phase/],
  ];
  for (const [spec, message] of others) {
    t.throws(() => layout.from(shared, spec), { ...invalidValue, message });
  }
  t.throws(() => layout.from(shared, null), { ...invalidType, message: /spec/ });
  t.throws(() => layout.from(shared, { share: Mutex }), invalidValue);
});

test('a value that is not from share() is refused, and the message says what to send', (t) => {
  const locks = layout({ jobs: Mutex, bytes: [Uint8Array, 64] });
  const good = locks.share();
  for (const wrong of [
    undefined,
    null,
    5,
    'shared',
    [],
    {},
    locks,
    // As structured clone makes it of a layout on Node 20; later versions refuse.
    { jobs: {}, bytes: locks.bytes },
    locks.bytes,
    good.buffer,
    { ...good, buffer: undefined },
    { ...good, buffer: new ArrayBuffer(good.buffer.byteLength) },
    { ...good, buffer: new Proxy(good.buffer, {}) },
    { ...good, buffer: Object.create(SharedArrayBuffer.prototype) },
    { ...good, fields: undefined },
    { ...good, fields: 'jobs' },
    { ...good, fields: { length: 1, 0: ['jobs', 'Mutex'] } },
    { ...good, fields: [null] },
    { ...good, fields: ['jobs'] },
    { ...good, fields: [[]] },
    { ...good, fields: [[5, 'Mutex']] },
    { ...good, fields: new Array(2 ** 32 - 1) },
  ]) {
    t.throws(() => layout.from(wrong), { ...invalidType, message: /share\(\)/ });
  }
});

test('an impossible shape is refused, whatever arrived', (t) => {
  const buffer = new SharedArrayBuffer(128);
  /** @type {[unknown[], object][]} */
  const wrong = [
    [[['a', 'Blob']], invalidValue],
    [[['a']], invalidValue],
    [[['a', 'constructor']], invalidValue],
    [[['a', Mutex]], invalidValue],
    [
      [
        ['a', 'Mutex'],
        ['a', 'Mutex'],
      ],
      invalidValue,
    ],
    [
      [
        ['share', 'Mutex'],
        ['b', 'Mutex'],
      ],
      invalidValue,
    ],
    [
      [
        ['__proto__', 'Mutex'],
        ['b', 'Mutex'],
      ],
      invalidValue,
    ],
    [[['a', 'Mutex']], outOfRange],
    [
      [
        ['a', 'Mutex'],
        ['b', 'Mutex'],
        ['c', 'Mutex'],
      ],
      outOfRange,
    ],
    [[['a', 'Float64Array', 2 ** 40]], outOfRange],
    [[['a', 'Float64Array', -1]], outOfRange],
    [[['a', 'Float64Array', 1e300]], outOfRange],
    [[['a', 'Float64Array', '1']], invalidType],
    [
      [
        ['a', 'Barrier', 0],
        ['b', 'Mutex'],
      ],
      outOfRange,
    ],
    [
      [
        ['a', 'Mutex', 1, 2, 3],
        ['b', 'Mutex'],
      ],
      invalidType,
    ],
  ];
  for (const [fields, expected] of wrong) {
    t.throws(() => layout.from({ buffer, fields }), expected, inspect(fields));
  }
  t.notThrows(() =>
    layout.from({
      buffer,
      fields: [
        ['a', 'Mutex'],
        ['b', 'Mutex'],
      ],
    }),
  );
});

test('any value gives a layout or an error with a code', (t) => {
  const text = fc.constantFrom('a', 'b', 'share', 'Mutex', 'Barrier', 'Float64Array', 'Blob');
  const field = fc.oneof(fc.anything(), fc.tuple(text, text, fc.anything()), fc.tuple(text, text));
  fc.assert(
    fc.property(
      fc.oneof(fc.anything(), fc.array(field)),
      fc.integer({ min: 0, max: 300 }),
      (fields, size) => {
        try {
          layout.from({ buffer: new SharedArrayBuffer(size), fields });
        } catch (error) {
          return /^ERR_(INVALID_ARG_TYPE|INVALID_ARG_VALUE|OUT_OF_RANGE)$/.test(
            /** @type {any} */ (error).code,
          );
        }
        return true;
      },
    ),
    { numRuns: 1_000 },
  );
  t.pass();
});

test('typed arrays and specs of another realm are understood', (t) => {
  const context = vm.createContext({ Mutex });
  const spec = vm.runInContext('({ jobs: Mutex, totals: [Float64Array, 4] })', context);
  const locks = layout(spec);
  t.is(locks.totals.length, 4);
  t.notThrows(() => layout.from(locks.share(), { jobs: Mutex, totals: [Float64Array, 4] }));
});

test('the action of a Barrier travels as a mark, and comes from the spec of the thread', (t) => {
  let ran = 0;
  const spec = () => ({
    phase: /** @type {const} */ ([Barrier, 1, { action: () => void ran++, name: 'phase' }]),
    jobs: Mutex,
  });
  const shared = structuredClone(layout(spec()).share());
  t.throws(() => layout.from(shared), {
    instanceOf: TypeError,
    code: 'ERR_INVALID_ARG_VALUE',
    message: /^phase has an action.*layout\.from\(shared, spec\)/,
  });
  const { phase } = layout.from(shared, spec());
  t.is(phase.wait(), 0);
  t.is(ran, 1);
  const without = { phase: /** @type {const} */ ([Barrier, 1, { name: 'phase' }]), jobs: Mutex };
  const differ = { code: 'ERR_INVALID_ARG_VALUE', message: /^shared and spec differ: phase / };
  t.throws(() => layout.from(shared, without), differ);
  t.throws(() => layout.from(layout(without).share(), spec()), differ);
});

test('options that a constructor refuses are refused in a field, too', (t) => {
  const stop = new Cancel(new SharedArrayBuffer(4));
  for (const options of [[], null, stop, 7]) {
    t.throws(() => layout(/** @type {any} */ ({ field: [Mutex, options] })), {
      code: 'ERR_INVALID_ARG_TYPE',
      message: /field/,
    });
  }
});
