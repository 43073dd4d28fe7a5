// @ts-check
'use strict';

// The four classes of the document's program, which does not export them.

const path = require('node:path');
const { programFile } = require('../program-file.js');

const FILE = path.join(__dirname, 'mini-map-reduce.js');
const classes = '{ Mutex, Condition, Barrier, Latch }';

/** @type {import('../bodies.js').Primitives} */
module.exports = programFile(FILE, classes)(undefined);
