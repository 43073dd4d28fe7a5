// @ts-check
'use strict';

// The options of lock order. They are a fact of the process, kept natively as text.

const { assertOptions, formatValue, integer } = require('../arguments.js');
const { invalidArgType, invalidArgValue } = require('../errors.js');
const { native } = require('../realm.js');

/** @typedef {import('../../lock-order.js').LockOrderOptions} LockOrderOptions */

const NAMES = ['throw', 'classes', 'allow', 'exitCode'];
const EXAMPLE = '{ throw: true }';

/** The options as this realm has read them last. */
const current = {
  /** Whether the call that would close a cycle throws. */
  throws: false,
  /** Whether all locks of one name are one. */
  byName: false,
  /** The allowed pairs of names: for the first one, the second ones. @type {Map<string, Set<string>>} */
  allowed: new Map(),
  /** @type {number | undefined} */
  exitCode: undefined,
};

/**
 * Checks options, and returns their text.
 * @param {LockOrderOptions} [options]
 */
function textOf(options = {}) {
  assertOptions(options, NAMES, EXAMPLE);
  const { throw: throws = false, classes = 'instance', allow = [], exitCode } = options;
  if (typeof throws !== 'boolean') {
    throw invalidArgType(`options.throw must be a boolean, but is ${formatValue(throws)}.`);
  }
  if (classes !== 'instance' && classes !== 'name') {
    throw invalidArgValue(
      `options.classes must be 'instance' or 'name', but is ${formatValue(classes)}.`,
    );
  }
  if (!Array.isArray(allow) || !allow.every(isPair)) {
    throw invalidArgType(
      `options.allow must be an array of pairs of names such as [['accounts', 'log']], but is ${formatValue(allow)}.`,
    );
  }
  if (exitCode !== undefined) integer(exitCode, 'options.exitCode', 1, 255);
  return JSON.stringify({ throws, classes, allow, exitCode });
}

/** @param {unknown} value */
function isPair(value) {
  return (
    Array.isArray(value) && value.length === 2 && value.every((name) => typeof name === 'string')
  );
}

/**
 * The options that say which edges there are: if they change, what is known is of no use.
 * @param {string} text
 */
function graphOf(text) {
  const { classes, allow } = JSON.parse(text);
  return JSON.stringify([classes, allow]);
}

let graph = graphOf(textOf({}));

/** Reads the options of the process. Returns whether there are other edges than before. */
function readOptions() {
  const text = native.observerOptions(native.LOCK_ORDER) ?? textOf({});
  const { throws, classes, allow, exitCode } = JSON.parse(text);
  const before = graph;
  graph = graphOf(text);
  current.throws = throws;
  current.byName = classes === 'name';
  current.exitCode = exitCode;
  current.allowed = new Map();
  for (const [first, second] of allow) {
    const seconds = current.allowed.get(first) ?? new Set();
    current.allowed.set(first, seconds.add(second));
  }
  return graph !== before;
}

module.exports = { current, graphOf, readOptions, textOf };
