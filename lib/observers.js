// @ts-check
'use strict';

// The observers of the package. Loaded when one of them is on.

const { native } = require('./realm.js');

module.exports = {
  /** Lets this realm begin with each observer that is on in the process. */
  catchUp() {
    if ((native.observers() & native.LOCK_ORDER) !== 0) require('./lock-order/follow.js').follow();
  },
};
