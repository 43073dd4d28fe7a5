// @ts-check
'use strict';

const path = require('node:path');
const { mapReduce } = require('../bodies.js');
const { programFile } = require('../program-file.js');

module.exports = mapReduce(programFile(path.join(__dirname, '../../../mini-map-reduce.js')));
