// @ts-check
'use strict';

// Scheduling points, as the exchanged functions of an explored worker make them.

const { native } = require('../realm.js');

/** What a point means: EFFECTS of src/node/explore.rs. */
const WILL_READ = 0;
const WILL_WRITE = 1;
const HAS_READ = 2;
const HAS_WRITTEN = 3;
const NOTHING = 4;

/** The code of the error that unwinds a thread whose schedule is over. */
const OVER = 'ERR_EXPLORATION_OVER';

/** The names of all operations. Their indices are the numbers that the native side logs. @type {string[]} */
const operations = [];

/**
 * The number of an operation.
 * @param {string} name
 */
function operation(name) {
  const known = operations.indexOf(name);
  return known >= 0 ? known : operations.push(name) - 1;
}

const POINT = operation('point');

/**
 * What the trace of a schedule says of an operation: how the table names it, and where the program calls it.
 *
 * @typedef {{ label: string, site: string }} TraceEntry
 */

/** Whether this thread runs under the scheduler: between the start and the end of a body, or of setup or check. */
let running = false;

const isRunning = () => running;

/** @param {boolean} value */
function setRunning(value) {
  running = value;
}

/**
 * Calls a function that is no part of the program, although it may use what is exchanged.
 *
 * @template T
 * @param {() => T} call
 * @returns {T}
 */
function unscheduled(call) {
  const outer = running;
  running = false;
  try {
    return call();
  } finally {
    running = outer;
  }
}

/** The operations of this thread in the present schedule, if it is traced. @type {TraceEntry[] | undefined} */
let trace;

/** The files whose frames are no part of the user's program. */
const OWN = /^[\\/](?:lib[\\/]|index\.js:)/;
const ROOT = require('node:path').join(__dirname, '..', '..');

/** Where the program calls the running operation. */
function site() {
  const { stackTraceLimit } = Error;
  // A program may freeze it.
  Reflect.set(Error, 'stackTraceLimit', 30);
  const { stack } = new Error();
  Reflect.set(Error, 'stackTraceLimit', stackTraceLimit);
  for (const line of String(stack).split('\n').slice(1)) {
    const [, place] = /\(?((?:file:|[A-Za-z]:\\|\/)[^()]*:\d+):\d+\)?$/.exec(line) ?? [];
    if (place === undefined) continue;
    const path = place.replace(/^file:\/\//, '');
    if (path.startsWith(ROOT) && OWN.test(path.slice(ROOT.length))) continue;
    return path;
  }
  return '';
}

/**
 * A point before an operation.
 *
 * @param {number} number of the operation
 * @param {ArrayBufferView | undefined} view
 * @param {number} index
 * @param {number} effect
 * @param {() => string} label how the table names the operation
 */
function before(number, view, index, effect, label) {
  if (!running) return;
  // Node itself calls Atomics while it makes a stack.
  if (trace !== undefined) trace.push(unscheduled(() => ({ label: label(), site: site() })));
  native.explorePoint(number, view, index, effect, 0);
}

/**
 * A point after an operation.
 *
 * @param {number} number
 * @param {ArrayBufferView | undefined} view
 * @param {number} index
 * @param {number} effect
 * @param {number} [value] what was read
 */
function after(number, view, index, effect, value = 0) {
  if (!running) return;
  native.explorePoint(number, view, index, effect, value);
}

/** A scheduling point of the program's own. */
function point() {
  before(POINT, undefined, 0, WILL_READ, () => 'point()');
}

/** @param {boolean} traced */
function beginTrace(traced) {
  trace = traced ? [] : undefined;
}

function endTrace() {
  const ended = trace;
  trace = undefined;
  return ended;
}

/**
 * Whether an error only unwinds the thread.
 * @param {any} error
 */
function isOver(error) {
  return error?.code === OVER;
}

module.exports = {
  HAS_READ,
  HAS_WRITTEN,
  NOTHING,
  WILL_READ,
  WILL_WRITE,
  after,
  before,
  beginTrace,
  endTrace,
  isOver,
  isRunning,
  operation,
  operations,
  point,
  setRunning,
  unscheduled,
};
