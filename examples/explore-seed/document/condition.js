// @ts-check
'use strict';

module.exports = require('../bodies.js').condition(require('./index.js'));
