// @ts-check
'use strict';

// A Channel under exploration: small programs in every schedule with one preemption, and faults that are found.

const test = require('ava').default;
const path = require('node:path');
const { explore } = require('../lib/explore/index.js');
const { rejection } = require('./helpers/exploring.js');
const { temporaryFiles } = require('./helpers/program.js');

const { file } = temporaryFiles(test);

const HEAD = `
const { Channel } = require(${JSON.stringify(require.resolve('../index.js'))});
const open = (buffer) => new Channel(buffer, 0, { capacity: 64 });
/** Behind the channel: how often each message arrived, and how many senders have ended. */
const seen = (buffer) => new Int32Array(buffer, 128, 8);
const ended = (buffer) => new Int32Array(buffer, 160, 1);
const note = (buffer, message) => Atomics.add(seen(buffer), message[0] * 2 + message[1], 1);
const setup = () => new SharedArrayBuffer(192);
function check(buffer) {
  if (seen(buffer).subarray(0, 4).some((times) => times !== 1)) throw new Error('arrived: ' + seen(buffer));
  if (open(buffer).length !== 0) throw new Error('a message is left');
}
`;

/** Two senders with two messages each, and two receivers. */
const PAIRS = `
const sends = (id) => (buffer) => {
  for (let i = 0; i < 2; i++) open(buffer).send(Uint8Array.of(id, i));
};
const receives = (buffer) => {
  const last = [-1, -1];
  for (let i = 0; i < 2; i++) {
    const message = open(buffer).receive();
    if (message[1] <= last[message[0]]) throw new Error('overtaken');
    last[message[0]] = message[1];
    note(buffer, message);
  }
};
module.exports = { setup, check, threads: { a: sends(0), b: sends(1), c: receives, d: receives } };
`;

/** The sender that ends last closes the channel. */
const closing = (/** @type {string} */ isLast) => `
const sends = (id) => (buffer) => {
  for (let i = 0; i < 2; i++) open(buffer).send(Uint8Array.of(id, i));
  if (${isLast}) open(buffer).close();
};
const receives = (buffer) => {
  for (const message of open(buffer)) note(buffer, message);
};
module.exports = { setup, check, threads: { a: sends(0), b: sends(1), c: receives } };
`;

/** Messages in place: each sender drops a reservation first, and a receiver puts a message back. */
const IN_PLACE = `
const sends = (id) => (buffer) => {
  for (let i = 0; i < 2; i++) {
    const reservation = open(buffer).reserve(2);
    reservation.bytes.set([id, i]);
    if (i === 1) reservation.commit();
    else {
      reservation[Symbol.dispose]();
      open(buffer).send(Uint8Array.of(id, i));
    }
  }
};
const receives = (buffer) => {
  for (let i = 0; i < 2; i++) {
    if (i === 0) open(buffer).peek()[Symbol.dispose]();
    const peek = open(buffer).peek();
    note(buffer, peek.bytes);
    peek.consume();
  }
};
module.exports = { setup, check, threads: { a: sends(0), b: sends(1), c: receives, d: receives } };
`;

let programs = 0;
/** @param {string} body */
const program = (body) => file(`program-${programs++}.js`, HEAD + body);

const EXHAUSTIVE = /** @type {const} */ ({
  strategy: 'exhaustive',
  preemptions: 1,
  schedules: 50_000,
  time: 150_000,
});

for (const [name, body] of [
  ['two senders and two receivers', PAIRS],
  ['close() by the sender that ends last', closing('Atomics.add(ended(buffer), 0, 1) === 1')],
  ['reserve, commit, peek and consume', IN_PLACE],
]) {
  test(`in every schedule each message arrives once: ${name}`, async (t) => {
    t.timeout(180_000);
    const report = await explore(program(body), EXHAUSTIVE);
    t.true(report.exhausted, JSON.stringify(report));
    t.true(report.schedules > 100, JSON.stringify(report));
    t.log(`${report.schedules} schedules`);
  });
}

test('a channel that the sender closes which ends first is found', async (t) => {
  t.timeout(60_000);
  const error = await rejection(
    t,
    explore(program(closing('Atomics.add(ended(buffer), 0, 1) === 0')), EXHAUSTIVE),
  );
  t.regex(error.message, /is closed, so nothing was sent/);
  t.regex(error.message, /Channel\b.*\.close\(\)/);
});

/** Replaces a method of the Channel's state in the threads of a program. @param {string} change */
const planted = (change) => `
const { State } = require(${JSON.stringify(path.join(__dirname, '../lib/channel/state.js'))});
${change}
${PAIRS}`;

for (const [name, change, message] of /** @type {const} */ ([
  ['tells no waiter', 'State.prototype.tell = () => {};', /deadlock|blocked|waits/i],
  [
    'loses a message that it had no room for',
    'const { put } = State.prototype; State.prototype.put = function (...args) { put.apply(this, args); return true; };',
    /deadlock|blocked|waits/i,
  ],
])) {
  test(`a Channel that ${name} is found`, async (t) => {
    t.timeout(60_000);
    const error = await rejection(t, explore(program(planted(change)), EXHAUSTIVE));
    t.regex(error.message, message);
    t.log(error.message.split('\n').slice(0, 12).join('\n'));
  });
}
