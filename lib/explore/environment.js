// @ts-check
'use strict';

// What makes a worker an explored one. It has to run before any module of the program loads.

// The package reads the originals of what is exchanged below, and loads nothing while threads are scheduled.
require('../../index.js');
require('../later.js').loadAll();
const { exchangeAtomics } = require('./atomics.js');
const { exchangeClocks, exchangeRandom } = require('./clocks.js');
const { exchangeOutput } = require('./output.js');
const { exchangePrimitives } = require('./primitives.js');
const { unscheduled } = require('./scheduling.js');

exchangeOutput();
exchangePrimitives();
exchangeAtomics();
exchangeClocks();
exchangeRandom();

// Node's own function loads a cell that the workers share.
const { cwd } = process;
process.cwd = () => unscheduled(cwd);
