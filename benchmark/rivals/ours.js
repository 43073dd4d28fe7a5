// @ts-check
'use strict';

const { Barrier, Condition, Mutex } = require('../../index.js');

/** @type {import('./index.js').Rival} */
module.exports = {
  name: 'ours',
  style: 'pair',
  mutex: (view, index) => new Mutex(view, index),
  condition: (view, index) => new Condition(view, index),
  barrier: (view, index, total) => new Barrier(view, index, total),
};
