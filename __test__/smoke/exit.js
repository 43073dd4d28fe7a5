// @ts-check
'use strict';

const { Latch, inspect } = require('../../index.js');
const { cells, program, until } = require('./harness.js');

// The harness ends the process, and finds the worker still blocked.
program(
  __filename,
  { wait: (view) => new Latch(view).await() },
  {
    async 'exit: the process ends while two workers are blocked'(start) {
      start('wait', cells(1));
      start('wait', cells(1));
      await until(() => inspect().length === 2, 'both are blocked');
    },
  },
);
