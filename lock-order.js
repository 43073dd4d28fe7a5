// @ts-check
'use strict';

// Reports locks that are acquired in an order that can deadlock. `node -r @x/shared-sync/lock-order app.js` switches it on,
// and so does start().

require('./index.js');
const { graphOf, textOf } = require('./lib/lock-order/options.js');
const { native } = require('./lib/realm.js');

/**
 * Switches lock order on in the whole process. Without options, it keeps those with which it is on.
 * @param {import('./lock-order.js').LockOrderOptions} [options]
 */
function start(options) {
  const before = native.observerOptions(native.LOCK_ORDER);
  if (options === undefined && before !== undefined) return;
  const text = textOf(options);
  // What a lock is changes with its class, and an edge that is allowed from now on must close no cycle.
  if (before !== undefined && graphOf(before) !== graphOf(text)) native.orderForget();
  if (native.observe(native.LOCK_ORDER, text)) require('./lib/observers.js').catchUp();
}

/** The inversions that were found in the process, in any of its threads. */
function inversions() {
  return native.orderInversions();
}

// Preloaded by `-r`. In a worker that inherits the `-r` it is on already.
if (/** @type {any} */ (module).parent?.id === 'internal/preload') start();

module.exports = { start, inversions };
