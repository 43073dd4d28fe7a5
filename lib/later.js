// @ts-check
'use strict';

// Loads parts of the package at their first use.

/**
 * A part, loaded when this is called.
 *
 * @template Part
 * @typedef {{ (): Part, loaded(): Part | undefined }} Later `loaded()` loads nothing
 */

/** The functions that load a part. @type {Array<() => unknown>} */
const parts = [];

module.exports = {
  /**
   * Returns a function that loads a part when it is first called, and returns that part.
   * @template Part
   * @param {() => Part} load calls `require` with a literal name, which bundlers need
   * @returns {Later<Part>}
   */
  later(load) {
    /** @type {Part | undefined} */
    let part;
    const get = () => (part ??= load());
    parts.push(get);
    return Object.assign(get, { loaded: () => part });
  },
  /** Loads all parts now. */
  loadAll() {
    // A part may have parts of its own.
    for (const get of parts) get();
  },
};
