// @ts-check
'use strict';

// Exchanges methods of the classes for observing ones. A class without an observer is as it was: its methods test no flag.
// Objects that were made before are observed. A reference to a method that was taken before is not.

const { Map, defineProperty, getOwnPropertyDescriptor } = require('./intrinsics.js');

/**
 * A method of a class.
 * @typedef {(this: any, ...args: any[]) => any} Method
 */

/**
 * Makes an observing method of the method that it calls.
 * @typedef {(method: Method) => Method} Observe
 */

/**
 * A method of a class, and what its observers make of it: each calls the one before it.
 * @typedef {{ original: PropertyDescriptor, observers: Observe[] }} Exchanged
 */

/** @type {Map<object, Map<string, Exchanged>>} */
const classes = new Map();

/**
 * Puts the method in place that the observers make together.
 * @param {object} prototype
 * @param {string} name
 * @param {Exchanged} exchanged
 */
function install(prototype, name, { original, observers }) {
  const { value: method } = original;
  let value = method;
  for (const observe of observers) value = observe(value);
  if (value !== method) {
    defineProperty(value, 'name', { value: method.name, configurable: true });
    defineProperty(value, 'length', { value: method.length, configurable: true });
  }
  defineProperty(prototype, name, { ...original, value });
}

/**
 * Exchanges methods of a class until the returned function is called.
 * @param {object} prototype
 * @param {Record<string, Observe>} observing by the names of the methods
 * @returns {() => void}
 */
function exchange(prototype, observing) {
  let methods = classes.get(prototype);
  if (methods === undefined) classes.set(prototype, (methods = new Map()));
  const names = Object.keys(observing);
  for (const name of names) {
    let exchanged = methods.get(name);
    if (exchanged === undefined) {
      const original = /** @type {PropertyDescriptor} */ (
        getOwnPropertyDescriptor(prototype, name)
      );
      methods.set(name, (exchanged = { original, observers: [] }));
    }
    exchanged.observers.push(observing[name]);
    install(prototype, name, exchanged);
  }
  return () => {
    for (const name of names) {
      const exchanged = /** @type {Exchanged} */ (methods.get(name));
      exchanged.observers = exchanged.observers.filter((observe) => observe !== observing[name]);
      install(prototype, name, exchanged);
      if (exchanged.observers.length === 0) methods.delete(name);
    }
  };
}

module.exports = { exchange };
