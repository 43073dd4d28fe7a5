// @ts-check
'use strict';

// How a cycle is reported: on standard error at once, since a worker's warnings wait for the main thread's event loop; and
// as a process warning to the listeners of the program.

const path = require('node:path');
const { SyncError } = require('../errors.js');
const { apply } = require('../intrinsics.js');
const { native } = require('../realm.js');
const { writeStandardError } = require('../standard-error.js');

const CODE = 'SHARED_SYNC_LOCK_ORDER';
/** The most lines of a stack. */
const MOST_LINES = 8;
/** The folder whose frames say nothing about the program. */
const OWN = path.dirname(__dirname) + path.sep;

/**
 * The frames of the program that called a function, one a line.
 * @param {(...args: any[]) => unknown} method the function
 */
function stackOf(method) {
  /** @type {{ stack?: unknown }} */
  const holder = {};
  Error.captureStackTrace(holder, method);
  return framesOf(holder.stack).slice(0, MOST_LINES).join('\n');
}

/** @param {unknown} stack */
function framesOf(stack) {
  // The program may have its own Error.prepareStackTrace.
  if (typeof stack !== 'string') return [];
  return stack
    .split('\n')
    .map((line) => line.trim())
    .filter(
      (line) => line.startsWith('at ') && !line.includes(OWN) && !line.includes('node:internal/'),
    );
}

/** Where the program constructs a primitive right now. */
function placeOfNew() {
  const [frame = 'at an unknown place'] = framesOf(new Error().stack);
  return /^at .*? \((.+)\)$/.exec(frame)?.[1] ?? frame.slice('at '.length);
}

/**
 * The listener by which Node itself prints warnings.
 * @param {Function} listener
 */
function isNodeListener(listener) {
  return (
    listener.name === 'onWarning' &&
    Function.prototype.toString.call(listener).includes('isDeprecation')
  );
}

/** Whether the runtime prints warnings. Node does not with `--no-warnings`; others have no listener for that. */
function printsWarnings() {
  return (
    'bun' in process.versions ||
    'deno' in process.versions ||
    process.listeners('warning').some(isNodeListener)
  );
}

/** @param {string} text */
function warn(text) {
  if (printsWarnings())
    writeStandardError(`(node:${process.pid}) [${CODE}] LockOrderWarning: ${text}`);
  const listeners = process.rawListeners('warning').filter((listener) => !isNodeListener(listener));
  if (listeners.length === 0) return;
  const warning = Object.assign(new Error(text), { name: 'LockOrderWarning', code: CODE });
  // As for other warnings: a listener that throws does not throw out of lock().
  process.nextTick(() => {
    for (const listener of listeners) apply(listener, process, [warning]);
  });
}

/**
 * Reports a cycle if it is new. Returns its error.
 * @param {import('../../binding.js').OrderReport} report
 */
function tell({ text, isNew }) {
  if (isNew) warn(text);
  tellOmitted();
}

/** @param {import('../../binding.js').OrderReport} report */
function errorOf({ text }) {
  return new SyncError(text, CODE);
}

/** Says what was left out because there was too much of it. */
function tellOmitted() {
  const text = native.orderOmitted();
  if (text !== undefined) warn(text);
}

module.exports = { errorOf, placeOfNew, stackOf, tell, tellOmitted };
