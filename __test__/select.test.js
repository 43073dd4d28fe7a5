// @ts-check
'use strict';

const test = require('ava').default;
const {
  Cancel,
  Channel,
  Event,
  Latch,
  Mutex,
  inspect,
  layout,
  select,
  selectAsync,
  trySelect,
} = require('../index.js');
const { syncError } = require('./helpers/errors.js');
const { inWorkers, sleep, startWorker } = require('./helpers/threads.js');

const spec = /** @type {const} */ ({
  left: [Channel, { capacity: 4_096, codec: 'json' }],
  right: [Channel, { capacity: 4_096, codec: 'json' }],
  event: Event,
  automatic: [Event, { autoReset: true }],
  latch: [Latch, 2],
  stop: Cancel,
  results: [Channel, { capacity: 1 << 16, codec: 'json' }],
});

/** The rows of inspect() that are selects. */
const selecting = () => inspect().filter(({ kind }) => kind === 'select');

/**
 * Waits until a predicate is true.
 * @param {() => unknown} predicate
 */
async function until(predicate) {
  for (const end = Date.now() + 20_000; !predicate(); await sleep(2)) {
    if (Date.now() > end) throw new Error(`it never came: ${predicate}`);
  }
}

test('trySelect takes from one case that is ready, and leaves the others', (t) => {
  const { left, right, event, automatic, latch, stop } = layout(spec);
  const cases = /** @type {const} */ ([left, right, event, automatic, latch, stop]);
  t.is(trySelect(cases), undefined);
  left.send({ id: 1 });
  t.deepEqual(trySelect(cases), { index: 0, value: { id: 1 }, done: false });
  t.is(trySelect(cases), undefined);
  right.send('text');
  t.deepEqual(trySelect(cases), { index: 1, value: 'text', done: false });
  automatic.set();
  t.deepEqual(trySelect(cases), { index: 3, value: undefined, done: false });
  t.false(automatic.isSet);
  t.is(trySelect(cases), undefined);
  event.set();
  t.is(trySelect(cases)?.index, 2);
  t.true(event.isSet);
  event.reset();
  latch.countDown();
  t.is(trySelect(cases), undefined);
  latch.countDown();
  t.is(trySelect(cases)?.index, 4);
  t.is(trySelect([stop]), undefined);
  stop.abort();
  t.is(trySelect([stop])?.index, 0);
});

test('with several ready cases, each is taken about as often as the others', (t) => {
  const { left, event, latch, stop } = layout(spec);
  event.set();
  latch.release();
  stop.abort();
  const taken = [0, 0, 0, 0];
  for (let i = 0; i < 4_000; i++) {
    if (left.length === 0) left.send(i);
    taken[select([left, event, latch, stop]).index]++;
  }
  // The standard deviation is 27.
  for (const times of taken) t.true(times > 800 && times < 1_200, `${taken}`);
});

test('a channel that is closed and drained is always ready, until undefined stands in its place', (t) => {
  const { left, right } = layout(spec);
  left.send(1);
  left.close();
  const seen = [select([left, right]), select([left, right])];
  t.deepEqual(seen, [
    { index: 0, value: 1, done: false },
    { index: 0, value: undefined, done: true },
  ]);
  right.send(2);
  t.deepEqual(select([undefined, right]), { index: 1, value: 2, done: false });
  t.is(trySelect([undefined, right], 5), undefined);
});

test('time limits and Cancels end a select, which has taken nothing', async (t) => {
  const { left, right, stop, latch } = layout(spec);
  const before = performance.now();
  t.throws(() => select([left, right], { timeout: 30 }), {
    code: 'ERR_TIMEOUT',
    message: /select of Channel "left" or Channel "right" timed out/,
  });
  t.true(performance.now() - before >= 30);
  t.throws(() => select([left], { timeout: 0 }), syncError('ERR_TIMEOUT'));
  t.is(trySelect([left, right], 20), undefined);
  const late = new Cancel(new SharedArrayBuffer(4));
  late.abortAfter(20);
  t.throws(() => select([left, stop], { cancel: late }), syncError('ERR_CANCELLED'));
  await t.throwsAsync(selectAsync([left, stop], { cancel: late }), syncError('ERR_CANCELLED'));
  // One that was aborted before comes before what is ready.
  left.send(1);
  t.throws(() => select([left], { cancel: late }), syncError('ERR_CANCELLED'));
  t.is(left.length, 1);
  left.receive();

  await t.throwsAsync(selectAsync([left], { timeout: 20 }), syncError('ERR_TIMEOUT'));
  await t.throwsAsync(selectAsync([left], { timeout: 0 }), syncError('ERR_TIMEOUT'));
  const controller = new AbortController();
  const aborted = selectAsync([left, latch], { signal: controller.signal });
  controller.abort(new Error('no more'));
  await t.throwsAsync(aborted, { message: 'no more' });
  const soon = new Cancel(new SharedArrayBuffer(4));
  const cancelled = selectAsync([left, latch], { cancel: soon });
  soon.abort();
  await t.throwsAsync(cancelled, syncError('ERR_CANCELLED'));
  left.send(2);
  t.is(left.length, 1);
});

test('a Cancel as a case is ready when it is aborted, or when its time has come', async (t) => {
  const { left, stop } = layout(spec);
  const other = new Cancel(new SharedArrayBuffer(4));
  stop.abortAfter(30);
  t.deepEqual(select([left, stop], { cancel: other, timeout: 10_000 }), {
    index: 1,
    value: undefined,
    done: false,
  });
  const late = new Cancel(new SharedArrayBuffer(4));
  late.abortAfter(30);
  t.is((await selectAsync([left, late], { cancel: other })).index, 1);
  const never = new Cancel(new SharedArrayBuffer(4));
  const pending = selectAsync([left, never]);
  never.abort();
  t.is((await pending).index, 1);
});

test('what is no case, and options that are none', async (t) => {
  const { left } = layout(spec);
  const mutex = new Mutex(new SharedArrayBuffer(4));
  const wrong = /** @type {any} */ (mutex);
  t.throws(() => select([left, wrong]), {
    code: 'ERR_INVALID_ARG_TYPE',
    message: /cases\[1\] must be a Channel, an Event, a Latch or a Cancel.* but is Mutex/,
  });
  t.throws(() => select(/** @type {any} */ (left)), { code: 'ERR_INVALID_ARG_TYPE' });
  for (const cases of [[], [undefined, undefined]]) {
    t.throws(() => trySelect(cases), { code: 'ERR_INVALID_ARG_VALUE', message: /no case/ });
    await t.throwsAsync(selectAsync(cases), { code: 'ERR_INVALID_ARG_VALUE' });
  }
  t.throws(() => select([left], /** @type {any} */ ({ limit: 5 })), {
    code: 'ERR_INVALID_ARG_VALUE',
  });
  t.throws(() => trySelect([left], -1), { code: 'ERR_OUT_OF_RANGE' });
  t.throws(() => trySelect([left], 0, /** @type {any} */ ({ timeout: 5 })), {
    code: 'ERR_INVALID_ARG_VALUE',
  });
  const notBoolean = /** @type {any} */ ({ own: 1 });
  t.throws(() => select([left], notBoolean), { code: 'ERR_INVALID_ARG_TYPE' });
});

test('a message may get a buffer of its own', (t) => {
  const { left } = layout({ left: [Channel, { capacity: 256 }] });
  left.send(new Uint8Array(8));
  left.send(new Uint8Array(8));
  t.true(select([left]).value.buffer.byteLength > 8);
  t.is(select([left], { own: true }).value.buffer.byteLength, 8);
});

test('a select of what this thread itself reads in place throws, unless something else can end it', (t) => {
  const { left, right } = layout(spec);
  left.send(1);
  const peek = left.peek();
  t.throws(() => select([left]), syncError('ERR_DEADLOCK'));
  t.is(trySelect([left]), undefined);
  t.is(trySelect([left, right], 5), undefined);
  peek.consume();
  t.is(trySelect([left]), undefined);
});

test('a cell that was written over is an error of the select', (t) => {
  const view = new Int32Array(new SharedArrayBuffer(64));
  const event = new Event(view, 0);
  const latch = new Latch(view, 1);
  view[0] = 77;
  t.throws(() => select([latch, event]), { code: 'ERR_CORRUPT_CELL', message: /Event in cell 0/ });
});

/** Selects in a worker, and sends what it got to the results. @type {import('./helpers/types.js').Body} */
function selects({ shared, times }, { layout, ready, select }) {
  const { left, right, event, automatic, latch, stop, results } = layout.from(shared);
  ready();
  for (let i = 0; i < times; i++) {
    results.send(select([left, right, event, automatic, latch, stop]));
  }
}

test('a blocked thread is woken by each kind of case, and inspect() says what it waits for', async (t) => {
  const all = layout(spec);
  const { left, right, event, automatic, results } = all;
  const { done, blocked } = startWorker(selects, { shared: all.share(), times: 4 });
  await blocked();
  const [row] = selecting();
  t.is(
    row.waitsFor,
    'select of Channel "left", Channel "right", Event "event", Event "automatic", Latch "latch" or Cancel "stop"',
  );
  t.is(row.name, undefined);
  t.regex(require('node:util').inspect(left), /1 waiting receiving/);
  t.regex(require('node:util').inspect(automatic), /not set, 1 waiting/);
  const next = async (/** @type {() => void} */ make) => {
    await until(() => selecting().length === 1);
    make();
    return (await results.receiveAsync({ timeout: 20_000 })).index;
  };
  t.is(await next(() => right.send(1)), 1);
  t.is(await next(() => left.send(1)), 0);
  t.is(await next(() => automatic.set()), 3);
  t.false(automatic.isSet);
  const set = () => {
    event.set();
    event.reset();
    event.set();
  };
  t.is(await next(set), 2);
  await done;
});

test('a pending promise of a select is listed, and does not keep the message from a blocked thread', async (t) => {
  const all = layout(spec);
  const { left, right, results } = all;
  const pending = selectAsync([left, right]);
  await until(() => selecting().length === 1);
  t.true(selecting()[0].async);
  /** @type {import('./helpers/types.js').Body} */
  const body = ({ shared }, { layout, ready, select }) => {
    const { left, results } = layout.from(shared);
    ready();
    results.send(select([left]).value);
  };
  const { done, blocked } = startWorker(body, { shared: all.share() });
  await blocked();
  left.send('for the thread');
  // The loop of this thread does not turn, so the promise cannot look.
  t.is(results.tryReceive(20_000), 'for the thread');
  await done;
  right.send('for the promise');
  t.deepEqual(await pending, { index: 1, value: 'for the promise', done: false });
});

test('many threads and promises select: each message comes once', async (t) => {
  const all = layout(spec);
  const { results } = all;
  const MESSAGES = 2_000;
  /** @type {import('./helpers/types.js').Body} */
  const body = async ({ shared, id }, { layout, select, selectAsync }) => {
    const { left, right, results } = layout.from(shared);
    /** @type {any[]} */
    const cases = id % 3 === 1 ? [right, left] : [left, right];
    while (cases.some((one) => one !== undefined)) {
      const { index, value, done } = id % 2 === 0 ? select(cases) : await selectAsync(cases);
      if (done) cases[index] = undefined;
      else results.send(value);
    }
  };
  const workers = inWorkers(4, body, { shared: all.share() }, { limit: 100_000 });
  /** @type {import('./helpers/types.js').Body} */
  const sends = ({ shared, MESSAGES }, { layout }) => {
    const { left, right } = layout.from(shared);
    for (let i = 0; i < MESSAGES; i += 2) {
      left.send(i);
      right.send(i + 1);
    }
    left.close();
    right.close();
  };
  const { done } = startWorker(sends, { shared: all.share(), MESSAGES }, { limit: 100_000 });
  const seen = new Set();
  for (let i = 0; i < MESSAGES; i++) {
    const value = await results.receiveAsync({ timeout: 60_000 });
    t.false(seen.has(value));
    seen.add(value);
  }
  await done;
  await workers;
  t.is(results.length, 0);
  t.is(seen.size, MESSAGES);
});

test('an event with automatic reset that several selects await is taken once for each set', async (t) => {
  const all = layout(spec);
  const { automatic, results, stop } = all;
  const SETS = 300;
  /** @type {import('./helpers/types.js').Body} */
  const body = async ({ shared, id }, { layout, select, selectAsync }) => {
    const { automatic, results, left, stop } = layout.from(shared);
    for (;;) {
      const cases = /** @type {const} */ ([left, stop, automatic]);
      const { index } = id === 0 ? await selectAsync(cases) : select(cases);
      if (index === 1) return;
      results.send(id);
    }
  };
  const workers = inWorkers(3, body, { shared: all.share() }, { limit: 60_000 });
  for (let i = 0; i < SETS; i++) {
    automatic.set();
    await results.receiveAsync({ timeout: 20_000 });
    t.false(automatic.isSet);
  }
  stop.abort();
  await workers;
  t.is(results.length, 0);
});
